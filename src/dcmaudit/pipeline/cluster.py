"""The same work on a Dask cluster: its workers see the same files under the same names as this machine."""

from __future__ import annotations

import logging
import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from dcmaudit.errors import MissingExtraError, UsageError
from dcmaudit.pipeline.clusterhelp import begin_no_more, with_help
from dcmaudit.pipeline.hold import hold
from dcmaudit.pipeline.process import BrokenOffError, ClusterLostError, CrashError

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_AHEAD = 4
"""Inputs a thread of the cluster that are out at once: nobody waits for work, and the scheduler need not hold a list of
millions."""

_WAITING = 64
"""Inputs a thread that are out or wait to be told, at most: behind a slow one, where the inputs' order is kept."""

_SECONDS = 15
"""Seconds after which it is said that no scheduler answers; it has three times as long after that. A cluster of a busy
queue is slow, a wrong address is for ever."""

PATIENCE = 300.0
"""Seconds without any worker after which a cluster is given up; the setting ``dask_wait`` changes it."""

_LOOK = 2.0
"""Seconds between two looks at whether anybody is working."""

_SAY = 30.0
"""Seconds between two lines that say what is waited for."""

_TRIES = 3
"""How often an input is given to the cluster anew after its scheduler has forgotten it."""

log = logging.getLogger("dcmaudit")


def each_on_cluster(
    task: Callable[[Item], Answer],
    items: Iterable[Item],
    address: str,
    stop: Callable[[], bool] = lambda: False,
    *,
    patience: float = PATIENCE,
    rest: Callable[[], None] = lambda: None,
    ordered: bool = True,
    tells_all: bool = False,
) -> Iterator[tuple[Item, Answer | Exception]]:
    """What ``workers.each`` does, on the cluster whose scheduler listens at ``address``.

    ``items`` are read as they are needed. Where a worker dies, Dask gives its items to others; an item that took
    several workers with it is tried once more alone, for what was worked on beside it died with it, and ends as
    CrashError where it takes several with it again. Where the scheduler dies and another one takes its place, it is
    given all that was out anew. Where there is no worker, or no scheduler any more, for ``patience`` seconds, that is
    said in the meantime, and every further item ends as ClusterLostError. MissingExtraError without the extra,
    UsageError where nothing answers at the address.
    """
    cluster = _Cluster(address, patience, task)
    batch = _Batch(cluster, stop, rest, ordered=ordered, tells_all=tells_all)
    try:
        yield from batch.run(iter(items))
    except KeyboardInterrupt:
        hold.received()
        yield from batch.broken_off()
        raise
    finally:
        cluster.close()


@dataclass(slots=True, eq=False)
class _Job:
    """One input: its place in the order, and what has become of it on the cluster so far."""

    number: int
    item: Any
    future: Future[Any] | None = None
    deaths: int = 0
    """How often several workers died over it."""
    losses: int = 0
    """How often the scheduler forgot it."""


