"""Which inputs of ``dcmaudit ocr`` an earlier run has done: this very file, and with no less than is asked now."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from dcmaudit.model import Reference
from dcmaudit.model.effort import Effort

if TYPE_CHECKING:
    from dcmaudit.cli.ocr_report import Report, Sink
    from dcmaudit.pipeline.ocr import OcrJob
    from dcmaudit.store import Store
    from dcmaudit.store.looks import Noted

_FEWEST, _MOST = 8, 500
"""Inputs that the database is asked about at once: at first, so that work begins before all names are known."""


class Earlier:
    """What the database and the list of a run know of former looks; ``effort`` is what this run asks of each."""

    def __init__(self, effort: Effort, job: OcrJob, store: Store | None, sink: Sink | None, report: Report) -> None:
        from dcmaudit.detect.ocr import engine_kind

        self._effort, self._reads, self._store, self._sink, self._report = effort, job.read, store, sink, report
        # Whoever only asks where text is can use what was read, but not the other way round.
        self._engines = {job.reader, engine_kind(job.engine).kind}

    def fresh(self, references: Iterator[Reference], *, is_asked: bool) -> Iterator[Reference]:
        """The files that are not done yet; those that are, and those that were looked at in another way, are told.

        Not ``is_asked``: all of them are looked at again.
        """
        from dcmaudit.pipeline.content import stamps_of

        listed = self._sink.done if self._sink is not None and is_asked else frozenset()
        size = _FEWEST
        while block := list(islice(references, size)):
            size = min(2 * size, _MOST)
            asked = [one.name for one in block] if self._store is not None and is_asked else []
            known = self._store.looked_at(asked, self._engines) if self._store is not None and asked else {}
            stamps = stamps_of([one for one in block if one.name in known or one.name in listed])
            for one in block:
                stamp = stamps.get(one.name)
                # Its lines say nothing of content, but when they were made.
                in_list = one.name in listed and not _is_newer(stamp, self._sink)
                if not self._is_done(one.name, known.get(one.name), stamp, in_list=in_list):
                    yield one

    def _is_done(
        self, name: str, noted: Collection[Noted] | None, stamp: tuple[int, int] | None, *, in_list: bool
    ) -> bool:
        """Whether nothing is left to do for an input, which is told then."""
        # With both, a file is done where both have it.
        if (self._sink is not None and not in_list) or (noted is None and self._store is not None):
            return False
        if noted is None:
            self._report.skip(name)
            return True
        # What was done, and is another file now, is done again.
        done, all_ = _of_this_file(noted, stamp, is_done=True), _of_this_file(noted, stamp, is_done=None)
        covering = [one for one in done if one.covers(self._effort)]
        if covering:
            changes = [one.changed(self._effort) for one in covering]
            self._report.skip(name, None if None in changes else changes[0])
            return True
        other = next((one for one in all_ if not self._is_more_than(one)), None)
        if other is None:
            return False
        self._report.other(name, other, is_done=other in done)
        return True

    def _is_more_than(self, former: Effort) -> bool:
        """Whether looking again loses nothing of a former look."""
        # Who does not read leaves what was read as it is.
        return self._effort.covers(former if self._reads else replace(former, judges=()))


def _of_this_file(noted: Collection[Noted], stamp: tuple[int, int] | None, *, is_done: bool | None) -> list[Effort]:
    """What the looks were asked that were at the file as it is now: those that are done, or all of them (None)."""
    from dcmaudit.pipeline.content import is_same_content

    if not noted:
        return [Effort.parse(None)]  # by a program that notes nothing
    return [
        Effort.parse(one.effort)
        for one in noted
        if (is_done is None or one.is_done is is_done) and is_same_content([one.stamp], stamp)
    ]


def _is_newer(stamp: tuple[int, int] | None, sink: Sink | None) -> bool:
    """Whether a file was changed after the run began that wrote the list last."""
    return sink is not None and sink.written_ns is not None and stamp is not None and stamp[1] > sink.written_ns
