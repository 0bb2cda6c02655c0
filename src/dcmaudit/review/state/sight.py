"""What the page says was on its stage, and what that is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from dcmaudit.errors import UsageError
from dcmaudit.model import Box, HowSeen, PlaneAddress, Projection, Rendering, Size, parse_key

LEAST_SCALE = 0.5
"""Pixels of the screen for a pixel of the plane: at half size a stroke of one pixel still leaves a trace."""

_LARGEST_STAGE = 2**15
_MOST_BOXES = 16
_COUNTED = {Rendering.FULL.value, Rendering.LOCAL.value}
_PROJECTIONS = {
    Projection.MAX.value: HowSeen.MAXIMUM,
    Projection.MIN.value: HowSeen.MINIMUM,
    Projection.MEAN.value: HowSeen.MEAN,
    Projection.RANGE.value: HowSeen.RANGE,
    Projection.TEXT.value: HowSeen.TEXT_MAP,
}


class Fidelity(Enum):
    """Whether a picture holds every level that was rendered."""

    LOSSLESS = "lossless"
    LOSSY = "lossy"


@dataclass(frozen=True, slots=True)
class Issued:
    """What a ticket says: the rendering or projection that the picture really shows, and whether it lost something."""

    shown: str
    fidelity: Fidelity


@dataclass(frozen=True, slots=True)
class Sight:
    """A plane that was painted: with which picture, how large, and which parts of it were not covered.

    ``scale`` is pixels of the screen (not of the page: the ratio of the device is in it) for a pixel of the plane.
    ``boxes`` are pixels of the plane that were wholly on the stage with nothing over them.
    """

    file_id: int
    address: PlaneAddress
    ticket: str
    scale: float
    boxes: tuple[Box, ...]

    @classmethod
    def parse(cls, value: object) -> Sight:
        """A report of the page; UsageError for anything that is none or that contradicts itself."""
        if not isinstance(value, dict):
            raise UsageError("painted must be a list of objects with file_id, key, ticket, scale, stage and boxes")
        file_id, key, ticket = value.get("file_id"), value.get("key"), value.get("ticket")
        if not _is_whole(file_id) or not isinstance(key, str) or not isinstance(ticket, str):
            raise UsageError("a painted plane needs file_id (a number), key and ticket (texts)")
        scale, stage = _scale(value), _stage(value)
        boxes = tuple(_box(each) for each in _list(value, "boxes", _MOST_BOXES))
        for box in boxes:
            # A pixel more for rounding: a box may end within a pixel of the screen.
            if box.width * scale > stage.width + 1 or box.height * scale > stage.height + 1:
                raise UsageError("a part of a plane cannot have been larger than the stage it was on")
        assert isinstance(file_id, int)  # noqa: S101 (seen above)
        return cls(file_id, parse_key(key), ticket, scale, boxes)


def way_seen(sight: Sight, issued: Issued) -> HowSeen:
    """How a plane was seen in ``sight``, as far as picture and size decide: SEEN holds for its boxes alone."""
    # The worst of it is told first: what a lossy picture or a small one leaves out, no view of it brings back.
    if issued.fidelity is not Fidelity.LOSSLESS:
        return HowSeen.LOSSY
    if sight.scale < LEAST_SCALE:
        return HowSeen.SMALL
    # A VOI LUT or window maps whole ranges of values to black or white (PS3.3 C.11.2): text in those is gone.
    return HowSeen.SEEN if issued.shown in _COUNTED else HowSeen.WINDOW


def named_view(projection: Projection, sheet: int) -> str:
    """A view of a stack as tickets name it: the projection, and of the text map which sheet, from 0."""
    return f"{projection.value}-{sheet}" if sheet else projection.value


def view_of(issued: Issued) -> tuple[Projection, int] | None:
    """The projection and sheet of a ticket; None where it is none of a projection."""
    name, _, sheet = issued.shown.partition("-")
    return (Projection(name), int(sheet or 0)) if name in _PROJECTIONS else None


def way_projected(size: Size | None, width: int, height: int, issued: Issued) -> HowSeen | None:
    """How the planes of ``size`` were seen in a projection that was painted ``width`` x ``height`` pixels large."""
    if size is None or width < size.width * LEAST_SCALE or height < size.height * LEAST_SCALE:
        return HowSeen.SMALL
    view = view_of(issued)
    return None if view is None else _PROJECTIONS[view[0].value]


def _scale(value: Mapping[str, object]) -> float:
    scale = value.get("scale")
    # Python's bool is an int, and JSON may hold NaN and Infinity as Python reads it: neither is a size.
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not math.isfinite(scale) or scale <= 0:
        raise UsageError("scale must be a number above 0: pixels of the screen for a pixel of the plane")
    return float(scale)


def _stage(value: Mapping[str, object]) -> Size:
    sides = _list(value, "stage", 2)
    if len(sides) != 2:
        raise UsageError("stage must be [width, height] in pixels of the screen")
    width, height = (_number(side) for side in sides)
    if not (0 < width <= _LARGEST_STAGE and 0 < height <= _LARGEST_STAGE):
        raise UsageError(f"a stage of {width} x {height} pixels is none", hint=f"up to {_LARGEST_STAGE} are allowed")
    return Size(width=width, height=height)


def _list(value: Mapping[str, object], name: str, most: int) -> list[object]:
    found = value.get(name)
    if not isinstance(found, list) or len(found) > most:
        raise UsageError(f"{name} must be a list of at most {most} entries")
    return found


def _box(value: object) -> Box:
    if not isinstance(value, list) or len(value) != 4:
        raise UsageError("boxes must be [left, top, right, bottom] in pixels of the plane, right and bottom excluded")
    left, top, right, bottom = (_number(edge) for edge in value)
    return Box(left, top, right, bottom)


def _number(value: object) -> int:
    if not _is_whole(value) or not isinstance(value, int) or abs(value) > 2**40:
        raise UsageError("sizes and edges must be whole numbers")
    return value


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
