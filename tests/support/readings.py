"""Readings of files put into a database as ``dcmaudit ocr`` puts them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dcmaudit.detect.ocr import Mode
from dcmaudit.detect.pii import ChainPlan
from dcmaudit.errors import StoreError
from dcmaudit.model import Everywhere, FileReading, Outcome
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.records import FileRows
from dcmaudit.pipeline.ocr import OcrJob
from dcmaudit.pipeline.readings import ReadingIntake, Wanted, answer_of
from dcmaudit.store import RectRow, Store


@dataclass(frozen=True, slots=True)
class KnownJob(OcrJob):
    """A job of any engine, also of one that is not installed."""

    known_as: OcrEngine = OcrEngine.NONE

    @property
    def reader(self) -> OcrEngine:
        return self.known_as


class _Counting:
    """A store that counts what is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.written = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put_results(self, results: Sequence[FileRows]) -> None:
        self._store.put_results(results)
        self.written += sum(len(one.shared) + len(one.own) for one in results)


def store_reading(store: Store, reading: FileReading, engine: OcrEngine, *, rects: bool = True) -> int:
    """Put a reading into the database; how many rows of findings that were. StoreError where it was not stored."""
    job = KnownJob("", Mode.DEFAULT, ChainPlan(()), known_as=engine)
    told: list[tuple[str, ...]] = []
    counting = _Counting(store)
    intake = ReadingIntake(counting, None, engine, lambda _, result: told.append(result.reasons))  # type: ignore[arg-type]
    intake.take(answer_of(job, Wanted(rows=True, rects=rects), reading))
    intake.store()
    if any(reason.startswith("not stored") for reason in told[0]):
        raise StoreError(told[0][-1])
    return counting.written - (reading.result.outcome is Outcome.DONE and bool(reading.planes))


def is_read(rows: list[RectRow], engine: OcrEngine) -> bool:
    """Whether the rows hold the mark that the engine has looked at every plane of the file."""
    return any(
        row.is_summary and row.scope is Everywhere.ALL_PLANES and not row.text and row.engine == engine for row in rows
    )
