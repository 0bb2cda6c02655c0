"""Planes of a file as tiles: how each was seen, what is marked on it, and how likely text is there."""

from __future__ import annotations

from collections.abc import Mapping

from dcmaudit.model import HowSeen, PlaneGroup, PlaneList
from dcmaudit.review.page.list_shapes import PlaneEntry
from dcmaudit.review.page.rect_states import box_json
from dcmaudit.review.page.strip import stripes
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.seen import NumberRanges
from dcmaudit.review.state.session import Session

PART = "in part"
_MOST_BOXES = 40


def plane_rows(session: Session, file_id: int, planes: PlaneList, start: int, count: int) -> list[PlaneEntry]:
    """The planes from ``start`` on. What was seen and marked is told of the open file, of others nothing."""
    numbers = {id(group): number for number, group in enumerate(planes.groups)}
    with session.lock:
        opened = session.file if session.file is not None and session.file.file_id == file_id else None
        known = _Known(opened) if opened is not None and opened.planes is planes else None
        rows: list[PlaneEntry] = []
        for index in range(start, min(start + count, len(planes))):
            plane = planes[index]
            number = numbers[id(plane.group)]
            boxes = [box for row in opened.rects_on(plane) for box in row.boxes] if known and opened else []
            rows.append({
                "index": index,
                "key": plane.address.key,
                "title": plane.title,
                "kind": plane.kind.value,
                "group": number,
                "size": [plane.size.width, plane.size.height] if plane.size is not None else None,
                "seen": known.seen(number, index - planes.group_start(index)) if known else "",
                "heat": known.heat(number, index - planes.group_start(index)) if known else 0.0,
                "marks": [box_json(box) for box in boxes[:_MOST_BOXES]],
            })  # fmt: skip
    return rows


class _Known:
    """What is known of the open file, worked out once a group."""

    def __init__(self, file: OpenFile) -> None:
        self._file = file
        self._ways: dict[int, Mapping[str, NumberRanges]] = {}
        self._stripes = stripes(file)

    def seen(self, number: int, position: int) -> str:
        """The strongest way in which the plane was seen; empty where it was not."""
        group = self._file.planes.groups[number]
        if number not in self._ways:
            self._ways[number] = self._of(group)
        return next((how for how, places in self._ways[number].items() if position in places), "")

    def _of(self, group: PlaneGroup) -> Mapping[str, NumberRanges]:
        seen = self._file.seen
        parts = NumberRanges((place, place + 1) for place in seen.part_positions(group))
        first = {HowSeen.SEEN.value: NumberRanges(seen.positions(group, HowSeen.SEEN)), PART: parts}
        return first | {how.value: NumberRanges(seen.positions(group, how)) for how in HowSeen if not how.is_seen}

    def heat(self, number: int, position: int) -> float:
        """How likely text is on the plane, 0 to 1, as far as it was looked for."""
        spans = self._stripes.heat[number]
        return max((level for start, end, level in spans if start <= position < end), default=0.0)
