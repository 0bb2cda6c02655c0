"""Suggestions for the open file: where they come from and which of them the options show."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Origin, Plane, Region
from dcmaudit.review.openfile import OpenFile, Suggestion
from dcmaudit.review.options import Options

if TYPE_CHECKING:
    from dcmaudit.review.desk import Desk
    from dcmaudit.review.session import Session

_AHEAD = 3
_SHOWN_BY = {Origin.SIMILAR: "show-similar", Origin.RULE: "show-rules", Origin.ULTRASOUND: "show-ultrasound"}
_REDACTED_BY = {Origin.RULE: "redact-rules", Origin.ULTRASOUND: "redact-ultrasound"}


def is_offered(options: Options, region: Region) -> bool:
    """Whether the options have this suggestion shown as a crossed rectangle. OCR was asked for, so always."""
    option = _SHOWN_BY.get(region.origin)
    return option is None or options[option]


def is_redacted(options: Options, region: Region) -> bool:
    """Whether the options have the area of this suggestion shown black although nobody stored it."""
    option = _REDACTED_BY.get(region.origin)
    return option is not None and options[option]


class Suggester:
    """Fills ``OpenFile.suggestions``: once what the header leads to, and plane by plane what similar images have."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()

    def wants(self, file: OpenFile) -> bool:
        """Whether there is anything left to look for near the plane on screen."""
        return not file.header_searched or any(plane.address.key not in file.searched for plane in _near(file))

    def work(self, session: Session, file: OpenFile) -> None:
        """Look, in a thread of its own, and show what is new; nothing where the file was left meanwhile."""
        try:
            if session.file is file and not self._desk.quitting:
                self._search(session, file, _near(file))
        except DcmauditError as error:
            with session.lock:
                session.say(f"Suggestions could not be looked up: {error}", "warning")
        finally:
            file.suggesting = False
        if session.file is file:
            session.bump()

    def complete(self, session: Session, file: OpenFile) -> None:
        """Look for everything on the plane on screen now."""
        plane = file.plane
        if plane is not None:
            self._search(session, file, [plane])

    def _search(self, session: Session, file: OpenFile, planes: Iterable[Plane]) -> None:
        # One at a time: the same plane must not be searched twice, for its suggestions would come twice.
        with self._lock:
            if not file.header_searched:
                file.header_searched = True
                _take(file, self._desk.header_regions(session.worklist, file))
            for plane in planes:
                if plane.address.key not in file.searched and file.facts is not None:
                    facts = file.facts
                    found = self._desk.store.similar(file.name, facts.device, plane.address, facts.sop_class_uid)
                    file.searched.add(plane.address.key)
                    _take(file, found)


def _near(file: OpenFile) -> list[Plane]:
    last = min(file.index + 1 + _AHEAD, len(file.planes))
    return [file.planes[index] for index in range(file.index, last)]


def _take(file: OpenFile, regions: Iterable[Region]) -> None:
    # A new list instead of a longer one: the page's state may be being made from the old one.
    start = max((int(item.id[1:]) + 1 for item in file.suggestions), default=0)
    new = [Suggestion(f"s{start + number}", region) for number, region in enumerate(regions)]
    file.suggestions = file.suggestions + new
