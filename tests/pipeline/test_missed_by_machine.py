"""What a person marked and the machine did not see, plane by plane: the bound of a release's sample rests on it."""

from __future__ import annotations

from typing import Any

import pytest

from dcmaudit.model import Origin, PlaneGroup, PlaneKind, Size
from dcmaudit.pipeline.release.places import missed_by_machine

GROUPS = (
    PlaneGroup(PlaneKind.FRAME, 0, range(3), Size(40, 40)),
    PlaneGroup(PlaneKind.OVERLAY, 0x6000, range(2), Size(40, 40)),
)
ALL, OVERLAYS = "every plane of frames", "every plane of overlay 6000"


def one(planes: str, source: Origin, edges: tuple[int, int, int, int] = (0, 0, 19, 9)) -> dict[str, Any]:
    return {"planes": planes, "box": list(edges), "source": source.value, "reason": ""}


@pytest.mark.parametrize(
    ("person", "machine", "missed"),
    [
        ("f1", "f1", 0),
        ("f1", ALL, 0),
        ("f1", "f0", 1),
        ("f1", "o6000.1", 1),
        ("o6000.1", "o6000.0", 1),
        ("o6000.1", OVERLAYS, 0),
        ("o6000.1", ALL, 1),
        (ALL, ALL, 0),
        (ALL, "f2", 0),
        (ALL, "o6000.0", 1),
        (OVERLAYS, ALL, 1),
        ("x9", "x8", 1),
    ],
)
def test_what_the_machine_has_on_another_plane_was_not_seen_here(person: str, machine: str, missed: int) -> None:
    rectangles = [one(machine, Origin.OCR), one(person, Origin.STORED)]
    assert missed_by_machine(rectangles, GROUPS) == missed


def test_another_place_of_the_plane_was_not_seen_either() -> None:
    rectangles = [one("f1", Origin.RULE, (0, 20, 19, 29)), one("f1", Origin.STORED), one("f0", Origin.STORED)]
    assert missed_by_machine(rectangles, GROUPS) == 2
