"""Sorts the files of a list into classes and looks at each of them, in a thread of its own while the reviewer goes on.

Memory is bounded: a few bytes a file, a few small pictures a class within ``_PICTURE_BYTES``, and one plane at a time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from dcmaudit.audit import TextSearch
from dcmaudit.detect.ocr import DEFAULT_ENGINE, Mode
from dcmaudit.detect.pii import DEFAULT, chain_plan
from dcmaudit.dicom.head import head_of
from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import Size
from dcmaudit.render import Spread, distances
from dcmaudit.review.services.class_looks import Detector, GivenUpError, keep_look, kept_look, look_into, noted_look
from dcmaudit.review.services.instance_cache import stamp_of
from dcmaudit.review.services.page_words import page_words
from dcmaudit.review.services.protocols import Database, End, Pictures, Sessions
from dcmaudit.review.services.survey import Survey
from dcmaudit.review.services.threads import Workers
from dcmaudit.review.state.classes import FEWEST, ClassKey, ClassTable, FileClass, Grouping
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.worklist import Worklist
from dcmaudit.settings import Settings

FIELDS = (
    "Modality", "ImageType", "Rows", "Columns", "Manufacturer", "ManufacturerModelName", "BurnedInAnnotation",
)  # fmt: skip

_PICTURE_BYTES = 96 * 2**20
_EDGES = (512, 384, 256, 128, 64)
"""Longer side of the pictures of a class in pixels: the largest with which all classes stay within the limit."""

_COMPARED = 100_000
"""Files whose signature of half a kilobyte is kept; the others are not compared, and stand apart."""

_TOLD = 0.5
_FIRST = 64
"""Files after which those of a class are compared, though not all of it was looked at; and once more after twice as
many, and so on."""

_LONGEST = 200
"""Characters of a header value that are kept."""


class ClassSurveys:
    """The surveys of the lists that are open: one thread, one survey at a time."""

    def __init__(
        self, settings: Settings, database: Database, sessions: Sessions, pictures: Pictures, end: End
    ) -> None:
        self._settings, self._database, self._sessions = settings, database, sessions
        self._pictures, self._end = pictures, end
        self._lock = threading.Lock()
        self._surveys: dict[int, Survey] = {}
        self._worker: Workers | None = None
        self._detector: Detector | None = None
        self._told = 0.0

    def of(self, worklist: Worklist) -> Survey | None:
        """The survey of a list; None where nobody asked for one."""
        return self._surveys.get(id(worklist))

    def begin(self, worklist: Worklist, grouping: Grouping | None = None) -> Survey:
        """Sort and look at the files of a list, or go on with it; another grouping sorts them anew."""
        with self._lock:
            self._drop_others(worklist)
            former = self._surveys.get(id(worklist))
            survey = former
            if former is None or (grouping is not None and former.table.grouping is not grouping):
                if former is not None:
                    former.stopping.set()
                survey = Survey(ClassTable(worklist, grouping or Grouping.KIND))
                survey.known = former.table if former is not None else None
                self._surveys[id(worklist)] = survey
            assert survey is not None  # noqa: S101 (set in either case)
            if not survey.is_running:
                survey.is_running = survey.is_waiting = True
                survey.stopping.clear()
                if self._worker is None:
                    self._worker = Workers(1, "classes")
                self._worker.submit(partial(self._run, survey))
        return survey

    def stop(self, worklist: Worklist) -> None:
        """Stop looking; what was found stays."""
        survey = self.of(worklist)
        if survey is not None:
            survey.stopping.set()

    def close(self) -> None:
        """End the thread."""
        for survey in list(self._surveys.values()):
            survey.stopping.set()
        if self._worker is not None:
            self._worker.stop()

    def _drop_others(self, worklist: Worklist) -> None:
        shown = {id(session.worklist) for session in self._sessions.all()} | {id(worklist)}
        for key in [key for key in self._surveys if key not in shown]:
            self._surveys.pop(key).stopping.set()

    # The thread

    def _run(self, survey: Survey) -> None:
        try:
            survey.is_waiting = False
            while self._goes_on(survey):
                self._sort(survey)
                found, changed = _next(survey), survey.table.forgotten()
                if changed is not None:
                    survey.looking_again = True
                    self._look_again(survey, changed)
                    survey.looking_again = False
                elif found is not None:
                    self._look_through(survey, found)
                elif survey.table.worklist.growing:
                    self._tell()
                    survey.stopping.wait(0.2)
                elif survey.table.sorted >= len(survey.table.worklist):
                    break
        except DcmauditError as error:
            survey.failure = page_words(error.message)
        except Exception as error:  # its words may quote a value; that it ended early must be seen
            survey.failure = type(error).__name__
        finally:
            survey.is_running = survey.is_waiting = survey.looking_again = False
            self._tell(at_once=True)

    def _goes_on(self, survey: Survey) -> bool:
        return not (survey.stopping.is_set() or self._end.is_near)

    def _sort(self, survey: Survey) -> None:
        table = survey.table
        while table.sorted < len(table.worklist) and self._goes_on(survey):
            if table.sorted % 20 == 0:
                self._pictures.let_through()
                self._tell()
            key, declared = _key(table.worklist, table.sorted, table.grouping)
            table.sort(key, declared=declared)

    def _look_through(self, survey: Survey, group: FileClass) -> None:
        """Look at what is left of one class, until somebody wants another one."""
        table, wanted = survey.table, survey.wanted
        detector = self._made(survey)
        self._give_room(survey, group)
        while group.through < len(group.places) and self._goes_on(survey):
            place = group.places[group.through]
            self._look(survey, group, place, detector)
            # At 64 and each power of two behind it: comparing all with all costs more with every file.
            if group.through >= _FIRST and group.through & (group.through - 1) == 0:
                _compare(survey, group)
            self._tell()
            # Somebody has opened another class, or new files came that have to be sorted first.
            if survey.wanted != wanted or len(table.worklist) > table.sorted:
                break
        _compare(survey, group)

    def _look_again(self, survey: Survey, place: int) -> None:
        """Look at a file that was changed since; of what it was before the pictures of the class still tell."""
        number = survey.table.number_of(place)
        group = survey.table.get(number) if number is not None else None
        if group is None:
            return
        if self._look(survey, group, place, self._made(survey)):
            _compare(survey, group)
        else:
            survey.table.forget(place)

    def _look(self, survey: Survey, group: FileClass, place: int, detector: Detector | None) -> bool:
        """Whether the look came to its end."""
        table = survey.table

        def go_on() -> bool:
            self._pictures.let_through()
            return self._goes_on(survey)

        def step() -> None:
            survey.planes_begun += 1
            self._tell()

        reference = table.worklist.reference(place)
        kept = kept_look(self._database, reference, detector.method) if detector is not None else None
        # That the detector found nothing says nothing against what an engine has found since.
        known = kept if kept is not None and kept.found else noted_look(self._database, reference) or kept
        if survey.known is not None and survey.known.is_of(place, stamp_of(reference)):
            known = survey.known.look(place) or known
        try:
            look, signature = look_into(reference, detector, known, survey.spreads.get(group.number), go_on, step)
        except GivenUpError:
            return False
        if detector is not None and look.is_new:
            survey.unkept += not keep_look(self._database, reference, detector.method, look)
        survey.former += known is not None and known is kept and not look.is_new
        table.take(place, look)
        signatures = survey.signatures.setdefault(group.number, {})
        if signature is not None and (place in signatures or survey.signed < _COMPARED):
            survey.signed += place not in signatures
            signatures[place] = signature
        return True

    def _give_room(self, survey: Survey, group: FileClass) -> None:
        """Make the pictures of a class, as large as there is room for."""
        size = group.key.size if group.key is not None else None
        if size is None or group.number in survey.spreads or group.number in survey.without:
            return
        edge = next((edge for edge in _EDGES if 7 * edge * edge * len(survey.table.classes) <= _PICTURE_BYTES), None)
        if edge is None or sum(made.nbytes for made in survey.spreads.values()) >= _PICTURE_BYTES:
            survey.without.add(group.number)
        else:
            survey.spreads[group.number] = Spread(size, edge)

    def _made(self, survey: Survey) -> Detector | None:
        """The detector of this thread; None, with the reason noted, where there is none."""
        if self._detector is None:
            try:
                tessdata = self._settings.tessdata_prefix
                search = TextSearch(
                    DEFAULT_ENGINE,
                    Mode.DEFAULT,
                    chain_plan(DEFAULT, smi_root=self._settings.smi_root),
                    # One core stays free for whoever goes on reviewing.
                    threads=max(1, (os.cpu_count() or 1) - 1),
                    tessdata=None if tessdata is None else str(tessdata),
                    read=False,
                )
                self._detector = Detector(search, search.own_finder(), search.method)
            except DcmauditError as error:
                survey.problem = page_words(error.message)
        return self._detector

    def _tell(self, *, at_once: bool = False) -> None:
        if at_once or time.monotonic() - self._told > _TOLD:
            self._told = time.monotonic()
            for session in self._sessions.all():
                session.bump()


def shown_survey(surveys: ClassSurveys, session: Session) -> Survey:
    """The survey of the session's list; ReviewError where there is none."""
    survey = surveys.of(session.worklist)
    if survey is None:
        raise ReviewError("the files of this list are not grouped yet", hint="open the classes in the View menu")
    return survey


