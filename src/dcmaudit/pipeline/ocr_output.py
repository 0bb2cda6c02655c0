"""Where findings go: rows of the database, lines of a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from dcmaudit.model import (
    Everywhere,
    FileReading,
    Finding,
    Outcome,
    PlaneReading,
    Reference,
    Scope,
    Verdict,
    covered_area,
)
from dcmaudit.model.addresstexts import csv_columns
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.records import Look, NewRect, RectRow
from dcmaudit.pipeline.content import stamp_of
from dcmaudit.pipeline.ocr import OcrJob
from dcmaudit.pipeline.ocr_list import COLUMNS, Mark, marked

if TYPE_CHECKING:
    from dcmaudit.store import Store

_READERS = {OcrEngine.TESSERACT, OcrEngine.EASYOCR, OcrEngine.KERAS, OcrEngine.RAPIDOCR}
_MOST = 0.7
"""Part of a line's box that must have been read for the line to be the one that was read."""


def is_read(rows: list[RectRow], number: int) -> bool:
    """Whether the engine has looked at every plane of the file whose stored rows these are."""
    return any(_is_marker(row) and row.engine == number for row in rows)


def is_same_content(looks: Sequence[Look], numbers: set[int], reference: Reference) -> bool:
    """Whether the file is, by size and time of change, still what these engines looked at; unknown counts as yes."""
    stamp = stamp_of(reference)
    noted = {(look.size, look.modified_ns) for look in looks if int(look.engine) in numbers}
    return stamp is None or not noted or stamp in noted or (None, None) in noted


def look_of(job: OcrJob, reading: FileReading) -> Look:
    """How the look ended, as the database keeps it."""
    result, content = reading.result, reading.content
    reached = sum(plane.reason is None for plane in reading.planes)
    is_whole = result.outcome is Outcome.DONE and reached > 0 and content is not None
    return Look(
        job.reader[1],
        result.outcome,
        result.reasons,
        complete=is_whole and job.leaves_nothing_out,
        planes=reached,
        places=reading.boxes,
        worst=reading.verdict,
        digest=None if content is None else content.digest,
        size=None if content is None else content.size,
        modified_ns=None if content is None else content.modified_ns,
    )


def _is_marker(row: RectRow) -> bool:
    return row.is_summary and row.scope is Everywhere.ALL_PLANES and not row.text


def store_reading(store: Store, reading: FileReading, number: int, *, rects: bool = True) -> int:
    """Put what was found into the database in the place of what the same engine found before; the rows written.

    Only rows of planes that were looked at now are replaced: what is known of the others stays. Lines that were found
    and not read give way to whoever reads; the other way round, what was read stays, and a line is added only where
    nothing was read. ``rects`` False: only the text of each plane. A file whose every plane was looked at also gets one
    row without text and place: the mark that it need not be looked at again. All of it is one transaction: a kill at
    any moment leaves what was there before, or what is there now.
    """
    name = reading.result.name
    rows = list(_rects(reading, number, rects=rects))
    known = store.rects(name)
    if number == OcrEngine.LINES:
        rows = [rect for rect in rows if rect.engine != OcrEngine.LINES or not _was_read(rect, known)]
    made_by = {number, OcrEngine.LINES, OcrEngine.FORM, *(rect.engine for rect in rows)}
    seen: set[Scope | None] = {plane.address for plane in reading.planes if plane.reason is None}
    seen |= set(Everywhere)
    former = [row.id for row in known if row.engine in made_by and row.scope in seen]
    mark = [NewRect(None, Everywhere.ALL_PLANES, engine=number)] if reading.result.outcome is Outcome.DONE else []
    store.replace_rects(name, former, [*rows, *mark])
    return len(rows)


def _was_read(rect: NewRect, known: Sequence[RectRow]) -> bool:
    """Whether most of the place holds text that an engine has read, on the same plane."""
    if rect.box is None:
        return False
    read = [row.box for row in known if row.engine in _READERS and row.scope == rect.scope and row.box is not None]
    parts = [part for box in read if (part := box.intersection(rect.box)) is not None]
    return covered_area(parts) >= _MOST * rect.box.area


def _rects(reading: FileReading, number: int, *, rects: bool) -> Iterator[NewRect]:
    for plane in reading.planes:
        if plane.reason is not None:
            continue
        for finding in plane.findings:
            # An area has no text that a summary could hold.
            if rects or not finding.text:
                yield NewRect(
                    finding.box, plane.address, finding.number, finding.text, finding.judgement.judge,
                    finding.judgement.verdict,
                )  # fmt: skip
        if plane.text and plane.whole is not None:
            yield NewRect(None, plane.address, number, plane.text, plane.whole.judge, plane.whole.verdict)


def csv_lines(reading: FileReading, engine: str, *, rects: bool = True) -> str:
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
        writer.writerow((*start, engine, -1, -1, -1, -1, plane.text, *_judged(plane)))
    lines = out.getvalue()
    if not lines:
        return ""
    mark = Mark.DONE if reading.result.outcome is Outcome.DONE else Mark.WRITTEN
    return (lines[:last] + marked(lines[last:], mark)).replace("\0", "")  # NUL is what lost blocks of a disk hold


def _finding(finding: Finding) -> tuple[object, ...]:
    box, said = finding.box, finding.judgement
    return (finding.engine, *box.inclusive, finding.text, said.judge.label, said.verdict.value)


def _judged(plane: PlaneReading) -> tuple[str, int]:
    if plane.whole is None:
        return "", Verdict.UNKNOWN.value
    return plane.whole.judge.label, plane.whole.verdict.value


class Standard:
    """Standard output in the place of a CSV file."""

    done: frozenset[str] = frozenset()

    def __init__(self, stream: TextIO, *, header: bool = True) -> None:
        self._stream = stream
        if header:
            self.add(",".join(COLUMNS) + "\r\n")

    def add(self, lines: str) -> None:
        """Write and hand over."""
        self._stream.write(lines)
        self._stream.flush()

    def close(self) -> None:
        """Standard output stays open."""
