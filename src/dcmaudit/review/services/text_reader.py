"""Text on the plane on screen, found in a thread of its own: what the key ``o`` does."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dcmaudit.detect.ocr import DEFAULT_ENGINE, Line, Mode, Picture, TextFinder, finder_for, forms, make_finder
from dcmaudit.detect.ocr.pictures import telling
from dcmaudit.detect.pii import DEFAULT, ChainPlan, chain_plan
from dcmaudit.dicom.header_view import header_view
from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import Box, Origin, Plane, Region, Size, Verdict
from dcmaudit.render import pictures_for_text
from dcmaudit.review.services.page_words import page_words
from dcmaudit.review.services.threads import Workers
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.settings import Settings

if TYPE_CHECKING:
    from dcmaudit.review.app import Desk
    from dcmaudit.review.state.session import Session

_WORDS = {
    Verdict.IDENTIFYING: "likely to identify someone",
    Verdict.UNKNOWN: "unknown, so treated as identifying",
    Verdict.HARMLESS: "harmless",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a look at one plane gave: text, and places that were looked at and not taken for text."""

    found: tuple[Region, ...] = ()
    rejected: tuple[Region, ...] = ()
    is_form: bool = False
    """Whether the plane is a page of text: the first region found is then all of it."""

    @property
    def heat(self) -> float:
        """How likely it is that the plane shows text, 0 to 1: as much as its likeliest place."""
        return 1.0 if self.found else max((region.confidence or 0.0 for region in self.rejected), default=0.0)


class TextReader:
    """One engine and one thread for all documents of a desk, made when somebody first asks."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self._desk, self._settings = desk, settings
        self._lock = threading.Lock()
        self._workers: Workers | None = None
        self._finder: TextFinder | None = None
        self._plan: ChainPlan | None = None

    def ask(self, session: Session, file: OpenFile, plane: Plane) -> None:
        """Begin to look for text on ``plane``; what is found becomes suggestions of the file.

        ReviewError where the plane cannot be shown.
        """
        if plane.size is None:
            raise ReviewError("what cannot be shown cannot be read", file=file.name)
        with self._lock:
            if self._workers is None:
                self._workers = Workers(1, "ocr")
        file.reading.add(plane.title)
        session.say(f"Looking for text on {plane.title}…")
        self._workers.submit(partial(self._work, session, file, plane))

    def stop(self) -> None:
        """End the thread."""
        if self._workers is not None:
            self._workers.stop()

    def _work(self, session: Session, file: OpenFile, plane: Plane) -> None:
        def left() -> bool:
            return self._desk.quitting or session.file is not file

        if left():
            file.reading.discard(plane.title)
            return
        try:
            reading = self._read(session, file, plane, left)
        except DcmauditError as error:
            text, kind = f"Text could not be looked for on {plane.title}: {page_words(error.message)}", "error"
        except Exception as error:  # its words may quote what was read; its kind does not
            text, kind = f"Text could not be looked for on {plane.title} ({type(error).__name__})", "error"
        else:
            if left():
                return
            self._desk.replace_read(file, plane.address, reading.found, reading.rejected)
            file.heat[plane.address.key] = reading.heat
            text, kind = _told(plane, reading), "info"
        finally:
            file.reading.discard(plane.title)
        with session.lock:
            if not left():
                session.say(text, kind)
        session.bump()

    def _read(self, session: Session, file: OpenFile, plane: Plane, left: Callable[[], bool]) -> Reading:
        if self._finder is None:
            self._plan = chain_plan(DEFAULT, smi_root=self._settings.smi_root)
            # One core stays free for whoever goes on reviewing.
            threads = max(1, (os.cpu_count() or 1) - 1)
            tessdata = self._settings.tessdata_prefix
            self._finder = make_finder(
                DEFAULT_ENGINE,
                finder_for(None, Mode.DEFAULT),
                Mode.DEFAULT,
                threads=threads,
                tessdata=str(tessdata) if tessdata else None,
            )
        with self._desk.pool.lease(file.file_id, session.worklist.referrer(file.place)) as instance:
            pictures = telling(pictures_for_text(instance.read(plane.address)))
            header = header_view(instance)
        if not pictures or self._plan is None:
            return Reading()
        seen = self._finder.look(pictures, stop=left)
        judgements = self._plan.chain(header).judge_all(
            [line.text for line in seen.lines],
            [line.box for line in seen.lines],
            [line.confidence for line in seen.lines],
        )
        found = tuple(
            Region(line.box, plane.address, Origin.OCR, said.reason, line.text or None, said.verdict, line.confidence)
            for line, said in zip(seen.lines, judgements, strict=True)
        )
        form = _form(plane, pictures[0], seen.lines) if forms.is_form(pictures[0], seen.lines) else ()
        return Reading((*form, *found), tuple(_rejected(plane, line) for line in seen.rejected), bool(form))


def _form(plane: Plane, picture: Picture, lines: Sequence[Line]) -> tuple[Region]:
    """One rectangle over the whole of a page of text: handwriting on it is read badly or not at all."""
    rows, columns = picture.shape[:2]
    box = Box.whole(Size(int(columns), int(rows)))
    verdict = Verdict.IDENTIFYING if forms.is_read(lines) else Verdict.UNKNOWN
    return (Region(box, plane.address, Origin.OCR, forms.reason(lines), None, verdict, None),)


def _rejected(plane: Plane, line: Line) -> Region:
    reason = f"looked at and not taken for text ({line.score:.0%} likely)"
    return Region(line.box, plane.address, Origin.OCR, reason, None, Verdict.UNKNOWN, round(line.score, 4))


def _told(plane: Plane, reading: Reading) -> str:
    count = len(reading.rejected)
    doubts = f" {count} more place{'s'[: count != 1]} looked a little like text." if count else ""
    if not reading.found:
        return f"No text was found on {plane.title}. That is no proof that there is none.{doubts}"
    lines = reading.found[reading.is_form :]
    counts = Counter(region.verdict for region in lines)
    parts = [f"{counts[verdict]} {words}" for verdict, words in _WORDS.items() if counts[verdict]]
    places = f"{len(lines)} place{'s'[: len(lines) != 1]}"
    page = ""
    if reading.is_form:
        is_read = reading.found[0].reason == forms.REASON
        what = "It is a page of text" if is_read else "It is full of what looks like writing, or is a test pattern"
        page = f" {what}: one rectangle over all of it is proposed."
    return f"{places} of text on {plane.title}: {', '.join(parts)}.{page}{doubts}"
