"""Files that this user alone may read: keys."""

from __future__ import annotations

from pathlib import Path

from dcmaudit.errors import UsageError
from dcmaudit.plainfile import read_regular
from dcmaudit.wholefile import whole_file

_OTHERS = 0o077


def make_private(path: Path, data: bytes) -> None:
    """A new file of mode 0600, on disk before this returns. FileExistsError where one is there; UsageError where it
    cannot be made."""
    try:
        with whole_file(path, mode=0o600, replace=False) as stream:
            stream.write(data)
    except FileExistsError:
        raise
    except OSError as error:
        raise UsageError(f"it cannot be made: {error.strerror}", file=str(path)) from error


def read_private(path: Path) -> bytes:
    """What is in it; UsageError where it cannot be read, or where others may read it."""
    try:
        if path.stat().st_mode & _OTHERS:
            raise UsageError(
                "others may read this key", file=str(path), hint="chmod 600, and make a new one if they did"
            )
        return read_regular(path)
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", file=str(path)) from error
