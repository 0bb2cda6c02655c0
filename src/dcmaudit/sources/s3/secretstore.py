"""Secrets in the keyring of the operating system, where there is one that deserves the name."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from dcmaudit.errors import SourceUnreadableError

SERVICE = "dcmaudit S3"

_LEAST = 1
"""Back ends below this priority keep secrets in plain files, or nowhere."""


def has_keyring() -> bool:
    """Whether secrets can be kept in a keyring here."""
    return _keyring() is not None


def keep_secret(bucket: str, secret: str) -> bool:
    """Put ``secret`` into the keyring and see that it is there; False where there is no keyring that takes it."""
    ring = _keyring()
    if ring is None:
        return False
    try:
        ring.set_password(SERVICE, bucket, secret)
        # Some back ends take a secret and keep nothing: only reading it again shows that.
        return bool(ring.get_password(SERVICE, bucket) == secret)
    except Exception:  # whatever a back end raises: it is of no use then
        return False


def kept_secret(bucket: str) -> str:
    """The secret in the keyring; SourceUnreadableError where it cannot be had."""
    ring = _keyring()
    secret: str | None = None
    if ring is not None:
        with suppress(Exception):  # locked, or its service ended: told below, without the back end's words
            secret = ring.get_password(SERVICE, bucket)
    if secret is None:
        raise SourceUnreadableError(
            "the secret of this bucket is in a keyring that cannot be opened here",
            file=f"s3://{bucket}",
            hint="unlock the keyring, or save the credentials again from this session",
        )
    return secret


def forget_secret(bucket: str) -> None:
    """Take the secret out of the keyring, if it is there."""
    ring = _keyring()
    if ring is not None:
        with suppress(Exception):  # nothing there, or locked: then it cannot be used either
            ring.delete_password(SERVICE, bucket)


def _keyring() -> Any:
    try:
        import keyring
    except ImportError:
        return None
    with suppress(Exception):  # a back end that fails while it is looked at is none
        ring = keyring.get_keyring()
        if ring.priority >= _LEAST:
            return ring
    return None
