"""Thumbnails: blacked in place, or taken out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from dcmaudit.dicom.framegroups import PER_FRAME
from dcmaudit.dicom.icons import Icon
from dcmaudit.dicom.instance import samples_of
from dcmaudit.dicom.parts import Parts
from dcmaudit.dicom.write.cells import put_stored
from dcmaudit.dicom.write.native import patch_frame
from dcmaudit.dicom.write.paint import Painter
from dcmaudit.dicom.write.spans import UNDEFINED, Span, Walker
from dcmaudit.errors import UnsupportedError
from dcmaudit.model import Box, IconAddress, PlaneKind
from dcmaudit.model.redaction import IconPolicy, RedactionPlan

ICONS = 0x00880200
PIXELS = 0x7FE00010
_DEEPEST = 24


@dataclass(frozen=True, slots=True)
class Patch:
    """Bytes for a place inside the top-level element ``tag``; ``offset`` is that of the original body."""

    tag: int
    offset: int
    data: bytes


@dataclass(slots=True)
class IconPatches:
    """What happens to icons: patches, top-level elements that are left out, and words for the report."""

    patches: list[Patch] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def icon_patches(parts: Parts, plan: RedactionPlan, painter: Painter, spans: dict[int, Span]) -> IconPatches:
    """The changes of every icon that the plan touches.

    Under REMOVE the top-level icon sequence is left out, and icons deeper down are blacked wholly, for their
    sequences tell other things too. An icon that is encapsulated cannot be patched: at the top it is removed, deeper
    down UnsupportedError.
    """
    found = IconPatches()
    if not parts.icons:
        return found
    wanted = _wanted(plan)
    places = list(_places(parts, spans))
    if len(places) != len(parts.icons):
        raise UnsupportedError("the file's icons cannot all be found again, so none can be redacted")
    for icon, (top, span) in zip(parts.icons, places, strict=True):
        boxes = wanted.get(icon.number, ())
        if plan.options.icons is IconPolicy.REMOVE:
            boxes = _whole(icon)
        if not boxes and icon.reader is not None:
            continue
        at_top = top == ICONS
        if at_top and plan.options.icons is IconPolicy.REMOVE:
            found.removed.append(top)
        elif span is not None and span.length != UNDEFINED and icon.reader is not None:
            found.patches.append(Patch(top, span.value, _blacked(icon, boxes, painter)))
        elif plan.options.icons is IconPolicy.KEEP or plan.is_empty:
            continue
        elif at_top:
            found.removed.append(top)
            found.notes.append("the icon was removed: it cannot be redacted in its encoding")
        else:
            raise UnsupportedError("an icon inside a sequence cannot be redacted in its encoding")
    return found


def _wanted(plan: RedactionPlan) -> dict[int, tuple[Box, ...]]:
    wanted: dict[int, tuple[Box, ...]] = {}
    for group in plan.listing.groups:
        if group.kind is PlaneKind.ICON:
            common = tuple(item.box for item in plan.for_group(group))
            own = tuple(item.box for item in plan.planes.get(IconAddress(group.number), ()))
            wanted[group.number] = (*common, *own)
    return wanted


def _whole(icon: Icon) -> tuple[Box, ...]:
    return () if icon.reader is None else (Box.whole(icon.reader.layout.size),)


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


def _places(parts: Parts, spans: dict[int, Span]) -> Iterator[tuple[int, Span | None]]:
    """For each icon, in the order in which they were found: its top-level element, and its pixel data."""
    walker = Walker(parts.header)
    attributes = parts.header.attributes
    # Icons were found in the per-frame groups last, see ``find_icons``.
    for tag in sorted(spans, key=lambda tag: (tag == PER_FRAME, tag)):
        if tag in {ICONS, PER_FRAME} or attributes.vr(tag) == "SQ":
            for found in _in_sequence(walker, spans[tag], 0):
                yield tag, found


def _in_sequence(walker: Walker, span: Span, depth: int) -> Iterator[Span | None]:
    for start, end in walker.items(span):
        inside = list(walker.elements(span, start, end))
        if span.tag == ICONS:
            yield next((element for element in inside if element.tag == PIXELS), None)
            continue
        for element in inside:
            if depth < _DEEPEST and walker.is_sequence(element):
                yield from _in_sequence(walker, element, depth + 1)
