"""What a look at a file leaves: rows and lines that are finished where the look was, and stored in blocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from dcmaudit.detect.ocr import FinderKind, finder_for
from dcmaudit.detect.textnet import weights_digest
from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model import Everywhere, FileReading, Outcome, Reference, Result, Verdict, covered_area
from dcmaudit.model.effort import Effort
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.records import FileRows, Look, NewRect, RectRow
from dcmaudit.model.travel import Travels
from dcmaudit.pipeline.ocr import OcrJob, Ultrasound, read_file
from dcmaudit.report.findings_list import csv_lines, places_of
from dcmaudit.store import file_rows, rects_of

if TYPE_CHECKING:
    from dcmaudit.store import Store

MOST_ANSWERS = 200
"""Answers that are stored in one transaction, at most."""

MOST_SECONDS = 2.0
"""Seconds that an answer waits for others before it is stored."""

_READERS = {OcrEngine.TESSERACT, OcrEngine.EASYOCR, OcrEngine.KERAS, OcrEngine.RAPIDOCR}
_MOST = 0.7
"""Part of a line's box that must have been read for the line to be the one that was read."""


@dataclass(frozen=True, slots=True)
class OcrAnswer(Travels):
    """What the look at one file leaves; made where the look was, cheap to send whatever was found.

    ``rows`` None: it is not for a database, or (``unstorable``) can be kept by none. ``lines`` are those of the CSV
    list. ``seen`` are the keys of the planes that were looked at: what was known of them is replaced by ``rows`` where
    one of ``engines`` found it.
    """

    result: Result
    rows: FileRows | None = None
    lines: str = ""
    seen: tuple[str, ...] = ()
    engines: tuple[int, ...] = ()
    unstorable: str | None = None
    planes: int = 0
    looked_at: int = 0
    boxes: int = 0
    verdict: Verdict | None = None
    instance: bytes | None = None
    places: tuple[dict[str, Any], ...] = ()
    """Where text is, for a line of JSON; never the text."""
    is_about_name: bool = False
    """Whether nobody looked: a name that leads to nothing that can be read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is made of a reading: rows of the database, lines of a list, and in both every place (``rects``) or not.

    ``places``: where text is, for a line of JSON. ``effort`` is what all looks of the run are asked, for the database.
    """

    places: bool = False
    rows: bool = False
    lines: bool = False
    rects: bool = True
    effort: Effort | None = None


def answer_for(job: OcrJob, wanted: Wanted, reference: Reference) -> OcrAnswer:
    """Look at one file, to its end; see ``read_file``."""
    return answer_of(job, wanted, read_file(job, reference))


def answer_of(job: OcrJob, wanted: Wanted, reading: FileReading) -> OcrAnswer:
    """What a reading leaves."""
    engine = job.reader
    rows: FileRows | None = None
    unstorable: str | None = None
    found = list(_rects(reading, engine, rects=wanted.rects)) if wanted.rows else []
    if wanted.rows:
        is_done = bool(reading.planes) and reading.result.outcome is Outcome.DONE
        # A row without a place says "looked at": in the old tables there is no other way to tell that from "never
        # seen".
        mark = [NewRect(None, Everywhere.ALL_PLANES, engine=engine)] if is_done else []
        try:
            rows = _noted(file_rows(reading.result.name, [*found, *mark]), wanted.effort, job, reading)
        except DcmauditError as error:
            unstorable = error.message
    return OcrAnswer(
        reading.result,
        rows,
        csv_lines(reading, engine, rects=wanted.rects) if wanted.lines and reading.planes else "",
        tuple(plane.address.key for plane in reading.planes if plane.reason is None),
        tuple({int(engine), int(OcrEngine.LINES), int(OcrEngine.FORM), *(int(rect.engine) for rect in found)}),
        unstorable,
        len(reading.planes),
        reading.looked_at,
        reading.boxes,
        reading.verdict,
        reading.instance,
        places_of(reading) if wanted.places else (),
    )


def effort_of(job: OcrJob, *, rects: bool) -> Effort:
    """What each look of a run is asked, as the database keeps it."""
    finder = finder_for(job.finder, job.mode)
    both = (FinderKind.OWN.value, FinderKind.RAPIDOCR.value)
    left_out = {"overlays": not job.overlays, "text outside of ultrasound regions": job.ultrasound is Ultrasound.EXCEPT}
    left_out["places"] = not rects
    judges = [link.name if link.model is None else f"{link.name}:{link.model}" for link in job.plan.links]
    return Effort(
        job.mode.value,
        both if finder is FinderKind.BOTH else (finder.value,),
        tuple(judges) if job.read else (),
        job.plan.lists_digest if job.read else "",
        tuple(what for what, is_out in left_out.items() if is_out),
        regions=job.ultrasound is Ultrasound.USE,
        detector=weights_digest(),
    )


def _noted(rows: FileRows, effort: Effort | None, job: OcrJob, reading: FileReading) -> FileRows:
    """The rows with how the look ended and what the file held then."""
    content, look = reading.content, replace(look_of(job, reading), effort=effort)
    if reading.identity is None or content is None:
        return replace(rows, look=look)
    return replace(
        rows,
        look=look,
        identity=reading.identity,
        size=content.size,
        modified_ns=content.modified_ns,
    )


