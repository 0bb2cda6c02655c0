"""Native pixel data: every depth, byte order and arrangement comes back as it was put in."""

from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.dicom import examine, open_instance
from dcmaudit.errors import HeaderError
from dcmaudit.model import FrameAddress, Outcome, PlaneKind, Size
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    NATIVE_SYNTAXES,
    MemoryReference,
    color_gradient,
    dataset,
    file_bytes,
    gradient,
    letter_bits,
    reference,
)

DTYPES = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64)


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: np.dtype(dtype).name)
def test_every_depth_in_every_native_syntax(syntax: str, dtype: type) -> None:
    frames = np.stack([gradient(7, 9, dtype=dtype), gradient(7, 9, dtype=dtype)[::-1]])
    with open_instance(reference(frames, syntax, frames=2)) as instance:
        assert len(instance.planes) == 2
        for number in (1, 0):
            samples = instance.read(FrameAddress(number))
            assert samples.array.dtype == np.dtype(dtype)
            assert samples.array.dtype.isnative
            assert np.array_equal(samples.array, frames[number])
            assert samples.signed == (np.dtype(dtype).kind == "i")


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16], ids=["8", "16"])
def test_colour_by_pixel_and_by_plane(syntax: str, planar: int, photometric: str, dtype: type) -> None:
    frames = np.stack([color_gradient(5, 7, dtype=dtype), color_gradient(5, 7, dtype=dtype)[::-1]])
    made = reference(frames, syntax, frames=2, photometric=photometric, planar=planar)
    with open_instance(made) as instance:
        for number in range(2):
            samples = instance.read(FrameAddress(number))
            assert np.array_equal(samples.array, frames[number])
            assert samples.photometric == photometric


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
def test_one_bit_frames_follow_each_other_without_padding(syntax: str) -> None:
    frames = np.stack([letter_bits(7, 13), letter_bits(7, 13)[::-1], letter_bits(7, 13)])
    with open_instance(reference(frames, syntax, frames=3, bits_allocated=1, bits_stored=1)) as instance:
        assert len(instance.planes) == 3
        for number in range(3):
            assert np.array_equal(instance.read(FrameAddress(number)).array, frames[number])


def test_stored_bits_in_the_middle_of_the_cell_are_shifted_down() -> None:
    values = gradient(6, 8, dtype=np.uint16, top=255)
    with open_instance(reference(values << 4, bits_stored=8, high_bit=11)) as instance:
        samples = instance.read(FrameAddress(0))
        assert np.array_equal(samples.array, values)
        assert samples.bits_stored == 8


def test_signed_values_of_twelve_bits_are_sign_extended_whatever_the_unused_bits_say() -> None:
    values = np.array([[-2048, -1, 0, 1, 2047]], np.int16)
    cells = values.view(np.uint16) & 0x0FFF
    with open_instance(reference(cells, bits_stored=12, signed=True)) as instance:
        array = instance.read(FrameAddress(0)).array
        assert array.dtype == np.int16
        assert np.array_equal(array, values)


def test_native_4_2_2_shares_chroma_between_two_columns() -> None:
    made = dataset(np.zeros((1, 4, 3), np.uint8), photometric="YBR_FULL_422")
    made.PixelData = bytes([10, 20, 100, 200, 30, 40, 110, 210])
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        samples = instance.read(FrameAddress(0))
        assert samples.photometric == "YBR_FULL"
        assert samples.array.tolist() == [[[10, 100, 200], [20, 100, 200], [30, 110, 210], [40, 110, 210]]]


def test_4_2_2_by_name_but_with_all_samples_is_read_as_it_lies() -> None:
    color = color_gradient(4, 6)
    with open_instance(reference(color, photometric="YBR_FULL_422")) as instance:
        assert np.array_equal(instance.read(FrameAddress(0)).array, color)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN])
def test_a_data_set_without_preamble_and_file_meta_is_read(syntax: str) -> None:
    values = gradient(dtype=np.uint16)
    with open_instance(reference(values, syntax, preamble=False)) as instance:
        assert np.array_equal(instance.read(FrameAddress(0)).array, values)
        assert instance.facts.transfer_syntax_uid == syntax


def test_only_the_bytes_of_one_frame_are_read() -> None:
    frames = np.zeros((50, 64, 64), np.uint16)
    frames[:, 0, 0] = np.arange(50)
    made = reference(frames, frames=50)
    with open_instance(made) as instance:
        (stream,) = made.opened
        asked: list[int] = []
        plain = stream.read
        stream.read = lambda n=-1: (asked.append(n), plain(n))[1]  # type: ignore[method-assign,assignment]
        assert instance.read(FrameAddress(37)).array[0, 0] == 37
        assert sum(asked) == 64 * 64 * 2


def test_fewer_frames_than_announced_are_shown_and_the_others_counted() -> None:
    made = dataset(np.zeros((3, 4, 4), np.uint16), frames=3, extra={"NumberOfFrames": "1000000000"})
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        kinds = [(group.kind, len(group.frames)) for group in instance.planes.groups]
        assert kinds == [(PlaneKind.FRAME, 3), (PlaneKind.UNSHOWN, 1)]
        assert "999999997 frames of 1000000000 not in the file" in str(instance.planes[3].group.reason)
        assert instance.facts.number_of_frames == 3


def test_frames_behind_the_announced_ones_are_shown_too() -> None:
    frames = np.stack([gradient(4, 4), gradient(4, 4)[::-1]])
    made = dataset(frames, frames=2, extra={"NumberOfFrames": "1"})
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        assert len(instance.planes) == 2
        assert np.array_equal(instance.read(FrameAddress(1)).array, frames[1])
        assert any("NumberOfFrames is 1" in note for note in instance.notes)


def test_bytes_behind_the_last_frame_are_named_unless_they_are_padding() -> None:
    made = dataset(gradient(4, 4))
    made.PixelData += b"\0" * 6
    assert examine(MemoryReference("x", file_bytes(made))).result.outcome is Outcome.DONE
    made.PixelData = made.PixelData[:-6] + b"HIDDEN"
    found = examine(MemoryReference("x", file_bytes(made)))
    assert found.result.outcome is Outcome.PARTLY
    assert "6 bytes of pixel data behind the last frame" in found.result.reasons[0]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"Rows": 65535, "Columns": 65535}, "would take"),
        ({"Rows": 65535}, "1 frame of 1 not in the file"),
        ({"Rows": 0}, "Rows is 0"),
        ({"Columns": None}, "Columns is missing"),
        ({"BitsAllocated": 20}, "BitsAllocated is 20"),
        ({"BitsAllocated": 4097}, "BitsAllocated is 4097"),
        ({"BitsStored": 17}, "BitsStored is 17"),
        ({"HighBit": 40}, "HighBit is 40"),
        ({"SamplesPerPixel": 4}, "SamplesPerPixel is 4"),
        ({"PhotometricInterpretation": "CMYK"}, "'CMYK' cannot be shown"),
    ],
)
def test_a_header_that_lies_is_an_entry_with_its_reason(extra: dict[str, object], expected: str) -> None:
    made = dataset(gradient(8, 8, dtype=np.uint16), extra=extra)
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        (plane,) = instance.planes
        assert plane.kind is PlaneKind.UNSHOWN
        assert expected in str(plane.group.reason)
        with pytest.raises(HeaderError, match=r"x: frame 1: no such plane"):
            instance.read(FrameAddress(0))


def test_the_size_of_the_group_is_that_of_the_header() -> None:
    with open_instance(reference(gradient(5, 9))) as instance:
        assert instance.planes[0].size == Size(9, 5)
