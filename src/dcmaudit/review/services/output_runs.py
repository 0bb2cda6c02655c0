"""Redacts files from the page: in a thread of its own, one run at a time, and shows what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from dcmaudit.codecs.samples import Array
from dcmaudit.dicom import Instance
from dcmaudit.errors import DcmauditError, DecodeError, ReviewError
from dcmaudit.model import Plane, PlaneAddress, PlaneList, Reference, View, parse_key
from dcmaudit.render import encode_png, render, render_pair
from dcmaudit.report.proof_words import words_of
from dcmaudit.report.redactions import Redacted
from dcmaudit.review.services.page_words import told
from dcmaudit.review.services.protocols import Database, Instances, Sessions
from dcmaudit.review.services.threads import Workers
from dcmaudit.review.state.outputs import Output, OutputRun, Outputs
from dcmaudit.review.state.session import Session
from dcmaudit.sources import reference_to
from dcmaudit.store import Store

MISSING = "The output does not have this plane."


class Redactor(Protocol):
    """Who redacts files by their marks, ``pipeline.MarkedFiles``."""

    def redact(
        self,
        store: Store,
        references: Iterable[Reference],
        folder: Path,
        *,
        check_text: bool,
        stop: Callable[[], bool],
    ) -> Iterator[tuple[Reference, Redacted]]: ...


class OutputRuns:
    """Begins and ends runs, and reads their outputs again. ``redactor`` None: nothing is redacted here."""

    def __init__(self, database: Database, instances: Instances, sessions: Sessions, redactor: Redactor | None) -> None:
        self.state = Outputs()
        self._database, self._instances, self._sessions, self._redactor = database, instances, sessions, redactor
        self._worker = Workers(1, "redaction")

    def require_free(self) -> None:
        """ReviewError where nothing can be redacted now."""
        if self._redactor is None:
            raise ReviewError("nothing can be redacted from this page", hint="dcmaudit redact --from-db does it")
        if self._database.viewer:
            raise ReviewError("the viewer writes nothing", hint="start the program without --viewer")
        if self.state.is_running:
            raise ReviewError("files are being redacted already", hint="wait for them, or stop them")

    def begin(
        self,
        session: Session,
        references: Iterable[Callable[[], Reference]],
        folder: Path,
        *,
        total: int,
        left_out: int = 0,
        check_text: bool = False,
    ) -> None:
        """Redact these files into ``folder``; returns at once. ReviewError where that cannot be begun now."""
        self.require_free()
        run = OutputRun(session.id, str(folder), total, left_out)
        # Another session may have begun a run since the question above.
        if not self.state.begin(run):
            raise ReviewError("files are being redacted already", hint="wait for them, or stop them")
        store = self._database.store
        self._worker.submit(partial(self._run, run, session, store, references, folder, check_text=check_text))

    def stop(self) -> None:
        """Have the present run end after the files that are in work; what is written by then stays."""
        if self.state.run is not None:
            self.state.run.stopping.set()

    def close(self) -> None:
        """End with the program: the file in work is given a moment; no output exists that was not proved."""
        self.stop()
        self._worker.stop()

    def _run(
        self,
        run: OutputRun,
        session: Session,
        store: Store,
        references: Iterable[Callable[[], Reference]],
        folder: Path,
        *,
        check_text: bool,
    ) -> None:
        failure: str | None = "internal error"
        redactor = self._redactor
        try:
            if redactor is None:
                raise ReviewError("nothing can be redacted from this page")
            # Made one by one: a list of a million references would be held for hours.
            named = (refer() for refer in references)
            for before, report in redactor.redact(
                store, named, folder, check_text=check_text, stop=run.stopping.is_set
            ):
                self.state.add(run, partial(_output, before, report))
                self._tell()
            failure = None
        except DcmauditError as error:
            failure = told(error)
        except OSError as error:
            failure = error.strerror or type(error).__name__
        finally:
            self.state.end(run, failure)
            with session.lock:
                session.say(f"{run.words}.", "info" if run.good == run.total and failure is None else "warning")
            self._tell()

    def _tell(self) -> None:
        for session in self._sessions.all():
            session.bump()

    # What became of them

    def output(self, number: int) -> Output:
        """The output with that number; ReviewError where there is none."""
        found = self.state.get(number)
        if found is None:
            raise ReviewError(
                "there is no such output", hint="the program was started again since; write the output again"
            )
        return found

    def planes(self, number: int) -> tuple[PlaneList, Output]:
        """The planes of the original. Errors as ``open_instance``."""
        output = self.output(number)
        with self._before(output) as instance:
            return instance.scan_frames(), output

    def pair(self, number: int, key: str, view: View) -> tuple[bytes, str]:
        """One plane before, and under it the same one after, as one PNG; and what is to be said where it has one half.

        Both on one scale of values. Errors as ``Instance.read``.
        """
        output, address = self.output(number), parse_key(key)
        with ExitStack() as stack:
            before = stack.enter_context(self._before(output))
            size = _plane(before.scan_frames(), address).size
            if size is None:
                raise DecodeError("this plane cannot be shown")
            samples = before.read(address)
            if output.after is None:
                return encode_png(render(samples, view)), "Nothing was written for this file."
            after = stack.enter_context(self._instances.lease(_ids(output)[1], lambda: _there(output)))
            # Overlays and thumbnails may have been taken out of the output.
            if after.scan_frames().find(address) is None:
                return encode_png(render(samples, view)), MISSING
            first, second = render_pair(samples, after.read(address), view)
            return encode_png(_stacked(first, second)), ""

    def _before(self, output: Output) -> AbstractContextManager[Instance]:
        return self._instances.lease(_ids(output)[0], lambda: output.before)


def _ids(output: Output) -> tuple[int, int]:
    # Original and output are two files to the cache, which knows numbers alone.
    return 2 * output.number, 2 * output.number + 1


def _there(output: Output) -> Reference:
    if output.after is None:
        raise ReviewError("nothing was written for this file")
    return output.after


def _output(before: Reference, report: Redacted, number: int) -> Output:
    written = report.output
    return Output(
        number,
        before,
        report.result.outcome,
        words_of(report),
        None if written is None else str(written),
        None if written is None else reference_to(str(written)),
        frozenset(parse_key(plane["plane"]) for plane in (report.proof or {}).get("planes", ())),
    )


def _plane(planes: PlaneList, address: PlaneAddress) -> Plane:
    index = planes.find(address)
    if index is None:
        raise ReviewError("the file has no such plane", hint="choose one from its list")
    return planes[index]


def _stacked(first: Array, second: Array) -> Array:
    """One above the other; grey beside colour becomes colour, a narrower one gets black at its right."""
    channels = max(first.ndim, second.ndim)
    width = max(first.shape[1], second.shape[1])
    halves: list[Array] = []
    for half in (first, second):
        whole = np.repeat(half[..., None], 3, axis=2) if half.ndim < channels else half
        halves.append(np.pad(whole, [(0, 0), (0, width - whole.shape[1])] + [(0, 0)] * (whole.ndim - 2)))
    return np.concatenate(halves)