def _next(survey: Survey) -> FileClass | None:
    """The class to look at next: the one that somebody looks at, else the first that is not through."""
    table = survey.table
    wanted = table.get(survey.wanted) if survey.wanted is not None else None
    if wanted is not None and wanted.through < len(wanted.places):
        return wanted
    return next((group for group in table.classes if group.through < len(group.places)), None)


def _compare(survey: Survey, group: FileClass) -> None:
    kept = survey.signatures.get(group.number, {})
    if len(kept) < FEWEST:
        return
    places: Sequence[int] = list(kept)
    survey.table.compare(group.number, places, distances(np.stack(list(kept.values()))).tolist())


def _key(worklist: Worklist, place: int, grouping: Grouping) -> tuple[ClassKey | None, bool]:
    """The class of a file by its header, None where that cannot be read; and whether it says that text is burned in."""
    try:
        view, series = head_of(worklist.reference(place), FIELDS)
        rows, columns = view.integer("Rows"), view.integer("Columns")
        texts = {name: view.get(name) for name in FIELDS}
    except (DcmauditError, OSError, MemoryError):
        return None, False

    def first(name: str) -> str | None:
        values = texts[name]
        return values[0].strip()[:_LONGEST] or None if values else None

    kind = texts["ImageType"]
    key = ClassKey(
        first("Modality"),
        tuple(each.strip()[:_LONGEST] for each in kind[:8]) if kind else None,
        Size(columns, rows) if rows and columns and rows > 0 and columns > 0 else None,
        first("Manufacturer"),
        first("ManufacturerModelName"),
        (series or "")[:_LONGEST] if grouping is Grouping.SERIES else None,
    )
    return key, (first("BurnedInAnnotation") or "").upper() == "YES"
