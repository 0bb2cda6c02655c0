"""The header of an instance as plain texts, numbers and items, for parts that know no pydicom."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.datadict import dictionary_has_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag

_LONGEST_BINARY = 1024
"""Bytes of a binary value that are shown as text; whoever searches more than that searches pixels."""

_Field = str | int | tuple[int, str, int]


def is_known(field: _Field) -> bool:
    """Whether the DICOM dictionary has that keyword or tag; private and repeating groups always count as known."""
    if isinstance(field, str):
        return tag_for_keyword(field) is not None
    if isinstance(field, tuple):
        return True
    group = field >> 16
    return bool(group & 1) or group & 0xFF00 in {0x5000, 0x6000} or dictionary_has_tag(field)


class HeaderView:
    """One data set, read only; elements of group 0002 are found in the file meta information.

    The answers are text, () for an element without a value and None for one that is absent. A text that cannot be
    decoded is given with replacement characters, a value that pydicom refuses as an element without a value.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        meta = getattr(dataset, "file_meta", None)
        self._meta: Dataset | None = meta if isinstance(meta, Dataset) else None

    def get(self, field: _Field) -> tuple[str, ...] | None:
        """Every value as text, None where the element is absent, () where it has no value."""
        element = self._element(field)
        if element is None:
            return None
        value = element.value
        if isinstance(value, DicomSequence):
            return ("",) * len(value)
        if value is None or value in ("", b""):
            return ()
        if isinstance(value, bytes):
            return (_binary_text(element),)
        return tuple(str(one) for one in value) if isinstance(value, MultiValue | list) else (str(value),)

    def text(self, field: _Field) -> str | None:
        """The whole value as one text, several values as ``['A', 'B']``; None for a number without a value."""
        element = self._element(field)
        if element is None or element.value is None:
            return None
        return _binary_text(element) if isinstance(element.value, bytes) else str(element.value)

    def items(self, field: _Field) -> Sequence[HeaderView]:
        """The items of a sequence, () for anything else."""
        element = self._element(field)
        if element is None or not isinstance(element.value, DicomSequence):
            return ()
        return tuple(HeaderView(item) for item in element.value)

    def integer(self, field: _Field) -> int | None:
        """The first value as a whole number, None where there is none that is one."""
        values = self.get(field)
        if not values:
            return None
        try:
            number = float(values[0])
            return int(number) if number.is_integer() else None
        except (ValueError, OverflowError):
            return None

    def _element(self, field: _Field) -> DataElement | None:
        tag = _tag(field, self._dataset)
        if tag is None:
            return None
        dataset = self._meta if tag >> 16 == 2 and self._meta is not None else self._dataset
        if tag not in dataset:
            return None
        try:
            return dataset[tag]
        except (ValueError, TypeError, NotImplementedError, OverflowError, LookupError, AttributeError):
            # The bytes do not fit the VR. It is there, and nothing can be said about its value.
            return DataElement(tag, "UN", b"")


def _tag(field: _Field, dataset: Dataset) -> int | None:
    if isinstance(field, str):
        return tag_for_keyword(field)
    if isinstance(field, int):
        return field if 0 <= field <= 0xFFFFFFFF else None
    group, creator, element = field
    try:
        return int(dataset.private_block(group, creator).get_tag(element))
    except (KeyError, ValueError):
        return None


def _binary_text(element: DataElement) -> str:
    value: bytes = element.value
    if element.VR == "UN" and Tag(element.tag).is_private:
        # Written with implicit VR, a private text arrives as bytes; compare it as the text it was.
        try:
            text = value.decode("ascii").rstrip(" \0")
        except UnicodeDecodeError:
            text = ""
        if text.isprintable() and text:
            return text
    return str(value[:_LONGEST_BINARY])
