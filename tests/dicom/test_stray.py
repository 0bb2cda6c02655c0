"""Stray bits: what lies in unused bits and no attribute mentions."""

from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.dicom import open_instance
from dcmaudit.errors import HeaderError
from dcmaudit.model import FrameAddress, PlaneKind, StrayBitAddress
from support.corpus import shared_file
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    JPEG_2000_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    RLE,
    MemoryReference,
    Overlay,
    PathReference,
    dataset,
    encode,
    file_bytes,
    gradient,
    letter_bits,
    reference,
)

TEXT = letter_bits(24, 32).astype(np.uint16)


def with_text(bit: int, frames: tuple[int, ...], count: int = 4) -> np.ndarray:
    """Twelve-bit frames, some of which carry a letter in ``bit``."""
    cells = np.stack([gradient(dtype=np.uint16, top=4095)] * count)
    for frame in frames:
        cells[frame] |= TEXT << bit
    return cells


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN, JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS, RLE])
def test_a_letter_in_an_unused_bit_is_found_in_every_syntax(syntax: str) -> None:
    cells = with_text(14, (1, 3))
    with open_instance(reference(cells, syntax, frames=4, bits_stored=12)) as instance:
        assert instance.has_unclaimed_bits
        assert not instance.frames_scanned
        assert len(instance.planes) == 4
        planes = instance.scan_frames()
        assert instance.frames_scanned
        assert [plane.address for plane in planes][4:] == [StrayBitAddress(14, 1), StrayBitAddress(14, 3)]
        assert len({hash(plane) for plane in planes}) == len(planes)
        assert np.array_equal(instance.read(StrayBitAddress(14, 3)).array, TEXT)
        assert np.array_equal(instance.read(FrameAddress(3)).array, cells[3] & 0x0FFF)


def test_bits_below_the_stored_range_count_too() -> None:
    cells = gradient(dtype=np.uint16, top=255) << 8 | TEXT << 2
    with open_instance(reference(cells, bits_stored=8, high_bit=15)) as instance:
        assert [plane.address for plane in instance.scan_frames()][1:] == [StrayBitAddress(2, 0)]
        assert np.array_equal(instance.read(StrayBitAddress(2, 0)).array, TEXT)


@pytest.mark.parametrize("extended", [True, False])
def test_the_sign_in_the_unused_bits_is_no_plane(extended: bool) -> None:
    values = np.clip(gradient(dtype=np.int16), -2048, 2047)
    cells = values.view(np.uint16) if extended else values.view(np.uint16) & 0x0FFF
    with open_instance(reference(cells, bits_stored=12, signed=True)) as instance:
        assert [plane.kind for plane in instance.scan_frames()] == [PlaneKind.FRAME]


def test_a_letter_among_the_sign_bits_is_found() -> None:
    values = np.clip(gradient(dtype=np.int16), -2048, 2047).view(np.uint16)
    with open_instance(reference(values ^ (TEXT << 13), bits_stored=12, signed=True)) as instance:
        assert [plane.address for plane in instance.scan_frames()][1:] == [StrayBitAddress(13, 0)]


def test_bits_that_an_overlay_claims_are_not_stray() -> None:
    overlay = Overlay(letter_bits(24, 32), embedded=12)
    cells = with_text(15, (0,), 1)[0]
    with open_instance(reference(cells, bits_stored=12, overlays=[overlay])) as instance:
        kinds = [(group.kind, group.number) for group in instance.scan_frames().groups]
        assert kinds == [(PlaneKind.FRAME, 0), (PlaneKind.EMBEDDED_OVERLAY, 0x6000), (PlaneKind.STRAY_BIT, 15)]


def test_full_cells_need_no_search() -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        with open_instance(reference(gradient(dtype=dtype))) as instance:
            assert not instance.has_unclaimed_bits
            assert instance.frames_scanned


