"""Work on many inputs with all cores: in order, in bounded memory, and with every input answered for.

A decoder that crashes takes its process with it, and with that process the work of others. Those are done again,
one by one, so that only the input that crashes is given up.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

from dcmaudit.pipeline.hold import hold

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_AHEAD = 4
"""Inputs a process that may wait for it or for their turn to be reported: what bounds the memory."""

_GRACE = 10.0
"""Seconds in which what a process that was killed had to say is known."""

_stop: Any = None


class CrashError(Exception):
    """The process that worked on one input died: a decoder crashed, or memory ran out."""


class NotBegunError(Exception):
    """The work was to end before this input's turn came: nothing was done with it."""


class BrokenOffError(Exception):
    """The work was ended at once while this input was being worked on."""


def _never() -> bool:
    return False


def cores() -> int:
    """The cores that this process may use, which can be fewer than the machine has (Slurm, containers)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def stopping() -> bool:
    """Asked inside a worker: whether the work is to end soon."""
    return _stop is not None and _stop.is_set()


def is_one_of_many() -> bool:
    """Whether this process is one of those that work side by side, so that the other cores are not its own."""
    return _stop is not None


def each(
    task: Callable[[Item], Answer],
    items: Iterable[Item],
    *,
    jobs: int | None = None,
    dask: str | None = None,
    dask_wait: float | None = None,
    stop: Callable[[], bool] = _never,
) -> Iterator[tuple[Item, Answer | Exception]]:
    """Every item with the answer of ``task``, or the exception it ended with, in the order of ``items``.

    ``task`` and ``items`` must be picklable. ``items`` is read as it is needed. ``jobs`` None: all cores. One job,
    or one item, is done in this process. Closing the iterator, which an exception such as KeyboardInterrupt does,
    tells the workers to stop (see ``stopping``), waits for them and drops what was not begun.

    ``stop`` is asked now and then. When it says True no more items are read, those that are being worked on are
    finished, and every item that was read is told still: those that nobody began end as NotBegunError. With ``stop``
    a KeyboardInterrupt ends everything at once, and what is finished is told even then: what was being worked on ends
    as BrokenOffError, and only then the KeyboardInterrupt goes on. It waits while an answer is told, see ``Hold``.

    ``dask`` is the address of a Dask scheduler, whose workers then do the work, see ``cluster.each_on_cluster``;
    ``dask_wait`` is how many seconds it may be without any of them.
    """
    if dask is not None:
        from dcmaudit.pipeline.cluster import PATIENCE, each_on_cluster

        patience = PATIENCE if dask_wait is None else dask_wait
        yield from each_on_cluster(task, items, dask, stop, patience=patience)
        return
    jobs = jobs or cores()
    todo = iter(items)
    first = list(islice(todo, 2))
    every = chain(first, todo)
    answers = _one_by_one(task, every, stop) if jobs == 1 or len(first) < 2 else _Pool(task, jobs, stop).run(every)
    try:
        yield from answers
    finally:
        hold.received()


def _one_by_one(
    task: Callable[[Item], Answer], items: Iterator[Item], stop: Callable[[], bool]
) -> Iterator[tuple[Item, Answer | Exception]]:
    for item in items:
        if stop():
            yield item, NotBegunError()
            return
        try:
            answer = answer_of(task, item)
            if stop is not _never:
                hold.begin()
        except KeyboardInterrupt:
            hold.received()
            if stop is not _never:
                yield item, BrokenOffError()
            raise
        yield item, answer
        hold.end()


def answer_of(task: Callable[[Item], Answer], item: Item) -> Answer | Exception:
    """The answer, or the exception that the task ended with."""
    try:
        return task(item)
    except Exception as error:
        return error


def _unless_stopping(task: Callable[[Item], Answer], item: Item) -> Answer | Exception:
    """What a worker does with an item that was handed to it: it may have waited there until the end was asked for."""
    return NotBegunError() if stopping() else answer_of(task, item)


class _Pool:
    def __init__(self, task: Callable[[Any], Any], jobs: int, stop: Callable[[], bool]) -> None:
        # Not forked: a copy of a process with threads may hang.
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._call = partial(_unless_stopping, task)
        self._jobs = jobs
        self._asked = stop
        self._tells_all = stop is not _never
        self._pool = self._new(jobs)

    def run(self, items: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        waiting: deque[tuple[Any, Future[Any]]] = deque()
        try:
            for item in items:
                waiting.append((item, self._submit(item)))
                if self._asked():
                    break
                if len(waiting) >= self._jobs * _AHEAD:
                    yield self._next(waiting)
                    hold.end()
            while waiting:
                if self._asked():
                    # The workers answer at once for what they have not begun. Nothing is cancelled: the pool stumbles
                    # over that when its processes are ended afterwards.
                    self._stop.set()
                yield self._next(waiting)
                hold.end()
        except KeyboardInterrupt:
            hold.received()
            if self._tells_all:
                yield from self._broken_off(waiting)
            raise
        finally:
            self._stop.set()
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _broken_off(self, waiting: deque[tuple[Any, Future[Any]]]) -> Iterator[tuple[Any, Any]]:
        """End the processes at once; every item that was read, with its answer where it has one."""
        self._stop.set()
        begun = {future for _, future in waiting if future.running() or future.done()}
        processes = list((getattr(self._pool, "_processes", None) or {}).values())
        for process in processes:
            process.kill()  # an output has no name before it is proved, so that nothing has to be cleared up
        for item, future in waiting:
            try:
                answer = future.result(timeout=_GRACE)
            except (BrokenProcessPool, TimeoutError):
                answer = BrokenOffError() if future in begun else NotBegunError()
            yield item, answer

    def _next(self, waiting: deque[tuple[Any, Future[Any]]]) -> tuple[Any, Any]:
        item, future = waiting[0]  # it stays there while it is waited for, to be told whatever happens meanwhile
        try:
            answer = future.result()
        except BrokenProcessPool:
            waiting.popleft()
            self._pool.shutdown(wait=True)
            answer = self._alone(item)
            self._pool = self._new(self._jobs)
            again = [(other, self._again(other, done)) for other, done in waiting]
            waiting.clear()
            waiting.extend(again)
            return item, answer
        if self._tells_all:
            hold.begin()  # from here on it is nowhere but with the one who tells it
        waiting.popleft()
        return item, answer

    def _again(self, item: Any, done: Future[Any]) -> Future[Any]:
        finished = done.done() and done.exception() is None
        return done if finished else self._submit(item)

    def _submit(self, item: Any) -> Future[Any]:
        try:
            return self._pool.submit(self._call, item)
        except BrokenProcessPool as error:
            # Told when its turn comes, like the others whose process is gone.
            lost: Future[Any] = Future()
            lost.set_exception(error)
            return lost

    def _alone(self, item: Any) -> Any:
        with self._new(1) as pool:
            try:
                return pool.submit(self._call, item).result()
            except BrokenProcessPool:
                return CrashError("the process that worked on it died: a decoder crashed, or memory ran out")

    def _new(self, jobs: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(jobs, mp_context=self._context, initializer=_begin, initargs=(self._stop,))


def _begin(stop: Any) -> None:
    """Ctrl+C reaches every process of the terminal; the first one tells the others."""
    global _stop  # noqa: PLW0603 - one worker, one flag
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever, with all of its models in memory."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
