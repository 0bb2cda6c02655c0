"""Copying objects to files and back: resumed, checked, nothing replaced unless asked."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from dcmaudit.errors import DcmauditError, SourceUnreadableError, UsageError
from dcmaudit.sources.s3.client import client_for, is_missing, is_precondition, require_obstore, translated
from dcmaudit.sources.s3.listing import Listing, object_at, require_object
from dcmaudit.sources.s3.names import ObjectName
from dcmaudit.sources.s3.waiting import waited

CHUNK = 8 * 2**20
IN_ONE = 64 * 2**20
"""Up to this size an object is sent in one piece, which lets the server refuse to replace another."""
MOST_COPIED = 5 * 2**30
"""The largest object that a server copies at once; a larger one is written in parts under its own name."""

_MD5 = re.compile(r'"?([0-9a-f]{32})"?')

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A copy on disk. ``checked`` says what was compared; ``resumed`` the bytes that were there before."""

    path: Path
    size: int
    checked: str
    resumed: int = 0


def fetch(
    name: ObjectName, target: str | os.PathLike[str], *, overwrite: bool = False, keep: bool = False,
    progress: Progress | None = None,
) -> Fetched:  # fmt: skip
    """Copy the object to the file ``target``, whose folders are made; it is there whole or not at all.

    What a broken copy left is gone on with if the object is still the same. Compared are the size and, where the
    server's ETag is one, the MD5 of the content. With ``keep`` a file of the same size and MD5 that is there already
    is taken for the copy. UsageError where ``target`` exists otherwise and ``overwrite`` is not said, or where it
    cannot be written; SourceError where the object cannot be had.
    """
    path = Path(os.path.abspath(target))
    listing = require_object(name)
    if path.exists() and not overwrite:
        checked = _same(path, listing) if keep else None
        if checked is None:
            raise UsageError("the file exists already", file=str(path), hint="--overwrite replaces it")
        return Fetched(path, listing.size, checked, listing.size)
    # The ETag is in the name: a part of an object that was replaced since is never gone on with.
    part = path.with_name(f".{path.name[:150]}.{hashlib.sha256(listing.etag.encode()).hexdigest()[:16]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        resumed = _receive(name, listing, part, progress)
        checked = _same(part, listing) or _read_twice(name, listing, part)
        _place(part, path, overwrite=overwrite)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"cannot be written: {reason}", file=str(path)) from error
    return Fetched(path, listing.size, checked, resumed)


def _receive(name: ObjectName, listing: Listing, part: Path, progress: Progress | None) -> int:
    client = client_for(name.bucket, name.provider)
    with part.open("ab") as out:
        resumed = done = min(out.tell(), listing.size)
        # Longer than the object: what is too much can only be rubbish.
        out.truncate(done)
        while done < listing.size:
            end = min(done + CHUNK, listing.size)
            options: Any = {"range": (done, end), "if_match": listing.etag or None}
            try:
                data = waited(partial(_got, client, name.key, options))
            except Exception as error:
                if is_precondition(error) or is_missing(error):
                    raise SourceUnreadableError("was replaced while it was copied", file=str(name)) from None
                raise translated(error, str(name)) from None
            if len(data) != end - done:
                raise SourceUnreadableError("the server sent less than it promised", file=str(name), hint="try again")
            out.write(data)
            done = end
            if progress is not None:
                progress(done, listing.size)
        out.flush()
        os.fsync(out.fileno())
    return resumed


def _got(client: Any, key: str, options: Any) -> bytes:
    return bytes(require_obstore().get(client, key, options=options).bytes())


def _read_twice(name: ObjectName, listing: Listing, part: Path) -> str:
    """Compare the copy with a second one: under some encryptions an ETag looks like an MD5 and is none."""
    again = part.with_name(part.name + "2")
    again.unlink(missing_ok=True)
    try:
        _receive(name, listing, again, None)
        if _digest_of_file(part) == _digest_of_file(again):
            return "size, and read twice"
    finally:
        again.unlink(missing_ok=True)
    part.unlink()
    raise SourceUnreadableError("the copy is not what the server has", file=str(name), hint="try again")


