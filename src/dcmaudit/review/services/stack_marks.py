"""The marks that all files of a series have on all of their frames: what can be drawn on the projection of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dcmaudit.model import Box, Everywhere, FrameAddress
from dcmaudit.model.records import MarkedFile
from dcmaudit.model.shapes import Shape
from dcmaudit.review.services.protocols import Database
from dcmaudit.review.services.stack_reading import StackReading
from dcmaudit.review.state.kept import Keeps
from dcmaudit.review.state.stack import SeriesStack

Mark = tuple[Box, Shape | None]


def marks_of_all(
    database: Database, stack: SeriesStack, reading: StackReading, keeps: Keeps | None
) -> tuple[Mark, ...]:
    """The rectangles and shapes that are black on every frame of the series that is in the picture.

    Files of which no frame is in it (those of another size, say) are not asked for. None where one of the files has
    no such mark, or has marks that are not those that were stored.
    """
    worklist = stack.worklist
    out = reading.left_out
    shown = {member.file_id for number, member in enumerate(reading.members) if number not in out}
    files = [
        (worklist.name(place), frames)
        for place, frames in zip(stack.places, stack.frames, strict=True)
        if worklist.file_id(place) in shown
    ]
    return _shared(database.store.marks_of(name for name, _frames in files), [each for _name, each in files], keeps)


def _shared(files: Iterable[MarkedFile], frames: Sequence[int], keeps: Keeps | None) -> tuple[Mark, ...]:
    shared: dict[Mark, None] | None = None
    for found, count in zip(files, frames, strict=True):
        here = _everywhere(found, count, keeps)
        # In the order of the first of them.
        shared = here if shared is None else {mark: None for mark in shared if mark in here}
        if not shared:
            return ()
    return tuple(shared or ())


def _everywhere(found: MarkedFile, frames: int, keeps: Keeps | None) -> dict[Mark, None]:
    """What is black on all image frames of a file."""
    if found.corrupt is not None:
        return {}
    kept = keeps.kept(found.rects) if keeps is not None else {}
    scopes = {Everywhere.ALL_FRAMES, Everywhere.ALL_PLANES, *([FrameAddress(0)] if frames == 1 else [])}
    rows = (row for row in found.rects if row.id not in kept and row.scope in scopes)
    return {(row.box, row.shape): None for row in rows if row.box is not None}
