"""Which inputs of ``dcmaudit ocr`` an earlier run has done: this very file, and with no less than is asked now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Reference
from dcmaudit.model.effort import Effort
from dcmaudit.model.engines import OcrEngine

if TYPE_CHECKING:
    from dcmaudit.cli.ocr_report import Report, Sink
    from dcmaudit.pipeline.list_looks import ListedLook
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
                if not self._is_done(one, known.get(one.name), stamp, in_list=in_list):
                    yield one

    def _is_done(
        self, reference: Reference, noted: Collection[Noted] | None, stamp: tuple[int, int] | None, *, in_list: bool
    ) -> bool:
        """Whether nothing is left to do for an input, which is told then."""
        # With both, a file is done where both have it.
        if (self._sink is not None and not in_list) or (noted is None and self._store is not None):
            return False
        means: list[str | _Other | None] = []
        if noted is not None:
            # What was done, and is another file now, is done again.
            efforts = [(Effort.parse(one.effort), one.is_done) for one in _at_this_file(reference, noted, stamp)]
            if not noted:
                efforts = [(Effort.parse(None), True)]  # by a program that notes nothing
            means.append(self._by_efforts([one for one, is_done in efforts if is_done], [one for one, _ in efforts]))
        if self._sink is not None:
            means.append(self._by_looks(self._sink.looks_of(reference, stamp)))
        for known in means:
            if isinstance(known, _Other):
                self._report.other(reference.name, known.words, is_done=known.is_done)
                return True
        if _AGAIN in means:
            return False
        self._report.skip(reference.name, next((known for known in means if isinstance(known, str)), None))
        return True

    def _by_efforts(self, done: Sequence[Effort], all_: Sequence[Effort]) -> str | _Other | None:
        """What the looks that the database has of a file mean for it: None where it is done, else what is another one
        now, ``_AGAIN``, or ``_Other``: what would be lost."""
        covering = [one for one in done if one.covers(self._effort)]
        if covering:
            return _changed(covering, self._effort)
        other = next((one for one in all_ if not self._is_more_than(one)), None)
        return _AGAIN if other is None else _Other(other.words(), is_done=other in done)

    def _by_looks(self, looks: Sequence[ListedLook] | None) -> str | _Other | None:
        """The same of the looks that made the lines of a list, which come in their place as a whole."""
        if looks is None:
            # As what is asked by default, as most were; it is said, for it is a guess.
            guess = [Effort.parse(None)]
            known = self._by_efforts(guess, guess)
            return known if isinstance(known, _Other) or known == _AGAIN else _UNKNOWN
        if not looks:
            return _AGAIN  # it is another file now, or another object under its key
        covering = [one for one in looks if one.engine in self._engines and one.effort.covers(self._effort)]
        if covering:
            return _changed([one.effort for one in covering], self._effort)
        other = next((one for one in looks if not self._replaces(one)), None)
        return _AGAIN if other is None else _Other(other.words(), is_done=True)

    def _replaces(self, former: ListedLook) -> bool:
        """Whether lines of this run say all that those of a former look can say."""
        is_engine = former.engine in self._engines or former.engine is OcrEngine.LINES
        return is_engine and self._effort.covers(former.effort)

    def _is_more_than(self, former: Effort) -> bool:
        """Whether looking again loses nothing of a former look."""
        # Who does not read leaves what was read as it is.
        return self._effort.covers(former if self._reads else replace(former, judges=()))


_AGAIN = "again"
_UNKNOWN = "options that nobody noted"


@dataclass(frozen=True, slots=True)
class _Other:
    """A former look that found what one of now might not find, in words; ``is_done``: it is one that is done."""

    words: str
    is_done: bool


def _changed(covering: Sequence[Effort], now: Effort) -> str | None:
    """What is another one now than in each of these looks; None where it is none in one of them."""
    changes = [one.changed(now) for one in covering]
    return None if None in changes else changes[0]


def _at_this_file(reference: Reference, noted: Collection[Noted], stamp: tuple[int, int] | None) -> list[Noted]:
    """The looks that were at the file as it is now.

    By size and time of change; where the file may be another one all the same, by the digest of the whole file, which
    costs a small part of a look.
    """
    from dcmaudit.pipeline.content import content_of, is_same_content, may_be_other

    found = [one for one in noted if is_same_content([one.stamp], stamp)]
    doubtful = [one for one in found if one.digest and one.at is not None and may_be_other(reference, one.at)]
    if not doubtful:
        return found
    try:
        digest = content_of(reference).digest
    except DcmauditError:
        digest = ""  # whoever looks at it tells why
    return [one for one in found if one not in doubtful or one.digest == digest]


def _is_newer(stamp: tuple[int, int] | None, sink: Sink | None) -> bool:
    """Whether a file was changed after the run began that wrote the list last."""
    return sink is not None and sink.written_ns is not None and stamp is not None and stamp[1] > sink.written_ns
