"""Overlays, bits beside the stored values, icons: each redacted without the others."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.dicom import open_instance
from dcmaudit.errors import UnsupportedError
from dcmaudit.model import Box, Everywhere, FrameAddress, IconAddress, OverlayAddress, StrayBitAddress
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, RemovalReason
from dcmaudit.verify import prove
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS_SV1,
    NATIVE_SYNTAXES,
    RLE,
    MemoryReference,
    Overlay,
    dataset,
    file_bytes,
    gradient,
    reference,
)
from support.redacting import asked, elements, proved, redacted

BOX = Box(3, 1, 12, 9)


def bits(frames: int, rows: int = 15, columns: int = 21) -> np.ndarray:
    return np.random.default_rng(frames).integers(0, 2, (frames, rows, columns)).astype(np.uint8)


def keys(data: MemoryReference) -> list[str]:
    with open_instance(data) as instance:
        return [plane.address.key for plane in instance.scan_frames()]


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
def test_a_frame_of_an_overlay_that_begins_inside_a_byte(syntax: str) -> None:
    """Frames of 15 x 21 bits: each begins inside a byte of the one before."""
    overlays = [Overlay(bits(5)), Overlay(bits(2), group=0x6004, origin=(-3, 9))]
    before = reference(np.stack([gradient()] * 2), syntax, frames=2, overlays=overlays)
    after = proved(before, [asked(BOX, OverlayAddress(0x6000, 3)), asked(None, OverlayAddress(0x6004, 1))])
    assert keys(after) == keys(before)


def test_image_rectangles_reach_overlays_by_their_origin_when_asked() -> None:
    ones = np.ones((10, 10), np.uint8)
    before = reference(gradient(), overlays=[Overlay(ones, origin=(6, 11))])
    after, _, _ = redacted(before, [asked(Box(8, 4, 13, 8))], overlays=OverlayPolicy.SAME)
    with open_instance(after) as instance:
        left = instance.read(OverlayAddress(0x6000, 0)).array
    expected = ones.copy()
    expected[0:3, 0:3] = 0
    assert np.array_equal(left, expected)


def test_overlays_are_removed_and_private_groups_between_them_stay() -> None:
    overlays = [Overlay(bits(1)), Overlay(bits(1, 24, 32), group=0x6002, embedded=12)]
    data = dataset(gradient(dtype=np.uint16), bits_stored=12, overlays=overlays)
    data.add_new(0x60010010, "LO", "SOMEBODY")
    data.add_new(0x60011000, "LO", "something else")
    after = proved(MemoryReference("a.dcm", file_bytes(data)), [], overlays=OverlayPolicy.REMOVE)
    assert {tag >> 16 for tag in elements(after) if tag >> 16 >= 0x6000} == {0x6001, 0x7FE0}
    assert keys(after) == ["f0"]


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN, RLE, JPEG_LOSSLESS_SV1, JPEG_2000_LOSSLESS])
def test_one_frame_of_an_overlay_in_the_pixel_data(syntax: str) -> None:
    overlay = Overlay(bits(3, 24, 32), embedded=14)
    cells = np.stack([gradient(dtype=np.uint16)] * 3)
    before = reference(cells, syntax, frames=3, bits_stored=12, overlays=[overlay])
    proved(before, [asked(BOX, OverlayAddress(0x6000, 1))])


@pytest.mark.parametrize("signed", [False, True])
def test_bits_are_nobodys_in_frames_that_their_overlay_leaves_out(signed: bool) -> None:
    """The overlay covers frames 2 and 3 of 4; the sign fills the other bits, in the frames around too."""
    low = -2048 if signed else 0
    values = np.random.default_rng(5).integers(low, low + 4095, (4, 24, 32)).astype(np.int16)
    cells = values.view(np.uint16).copy()
    cells[1:3] &= np.uint16(0xFFFF ^ 1 << 13)
    cells[1:3] |= bits(2, 24, 32).astype(np.uint16) << 13
    data = dataset(cells, frames=4, bits_stored=12, signed=signed)
    Overlay(rows=24, columns=32, embedded=13, image_frame_origin=2, frames=2).put(data)
    before = MemoryReference("a.dcm", file_bytes(data))
    assert keys(before) == ["f0", "f1", "f2", "f3", "o6000.0", "o6000.1"]
    after = proved(before, [asked(BOX), asked(Box(20, 10, 30, 20), OverlayAddress(0x6000, 1))])
    assert keys(after) == keys(before)


def test_an_overlay_that_shares_a_bit_with_the_stored_values_cannot_be_cleared_alone() -> None:
    data = dataset(gradient(dtype=np.uint16), bits_stored=12)
    Overlay(rows=24, columns=32, embedded=11).put(data)
    before = MemoryReference("a.dcm", file_bytes(data))
    for requests, policy in (([asked(BOX, OverlayAddress(0x6000, 0))], "none"), ([asked(BOX)], "remove")):
        with pytest.raises(UnsupportedError, match="bit 11 of overlay 6000 is also a bit of the image"):
            redacted(before, requests, overlays=OverlayPolicy(policy))
    after, plan, _ = redacted(before, [asked(BOX)])
    assert prove(before, after, plan).passed


def stray(syntax: str = EXPLICIT) -> MemoryReference:
    cells = np.stack([gradient(dtype=np.uint16)] * 3)
    cells[2, 4:20, 4:30] |= 1 << 13
    return reference(cells, syntax, frames=3, bits_stored=12)


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN, RLE, JPEG_LOSSLESS_SV1])
def test_a_stray_bit_is_cleared_where_asked_and_stays_elsewhere(syntax: str) -> None:
    before = stray(syntax)
    after = proved(before, [asked(Box(0, 0, 10, 10), StrayBitAddress(13, 2))])
    assert keys(after) == keys(before) == ["f0", "f1", "f2", "b13.2"]


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN, RLE, JPEG_LOSSLESS_SV1])
def test_all_high_bits_go_and_no_stored_bit_with_them(syntax: str) -> None:
    before = stray(syntax)
    after = proved(before, [], remove_high_bits=True)
    assert keys(after) == ["f0", "f1", "f2"]


def test_high_bits_of_signed_values_become_their_sign() -> None:
    cells = np.random.default_rng(5).integers(0, 0x1FFF, (2, 24, 32)).astype(np.uint16)
    before = reference(cells, frames=2, bits_stored=12, signed=True)
    proved(before, [asked(BOX)], remove_high_bits=True)


def icon(array: np.ndarray, **how: object) -> Dataset:
    small = dataset(array, **how)  # type: ignore[arg-type]
    for name in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "PatientName"):
        delattr(small, name)
    return small


def with_icon(small: Dataset, *, nested: bool = False, syntax: str = EXPLICIT) -> MemoryReference:
    data = dataset(gradient(48, 64), big_endian=syntax == BIG_ENDIAN)
    if nested:
        outer = Dataset()
        outer.ReferencedSOPInstanceUID = "1.2.3"
        outer.IconImageSequence = [small]
        data.ReferencedImageSequence = [outer]
    else:
        data.IconImageSequence = [small]
    return MemoryReference("icon.dcm", file_bytes(data, syntax))


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
def test_the_places_of_all_rectangles_are_black_in_the_icon(syntax: str, nested: bool) -> None:
    before = with_icon(icon(gradient(12, 16), big_endian=syntax == BIG_ENDIAN), nested=nested, syntax=syntax)
    after = proved(before, [asked(Box(0, 0, 16, 8)), asked(Box(40, 40, 64, 48), FrameAddress(0))])
    with open_instance(after) as instance:
        left = instance.read(IconAddress(0)).array
    assert not left[:2, :4].any()
    assert not left[10:, 10:].any()
    assert left[5, 5:10].any()


def test_an_icon_with_other_proportions_is_black_all_over() -> None:
    after = proved(with_icon(icon(gradient(16, 16))), [asked(Box(0, 0, 16, 8))])
    with open_instance(after) as instance:
        assert not instance.read(IconAddress(0)).array.any()


def test_icons_are_removed_or_kept_when_asked() -> None:
    before = with_icon(icon(gradient(12, 16)))
    assert keys(proved(before, [asked(BOX)], icons=IconPolicy.REMOVE)) == ["f0"]
    kept = proved(before, [asked(BOX)], icons=IconPolicy.KEEP)
    assert elements(kept)[0x00880200] == elements(before)[0x00880200]


def encapsulated_icon_file() -> MemoryReference:
    """A JPEG file whose icon is a JPEG too."""
    from support.files import encapsulated, encode

    small = icon(gradient(12, 16))
    value, _, _ = encapsulated([encode(gradient(12, 16), JPEG_BASELINE)])
    small.PixelData = value[: -len(struct.pack("<HHL", 0xFFFE, 0xE0DD, 0))]
    small["PixelData"].VR = "OB"
    small["PixelData"].is_undefined_length = True
    data = dataset(gradient(48, 64))
    data.IconImageSequence = [small]
    return MemoryReference("i.dcm", file_bytes(data, JPEG_BASELINE, frames=[encode(gradient(48, 64), JPEG_BASELINE)]))


def test_an_icon_that_is_compressed_is_removed_and_that_is_said() -> None:
    before = encapsulated_icon_file()
    assert keys(before) == ["f0", "i0"]
    after, _, written = redacted(before, [asked(BOX)])
    assert keys(after) == ["f0"]
    assert [(removal.path, removal.reason) for removal in written.removals] == [((0x00880200,), RemovalReason.ICON)]


def test_a_mark_for_every_plane_is_black_on_every_plane_as_the_reviewer_shows_it() -> None:
    overlays = [Overlay(bits(2), origin=(4, 4)), Overlay(bits(3, 24, 32), group=0x6002, embedded=14)]
    cells = np.stack([gradient(dtype=np.uint16)] * 3)
    cells[1] |= 1 << 13
    data = dataset(cells, frames=3, bits_stored=12, overlays=overlays)
    data.PixelData = (cells | bits(3, 24, 32).astype(np.uint16) << 14).astype("<u2").tobytes()
    data.IconImageSequence = [icon(gradient(6, 8))]
    before = MemoryReference("a.dcm", file_bytes(data))
    after = proved(before, [asked(BOX, Everywhere.ALL_PLANES)])
    with open_instance(after) as instance:
        for plane in instance.scan_frames():
            area = instance.read(plane.address).array[BOX.top : BOX.bottom, BOX.left : BOX.right]
            assert area.size
            assert not area.any(), plane.title
