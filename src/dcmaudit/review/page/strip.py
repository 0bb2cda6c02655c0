"""What the strip of planes shows at a glance: which planes have a rectangle of their own, and where text is likely."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

from dcmaudit.model import Everywhere, FrameAddress, Origin, OverlayAddress, PlaneGroup, PlaneKind, Scope, Verdict
from dcmaudit.model.engines import reads
from dcmaudit.model.records import RectRow
from dcmaudit.review.state.open_file import OpenFile, Suggestion

Spans = list[list[float]]
"""``[from, to, level]`` each: half-open positions of a group, and how likely (0 to 1) there is text on these planes."""

LEAST = 0.25
"""What a detector finds less likely is not worth a mark: nearly every picture has such a place."""

_LEVELS = {Verdict.IDENTIFYING: 1.0, Verdict.UNKNOWN: 0.7, Verdict.HARMLESS: 0.3}


@dataclass(frozen=True, slots=True)
class Stripes:
    """For one state of the marks of a file: positions with a rectangle, and likely text, by number of the group."""

    rects: Sequence[RectRow]
    suggestions: Sequence[Suggestion]
    told: tuple[int, float, int]
    planes: object
    marked: list[list[int]]
    heat: list[Spans]


_KEPT: weakref.WeakKeyDictionary[OpenFile, Stripes] = weakref.WeakKeyDictionary()


def stripes(file: OpenFile) -> Stripes:
    """The stripes of a file; worked out once for every state of its marks, for it is asked at every step."""
    told = (len(file.heat), sum(file.heat.values()), len(file.rejected) + len(file.hidden))
    kept = _KEPT.get(file)
    if (
        kept is not None
        and kept.rects is file.rects
        and kept.suggestions is file.suggestions
        and (kept.told, kept.planes) == (told, file.planes)
    ):
        return kept
    marked: list[list[int]] = []
    heat: list[Spans] = []
    own, likely, whole = _own(file), _likely(file), _whole(file)
    start = 0
    for group in file.planes.groups:
        end = start + len(group.frames)
        marked.append(sorted(index - start for index in own if start <= index < end))
        levels = {index - start: level for index, level in likely.items() if start <= index < end}
        heat.append(_spans(levels, _base(whole, group), len(group.frames)))
        start = end
    made = Stripes(file.rects, file.suggestions, told, file.planes, marked, heat)
    _KEPT[file] = made
    return made


def _own(file: OpenFile) -> set[int]:
    """Indexes of the planes that have a rectangle of their own."""
    scopes = [row.scope for row in file.rects if row.box is not None]
    indexes = [file.planes.find(scope) for scope in scopes if scope is not None and not isinstance(scope, Everywhere)]
    return {index for index in indexes if index is not None}


def _findings(file: OpenFile) -> list[tuple[Scope, float]]:
    found = [
        (row.scope, _LEVELS[row.verdict])
        for row in file.rects
        if row.box is not None and row.scope is not None and reads(row.engine)
    ]
    read = [item for item in file.suggestions if item.region.origin is Origin.OCR and not file.is_out(item)]
    return found + [(item.region.scope, _LEVELS[item.region.verdict]) for item in read]


def _likely(file: OpenFile) -> dict[int, float]:
    """By index, the highest level that a finding or a detector gives a single plane."""
    levels: dict[int, float] = {}
    for scope, level in _findings(file):
        index = None if isinstance(scope, Everywhere) else file.planes.find(scope)
        if index is not None:
            levels[index] = max(level, levels.get(index, 0.0))
    if file.heat:
        for address, level in list(file.heat.items()):
            index = file.planes.find(address)
            if index is not None and level >= LEAST:
                levels[index] = max(min(level, 1.0), levels.get(index, 0.0))
    return levels


def _whole(file: OpenFile) -> dict[Everywhere, float]:
    levels: dict[Everywhere, float] = {}
    for scope, level in _findings(file):
        if isinstance(scope, Everywhere):
            levels[scope] = max(level, levels.get(scope, 0.0))
    return levels


def _base(whole: dict[Everywhere, float], group: PlaneGroup) -> float:
    """The level that findings for all planes of a kind give this group."""
    level = whole.get(Everywhere.ALL_PLANES, 0.0) if group.kind is not PlaneKind.UNSHOWN else 0.0
    if isinstance(group.address(0), FrameAddress):
        level = max(level, whole.get(Everywhere.ALL_FRAMES, 0.0))
    if isinstance(group.address(0), OverlayAddress):
        level = max(level, whole.get(Everywhere.ALL_OVERLAYS, 0.0))
    return level


def _spans(levels: dict[int, float], base: float, count: int) -> Spans:
    spans: Spans = []

    def add(start: int, end: int, level: float) -> None:
        if start >= end or level <= 0:
            return
        if spans and spans[-1][1] == start and spans[-1][2] == level:
            spans[-1][1] = end
        else:
            spans.append([start, end, level])

    here = 0
    for position in sorted(levels):
        add(here, position, base)
        add(position, position + 1, round(max(levels[position], base), 2))
        here = position + 1
    add(here, count, base)
    return spans
