"""Other workers of a Dask cluster that help with a long file: whoever has nothing to do is given pieces of it.

The worker that opened the file owns it and makes the answer. Where another worker does not find the same bytes under
the same name, or dies over a piece, the owner does that piece itself.
"""

from __future__ import annotations

import pickle
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any

from dcmaudit import __version__
from dcmaudit.model.agreed_files import meant_files
from dcmaudit.pipeline.crew.messages import Piece
from dcmaudit.pipeline.crew.post import Helper
from dcmaudit.pipeline.division import LongWork, have_helpers
from dcmaudit.pipeline.process import ClusterLostError, NotBegunError, answer_of

if TYPE_CHECKING:
    from distributed import Client, Future

_ASK = 0.5
"""Seconds between two questions to the scheduler who has nothing to do; twice as long each time that nobody has."""

_ASK_AT_MOST = 8.0

_LOOK = 2.0
"""Seconds between two looks at whether those who help still live."""

_PATIENCE = 15.0
"""Seconds in which the scheduler answers a question; else nobody is asked for help any more."""

_FILES = 4
"""Files of others that one process has open at once, at most."""


_ended = set[str]()
"""Runs of which this process begins no more inputs."""


def begin_no_more(run: str) -> None:
    """Said to every worker of a cluster when a run is to end: what is begun there is finished, and nothing else."""
    _ended.add(run)


@dataclass(frozen=True, slots=True)
class Run:
    """The run for which an input is worked on: ``name`` is of it alone, ``files`` are those that it means.

    ``version`` is that of the program that began it, ``files`` as ``model.agreed_files`` has them.
    """

    name: str
    version: str
    files: Mapping[str, bytes]


def with_help(run: Run, task: Callable[[Any], Any], item: Any) -> Any:
    """Done by a worker of a cluster: the answer of the task, or the exception that it ended with.

    ClusterLostError where this worker's program is not of the run's version: it may do something else than what the run
    says that it does, and outputs are known again by it. NotBegunError once the run is to end. Only the worker itself
    can say so: Dask drops the answer of an input that is taken back while it is worked on, and the worker finishes it
    all the same.
    """
    if run.name in _ended:
        return NotBegunError()
    if run.version != __version__:
        return ClusterLostError(
            f"a worker of the cluster has dcmaudit {__version__}, and this run is of dcmaudit {run.version}: "
            "install the same version there"
        )
    have_helpers(ClusterHelpers(run.files))
    try:
        with meant_files(run.files):
            return answer_of(task, item)
    finally:
        have_helpers(None)


