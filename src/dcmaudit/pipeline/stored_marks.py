"""Stored rectangles as requests: made where the database is asked, or by whoever works on the file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from dcmaudit.errors import StoreCorruptError
from dcmaudit.model import Origin, Verdict
from dcmaudit.model.records import RectId, RectRow
from dcmaudit.model.redaction import Request
from dcmaudit.pipeline.jobs import RedactionTask


@dataclass(frozen=True, slots=True)
class AskedByRows:
    """What the stored rows of a file ask, and what is wrong with them.

    ``left`` counts those whose text was judged harmless and that stay as they are; ``has_rects`` says whether there is
    any rectangle among them.
    """

    requests: tuple[Request, ...]
    problems: tuple[str, ...]
    left: int
    has_rects: bool


def asked_by(
    rows: Sequence[RectRow], *, keeps_harmless: bool, whose: str = "", outlined: Collection[RectId] = ()
) -> AskedByRows:
    """What the rows ask, but for those that were outlined and not black; ``whose`` stands behind each row's name."""
    problems = tuple(f"stored row {row.id}: {row.problem}" for row in rows if row.problem is not None)
    rects = [row for row in rows if row.box is not None and row.scope is not None]
    black = [row for row in rects if not (keeps_harmless and row.verdict is Verdict.HARMLESS)]
    requests = tuple(_request(row, whose) for row in black if row.id not in outlined)
    return AskedByRows(requests, problems, len(rects) - len(black), bool(rects))


def left_words(count: int) -> list[str]:
    """That rectangles stay as they are because of what was said of their text."""
    if not count:
        return []
    return [f"{count} rectangle{'s' if count > 1 else ''} with harmless text left as asked (--black)"]


def unpacked(task: RedactionTask) -> RedactionTask:
    """The task with the requests of its ``marks``; with a problem, where those are not the marks that were stored."""
    marks = task.marks
    if marks is None:
        return task
    from dcmaudit.store.packed import unpack  # loaded where somebody asks a database

    try:
        asked = asked_by(unpack(marks.rects), keeps_harmless=marks.keeps_harmless)
    except StoreCorruptError as error:
        # Then nothing that the database says of the file is believed.
        return replace(task, marks=None, problems=(*task.problems, error.words), screen=None, is_unrecorded=False,
                       noted=None)  # fmt: skip
    # Without either nothing of the database is believed that could be about another file.
    noted = task.noted if asked.has_rects or not marks.unreviewed else None
    return replace(
        task, marks=None, requests=(*task.requests, *asked.requests), problems=(*task.problems, *asked.problems),
        notes=(*marks.notes, *left_words(asked.left), *task.notes), noted=noted,
    )  # fmt: skip


def _request(row: RectRow, whose: str) -> Request:
    if row.scope is None:
        raise ValueError("a row without a plane asks for nothing")
    return Request(row.box, row.scope, Origin.STORED, f"stored row {row.id}{whose}", row.shape)
