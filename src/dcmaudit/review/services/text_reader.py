"""Text on the plane on screen, found in a thread of its own: what the key ``o`` does."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Protocol

from dcmaudit.audit import TextLook, TextSearch
from dcmaudit.detect.ocr import DEFAULT_ENGINE, Mode, TextFinder, forms
from dcmaudit.detect.pii import DEFAULT, chain_plan
from dcmaudit.dicom import Instance
from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import Doubt, Origin, Plane, PlaneAddress, PlaneReading, Reference, Region, Verdict
from dcmaudit.model.counts import counted
from dcmaudit.review.services.page_words import page_words
from dcmaudit.review.services.protocols import End, Instances
from dcmaudit.review.services.readings import Reading, Readings, Searched
from dcmaudit.review.services.threads import Workers
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session
from dcmaudit.settings import Settings

_WORDS = {
    Verdict.IDENTIFYING: "likely to identify someone",
    Verdict.UNKNOWN: "unknown, so treated as identifying",
    Verdict.HARMLESS: "harmless",
}


class PlaneReader(Protocol):
    """Reads planes in a thread of its own."""

    def submit(self, job: Callable[[], None]) -> None: ...
    def read(
        self, file_id: int, referrer: Callable[[], Reference], plane: Plane, stop: Callable[[], bool]
    ) -> Reading: ...


class TextReader:
    """One engine and one thread for all sessions, made when somebody first asks."""

    def __init__(self, settings: Settings, instances: Instances, readings: Readings, end: End) -> None:
        self._settings, self._instances = settings, instances
        self._readings, self._end = readings, end
        self._lock = threading.Lock()
        self._workers: Workers | None = None
        self._finder: TextFinder | None = None
        self._search: TextSearch | None = None
        self._last: tuple[Instance, TextLook] | None = None

    def ask(self, session: Session, file: OpenFile, plane: Plane) -> None:
        """Begin to look for text on ``plane``; what is found becomes suggestions of the file.

        ReviewError where the plane cannot be shown.
        """
        if plane.size is None:
            raise ReviewError("what cannot be shown cannot be read", file=file.name)
        _note_reading(file, plane, begun=True)
        session.say(f"Looking for text on {plane.title}…")
        self.submit(partial(self._work, session, file, plane))

    def submit(self, job: Callable[[], None]) -> None:
        """Have something done in the thread, after what waits for it already."""
        with self._lock:
            if self._workers is None:
                self._workers = Workers(1, "ocr")
        self._workers.submit(job)

    def stop(self) -> None:
        """End the thread."""
        if self._workers is not None:
            self._workers.stop()

    def _work(self, session: Session, file: OpenFile, plane: Plane) -> None:
        def left() -> bool:
            return self._end.is_near or session.file is not file

        text, kind = "", "info"
        try:
            if not left():
                text = self._look(file, plane, left)
        except DcmauditError as error:
            text, kind = f"Text could not be looked for on {plane.title}: {page_words(error.message)}", "error"
        except Exception as error:  # its words may quote what was read; its kind does not
            text, kind = f"Text could not be looked for on {plane.title} ({type(error).__name__})", "error"
        _note_reading(file, plane, begun=False)
        with session.lock:
            if text and not left():
                session.say(text, kind)
        # Whatever became of it: the page must not go on saying that text is being looked for.
        session.bump()

    def _look(self, file: OpenFile, plane: Plane, left: Callable[[], bool]) -> str:
        """Look for text, suggest what is found, and say so in words; empty where the file was left meanwhile."""
        reading = self.read(file.file_id, file.referrer, plane, left)
        if left():
            return ""
        lost = self._readings.keep(Searched(file.file_id, file.name, file.referrer), plane.address, reading)
        self._readings.put(file, plane.address, reading)
        return f"{_told(plane, reading)} {lost}".rstrip()

    def read(self, file_id: int, referrer: Callable[[], Reference], plane: Plane, stop: Callable[[], bool]) -> Reading:
        """Look for text on a plane, in the thread; not to the end where ``stop`` says so. Errors as ``look_at``."""
        if self._finder is None or self._search is None:
            self._search = reading_search(self._settings)
            self._finder = self._search.own_finder()
        with self._instances.lease(file_id, referrer) as instance:
            if self._last is None or self._last[0] is not instance:
                self._last = instance, TextLook(self._search, self._finder, instance)
            return _reading(self._last[1].look_at(plane, stop=stop))


def reading_search(settings: Settings) -> TextSearch:
    """The search of ``dcmaudit ocr`` without options, so that both find the same."""
    tessdata = settings.tessdata_prefix
    return TextSearch(
        DEFAULT_ENGINE,
        Mode.DEFAULT,
        chain_plan(DEFAULT, smi_root=settings.smi_root),
        # One core stays free for whoever goes on reviewing.
        threads=max(1, (os.cpu_count() or 1) - 1),
        tessdata=None if tessdata is None else str(tessdata),
    )


def _reading(seen: PlaneReading) -> Reading:
    found = tuple(
        Region(
            one.box, seen.address, Origin.OCR, one.judgement.reason, one.text or None, one.judgement.verdict,
            one.confidence,
        )
        for one in seen.findings
    )  # fmt: skip
    return Reading(found, tuple(_rejected(seen.address, doubt) for doubt in seen.doubts), seen.is_form)


def _note_reading(file: OpenFile, plane: Plane, *, begun: bool) -> None:
    with file.lock:
        file.change(reading=file.reading | {plane.title} if begun else file.reading - {plane.title})


def _rejected(address: PlaneAddress, doubt: Doubt) -> Region:
    reason = f"looked at and not taken for text ({doubt.score:.0%} likely)"
    return Region(doubt.box, address, Origin.OCR, reason, None, Verdict.UNKNOWN, round(doubt.score, 4))


def _told(plane: Plane, reading: Reading) -> str:
    count = len(reading.rejected)
    doubts = f" {counted(count, 'more place')} looked a little like text." if count else ""
    if not reading.found:
        return f"No text was found on {plane.title}. That is no proof that there is none.{doubts}"
    lines = reading.lines
    counts = Counter(region.verdict for region in lines)
    parts = [f"{counts[verdict]} {words}" for verdict, words in _WORDS.items() if counts[verdict]]
    places = counted(len(lines), "place")
    page = ""
    if reading.is_form:
        is_read = reading.found[0].reason == forms.REASON
        what = "It is a page of text" if is_read else "It is full of what looks like writing, or is a test pattern"
        page = f" {what}: one rectangle over all of it is proposed."
    return f"{places} of text on {plane.title}: {', '.join(parts)}.{page}{doubts}"
