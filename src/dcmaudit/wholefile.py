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

# Windows has the second one alone, and without it makes two bytes of each line feed.
_AS_BYTES = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def whole_file(path: Path, *, mode: int = 0o666, replace: bool = True, own: bool = False) -> Iterator[BinaryIO]:
    """What is written into the stream becomes ``path`` when the block ends well; otherwise nothing is left behind.

    ``mode`` is that of a new file, less what the process masks out, and less what an older file did not allow: who
    took it from others has taken the new one, too. An older file is replaced at once; where ``replace`` is not set,
    FileExistsError, for a link too. Where it is set a link is followed, and a device or pipe is written to as it is,
    for there is nothing to put in its place. The content is on disk before this returns. OSError where it cannot be
    written.

    With ``own`` the folder is one that this program alone fills, one process at a time: a link there is replaced, and
    the unfinished file has one name for all times. What a killed process left is then overwritten by the next run, and
    never lies among files that leave the house.
    """
    follows = replace and not own
    real = Path(os.path.realpath(path)) if follows else path
    if follows and _is_no_file(real):
        with real.open("wb") as stream:
            yield stream
        return
    with suppress(OSError):
        mode &= stat.S_IMODE(real.stat().st_mode) | stat.S_IRUSR | stat.S_IWUSR
    part, is_new = (_own_part(real), os.O_TRUNC | _NO_LINK) if own else (_part(real), os.O_EXCL)
    number = os.open(part, os.O_WRONLY | os.O_CREAT | _AS_BYTES | is_new, mode)
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
def whole_text(
    path: Path, *, mode: int = 0o666, replace: bool = True, own: bool = False, errors: str = "strict"
) -> Iterator[TextIO]:
    """The same for UTF-8; lines end as they are written. ``errors`` is what becomes of a name that is no UTF-8."""
    with whole_file(path, mode=mode, replace=replace, own=own) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors=errors, newline="")
        yield text
        text.flush()
        text.detach()


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")


def _own_part(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


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
