"""Fragments and offset tables, as pydicom reads them."""

from __future__ import annotations

import io
import struct
import tracemalloc

import pytest
from pydicom.encaps import generate_frames, parse_basic_offsets

from dcmaudit.errors import RedactionError
from dcmaudit.redact.frames import encapsulate
from dcmaudit.redact.frames.encapsulate import BasicTable, FragmentWriter

FRAMES = [b"\xff\xd8abc\xff\xd9", b"\xff\xd8\xff\xd9", b"x" * 1001, b"y"]


def written(frames, table=BasicTable.FILLED, before=b"head"):
    out = io.BytesIO(before)
    out.seek(len(before))
    writer = FragmentWriter(out, len(frames), table)
    for frame in frames:
        writer.add(frame)
    tables = writer.finish()
    assert out.tell() == len(out.getvalue())
    return out.getvalue()[len(before) :], tables


def check(data: bytes, tables, frames) -> None:
    body = data[: -len(encapsulate.DELIMITER)]
    assert data.endswith(encapsulate.DELIMITER)
    first = 8 + struct.unpack("<I", data[4:8])[0]
    for offset, length, frame in zip(tables.offsets, tables.lengths, frames, strict=True):
        item = body[first + offset :]
        assert item[:4] == encapsulate.ITEM
        assert struct.unpack("<I", item[4:8])[0] == length == len(frame) + len(frame) % 2
        assert item[8 : 8 + len(frame)] == frame
    read = list(generate_frames(body, number_of_frames=len(frames)))
    assert read == [frame + b"\0" * (len(frame) % 2) for frame in frames]


def test_the_basic_offset_table_names_every_frame():
    data, tables = written(FRAMES)
    assert tables.basic
    assert parse_basic_offsets(data) == list(tables.offsets)
    check(data, tables, FRAMES)


def test_an_extended_table_goes_with_an_empty_basic_one():
    data, tables = written(FRAMES, BasicTable.EMPTY)
    assert not tables.basic
    assert parse_basic_offsets(data) == []
    extended = (struct.pack("<4Q", *tables.offsets), struct.pack("<4Q", *tables.lengths))
    body = data[: -len(encapsulate.DELIMITER)]
    read = list(generate_frames(body, number_of_frames=4, extended_offsets=extended))
    assert [len(frame) for frame in read] == list(tables.lengths)
    check(data, tables, FRAMES)


def test_offsets_beyond_32_bits_leave_the_basic_table_empty(monkeypatch):
    monkeypatch.setattr(encapsulate, "LARGEST_OFFSET", 30)
    monkeypatch.setattr(encapsulate, "_CHUNK", 7)
    data, tables = written(FRAMES)
    assert not tables.basic
    assert parse_basic_offsets(data) == []
    check(data, tables, FRAMES)


def test_a_wrong_number_of_frames_and_an_empty_frame_are_refused():
    writer = FragmentWriter(io.BytesIO(), 1)
    with pytest.raises(RedactionError, match="no fragment"):
        writer.add(b"")
    with pytest.raises(RedactionError, match="0 of 1"):
        writer.finish()
    writer.add(b"ab")
    with pytest.raises(RedactionError, match="more than the 1"):
        writer.add(b"ab")


def test_memory_does_not_grow_with_the_frames(tmp_path):
    frame = bytes(1 << 20)
    with (tmp_path / "out").open("w+b") as out:
        writer = FragmentWriter(out, 200)
        tracemalloc.start()
        for _ in range(200):
            writer.add(frame)
        writer.finish()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4 << 20
