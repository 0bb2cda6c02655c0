"""Commands that decide suggestions one by one: choose the next one, accept it, reject it, and move on by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model import Everywhere, Plane, PlaneKind
from dcmaudit.model.counts import counted
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.marks import apply_one, reject_one, remove_rect
from dcmaudit.review.commands.several import opened
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
    """Go to the next plane that has suggestions which are not on this one; whether there is one, or may be.

    Round the file; where a series is one stack, round that.
    """
    file, plane = session.opened(), session.plane()
    found = {index for index in _places(file, plane) if index != file.index}
    is_stack = _is_stack(session)
    if is_stack:
        # A series goes on in the next file instead of beginning again at this one's first plane.
        found = {index for index in found if (index - file.index) * way > 0}
    ordered = sorted(found, key=lambda index: (index - file.index) * way % len(file.planes))
    for index in ordered:
        if undecided(session.options, file, file.planes[index]):
            services.files.go(session, index)
            here = _here(session)
            session.choose(here[0 if way > 0 else -1] if here else None)
            return True
    if is_stack:
        session.say("Looking for suggestions in the other files of this series…")
        services.background.at_length(partial(_search, session, services, file, way))
    return is_stack


def _is_stack(session: Session) -> bool:
    stack, file = session.stack, session.opened()
    is_known = stack is not None and stack.is_complete and len(stack.places) > 1
    return session.walks_series and is_known and stack is not None and stack.index(file.place) is not None


def _search(session: Session, services: Services, here: OpenFile, way: int) -> None:
    """Open one file of the series after the other until one has suggestions, and show it there; in a thread."""
    stack = session.stack
    if stack is None or here.place not in stack.places:
        return
    at = stack.places.index(here.place)
    places = (stack.places[at + 1 :] + stack.places[:at])[::way]
    looked = closed = 0
    for file in opened(session, services, stack.worklist, places):
        # Whoever searched has gone elsewhere since: nothing may pull the picture away from under her.
        if session.file is not here:
            return
        index = _waiting_in(session, services, file, way)
        if index is not None:
            with session.lock:
                if session.file is here:
                    _show(session, services, file, index, way)
            session.bump()
            return
        looked += 1
        closed += file.error is not None
        if looked % 10 == 0:
            with session.lock:
                session.say(f"Looking for suggestions: {looked} of {counted(len(places), 'file')}…")
            session.bump()
    with session.lock:
        if session.file is here:
            lost = f" {counted(closed, 'of them')} could not be opened." if closed else ""
            text = f"No further suggestion is known in {counted(looked, 'other file')} of this series.{lost}"
            session.say(text, "warning" if closed else "info")
    session.bump()


def _waiting_in(session: Session, services: Services, file: OpenFile, way: int) -> int | None:
    """The first plane of a file, or its last, that has suggestions which wait; None also where it cannot be opened."""
    if file.error is not None or file.facts is None:
        return None
    with suppress(DcmauditError):  # the file says so when it is opened
        services.files.readings.restore(file)
    services.suggestions.complete_all(file)
    places = sorted(_places(file, None), reverse=way < 0)
    return next((index for index in places if undecided(session.options, file, file.planes[index])), None)


def _show(session: Session, services: Services, file: OpenFile, index: int, way: int) -> None:
    session.message = None
    session.selection.include(file.place)
    services.files.show(session, file.place, file.planes[index].address)
    shown = session.opened()
    if shown.facts is not None and shown.plane is not None:
        services.suggestions.complete(shown)
        here = _here(session)
        session.choose(here[0 if way > 0 else -1] if here else None)


def _places(file: OpenFile, plane: Plane | None) -> set[int]:
    """Where the suggestions lie that ``plane`` does not have: of one for many planes, the first."""
    places: set[int] = set()
    for item in file.suggestions:
        scope = item.region.scope
        if file.is_out(item) or (plane is not None and applies(scope, plane.address)):
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
