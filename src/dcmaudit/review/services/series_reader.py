"""Looks for text on every plane of a file or series, a plane at a time, while the reviewer goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import PlaneAddress, Verdict
from dcmaudit.review.services.protocols import End, Instances, Sessions
from dcmaudit.review.services.readings import Reading, Readings, Searched
from dcmaudit.review.services.text_reader import PlaneReader
from dcmaudit.review.state.open_file import is_shown
from dcmaudit.review.state.reading_run import ReadingRun
from dcmaudit.review.state.session import Session


@dataclass(eq=False)
class SeriesReader:
    """One run at a time. It shares the thread of the key ``o``, which comes in between two planes."""

    reader: PlaneReader
    readings: Readings
    instances: Instances
    sessions: Sessions
    end: End
    run: ReadingRun | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run is under way."""
        return self.run is not None and not self.run.is_over

    def begin(self, session: Session, places: Sequence[int], words: str = "") -> None:
        """Begin to read the files at these places of the session's list; ReviewError while another run is under way.

        ``words`` are those that say that it began; the result takes their place.
        """
        if self.is_running:
            raise ReviewError("text is being looked for already", hint="wait for that, or stop it")
        self.run = run = ReadingRun(session.id, session.worklist, tuple(places), begun=words)
        self.reader.submit(partial(self._go_on, session, run, self._steps(run)))

    def stop(self) -> None:
        """End the run after the look that is under way; what was found stays."""
        if self.run is not None:
            self.run.stopping.set()

    def _go_on(self, session: Session, run: ReadingRun, steps: Iterator[None]) -> None:
        """One step, and the next one behind whatever waits for the reader; the result after the last one."""
        failure = ""
        try:
            is_more = next(steps, self) is None
        except DcmauditError as error:
            is_more, failure = False, error.message
        except Exception as error:  # its words may quote what was read; its kind does not
            is_more, failure = False, type(error).__name__
        # One step each: the key for a single plane comes in between, and need not wait for a series.
        if is_more:
            session.bump()
            self.reader.submit(partial(self._go_on, session, run, steps))
            return
        run.is_over = True
        with session.lock:
            text = f"Reading text was broken off: {failure}. {run.result}" if failure else run.result
            # It takes the place of "stopping" and of "looking", and stands beside whatever else was said meanwhile.
            is_own = session.message is not None and session.message.text == run.begun
            tell = session.say if run.stopping.is_set() or is_own else session.say_too
            tell(text, "notice" if run.is_whole and not failure else "warning")
        self._tell()

    def _steps(self, run: ReadingRun) -> Iterator[None]:
        """Read plane after plane; pause after each."""
        for place in run.places:
            if self._is_left(run):
                return
            before = run.with_text
            try:
                yield from self._planes(run, place)
            except DcmauditError:
                run.closed += 1
            if self._is_left(run):
                return
            run.files += 1
            run.files_with_text += run.with_text > before

    def _planes(self, run: ReadingRun, place: int) -> Iterator[None]:
        """The planes of one file. DcmauditError where it cannot be opened."""
        worklist = run.worklist
        file_id, referrer = worklist.file_id(place), worklist.referrer(place)
        with self.instances.lease(file_id, referrer) as instance:
            planes = instance.scan_frames()
        file = Searched(file_id, worklist.name(place), referrer)
        known = self._known(file)
        for index in range(len(planes)):
            plane = planes[index]
            if not is_shown(plane):
                run.unshown += 1
                continue
            if self._is_left(run):
                return
            reading = known.get(plane.address)
            if reading is None:
                try:
                    reading = self.reader.read(file_id, referrer, plane, partial(self._is_left, run))
                except DcmauditError:
                    run.failed += 1
                    yield
                    continue
                if self._is_left(run):
                    return  # the look was not finished
                self._put(run, file, plane.address, reading)
            self._count(run, reading)
            yield

    def _known(self, file: Searched) -> Mapping[PlaneAddress, Reading]:
        """What was found in the file before; nothing where the database cannot say, for it can be read anew."""
        try:
            return self.readings.of(file)
        except DcmauditError:
            return {}

    def _put(self, run: ReadingRun, read: Searched, address: PlaneAddress, reading: Reading) -> None:
        run.unkept = self.readings.keep(read, address, reading) or run.unkept
        for session in self.sessions.all():
            file = session.file
            if file is not None and file.file_id == read.file_id and not file.opening:
                self.readings.put(file, address, reading)

    def _count(self, run: ReadingRun, reading: Reading) -> None:
        run.planes += 1
        run.former += reading.on is not None
        run.with_text += bool(reading.found)
        run.lines += len(reading.lines)
        run.identifying += sum(region.verdict is Verdict.IDENTIFYING for region in reading.lines)

    def _is_left(self, run: ReadingRun) -> bool:
        return run.stopping.is_set() or self.end.is_near

    def _tell(self) -> None:
        for session in self.sessions.all():
            session.bump()
