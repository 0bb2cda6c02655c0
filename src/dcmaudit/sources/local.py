"""Files of this machine: their names, and opening them without surprises."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from typing import BinaryIO

from dcmaudit.errors import SourceError, SourceNotFoundError, SourceUnreadableError
from dcmaudit.model.texts import with_bytes_told
from dcmaudit.model.travel import Travels
from dcmaudit.plainfile import open_regular

_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")

_NOTHING_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})


def is_possible(name: str) -> bool:
    """Whether a file can be called so: not empty, no NUL, and nothing that cannot be written as bytes."""
    try:
        return bool(name) and "\0" not in name and bool(os.fsencode(name))
    except UnicodeEncodeError:
        return False


def path_of(name: str) -> str:
    r"""The path that a name stands for: ``name`` itself where that exists, else with ``\xhh`` as the bytes meant."""
    # A file that is really called with a backslash and an x is meant before the bytes are.
    if "\\x" not in name or os.path.lexists(name):
        return name
    return _ESCAPED.sub(_byte, name)


def _byte(found: re.Match[str]) -> str:
    value = int(found[1], 16)
    # Bytes below 80 are never told so: such a text was in the name itself.
    return chr(0xDC00 + value) if value >= 0x80 else found[0]


@dataclass(frozen=True, slots=True)
class LocalReference(Travels):
    r"""A file of this machine. ``name`` is its absolute path as the user knows it: links are not resolved.

    Bytes of a file name that are no UTF-8 stand as ``\xhh`` in ``name``, so that it can be stored and shown;
    ``path`` is what the operating system knows. A LocalReference can be made from the name alone at any time.
    """

    name: str

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> LocalReference:
        """The reference for ``path``, made absolute against the working directory."""
        return cls(with_bytes_told(os.path.abspath(path)))

    @property
    def path(self) -> str:
        """The path for the operating system; bytes that are no UTF-8 as surrogates (``os.fsdecode``)."""
        return path_of(self.name)

    def open(self) -> BinaryIO:
        """A new seekable reader over the bytes, closed by the caller.

        SourceNotFoundError where nothing is there, SourceUnreadableError where it cannot be read or is not a
        regular file: pipes, sockets and devices are never opened.
        """
        try:
            return open_regular(self.path)
        except OSError as error:
            raise translated(error, self.name) from error


def translated(error: OSError, name: str) -> SourceError:
    """``error`` as one of ours: what happened to ``name``, and what to do about it."""
    if error.errno == errno.ELOOP:
        return SourceNotFoundError("symbolic links that lead in a circle", file=name)
    if error.errno in _NOTHING_THERE:
        return SourceNotFoundError("no such file or folder", file=name, hint="check the spelling")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return SourceUnreadableError("may not be read", file=name, hint="ask its owner for the right to read it")
    if error.errno == errno.EISDIR:
        return SourceUnreadableError("is a folder, not a file", file=name)
    # What opening a socket answers, and what our own opening answers for everything that is not regular.
    if error.errno == errno.ENXIO:
        return SourceUnreadableError("is not a regular file (pipe, socket or device) and is not opened", file=name)
    reason = error.strerror or type(error).__name__
    return SourceUnreadableError(f"cannot be read: {reason}", file=name)
