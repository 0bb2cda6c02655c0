"""Work on many inputs with all cores: in bounded memory, and with every input answered for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from dcmaudit.pipeline.hold import hold

if TYPE_CHECKING:
    from dcmaudit.pipeline.crew import Crew

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_stop: Any = None
"""Set once the work is to end, in a process that works for another one."""


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
    ordered: bool = True,
) -> Iterator[tuple[Item, Answer | Exception]]:
    """Every item with the answer of ``task``, or the exception it ended with.

    Answers come in the order of ``items``; with ``ordered`` False as they are there, so that one long file holds back
    nothing that is known of others.

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
    answers = (
        _one_by_one(task, every, stop)
        if jobs == 1 or len(first) < 2
        else _crew(task, jobs, stop, ordered=ordered).run(every)
    )
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


def serve(stop: Any) -> None:
    """Said by a process that works for another one: ``stop`` is what tells it to end."""
    global _stop  # noqa: PLW0603 - one worker, one flag
    _stop = stop


def _crew(task: Callable[[Any], Any], jobs: int, stop: Callable[[], bool], *, ordered: bool) -> Crew:
    from dcmaudit.pipeline.crew import Crew

    return Crew(task, jobs, stop, tells_all=stop is not _never, ordered=ordered)
