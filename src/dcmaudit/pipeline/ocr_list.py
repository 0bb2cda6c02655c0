"""A CSV list of findings on disk: files are added to it whole, and what is not known to be whole is done again.

The last line of each file is marked by its quotes, which no reader of CSV sees: the last field has some, and the four
edges too where every plane was looked at, while the number of the frame never has. No program that saves a list quotes
in that way. Lines that do not end with such a one broke off there, or are of another make: the file is not done.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dcmaudit.errors import StoreError, UsageError
from dcmaudit.settings.plainfile import open_regular

COLUMNS = (
    "filename", "frame", "overlay", "imagetype", "manufacturer", "burnedinannotation", "ocr_engine",
    "left", "top", "right", "bottom", "ocr_text", "ner_engine", "is_sensitive",
)  # fmt: skip
_HEADER = (",".join(COLUMNS) + "\r\n").encode()
_BOM = b"\xef\xbb\xbf"
_BREAK = b"\r\n"
"""Readers pass over an empty line. It parts lines without a mark from those of the next file."""
_FIELD = r'(?:"(?:[^"]|"")*"|[^",]*)'
_WHOLE_TEXT = re.compile(
    rf"""({_FIELD},-?\d+(?:,{_FIELD}){{5}},)("-1","-1","-1","-1"|-1,-1,-1,-1)(,{_FIELD},{_FIELD},)("?)(-?\d+)\4(\r?\n)"""
)
"""The line of a plane's whole text: fields before the edges, the edges, fields behind them, and the verdict."""
_LARGEST_RECORD = 64 << 20


class Mark(Enum):
    """What the last of some lines says about them."""

    NONE = "not known to be whole"
    WRITTEN = "all of it is there, but some planes were not looked at"
    DONE = "all of it is there, and every plane was looked at"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one file that follow each other; ``is_known``: nothing before them can have swallowed one of them."""

    name: str
    begin: int
    end: int
    mark: Mark
    is_known: bool

    @property
    def is_done(self) -> bool:
        """Whether the file need not be done again."""
        return self.is_known and self.mark is Mark.DONE


@dataclass(frozen=True, slots=True)
class Listed:
    """What is in a list. ``has_header``: it begins with the names of the columns; ``torn``: where it breaks off."""

    groups: tuple[Lines, ...]
    has_header: bool
    is_ours: bool
    torn: bool

    @property
    def kept(self) -> tuple[Lines, ...]:
        """The lines to go on with.

        Where a file was done again its former lines go. Lines that break off at the end go too: they would pass for
        all that was found. In a list without any mark nothing says that they do, so they stay.
        """
        groups = self.groups
        if groups and groups[-1].mark is Mark.NONE and (self.torn or any(one.mark is not Mark.NONE for one in groups)):
            groups = groups[:-1]
        last: dict[str, int] = {}
        for number, group in enumerate(groups):
            former = last.get(group.name)
            is_less = group.mark is Mark.WRITTEN and former is not None and groups[former].is_done
            if group.is_known and group.mark is not Mark.NONE and not is_less:
                last[group.name] = number
        return tuple(
            group
            for number, group in enumerate(groups)
            if group.name not in last
            or number == last[group.name]
            or (number > last[group.name] and group.mark is not Mark.NONE)
        )

    @property
    def done(self) -> frozenset[str]:
        """The files that need not be done again."""
        return frozenset(group.name for group in self.groups if group.is_done)


class CsvFile:
    """A CSV file that holds all lines of a file or none, also where writing fails or the program dies.

    It holds text from images, so only its owner may read it.
    """

    def __init__(self, path: Path, *, append: bool = False, overwrite: bool = False, header: bool = True) -> None:
        self.done: frozenset[str] = frozenset()
        self._path, self._again, self._former = path, False, frozenset[str]()
        self._broken: str | None = None
        try:
            needs_break = False
            if append and path.exists():
                needs_break = self._take(path)
            flags = os.O_WRONLY | os.O_CREAT | (0 if append else os.O_TRUNC if overwrite else os.O_EXCL)
            self._file = os.open(path, flags, 0o600)
        except FileExistsError:
            raise UsageError(
                f"{path} exists already", hint="--append goes on where it ends, --overwrite replaces it"
            ) from None
        except (OSError, csv.Error) as error:
            raise UsageError(f"{path} cannot be used for the list ({type(error).__name__})") from error
        self._end = os.lseek(self._file, 0, os.SEEK_END) if stat.S_ISREG(os.fstat(self._file).st_mode) else None
        if needs_break:
            self._write(_BREAK)
        if header and not self._end:
            self._write(_HEADER)

    def _take(self, path: Path) -> bool:
        """Read what is there and cut what is torn; whether lines without a mark are the last."""
        with open_regular(path) as stream:
            data = stream.read()
        listed = parse(data)
        if not listed.is_ours:
            raise UsageError(f"{path} is no list of ocr", hint="--append goes on with such a list only")
        kept = listed.kept
        self.done = listed.done
        self._former = frozenset(group.name for group in kept)
        _replace(path, data, _joined(data, listed, kept))
        return bool(kept) and kept[-1].mark is Mark.NONE

    def add(self, lines: str) -> None:
        """Write the lines of one file; StoreError where they cannot be, and then none of them is there."""
        if not lines:
            return
        name = next(csv.reader([lines.split("\n", 1)[0]]), [""])[0] if self._former else ""
        self._write(lines.encode("utf-8", "surrogateescape"))
        self._again = self._again or name in self._former

    def _write(self, data: bytes) -> None:
        if self._broken is not None:
            raise StoreError(f"the CSV file cannot be written: {self._broken}")
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
            if self._end is not None:
                os.fsync(self._file)
                self._end += len(data)
        except OSError as error:
            self._take_back(error)
            raise StoreError(f"the CSV file cannot be written: {error.strerror}") from error

    def _take_back(self, error: OSError) -> None:
        """Cut what was written in part; where even that fails nothing more may follow it."""
        self._broken = error.strerror or type(error).__name__
        if self._end is None:
            return
        with suppress(OSError):
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
            self._broken = None

    def close(self) -> None:
        """Close the file. Former lines of files that were done again go; on a full disk they stay for the next run."""
        os.close(self._file)
        if self._again:
            with suppress(OSError, StoreError):
                data = self._path.read_bytes()
                listed = parse(data)
                _replace(self._path, data, _joined(data, listed, listed.kept))


class _Reader:
    """Puts records together to the lines of each file."""

    def __init__(self) -> None:
        self.groups: list[Lines] = []
        self._name: str | None = None
        self._begin = self._end = 0
        self._is_known = True

    def take(self, name: str, at: int, after: int, mark: Mark) -> None:
        """A record of that file."""
        if self._name != name:
            self.finish()
            self._name, self._begin = name, at
        self._end = after
        if mark is not Mark.NONE:
            self.finish(mark)

    def finish(self, mark: Mark = Mark.NONE) -> None:
        """No more of this file follows; without a mark the next one may have lost its first lines."""
        if self._name is not None:
            self.groups.append(Lines(self._name, self._begin, self._end, mark, self._is_known))
            self._is_known = mark is not Mark.NONE
        self._name = None

    def part(self, *, is_known: bool) -> None:
        """Something between files, behind which nothing is lost, or which may have swallowed lines."""
        self.finish()
        self._is_known = is_known


def parse(data: bytes) -> Listed:
    """The lines of a list, file by file; lines that are none are passed over."""
    reader = _Reader()
    has_header = torn = has_other = False
    first = len(_BOM) if data.startswith(_BOM) else 0
    for at, after in _records(data, first):
        record = data[at:after]
        row = _row(record)
        if row is not None and row[: len(COLUMNS)] in ([], list(COLUMNS)):
            has_header = has_header or (at == first and bool(row))
            reader.part(is_known=True)
        elif row is None or not _is_finding(row):
            torn = torn or after == len(data)
            has_other = has_other or not (at == first and after == len(data) and _HEADER.startswith(record))
            reader.part(is_known=False)
        else:
            reader.take(row[0], at, after, _mark(record))
    reader.finish()
    groups = tuple(reader.groups)
    return Listed(groups, has_header, has_header or bool(groups) or not has_other, torn)


def _records(data: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Where each record begins and ends. One may hold line ends between quotes; if those never end it is one line."""
    start, at, quotes = begin, begin, 0
    while start < len(data):
        after = data.find(b"\n", at) + 1 or len(data)
        quotes += data.count(b'"', at, after)
        if quotes % 2 == 0:
            yield start, after
        elif after < len(data) and after - start < _LARGEST_RECORD:
            at = after
            continue
        else:  # torn: what follows its line may be whole
            after = data.find(b"\n", start) + 1 or len(data)
            yield start, after
        start, at, quotes = after, after, 0


