"""Ultrasound regions: the header says where the echoes are, so text stands outside (PS3.3 C.8.5.5)."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.detect.areas import complement
from dcmaudit.detect.header import HeaderLike
from dcmaudit.detect.problems import Problem, ProblemKind
from dcmaudit.model import Box, Everywhere, Origin, Region, Size
from dcmaudit.model.counts import counted

SEQUENCE = "SequenceOfUltrasoundRegions"
"""(0018,6011)."""

_EDGES = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
_MAX_REGIONS = 1000
_LARGEST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class UltrasoundRegions:
    """What the header says about one instance.

    ``present`` is whether the sequence is there at all. ``keep`` holds the usable regions in image pixels, clipped
    to the image; ``redact`` everything outside of them, without overlaps. Both are () where no region is usable:
    then ``problems`` has a blocking entry (if the sequence is present).
    """

    present: bool
    keep: tuple[Box, ...] = ()
    redact: tuple[Box, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether ``redact`` covers everything that lies outside a usable region: no problem keeps something back."""
        return not any(problem.is_blocking for problem in self.problems)

    @property
    def regions(self) -> tuple[Region, ...]:
        """``redact`` as regions for every frame: for a suggestion and for redacting alike."""
        reason = f"outside the {counted(len(self.keep), 'ultrasound region')} that the header names"
        return tuple(Region(box, Everywhere.ALL_FRAMES, Origin.ULTRASOUND, reason) for box in self.redact)


def ultrasound_regions(header: HeaderLike, size: Size) -> UltrasoundRegions:
    """The ultrasound regions of an instance whose frames have ``size``, and what lies outside of them.

    RegionLocationMaxX1 and MaxY1 name the last column and row that belong to the region (PS3.3 C.8.5.5.1.3), so
    they are kept. A region that lacks an edge, is inverted, filled with zeros or wholly outside is named and not
    kept; one that reaches outside is clipped, and that is named too. The regions hold for every frame.
    """
    if header.get(SEQUENCE) is None:
        return UltrasoundRegions(present=False)
    items = header.items(SEQUENCE)
    keep: list[Box] = []
    problems: list[Problem] = []
    for number, item in enumerate(items[:_MAX_REGIONS], start=1):
        box, problem = _region(item, size, f"ultrasound region {number} of {len(items)}")
        if box is not None and box not in keep:
            keep.append(box)
        if problem is not None:
            problems.append(problem)
    if len(items) > _MAX_REGIONS:
        message = f"{len(items)} ultrasound regions, only the first {_MAX_REGIONS} are kept; the others are redacted"
        problems.append(Problem(ProblemKind.REGION_IGNORED, message))
    if not keep:
        message = f"{SEQUENCE} has {counted(len(items), 'item')} and none can be used"
        problems.append(Problem(ProblemKind.NO_REGIONS, message))
        return UltrasoundRegions(present=True, problems=tuple(problems))
    return UltrasoundRegions(True, tuple(keep), complement(size, keep), tuple(problems))  # noqa: FBT003 - present


def _region(item: HeaderLike, size: Size, name: str) -> tuple[Box | None, Problem | None]:
    edges = [item.integer(keyword) for keyword in _EDGES]
    for keyword, edge in zip(_EDGES, edges, strict=True):
        if edge is None or not 0 <= edge <= _LARGEST:
            found = "is absent or no whole number" if edge is None else f"is {edge}, allowed: 0 to {_LARGEST}"
            return None, Problem(ProblemKind.REGION_IGNORED, f"{name} is not kept: {keyword} {found}")
    left, top, right, bottom = (edge for edge in edges if edge is not None)
    where = f"({left}, {top}) to ({right}, {bottom})"
    if not any(edges):
        return None, Problem(ProblemKind.REGION_IGNORED, f"{name} is not kept: all its edges are 0")
    if right < left or bottom < top:
        return None, Problem(ProblemKind.REGION_IGNORED, f"{name} is not kept: {where} is upside down")
    box = Box.from_inclusive(left=left, top=top, right=right, bottom=bottom)
    plane = f"the image of {size.width} x {size.height} pixels"
    clipped = box.clipped(size)
    if clipped is None:
        return None, Problem(ProblemKind.REGION_IGNORED, f"{name} is not kept: {where} lies outside {plane}")
    if clipped != box:
        return clipped, Problem(ProblemKind.CLIPPED, f"{name}, {where}, reaches outside {plane}; clipped to it")
    return box, None
