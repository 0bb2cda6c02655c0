"""The header of an instance as plain texts, numbers and items, for parts that know no pydicom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom.datadict import dictionary_has_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as DicomSequence

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.quiet import quietly

if TYPE_CHECKING:
    from dcmaudit.dicom.instance import Instance

_LONGEST_BINARY = 1024
"""Bytes of a binary value that are shown as text; whoever searches more than that searches pixels."""

_Field = str | int | tuple[int, str, int]
_ABSENT = object()


def is_known(field: _Field) -> bool:
    """Whether the DICOM dictionary has that keyword or tag; private and repeating groups always count as known."""
    if isinstance(field, str):
        return tag_for_keyword(field) is not None
    if isinstance(field, tuple):
        return True
    group = field >> 16
    # Curves and overlays repeat in sixteen groups (PS3.5 7.6); the dictionary has one entry for all.
    return bool(group & 1) or group & 0xFF00 in {0x5000, 0x6000} or dictionary_has_tag(field)


def unknown_element(field: _Field) -> str | None:
    """Why no file can have an element of that keyword, in words; None for every tag and for keywords of PS3.6."""
    if not isinstance(field, str) or is_known(field):
        return None
    repeated = _repeated().get(field)
    if repeated is not None:
        return f"{field} is in each of several groups; write the tag, 0x{repeated:08X} for the first"
    near = get_close_matches(field, _keywords(), 1, 0.8)
    return f"no element is called {field}" + (f", perhaps {near[0]} is meant" if near else "")


@lru_cache(maxsize=1)
def _repeated() -> dict[str, int]:
    return {entry[4]: int(mask.replace("x", "0"), 16) for mask, entry in RepeatersDictionary.items() if entry[4]}


@lru_cache(maxsize=1)
def _keywords() -> list[str]:
    return [entry[4] for entry in DicomDictionary.values() if entry[4]]


class HeaderView:
    """One data set, read only, with the elements of group 0002 from its file meta information.

    ``meta`` is that information where the data set does not carry it itself. ``left_in_file`` are the tags of
    elements that were not read because they are large: present, with an empty text. A value whose bytes do not fit
    its VR is given as the text that its bytes are in Latin-1.
    """

    def __init__(self, dataset: Dataset, *, meta: Dataset | None = None, left_in_file: Collection[int] = ()) -> None:
        self._dataset = dataset
        own = getattr(dataset, "file_meta", None)
        self._meta: Dataset | None = meta if meta is not None else own
        self._left_in_file = left_in_file

    def get(self, field: _Field) -> tuple[str, ...] | None:
        """Every value as text, None where the element is absent, () where it has no value."""
        value = self._value(field)
        if value is _ABSENT:
            return None
        # deid and CTP compare text, and a sequence has none; that it has items still counts as present.
        if isinstance(value, DicomSequence):
            return ("",) * len(value)
        if isinstance(value, MultiValue | list | tuple):
            return tuple(str(one) for one in value)
        text = "" if value is None else str(value)
        return (text,) if text or self._tag(field) in self._left_in_file else ()

    def text(self, field: _Field) -> str | None:
        """The whole value as one text, several values as ``['A', 'B']``; None for a number without a value."""
        value = self._value(field)
        return None if value is _ABSENT or value is None else str(value)

    def items(self, field: _Field) -> Sequence[HeaderView]:
        """The items of a sequence, () for anything else."""
        value = self._value(field)
        return tuple(HeaderView(item) for item in value) if isinstance(value, DicomSequence) else ()

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

    def _tag(self, field: _Field) -> int | None:
        if isinstance(field, str):
            return tag_for_keyword(field)
        if isinstance(field, int):
            return field if 0 <= field <= 0xFFFFFFFF else None
        group, creator, element = field
        try:
            return int(self._dataset.private_block(group, creator).get_tag(element))
        except (KeyError, ValueError):
            return None

    def _value(self, field: _Field) -> Any:
        with quietly():
            tag = self._tag(field)
            if tag is None:
                return _ABSENT
            if tag in self._left_in_file:
                return ""
            dataset = self._meta if tag >> 16 == 2 and self._meta is not None else self._dataset
            if tag not in dataset:
                return _ABSENT
            try:
                element = dataset[tag]
                value = element.value
            except Exception:  # pydicom raises nearly anything over malformed values
                return (Attributes(dataset).raw(tag) or b"").decode("latin-1").strip(" \0")
        return _binary_text(value, tag, element.VR) if isinstance(value, bytes) else value


def _binary_text(value: bytes, tag: int, vr: str) -> str:
    if not value:
        return ""
    if vr == "UN" and (tag >> 16) & 1 and value.isascii():
        # Written with implicit VR, a private text arrives as bytes; compare it as the text it was.
        text = value.decode("ascii").rstrip(" \0")
        if text.isprintable() and text:
            return text
    return str(value[:_LONGEST_BINARY])


def header_view(instance: Instance) -> HeaderView:
    """The header of an open instance; it stays usable after the instance was closed."""
    header = instance._header  # noqa: SLF001 - one package, and nobody outside needs the parsed header itself
    left = {*header.kept, *(element.tag for element in header.pixels)}
    return HeaderView(header.dataset, meta=header.meta, left_in_file=left)