def look_of(job: OcrJob, reading: FileReading) -> Look:
    """How the look ended, as the database keeps it."""
    result, content = reading.result, reading.content
    reached = sum(plane.reason is None for plane in reading.planes)
    is_whole = result.outcome is Outcome.DONE and reached > 0 and content is not None
    return Look(
        job.reader,
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


def _rects(reading: FileReading, engine: OcrEngine, *, rects: bool) -> Iterator[NewRect]:
    for plane in reading.planes:
        if plane.reason is not None:
            continue
        for finding in plane.findings:
            # An area has no text that a summary could hold.
            if rects or not finding.text:
                yield NewRect(
                    finding.box, plane.address, finding.engine, finding.text, finding.judgement.judge,
                    finding.judgement.verdict,
                )  # fmt: skip
        if plane.text and plane.whole is not None:
            yield NewRect(None, plane.address, engine, plane.text, plane.whole.judge, plane.whole.verdict)


class Lines(Protocol):
    """Somewhere that lines of CSV go."""

    def note(self, files: Iterable[tuple[str, str]]) -> None:
        """Note how the lines of each of some files were made, before they are added: name and lines of each."""
        ...

    def add(self, lines: str) -> None:
        """Write the lines of some files; StoreError where they cannot be, and then none of them is there."""
        ...


class ReadingIntake:
    """Stores answers in blocks: one transaction, and one sync of the list, for many files.

    ``told`` is called for each once it is stored, with how it ended: a kill loses nothing that was told.
    """

    def __init__(
        self, store: Store | None, lines: Lines | None, engine: OcrEngine, told: Callable[[OcrAnswer, Result], None]
    ) -> None:
        self._store, self._lines, self._engine, self._told = store, lines, engine, told
        self._waiting: list[OcrAnswer] = []
        self._since = 0.0

    def take(self, answer: OcrAnswer) -> None:
        """Store it with the next block, which may be now."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(answer)
        self.store_due()

    def store_due(self) -> None:
        """Store what waits, where that is much, or has waited for long."""
        is_late = time.monotonic() - self._since >= MOST_SECONDS
        if self._waiting and (len(self._waiting) >= MOST_ANSWERS or is_late):
            self.store()

    def store(self) -> None:
        """Store everything that waits, and tell how each ended."""
        block, self._waiting = self._waiting, []
        failed: dict[int, str] = {}
        # The list first: a file whose lines are missing must not count as done in the database.
        self._each(block, self._put_lines, failed)
        self._each([answer for answer in block if id(answer) not in failed], self._put_rows, failed)
        for answer in block:
            result = answer.result
            if id(answer) in failed:
                result = Result(result.name, Outcome.FAILED, (*result.reasons, f"not stored: {failed[id(answer)]}"))
            self._told(answer, result)

    def _each(
        self,
        block: Sequence[OcrAnswer],
        put: Callable[[Sequence[OcrAnswer]], None],
        failed: dict[int, str],
    ) -> None:
        """Put them all, or where that fails one by one, so that only those fail that cannot be stored."""
        try:
            put(block)
        except DcmauditError as error:
            if len(block) == 1:
                failed[id(block[0])] = error.message
                return
            for answer in block:
                self._each([answer], put, failed)

    def _put_lines(self, block: Sequence[OcrAnswer]) -> None:
        if self._lines is not None:
            self._lines.note((answer.result.name, answer.lines) for answer in block)
            self._lines.add("".join(answer.lines for answer in block))

    def _put_rows(self, block: Sequence[OcrAnswer]) -> None:
        for answer in block:
            if answer.unstorable is not None:
                raise UsageError(answer.unstorable)
        rows = [(answer, answer.rows) for answer in block if answer.rows is not None]
        if self._store is not None and rows:
            known = self._store.rects_of(one.filename for _, one in rows)
            self._store.put_results(
                [_in_place(answer, one, known.get(one.filename, []), self._engine) for answer, one in rows]
            )


def _in_place(answer: OcrAnswer, rows: FileRows, known: Sequence[RectRow], engine: OcrEngine) -> FileRows:
    """The rows with those in whose place they come.

    Only rows of planes that were looked at now are replaced: what is known of the others stays. Lines that were found
    and not read give way to whoever reads; the other way round, what was read stays, and a line is added only where
    nothing was read.
    """
    if not known or not answer.planes:
        return rows
    seen = set(answer.seen)
    former = tuple(
        row.id
        for row in known
        if row.engine in answer.engines
        # Rows of planes that could not be read this time stay: nothing better has come in their place.
        and (isinstance(row.scope, Everywhere) or (row.scope is not None and row.scope.key in seen))
    )
    # Finding without reading must not cover what an engine has read there before.
    if engine is OcrEngine.LINES:
        kept = [rect for rect in rects_of(rows) if rect.engine != OcrEngine.LINES or not _was_read(rect, known)]
        fresh = file_rows(rows.filename, kept)
        rows = replace(rows, shared=fresh.shared, own=fresh.own)
    return replace(rows, former=former)


def _was_read(rect: NewRect, known: Sequence[RectRow]) -> bool:
    """Whether most of the place holds text that an engine has read, on the same plane."""
    if rect.box is None:
        return False
    read = [row.box for row in known if row.engine in _READERS and row.scope == rect.scope and row.box is not None]
    parts = [part for box in read if (part := box.intersection(rect.box)) is not None]
    return covered_area(parts) >= _MOST * rect.box.area
