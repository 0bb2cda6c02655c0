"""Suggestions for the open file: what its header leads to, and plane by plane what was learned from marks."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import partial

from dcmaudit.errors import DcmauditError, DicomError, SourceError
from dcmaudit.model import Box, Origin, Plane, PlaneAddress, Region
from dcmaudit.model.texts import printable
from dcmaudit.review.services.header_rules import HeaderRules
from dcmaudit.review.services.learning import Learning
from dcmaudit.review.services.page_words import told
from dcmaudit.review.services.protocols import Background, Database, End, Instances, Pictures, TextMaps
from dcmaudit.review.state.offers import LEARNED
from dcmaudit.review.state.open_file import OpenFile, Suggestion
from dcmaudit.review.state.session import Session

_LOG = logging.getLogger(__name__)

_AHEAD = 3
_SAME = 0.95


class SuggestionSearch:
    """Fills ``OpenFile.suggestions``: once what the header leads to, and plane by plane what was learned from marks."""

    def __init__(
        self,
        database: Database,
        instances: Instances,
        pictures: Pictures,
        text_maps: TextMaps,
        rules: HeaderRules,
        learning: Learning,
        background: Background,
        end: End,
    ) -> None:
        self._database, self._instances, self._pictures = database, instances, pictures
        self._text_maps, self._rules, self._learning = text_maps, rules, learning
        self._background, self._end = background, end
        self._lock = threading.Lock()

    def begin(self, session: Session, file: OpenFile) -> None:
        """Look for suggestions for the plane on screen and those around it, while the reviewer goes on."""
        if file.facts is None or (file.header_searched and all(_is_searched(file, plane) for plane in _near(file))):
            return
        with file.lock:
            file.change(searches=file.searches + 1)
        self._background.soon(partial(self._work, session, file))

    def _work(self, session: Session, file: OpenFile) -> None:
        """Look, in a thread of its own, and show what is new; nothing where the file was left meanwhile."""
        try:
            self._pictures.let_through()
            if session.file is file and not self._end.is_near:
                planes = self._search(file, _near(file))
                session.bump()
                for plane in planes:
                    if session.file is file and not self._end.is_near:
                        self._look(file, plane)
        except DcmauditError as error:
            with session.lock:
                session.say(f"Suggestions could not be looked up: {told(error)}", "warning")
        except Exception as error:  # its words may quote a value; that there are none must not look like "none found"
            with session.lock:
                session.say(f"Suggestions could not be looked up ({type(error).__name__}).", "warning")
        finally:
            with file.lock:
                file.change(searches=file.searches - 1)
        if session.file is file:
            session.bump()

    def complete(self, file: OpenFile) -> None:
        """Have every suggestion for the plane on screen before going on."""
        plane = file.plane
        if plane is not None:
            self._search(file, [plane])

    def complete_all(self, file: OpenFile) -> None:
        """Have what the header and the marks of other files suggest for every plane, without a look at the pixels."""
        self._search(file, (file.planes[index] for index in range(len(file.planes))))

    def replace_read(
        self, file: OpenFile, address: PlaneAddress, regions: Sequence[Region], rejected: Sequence[Region] = ()
    ) -> None:
        """Suggest the text that was found on a plane, in place of what was found there before.

        ``rejected`` was looked at and not taken for text: it is shown where the reviewer asks for it.
        """
        with self._lock, file.lock:
            file.change(set_aside={**file.set_aside, address: tuple(rejected)})
            former = [
                item for item in file.suggestions if item.region.origin is Origin.OCR and item.region.scope == address
            ]
            _take(file, [(region, False) for region in regions], instead_of=former)

    def _search(self, file: OpenFile, planes: Iterable[Plane]) -> list[Plane]:
        """Fill in what is missing for these planes; those that were searched now and are worth a look."""
        found = []
        # One at a time: the same plane must not be searched twice, for its suggestions would come twice.
        with self._lock:
            if not file.header_searched:
                file.change(header_searched=True)
                of_header = self._of_header(file)
                _take(file, [(region, False) for region in of_header])
                _log(file, "the header", of_header)
            for plane in planes:
                if not _is_searched(file, plane) and file.facts is not None:
                    with file.lock:
                        file.change(searched=file.searched | {plane.address})
                    regions = self._learning.regions(self._database.store, file, plane, None)
                    _replace(file, plane.address, regions)
                    _log(file, plane.address.key, regions)
                    if regions or self._learning.may_change(file, plane.address):
                        found.append(plane)
        return found

    def _of_header(self, file: OpenFile) -> list[Region]:
        """What the header of the file leads to; what it could not decide is added to the notes of the file."""
        with self._instances.lease(file.file_id, file.referrer) as instance:
            regions, problems = self._rules.regions(instance)
        file.note(*problems)
        return regions

    def _look(self, file: OpenFile, plane: Plane) -> None:
        """Look at what is under the suggestions of a plane. One that cannot be decoded says so by itself."""
        self._pictures.let_through()
        try:
            with self._instances.lease(file.file_id, file.referrer) as instance:
                samples = instance.read(plane.address)
        except (DicomError, SourceError):
            return
        ink = self._text_maps.of(file.file_id, plane.address, samples)
        with self._lock:
            if ink is not None:
                with file.lock:
                    file.change(heat={plane.address: ink.likelihood, **file.heat})
            if _is_searched(file, plane):
                _replace(file, plane.address, self._learning.regions(self._database.store, file, plane, samples, ink))


def _log(file: OpenFile, where: str, regions: Sequence[Region | tuple[Region, bool]]) -> None:
    """Say from where suggestions come, and how many: never what is read or found in them."""
    if _LOG.isEnabledFor(logging.DEBUG):
        origins = Counter((each if isinstance(each, Region) else each[0]).origin.value for each in regions)
        counts = ", ".join(f"{count} from {origin}" for origin, count in sorted(origins.items())) or "none"
        _LOG.debug("suggestions by %s of %s: %s", where, printable(file.name), counts)


def _is_searched(file: OpenFile, plane: Plane) -> bool:
    return plane.address in file.searched


def _near(file: OpenFile) -> list[Plane]:
    last = min(file.index + 1 + _AHEAD, len(file.planes))
    return [file.planes[index] for index in range(file.index, last)]


def _take(file: OpenFile, regions: Iterable[tuple[Region, bool]], *, instead_of: Sequence[Suggestion] = ()) -> None:
    # A new list instead of a longer one: the page's state may be being made from the old one.
    start = max((item.number + 1 for item in file.suggestions), default=0)
    gone = {item.id for item in instead_of}
    former = list(instead_of)
    new = []
    for number, (region, is_empty) in enumerate(regions):
        same = next((item for item in former if _is_grown(item.region.box, region.box)), None)
        if same is not None:
            former.remove(same)
        new.append(Suggestion(same.number if same else start + number, region, is_empty))
    with file.lock:
        file.change(suggestions=[*(item for item in file.suggestions if item.id not in gone), *new])


def _is_grown(former: Box, box: Box) -> bool:
    """Whether a suggestion is still the same after the look at the pixels, which makes it longer but not shorter."""
    shared = former.intersection(box)
    return shared is not None and shared.area >= _SAME * former.area


def _replace(
    file: OpenFile,
    address: PlaneAddress,
    regions: Iterable[tuple[Region, bool]],
    origins: Collection[Origin] = LEARNED,
) -> None:
    """Put these in the place of what these origins had for the plane before; what is the same keeps its id."""
    former = [item for item in file.suggestions if item.region.origin in origins and item.region.scope == address]
    _take(file, regions, instead_of=former)
