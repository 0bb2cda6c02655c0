"""Which file of this machine lies behind a reference, so that two processes know that they have the same one open."""

from __future__ import annotations

import os

from dcmaudit.model import Reference

Mark = tuple[int, int, int, int]
"""Device, inode, bytes, and time of change in nanoseconds."""


def mark_of(reference: Reference) -> Mark | None:
    """The mark of a file as it is now; None where it is no file of this machine, or none any more."""
    path = getattr(reference, "path", None)
    try:
        found = None if path is None else os.stat(path)  # noqa: PTH116 - a path may hold bytes that are no UTF-8
    except (OSError, ValueError):
        return None
    return None if found is None else (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
