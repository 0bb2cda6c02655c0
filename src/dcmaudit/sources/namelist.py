"""Lists of names that somebody says are lists: a name a line, names ended by NUL, or a CSV list; also from a pipe."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, BinaryIO

from dcmaudit.errors import ListError, UsageError
from dcmaudit.model.texts import with_bytes_told
from dcmaudit.plainfile import open_regular
from dcmaudit.sources.csvlist import as_text, csv_entries, has_titles
from dcmaudit.sources.listed import Listed

STANDARD_INPUT = "-"
_LONGEST = 1 << 16
"""Characters of a name; a longer line is no name."""


@dataclass(frozen=True, slots=True)
class NameList:
    """A file of names; ``title`` is what people call it."""

    path: str
    title: str


def name_list(text: str) -> NameList:
    """The list called ``text``; ``-`` is standard input, which is read to its end now.

    UsageError where standard input is closed, and OSError where there is no room for a copy of it. Inputs are looked
    for more than once, and a pipe can be read once: so there is a copy, 0600, that goes when the program ends.
    """
    if text != STANDARD_INPUT:
        return NameList(os.path.abspath(text), with_bytes_told(text))
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("standard input is closed, so that no names can be read from it")
    # Who forgot the pipe would else wait in front of a program that seems to hang.
    if sys.stdin.isatty():
        sys.stderr.write("dcmaudit: reading names from the keyboard, one a line; Ctrl+D ends them\n")
    # A pipe can be read once, and the start of a list is read twice: to see whether it has titles.
    descriptor, path = tempfile.mkstemp(prefix="dcmaudit-names-")
    atexit.register(_remove, path)
    with open(descriptor, "wb") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
    return NameList(path, "standard input")


def _remove(path: str) -> None:
    with suppress(OSError):
        os.remove(path)


def listed_names(names: NameList) -> Iterator[Listed]:
    """The names of the list, in order; nothing is held.

    A list whose first line has a column DicomFilePath or filename is a CSV list. One with a NUL in it (and not in
    UTF-16) has a NUL behind each name, as ``find -print0`` writes it. Any other has a name a line; empty lines count
    for nothing. ListError where the bytes are no text, OSError where it cannot be read.
    """
    with open_regular(names.path) as stream:
        if has_titles(stream):
            yield from csv_entries(stream, names.title)
        else:
            yield from _plain(stream, names.title)


def plain_names(path: str) -> Iterator[Listed]:
    """The names of a plain list that was met among other inputs."""
    return listed_names(NameList(path, with_bytes_told(path)))


def _plain(stream: BinaryIO, title: str) -> Iterator[Listed]:
    with as_text(stream) as text:
        try:
            for number, name in _ended_names(text):
                where = f"{title} line {number}"
                if len(name) > _LONGEST:
                    raise ListError("this line is no name of a file", file=where, hint="one name a line is allowed")
                if name.strip():
                    yield Listed(name, where)
        except UnicodeError as error:
            raise ListError("not the encoding that it begins with", file=title, hint="save it as UTF-8") from error


def _ended_names(text: IO[str]) -> Iterator[tuple[int, str]]:
    """Each name with its number; they end with NUL where the first one does, else with the line."""
    rest, number, mark = "", 0, ""
    while piece := text.read(_LONGEST):
        rest += piece
        # Decided once: a name that ends with NUL may hold a line feed (find -print0).
        mark = mark or ("\0" if "\0" in rest else "\n")
        # The last part may go on in the next piece.
        *whole, rest = rest.split(mark)
        for name in whole:
            number += 1
            yield number, name.removesuffix("\r") if mark == "\n" else name
        # No name: it is given out as far as it was read, and whoever takes it says so.
        if len(rest) > _LONGEST:
            break
    if rest:
        yield number + 1, rest.removesuffix("\r")
