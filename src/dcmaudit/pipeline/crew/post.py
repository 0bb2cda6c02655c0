"""In a process of the crew: the inputs that come, the way to answer, and help with long files, asked for and given."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from dcmaudit.pipeline.crew.messages import (
    RECALL,
    Dismissed,
    Finished,
    Found,
    Grant,
    Offer,
    Piece,
    Ready,
    Result,
    Returned,
    Wish,
)
from dcmaudit.pipeline.division import LongWork, have_helpers
from dcmaudit.pipeline.process import BrokenOffError, NotBegunError, answer_of, serve


@dataclass(slots=True)
class _Shared:
    """The long file that this process owns: what came of its pieces, and what its last wish was answered."""

    offer: int
    results: dict[int, bytes | None] = field(default_factory=dict)
    grant: Grant | None = None


class Post:
    """The inputs of one process, and its way to answer.

    They are taken in by a thread at once: whoever sends them must never wait for one who waits to be heard.
    """

    _offers = 0
    """How many times help was asked for."""

    def __init__(self, pipe: Connection, bell: Any = None) -> None:
        self._pipe, self._bell = pipe, bell
        self._entries: deque[Any] = deque()
        self._is_over = False
        self._shared: _Shared | None = None
        self._came = threading.Condition()
        self._speaking = threading.Lock()
        threading.Thread(target=self._listen, name="inputs", daemon=True).start()

    def entries(self) -> Iterator[Any]:
        """Inputs, and pieces of others' files, as they come; the end when no more will."""
        while True:
            with self._came:
                self._came.wait_for(lambda: self._entries or self._is_over)
                if not self._entries:
                    return
                entry = self._entries.popleft()
            yield entry

    def say(self, answer: Any) -> None:
        """Answer the input that was taken last, or say one of the messages."""
        data = packed(answer)
        # What is said aside is said by another thread.
        with self._speaking:
            self._pipe.send_bytes(data)

    def shared(self, work: LongWork[Any, Any], here: Callable[[Any], Any], pieces: Sequence[Any], ahead: int) -> Any:
        """What ``division.divided`` does, with the help of whoever has nothing to do."""
        if self._shared is not None:  # one part of a file within another: by itself
            yield from map(here, pieces)
            return
        self._offers += 1
        shared = self._shared = _Shared(self._offers)
        try:
            self.say(Offer(shared.offer, bytes(ForkingPickler.dumps((work, list(pieces)))), len(pieces), ahead))
            # The parent may be letting answers gather.
            if self._bell is not None:
                self._bell.release()
            yield from self._results(shared, here, pieces)
        finally:
            if self._shared is shared:
                self.end_shared()

    def end_shared(self) -> None:
        """No help is wanted any more, whether or not the pieces came to their end: an error may hold them open."""
        if self._shared is not None:
            self._shared = None
            self.say(Finished())

    def _results(self, shared: _Shared, here: Callable[[Any], Any], pieces: Sequence[Any]) -> Iterator[Any]:
        own: dict[int, Any] = {}
        mine: int | None = 0
        for place in range(len(pieces)):
            while place not in own and shared.results.get(place) is None:
                if mine is None and place in shared.results:
                    mine = place  # who had it died, or could not open the file
                if mine is None:
                    mine = self._wished(shared, place)
                if mine is not None:
                    own[mine], mine = answer_of(here, pieces[mine]), None
            data = shared.results.pop(place, None)
            answer = own.pop(place) if data is None else pickle.loads(data)  # noqa: S301 - of a process of ours
            if isinstance(answer, Exception):
                raise answer
            yield answer

    def _wished(self, shared: _Shared, place: int) -> int | None:
        """The next piece for this process; None once something has come of piece ``place`` instead."""
        self.say(Wish(place))
        with self._came:
            self._wait(lambda: shared.grant is not None)
            grant, shared.grant = shared.grant, None
            if grant is not None and grant.number is None:
                self._wait(lambda: place in shared.results)
        return None if grant is None else grant.number

    def _wait(self, is_there: Callable[[], bool]) -> None:
        self._came.wait_for(lambda: is_there() or self._is_over)
        if not is_there():
            raise BrokenOffError

    def _listen(self) -> None:
        # The pipe ends where the program was killed: a process would wait for ever, with its models in memory.
        try:
            while not self._is_over:
                self._hear(self._pipe.recv())
        except (EOFError, OSError):
            os._exit(1)

    def _hear(self, said: Any) -> None:
        returned: int | None = None
        with self._came:
            match said:
                case None:
                    self._is_over = True
                # What a helper still found of a file that ended early would be taken for a piece of the next one.
                case Result() if self._shared is not None and self._shared.offer == said.offer:
                    self._shared.results[said.number] = said.data
                case Grant() if self._shared is not None:
                    self._shared.grant = said
                case Result() | Grant():
                    pass  # it came too late
                case Piece() | Dismissed():
                    self._entries.append(said)
                case str() if said == RECALL:
                    returned = self._give_back()
                case _:
                    self._entries.extend(said)
            self._came.notify_all()
        if returned is not None:
            self._say_aside(Returned(returned))

    def _say_aside(self, message: Any) -> None:
        """Say a message without waiting for the parent to take it in.

        The thread that listens must go on listening: where the parent is sending something large, it takes nothing in
        before that is heard. At most one is under way, for the parent asks again only after the answer.
        """
        threading.Thread(target=self._say_late, args=(message,), name="aside", daemon=True).start()

    def _say_late(self, message: Any) -> None:
        with suppress(OSError):  # the parent is gone: the thread that listens ends this process
            self.say(message)

    def _give_back(self) -> int:
        # Pieces of others' files are no inputs of ours, and stay.
        kept = [entry for entry in self._entries if isinstance(entry, Piece | Dismissed)]
        count = len(self._entries) - len(kept)
        self._entries = deque(kept)
        return count