def _same(path: Path, listing: Listing) -> str | None:
    """What of ``path`` agrees with the object, in words; None where its size does not, or the MD5 that must.

    Only an ETag that is the MD5 of the content can be compared: not that of an upload in parts, which has a dash.
    """
    if path.stat().st_size != listing.size:
        return None
    md5 = _MD5.fullmatch(listing.etag)
    # An object that was sent in parts has no MD5 as its ETag.
    if md5 is None:
        return "size"
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return "size and MD5" if digest == md5[1] else None


def _place(part: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        part.replace(path)
        return
    try:
        # A link fails where the name is taken, which renaming does not.
        path.hardlink_to(part)
    except FileExistsError:
        raise UsageError("the file came to be there meanwhile", file=str(path)) from None
    except OSError:  # a file system without hard links
        part.rename(path)
    else:
        part.unlink()


def send(path: Path, name: ObjectName, *, overwrite: bool = False) -> None:
    """Copy a file to the object ``name``, read it back and compare; it is there whole or not at all.

    UsageError where there is one already and ``overwrite`` is not said, also where two write at once: one of them is
    refused by the server. (Above 5 GiB that is only looked at before.) SourceUnreadableError where the server refuses,
    or where what it has afterwards is not what was sent: then it is deleted again.
    """
    client, text = client_for(name.bucket, name.provider), str(name)
    size = path.stat().st_size
    if not overwrite and object_at(name) is not None:
        raise _taken(text)
    # Only a single request can be refused by the server where the name is taken; larger ones go another way.
    if size <= IN_ONE or overwrite or size > MOST_COPIED:
        _put(client, path, name, mode="overwrite" if overwrite or size > IN_ONE else "create")
    else:
        _put_beside(client, path, name)
    if _digest_of_object(client, name) != _digest_of_file(path):
        with suppress(Exception):  # the error below is the one to tell
            require_obstore().delete(client, name.key)
        raise SourceUnreadableError("the server does not have what was sent; it was deleted", file=text)


def _put(client: Any, path: Path, name: ObjectName, *, mode: Literal["create", "overwrite"]) -> None:
    try:
        with path.open("rb") as stream:
            require_obstore().put(client, name.key, stream, mode=mode, use_multipart=path.stat().st_size > IN_ONE)
    except Exception as error:
        is_taken = mode == "create" and is_precondition(error)
        raise (_taken(str(name)) if is_taken else translated(error, str(name))) from None


def _put_beside(client: Any, path: Path, name: ObjectName) -> None:
    """Send it in parts under a name of its own, and have the server copy that unless ``name`` is taken.

    An upload in parts cannot be told to replace nothing, a copy can.
    """
    folder, slash, last = name.key.rpartition("/")
    draft = replace(name, key=f"{folder}{slash}.{last[:100]}.{secrets.token_hex(8)}.part")
    try:
        _put(client, path, draft, mode="overwrite")
        # The copy is made by the server at once, and only where the name is free.
        require_obstore().copy(client, draft.key, name.key, overwrite=False)
    except Exception as error:
        with suppress(DcmauditError):  # the error below is the one to tell
            remove(draft)
        raise (_taken(str(name)) if is_precondition(error) else translated(error, str(name))) from None
    try:
        remove(draft)
    except DcmauditError as error:
        raise SourceUnreadableError(
            f"was written, but {draft}, through which it came, cannot be deleted", file=str(name), hint="delete it"
        ) from error


def remove(name: ObjectName) -> None:
    """Delete an object; nothing happens where there is none. SourceError where the server refuses."""
    try:
        require_obstore().delete(client_for(name.bucket, name.provider), name.key)
    except Exception as error:
        if not is_missing(error):  # S3 answers as if it had been there, the others say that it was not
            raise translated(error, str(name)) from None


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest_of_object(client: Any, name: ObjectName) -> str:
    digest = hashlib.sha256()
    try:
        for data in require_obstore().get(client, name.key).stream(CHUNK):
            digest.update(data)
    except Exception as error:
        raise translated(error, str(name)) from None
    return digest.hexdigest()


def _taken(name: str) -> UsageError:
    return UsageError("there is an object of this name already", file=name, hint="--overwrite replaces it")
