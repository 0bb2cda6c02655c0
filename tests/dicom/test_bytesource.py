"""Bytes by position: cut to what there is, complete also from streams that answer in small pieces."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pytest

from dcmaudit.dicom import open_instance
from dcmaudit.dicom.bytesource import ByteSource, Cursor
from dcmaudit.errors import SourceUnreadableError
from dcmaudit.model import FrameAddress
from support.files import JPEG_LS, gradient, reference


class Dribbling(io.RawIOBase):
    """A stream that gives seven bytes at most, as a network may."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._inner.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(min(size, 7) if size >= 0 else 7)


def test_reads_are_cut_to_the_end() -> None:
    source = ByteSource(io.BytesIO(b"0123456789"))
    assert source.size == 10
    assert source.read_at(8, 1 << 40) == b"89"
    assert source.read_at(10, 5) == b""
    assert source.read_at(99, 5) == b""


def test_small_answers_are_put_together() -> None:
    assert ByteSource(cast("BinaryIO", Dribbling(bytes(range(100))))).read_at(3, 90) == bytes(range(3, 93))


def test_an_instance_on_a_dribbling_stream_is_the_same() -> None:
    made = reference(np.stack([gradient()] * 3), JPEG_LS, frames=3)

    class Reference:
        name = "slow"

        def open(self) -> BinaryIO:
            return cast("BinaryIO", Dribbling(made.data))

    with open_instance(Reference()) as instance:
        assert np.array_equal(instance.read(FrameAddress(2)).array, gradient())


def test_a_cursor_tells_when_the_head_of_an_element_is_cut() -> None:
    cursor = Cursor(ByteSource(io.BytesIO(b"0123456789")))
    assert (cursor.read(8), cursor.cut_head) == (b"01234567", 0)
    assert (cursor.read(8), cursor.cut_head) == (b"89", 2)
    assert cursor.seek(-3, io.SEEK_END) == 7
    assert cursor.remaining == 3


def test_a_closed_stream_is_an_error_of_the_tree() -> None:
    source = ByteSource(io.BytesIO(b"0123"), name="the file")
    source.close()
    with pytest.raises(SourceUnreadableError, match="the file: its bytes cannot be read"):
        source.read_at(0, 2)


def test_a_large_read_of_a_closed_file_is_an_error_and_reads_no_other_file(tmp_path: Path) -> None:
    """The system gives the number of a closed file to the next one that is opened."""
    path = tmp_path / "a"
    path.write_bytes(bytes(1 << 20))
    source = ByteSource(path.open("rb"), name="a")
    assert source.read_at(5, 1 << 20) == bytes((1 << 20) - 5)
    source.close()
    with path.open("rb"), pytest.raises(SourceUnreadableError):
        source.read_at(0, 1 << 19)
