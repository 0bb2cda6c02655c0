"""The way to what a detector found, or could not look at; what nobody has looked at is said and not passed over."""

from __future__ import annotations

from dcmaudit.model import Everywhere, Origin, PlaneAddress, parse_key
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.several import files_words
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.classes import ClassTable, Concern
from dcmaudit.review.state.open_file import OpenFile, is_shown
from dcmaudit.review.state.session import Session

HOT = 0.5
"""From this likelihood of text on a plane is suspicious."""

_SUSPICIOUS = {Concern.UNREADABLE, Concern.FOUND, Concern.DECLARED, Concern.UNLIKE}
_FOUND = {Origin.OCR, Origin.LEARNED, Origin.SIMILAR}


def next_suspicious(session: Session, services: Services, _arguments: Arguments) -> None:
    """Go to the next plane of the file, else to the next file that the list shows, where something was found or that
    could not be looked at. Says how many files on the way no detector has looked at."""
    file = session.opened()
    survey = services.classes.of(session.worklist)
    table = survey.table if survey is not None else None
    known = _planes(services, file, table)
    index = next((index for index in sorted(known) if index > file.index), None)
    if index is not None:
        services.files.go(session, index)
        return
    passed = 0
    for place in (place for place in session.selection.places if place > file.place):
        concerns = set(table.concerns(place)) if table is not None else {Concern.UNLOOKED}
        worklist = session.worklist
        if concerns & _SUSPICIOUS or worklist.failure(place) is not None or worklist.gap(place) is not None:
            key = table.plane(place) if table is not None else None
            services.files.show(session, place, parse_key(key) if key is not None else None)
            if passed:
                session.say(f"Passed over {files_words(passed)} that no detector has looked at.", "warning")
            return
        # Nobody has looked: that is no reason to stop, and none to keep silent.
        passed += Concern.UNLOOKED in concerns
    text = "Nothing suspicious is known behind this plane, in this file or in a later one of the list."
    if passed:
        session.say(f"{text} No detector has looked at {files_words(passed)} of them: J begins that.", "warning")
    else:
        session.say(text)


def _planes(services: Services, file: OpenFile, table: ClassTable | None) -> set[int]:
    """Indexes of the planes of the open file where something was found, or that cannot be shown."""
    failed = services.pictures.undecodable(file.file_id)
    addresses: set[PlaneAddress] = set(failed) | {address for address, heat in file.heat.items() if heat >= HOT}
    for item in file.suggestions:
        scope = item.region.scope
        if item.region.origin in _FOUND and not isinstance(scope, Everywhere) and not file.is_out(item):
            addresses.add(scope)
    key = table.plane(file.place) if table is not None else None
    if table is not None and key is not None and Concern.FOUND in table.concerns(file.place):
        addresses.add(parse_key(key))
    found = {file.planes.find(address) for address in addresses}
    start, unshown = 0, set[int]()
    for group in file.planes.groups:
        if not is_shown(file.planes[start]):
            unshown.update(range(start, start + len(group.frames)))
        start += len(group.frames)
    return {index for index in found if index is not None} | unshown
