"""From the name of a command to what it does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model.texts import printable
from dcmaudit.review import looking, marking, moving, opening, series
from dcmaudit.review.arguments import Arguments
from dcmaudit.review.commands import BY_NAME, COMMANDS, Where
from dcmaudit.review.session import Session
from dcmaudit.review.sight import Sight

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
    "mark": marking.mark,
    "mark-all-frames": marking.mark_all_frames,
    "mark-all-planes": marking.mark_all_planes,
    "mark-series": series.mark_series,
    "apply-all": marking.apply_all,
    "apply-all-frames": marking.apply_all_frames,
    "apply-one": marking.apply_one,
    "reject-one": marking.reject_one,
    "remove-rect": marking.remove_rect,
    "clear-file": marking.clear_file,
    "tag": marking.tag,
    "comment": marking.comment,
    "ocr": looking.ocr,
    "undo": marking.undo,
    "redo": marking.redo,
    "next-frame": moving.next_frame,
    "previous-frame": moving.previous_frame,
    "next-overlay": moving.next_overlay,
    "next-unseen": moving.next_unseen,
    "done-next": moving.done_next,
    "next-file": moving.next_file,
    "previous-file": moving.previous_file,
    "go-file": moving.go_file,
    "go-plane": moving.go_plane,
    "filter": moving.filter_list,
    "walk-list": moving.walk_list,
    "show-redacted": looking.show_redacted,
    "hide-redacted": looking.hide_redacted,
    "voi": looking.voi,
    "local-contrast": looking.local_contrast,
    "rejected": looking.show_rejected,
    "rendering": looking.rendering,
    "invert": looking.invert,
    "cursor": looking.cursor,
    "cursor-drag": looking.cursor_drag,
    "set-option": looking.set_option,
    "seen": looking.seen,
    "dismiss": looking.dismiss,
}


def _toggler(option: str) -> Handler:
    name, _, value = option.partition("=")
    if value:
        return lambda session, _arguments: looking.choose(session, name, value)
    return lambda session, _arguments: looking.toggle(session, option)


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
