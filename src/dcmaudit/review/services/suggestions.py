"""Suggestions for the open file: where they come from and which of them the options show."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from dcmaudit.errors import DcmauditError, DicomError, SourceError
from dcmaudit.model import Box, Origin, Plane, PlaneAddress, Region
from dcmaudit.model.texts import printable
from dcmaudit.review.services import learning
from dcmaudit.review.services.page_words import told
from dcmaudit.review.state.marked_areas import HEADER, covered_ids
from dcmaudit.review.state.open_file import OpenFile, Suggestion
from dcmaudit.review.state.options import Options

if TYPE_CHECKING:
    from dcmaudit.review.app import Desk
    from dcmaudit.review.state.session import Session

_LOG = logging.getLogger(__name__)

_AHEAD = 3
_SAME = 0.95
_SHOWN_BY = {
    Origin.SIMILAR: "show-similar",
    Origin.LEARNED: "show-similar",
    Origin.RULE: "show-rules",
    Origin.ULTRASOUND: "show-ultrasound",
}
_REDACTED_BY = {Origin.RULE: "redact-rules", Origin.ULTRASOUND: "redact-ultrasound"}


def is_offered(options: Options, region: Region) -> bool:
    """Whether the options have this suggestion shown as a crossed rectangle. OCR was asked for, so always."""
    option = _SHOWN_BY.get(region.origin)
    return option is None or options[option]


def is_redacted(options: Options, region: Region) -> bool:
    """Whether the options have the area of this suggestion shown black although nobody stored it."""
    option = _REDACTED_BY.get(region.origin)
    return option is not None and options[option]


def offers(options: Options, file: OpenFile, plane: Plane) -> list[Suggestion]:
    """The suggestions for a plane that the options show, crossed or black, without those that say nothing new.

    What the header leads to is left out once marks cover it wherever it means; what was learned, where it lies inside
    of what the header leads to.
    """
    found = [item for item in file.suggestions_on(plane) if _is_shown(options, item.region)]
    header = [item for item in found if item.region.origin in HEADER]
    covered = covered_ids(file)
    boxes = [item.region.box for item in header if item.id not in covered]
    return [
        item
        for item in found
        if item.id not in covered
        and not (item.region.origin in _LEARNED and any(box.contains(item.region.box) for box in boxes))
    ]


def _is_shown(options: Options, region: Region) -> bool:
    return is_offered(options, region) or is_redacted(options, region)


class Suggester:
    """Fills ``OpenFile.suggestions``: once what the header leads to, and plane by plane what was learned from marks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._counting = threading.Lock()

    def begin(self, file: OpenFile) -> None:
        """Note that a search was asked for: ``work`` ends it. Several may be under way for one file."""
        with self._counting:
            file.searches += 1

    def wants(self, file: OpenFile) -> bool:
        """Whether there is anything left to look for near the plane on screen."""
        return not file.header_searched or any(plane.address.key not in file.searched for plane in _near(file))

    def work(self, session: Session, file: OpenFile) -> None:
        """Look, in a thread of its own, and show what is new; nothing where the file was left meanwhile."""
        try:
            self._desk.pictures.let_through()
            if session.file is file and not self._desk.quitting:
                planes = self._search(session, file, _near(file))
                session.bump()
                for plane in planes:
                    if session.file is file and not self._desk.quitting:
                        self._look(session, file, plane)
        except DcmauditError as error:
            with session.lock:
                session.say(f"Suggestions could not be looked up: {told(error)}", "warning")
        except Exception as error:  # its words may quote a value; that there are none must not look like "none found"
            with session.lock:
                session.say(f"Suggestions could not be looked up ({type(error).__name__}).", "warning")
        finally:
            with self._counting:
                file.searches -= 1
        if session.file is file:
            session.bump()

    def complete(self, session: Session, file: OpenFile) -> None:
        """Look for everything on the plane on screen now."""
        plane = file.plane
        if plane is not None:
            self._search(session, file, [plane])

    def replace_read(self, file: OpenFile, address: PlaneAddress, regions: Iterable[Region]) -> None:
        """Put what OCR found on a plane in the place of what it found there before."""
        with self._lock:
            former = [
                item for item in file.suggestions if item.region.origin is Origin.OCR and item.region.scope == address
            ]
            _take(file, [(region, False) for region in regions], instead_of=former)

    def _search(self, session: Session, file: OpenFile, planes: Iterable[Plane]) -> list[Plane]:
        """Fill in what is missing for these planes; those that were searched now and are worth a look."""
        found = []
        # One at a time: the same plane must not be searched twice, for its suggestions would come twice.
        with self._lock:
            if not file.header_searched:
                file.header_searched = True
                of_header = self._desk.header_regions(session.worklist, file)
                _take(file, [(region, False) for region in of_header])
                _log(file, "the header", of_header)
            for plane in planes:
                if plane.address.key not in file.searched and file.facts is not None:
                    file.searched.add(plane.address.key)
                    regions = learning.regions(self._desk.store, file, plane, None)
                    _replace(file, plane.address, regions)
                    _log(file, plane.address.key, regions)
                    if regions or learning.may_change(file, plane.address):
                        found.append(plane)
        return found

    def _look(self, session: Session, file: OpenFile, plane: Plane) -> None:
        """Look at what is under the suggestions of a plane. One that cannot be decoded says so by itself."""
        self._desk.pictures.let_through()
        try:
            with self._desk.pool.lease(file.file_id, session.worklist.referrer(file.place)) as instance:
                samples = instance.read(plane.address)
        except (DicomError, SourceError):
            return
        ink = self._desk.ink.of(file.file_id, plane.address.key, samples)
        with self._lock:
            if ink is not None:
                file.heat.setdefault(plane.address.key, ink.likelihood)
            if plane.address.key in file.searched:
                _replace(file, plane.address, learning.regions(self._desk.store, file, plane, samples, ink))


