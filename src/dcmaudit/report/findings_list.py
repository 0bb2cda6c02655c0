"""The CSV list of findings: its lines, the marks in them, and what a list that is there holds.

The last line of each file is marked by its quotes, which no reader of CSV sees: the last field has some, and the four
edges too where every plane was looked at, while the number of the frame never has. No program that saves a list quotes
in that way. Lines that do not end with such a one broke off there, or are of another make: the file is not done.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from dcmaudit.model import FileReading, Finding, Outcome, PlaneReading, Verdict
from dcmaudit.model.addresstexts import csv_columns
from dcmaudit.model.engines import OcrEngine

COLUMNS = (
    "filename", "frame", "overlay", "imagetype", "manufacturer", "burnedinannotation", "ocr_engine",
    "left", "top", "right", "bottom", "ocr_text", "ner_engine", "is_sensitive",
)  # fmt: skip
HEADER = (",".join(COLUMNS) + "\r\n").encode()
_BOM = b"\xef\xbb\xbf"
BREAK = b"\r\n"
"""Readers pass over an empty line. It parts lines without a mark from those of the next file."""
_FIELD = r'(?:"(?:[^"]|"")*"|[^",]*)'
_WHOLE_TEXT = re.compile(
    rf"""({_FIELD},-?\d+(?:,{_FIELD}){{5}},)("-1","-1","-1","-1"|-1,-1,-1,-1)(,{_FIELD},{_FIELD},)("?)(-?\d+)\4(\r?\n)"""
)
"""The line of a plane's whole text: fields before the edges, the edges, fields behind them, and the verdict."""
_DONE_EDGES = b',"-1","-1","-1","-1",'
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


def csv_lines(reading: FileReading, engine: OcrEngine, *, rects: bool = True) -> str:
    """The lines of one file: those of each plane's rectangles, then one with its whole text and edges of -1.

    Edges are inclusive. A plane without text has its one line, so that the list tells what was looked at; a plane
    that could not be looked at has none. The last line is marked as the last of the file.
    """
    out = io.StringIO()
    last = 0
    writer = csv.writer(out, lineterminator="\r\n")
    device = reading.device
    common = ("/".join(device.image_type or ()), device.model or "", device.burned_in_annotation or "")
    for plane in reading.planes:
        if plane.reason is not None:
            continue
        frame, overlay = csv_columns(plane.address)
        start = (reading.result.name, frame, overlay, *common)
        for finding in plane.findings:
            if rects or not finding.text:
                writer.writerow((*start, *_finding(finding)))
        last = out.tell()
        writer.writerow((*start, engine.label, -1, -1, -1, -1, plane.text, *_judged(plane)))
    lines = out.getvalue()
    if not lines:
        return ""
    mark = Mark.DONE if reading.result.outcome is Outcome.DONE else Mark.WRITTEN
    return (lines[:last] + marked(lines[last:], mark)).replace("\0", "")  # NUL is what lost blocks of a disk hold


def places_of(reading: FileReading) -> tuple[dict[str, Any], ...]:
    """Where text is, for a line of JSON: edges inclusive, never the text."""
    return tuple(
        {
            "plane": plane.address.key,
            "box": list(one.box.inclusive),
            "engine": one.engine.label,
            "verdict": one.judgement.verdict.name.lower(),
        }
        for plane in reading.planes
        for one in plane.findings
    )


def _finding(finding: Finding) -> tuple[object, ...]:
    box, said = finding.box, finding.judgement
    return (finding.engine.label, *box.inclusive, finding.text, said.judge.label, said.verdict.value)


def _judged(plane: PlaneReading) -> tuple[str, int]:
    if plane.whole is None:
        return "", Verdict.UNKNOWN.value
    return plane.whole.judge.label, plane.whole.verdict.value


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
            has_other = has_other or not (at == first and after == len(data) and HEADER.startswith(record))
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
        # Within quotes a line end belongs to the text (RFC 4180).
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


def joined(data: bytes, listed: Listed, kept: Sequence[Lines], again: Collection[str] = ()) -> bytes:
    """The list of these lines alone; ``again``: files that are to be done again, whose lines stay until then."""
    parts = [HEADER] if listed.has_header else []
    is_open = False
    for group in kept:
        counts = group.is_known and group.mark is not Mark.NONE
        if is_open and counts:
            parts.append(BREAK)
        lines = data[group.begin : group.end]
        if group.name in again and group.is_done:
            # Quotes within a text are doubled, so that these are the edges of the last line.
            begin, mark, end = lines.rpartition(_DONE_EDGES)
            lines = begin + mark.replace(b'"', b"") + end
        parts.append(lines if group.is_known else _unmarked(lines))
        is_open = not counts
    return b"".join(parts)


def _unmarked(lines: bytes) -> bytes:
    """Lines of which some may be missing, so that they do not count once what shows it is gone."""
    *_, (begin, _) = _records(lines, 0)
    # Written anew without quotes around its numbers: by those the mark is known.
    row = _row(lines[begin:])
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(row or [])
    return lines[:begin] + out.getvalue().encode("utf-8", "surrogateescape")
