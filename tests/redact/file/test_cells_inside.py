"""Inside a box every bit of a cell goes, but bits that an overlay uses; outside of it every bit stays."""

from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.dicom import open_instance
from dcmaudit.errors import RedactionError
from dcmaudit.model import Box
from support.files import (
    BIG_ENDIAN,
    DEFLATED_FRAMES,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_XL_LOSSLESS,
    RLE,
    MemoryReference,
    Overlay,
    dataset,
    file_bytes,
    reference,
)
from support.proofs import ask, redacted
from support.redacting import asked, proved

BOX = Box(3, 1, 12, 9)
INSIDE = (slice(1, 9), slice(3, 12))
ROWS, COLUMNS = 13, 17


def noise(bits: int, seed: int = 1) -> np.ndarray:
    """Cells in which every bit says something."""
    cells = np.random.default_rng(seed).integers(0, 1 << bits, (ROWS, COLUMNS), np.uint64)
    return cells.astype(f"u{bits // 8}")


def cells_of(file: MemoryReference) -> np.ndarray:
    with open_instance(file) as instance:
        image = instance.parts.image
        assert image is not None
        return image.cells(0)[0]


def places() -> list[tuple[int, int, int]]:
    """BitsAllocated, BitsStored and HighBit: all of 8 bits, the odd ones of 16 and 32."""
    small = [(8, stored, high) for stored in range(1, 9) for high in range(stored - 1, 8)]
    wide = [(16, stored, high) for stored, high in ((1, 0), (1, 7), (1, 15), (7, 11), (8, 15), (10, 9), (12, 11),
                                                    (12, 13), (12, 15), (15, 14), (15, 15), (16, 15))]  # fmt: skip
    return small + wide + [(32, 1, 31), (32, 12, 17), (32, 24, 23), (32, 31, 31), (32, 32, 31)]


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("place", places(), ids=str)
@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN])
def test_no_bit_of_the_original_is_left_inside(place: tuple[int, int, int], syntax: str, signed: bool) -> None:
    allocated, stored, high = place
    cells = noise(allocated)
    before = reference(cells, syntax, bits_stored=stored, high_bit=high, signed=signed)
    now = cells_of(proved(before, [asked(BOX)]))
    low = high - stored + 1
    # Signed black is the least number: its sign is on, and nothing else; these cells do not repeat their signs.
    assert set(np.unique(now[INSIDE])) == {(1 << high) if signed else 0}, (low, high)
    outside = np.ones(cells.shape, bool)
    outside[INSIDE] = False
    assert np.array_equal(now[outside], cells[outside])


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN, RLE, DEFLATED_FRAMES])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_signs_that_are_repeated_above_go_on_being_repeated(syntax: str, photometric: str) -> None:
    values = np.random.default_rng(3).integers(-2048, 2048, (ROWS, COLUMNS)).astype(np.int16)
    before = reference(values.view(np.uint16), syntax, bits_stored=12, high_bit=11, signed=True,
                       photometric=photometric)  # fmt: skip
    now = cells_of(proved(before, [asked(BOX)])).view(np.int16)
    assert set(np.unique(now[INSIDE])) == {2047 if photometric == "MONOCHROME1" else -2048}


@pytest.mark.parametrize(
    ("syntax", "signed"),
    [(syntax, signed) for signed in (False, True) for syntax in (EXPLICIT, BIG_ENDIAN, RLE, JPEG_LOSSLESS_SV1,
                                                                 JPEG_XL_LOSSLESS)]
    + [(JPEG_2000_LOSSLESS, False)],
)  # fmt: skip
@pytest.mark.parametrize("bit", [0, 3, 13, 15])
def test_an_overlay_in_the_cells_stays_where_the_plan_does_not_mark_it(syntax: str, bit: int, signed: bool) -> None:
    rng = np.random.default_rng(bit)
    cells = noise(16) & np.uint16(~(1 << bit) & 0xFFFF)
    bits = rng.integers(0, 2, cells.shape).astype(np.uint8)
    before = reference(cells, syntax, bits_stored=8, high_bit=11, signed=signed, overlays=[Overlay(bits, embedded=bit)])
    now = cells_of(proved(before, [asked(BOX)]))
    assert np.array_equal(now[INSIDE] >> bit & 1, bits[INSIDE])
    assert set(np.unique(now[INSIDE] & np.uint16(~(1 << bit) & 0xFFFF))) == {(1 << 11) if signed else 0}


def test_bits_of_an_overlay_go_where_it_does_not_cover_the_frame() -> None:
    cells = np.stack([noise(16, 1), noise(16, 2)])
    overlay = Overlay(np.ones((1, ROWS, COLUMNS), np.uint8), embedded=14, image_frame_origin=2)
    data = dataset(cells, frames=2, bits_stored=12, overlays=())
    overlay.put(data)
    before = MemoryReference("built.dcm", file_bytes(data))
    after = proved(before, [asked(BOX)])
    with open_instance(after) as instance:
        assert instance.parts.image is not None
        first, second = (instance.parts.image.cells(frame)[0] for frame in (0, 1))
    assert not first[INSIDE].any()
    assert np.array_equal(second[INSIDE], cells[1][INSIDE] & np.uint16(1 << 14))


@pytest.mark.parametrize("bits", [(8, 1, 0), (8, 1, 5), (16, 1, 0), (16, 1, 15), (1, 1, 0)])
def test_signed_data_of_a_single_bit(bits: tuple[int, int, int]) -> None:
    allocated, stored, high = bits
    cells = noise(8) & 1 if allocated == 1 else noise(allocated)
    before = reference(cells, bits_allocated=allocated, bits_stored=stored, high_bit=high, signed=True)
    proved(before, [asked(BOX)])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("inverted", [False, True])
def test_floating_point_black_has_one_pattern_of_bits_and_no_minus_zero(dtype: str, inverted: bool) -> None:
    values = np.random.default_rng(5).integers(0, 4, (ROWS, COLUMNS)).astype(dtype)
    values[values == 0] = -0.0
    values = -values if inverted else values
    before = reference(values, photometric="MONOCHROME1" if inverted else "MONOCHROME2")
    now = cells_of(proved(before, [asked(BOX)]))
    assert {bytes(cell.tobytes()) for cell in now[INSIDE].ravel()} == {np.zeros(1, dtype).tobytes()}


def test_signed_ybr_has_no_black_for_all_readers_and_is_refused() -> None:
    before = reference(np.zeros((ROWS, COLUMNS, 3), np.int8), photometric="YBR_FULL", signed=True)
    with pytest.raises(RedactionError, match="no value is black for all"):
        redacted(before, ask((3, 1, 12, 9), asked(BOX).scope))
