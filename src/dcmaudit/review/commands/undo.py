"""Commands that take the last change back, or do it again."""

from __future__ import annotations

from collections.abc import Sequence

from dcmaudit.model.records import RectRow
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.history import Change
from dcmaudit.review.state.session import Session


def undo(session: Session, services: Services, _arguments: Arguments) -> None:
    """Take the last change back, and show where it was."""
    before = _marks(session)
    change = session.history.undo()
    _show(session, services, change)
    _say(session, f"Undone: {change.label}.", change, before)


def redo(session: Session, services: Services, _arguments: Arguments) -> None:
    """Do the change again that was taken back last, and show where it was."""
    before = _marks(session)
    change = session.history.redo()
    _show(session, services, change)
    _say(session, f"Done again: {change.label}.", change, before)


def _marks(session: Session) -> tuple[str, Sequence[RectRow]]:
    """The open file's name, and its marks."""
    return ("", ()) if session.file is None else (session.file.name, session.file.rects)


def _say(session: Session, text: str, change: Change, before: tuple[str, Sequence[RectRow]]) -> None:
    """Say what was done, what of it was not, and what was seen with marks that are gone now."""
    file, notes = session.file, [*change.notes]
    if file is not None and file.name == before[0]:
        session.seen_before.note(file, before[1])
        left = {row.id for row in file.rects}
        gone = [row for row in before[1] if row.id not in left]
        notes += filter(None, [session.seen_before.uncovered(file, gone, session.address())])
    session.say(" ".join([text, *notes]), "warning" if notes else "info")
    change.notes.clear()


def _show(session: Session, services: Services, change: Change) -> None:
    services.records.announce(change.name, session)
    # Taken back all the same; the file is in another list than the one on screen.
    if change.worklist is not session.worklist:
        return
    place = change.place if change.place is not None else session.worklist.find(change.name)
    if place is None:
        return
    if session.file is None or session.file.place != place:
        session.selection.include(place)
        services.files.show(session, place)
    file = session.opened()
    services.records.load(session, file)
    file.change(searched=frozenset())
    services.worklists.refresh(session.worklist, [place])
    for index, plane in enumerate(file.planes):
        if plane.address == change.address:
            services.files.go(session, index)
            return
