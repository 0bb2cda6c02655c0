"""Which inputs of ``redact --resume`` are done: those of which the same was asked when their output was proved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Reference

if TYPE_CHECKING:
    from dcmaudit.cli.redact_report import Report
    from dcmaudit.pipeline.asked import Stamp
    from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
    from dcmaudit.pipeline.output_notes import OutputNotes
    from dcmaudit.pipeline.remote import Target

_AT_ONCE, _REQUESTS = 64, 16
"""Inputs that are asked for their time of change together, and how many at a time: of buckets, that is waiting."""


@dataclass(frozen=True, slots=True)
class EarlierOutput:
    """An output that is there, and the stamps of it and of its input; of the latter None where it is yet to be asked.

    ``partly``: among the partly audited ones; None where only the output itself tells that.
    """

    target: Target | str
    stamp: Stamp
    input_: Stamp | None
    partly: bool | None


class Earlier:
    """Outputs that were there, between the moment in which they are met and that in which all is known that is asked.

    What was asked then is known by the notes of the runs before. An output of which nothing is noted, or with other
    words, goes to a worker, which proves it again.
    """

    def __init__(self, job: RedactionJob, notes: OutputNotes, report: Report) -> None:
        self._job, self._notes, self._report = job, notes, report
        self._met: dict[str, EarlierOutput] = {}

    def meet(self, reference: Reference, output: EarlierOutput) -> None:
        """An input whose output is there; its task is still to come."""
        self._met[reference.name] = output

    def left(self, tasks: Iterable[RedactionTask]) -> Iterator[RedactionTask]:
        """The tasks that are not done yet, those of inputs in buckets some at a time; what is done is told."""
        waiting: list[tuple[RedactionTask, EarlierOutput]] = []
        for task in tasks:
            output = self._met.pop(task.reference.name, None)
            if output is None:
                yield task
            elif output.input_ is not None:
                if not self._is_done(task, output, output.input_):
                    yield task
            else:
                waiting.append((task, output))
                if len(waiting) >= _AT_ONCE:
                    yield from self._asked(waiting)
                    waiting = []
        yield from self._asked(waiting)

    def _asked(self, waiting: list[tuple[RedactionTask, EarlierOutput]]) -> Iterator[RedactionTask]:
        from dcmaudit.pipeline.asked import input_stamp

        if not waiting:
            return
        with ThreadPoolExecutor(_REQUESTS) as pool:
            stamps = list(pool.map(input_stamp, [task.reference for task, _ in waiting]))
        for (task, output), stamp in zip(waiting, stamps, strict=True):
            if not self._is_done(task, output, stamp):
                yield task

    def _is_done(self, task: RedactionTask, output: EarlierOutput, input_: Stamp | None) -> bool:
        from dcmaudit.pipeline.asked import seal_of

        if input_ is None or seal_of(self._job.asked, task, input_, output.target, output.stamp) not in self._notes:
            return False
        partly = _is_partly(output.target) if output.partly is None else output.partly
        self._report.resume(task.reference.name, output.target, partly=partly)
        return True


def _is_partly(output: Target | str) -> bool:
    """Whether an output among the others holds parts that nobody could look at; unknown counts as yes."""
    from dcmaudit.dicom import open_instance
    from dcmaudit.model import PlaneKind
    from dcmaudit.sources import reference_to

    try:
        with open_instance(reference_to(str(output))) as instance:
            return any(group.kind is PlaneKind.UNSHOWN for group in instance.planes.groups)
    except DcmauditError:
        return True
