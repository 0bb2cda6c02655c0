"""The parent's end of a pipe gives every message that ``Connection`` sends, however they come together."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest

from dcmaudit.pipeline.crew.pipe import Pipe

SIZES = [0, 1, 3, 16380, 16384, 16385, 70_000, 1 << 18, (1 << 18) - 4, 3 << 20, 2, 0, 5]


@pytest.fixture
def ends() -> Iterator[tuple[Pipe, Connection]]:
    mine, its = multiprocessing.Pipe()
    yield Pipe(mine), its
    mine.close()
    its.close()


def message(number: int, size: int) -> bytes:
    return bytes([number + 1]) * size


def test_messages_of_all_sizes_come_whole_and_in_order(ends: tuple[Pipe, Connection]) -> None:
    pipe, other = ends

    def send() -> None:
        for number, size in enumerate(SIZES):
            other.send_bytes(message(number, size))
        other.close()

    sender = threading.Thread(target=send)
    sender.start()
    for number, size in enumerate(SIZES):
        assert pipe.poll(60)
        assert pipe.recv_bytes() == message(number, size)
    sender.join(60)
    assert pipe.poll(60)  # the end
    with pytest.raises(EOFError):
        pipe.recv_bytes()


def test_it_tells_of_messages_that_came_with_another_one(ends: tuple[Pipe, Connection]) -> None:
    pipe, other = ends
    assert not pipe.has_more
    assert not pipe.poll()
    for number in range(3):
        other.send_bytes(message(number, 10))
    assert pipe.poll()
    assert pipe.recv_bytes() == message(0, 10)
    assert pipe.has_more
    assert pipe.poll()
    assert [pipe.recv_bytes(), pipe.recv_bytes()] == [message(1, 10), message(2, 10)]
    assert not pipe.has_more
    assert not pipe.poll()


def test_a_message_that_ends_in_the_middle_is_none(ends: tuple[Pipe, Connection]) -> None:
    pipe, other = ends
    other.send_bytes(b"whole")
    other._send(b"\x00\x00\x00\x09half")  # type: ignore[attr-defined] # as a process leaves it that is killed
    other.close()
    assert pipe.recv_bytes() == b"whole"
    assert not pipe.has_more
    with pytest.raises(EOFError):
        pipe.recv_bytes()


def test_long_messages_announce_themselves_in_another_way(ends: tuple[Pipe, Connection]) -> None:
    pipe, other = ends
    # What Connection sends of more than 2 GiB: -1, and the length in eight bytes.
    other._send(b"\xff\xff\xff\xff" + (5).to_bytes(8, "big") + b"bytes")  # type: ignore[attr-defined]
    other.send_bytes(b"next")
    assert [pipe.recv_bytes(), pipe.recv_bytes()] == [b"bytes", b"next"]