def test_the_search_reports_progress_and_can_be_stopped() -> None:
    with open_instance(reference(with_text(14, (2,)), frames=4, bits_stored=12)) as instance:
        seen: list[tuple[int, int]] = []
        instance.scan_frames(lambda done, total: seen.append((done, total)), lambda: len(seen) == 2)
        assert seen == [(1, 4), (2, 4)]
        assert not instance.frames_scanned
        assert len(instance.planes) == 4
        instance.scan_frames(lambda done, total: seen.append((done, total)))
        assert seen[2:] == [(1, 4), (2, 4), (3, 4), (4, 4)]
        assert len(instance.planes) == 5


def test_stray_bits_stand_after_overlays_and_before_icons_in_the_iterator() -> None:
    made = dataset(with_text(13, (0,)), frames=4, bits_stored=12, overlays=[Overlay(letter_bits())])
    icon = dataset(gradient(4, 4))
    made.IconImageSequence = [icon]
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        kinds = [plane.kind for plane in instance.all_planes()]
        assert kinds == [PlaneKind.FRAME] * 4 + [PlaneKind.OVERLAY, PlaneKind.STRAY_BIT, PlaneKind.ICON]
        assert [plane.kind for plane in instance.all_planes()] == kinds


def test_frames_that_cannot_be_searched_are_named() -> None:
    cells = with_text(14, (0,), 3)
    streams = [encode(frame, JPEG_LS) for frame in cells]
    streams[1] = streams[1][: len(streams[1]) // 2]
    made = dataset(cells, frames=3, bits_stored=12)
    with open_instance(MemoryReference("x", file_bytes(made, JPEG_LS, frames=streams))) as instance:
        *_, last = instance.scan_frames()
        assert last.kind is PlaneKind.UNSHOWN
        assert "frame 2 cannot be decoded" in str(last.group.reason)


def test_a_bit_of_the_stored_range_is_no_stray_bit() -> None:
    with open_instance(reference(with_text(14, (0,)), frames=4, bits_stored=12)) as instance:
        instance.scan_frames()
        with pytest.raises(HeaderError, match="no such plane"):
            instance.read(StrayBitAddress(3, 0))


def test_values_that_lossy_coding_puts_above_the_range_of_a_real_file_are_no_stray_bit() -> None:
    with open_instance(PathReference(shared_file("jpeg2000-multiframe-multifragments.dcm"))) as instance:
        groups = instance.scan_frames().groups
        assert [(group.kind, group.number, len(group.frames)) for group in groups] == [(PlaneKind.FRAME, 0, 19)]
        assert 4095 < instance.read(FrameAddress(0)).array.max() < 4200


def test_an_overlay_claims_its_bit_in_its_own_frames_only() -> None:
    cells = with_text(14, (0, 1, 3))
    overlay = Overlay(rows=24, columns=32, embedded=14, frames=2, image_frame_origin=2)
    with open_instance(reference(cells, frames=4, bits_stored=12, overlays=[overlay])) as instance:
        assert instance.has_unclaimed_bits
        keys = [plane.address.key for plane in instance.all_planes()]
        assert keys == ["f0", "f1", "f2", "f3", "o6000.0", "o6000.1", "b14.0", "b14.3"]
        assert np.array_equal(instance.read(StrayBitAddress(14, 0)).array, TEXT)
        with pytest.raises(HeaderError):
            instance.read(StrayBitAddress(14, 1))


@pytest.mark.parametrize("row", [0, 255, 256, 699], ids=str)
def test_a_stray_bit_is_found_in_whatever_piece_of_a_large_frame(row: int) -> None:
    picture = np.zeros((700, 1024), np.uint16)
    picture[row, 3] = 1 << 13
    with open_instance(reference(picture, bits_stored=12)) as instance:
        (group,) = [group for group in instance.scan_frames().groups if group.kind is PlaneKind.STRAY_BIT]
        assert group.number == 13
