"""A look at every plane of one file: whether a detector finds text, and how it looks beside others of its class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dcmaudit.audit import TextLook, TextSearch
from dcmaudit.detect.ocr import TextFinder
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Outcome, Plane, PlaneKind, Reference
from dcmaudit.model.searches import FileSearch, SearchFor
from dcmaudit.render import Outline, Signature, Spread, render
from dcmaudit.review.services.instance_cache import stamp_of
from dcmaudit.review.services.page_words import page_words
from dcmaudit.review.services.protocols import Database
from dcmaudit.review.state.file_look import DOUBT, PLACES_KEPT, PLANES_KEPT, FileLook


@dataclass(frozen=True, slots=True)
class Detector:
    """Who looks for text. Not to be used from two threads at once."""

    search: TextSearch
    finder: TextFinder
    method: str
    """The word for how it looks, see ``TextSearch.method``."""


class GivenUpError(Exception):
    """Somebody stopped the look in the middle of a file: nothing is known of it."""


def look_into(
    reference: Reference,
    detector: Detector | None,
    known: FileLook | None,
    spread: Spread | None,
    go_on: Callable[[], bool],
    step: Callable[[], None] = lambda: None,
) -> tuple[FileLook, Signature | None]:
    """Look at every plane; what was ``known`` of the file before is not looked for again. ``spread`` gets its frames.

    Never an error for what a file holds: what could not be looked at is in the answer. GivenUpError once ``go_on``
    says no. ``step`` is called after each plane.
    """
    stamp = stamp_of(reference)
    notes = _Notes()
    outline = Outline()
    uid = None
    try:
        with open_instance(reference) as instance:
            uid = instance.sop_instance_uid or ""
            instance.scan_frames(stop=lambda: not go_on())
            # Hidden planes may not be known yet: half a look is none.
            if not instance.frames_scanned:
                raise GivenUpError
            look = None
            if detector is not None and known is None:
                look = TextLook(detector.search, detector.finder, instance, in_order=True)
            for plane in instance.planes:
                if not go_on():
                    raise GivenUpError
                _look_at(instance, plane, look, notes, spread, outline, go_on)
                step()
    except DcmauditError as error:
        notes.fail(page_words(error.message) or type(error).__name__)
    except (MemoryError, RecursionError, ValueError, OSError) as error:
        notes.fail(type(error).__name__)  # its words may quote a value
    others = known is not None and (known.planes not in (0, notes.planes) or known.instance not in (None, uid))
    if others and not notes.broken:
        # It shows other planes than when it was looked at, or is another instance of the same size and time: what was
        # found then is not all of it.
        return look_into(reference, detector, None, None, go_on, step)
    made = replace(notes.look(), undetected=look_is_missing(detector, known), stamp=stamp, instance=uid)
    if known is not None:
        made = replace(
            known,
            planes=made.planes,
            failed=made.failed,
            undetected=False,
            stamp=stamp,
            is_new=False,
        )
        if spread is not None:
            for box in known.places:
                spread.add_text(box, known.likelihood)
    return made, outline.signature()


def look_is_missing(detector: Detector | None, known: FileLook | None) -> bool:
    """Whether nobody has looked for text."""
    return detector is None and known is None


def noted_look(database: Database, reference: Reference) -> FileLook | None:
    """What ``dcmaudit ocr`` has found in the file as it is now, where it has looked at all of it; else None.

    That it found nothing counts for nothing here: it may have looked with another finder, or in a hurry. Errors of the
    database: None, the detector looks again.
    """
    stamp = stamp_of(reference)
    if stamp is None:
        return None
    try:
        looks = database.store.looks(reference.name)
    except DcmauditError:
        return None
    whole = [
        look
        for look in looks
        if look.outcome is Outcome.DONE and look.complete and (look.size, look.modified_ns) == (stamp[2], stamp[3])
    ]
    if not whole:
        return None
    found = max(look.places for look in whole)
    return FileLook(0, found=found, likelihood=1.0) if found else None


def kept_look(database: Database, reference: Reference, method: str) -> FileLook | None:
    """What this detector has found in the file as it is now, at an earlier start of the program; None where it has not
    looked at all of it. Errors of the database: None, the detector looks again."""
    stamp = stamp_of(reference)
    if stamp is None:
        return None
    try:
        kept = database.store.file_search(reference.name, SearchFor(stamp[2], stamp[3], method))
    except DcmauditError:
        return None
    found = None if kept is None else kept.search
    if not isinstance(found, FileSearch):
        return None
    return FileLook(
        found.planes, found.found, likelihood=found.likelihood, plane=found.plane, places=found.places,
        with_text=found.with_text, instance=found.instance,
    )  # fmt: skip


def keep_look(database: Database, reference: Reference, method: str, look: FileLook) -> bool:
    """Keep what the detector found in the file, for the next start of the program; whether that needs no excuse.

    Nothing is kept of a look that did not reach everything, of a file that was changed meanwhile, or where nobody
    could tell whether it was.
    """
    stamp = look.stamp
    if look.failed is not None or look.undetected or stamp is None or not database.may_write:
        return True
    if stamp_of(reference) != stamp:
        return True
    search = FileSearch(
        look.planes, look.found, look.likelihood, look.plane, look.places, look.with_text, look.instance or ""
    )
    try:
        database.store.put_searches(reference.name, SearchFor(stamp[2], stamp[3], method), [search])
    except DcmauditError:
        return False
    return True


class _Notes:
    """What comes together plane by plane."""

    def __init__(self) -> None:
        self.planes = self.found = self.broken = 0
        self.words = ""
        self.likelihood = 0.0
        self.plane: str | None = None
        self.places: tuple[Box, ...] = ()
        self.with_text: list[str] = []

    def fail(self, words: str) -> None:
        self.broken += 1
        self.words = self.words or words

    def text(self, plane: Plane, places: list[Box]) -> None:
        """Text was found on a plane: the first such plane is kept, and outweighs all where none was."""
        if not self.found:
            self._keep(plane, places, 1.0)
        self.found += len(places)
        if len(self.with_text) < PLANES_KEPT:
            self.with_text.append(plane.address.key)

    def doubt(self, plane: Plane, places: list[Box], likelihood: float) -> None:
        """Something like text on a plane without any: the likeliest is kept as long as no text was found."""
        if not self.found and likelihood > self.likelihood:
            self._keep(plane, places, likelihood)

    def _keep(self, plane: Plane, places: list[Box], likelihood: float) -> None:
        self.likelihood, self.plane = likelihood, plane.address.key
        self.places = tuple(places[:PLACES_KEPT])

    def look(self) -> FileLook:
        more = f" (and {self.broken - 1} more)" if self.broken > 1 else ""
        failed = f"{self.words}{more}" if self.broken else None
        return FileLook(
            self.planes,
            self.found,
            failed,
            likelihood=self.likelihood,
            plane=self.plane,
            places=self.places,
            with_text=tuple(self.with_text),
        )


def _look_at(
    instance: Instance,
    plane: Plane,
    look: TextLook | None,
    notes: _Notes,
    spread: Spread | None,
    outline: Outline,
    go_on: Callable[[], bool],
) -> None:
    notes.planes += 1
    if plane.kind is PlaneKind.UNSHOWN or plane.size is None:
        notes.fail(f"{plane.title} cannot be shown")
        return
    try:
        if plane.kind is PlaneKind.FRAME:
            picture = render(instance.read(plane.address))
            outline.add(picture)
            if spread is not None and plane.size == spread.size:
                spread.add(picture)
        # Nobody looks for text: that the plane can be read at all is still worth knowing.
        elif look is None:
            instance.read(plane.address)
        if look is None:
            return
        seen = look.look_at(plane, stop=lambda: not go_on())
        if not go_on():
            raise GivenUpError
    except DcmauditError as error:
        notes.fail(page_words(error.message) or type(error).__name__)
        return
    found = [one.box for one in seen.findings]
    doubt = max((one.score for one in seen.doubts), default=0.0)
    if found:
        notes.text(plane, found)
    else:
        notes.doubt(plane, [one.box for one in seen.doubts if one.score >= DOUBT], doubt)
    if spread is not None and plane.size == spread.size:
        for box in found:
            spread.add_text(box, 1.0)
        for one in seen.doubts:
            spread.add_text(one.box, one.score)
