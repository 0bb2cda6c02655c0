"""Thumbnails: those that are blacked and stay."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from dcmaudit.dicom.framegroups import PER_FRAME
from dcmaudit.dicom.icons import Icon
from dcmaudit.dicom.parts import Parts
from dcmaudit.dicom.plane_samples import samples_of
from dcmaudit.errors import UnsupportedError
from dcmaudit.model import Box, IconAddress, PlaneKind
from dcmaudit.model.redaction import IconPolicy, RedactionPlan, boxes_of
from dcmaudit.redact.elements.iconrules import is_plain_icon
from dcmaudit.redact.elements.spans import Span, Walker
from dcmaudit.redact.frames.cells import put_stored
from dcmaudit.redact.frames.native import patch_frame
from dcmaudit.redact.paint import Painter

ICONS = 0x00880200
PIXELS = 0x7FE00010
_DEEPEST = 24


def icon_values(parts: Parts, plan: RedactionPlan, painter: Painter, spans: dict[int, Span]) -> dict[int, bytes]:
    """The new pixel data of every icon that the plan touches, by the place of the old ones in the body.

    Icons that are more than one plain picture are left out by the stripper, as all are under REMOVE, and need none.
    UnsupportedError for one that is to be blacked and cannot be.
    """
    if not parts.icons or plan.options.icons is not IconPolicy.REDACT:
        return {}
    places = list(_places(parts, spans))
    # Two walks must find the same icons, else a box could go into another one.
    if len(places) != len(parts.icons):
        raise UnsupportedError("the file's icons cannot all be found again, so none can be redacted")
    found: dict[int, bytes] = {}
    wanted = _wanted(plan)
    for icon, place in zip(parts.icons, places, strict=True):
        boxes = wanted.get(icon.number, ())
        # The whole sequence goes, see ``elements.strip``.
        if not place.is_plain or place.pixels is None:
            continue
        if icon.reader is None and not plan.is_empty:
            raise UnsupportedError(
                f"icon {icon.number + 1} cannot be read, and so cannot be redacted", hint="--icons remove takes it out"
            )
        if boxes:
            found[place.pixels.value] = _blacked(icon, boxes, painter)
    return found


def _wanted(plan: RedactionPlan) -> dict[int, tuple[Box, ...]]:
    wanted: dict[int, tuple[Box, ...]] = {}
    for group in plan.listing.groups:
        if group.kind is PlaneKind.ICON:
            common = boxes_of(plan.for_group(group))
            own = boxes_of(plan.planes.get(IconAddress(group.number), ()))
            wanted[group.number] = (*common, *own)
    return wanted


def _blacked(icon: Icon, boxes: tuple[Box, ...], painter: Painter) -> bytes:
    reader = icon.reader
    if reader is None:
        raise UnsupportedError("an icon that cannot be read cannot be redacted")
    cells, photometric = reader.cells(0)
    samples = samples_of(cells, photometric, reader, icon.header, 0)
    painted = put_stored(cells, painter.paint(samples, boxes), boxes, reader.layout, 0)
    value = io.BytesIO(reader.body.read_at(reader.element.offset, reader.element.length))
    patch_frame(value, 0, reader, 0, painted)
    return value.getvalue()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the pixel data of an icon lie; ``is_plain``: all items of its sequence are one plain picture each."""

    pixels: Span | None
    is_plain: bool


def _places(parts: Parts, spans: dict[int, Span]) -> Iterator[_Place]:
    """For each icon, in the order in which they were found: its pixel data."""
    walker, body = Walker(parts.header), parts.header.body
    order = "<" if parts.header.syntax.little_endian else ">"
    attributes = parts.header.attributes

    def raw(span: Span) -> bytes:
        return body.read_at(span.value, span.value_end - span.value)

    def inside(span: Span, depth: int) -> Iterator[_Place]:
        items = [list(walker.elements(span, start, end)) for start, end in walker.items(span)]
        if span.tag == ICONS:
            plain = walker.fills(span) and all(is_plain_icon(item, raw, order) for item in items)
            for item in items:
                yield _Place(next((element for element in item if element.tag == PIXELS), None), plain)
            return
        for item in items:
            for element in item:
                if depth < _DEEPEST and walker.is_sequence(element):
                    yield from inside(element, depth + 1)

    # Icons were found in the per-frame groups last, see ``find_icons``.
    for tag in sorted(spans, key=lambda tag: (tag == PER_FRAME, tag)):
        if tag in {ICONS, PER_FRAME} or attributes.vr(tag) == "SQ":
            yield from inside(spans[tag], 0)
