"""Delimiters and items where none belong: what other viewers show is shown here, with a note."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main
from dcmaudit.dicom import examine, open_instance
from dcmaudit.model import FrameAddress, Outcome, PlaneKind
from support.corpus import shared_case
from support.files import (
    EXPLICIT,
    IMPLICIT,
    JPEG_BASELINE,
    MemoryReference,
    PathReference,
    dataset,
    encode,
    file_bytes,
    gradient,
)

ITEM, ITEM_END, SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD
UNDEFINED = 0xFFFFFFFF
NOISE = np.random.default_rng(3).integers(0, 256, 2000, np.uint8).tobytes()


def mark(number: int, length: int = 0) -> bytes:
    """An item or delimiter."""
    return struct.pack("<HHL", 0xFFFE, number, length)


def element(tag: int, value: bytes, syntax: str) -> bytes:
    """A short element of VR US or OB."""
    group, number = tag >> 16, tag & 0xFFFF
    if syntax == IMPLICIT:
        return struct.pack("<HHL", group, number, len(value)) + value
    if len(value) > 2:
        return struct.pack("<HH2sHL", group, number, b"OB", 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, b"US", len(value)) + value


def sequence(tag: int, syntax: str) -> bytes:
    """The head of a sequence of undefined length."""
    vr = b"" if syntax == IMPLICIT else b"SQ\0\0"
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + struct.pack("<L", UNDEFINED)


def inserted(what: bytes, syntax: str, *, behind: bool = False) -> MemoryReference:
    """A file with ``what`` before its image description, or behind its pixel data."""
    frames = [encode(gradient(64, 64), JPEG_BASELINE)] if syntax == JPEG_BASELINE else None
    data = file_bytes(dataset(gradient(64, 64)), syntax, frames=frames)
    at = len(data) if behind else data.index(b"\x28\0\x02\0")
    return MemoryReference("x", data[:at] + what + data[at:])


def inside(syntax: str) -> bytes:
    """What the items here hold."""
    return element(0x00186012, b"\1\0", syntax) + element(0x00186014, b"\2\0", syntax)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, JPEG_BASELINE])
@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("sequence delimiter", "a delimiter of a sequence stands where none is open"),
        ("item delimiter", "a delimiter of an item stands where none is open"),
        ("doubled", "a delimiter of a sequence stands where none is open"),
        ("item", "an item belongs to no sequence"),
        ("open item", "an item belongs to no sequence"),
        ("item without end", "an item lacks its end"),
        ("items without end", "an item lacks its end (2 times)"),
        ("nothing", "an element (0000,0000) was passed over"),
    ],
)
def test_what_stands_where_it_does_not_belong(syntax: str, kind: str, note: str) -> None:
    code = IMPLICIT if syntax == IMPLICIT else EXPLICIT
    item, open_item = mark(ITEM, len(inside(code))) + inside(code), mark(ITEM, UNDEFINED) + inside(code)
    what = {
        "sequence delimiter": mark(SEQUENCE_END),
        "item delimiter": mark(ITEM_END),
        "doubled": sequence(0x00186011, code) + item + mark(SEQUENCE_END) * 2,
        "item": item,
        "open item": open_item + mark(ITEM_END),
        "item without end": sequence(0x00186011, code) + open_item + mark(SEQUENCE_END),
        "items without end": sequence(0x00186011, code) + open_item + open_item + mark(SEQUENCE_END),
        "nothing": bytes(8),
    }[kind]
    with open_instance(inserted(what, syntax)) as instance:
        assert [plane.kind for plane in instance.all_planes()] == [PlaneKind.FRAME]
        assert note in instance.notes
        difference = instance.read(FrameAddress(0)).array.astype(int) - gradient(64, 64).astype(int)
        assert np.abs(difference).max() <= (16 if syntax == JPEG_BASELINE else 0)


@pytest.mark.parametrize("syntax", [EXPLICIT, JPEG_BASELINE])
def test_a_doubled_delimiter_behind_the_pixel_data_hides_nothing_that_follows(syntax: str) -> None:
    behind = mark(SEQUENCE_END) + element(0x7FE30010, b"AC", EXPLICIT) + element(0x7FE31010, NOISE, EXPLICIT)
    with open_instance(inserted(behind, syntax, behind=True)) as instance:
        assert [group.name for group in instance.planes.groups] == ["", "private element (7FE3,1010)"]
    assert examine(inserted(mark(SEQUENCE_END), syntax, behind=True)).result.outcome is Outcome.DONE


def test_items_outside_every_sequence_that_could_hold_a_picture_are_named() -> None:
    value = element(0x00291010, NOISE, EXPLICIT)
    with open_instance(inserted(mark(ITEM, len(value)) + value, EXPLICIT)) as instance:
        assert [plane.kind for plane in instance.planes] == [PlaneKind.FRAME, PlaneKind.UNSHOWN]
        assert "items that belong to no sequence" in str(instance.planes[1].group.reason)


def test_what_is_no_data_set_stays_refused() -> None:
    for what in (b"some text in the middle of it", mark(ITEM, 1 << 30), sequence(0x00186011, EXPLICIT)):
        assert examine(inserted(what, EXPLICIT)).result.outcome is Outcome.FAILED


def test_such_a_file_is_not_redacted_and_the_dry_run_says_so(tmp_path: Path) -> None:
    path = tmp_path / "one.dcm"
    path.write_bytes(inserted(mark(SEQUENCE_END), EXPLICIT).data)
    for more in (["--dry-run"], []):
        assert main(["redact", str(path), "--rect", "1,1,5,5", *more]) == 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "name", ["p50a_item_without_end", "p50c_items_without_sequence_tag", "p50f_stray_sdel_toplevel"]
)
def test_files_as_they_were_found(name: str) -> None:
    found = examine(PathReference(shared_case(f"{name}.dcm")))
    assert (found.result.outcome, found.planes) == (Outcome.DONE, {PlaneKind.FRAME: 1})
    assert found.notes
