"""Which bytes are open, so that two processes, or two machines, know that they have the same ones open."""

from __future__ import annotations

import io
import os
from typing import BinaryIO

Mark = tuple[str | int, ...]
"""Inode, bytes and time of change in nanoseconds of a file; ETag and bytes of an object.

Without the device, whose number is another one on each machine that has the same folder mounted.
"""


def raw_of(stream: BinaryIO) -> object:
    """What a buffered stream reads from; an unbuffered one itself."""
    return getattr(stream, "raw", stream)


def mark_of(stream: BinaryIO) -> Mark | None:
    """The mark of what is open, as it is now; None where nothing can tell that it is the same somewhere else."""
    raw = raw_of(stream)
    if not isinstance(raw, io.FileIO):
        mark: Mark | None = getattr(raw, "mark", None)
        return mark
    try:
        found = os.fstat(raw.fileno())
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
