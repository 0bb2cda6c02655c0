"""Text on the plane on screen, found in a thread of its own: what the key ``o`` does."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from dcmaudit.detect.ocr import DEFAULT_ENGINE, Mode, TextFinder, engine_kind
from dcmaudit.detect.pii import DEFAULT, ChainPlan, chain_plan
from dcmaudit.dicom.header_view import header_view
from dcmaudit.dicom.render import pictures_for_text
from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import Origin, Plane, Region, Verdict
from dcmaudit.review.openfile import OpenFile
from dcmaudit.review.workers import Workers
from dcmaudit.settings import Settings

if TYPE_CHECKING:
    from dcmaudit.review.desk import Desk
    from dcmaudit.review.session import Session

_WORDS = {
    Verdict.IDENTIFYING: "likely to identify someone",
    Verdict.UNKNOWN: "unknown, so treated as identifying",
    Verdict.HARMLESS: "harmless",
}


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
            regions = self._regions(session, file, plane, left)
        except DcmauditError as error:
            text, kind = f"Text could not be looked for on {plane.title}: {error.message}", "error"
        except Exception as error:  # its words may quote what was read; its kind does not
            text, kind = f"Text could not be looked for on {plane.title} ({type(error).__name__})", "error"
        else:
            if left():
                return
            self._desk.replace_read(file, plane.address, regions)
            text, kind = _told(plane, regions), "info"
        finally:
            file.reading.discard(plane.title)
        with session.lock:
            if not left():
                session.say(text, kind)
        session.bump()

    def _regions(self, session: Session, file: OpenFile, plane: Plane, left: Callable[[], bool]) -> list[Region]:
        if self._finder is None:
            self._plan = chain_plan(DEFAULT, smi_root=self._settings.smi_root)
            # One core stays free for whoever goes on reviewing.
            threads = max(1, (os.cpu_count() or 1) - 1)
            tessdata = self._settings.tessdata_prefix
            engine = engine_kind(DEFAULT_ENGINE).make(threads=threads, tessdata=str(tessdata) if tessdata else None)
            self._finder = TextFinder(engine, Mode.DEFAULT)
        with self._desk.pool.lease(file.file_id, session.worklist.referrer(file.place)) as instance:
            pictures = pictures_for_text(instance.read(plane.address))
            header = header_view(instance)
        if not pictures or self._plan is None:
            return []
        lines = self._finder.find(pictures, stop=left)
        judgements = self._plan.chain(header).judge_all(
            [line.text for line in lines], [line.box for line in lines], [line.confidence for line in lines]
        )
        return [
            Region(line.box, plane.address, Origin.OCR, said.reason, line.text or None, said.verdict, line.confidence)
            for line, said in zip(lines, judgements, strict=True)
        ]


def _told(plane: Plane, regions: list[Region]) -> str:
    if not regions:
        return f"No text was found on {plane.title}. That is no proof that there is none."
    counts = Counter(region.verdict for region in regions)
    parts = [f"{counts[verdict]} {words}" for verdict, words in _WORDS.items() if counts[verdict]]
    return f"{len(regions)} place{'s'[: len(regions) != 1]} of text on {plane.title}: {', '.join(parts)}."
