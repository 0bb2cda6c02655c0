"""Commands that take the last change back, or do it again."""

from __future__ import annotations

from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.history import Change
from dcmaudit.review.state.session import Session


def undo(session: Session, services: Services, _arguments: Arguments) -> None:
    """Take the last change back, and show where it was."""
    change = session.history.undo()
    _show(session, services, change)
    _say(session, f"Undone: {change.label}.", change)


def redo(session: Session, services: Services, _arguments: Arguments) -> None:
    """Do the change again that was taken back last, and show where it was."""
    change = session.history.redo()
    _show(session, services, change)
    _say(session, f"Done again: {change.label}.", change)


def _say(session: Session, text: str, change: Change) -> None:
    """Say what was done, and what of it was not."""
    session.say(" ".join([text, *change.notes]), "warning" if change.notes else "info")
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
