"""Files that are there wholly or not at all, whatever happens while they are written."""

from __future__ import annotations

import io
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO


@contextmanager
def whole_file(path: Path, *, mode: int = 0o666, replace: bool = True) -> Iterator[BinaryIO]:
    """What is written into the stream becomes ``path`` when the block ends well; otherwise nothing is left behind.

    ``mode`` is that of a new file, less what the process masks out, and less what an older file did not allow: who
    took it from others has taken the new one, too. An older file is replaced at once; where ``replace`` is not set,
    FileExistsError, for a link too. Where it is set a link is followed, and a device or pipe is written to as it is,
    for there is nothing to put in its place. The content is on disk before this returns. OSError where it cannot be
    written.
    """
    real = Path(os.path.realpath(path)) if replace else path
    if replace and _is_no_file(real):
        with real.open("wb") as stream:
            yield stream
        return
    with suppress(OSError):
        mode &= stat.S_IMODE(real.stat().st_mode) | stat.S_IRUSR | stat.S_IWUSR
    part = real.with_name(f".{real.name[:200]}.{secrets.token_hex(4)}.part")
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(number, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            part.replace(real)
        else:
            give_name(part, real)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(real.parent)


@contextmanager
def whole_text(path: Path, *, mode: int = 0o666, replace: bool = True) -> Iterator[TextIO]:
    """The same for UTF-8; lines end as they are written."""
    with whole_file(path, mode=mode, replace=replace) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        yield text
        text.flush()
        text.detach()


def _is_no_file(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False  # it is not there yet, or what opens it says why it cannot be


def give_name(part: Path, path: Path) -> None:
    """Give ``part`` its name without ever replacing a file that came in between; FileExistsError where one did."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        part.rename(path)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    with suppress(OSError):  # some file systems cannot; the file itself is on disk
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
