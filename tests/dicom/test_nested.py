"""Pixels inside sequences: shown where they are thumbnails, named wherever else they are."""

from __future__ import annotations

import struct

import pytest
from pydicom.dataset import Dataset

from dcmaudit.dicom import examine, open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Outcome, PlaneKind
from support.corpus import corpus
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    MemoryReference,
    Overlay,
    PathReference,
    dataset,
    file_bytes,
    gradient,
    letter_bits,
)

SYNTAXES = [IMPLICIT, EXPLICIT, BIG_ENDIAN]


def unshown(data: bytes) -> list[tuple[str, str | None]]:
    """Name and reason of what is not audited."""
    with open_instance(MemoryReference("x", data)) as instance:
        return [(group.name, group.reason) for group in instance.planes.groups if group.kind is PlaneKind.UNSHOWN]


def holder(syntax: str, item: Dataset, *, private: bool = False) -> bytes:
    """A file with an image, and an item in a sequence of it."""
    made = dataset(gradient(), big_endian=syntax == BIG_ENDIAN)
    if private:
        made.private_block(0x0099, "ACME", create=True).add_new(0x10, "SQ", [item])
    else:
        made.ReferencedSeriesSequence = [item]
    return file_bytes(made, syntax)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_pixel_data_in_a_sequence_are_named(syntax: str) -> None:
    found = unshown(holder(syntax, dataset(gradient(), big_endian=syntax == BIG_ENDIAN)))
    assert found == [("nested pixels in (0008,1115)", "pixel data inside it: not shown")]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_an_overlay_in_a_sequence_is_named(syntax: str) -> None:
    item = Dataset()
    Overlay(letter_bits()).put(item, big_endian=syntax == BIG_ENDIAN)
    assert unshown(holder(syntax, item)) == [("nested pixels in (0008,1115)", "an overlay inside it: not shown")]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_small_pixels_in_a_private_sequence_are_named(syntax: str) -> None:
    [(name, reason)] = unshown(holder(syntax, dataset(gradient(4, 4)), private=True))
    assert name == "private element (0099,1010)"
    assert reason is not None
    assert "pixel data" in reason


def test_a_thumbnail_in_a_private_sequence_of_an_implicit_file_is_named() -> None:
    item = Dataset()
    item.IconImageSequence = [dataset(gradient(4, 4))]
    [(name, _)] = unshown(holder(IMPLICIT, item, private=True))
    assert name == "private element (0099,1010)"


def test_a_thumbnail_that_lies_too_deep_is_named() -> None:
    item = Dataset()
    item.IconImageSequence = [dataset(gradient(4, 4))]
    for _ in range(30):
        outer = Dataset()
        outer.ReferencedSeriesSequence = [item]
        item = outer
    [(name, reason)] = unshown(file_bytes(_with_image(item)))
    assert (name, reason) == ("nested pixels in (0008,1115)", "a thumbnail inside it: not shown")


def _with_image(item: Dataset) -> Dataset:
    made = dataset(gradient())
    made.ReferencedSeriesSequence = item.ReferencedSeriesSequence
    return made


def test_a_private_overlay_is_named_however_small() -> None:
    [(name, _)] = unshown(file_bytes(dataset(gradient(), overlays=[Overlay(letter_bits(), group=0x6001)])))
    assert name == "private element (6001,3000)"


@pytest.mark.parametrize("tag", [(0x0008, 0x1115), (0x0088, 0x0200)])
def test_a_sequence_that_cannot_be_parsed_and_may_hold_pixels_is_named(tag: tuple[int, int]) -> None:
    value = b"\xfe\xff\x00\xe0\xff\xff\xff\x7f" + struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 16) + bytes(16)
    element = struct.pack("<HH2sHL", *tag, b"SQ", 0, len(value)) + value
    data = file_bytes(dataset(gradient()))
    place = data.index(struct.pack("<HH", 0x0010, 0x0010) if tag[0] == 8 else struct.pack("<HH", 0x7FE0, 0x0010))
    found = examine(MemoryReference("x", data[:place] + element + data[place:])).result
    assert found.outcome is not Outcome.DONE, found


def test_ordinary_files_have_no_such_entry() -> None:
    named = set()
    for file in corpus():
        try:
            with open_instance(PathReference(file.path)) as instance:
                named |= {(file.path.name, g.name) for g in instance.planes.groups if g.name.startswith("nested")}
        except DcmauditError:
            continue
    assert not named