class Helper:
    """Works on pieces of others' files; the file of the last one stays open until that is over."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._open = ExitStack()
        self._work: Callable[[Any], Any] | None = None
        self._pieces: list[Any] = []

    def found(self, piece: Piece) -> Found:
        # Files stay open between pieces, for opening a long one takes longer than a piece of it.
        if piece.file != self._file:
            self.close()
            self._enter(piece)
        if self._work is None:
            return Found(piece.file, None)
        return Found(piece.file, packed(answer_of(self._work, self._pieces[piece.number])))

    def _enter(self, piece: Piece) -> None:
        self._file = piece.file
        try:
            work, self._pieces = pickle.loads(piece.work or b"")  # noqa: S301 - of a process of ours
            self._work = self._open.enter_context(work.opened())
        except Exception:  # whatever it is: the owner has the file open, and says what is wrong with it
            self._work = None

    def close(self, file: int | None = None) -> None:
        if file is None or file == self._file:
            self._file = self._work = None
            self._open.close()


def serve_pipe(
    pipe: Connection, stop: Any, task: Callable[[Any], Any], warm: Callable[[], object] | None, bell: Any = None
) -> None:
    """Get ready, then answer inputs one by one.

    Ctrl+C reaches every process of the terminal; the first one tells the others.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    serve(stop)
    post, helper = Post(pipe, bell), Helper()
    have_helpers(post)
    if warm is not None and not stop.is_set():
        answer_of(lambda _: warm(), None)  # what fails here fails again with the first input, which says so
        post.say(Ready())
    answer_all(post, helper, stop, task)


def answer_all(post: Post, helper: Helper, stop: Any, task: Callable[[Any], Any]) -> None:
    """Answer everything that comes, until no more will."""
    for entry in post.entries():
        match entry:
            case Piece():  # of a file that was begun
                post.say(helper.found(entry))
            case Dismissed():
                helper.close(entry.file)
            case _:  # it may have waited here until the end was asked for
                answer = NotBegunError() if stop.is_set() else answer_of(task, entry)
                post.end_shared()
                post.say(answer)


def packed(answer: Any) -> bytes:
    """An answer as bytes; of one that cannot travel, the kind of what is wrong."""
    try:
        data = bytes(ForkingPickler.dumps(answer))
        if isinstance(answer, Exception):
            pickle.loads(data)  # noqa: S301 - some can be packed and not unpacked
    except Exception as error:
        kind = type(answer if isinstance(answer, Exception) else error).__name__
        return bytes(ForkingPickler.dumps(RuntimeError(kind)))
    return data
