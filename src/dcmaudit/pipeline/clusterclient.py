"""A Dask cluster as its client sees it: whether anybody works there, for how long nobody has, and what it is given."""

from __future__ import annotations

import logging
import queue
import time
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from dcmaudit import __version__
from dcmaudit.errors import MissingExtraError, UsageError
from dcmaudit.model.agreed_files import named_files
from dcmaudit.model.counts import counted
from dcmaudit.pipeline.clusterhelp import Run, begin_no_more, with_help
from dcmaudit.pipeline.process import ClusterLostError

if TYPE_CHECKING:
    from distributed import Client

_SECONDS = 15
"""Seconds after which it is said that no scheduler answers; it has three times as long after that. A cluster of a busy
queue is slow, a wrong address is for ever."""

PATIENCE = 300.0
"""Seconds without any worker after which a cluster is given up; the setting ``dask_wait`` changes it."""

LOOK = 2.0
"""Seconds between two looks at whether anybody is working."""

_SAY = 30.0
"""Seconds between two lines that say what is waited for."""

_SAY_OUT = 120.0
"""Seconds without any answer after which that is said, and again each time that they have passed."""

log = logging.getLogger("dcmaudit")


@dataclass(slots=True, eq=False)
class ClusterJob:
    """One input: its place in the order, and what has become of it on the cluster so far."""

    number: int
    item: Any
    future: Future[Any] | None = None
    deaths: int = 0
    """How often several workers died over it."""
    losses: int = 0
    """How often the scheduler forgot it."""
    key: str = ""
    """What the scheduler calls it."""
    client: Client | None = None
    """Who gave it to the scheduler: what a client that was closed gave is lost."""


class Cluster:
    """A cluster as its client sees it: whether anybody works there, and for how long nobody has."""

    def __init__(self, address: str, patience: float, task: Callable[[Any], Any]) -> None:
        self._address, self._patience, self._run = address, patience, uuid.uuid4().hex
        self._work = partial(with_help, Run(self._run, __version__, named_files()), task)
        self._client = _connected(address)
        self._threads, self._asked_at = 0, float("-inf")
        self._none_since: float | None = None
        self._said = 0.0
        self._came_at, self._told_after, self._looked_at = time.monotonic(), _SAY_OUT, float("-inf")
        self._missed: set[str] = set()
        """Inputs of which the scheduler did not know at the last look, or with which it was done."""
        self.is_gone = False
        """Whether it was given up."""

    def threads(self) -> int:
        """How many inputs can be worked on at once, as of a moment ago; 0 where there is no worker or no scheduler."""
        # After the scheduler died the client still has what it said last.
        if self._client.status != "running":
            self._asked_at = float("-inf")
            return 0
        # A question to the scheduler, which is not asked for every input.
        if time.monotonic() - self._asked_at >= LOOK or not self._threads:
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

    def submit(self, job: ClusterJob, came: queue.SimpleQueue[tuple[ClusterJob, Future[Any]]]) -> None:
        """Give it to the cluster; what comes of it goes to ``came``."""
        future: Future[Any] = Future()
        job.future, job.client, job.key = future, self._client, ""
        try:
            # Not pure: Dask would answer an equal call with what the first one gave.
            theirs: Any = self._client.submit(self._work, job.item, pure=False)
            job.key = str(theirs.key)
            # Dask's own executor forgets a future for ever where its answer cannot be fetched.
            loop: Any = self._client.loop
            loop.add_callback(_pass_on, theirs, future)
        except Exception:  # the client was closed just now, for it found no scheduler any more
            future.cancel()
        future.add_done_callback(lambda done: came.put((job, done)))

    def look_for(self, jobs: Collection[ClusterJob]) -> None:
        """Give up what nobody will ever answer, and say what is waited for where nothing has come for long.

        That is what a former client gave away, and what the scheduler has not heard of, or is done with, at two looks
        half a minute apart. What is given up is as if the scheduler had forgotten it.
        """
        now = time.monotonic()
        for job in jobs:
            if job.client is not self._client and job.future is not None:
                job.future.cancel()
        if now - self._came_at >= self._told_after:
            self._told_after += _SAY_OUT
            log.warning(
                "nothing has come from the Dask cluster at %s for %.0f seconds: waiting for %s that %s there",
                self._address, now - self._came_at, counted(len(jobs), "input"), "is" if len(jobs) == 1 else "are",
            )  # fmt: skip
        if now - self._came_at < _SAY or now - self._looked_at < _SAY or self._client.status != "running":
            return
        self._looked_at = now
        missed = self._unknown({job.key for job in jobs})
        for job in jobs:
            if job.key in missed & self._missed and job.future is not None:
                job.future.cancel()
        self._missed = missed

    def came(self) -> None:
        """Said whenever an answer has come."""
        self._came_at, self._told_after = time.monotonic(), _SAY_OUT
        self._missed = set()

    def _unknown(self, keys: set[str]) -> set[str]:
        """Which of these nobody works on, and nobody waits to work on; none where the scheduler does not say."""
        client: Any = self._client

        def nobody_at(keys: list[str], dask_scheduler: Any) -> list[str]:
            states = {"waiting", "queued", "no-worker", "processing"}
            found = dask_scheduler.tasks
            return [key for key in keys if key not in found or found[key].state not in states]

        try:
            question = client._run_on_scheduler  # noqa: SLF001 - only this one can be given up
            return set(client.sync(question, nobody_at, sorted(keys), callback_timeout=_SECONDS))
        except Exception:  # no scheduler any more, or one that may not be asked
            return set()

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


async def _pass_on(theirs: Any, mine: Future[Any]) -> None:
    """Have what comes of Dask's future come of ours, whatever that is: whoever waits for ours is always answered."""

    def dropped(ended: Future[Any]) -> None:
        # As long as ours lives the cluster keeps the answer. To cancel theirs would wait for the scheduler.
        if ended.cancelled():
            theirs.release()

    mine.add_done_callback(dropped)
    try:
        answer = await theirs.result()
    except BaseException as error:
        # Of Dask's own, as where all workers died; what the task raises comes as an answer. With any other status the
        # scheduler went, also while the answer was being fetched: then all is done anew.
        if theirs.status == "error":
            with suppress(InvalidStateError):
                mine.set_exception(error)
        else:
            mine.cancel()
    else:
        with suppress(InvalidStateError):  # it was given up meanwhile
            mine.set_result(answer)


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
