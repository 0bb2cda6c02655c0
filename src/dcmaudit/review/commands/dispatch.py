"""From the name of a command to what it does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model.texts import printable
from dcmaudit.review.commands import marks, navigation, opening, series, views
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.table import BY_NAME, COMMANDS, Where
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.sight import Sight

_LOG = logging.getLogger(__name__)

Handler = Callable[[Session, Arguments], None]

HANDLERS: dict[str, Handler] = {
    "open-files": opening.open_files,
    "open-folder": opening.open_folder,
    "open-folder-recursive": opening.open_folder_recursive,
    "open-database": opening.open_database,
    "open-examples": opening.open_examples,
    "set-database": opening.set_database,
    "read-again": opening.read_again,
    "quit": opening.quit_,
    "mark": marks.mark,
    "mark-all-frames": marks.mark_all_frames,
    "mark-all-planes": marks.mark_all_planes,
    "mark-series": series.mark_series,
    "apply-all": marks.apply_all,
    "apply-all-frames": marks.apply_all_frames,
    "apply-one": marks.apply_one,
    "reject-one": marks.reject_one,
    "remove-rect": marks.remove_rect,
    "clear-file": marks.clear_file,
    "tag": marks.tag,
    "comment": marks.comment,
    "ocr": views.ocr,
    "undo": marks.undo,
    "redo": marks.redo,
    "next-frame": navigation.next_frame,
    "previous-frame": navigation.previous_frame,
    "next-overlay": navigation.next_overlay,
    "next-unseen": navigation.next_unseen,
    "done-next": navigation.done_next,
    "next-file": navigation.next_file,
    "previous-file": navigation.previous_file,
    "go-file": navigation.go_file,
    "go-plane": navigation.go_plane,
    "filter": navigation.filter_list,
    "walk-list": navigation.walk_list,
    "show-redacted": views.show_redacted,
    "hide-redacted": views.hide_redacted,
    "voi": views.voi,
    "local-contrast": views.local_contrast,
    "rejected": views.show_rejected,
    "rendering": views.rendering,
    "invert": views.invert,
    "cursor": views.cursor,
    "cursor-drag": views.cursor_drag,
    "set-option": views.set_option,
    "seen": views.seen,
    "dismiss": views.dismiss,
}


def _toggler(option: str) -> Handler:
    name, _, value = option.partition("=")
    if value:
        return lambda session, _arguments: views.choose(session, name, value)
    return lambda session, _arguments: views.toggle(session, option)


HANDLERS.update({command.name: _toggler(command.toggles) for command in COMMANDS if command.toggles})


def perform(session: Session, name: str, arguments: Arguments, painted: Iterable[Sight] = ()) -> None:
    """Carry the command ``name`` out for ``session``, after noting what was ``painted`` since the last one.

    UsageError for a command or argument that there is not; ReviewError where it makes no sense now; StoreError
    where the database refuses. In every case the session is as it was before, apart from what was seen.
    """
    command = BY_NAME.get(name)
    if command is None or name not in HANDLERS:
        reason = "is done by the page itself" if command is not None and command.where is Where.PAGE else "is unknown"
        raise UsageError(f"the command {name!r} {reason}", hint="GET /api/commands lists them")
    begun = time.monotonic()
    with session.lock:
        session.painted(painted)
        session.message, session.question = None, None
        try:
            if command.writes:
                session.require_writable()
            HANDLERS[name](session, arguments)
            session.begin_picture()
        except DcmauditError as error:
            _log_command(session, name, type(error).__name__, begun)
            raise
        else:
            _log_command(session, name, None, begun)
        finally:
            session.bump()


def _log_command(session: Session, name: str, failure: str | None, begun: float) -> None:
    # Neither arguments nor messages: a comment, a path of a bucket or a password may be in them.
    if not _LOG.isEnabledFor(logging.DEBUG):
        return
    file, taken = session.file, (time.monotonic() - begun) * 1000
    end = failure or ("asks" if session.question else "done")
    where = f"{printable(file.name)}, plane {session.key()}" if file is not None else "no file is open"
    _LOG.debug("command %s: %s in %.0f ms; now at %s", name, end, taken, where)
