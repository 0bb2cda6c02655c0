"""Credentials of buckets: what they are, where they are saved, and which of them count.

Kept under the name of the bucket in ``s3.json`` of the user's configuration folder, mode 0600. The secret goes to the
keyring of the operating system where there is a usable one; only where there is none it stands in that file.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from dcmaudit.errors import SourceUnreadableError, UsageError
from dcmaudit.plainfile import AS_BYTES, open_regular
from dcmaudit.sources.s3.names import check_bucket
from dcmaudit.sources.s3.secretstore import forget_secret, keep_secret, kept_secret

DEFAULT_REGION = "us-east-1"
_FIELDS = ("endpoint", "access_key", "region", "profile")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to get at one bucket. ``secret`` and ``token`` are in no text that is made from it.

    ``endpoint`` is the address of the server, "" for AWS itself. With a ``profile`` the keys are those of the AWS
    profile of that name, looked up each time. ``anonymous`` signs nothing, for public buckets.
    """

    bucket: str
    endpoint: str = ""
    access_key: str = ""
    secret: str = field(default="", repr=False)
    region: str = ""
    profile: str = ""
    anonymous: bool = False
    token: str = field(default="", repr=False)

    def checked(self) -> Credentials:
        """These, in order; UsageError where something is missing or has the wrong form. No value is repeated."""
        check_bucket(self.bucket)
        endpoint = self.endpoint.strip().rstrip("/")
        if endpoint:
            check_endpoint(endpoint)
        if not self.anonymous and not self.profile and not (self.access_key and self.secret):
            raise UsageError(
                "an access key and its secret are needed", hint="or the name of an AWS profile, or anonymous access"
            )
        return replace(self, endpoint=endpoint, access_key=self.access_key.strip(), region=self.region.strip())


def check_endpoint(endpoint: str) -> None:
    """UsageError unless it is the plain address of a server: no name and password, path or query in it."""
    hint = "allowed: https://HOST or https://HOST:PORT (http only for a server on a network you trust)"
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError as error:
        raise UsageError("the endpoint is no address", hint=hint) from error
    plain = parts.path in {"", "/"} and not parts.query and not parts.fragment and "@" not in parts.netloc
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain or port == 0:
        raise UsageError("the endpoint is no plain address of a server", hint=hint)


def book_path() -> Path:
    """The file that saved credentials are in; it need not exist."""
    return platformdirs.user_config_path("dcmaudit", appauthor=False) / "s3.json"


class CredentialBook:
    """The saved credentials of this user. Every call reads the file again: other processes may change it."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or book_path()

    def buckets(self) -> list[str]:
        """The buckets that something is saved for, sorted."""
        return sorted(self._read())

    def get(self, bucket: str, *, with_secret: bool = True) -> Credentials | None:
        """What is saved for ``bucket``, None where nothing is.

        SourceUnreadableError where the file is damaged or others may read it, and where the keyring is locked.
        """
        entry = self._read().get(bucket)
        if entry is None:
            return None
        plain = {name: str(entry.get(name, "")) for name in _FIELDS}
        found = Credentials(bucket, anonymous=bool(entry.get("anonymous")), **plain)
        if not with_secret or found.anonymous or found.profile:
            return found
        secret = entry["secret"] if "secret" in entry else kept_secret(bucket)
        return replace(found, secret=str(secret))

    def put(self, credentials: Credentials) -> str:
        """Save ``credentials`` under the bucket's name, in place of what was there; where the secret went, in words.

        An empty secret keeps the one that is saved. UsageError where they are not complete.
        """
        # Saving a new region or endpoint must not need the secret again.
        if not credentials.secret and not credentials.profile and not credentials.anonymous:
            before = self.get(credentials.bucket)
            if before is not None:
                credentials = replace(credentials, secret=before.secret)
        credentials = credentials.checked()
        entry: dict[str, Any] = {name: getattr(credentials, name) for name in _FIELDS if getattr(credentials, name)}
        where = "no secret is needed"
        if credentials.anonymous:
            entry["anonymous"] = True
        elif not credentials.profile:
            if keep_secret(credentials.bucket, credentials.secret):
                where = "the secret is in the keyring"
            else:
                entry["secret"] = credentials.secret
                where = f"no keyring is usable here: the secret is in {self._path}, which only you may read"
        with self._changed() as entries:
            entries[credentials.bucket] = entry
        if "secret" in entry or "profile" in entry or "anonymous" in entry:
            forget_secret(credentials.bucket)
        return where

    def delete(self, bucket: str) -> bool:
        """Forget what is saved for ``bucket`` (the bucket itself stays as it is); whether there was anything."""
        with self._changed() as entries:
            entry = entries.pop(bucket, None)
        if entry is not None and not {"secret", "profile", "anonymous"} & set(entry):
            forget_secret(bucket)
        return entry is not None

    def _read(self) -> dict[str, dict[str, Any]]:
        path = str(self._path)
        try:
            with open_regular(self._path) as stream:
                # Of the open file, not of the path: it cannot be exchanged between the look and the reading.
                if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
                    hint = "chmod 600 it, and change the secrets in it if somebody else could have read them"
                    raise SourceUnreadableError("others may read these credentials", file=path, hint=hint)
                content = json.loads(stream.read())
            entries = content["buckets"]
            if all(isinstance(entry, dict) for entry in entries.values()):
                return dict(entries)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SourceUnreadableError(f"cannot be read: {error.strerror}", file=path) from error
        except (ValueError, TypeError, KeyError, AttributeError):
            pass  # what it says is not repeated: it may be a secret
        raise SourceUnreadableError("is damaged", file=path, hint="delete it and save the credentials again")

    @contextmanager
    def _changed(self) -> Iterator[dict[str, dict[str, Any]]]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(self._path.with_suffix(".lock")):
                entries = self._read()
                yield entries
                self._write(entries)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SourceUnreadableError(f"cannot be written: {reason}", file=str(self._path)) from error

    def _write(self, entries: dict[str, dict[str, Any]]) -> None:
        draft = self._path.with_suffix(f".{os.getpid()}.part")
        with suppress(FileNotFoundError):
            # Left by a process of the same number that was killed; O_EXCL below would refuse it.
            draft.unlink()
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | AS_BYTES, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump({"version": 1, "buckets": entries}, stream, indent=1)
                stream.flush()
                # Before the renaming: after a power cut the name could lead to an empty file.
                os.fsync(stream.fileno())
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One change at a time, over all processes."""
    import fcntl

    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | AS_BYTES, 0o600)
    try:
        # On a file of its own: the book itself is replaced, and a lock on it would go with the old one.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
