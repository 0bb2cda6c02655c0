"""The same work on a Dask cluster: its workers see the same files under the same names as this machine."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from dcmaudit.errors import MissingExtraError, UsageError
from dcmaudit.pipeline.hold import hold
from dcmaudit.pipeline.process import BrokenOffError, CrashError, NotBegunError, answer_of

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_AHEAD = 4
_SECONDS = 15
"""Seconds after which it is said that no scheduler answers; it has three times as long after that. A cluster of a busy
queue is slow, a wrong address is for ever."""

PATIENCE = 300.0
"""Seconds without any worker after which a cluster is given up; the setting ``dask_wait`` changes it."""

_LOOK = 2.0
"""Seconds between two looks at whether anybody is working."""

_SAY = 30.0
"""Seconds between two lines that say what is waited for."""

log = logging.getLogger("dcmaudit")


def each_on_cluster(
    task: Callable[[Item], Answer],
    items: Iterable[Item],
    address: str,
    stop: Callable[[], bool] = lambda: False,
    *,
    patience: float = PATIENCE,
    rest: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Item, Answer | Exception]]:
    """What ``workers.each`` does, on the cluster whose scheduler listens at ``address``.

    Answers come in the order of ``items``, which are read as they are needed. Where a worker dies, Dask gives its
    items to others; an item that took several workers with it is tried once more when its turn comes, for what was
    worked on beside it died with it, and ends as CrashError where it takes several with it again.
    Where there is no worker, or no scheduler any more, for ``patience`` seconds, that is said in the meantime, and
    every further item ends as CrashError. MissingExtraError without the extra, UsageError where nothing answers at the
    address.
    """
    client = _connected(address)
    crew = _Crew(client, address, patience, rest)
    waiting: deque[tuple[Item, Future[Any]]] = deque()
    try:
        # Not pure: Dask would answer an equal call with what the first one gave.
        executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]

        def submit(item: Item) -> Future[Any]:
            given: Future[Any] = executor.submit(partial(answer_of, task), item)
            return given

        for item in items:
            if crew.is_gone():
                yield item, crew.loss()
                continue
            waiting.append((item, submit(item)))
            if stop():
                break
            # A few for each thread: the scheduler need not hold a list of millions, and nobody waits for work.
            if len(waiting) >= _AHEAD * max(1, crew.threads()):
                yield _next(waiting, stop, crew, submit)
            yield from _given_up(waiting, crew, submit)
        while waiting:
            if stop():
                for _, future in waiting:
                    future.cancel()
            yield _next(waiting, stop, crew, submit)
    except KeyboardInterrupt:
        hold.received()
        for item, future in waiting:
            ended = future.done() and not future.cancelled() and future.exception() is None
            yield item, future.result() if ended else BrokenOffError()
        raise
    finally:
        # Closing drops what was not begun: nobody holds the results any more.
        with suppress(Exception):  # a scheduler that died meanwhile
            client.close(timeout=_SECONDS)  # type: ignore[no-untyped-call]


class _Crew:
    """The workers of a cluster: whether there are any, and for how long there have been none."""

    def __init__(self, client: Client, address: str, patience: float, rest: Callable[[], None]) -> None:
        self._client, self._address, self._patience, self._rest = client, address, patience, rest
        self._none_since: float | None = None
        self._said = 0.0
        self._gone = False

    def threads(self) -> int:
        """How many items can be worked on at once; 0 where there is no worker or no scheduler."""
        try:
            workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1).get("workers", {})
        except Exception:
            return 0
        # After the scheduler died the client still has what it said last.
        if self._client.status != "running":
            return 0
        return sum(int(worker.get("nthreads", 1)) for worker in workers.values())

    def is_gone(self) -> bool:
        """Whether the cluster was given up."""
        return self._gone

    def look(self) -> None:
        """Say that nobody works, and give the cluster up once that has lasted too long."""
        self._rest()
        now = time.monotonic()
        if self.threads():
            self._none_since = None
            return
        if self._none_since is None:
            # So that the first look already says something.
            self._none_since, self._said = now, now - _SAY
        idle = now - self._none_since
        if idle >= self._patience:
            self._gone = True
            log.error("%s: given up after %.0f seconds; what is left is not done", self._words(), idle)
        elif now - self._said >= _SAY:
            self._said = now
            log.warning("%s: waiting for them for %.0f seconds more", self._words(), self._patience - idle)

    def loss(self) -> CrashError:
        """The answer of an item that nobody worked on."""
        return CrashError(f"{self._words()} for {self._patience:.0f} seconds")

    def _words(self) -> str:
        return f"the Dask cluster at {self._address} has no workers"


def _connected(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtraError(
            "work on a cluster needs Dask", hint="install the extra: pip install 'dcmaudit[dask]'"
        ) from None
    left = 3 * _SECONDS
    try:
        try:
            return Client(address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError):
            log.warning("no Dask scheduler answers at %s yet: waiting for it for %.0f seconds more", address, left)
            return Client(address, timeout=left, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address}", hint="such an address looks like tcp://host:8786"
        ) from error


def _given_up(
    waiting: deque[tuple[Any, Future[Any]]], crew: _Crew, submit: Callable[[Any], Future[Any]]
) -> Iterator[tuple[Any, Any]]:
    """The answers of all that was handed to a cluster that is given up; nothing while it is not."""
    while crew.is_gone() and waiting:
        yield _next(waiting, lambda: False, crew, submit)


def _next(
    waiting: deque[tuple[Any, Future[Any]]],
    stop: Callable[[], bool],
    crew: _Crew,
    submit: Callable[[Any], Future[Any]],
) -> tuple[Any, Any]:
    item, future = waiting[0]  # it stays there while it is waited for, to be told whatever happens meanwhile
    try:
        try:
            answer = _result(future, crew)
        except Exception as error:
            # A worker that died may have been ended by the queue: its input gets one more try, as in processes of one
            # machine.
            if type(error).__name__ != "KilledWorker" or crew.is_gone() or stop():
                raise
            future = submit(item)
            waiting[0] = item, future
            answer = _result(future, crew)
    except CancelledError:
        waiting.popleft()
        # Cancelled by us, or by a scheduler that was told to by somebody else.
        return item, NotBegunError() if stop() else CrashError("the cluster gave it up")
    except Exception as error:
        waiting.popleft()
        if crew.is_gone():
            future.cancel()
            return item, crew.loss()
        # One of Dask's own: what the task raises comes as an answer.
        if type(error).__name__ == "KilledWorker":
            return item, CrashError("each worker that worked on it died: a decoder crashed, or memory ran out")
        return item, CrashError(f"the cluster lost it ({type(error).__name__})")
    waiting.popleft()
    return item, answer


def _result(future: Future[Any], crew: _Crew) -> Any:
    """The result, waited for as long as somebody works; TimeoutError where nobody has for too long."""
    while True:
        try:
            return future.result(timeout=0.0 if crew.is_gone() else _LOOK)
        except TimeoutError:
            # Done or given up: this was no waiting of ours any more.
            if future.done() or crew.is_gone():
                raise
        crew.look()
