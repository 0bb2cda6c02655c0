"""The way to what a detector found, or could not look at; what nobody has looked at is said and not passed over."""

from __future__ import annotations

from dcmaudit.model import Everywhere, FrameAddress, Origin, PlaneAddress, frame_of, parse_key
from dcmaudit.model.texts import printable
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.several import files_words
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.instance_cache import stamp_of
from dcmaudit.review.services.survey import Survey
from dcmaudit.review.services.unlike import where_unlike
from dcmaudit.review.state.classes import ClassTable
from dcmaudit.review.state.file_look import PLANES_KEPT, Concern
from dcmaudit.review.state.open_file import OpenFile, is_shown
from dcmaudit.review.state.session import Session

HOT = 0.5
"""From this likelihood of text on a plane is suspicious."""

_SUSPICIOUS = {Concern.UNREADABLE, Concern.FOUND, Concern.DOUBTED, Concern.DECLARED, Concern.UNLIKE}
_FOUND = {Origin.OCR, Origin.LEARNED, Origin.SIMILAR}


def next_suspicious(session: Session, services: Services, _arguments: Arguments) -> None:
    """Go to the next plane of the file, else to the next file that the list shows, where something was found, that
    could not be looked at, or whose writing no sheet of its text map shows. Says how many files on the way no detector
    has looked at."""
    file = session.opened()
    survey = services.classes.of(session.worklist)
    table = survey.table if survey is not None else None
    known = _planes(services, file, table)
    index = next((index for index in sorted(known) if index > file.index), None)
    session.point(file.file_id, None, ())
    if index is not None:
        services.files.go(session, index)
        address = file.planes[index].address
        # Nothing on the stage tells of it as long as nobody read it.
        if survey is not None and address.key in survey.table.planes_with_text(file.place):
            where = _point(session, survey, file.place, address)
            session.say(f"Text was found on {file.planes[index].title}{where or ': o shows where'}.")
        return
    alone = services.stacks.alone()
    passed = int(_is_unlooked(file, table))
    more = table is not None and len(table.planes_with_text(file.place)) >= PLANES_KEPT
    many = f" Text was found on at least {PLANES_KEPT} planes of {_name(file)}; O looks at all of them."
    left = many if more else ""
    for place in (place for place in session.selection.places if place > file.place):
        concerns = set(table.concerns(place)) if table is not None else {Concern.UNLOOKED}
        worklist = session.worklist
        unshown = alone.get(worklist.file_id(place))
        if unshown:
            services.files.show(session, place, min(unshown, key=frame_of))
            return
        if concerns & _SUSPICIOUS or worklist.failure(place) is not None or worklist.gap(place) is not None:
            key = _first(table, place)
            services.files.show(session, place, parse_key(key) if key is not None else None)
            why = [concern.value for concern in Concern if concern in concerns & _SUSPICIOUS]
            where = _point(session, survey, place, _address(key)) if survey is not None else ""
            words = f"{'; '.join(why).capitalize()}{where}." if why else ""
            if passed:
                words += f" Passed over {files_words(passed)} that no detector has looked at."
            # As noted by a look of the command line, which says of the whole file that there is text.
            if table is not None and Concern.FOUND in concerns and key is None:
                words += " Text was found in this file, on planes that are not known here; O looks at all of them."
            if words or left:
                is_gap = bool(passed or left or key is None)
                session.say(f"{words}{left}".strip(), "warning" if is_gap else "info")
            return
        # Nobody has looked: that is no reason to stop, and none to keep silent.
        passed += Concern.UNLOOKED in concerns
    text = "Nothing suspicious is known behind this plane, in this file or in a later one of the list."
    if passed:
        text += f" No detector has looked at {files_words(passed)} of them: J begins that."
    session.say(f"{text}{left}", "warning" if passed or left else "info")


def _address(key: str | None) -> PlaneAddress:
    """The plane that a file is opened at."""
    return parse_key(key) if key is not None else FrameAddress(0)


def _point(session: Session, survey: Survey, place: int, address: PlaneAddress) -> str:
    """Outline what stands apart on that plane, where that is known; what to say of it."""
    table, reference = survey.table, session.worklist.reference(place)
    concerns = set(table.concerns(place))
    # What was found in another content must not be drawn on this one.
    if not table.is_of(place, stamp_of(reference)):
        return ""
    places = list(table.text_places(place) if table.plane(place) == address.key else ())
    words = ": outlined" if places else ""
    # Text weighs more: where there is some, that alone is shown.
    is_unlike = Concern.UNLIKE in concerns and not (places and Concern.FOUND in concerns)
    areas = where_unlike(survey, place) if is_unlike and isinstance(address, FrameAddress) else ()
    if areas:
        words = ": outlined, over all of its frames" if table.planes(place) > 1 else ": outlined"
        places += areas
    session.point(session.worklist.file_id(place), address, places)
    return words


def _is_unlooked(file: OpenFile, table: ClassTable | None) -> bool:
    """Whether no detector has looked at all planes of the open file."""
    is_unknown = table is None or Concern.UNLOOKED in table.concerns(file.place)
    return is_unknown and len(file.heat) < len(file.planes)


def _name(file: OpenFile) -> str:
    return printable(file.name.rsplit("/", 1)[-1])


def _first(table: ClassTable | None, place: int) -> str | None:
    """The key of the plane to begin with: the first one with text, for the key goes on behind it."""
    if table is None:
        return None
    return next(iter(table.planes_with_text(place)), None) or table.plane(place)


def _planes(services: Services, file: OpenFile, table: ClassTable | None) -> set[int]:
    """Indexes of the planes of the open file where something was found, or that cannot be shown."""
    failed = services.pictures.undecodable(file.file_id)
    addresses: set[PlaneAddress] = set(failed) | {address for address, heat in file.heat.items() if heat >= HOT}
    for item in file.suggestions:
        scope = item.region.scope
        if item.region.origin in _FOUND and not isinstance(scope, Everywhere) and not file.is_out(item):
            addresses.add(scope)
    if table is not None:
        addresses.update(parse_key(key) for key in table.planes_with_text(file.place))
    addresses |= services.stacks.alone().get(file.file_id, set())
    found = {file.planes.find(address) for address in addresses}
    start, unshown = 0, set[int]()
    for group in file.planes.groups:
        if not is_shown(file.planes[start]):
            unshown.update(range(start, start + len(group.frames)))
        start += len(group.frames)
    return {index for index in found if index is not None} | unshown