class _Batch:
    """What is out, what has to go out again, and what waits for its turn to be told."""

    def __init__(
        self,
        cluster: _Cluster,
        stop: Callable[[], bool],
        rest: Callable[[], None],
        *,
        ordered: bool,
        tells_all: bool,
    ) -> None:
        self._cluster, self._asked, self._rest = cluster, stop, rest
        self._ordered, self._tells_all = ordered, tells_all
        self._out: dict[int, _Job] = {}
        self._again: deque[_Job] = deque()
        self._suspects: deque[_Job] = deque()
        """Inputs over which several workers died, to be tried once more alone."""
        self._alone: _Job | None = None
        """The one of them that is being tried."""
        self._came: queue.SimpleQueue[tuple[_Job, Future[Any]]] = queue.SimpleQueue()
        self._early: dict[int, tuple[Any, Any]] = {}
        self._ready: deque[tuple[Any, Any]] = deque()
        self._read = self._told = 0
        self._is_dry = self._is_stopping = False

    def run(self, items: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        """Every item with its answer."""
        while True:
            if self._asked():
                self._let_go()
            self._hand_out(items)
            while self._ready:
                if self._tells_all:
                    hold.begin()  # from here on it is nowhere but with the one who tells it
                pair = self._ready.popleft()
                self._told += 1
                yield pair
                hold.end()
            if self._is_dry and self._read == self._told:
                return
            if not self._cluster.is_gone:
                self._take()

    def broken_off(self) -> Iterator[tuple[Any, Any]]:
        """Every item that was read and not told, with its answer where it is there."""
        waiting = [*self._out.values(), *self._again, *self._suspects]
        told = {job.number: (job.item, _outcome(job.future)) for job in waiting}
        yield from self._ready
        for number in sorted(told | self._early):
            yield (told | self._early)[number]

    def _let_go(self) -> None:
        """An end was asked for: what a worker has begun is finished, and the workers say what they have not begun."""
        self._is_dry = True
        if not self._is_stopping:
            self._is_stopping = True
            self._cluster.begin_no_more()
            # Somebody had these, and is gone.
            for waiting in (self._again, self._suspects):
                while waiting:
                    self._settle(waiting.popleft(), BrokenOffError())
        # Nobody is there who could answer; whoever comes later would do for nothing what is out.
        if self._out and not self._cluster.threads():
            for job in self._out.values():
                if job.future is not None:
                    job.future.cancel()

    def _hand_out(self, items: Iterator[Any]) -> None:
        """Give the cluster as much as it can do; answer everything where it is gone."""
        if self._cluster.is_gone:
            for job in [*self._out.values(), *self._again, *self._suspects]:
                ended = _outcome(job.future)  # it may have come while the cluster was looked after
                self._settle(job, self._cluster.loss() if isinstance(ended, BrokenOffError) else ended)
            self._alone = None
            self._again.clear()
            self._suspects.clear()
        while not self._ready and self._alone is None:
            threads = self._cluster.threads()
            # Nothing is sent to a scheduler that is not there: it would never hear of it.
            is_full = not threads or len(self._out) >= _AHEAD * threads or self._waiting >= _WAITING * threads
            if is_full and not self._cluster.is_gone:
                self._try_suspect(threads)
                return
            one = self._again.popleft() if self._again else self._next(items)
            if one is None:
                self._try_suspect(threads)
                return
            if self._cluster.is_gone:
                self._settle(one, self._cluster.loss())
            else:
                self._out[one.number] = one
                self._cluster.submit(one, self._came)

    def _try_suspect(self, threads: int) -> None:
        """Give an input over which workers died to another one, once nobody else works."""
        # Where it dies again it was the input: beside others it would take those with it, and they would seem to blame.
        if self._suspects and threads and not self._out:
            self._alone = self._suspects.popleft()
            self._out[self._alone.number] = self._alone
            self._cluster.submit(self._alone, self._came)

    @property
    def _waiting(self) -> int:
        return self._read - self._told

    def _next(self, items: Iterator[Any]) -> _Job | None:
        if self._is_dry:
            return None
        try:
            job = _Job(self._read, next(items))
        except StopIteration:
            self._is_dry = True
            return None
        self._read += 1
        self._is_dry = self._asked()
        return job

    def _take(self) -> None:
        """Take in what has come, or look after the cluster where nothing does for a while."""
        try:
            job, future = self._came.get(timeout=_LOOK)
        except queue.Empty:
            self._rest()
            self._cluster.look()
            return
        # One that was given out anew meanwhile, or was answered for, is of no use any more.
        if self._out.get(job.number) is not job or job.future is not future:
            return
        hold.begin()  # until it is settled it is nowhere
        try:
            del self._out[job.number]
            self._alone = None
            # The callback of the future holds the job: as long as both live the cluster keeps the result, and does the
            # work again where the worker that has it goes.
            job.future = None
            self._answered(job, future)
        finally:
            hold.end()

    def _answered(self, job: _Job, future: Future[Any]) -> None:
        error = None if future.cancelled() else future.exception()
        is_killed = type(error).__name__ == "KilledWorker"
        # Forgotten by a scheduler that died, or cancelled by somebody else.
        if future.cancelled():
            job.losses += 1
            self._try_again(job, self._again, job.losses <= _TRIES, "the cluster gave it up several times")
        # A worker that died may have been ended by the queue: one more try, as in processes of one machine.
        elif is_killed:
            job.deaths += 1
            reason = "each worker that worked on it died: a decoder crashed, or memory ran out"
            self._try_again(job, self._suspects, job.deaths == 1, reason)
        # One of Dask's own: what the task raises comes as an answer.
        elif error is not None:
            self._settle(job, CrashError(f"the cluster lost it ({type(error).__name__})"))
        else:
            self._settle(job, future.result())

    def _try_again(self, job: _Job, waiting: deque[_Job], is_worth: bool, reason: str) -> None:  # noqa: FBT001
        if self._is_stopping:  # whoever had it is gone, and nobody else is to do it
            self._settle(job, BrokenOffError())
        elif is_worth:
            waiting.append(job)
        else:
            self._settle(job, CrashError(reason))

    def _settle(self, job: _Job, answer: Any) -> None:
        self._out.pop(job.number, None)
        job.future = None
        if not self._ordered:
            self._ready.append((job.item, answer))
            return
        self._early[job.number] = job.item, answer
        while (found := self._early.pop(self._told + len(self._ready), None)) is not None:
            self._ready.append(found)


class _Cluster:
    """A cluster as its client sees it: whether anybody works there, and for how long nobody has."""

    def __init__(self, address: str, patience: float, task: Callable[[Any], Any]) -> None:
        self._address, self._patience, self._run = address, patience, uuid.uuid4().hex
        self._work = partial(with_help, self._run, task)
        self._client = _connected(address)
        self._threads, self._asked_at = 0, float("-inf")
        self._none_since: float | None = None
        self._said = 0.0
        self.is_gone = False
        """Whether it was given up."""

    def threads(self) -> int:
        """How many inputs can be worked on at once, as of a moment ago; 0 where there is no worker or no scheduler."""
        # After the scheduler died the client still has what it said last.
        if self._client.status != "running":
            self._asked_at = float("-inf")
            return 0
        # A question to the scheduler, which is not asked for every input.
        if time.monotonic() - self._asked_at >= _LOOK or not self._threads:
            self._threads = self._asked()
            self._asked_at = time.monotonic()
            # Nobody looks after a cluster whose answers come all the time.
            if self._threads:
                self._none_since = None
        return self._threads

    def _asked(self) -> int:
        client: Any = self._client
        try:
            found: dict[str, int] = client.sync(client.scheduler.ncores, workers=None, callback_timeout=_SECONDS)
        except Exception:  # also of a scheduler that hangs, or dies while it is asked
            return 0
        return sum(found.values())

    def submit(self, job: _Job, came: queue.SimpleQueue[tuple[_Job, Future[Any]]]) -> None:
        """Give it to the cluster; what comes of it goes to ``came``."""
        try:
            # Not pure: Dask would answer an equal call with what the first one gave.
            executor = self._client.get_executor(pure=False)  # type: ignore[no-untyped-call]
            future: Future[Any] = executor.submit(self._work, job.item)
        except Exception:  # the client was closed just now, for it found no scheduler any more
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
        job.future = future
        future.add_done_callback(lambda done: came.put((job, done)))

    def begin_no_more(self) -> None:
        """Have the workers begin nothing more of this run; whoever does not hear of it goes on, and is waited for."""
        client: Any = self._client
        with suppress(Exception):  # also where the scheduler hangs, or dies while it is told
            client.sync(
                client._run,  # noqa: SLF001 - ``run`` would wait for ever for a worker that hangs
                begin_no_more, self._run, on_error="ignore", callback_timeout=_SECONDS,
            )  # fmt: skip

    def look(self) -> None:
        """Say that nobody works, and give the cluster up once that has lasted too long."""
        now = time.monotonic()
        if self._client.status == "closed":
            self._begin_anew()
        self._asked_at = float("-inf")
        if self.threads():
            return
        if self._none_since is None:
            # So that the first look already says something.
            self._none_since, self._said = now, now - _SAY
        idle = time.monotonic() - self._none_since
        if idle >= self._patience:
            self.is_gone = True
            log.error("%s: given up after %.0f seconds; what is left is not done", self._words(), idle)
        elif now - self._said >= _SAY:
            self._said = now
            log.warning("%s: waiting for them for %.0f seconds more", self._words(), self._patience - idle)

    def _begin_anew(self) -> None:
        """The client gives up after a while; the queue may start another scheduler later."""
        from distributed import Client

        with suppress(OSError, TimeoutError, ValueError):
            self._client = Client(self._address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]

    def loss(self) -> ClusterLostError:
        """The answer of an item that nobody worked on."""
        return ClusterLostError(f"{self._words()} for {self._patience:.0f} seconds")

    def close(self) -> None:
        """Drop what was not begun: nobody holds the results any more."""
        # Closed while it looks for its scheduler, the client would print a traceback; what is wrong was said.
        is_alone = self._client.status != "running"
        if is_alone:
            logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        with suppress(Exception):  # a scheduler that died meanwhile
            self._client.close(timeout=1 if is_alone else _SECONDS)  # type: ignore[no-untyped-call]

    def _words(self) -> str:
        if self._client.status != "running":
            return f"the Dask scheduler at {self._address} is gone, and with it its workers"
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


def _outcome(future: Future[Any] | None) -> Any:
    """What has come of an input that was broken off."""
    ended = future is not None and future.done() and not future.cancelled() and future.exception() is None
    return future.result() if future is not None and ended else BrokenOffError()