def _row(record: bytes) -> list[str] | None:
    if not record.endswith(b"\n") or b"\0" in record:  # NUL: blocks of the disk that were never written
        return None
    text = record.decode("utf-8", "surrogateescape")
    try:
        # Not by lines: a text may hold characters that end lines elsewhere.
        rows = list(csv.reader(iter([text]), strict=True))
    except csv.Error:
        return None
    return (rows or [[]])[0] if len(rows) < 2 else None


def _is_finding(row: Sequence[str]) -> bool:
    edges = row[7:11]
    return len(row) == len(COLUMNS) and bool(row[0]) and all(re.fullmatch(r"-?\d{1,9}", edge) for edge in edges)


def marked(line: str, mark: Mark) -> str:
    """The line of a plane's whole text as the last one of a file."""
    found = _WHOLE_TEXT.fullmatch(line)
    if found is None or mark is Mark.NONE:
        return line
    edges = '"-1","-1","-1","-1"' if mark is Mark.DONE else "-1,-1,-1,-1"
    return f'{found[1]}{edges}{found[3]}"{found[5]}"{found[6]}'


def _mark(record: bytes) -> Mark:
    found = _WHOLE_TEXT.fullmatch(record.decode("utf-8", "surrogateescape"))
    if found is None or not found[4]:
        return Mark.NONE
    return Mark.DONE if found[2].startswith('"') else Mark.WRITTEN


def _joined(data: bytes, listed: Listed, kept: Sequence[Lines]) -> bytes:
    """The list of these lines alone."""
    parts = [_HEADER] if listed.has_header else []
    is_open = False
    for group in kept:
        counts = group.is_known and group.mark is not Mark.NONE
        if is_open and counts:
            parts.append(_BREAK)
        lines = data[group.begin : group.end]
        parts.append(lines if group.is_known else _unmarked(lines))
        is_open = not counts
    return b"".join(parts)


def _unmarked(lines: bytes) -> bytes:
    """Lines of which some may be missing, so that they do not count once what shows it is gone."""
    *_, (begin, _) = _records(lines, 0)
    row = _row(lines[begin:])
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(row or [])
    return lines[:begin] + out.getvalue().encode("utf-8", "surrogateescape")


def _replace(path: Path, before: bytes, after: bytes) -> None:
    """Put the second content in the place of the first: by cutting where that is enough, else by another file."""
    if after == before:
        return
    real = Path(os.path.realpath(path))
    if before.startswith(after):
        os.truncate(real, len(after))
        return
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", suffix=".part", dir=real.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(after)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).chmod(stat.S_IMODE(real.stat().st_mode))
        Path(name).replace(real)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
