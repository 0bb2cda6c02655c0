"""Attributes of a data set, decoded by us where it matters: wrong values give None, never an exception or a warning."""

from __future__ import annotations

import struct
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dcmaudit.dicom.quiet import quietly

_INTEGERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "AT": "H", "OW": "H"}
_FLOATS = {"FL": "f", "FD": "d"}


class Attributes:
    """A read-only view of a data set or sequence item. Tags are given as numbers, 0xGGGGEEEE."""

    __slots__ = ("dataset",)

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __contains__(self, tag: int) -> bool:
        return tag in self.dataset

    def tags(self) -> list[int]:
        """Every tag of this level, ascending."""
        return sorted(int(tag) for tag in self.dataset.keys())  # noqa: SIM118 - iterating a Dataset converts values

    def elements(self) -> list[tuple[int, RawDataElement | DataElement]]:
        """Every tag of this level with its element as pydicom holds it, ascending."""
        return sorted(((int(tag), element) for tag, element in self.dataset._dict.items()), key=_first)  # noqa: SLF001

    def element(self, tag: int) -> RawDataElement | DataElement | None:
        """The element as pydicom holds it, unconverted."""
        # get_item would convert the character set on the way, and warn about it
        return self.dataset._dict.get(tag)  # type: ignore[call-overload,no-any-return]  # noqa: SLF001

    def raw(self, tag: int) -> bytes | None:
        """The value as bytes, None where the element is absent or not held as bytes."""
        value = getattr(self.element(tag), "value", None)
        return bytes(value) if isinstance(value, bytes | bytearray) else None

    def vr(self, tag: int) -> str | None:
        """The value representation as written, or as the dictionary has it."""
        item = self.element(tag)
        if item is None:
            return None
        written = item.VR
        # UN: whoever wrote it did not know the element, and the dictionary may (PS3.5 6.2.2).
        if written is None or written == "UN":
            try:
                return str(dictionary_VR(tag))
            except KeyError:
                return str(written) if written else None
        return str(written)

    def integers(self, tag: int, *, signed: bool = False) -> tuple[int, ...]:
        """Every value of an integer element, () where it is absent or no number.

        ``signed`` settles what the dictionary leaves open as "US or SS".
        """
        item = self.element(tag)
        value = getattr(item, "value", None)
        if isinstance(item, DataElement):
            return _plain_integers(value)
        if not isinstance(value, bytes):
            return ()
        vr = self.vr(tag) or ""
        # "US or SS": PixelRepresentation decides (PS3.5 annex A).
        if " or " in vr:
            vr = "SS" if signed else "US"
        if vr in _INTEGERS:
            return _unpack_integers(value, _INTEGERS[vr], little=_is_little(item))
        try:
            # IS with a decimal point is written by some devices.
            return tuple(int(float(part)) for part in _texts(value) if part)
        except (ValueError, OverflowError):
            return ()

    def integer(self, tag: int) -> int | None:
        """The first value of an integer element."""
        values = self.integers(tag)
        return values[0] if values else None

    def decimals(self, tag: int) -> tuple[float, ...]:
        """Every value of a decimal element (DS, FL, FD), () where it is absent or no number."""
        item = self.element(tag)
        value = getattr(item, "value", None)
        if isinstance(item, DataElement):
            return _plain_decimals(value)
        if not isinstance(value, bytes):
            return ()
        vr = self.vr(tag) or ""
        if vr in _FLOATS:
            code, size = _FLOATS[vr], struct.calcsize(_FLOATS[vr])
            count = len(value) // size
            return struct.unpack(f"{'<' if _is_little(item) else '>'}{count}{code}", value[: count * size])
        if vr in _INTEGERS:
            return tuple(float(number) for number in self.integers(tag))
        try:
            return tuple(float(part) for part in _texts(value) if part)
        except ValueError:
            return ()

    def texts(self, tag: int) -> tuple[str, ...] | None:
        """Every value of a text element, surrounding blanks removed, empty ones kept; None where it is absent."""
        if tag not in self.dataset:
            return None
        try:
            with quietly():
                value = self.dataset[tag].value
        # pydicom raises nearly anything over a value that its VR does not allow; the bytes are still there.
        except Exception:
            raw = self.raw(tag)
            return tuple(_texts(raw)) if raw is not None else None
        if value is None:
            return ()
        if isinstance(value, str) or not hasattr(value, "__iter__") or isinstance(value, bytes):
            value = [value]
        return tuple(str(part).strip(" \0") for part in value)

    def text(self, tag: int) -> str | None:
        """The first value of a text element, None where it is absent or empty."""
        values = self.texts(tag)
        return values[0] or None if values else None

    def code(self, tag: int) -> str | None:
        """The first value of a UID or code string; plain ASCII, so nothing is converted."""
        raw = self.raw(tag)
        if raw is None:
            return self.text(tag)
        values = _texts(raw)
        return values[0] or None if values else None

    def items(self, tag: int) -> list[Attributes]:
        """The items of a sequence, [] where it is absent, empty or cannot be parsed."""
        if tag not in self.dataset:
            return []
        try:
            with quietly():
                value: Any = self.dataset[tag].value
        except Exception:
            return []
        return [Attributes(item) for item in value] if isinstance(value, DicomSequence) else []

    def item(self, tag: int, index: int) -> Attributes | None:
        """One item of a sequence, None where there is none; unlike ``items`` it does not visit all the others."""
        if tag not in self.dataset:
            return None
        value: Any = getattr(self.element(tag), "value", None)
        if not isinstance(value, DicomSequence):
            return next(iter(self.items(tag)[index : index + 1]), None)
        return Attributes(value[index]) if index < len(value) else None


def is_in_fragments(element: RawDataElement | DataElement | None) -> bool:
    """Whether an element's value was written with an undefined length: as items, which are still in it."""
    if isinstance(element, RawDataElement):
        return element.length == 0xFFFFFFFF
    return isinstance(element, DataElement) and element.VR != "SQ" and bool(element.is_undefined_length)


def _first(pair: tuple[int, object]) -> int:
    return pair[0]


def _is_little(item: RawDataElement | DataElement | None) -> bool:
    return bool(getattr(item, "is_little_endian", True))


def _texts(value: bytes) -> list[str]:
    return [part.strip(" \0") for part in value.decode("latin-1").split("\\")] if value else []


def _unpack_integers(value: bytes, code: str, *, little: bool) -> tuple[int, ...]:
    count = len(value) // struct.calcsize(code)
    return struct.unpack(f"{'<' if little else '>'}{count}{code}", value[: count * struct.calcsize(code)])


def _plain_integers(value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, list | tuple) or hasattr(value, "__iter__") else [value]
    try:
        return tuple(int(part) for part in values if part is not None)
    except (ValueError, TypeError):
        return ()


def _plain_decimals(value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, list | tuple) or hasattr(value, "__iter__") else [value]
    try:
        return tuple(float(part) for part in values if part is not None)
    except (ValueError, TypeError):
        return ()
