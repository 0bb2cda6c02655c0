"""The same work on a Dask cluster: its workers see the same files under the same names as this machine."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from dcmaudit.pipeline import clusterclient
from dcmaudit.pipeline.clusterclient import PATIENCE, Cluster, ClusterJob
from dcmaudit.pipeline.hold import hold
from dcmaudit.pipeline.process import BrokenOffError, CrashError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_AHEAD = 4
"""Inputs a thread of the cluster that are out at once: nobody waits for work, and the scheduler need not hold a list of
millions."""

_WAITING = 64
"""Inputs a thread that are out or wait to be told, at most: behind a slow one, where the inputs' order is kept."""

_TRIES = 3
"""How often an input is given to the cluster anew after its scheduler has forgotten it."""


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
    cluster = Cluster(address, patience, task)
    batch = _Batch(cluster, stop, rest, ordered=ordered, tells_all=tells_all)
    try:
        yield from batch.run(iter(items))
    except KeyboardInterrupt:
        hold.received()
        yield from batch.broken_off()
        raise
    finally:
        cluster.close()


class _Batch:
    """What is out, what has to go out again, and what waits for its turn to be told."""

    def __init__(
        self,
        cluster: Cluster,
        stop: Callable[[], bool],
        rest: Callable[[], None],
        *,
        ordered: bool,
        tells_all: bool,
    ) -> None:
        self._cluster, self._asked, self._rest = cluster, stop, rest
        self._ordered, self._tells_all = ordered, tells_all
        self._out: dict[int, ClusterJob] = {}
        self._again: deque[ClusterJob] = deque()
        self._suspects: deque[ClusterJob] = deque()
        """Inputs over which several workers died, to be tried once more alone."""
        self._alone: ClusterJob | None = None
        """The one of them that is being tried."""
        self._came: queue.SimpleQueue[tuple[ClusterJob, Future[Any]]] = queue.SimpleQueue()
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

    def _next(self, items: Iterator[Any]) -> ClusterJob | None:
        if self._is_dry:
            return None
        try:
            job = ClusterJob(self._read, next(items))
        except StopIteration:
            self._is_dry = True
            return None
        self._read += 1
        self._is_dry = self._asked()
        return job

    def _take(self) -> None:
        """Take in what has come, or look after the cluster where nothing does for a while."""
        try:
            job, future = self._came.get(timeout=clusterclient.LOOK)
        except queue.Empty:
            self._rest()
            self._cluster.look()
            self._cluster.look_for(list(self._out.values()))
            return
        self._cluster.came()
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

    def _answered(self, job: ClusterJob, future: Future[Any]) -> None:
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

    def _try_again(self, job: ClusterJob, waiting: deque[ClusterJob], is_worth: bool, reason: str) -> None:  # noqa: FBT001
        if self._is_stopping:  # whoever had it is gone, and nobody else is to do it
            self._settle(job, BrokenOffError())
        elif is_worth:
            waiting.append(job)
        else:
            self._settle(job, CrashError(reason))

    def _settle(self, job: ClusterJob, answer: Any) -> None:
        self._out.pop(job.number, None)
        job.future = None
        if not self._ordered:
            self._ready.append((job.item, answer))
            return
        self._early[job.number] = job.item, answer
        while (found := self._early.pop(self._told + len(self._ready), None)) is not None:
            self._ready.append(found)


def _outcome(future: Future[Any] | None) -> Any:
    """What has come of an input that was broken off."""
    ended = future is not None and future.done() and not future.cancelled() and future.exception() is None
    return future.result() if future is not None and ended else BrokenOffError()
