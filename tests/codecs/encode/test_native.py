"""Native pixel data: what pydicom reads back is what went in, whatever the layout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.pixels.utils import unpack_bits

from dcmaudit.codecs.encode import NativeLayout, native_bytes
from dcmaudit.errors import UnsupportedError

RNG = np.random.default_rng(0)


def joined(frames, layout) -> bytes:
    data = b"".join(native_bytes(iter(frames), layout))
    assert len(data) % 2 == 0
    return data


@given(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9))
def test_single_bits_run_on_from_frame_to_frame(count, rows, columns):
    frames = [RNG.integers(0, 2, (rows, columns)).astype(np.uint8) for _ in range(count)]
    data = joined(frames, NativeLayout(1))
    assert len(data) % 2 == 0
    assert np.array_equal(unpack_bits(data)[: count * rows * columns], np.concatenate([f.ravel() for f in frames]))


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i2", "f4", "f8"])
@pytest.mark.parametrize("big", [False, True])
def test_cells_are_written_in_the_byte_order_of_the_file(dtype, big):
    frames = [RNG.integers(0, 100, (3, 5)).astype(dtype) for _ in range(3)]
    data = joined(frames, NativeLayout(8 * np.dtype(dtype).itemsize, big_endian=big))
    read = np.frombuffer(data, np.dtype(dtype).newbyteorder(">" if big else "<"), 45).reshape(3, 3, 5)
    assert np.array_equal(read, np.stack(frames))


def test_colour_is_written_by_pixel_or_by_plane():
    frame = RNG.integers(0, 255, (4, 6, 3)).astype(np.uint8)
    assert joined([frame], NativeLayout(8)) == frame.tobytes()
    assert joined([frame], NativeLayout(8, planar=True)) == frame.transpose(2, 0, 1).tobytes()


def test_bytes_in_big_endian_words_are_swapped_across_frames():
    frames = [np.array([[1, 2, 3]], np.uint8), np.array([[4, 5, 6]], np.uint8), np.array([[7, 8, 9]], np.uint8)]
    assert joined(frames, NativeLayout(8, word_swapped=True)) == bytes([2, 1, 4, 3, 6, 5, 8, 7, 0, 9])


def test_422_stores_two_luminances_and_their_chrominance():
    frame = np.array([[[1, 10, 20], [2, 10, 20], [3, 30, 40], [4, 30, 40]]], np.uint8)
    assert joined([frame], NativeLayout(8, subsampled=True)) == bytes([1, 2, 10, 20, 3, 4, 30, 40])
    frame[0, 1, 1] = 11
    with pytest.raises(UnsupportedError, match="share their chrominance"):
        joined([frame], NativeLayout(8, subsampled=True))
    with pytest.raises(UnsupportedError, match="even number"):
        joined([frame[:, :3]], NativeLayout(8, subsampled=True))


def test_cells_of_another_width_are_refused():
    with pytest.raises(UnsupportedError):
        joined([np.zeros((2, 2), np.uint8)], NativeLayout(16))
