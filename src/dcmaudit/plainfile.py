"""Files that a person names, opened only where they are files: a pipe that nobody writes to is waited for for ever."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO, cast

MOST = 256 << 20
"""Bytes of a list or a file of settings at most."""


READING = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How a file is opened: a pipe that took its place is not waited for. Windows knows neither of the first two."""

AS_BYTES = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Beside every flag that a file is opened with for writing: Windows would make two bytes of each line feed."""


def open_regular(path: str | Path) -> BinaryIO:
    """A buffered reader over a regular file; OSError (ENXIO for a pipe, socket or device, EISDIR for a folder)."""
    require_regular(Path(path).stat())
    descriptor = os.open(path, READING)
    try:
        # Asked again: between the two calls the name may have come to mean something else.
        require_regular(os.fstat(descriptor))
        return cast("BinaryIO", BufferedReader(FileIO(descriptor, "rb")))
    except BaseException:
        os.close(descriptor)
        raise


def require_regular(status: os.stat_result) -> None:
    """OSError unless ``status`` is that of a regular file: EISDIR for a folder, ENXIO for a pipe or device."""
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.ENXIO, "it is a pipe, a socket or a device, and no file")


def read_regular(path: str | Path, most: int = MOST) -> bytes:
    """All of a regular file; OSError as ``open_regular``, and EFBIG where it has more than ``most`` bytes."""
    with open_regular(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most >> 20} MiB")
    return data


def read_text(path: str | Path, encoding: str = "utf-8-sig") -> str:
    """The text of a regular file, line ends as they are; UnicodeDecodeError, and OSError as ``read_regular``."""
    return read_regular(path).decode(encoding)
