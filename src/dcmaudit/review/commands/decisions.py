"""Commands that decide suggestions one by one: choose the next one, accept it, reject it, and move on by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from dcmaudit.errors import UsageError
from dcmaudit.model import Everywhere, Plane, PlaneKind
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.marks import apply_one, reject_one, remove_rect
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.offers import undecided
from dcmaudit.review.state.open_file import OpenFile, applies
from dcmaudit.review.state.options import ADVANCE
from dcmaudit.review.state.session import Session

_NONE = "No further suggestion is known in this file. Planes that were not shown yet may get some."


def next_suggestion(session: Session, services: Services, _arguments: Arguments) -> None:
    """Choose the next suggestion of the plane; after the last one, the first of the next plane that has some."""
    _step(session, services, 1)


def previous_suggestion(session: Session, services: Services, _arguments: Arguments) -> None:
    """Choose the suggestion before; before the first one, the last of the plane before that has some."""
    _step(session, services, -1)


def accept(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the chosen suggestion, or that with ``id``, where it means, and move on; without one choose the first."""
    _decide(session, services, arguments, None)


def accept_frames(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the chosen suggestion, or that with ``id``, on all image frames, and move on."""
    _decide(session, services, arguments, Everywhere.ALL_FRAMES)


def reject(session: Session, services: Services, arguments: Arguments) -> None:
    """Hide the chosen suggestion, or that with ``id``, for this file, and move on; a stored mark with ``id`` goes."""
    if "id" in arguments and _is_stored(session.opened(), take.text(arguments, "id")):
        services.database.require_writable()
        remove_rect(session, services, arguments)
        return
    wanted, before = _wanted(session, services, arguments)
    if wanted is not None:
        reject_one(session, services, {"id": wanted})
        _move_on(session, services, before, wanted)


def _decide(session: Session, services: Services, arguments: Arguments, scope: Everywhere | None) -> None:
    wanted, before = _wanted(session, services, arguments)
    if wanted is None:
        return
    if scope is not None and session.plane().kind is not PlaneKind.FRAME:
        raise UsageError("all frames are marked from an image frame", hint="go to an image frame")
    apply_one(session, services, {"id": wanted} if scope is None else {"id": wanted, "scope": scope.value})
    _move_on(session, services, before, wanted)


def _is_stored(file: OpenFile, wanted: str) -> bool:
    return any(row.id == wanted for row in file.rects)


def _wanted(session: Session, services: Services, arguments: Arguments) -> tuple[str | None, list[str]]:
    """What is to be decided, and all that is undecided on the plane.

    Nothing is decided that was not chosen, and so drawn as chosen, before: the first key only chooses.
    """
    services.suggestions.complete(session.opened())
    here = _here(session)
    if "id" in arguments:
        return take.text(arguments, "id"), here
    chosen = session.chosen_here()
    if chosen in here:
        return chosen, here
    if here:
        session.choose(here[0])
    else:
        session.say("There are no suggestions on this plane.")
    return None, here


def _here(session: Session) -> list[str]:
    return [item.id for item in undecided(session.options, session.opened(), session.plane())]


def _move_on(session: Session, services: Services, before: Sequence[str], decided: str) -> None:
    """Choose what comes after what was decided, as the setting has it."""
    how = session.options.choices[ADVANCE]
    session.choose(None)
    if how == "stay":
        return
    left = _here(session)
    after = before[before.index(decided) + 1 :] if decided in before else []
    following = next((one for one in after if one in left), next(iter(left), None))
    if following is not None:
        session.choose(following)
    elif how == "file" and not _to_plane(session, services, 1):
        session.say_too(_NONE, "info")


def _step(session: Session, services: Services, way: int) -> None:
    services.suggestions.complete(session.opened())
    here, chosen = _here(session), session.chosen_here()
    first = 0 if way > 0 else len(here) - 1
    place = here.index(chosen) + way if chosen in here else first
    if 0 <= place < len(here):
        session.choose(here[place])
    elif not _to_plane(session, services, way):
        session.say(_NONE if not here else "This is the only plane with suggestions that is known in this file.")


def _to_plane(session: Session, services: Services, way: int) -> bool:
    """Go to the next plane that has suggestions which are not on this one, round the file; whether there is one."""
    file, plane = session.opened(), session.plane()
    found = {index for index in _places(file, plane) if index != file.index}
    ordered = sorted(found, key=lambda index: (index - file.index) * way % len(file.planes))
    for index in ordered:
        if undecided(session.options, file, file.planes[index]):
            services.files.go(session, index)
            here = _here(session)
            session.choose(here[0 if way > 0 else -1] if here else None)
            return True
    return False


def _places(file: OpenFile, plane: Plane) -> set[int]:
    """Where the suggestions lie that this plane does not have: of one for many planes, the first."""
    places: set[int] = set()
    for item in file.suggestions:
        scope = item.region.scope
        if file.is_out(item) or applies(scope, plane.address):
            continue
        index = _first(file, scope) if isinstance(scope, Everywhere) else file.planes.find(scope)
        if index is not None:
            places.add(index)
    return places


def _first(file: OpenFile, scope: Everywhere) -> int | None:
    start = 0
    for group in file.planes.groups:
        if group.frames and applies(scope, group.address(0)):
            return start
        start += len(group.frames)
    return None
