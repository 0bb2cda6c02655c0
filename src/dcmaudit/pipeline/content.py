"""What lay behind a name when somebody looked: by it a file that was changed since is told from the one looked at."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from typing import BinaryIO

from dcmaudit.errors import SourceUnreadableError
from dcmaudit.model import Content, Reference

_CHUNK = 1 << 20


def instance_key(uid: str | None) -> bytes | None:
    """By what two files of one instance are known: a digest of the SOP Instance UID; None where there is none."""
    return hashlib.blake2b(uid.encode(), digest_size=12).digest() if uid else None


def stamp_of(reference: Reference) -> tuple[int, int] | None:
    """Size and time of change of a file of this machine; None where there is no such thing."""
    path = getattr(reference, "path", None)
    try:
        found = None if path is None else os.stat(path)  # noqa: PTH116 - asked for each of many files
    except (OSError, ValueError):
        return None
    return None if found is None else (found.st_size, found.st_mtime_ns)


def is_same_content(noted: Collection[tuple[int | None, int | None]], reference: Reference) -> bool:
    """Whether the file is still what was looked at, by the sizes and times of change noted then; unknown is yes."""
    # Of an object in a bucket no stamp is known; then what was noted cannot be doubted.
    if not noted or (None, None) in noted:
        return True
    stamp = stamp_of(reference)
    return stamp is None or stamp in noted


def content_of(reference: Reference) -> Content:
    """Read the whole file once; SourceError where it cannot be read, or is written to meanwhile."""
    before = stamp_of(reference)
    try:
        with reference.open() as stream:
            digest, size = _digest(stream)
    except OSError as error:
        raise SourceUnreadableError(f"cannot be read: {error.strerror}", file=reference.name) from error
    # A digest of half the old bytes and half the new ones would be that of no file.
    if before != stamp_of(reference) or (before is not None and before[0] != size):
        raise SourceUnreadableError("it changed while it was read", file=reference.name, hint="do it again")
    return Content(digest, size, None if before is None else before[1])


def _digest(stream: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(_CHUNK):
        digest.update(piece)
        size += len(piece)
    return f"sha256:{digest.hexdigest()}", size