class ClusterHelpers:
    """``division.Helpers`` for one input on one worker."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._is_busy = False

    def shared(
        self, work: LongWork[Any, Any], here: Callable[[Any], Any], pieces: Sequence[Any], ahead: int
    ) -> Iterator[Any]:
        """What ``division.divided`` does."""
        crew = None if self._is_busy else _crew()
        if crew is None:  # one part of a file within another, or nobody to ask
            yield from map(here, pieces)
            return
        self._is_busy = True
        told = bytes(ForkingPickler.dumps((work, list(pieces)))), self._files
        shared = _Shared(crew, told, here, pieces, max(1, ahead))
        try:
            yield from shared.results()
        finally:
            self._is_busy = False
            shared.end()


class _Crew:
    """The cluster as one of its workers sees it."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address

    def idle(self) -> dict[str, bool]:
        """All other workers, and whether one has a thread with nothing to do; none where the scheduler does not say."""

        def nothing_to_do(dask_scheduler: Any) -> list[tuple[str, bool]]:
            found = dask_scheduler.workers.values()
            return [(one.address, len(one.processing) < one.nthreads and one.status.name == "running") for one in found]

        # ``run_on_scheduler`` would wait for ever for a scheduler that hangs.
        question = self._client._run_on_scheduler  # noqa: SLF001 - only this one can be given up
        return {one: is_free for one, is_free in self._asked(question, nothing_to_do) if one != self._address}

    def living(self) -> set[str]:
        """All workers; none where the scheduler does not answer."""
        return set(self._asked(self._client.scheduler.ncores, workers=None))  # type: ignore[union-attr]

    def _asked(self, question: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._client.sync(question, *args, callback_timeout=_PATIENCE, **kwargs)  # type: ignore[no-untyped-call]
        except Exception:  # no scheduler any more, or one that may not be asked: this worker does it alone
            return []

    def give(self, address: str, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Have this worker and no other one do something, before the inputs that wait."""
        return self._client.submit(
            function, *args, workers=[address], allow_other_workers=False, pure=False, priority=10
        )

    def secede(self) -> None:
        """This thread waits: its worker may do something else meanwhile, such as pieces that others wait for."""
        from distributed import secede

        with suppress(Exception):  # it has said so before
            secede()  # type: ignore[no-untyped-call]


def _crew() -> _Crew | None:
    from distributed import get_client, get_worker

    try:
        return _Crew(get_client(timeout=_PATIENCE), get_worker().address)
    except Exception:  # no worker's thread, or no scheduler any more
        return None


_Told = tuple[bytes, Mapping[str, bytes]]
"""What a helper is told once: the work with its pieces, pickled, and the files that the run means."""


class _Shared:
    """One long file: what is not begun, what came of the rest, and who is at what."""

    def __init__(self, crew: _Crew, told: _Told, here: Callable[[Any], Any], pieces: Sequence[Any], ahead: int) -> None:
        self._crew, self._told, self._here, self._pieces, self._ahead = crew, told, here, pieces, ahead
        self._token = uuid.uuid4().hex
        self._todo = deque(range(len(pieces)))
        self._done: dict[int, Any] = {}
        self._out: dict[str, tuple[int, Future[Any]]] = {}
        self._knows: set[str] = set()
        self._cannot: set[str] = set()
        """Who does not find the same bytes, or died. Where one died nobody else is asked: it may be the file."""
        self._came = threading.Event()
        self._asked_at, self._pause = float("-inf"), _ASK
        self._is_waiting = self._is_alone = False

    def results(self) -> Iterator[Any]:
        for place in range(len(self._pieces)):
            while place not in self._done:
                self._take(place)
                self._hand_out(place)
                if place in self._done:
                    break
                if self._can_begin(place):
                    number = self._todo.popleft()
                    self._done[number] = answer_of(self._here, self._pieces[number])
                else:
                    self._wait()
            answer = self._done.pop(place)
            # Raised in the order of the pieces, as a single process would have met it.
            if isinstance(answer, Exception):
                raise answer
            yield answer

    def end(self) -> None:
        """No more pieces are wanted."""
        for _, future in self._out.values():
            with suppress(Exception):
                future.cancel()  # type: ignore[no-untyped-call]
        for address in self._knows - self._cannot:
            with suppress(Exception):
                from distributed import fire_and_forget

                fire_and_forget(self._crew.give(address, _dismissed, self._token))  # type: ignore[no-untyped-call]

    def _can_begin(self, place: int) -> bool:
        # Nothing is fetched too far ahead: what comes of a piece may be a whole picture.
        return bool(self._todo) and self._todo[0] < place + self._ahead

    def _hand_out(self, place: int) -> None:
        if self._is_alone or len(self._todo) < 2 or time.monotonic() - self._asked_at < self._pause:
            return
        others = self._crew.idle()
        # Before anybody else is asked: a worker that died is followed by another one, with another address.
        if others:
            self._miss(others.keys())
        idle = [address for address, is_free in others.items() if is_free]
        self._pause = _ASK if idle else min(_ASK_AT_MOST, 2 * self._pause)
        for address in idle:
            if address not in self._out and address not in self._cannot:
                self._give(address, place)
        self._asked_at = time.monotonic()

    def _give(self, address: str, place: int) -> None:
        if self._is_alone or not self._can_begin(place):
            return
        number = self._todo.popleft()
        # The work is sent once to each: it may be large.
        told = None if address in self._knows else self._told
        self._knows.add(address)
        future = self._crew.give(address, _piece, self._token, number, told)
        future.add_done_callback(lambda _future: self._came.set())  # type: ignore[no-untyped-call]
        self._out[address] = number, future

    def _take(self, place: int) -> None:
        """Take in what has come; who gave something is given more."""
        self._came.clear()
        for address, (number, future) in list(self._out.items()):
            if not future.done():  # type: ignore[no-untyped-call]
                continue
            del self._out[address]
            try:
                data = future.result(timeout=_PATIENCE)
            except Exception:
                data, self._is_alone = None, True  # it died, or its answer did: perhaps over this file
            if data is None:
                self._put_back(address, number)
            else:
                self._done[number] = pickle.loads(data)  # noqa: S301 - of a worker of this cluster
                self._give(address, place)

    def _wait(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self._crew.secede()
        if self._came.wait(_LOOK):
            return
        self._miss(self._crew.living())

    def _miss(self, living: Collection[str]) -> None:
        """Take back what was given to workers that are gone: each piece is one worker's, so nothing will ever come."""
        for address, (number, future) in list(self._out.items()):
            if address not in living:
                del self._out[address]
                self._is_alone = True
                with suppress(Exception):
                    future.cancel()  # type: ignore[no-untyped-call]
                self._put_back(address, number)

    def _put_back(self, address: str, number: int) -> None:
        self._cannot.add(address)
        self._todo = deque(sorted([*self._todo, number]))


# --- on the worker that helps ---------------------------------------------------------------------------------------

_open: dict[str, tuple[threading.Lock, Helper, Mapping[str, bytes]]] = {}
"""Files of others that this process has open, by the token of the one who owns it, with the files that its run means;
the last one used stands last."""

_opening = threading.Lock()


def _piece(token: str, number: int, told: _Told | None) -> bytes | None:
    """What a piece of a file of another worker came to, pickled; None where the file cannot be opened here."""
    work, files = told or (None, {})
    with _opening:
        lock, helper, files = _open.pop(token) if token in _open else (threading.Lock(), Helper(), files)
        _open[token] = lock, helper, files
        old = [] if len(_open) <= _FILES else [_open.pop(next(iter(_open)))]
    for former, other, _ in old:
        _close(former, other)
    with lock, meant_files(files):
        return helper.found(Piece(1, number, work)).data


def _dismissed(token: str) -> None:
    with _opening:
        found = _open.pop(token, None)
    if found is not None:
        _close(*found[:2])


def _close(lock: threading.Lock, helper: Helper) -> None:
    with lock:
        helper.close()
