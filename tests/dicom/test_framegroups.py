"""Per-frame functional groups: found without parsing, one item parsed at a time."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.dicom import framegroups as module
from dcmaudit.dicom import open_instance
from dcmaudit.dicom.tags import MOST_ITEMS
from dcmaudit.errors import DicomError
from dcmaudit.model import FrameAddress, PlaneKind
from support.files import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    MemoryReference,
    dataset,
    file_bytes,
    gradient,
    letter_bits,
)


def enhanced(count: int, *, undefined: bool, icon: bool = False) -> Dataset:
    """``count`` frames, each with its own window centre, in a sequence and items of defined or undefined length."""
    items = []
    for number in range(count):
        item, voi, nested = Dataset(), Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = number + 1, 10
        nested.CodeMeaning = "a nested item"
        voi.ConceptNameCodeSequence = [nested]
        item.FrameVOILUTSequence = [voi]
        if icon and number == 1:
            item.IconImageSequence = [dataset(gradient(4, 4))]
        for sequence in (item["FrameVOILUTSequence"], voi["ConceptNameCodeSequence"]):
            sequence.is_undefined_length = undefined
        item.is_undefined_length_sequence_item = undefined
        voi.is_undefined_length_sequence_item = undefined
        items.append(item)
    made = dataset(np.stack([letter_bits()] * count), frames=count)
    made.PerFrameFunctionalGroupsSequence = items
    made["PerFrameFunctionalGroupsSequence"].is_undefined_length = undefined
    return made


@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED])
def test_each_frame_has_the_window_of_its_own_item(syntax: str, undefined: bool) -> None:
    with open_instance(MemoryReference("x", file_bytes(enhanced(5, undefined=undefined), syntax))) as instance:
        centers = [instance.read(FrameAddress(number)).windows[0].center for number in (4, 0, 2)]
        assert centers == [5, 1, 3]


def test_opening_parses_no_item(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    plain = module.FrameGroups.item
    monkeypatch.setattr(module.FrameGroups, "item", lambda self, index: (parsed.append(index), plain(self, index))[1])
    with open_instance(MemoryReference("x", file_bytes(enhanced(50, undefined=True)))) as instance:
        assert parsed == []
        instance.read(FrameAddress(7))
        assert set(parsed) == {7}


@pytest.mark.parametrize("undefined", [True, False])
def test_an_icon_inside_an_item_is_a_plane(undefined: bool) -> None:
    data = file_bytes(enhanced(3, undefined=undefined, icon=True))
    with open_instance(MemoryReference("x", data)) as instance:
        assert [plane.kind for plane in instance.planes] == [PlaneKind.FRAME] * 3 + [PlaneKind.ICON]
        assert np.array_equal(instance.read(instance.planes[3].address).array, gradient(4, 4))


def test_the_table_lists_the_items_and_says_how_many_it_leaves_out() -> None:
    with open_instance(MemoryReference("x", file_bytes(enhanced(MOST_ITEMS + 5, undefined=False)))) as instance:
        rows = instance.tag_rows()
        start = next(i for i, row in enumerate(rows) if row.tag == "(5200,9230)")
        assert rows[start].value == f"{MOST_ITEMS + 5} items"
        assert [(row.depth, row.name) for row in rows[start + 1 : start + 5]] == [
            (1, "Item 1"),
            (1, "Frame VOI LUT Sequence"),
            (2, "Item 1"),
            (2, "Window Center"),
        ]
        assert any(row.value == "5 more, not listed" for row in rows)


@pytest.mark.parametrize("undefined", [True, False])
def test_an_end_or_damage_inside_the_sequence_is_an_error_of_the_tree(undefined: bool) -> None:
    data = file_bytes(enhanced(4, undefined=undefined))
    start = data.index(struct.pack("<HH", 0x5200, 0x9230))
    for end in range(start + 2, data.index(struct.pack("<HH", 0x7FE0, 0x0010)) - 8, 5):
        with pytest.raises(DicomError), open_instance(MemoryReference("x", data[:end])):
            pass
        broken = data[:end] + b"\xff\xff\xff" + data[end + 3 :]
        try:
            with open_instance(MemoryReference("x", broken)) as instance:
                instance.read(FrameAddress(0))
        except DicomError as error:
            assert error.file == "x"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN])
def test_an_item_whose_elements_do_not_fill_it_is_named(syntax: str) -> None:
    """An element too long or too short in one of three items: its frame is shown, and what it hides is not silent."""
    data = file_bytes(enhanced(3, undefined=False), syntax)
    order = ">" if syntax == BIG_ENDIAN else "<"
    width = struct.pack(f"{order}HH", 0x0028, 0x1051)
    second = data.index(width, data.index(width) + 1)
    at = second + (4 if syntax == IMPLICIT else 6)
    for wrong in (3, 200):
        damaged = data[:at] + struct.pack(f"{order}H", wrong) + data[at + 2 :]
        with open_instance(MemoryReference("x", damaged)) as instance:
            (group,) = [group for group in instance.planes.groups if group.kind is PlaneKind.UNSHOWN]
            assert group.name == "per-frame functional groups"
            assert group.reason == "item 2 of 3 cannot be parsed: what is in it was not looked at"
            assert np.array_equal(instance.read(FrameAddress(1)).array, letter_bits())


def test_whole_items_of_every_writing_are_not_taken_for_broken() -> None:
    for syntax in (IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED):
        for undefined in (True, False):
            made = MemoryReference("x", file_bytes(enhanced(3, undefined=undefined, icon=True), syntax))
            with open_instance(made) as instance:
                assert PlaneKind.UNSHOWN not in {plane.kind for plane in instance.planes}
