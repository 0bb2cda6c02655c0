"""The data set as rows for people to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import dictionary_description, private_dictionary_description
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.framegroups import PER_FRAME, FrameGroups
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.quiet import quietly
from dcmaudit.model.texts import tag_text

_DEEPEST = 24
MOST_ITEMS = 200
"""Items of one sequence that are listed; a slide has ten thousand of them, and the last row says how many more."""


@dataclass(frozen=True, slots=True)
class TagRow:
    """One element: ``depth`` is 0 at the top, one more in each sequence item; ``tag`` is like ``(0010,0010)``."""

    depth: int
    tag: str
    name: str
    vr: str
    value: str


def tag_rows(header: Header, limit: int = 120) -> list[TagRow]:
    """File meta information, then the data set, in the order of the tags; sequence items follow their sequence.

    Binary values are told by their length, pixel data and what else stayed in the file too. Values longer than
    ``limit`` characters are cut and end in an ellipsis.
    """
    rows = list(_rows(header.meta, 0, limit))
    found = [*_rows(header.dataset, 0, limit)]
    found += [_large(kept.tag, kept.vr, kept.length, header.dataset) for kept in header.kept.values()
              if kept.tag != PER_FRAME]  # fmt: skip
    found += _frame_group_rows(header.frame_groups, limit) if header.frame_groups is not None else []
    for element in header.pixels:
        found.append(_large(element.tag, element.vr, element.length, header.dataset))
    return rows + _in_order(found)


def _frame_group_rows(groups: FrameGroups, limit: int) -> list[TagRow]:
    count = len(groups)
    rows = [TagRow(0, tag_text(PER_FRAME), _name(PER_FRAME, Dataset()), "SQ", _items(count))]
    for number in range(min(count, MOST_ITEMS)):
        rows.append(TagRow(1, "(FFFE,E000)", f"Item {number + 1}", "", ""))
        item = groups.item(number)
        rows.extend(_rows(item.dataset, 1, limit) if item is not None else [])
    if count > MOST_ITEMS:
        rows.append(TagRow(1, "(FFFE,E000)", "More items", "", f"{count - MOST_ITEMS} more, not listed"))
    return rows


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"


def _in_order(rows: list[TagRow]) -> list[TagRow]:
    """Sort top-level rows by tag and keep the rows inside a sequence behind it."""
    blocks: list[list[TagRow]] = []
    for row in rows:
        if row.depth == 0:
            blocks.append([row])
        else:
            blocks[-1].append(row)
    return [row for block in sorted(blocks, key=lambda block: block[0].tag) for row in block]


def _rows(dataset: Dataset, depth: int, limit: int) -> Iterator[TagRow]:
    attributes = Attributes(dataset)
    for tag in attributes.tags():
        vr = attributes.vr(tag) or "UN"
        name = _name(tag, dataset)
        if vr != "SQ":
            yield TagRow(depth, tag_text(tag), name, vr, _value(attributes, tag, limit))
            continue
        items = attributes.items(tag)
        yield TagRow(depth, tag_text(tag), name, vr, _items(len(items)))
        for number, item in enumerate(items[:MOST_ITEMS]):
            if depth < _DEEPEST:
                yield TagRow(depth + 1, "(FFFE,E000)", f"Item {number + 1}", "", "")
                yield from _rows(item.dataset, depth + 1, limit)
        if len(items) > MOST_ITEMS:
            more = f"{len(items) - MOST_ITEMS} more, not listed"
            yield TagRow(depth + 1, "(FFFE,E000)", "More items", "", more)


def _large(tag: int, vr: str | None, length: int, dataset: Dataset) -> TagRow:
    return TagRow(0, tag_text(tag), _name(tag, dataset), vr or "UN", f"{length} bytes")


def _value(attributes: Attributes, tag: int, limit: int) -> str:
    element = attributes.element(tag)
    raw = attributes.raw(tag)
    vr = attributes.vr(tag) or "UN"
    if raw is not None and (vr.startswith("O") or vr == "UN" or " or O" in vr) and not (vr == "UN" and _is_text(raw)):
        return f"{len(raw)} bytes"
    try:
        with quietly():
            converted = (
                convert_raw_data_element(element, encoding=attributes.dataset._character_set, ds=attributes.dataset)  # noqa: SLF001
                if isinstance(element, RawDataElement)
                else element
            )
            value = _joined(converted)
    except Exception:
        value = (raw or b"").decode("latin-1")
    value = " ".join(value.replace("\0", " ").split())
    return value if len(value) <= limit else value[: max(0, limit - 1)] + "…"


def _joined(element: DataElement | None) -> str:
    value = getattr(element, "value", None)
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, list | tuple) or (hasattr(value, "__iter__") and not isinstance(value, str) and
                                           not hasattr(value, "components")):  # fmt: skip
        return "\\".join(str(part) for part in value)
    return str(value)


def _is_text(raw: bytes) -> bool:
    stripped = raw.rstrip(b"\0 ")
    return len(raw) <= 1024 and bool(stripped) and all(32 <= byte < 127 for byte in stripped)


def _name(tag: int, dataset: Dataset) -> str:
    try:
        return str(dictionary_description(tag))
    except KeyError:
        pass
    if tag & 0xFFFF == 0:
        return "Group Length"
    if not tag >> 16 & 1:
        return "Unknown"
    if 0x10 <= tag & 0xFFFF <= 0xFF:
        return "Private Creator"
    creator = Attributes(dataset).code((tag >> 16 << 16) | ((tag & 0xFF00) >> 8))
    try:
        return str(private_dictionary_description(tag, creator)) if creator else "Private"
    except KeyError:
        return "Private"
