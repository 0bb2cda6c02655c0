"""What lay behind a name when somebody looked: by it a file that was changed since is told from the one looked at."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import BinaryIO

from dcmaudit.dicom.mark import Mark, mark_of, raw_of
from dcmaudit.errors import SourceUnreadableError
from dcmaudit.model import Content, Reference

_CHUNK = 1 << 20
_DOUBTFUL = 60
"""Seconds before something was noted from which on a file may have been changed after it was read."""
_ASKED = 16
"""Requests at a time: asking for the time of an object costs waiting for the server, hardly any work."""


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


def stamps_of(references: Collection[Reference]) -> dict[str, tuple[int, int] | None]:
    """The stamp of each, by name; those of objects in buckets are asked for several at a time, a request each."""
    asked = {one.name: getattr(one, "stamp", None) for one in references}
    remote = {name: stamp for name, stamp in asked.items() if stamp is not None}
    found = {one.name: stamp_of(one) for one in references if one.name not in remote}
    if remote:
        with ThreadPoolExecutor(_ASKED) as pool:
            found.update(zip(remote, pool.map(lambda stamp: stamp(), remote.values()), strict=True))
    return found


def is_same_content(noted: Collection[tuple[int | None, int | None]], stamp: tuple[int, int] | None) -> bool:
    """Whether the file is still what was looked at, by the sizes and times of change noted then.

    What was noted without a time cannot be doubted. Where a time was noted and none can be had now, it is not the
    same: whoever looks at it is told why.
    """
    # An earlier version noted none of any file before looks were kept.
    if not noted or (None, None) in noted:
        return True
    return stamp in noted if stamp is not None else all(modified is None for _, modified in noted)


def may_be_other(reference: Reference, since: datetime) -> bool:
    """Whether a file of this machine may be another one than then, also where its size and time of change are the same.

    Whatever is unpacked or copied over a file may bring its time along, and files of one series have one size. When a
    file got its bytes or its name is noted by the system alone. The minute is for the clocks of servers, and for what
    was noted a while after it was read. Nobody says that of objects in buckets, whose times nobody can set.
    """
    path = getattr(reference, "path", None)
    try:
        return path is not None and os.stat(path).st_ctime > since.timestamp() - _DOUBTFUL  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return True


def content_of(reference: Reference, mark: Mark | None = None) -> Content:
    """Read the whole file once; SourceError where it cannot be read, or is written to meanwhile.

    ``mark`` is that of the bytes that were looked at: SourceError where an object in a bucket is another one now.
    """
    before = stamp_of(reference)
    try:
        with reference.open() as stream:
            if before is None and mark is not None and mark_of(stream) != mark:
                raise _changed(reference)
            modified = before[1] if before is not None else getattr(raw_of(stream), "modified_ns", None)
            digest, size = _digest(stream)
    except OSError as error:
        raise SourceUnreadableError(f"cannot be read: {error.strerror}", file=reference.name) from error
    # A digest of half the old bytes and half the new ones would be that of no file.
    if before != stamp_of(reference) or (before is not None and before[0] != size):
        raise _changed(reference)
    return Content(digest, size, modified)


def _changed(reference: Reference) -> SourceUnreadableError:
    return SourceUnreadableError("it changed while it was read", file=reference.name, hint="do it again")


def _digest(stream: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(_CHUNK):
        digest.update(piece)
        size += len(piece)
    return f"sha256:{digest.hexdigest()}", size
