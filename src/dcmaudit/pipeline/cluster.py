"""The same work on a Dask cluster: its workers see the same files under the same names as this machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from dcmaudit.errors import MissingExtraError, UsageError
from dcmaudit.pipeline.holding import hold
from dcmaudit.pipeline.workers import BrokenOffError, CrashError, NotBegunError, answer_of

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_AHEAD = 4
_SECONDS = 15
"""How long a scheduler may take to answer: a cluster of a busy queue is slow, a wrong address is for ever."""


def each_on_cluster(
    task: Callable[[Item], Answer], items: Iterable[Item], address: str, stop: Callable[[], bool] = lambda: False
) -> Iterator[tuple[Item, Answer | Exception]]:
    """What ``workers.each`` does, on the cluster whose scheduler listens at ``address``.

    Answers come in the order of ``items``, which are read as they are needed. Where a worker dies, Dask gives its
    items to others; an item that took several workers with it ends as CrashError. MissingExtraError without the
    extra, UsageError where nothing answers at the address.
    """
    client = _connected(address)
    try:
        executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        waiting: deque[tuple[Item, Future[Any]]] = deque()
        for item in items:
            waiting.append((item, executor.submit(partial(answer_of, task), item)))
            if stop():
                break
            if len(waiting) >= _AHEAD * max(1, _threads(client)):
                yield _next(waiting, stop)
        while waiting:
            if stop():
                for _, future in waiting:
                    future.cancel()
            yield _next(waiting, stop)
    except KeyboardInterrupt:
        hold.received()
        for item, future in waiting:
            ended = future.done() and not future.cancelled() and future.exception() is None
            yield item, future.result() if ended else BrokenOffError()
        raise
    finally:
        # Closing drops what was not begun: nobody holds the results any more.
        client.close()  # type: ignore[no-untyped-call]


def _connected(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtraError(
            "work on a cluster needs Dask", hint="install the extra: pip install 'dcmaudit[dask]'"
        ) from None
    try:
        return Client(address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address}", hint="such an address looks like tcp://host:8786"
        ) from error


def _threads(client: Client) -> int:
    workers: dict[str, Any] = client.scheduler_info(n_workers=-1).get("workers", {})
    return sum(int(worker.get("nthreads", 1)) for worker in workers.values())


def _next(waiting: deque[tuple[Any, Future[Any]]], stop: Callable[[], bool]) -> tuple[Any, Any]:
    item, future = waiting[0]  # it stays there while it is waited for, to be told whatever happens meanwhile
    try:
        answer = future.result()
    except CancelledError:
        waiting.popleft()
        return item, NotBegunError() if stop() else CrashError("the cluster gave it up")
    except Exception as error:
        waiting.popleft()
        # One of Dask's own: what the task raises comes as an answer.
        if type(error).__name__ == "KilledWorker":
            return item, CrashError("each worker that worked on it died: a decoder crashed, or memory ran out")
        return item, CrashError(f"the cluster lost it ({type(error).__name__})")
    waiting.popleft()
    return item, answer
