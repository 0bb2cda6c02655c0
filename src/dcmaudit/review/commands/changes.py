"""What every command does after it has written: read the marks again, look again, remember how to undo it."""

from __future__ import annotations

from collections.abc import Callable

from dcmaudit.errors import ReviewError
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.history import Change
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session


def require_unchanged(services: Services, file: OpenFile) -> None:
    # A mark on pixels that are not those on screen would black the wrong place.
    if services.content.has_changed(file):
        raise ReviewError(
            "the file was changed after it was opened; what is on screen may not be in it, and nothing was stored",
            file=file.name,
            hint="read it again (File menu, or the button above the picture) to look at it as it is now",
        )


def note_change(
    session: Session,
    services: Services,
    file: OpenFile,
    label: str,
    undo_: Callable[[], None],
    redo_: Callable[[], None],
) -> None:
    # First of all: whatever fails from here on, what was written can be taken back.
    services.records.changed(
        session, Change(label, session.worklist, file.place, file.name, session.address(), undo_, redo_)
    )
    services.records.load(session, file)
    # A mark on one plane changes what is likely on the others.
    file.change(searched=frozenset())
    services.suggestions.begin(session, file)
    services.worklists.refresh(session.worklist, [file.place])
    services.content.identify(file)
