"""Work on many inputs with all cores: in bounded memory, and with every input answered for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import TypeVar

from dcmaudit.pipeline.division import have_helpers
from dcmaudit.pipeline.hold import hold
from dcmaudit.pipeline.process import BrokenOffError, NotBegunError, answer_of, cores

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def _never() -> bool:
    return False


def _nothing() -> None:
    """What there is to do now and then."""


def each(  # noqa: PLR0913 - where, in which order, until when: each has a default
    task: Callable[[Item], Answer],
    items: Iterable[Item],
    *,
    jobs: int | None = None,
    dask: str | None = None,
    dask_wait: float | None = None,
    stop: Callable[[], bool] = _never,
    ordered: bool = True,
    rest: Callable[[], None] = _nothing,
    warm: Callable[[], object] | None = None,
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

    ``rest`` is called now and then while nobody answers, for what the caller has put off.

    ``warm`` is called once in every process of this machine before its first input: models are loaded while the
    parent still looks for inputs. What it raises is not told, for the inputs will tell it. Picklable, as ``task`` is.

    ``dask`` is the address of a Dask scheduler, whose workers then do the work, see ``cluster.each_on_cluster``;
    ``dask_wait`` is how many seconds it may be without any of them.
    """
    if dask is not None:
        from dcmaudit.pipeline.cluster import each_on_cluster
        from dcmaudit.pipeline.clusterclient import PATIENCE

        patience = PATIENCE if dask_wait is None else dask_wait
        on_cluster = each_on_cluster(
            task, items, dask, stop, patience=patience, rest=rest, ordered=ordered, tells_all=stop is not _never
        )
        try:
            yield from on_cluster
        finally:
            hold.received()
        return
    jobs = jobs or cores()
    todo = iter(items)
    first = list(islice(todo, 2))
    every = chain(first, todo)
    if jobs == 1 or len(first) < 2:
        answers = _one_by_one(task, every, stop, rest, jobs - 1)
    else:
        from dcmaudit.pipeline.crew import Crew

        answers = Crew(task, jobs, stop, rest, tells_all=stop is not _never, ordered=ordered, warm=warm).run(every)
    try:
        yield from answers
    finally:
        hold.received()


def _one_by_one(
    task: Callable[[Item], Answer],
    items: Iterator[Item],
    stop: Callable[[], bool],
    rest: Callable[[], None],
    helpers: int,
) -> Iterator[tuple[Item, Answer | Exception]]:
    """In this process; ``helpers`` more of them may help with a long file."""
    for item in items:
        hold.begin()
        rest()
        hold.end()
        if stop():
            yield item, NotBegunError()
            return
        try:
            with _help_of(helpers):
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


@contextmanager
def _help_of(count: int) -> Iterator[None]:
    """Other processes may help this one with a long file; they are started where one is worth it."""
    if count < 1:
        yield
        return
    from dcmaudit.pipeline.crew.aides import Aides

    aides, is_done = Aides(count), False
    have_helpers(aides)
    try:
        yield
        is_done = True
    finally:
        have_helpers(None)
        aides.close(at_once=not is_done)
