"""Offset tables that are trusted where every read is a request."""

from __future__ import annotations

import io
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.dicom import open_instance
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.fragments import FrameIndex, index_frames, walk_fragments
from dcmaudit.errors import HeaderError
from support.files import JPEG_LOSSLESS, MemoryReference, dataset, encode, file_bytes


class Far(io.BytesIO):
    """Bytes behind a network, counted."""

    is_remote = True
    counted = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        Far.counted += len(data)
        return data


def item(content: bytes) -> bytes:
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content


def element(frames: list[list[bytes]], table: list[int] | None = None) -> bytes:
    """Frames of fragments behind a Basic Offset Table, the right one or ``table``."""
    places, position = [], 0
    for frame in frames:
        places.append(position)
        position += sum(8 + len(fragment) for fragment in frame)
    chosen = places if table is None else table
    body = b"".join(item(fragment) for frame in frames for fragment in frame)
    return item(struct.pack(f"<{len(chosen)}L", *chosen)) + body + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def indexed(data: bytes, declared: int, *, far: bool) -> FrameIndex:
    body = ByteSource(Far(data) if far else io.BytesIO(data), name="x")
    return index_frames(body, walk_fragments(body, 0), declared=declared)


FRAMES = [[b"a" * 300_000], [b"b" * 10, b"c" * 200_000, b"d" * 6], [b"e" * 250_000], [b"f" * 90_000, b"g" * 90_000]]


def test_the_fragments_are_the_same_with_and_without_trust() -> None:
    near, far = (indexed(element(FRAMES), 4, far=far) for far in (False, True))
    assert far.fragments.trusted == 3
    assert near.fragments.trusted == 0
    assert [far.spans(k) for k in range(4)] == [near.spans(k) for k in range(4)]
    assert (far.fragments.end, far.fragments.cut, len(far)) == (near.fragments.end, near.fragments.cut, len(near))


@pytest.mark.parametrize("table", [[], [0], [0, 5, 9, 12], [8, 300_008, 500_048, 750_056], [0, 300_008, 100, 750_056]])
def test_a_table_that_cannot_be_right_is_not_trusted(table: list[int]) -> None:
    data = element(FRAMES, table)
    near, far = (indexed(data, 4, far=far) for far in (False, True))
    assert [far.spans(k) for k in range(len(far))] == [near.spans(k) for k in range(len(near))]
    assert far.notes == near.notes


def test_a_table_of_other_frames_than_declared_is_not_trusted() -> None:
    near, far = (indexed(element(FRAMES), 6, far=far) for far in (False, True))
    assert [far.spans(k) for k in range(len(far))] == [near.spans(k) for k in range(len(near))]


def test_an_extended_table_is_trusted_as_the_basic_one_is() -> None:
    data = element(FRAMES, [])
    places = [0, 300_008, 500_048, 750_056]

    def taken(table: list[int], *, far: bool, declared: int = 4) -> FrameIndex:
        body = ByteSource(Far(data) if far else io.BytesIO(data), name="x")
        found = walk_fragments(body, 0, extended=table)
        return index_frames(body, found, declared=declared, extended=table)

    far, near = taken(places, far=True), taken(places, far=False)
    assert (far.fragments.trusted, near.fragments.trusted) == (3, 0)
    assert [far.spans(k) for k in range(4)] == [near.spans(k) for k in range(4)]
    for wrong in ([0, 300_000, 500_048, 750_056], [0, 300_008, 500_048, 750_050], [0, 2**63, 2**63 + 8, 2**63 + 16]):
        index = taken(wrong, far=True)
        if index.fragments.trusted:
            with pytest.raises(HeaderError, match="offset table is wrong"):
                index.spans(0)
        else:
            plain = taken(wrong, far=False)
            assert [index.spans(k) for k in range(len(index))] == [plain.spans(k) for k in range(len(plain))]
    assert len(taken(places, far=True, declared=6)) == len(taken(places, far=False, declared=6))


def test_a_wrong_place_in_a_trusted_table_is_an_error_and_no_other_frame() -> None:
    data = element(FRAMES, [0, 300_000, 500_048, 750_056])
    far = indexed(data, 4, far=True)
    assert far.fragments.trusted == 3
    for frame in (0, 1):
        with pytest.raises(HeaderError, match="offset table is wrong"):
            far.spans(frame)


def test_a_file_that_ends_early_is_cut_all_the_same() -> None:
    data = element(FRAMES)
    for end in (len(data) - 8, len(data) - 50_000, 400_000):
        near, far = (indexed(data[:end], 4, far=far) for far in (False, True))
        assert (near.fragments.cut, near.fragments.short) == (far.fragments.cut, far.fragments.short)


class FarReference(MemoryReference):
    def open(self) -> io.BytesIO:  # type: ignore[override]
        with super().open() as stream:
            return Far(stream.read())


@pytest.mark.parametrize("extended", [False, True])
def test_one_frame_of_a_compressed_object_costs_that_frame(*, extended: bool) -> None:
    chance = np.random.default_rng(1)
    cells = chance.integers(0, 255, (4, 200, 200), np.uint8)
    streams = [encode(cell, JPEG_LOSSLESS) for cell in cells]
    data = dataset(np.zeros((1, 200, 200), np.uint8), frames=1)
    data.NumberOfFrames = "100"
    content = file_bytes(data, JPEG_LOSSLESS, frames=[streams[k % 4] for k in range(100)],
                         table="extended" if extended else "basic")  # fmt: skip
    Far.counted = 0
    with open_instance(FarReference("x", content)) as instance:
        samples = instance.read(instance.planes[50].address)
    assert np.array_equal(samples.array, cells[50 % 4])
    assert Far.counted < len(content) / 5


LARGE = element([[bytes([65 + k]) * (70_000 + k)] for k in range(6)] + [[b"small"] * 3, [b"z" * 80_000]])
HEADS = [m.start() for m in re.finditer(b"\xfe\xff\x00\xe0", LARGE)][1:]


def _damaged() -> list[bytes]:
    made = [LARGE, LARGE[:-8], LARGE[:-3], LARGE[: HEADS[3]], LARGE[: HEADS[3] + 5], LARGE[: HEADS[3] + 8]]
    for place in HEADS:
        # no item, and a delimiter too early
        made += [LARGE[:place] + what + LARGE[place + 4 :] for what in (b"\0\0\0\0", b"\xfe\xff\xdd\xe0")]
        lengths = [struct.pack("<L", length) for length in (0, 7, 69_999, 0x7FFFFFFF, 0xFFFFFFFF)]
        made += [LARGE[: place + 4] + length + LARGE[place + 8 :] for length in lengths]
    return made


@pytest.mark.parametrize("data", _damaged(), ids=lambda data: f"{len(data)}")
def test_the_quick_walk_through_a_file_finds_what_the_careful_one_finds(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(data)
    careful = walk_fragments(ByteSource(io.BytesIO(data), name="x"), 0)
    with open(tmp_path / "x", "rb") as file:  # noqa: PTH123 - the stream is what is tested
        quick = walk_fragments(ByteSource(file, name="x"), 0)
    assert quick == careful


def test_a_file_that_shrinks_while_it_is_walked_through_is_cut(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(LARGE)
    with open(tmp_path / "x", "rb") as file:  # noqa: PTH123
        body = ByteSource(file, name="x")
        os.truncate(tmp_path / "x", HEADS[3] + 4)
        assert walk_fragments(body, 0).cut