def _log(file: OpenFile, where: str, regions: Sequence[Region | tuple[Region, bool]]) -> None:
    """Say from where suggestions come, and how many: never what is read or found in them."""
    if _LOG.isEnabledFor(logging.DEBUG):
        origins = Counter((each if isinstance(each, Region) else each[0]).origin.value for each in regions)
        counts = ", ".join(f"{count} from {origin}" for origin, count in sorted(origins.items())) or "none"
        _LOG.debug("suggestions by %s of %s: %s", where, printable(file.name), counts)


def _near(file: OpenFile) -> list[Plane]:
    last = min(file.index + 1 + _AHEAD, len(file.planes))
    return [file.planes[index] for index in range(file.index, last)]


def _take(file: OpenFile, regions: Iterable[tuple[Region, bool]], *, instead_of: Sequence[Suggestion] = ()) -> None:
    # A new list instead of a longer one: the page's state may be being made from the old one.
    start = max((int(item.id[1:]) + 1 for item in file.suggestions), default=0)
    gone = {item.id for item in instead_of}
    former = list(instead_of)
    new = []
    for number, (region, is_empty) in enumerate(regions):
        same = next((item for item in former if _is_grown(item.region.box, region.box)), None)
        if same is not None:
            former.remove(same)
        new.append(Suggestion(same.id if same else f"s{start + number}", region, is_empty))
    file.suggestions = [item for item in file.suggestions if item.id not in gone] + new


def _is_grown(former: Box, box: Box) -> bool:
    """Whether a suggestion is still the same after the look at the pixels, which makes it longer but not shorter."""
    shared = former.intersection(box)
    return shared is not None and shared.area >= _SAME * former.area


_LEARNED = frozenset({Origin.SIMILAR, Origin.LEARNED})


def _replace(
    file: OpenFile,
    address: PlaneAddress,
    regions: Iterable[tuple[Region, bool]],
    origins: Collection[Origin] = _LEARNED,
) -> None:
    """Put these in the place of what these origins had for the plane before; what is the same keeps its id."""
    former = [item for item in file.suggestions if item.region.origin in origins and item.region.scope == address]
    _take(file, regions, instead_of=former)
