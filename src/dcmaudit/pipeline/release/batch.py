"""A release from its first input to its report: what the command and the public face both do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dcmaudit.errors import ClusterError, UsageError
from dcmaudit.model import Reference, ReviewState
from dcmaudit.model.counts import counted
from dcmaudit.pipeline import workers
from dcmaudit.pipeline.asked import input_stamp, task_digest
from dcmaudit.pipeline.clearance import ledger_of
from dcmaudit.pipeline.jobs import RedactionTask
from dcmaudit.pipeline.process import BrokenOffError, ClusterLostError, NotBegunError
from dcmaudit.pipeline.release.candidate import release_file
from dcmaudit.pipeline.release.conclusion import Concluded, conclude
from dcmaudit.pipeline.release.ending import Ending, Release, Unfound, Why
from dcmaudit.pipeline.release.house import Noted
from dcmaudit.pipeline.release.order import Checked
from dcmaudit.pipeline.release.parts import note_part
from dcmaudit.pipeline.release.stored import KeptReadings
from dcmaudit.pipeline.release.task import ReleaseTask
from dcmaudit.pipeline.request_sources import RequestSources
from dcmaudit.sources import Passed, Problem, Tally

if TYPE_CHECKING:
    from dcmaudit.sources import Found


@dataclass(frozen=True, slots=True)
class Ended:
    """One input that ended: how, and its record."""

    release: Release
    record: Mapping[str, Any]


class ReleaseBatch:
    """The folders of a release while it is made. ``inputs`` are found as they are needed, those of all parts.

    Use it in a ``with`` block. UsageError where the folders cannot be written to.
    """

    def __init__(self, order: Checked, inputs: Iterable[Found]) -> None:
        self._order, self._inputs, self.tally = order, inputs, Tally()
        self.before = 0
        """Inputs that the run before had done."""
        self.is_through = False
        """Whether every input has ended, so that there is something to conclude."""
        with ExitStack() as opened:
            self._store = opened.enter_context(order.store())
            self.folders = opened.enter_context(order.folders())
            self._job = order.job(self.folders.staging)
            # All were opened: from here on they are closed together, and before by the stack where one fails.
            self._close = opened.pop_all().close

    def run(self, stop: Callable[[], bool]) -> Iterator[Ended]:
        """Every input that the run before had not done, in order, recorded before it is told.

        ``stop`` is asked now and then; where it says True, nothing more is begun. ClusterError where the cluster has
        lost its workers for good: what was told is recorded, and a later run goes on.
        """
        asked = self._order.order
        answers = workers.each(
            partial(release_file, self._job), self._tasks(stop), jobs=asked.jobs, dask=asked.dask,
            dask_wait=self._order.settings.dask_wait, stop=stop,
        )  # fmt: skip
        for task, answer in answers:
            # Nothing is wrong with the input: recorded as failed, it would never be released.
            if isinstance(answer, ClusterLostError):
                raise ClusterError(
                    str(answer), hint="what is finished is recorded; the same command goes on with --resume"
                )
            release = answer if not isinstance(answer, Exception) else _broken(task, answer)
            if release is None:
                # What comes behind it may be finished, and is done again: the chain is in the inputs' order.
                return
            yield Ended(release, self.folders.take(release, task.position, getattr(task, "noted", None)))
        self.is_through = not stop()

    def conclude(self) -> Concluded:
        """The report and the lists of the house, once every input has ended."""
        asked, shard = self._order.order, self._order.order.shard
        if shard is not None:
            note_part(self.folders.held, shard.inputs, self._order.sample)
        is_mine = shard.holds if shard is not None else (lambda _name: True)
        return conclude(
            self.folders, self._order.about, self._order.sample, uid_map=asked.uid_map, is_mine=is_mine
        )  # fmt: skip

    def _tasks(self, stop: Callable[[], bool]) -> Iterator[ReleaseTask | Unfound]:
        """Every input in order, but for those that the run before has done."""
        shard, folders = self._order.order.shard, self.folders
        marks = RequestSources(store=self._store, unreviewed=True, keeps=KeptReadings(self._order.policy))
        number = position = 0
        for found in self._inputs:
            if stop():
                return
            # Passed over: no input, so it has no number and no record.
            if isinstance(found, Passed):
                self.tally.add(found)
                continue
            position += 1  # among the inputs of all parts, so that the parts can be put in order
            if shard is not None and not shard.meet(found.name):
                continue
            self.tally.add(found)
            known = cache(partial(self._known, found, marks))
            # Asked for every input of this part, in order: the notes of the run before are read along with them.
            done = folders.is_done(number, found.name, partial(_noted, known))
            number += 1
            self.before += done
            if not done:
                yield self._task(found, known(), position)
        # What is recorded is in OUT: left out of the inputs now, it would leave the house unasked.
        if number < folders.count:
            raise UsageError(
                f"the run before had done {counted(folders.count, 'input')}, and there are {number} now",
                file=str(folders.place), hint="name the same inputs in the same order, or a new folder",
            )  # fmt: skip

    def _known(self, found: Reference | Problem, marks: RequestSources) -> _Known | None:
        """What is asked of an input and what it is, as it is now; None where a name leads to none."""
        if isinstance(found, Problem):
            return None
        stamp, store = input_stamp(found), self._store
        if store is None:
            return _Known(RedactionTask(found), ReviewState.NOT_REVIEWED, Noted(stamp))
        state = store.states([found.name]).get(found.name, ReviewState.NOT_REVIEWED)
        (asked,) = marks.tasks([found])
        return _Known(asked, state, Noted(stamp, f"{state.value} {task_digest(asked)}"))

    def _task(self, found: Reference | Problem, known: _Known | None, position: int) -> ReleaseTask | Unfound:
        if isinstance(found, Problem) or known is None:
            return Unfound(found.name, str(found.error.message) if isinstance(found, Problem) else "", position)
        sample, store = self._order.sample, self._store
        in_sample = sample is not None and found.name in sample
        ledger = None if store is None else ledger_of(store, found.name)
        return ReleaseTask(found, known.asked, known.state, ledger, in_sample, position, known.noted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()


@dataclass(frozen=True, slots=True)
class _Known:
    asked: RedactionTask
    state: ReviewState
    noted: Noted


def _noted(known: Callable[[], _Known | None]) -> Noted:
    found = known()
    return Noted() if found is None else found.noted


def _broken(task: ReleaseTask | Unfound, error: Exception) -> Release | None:
    """A worker that died over it, or work that nobody began: the one is an outcome, the other is not."""
    if isinstance(error, (NotBegunError, BrokenOffError)):
        return None
    name = task.name if isinstance(task, Unfound) else task.reference.name
    return Release(name, Ending.FAILED, Why.FAULT, (f"the process that worked on it ended ({type(error).__name__})",))
