"""What a process of the crew takes for an answer, when messages of two long files cross on their way."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

import pytest

from dcmaudit.pipeline.crew.longfiles import LongFiles
from dcmaudit.pipeline.crew.messages import RECALL, Finished, Found, Grant, Offer, Result, Returned, Wish
from dcmaudit.pipeline.crew.post import Post, packed
from dcmaudit.pipeline.crew.worker import PieceJob, Worker


@dataclass(frozen=True)
class File:
    name: str

    @contextmanager
    def opened(self) -> Iterator[Callable[[int], str]]:
        yield self.do

    def do(self, piece: int) -> str:
        return f"{self.name} {piece}"


@pytest.fixture
def ends() -> Iterator[tuple[Post, Connection]]:
    """A post, and the end of its pipe that the parent has."""
    mine, its = Pipe()
    post = Post(its)
    yield post, mine
    mine.send(None)  # its thread would end this process where the pipe ended


def heard(pipe: Connection) -> Any:
    assert pipe.poll(10)
    return pickle.loads(pipe.recv_bytes())  # noqa: S301 - of a process of ours


def test_a_late_piece_of_a_file_that_ended_early_is_no_piece_of_the_next_file(ends: tuple[Post, Connection]) -> None:
    post, parent = ends
    former = post.shared(File("former"), File("former").do, range(3), 3)
    assert next(former) == "former 0"
    former.close()  # as where a frame is damaged: piece 1 is with a helper still
    first, end = heard(parent), heard(parent)
    assert isinstance(first, Offer)
    assert isinstance(end, Finished)
    found = post.shared(File("next"), File("next").do, range(2), 3)
    assert next(found) == "next 0"
    second = heard(parent)
    assert isinstance(second, Offer)
    assert second.number != first.number
    # The parent heard of the helper before it heard of the end.
    parent.send(Result(first.number, 1, packed("former 1")))
    parent.send(Grant(1))
    assert list(found) == ["next 1"]


def test_an_outcome_of_a_helper_goes_back_with_the_number_of_the_offer() -> None:
    sent: list[Any] = []

    class Owner(Worker):
        def send(self, said: Any) -> None:
            sent.append(said)

    owner, helper, files = Owner(), Worker(), LongFiles()
    files.offer(owner, Offer(7, b"", 3, 3), is_alone=False)
    [(_, piece)] = files.hand_out([helper])
    files.found(PieceJob(piece.file, piece.number), Found(piece.file, b"it"))
    assert sent == [Result(7, 1, b"it")]
    files.grant(owner, Wish(1))
    assert sent[1:] == [Grant(2)]


LARGE = 8 << 20
"""Bytes; far more than a pipe holds."""


def large(number: int) -> bytes:
    return bytes([number]) * LARGE


def test_a_process_goes_on_listening_while_its_answers_are_not_taken_in() -> None:
    """The parent sends something large, takes nothing in meanwhile, and has asked for inputs back before."""
    context, worker = multiprocessing.get_context("spawn"), Worker()
    stop = context.Event()
    pipe = worker.begin(context, stop, large, None)
    process = worker.process
    try:
        worker.send([1, 2])
        assert pipe.poll(60)  # the first answer is on its way, and waits for us
        worker.send(RECALL)
        sender = threading.Thread(target=worker.send, args=(Result(1, 1, bytes(LARGE)),), daemon=True)
        sender.start()
        sender.join(30)
        assert not sender.is_alive(), "the process does not listen any more"
        assert pickle.loads(pipe.recv_bytes()) == large(1)  # noqa: S301 - as above
        assert heard(pipe) == Returned(1)
    finally:
        process.kill()
        worker.close()
