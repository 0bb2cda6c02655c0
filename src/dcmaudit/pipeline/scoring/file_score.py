"""One original and what a tool made of it, held against the answer key: strings hidden, pixels kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dcmaudit.codecs.samples import Array, Samples
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Everywhere, Plane, PlaneKind, Reference, Scope, Size
from dcmaudit.model.scores import FileScore, StringScore, Trace
from dcmaudit.pipeline.scoring.keys import Answer
from dcmaudit.pipeline.scoring.traces import trace
from dcmaudit.render import render

_OVERLAYS = frozenset({PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY})
_OF_IMAGE_SIZE = _OVERLAYS | {PlaneKind.FRAME, PlaneKind.STRAY_BIT}
"""Planes in whose pixels a place that is said of all planes can be meant."""


@dataclass(frozen=True, slots=True)
class ScoreTask:
    """An original, the tool's output (None: there is none), and what the key says of it."""

    before: Reference
    after: Reference | None
    answer: Answer


def score_file(task: ScoreTask) -> FileScore:
    """The score of one file; DcmauditError only where the *original* cannot be read, for then the key is wrong."""
    score = FileScore(task.before.name, unplaced=task.answer.unplaced)
    with open_instance(task.before) as before:
        before.scan_frames()
        planes = _planes(before)
        score.unplaced += sum(not any(_boxes([place], plane) for plane in planes) for place in task.answer.places)
        if task.after is None:
            _without_output(before, task.answer, score, "the tool wrote no output for it")
            return score
        try:
            with open_instance(task.after) as after:
                after.scan_frames()
                _compare(before, after, task.answer, score)
        except DcmauditError as error:
            score.strings.clear()
            score.pixels = score.kept = score.planes = score.unchanged = 0
            _without_output(before, task.answer, score, f"its output: {error.message}")
    return score


def _without_output(before: Instance, answer: Answer, score: FileScore, why: str) -> None:
    """Every string of a file without an output counts as not hidden, and all of its pixels as lost."""
    score.problem = why
    score.md5_kept = None if answer.md5 is None else False
    for plane in _planes(before):
        score.planes += 1
        size = plane.size
        score.pixels += 0 if size is None else size.width * size.height
        score.strings += [StringScore(plane.address, box, Trace.NO_OUTPUT) for box in _places(answer, plane)]


def _planes(instance: Instance) -> list[Plane]:
    return [plane for plane in instance.planes if plane.kind is not PlaneKind.UNSHOWN]


def _places(answer: Answer, plane: Plane) -> list[Box]:
    return _boxes(answer.places, plane)


def _boxes(places: Iterable[tuple[Scope, Box]], plane: Plane) -> list[Box]:
    size = plane.size or Size(1, 1)
    boxes = [box.clipped(size) for scope, box in places if _is_on(scope, plane)]
    return [box for box in boxes if box is not None]


def _is_on(scope: Scope, plane: Plane) -> bool:
    match scope:
        case Everywhere.ALL_FRAMES:
            return plane.kind is PlaneKind.FRAME
        case Everywhere.ALL_OVERLAYS:
            return plane.kind in _OVERLAYS
        case Everywhere.ALL_PLANES:
            return plane.kind in _OF_IMAGE_SIZE
        case address:
            return address == plane.address


def _compare(before: Instance, after: Instance, answer: Answer, score: FileScore) -> None:
    if answer.md5 is not None:
        score.md5_kept = after.pixel_md5() == answer.md5
    for plane in _planes(before):
        _compare_plane(before, after, plane, _places(answer, plane), score)


def _compare_plane(before: Instance, after: Instance, plane: Plane, places: list[Box], score: FileScore) -> None:
    one = before.read(plane.address)
    rows, columns = one.array.shape[:2]
    outside = np.ones((rows, columns), dtype=bool)
    for box in places:
        outside[box.top : box.bottom, box.left : box.right] = False
    score.planes += 1
    score.pixels += int(outside.sum())
    if after.planes.find(plane.address) is None:
        # Not there any more, which hides what was on it: so overlays are removed. A frame may never go missing.
        gone = Trace.NO_OUTPUT if plane.kind is PlaneKind.FRAME else Trace.HIDDEN
        score.strings += [StringScore(plane.address, box, gone) for box in places]
        return
    other = after.read(plane.address)
    if other.array.shape[:2] != (rows, columns):
        score.problem = f"{plane.title} has another size in the output"
        score.strings += [StringScore(plane.address, box, Trace.NO_OUTPUT) for box in places]
        return
    first, second = _alike(one, other)
    same = (first == second) if first.ndim == 2 else (first == second).all(axis=2)
    kept = int((same & outside).sum())
    score.kept += kept
    score.unchanged += kept == int(outside.sum())
    for box in places:
        score.strings.append(StringScore(plane.address, box, _trace(first, second, box)))


def _alike(one: Samples, other: Samples) -> tuple[Array, Array]:
    """Both as arrays that can be compared: stored values where they mean the same, else 8-bit pictures."""
    is_same = (one.array.shape, one.photometric, one.bits_stored) == (
        other.array.shape, other.photometric, other.bits_stored,
    )  # fmt: skip
    if is_same:
        return one.array, other.array
    first, second = render(one), render(other)
    if first.ndim != second.ndim:
        first, second = (np.repeat(a[..., None], 3, axis=2) if a.ndim == 2 else a for a in (first, second))
    return first, second


def _trace(before: Array, after: Array, box: Box) -> Trace:
    """The worst trace of any channel: text in blue alone is text."""
    part = (slice(box.top, box.bottom), slice(box.left, box.right))
    one, other = before[part], after[part]
    if one.ndim == 2:
        return trace(one, other)
    found = {trace(one[..., channel], other[..., channel]) for channel in range(one.shape[2])}
    return next(kind for kind in (Trace.LEFT, Trace.IN_PART, Trace.HIDDEN, Trace.EMPTY) if kind in found)
