"""Commands that open other files or another database, and the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.errors import SourceNotFoundError, StoreError, StoreLockedError, StoreReadOnlyError, UsageError
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session
from dcmaudit.settings import remember_database
from dcmaudit.store import has_password, is_database_missing, is_server, with_password

if TYPE_CHECKING:
    from dcmaudit.review.app import Desk


def open_files(session: Session, arguments: Arguments) -> None:
    """Review what ``names`` lead to: files, CSV lists, databases."""
    names = take.texts(arguments, "names")
    if not names:
        raise UsageError("no file was chosen")
    recursive = take.flag(arguments, "recursive")
    desk = session.desk
    session.use(desk.new_worklist(desk.confined.names(names), recursive=recursive, confined=True))
    desk.keep_recent(names, recursive=recursive)


def open_folder(session: Session, arguments: Arguments) -> None:
    """Review the files in the folder ``path``, with those below it where ``recursive``."""
    _open(session, arguments, recursive=take.flag(arguments, "recursive"), folder=True)


def open_folder_recursive(session: Session, arguments: Arguments) -> None:
    """Review the files in the folder ``path`` and in every folder below it."""
    _open(session, arguments, recursive=True, folder=True)


def open_database(session: Session, arguments: Arguments) -> None:
    """Review the files that the database at ``path`` names."""
    _open(session, arguments, recursive=False, folder=False)


def open_examples(session: Session, _arguments: Arguments) -> None:
    """Review example files that are made for the purpose."""
    session.use(session.desk.new_worklist([session.desk.examples()], recursive=False))


def set_database(session: Session, arguments: Arguments) -> None:
    """Keep marks in another database from now on, and where nothing else says so, again at the next start.

    ``path`` is a folder, a file, or the address of a PostgreSQL database; ``password`` may come with an address. A
    password is used and never kept.
    """
    desk = session.desk
    location = _database(desk, take.text(arguments, "path"), arguments)
    try:
        desk.set_database(session, location)
    except (StoreLockedError, StoreReadOnlyError):
        raise
    except StoreError as error:
        if is_server(location):
            raise
        # What was chosen is at fault, and the former one goes on.
        raise UsageError(error.message, file=error.file, hint=error.hint) from error
    if not desk.settings.is_database_free or desk.settings.browse_roots:
        why = "the command line or a setting" if desk.settings.db is not None else "SMI_ROOT"
        session.say(f"Marks are kept here until the program ends. The next start asks {why} again.")
    elif is_server(location) and has_password(location):
        session.say(
            "Marks are kept here until the program ends. The choice was not noted for the next start, because a "
            "password is never stored: write it into ~/.pgpass and choose the address without one."
        )
    elif is_database_missing(location):
        session.say("Nothing is kept there yet, and the viewer makes nothing: the choice holds until the program ends.")
    else:
        _remember(session, location)


def _database(desk: Desk, place: str, arguments: Arguments) -> str:
    if not is_server(place):
        return desk.confined.path(place)
    if desk.settings.browse_roots:
        # Whoever may use this page could otherwise have this machine knock at any other one.
        raise UsageError("the address of a server may not be chosen here", hint="whoever starts the program names it")
    password = take.text(arguments, "password") if arguments.get("password") else ""
    return with_password(place, password) if password else place


def _remember(session: Session, location: str) -> None:
    try:
        remember_database(None if location == session.desk.settings.own_database else location)
    except OSError as error:
        session.say(f"This choice holds until the program ends: it could not be kept ({error.strerror}).", "warning")
    else:
        session.say("Marks are kept here from now on, also after the next start.")


def read_again(session: Session, _arguments: Arguments) -> None:
    """Open the file anew, as it is on disk now, in every document that shows it; its marks stay as they are."""
    file, worklist, desk = session.opened(), session.worklist, session.desk
    had_changed = desk.contents.has_changed(file)
    key = session.key()
    others = [
        other for other in desk.sessions() if other is not session and other.file and other.file.file_id == file.file_id
    ]
    session.leave()
    worklist.renew(file.place)
    desk.pool.drop(file.file_id)
    desk.pictures.drop(file.file_id)
    session.show(file.place, key)
    if others:
        # In another thread: two documents that wait for each other's lock would wait for ever.
        desk.help(lambda: _show_again(others, file.place, file.file_id))
    if had_changed:
        session.say(_read_again(session.opened()), "warning")


def _show_again(sessions: Sequence[Session], place: int, former: int) -> None:
    for session in sessions:
        with session.lock:
            if session.file is not None and session.file.file_id == former:
                session.show(place, session.key())
                session.say("The file was changed on disk and read again.", "warning")
        session.bump()


def _read_again(file: OpenFile) -> str:
    text = ["The file was read again, for it was changed. What was seen of it before does not count any more."]
    marks = sum(row.box is not None for row in file.rects)
    if marks:
        words = "rectangle was" if marks == 1 else "rectangles were"
        text.append(f"{marks} {words} stored for this name before: look whether that still fits the picture.")
    if file.tag is not None:
        text.append("It is still marked as done, from before; Z takes that away.")
    return " ".join(text)


def quit_(session: Session, _arguments: Arguments) -> None:
    """End the program."""
    session.leave()
    session.desk.quit()


def _open(session: Session, arguments: Arguments, *, recursive: bool, folder: bool) -> None:
    path = session.desk.confined.path(take.text(arguments, "path"))
    if folder and not Path(path).is_dir():
        raise SourceNotFoundError("no such folder", file=path, hint="choose a folder that is there")
    session.use(session.desk.new_worklist([path], recursive=recursive, confined=True))
    session.desk.keep_recent([path], recursive=recursive)
