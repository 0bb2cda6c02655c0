"""Commands that open other files or another database, and the end."""

from __future__ import annotations

from pathlib import Path

from dcmaudit.errors import SourceNotFoundError, StoreError, StoreLockedError, StoreReadOnlyError, UsageError
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session
from dcmaudit.settings import remember_database
from dcmaudit.store import has_password, is_database_missing, is_server, with_password


def open_files(session: Session, services: Services, arguments: Arguments) -> None:
    """Review what ``names`` lead to: files, CSV lists, databases."""
    names = take.texts(arguments, "names")
    if not names:
        raise UsageError("no file was chosen")
    recursive = take.flag(arguments, "recursive")
    worklist = services.worklists.begin(services.folders.names(names), recursive=recursive, confined=True)
    services.files.use(session, worklist)
    services.preferences.keep_recent(names, recursive=recursive)


def open_recent(session: Session, services: Services) -> None:
    """Review again what this user opened last; nothing where that is not known. UsageError as ``open_files``."""
    for names, recursive in services.preferences.recent()[:1]:
        if isinstance(names, list):
            open_files(session, services, {"names": names, "recursive": recursive})


def open_folder(session: Session, services: Services, arguments: Arguments) -> None:
    """Review the files in the folder ``path``, with those below it where ``recursive``."""
    _open(session, services, arguments, recursive=take.flag(arguments, "recursive"), folder=True)


def open_folder_recursive(session: Session, services: Services, arguments: Arguments) -> None:
    """Review the files in the folder ``path`` and in every folder below it, unless ``recursive`` says no."""
    recursive = take.flag(arguments, "recursive") if "recursive" in arguments else True
    _open(session, services, arguments, recursive=recursive, folder=True)


def open_database(session: Session, services: Services, arguments: Arguments) -> None:
    """Review the files that the database at ``path`` names."""
    _open(session, services, arguments, recursive=False, folder=False)


def open_examples(session: Session, services: Services, _arguments: Arguments) -> None:
    """Review example files that are made for the purpose."""
    services.files.use(session, services.worklists.begin([services.examples.folder()], recursive=False))


def set_database(session: Session, services: Services, arguments: Arguments) -> None:
    """Keep marks in another database from now on, and where nothing else says so, again at the next start.

    ``path`` is a folder, a file, or the address of a PostgreSQL database; ``password`` may come with an address. A
    password is used and never kept.
    """
    settings = services.settings
    location = _database(services, take.text(arguments, "path"), arguments)
    try:
        services.database_change.to(location, session)
    except (StoreLockedError, StoreReadOnlyError):
        raise
    except StoreError as error:
        if is_server(location):
            raise
        # What was chosen is at fault, and the former one goes on.
        raise UsageError(error.message, file=error.file, hint=error.hint) from error
    if not settings.is_database_free or settings.browse_roots:
        why = "the command line or a setting" if settings.db is not None else "SMI_ROOT"
        session.say(f"Marks are kept here until the program ends. The next start asks {why} again.")
    elif is_server(location) and has_password(location):
        session.say(
            "Marks are kept here until the program ends. The choice was not noted for the next start, because a "
            "password is never stored: write it into ~/.pgpass and choose the address without one."
        )
    elif is_database_missing(location):
        session.say("Nothing is kept there yet, and the viewer makes nothing: the choice holds until the program ends.")
    else:
        _remember(session, services, location)


def _database(services: Services, location: str, arguments: Arguments) -> str:
    if not is_server(location):
        return services.folders.path(location)
    if services.settings.browse_roots:
        # Whoever may use this page could otherwise have this machine knock at any other one.
        raise UsageError("the address of a server may not be chosen here", hint="whoever starts the program names it")
    password = take.text(arguments, "password") if arguments.get("password") else ""
    return with_password(location, password) if password else location


def _remember(session: Session, services: Services, location: str) -> None:
    try:
        remember_database(None if location == services.settings.own_database else location)
    except OSError as error:
        session.say(f"This choice holds until the program ends: it could not be kept ({error.strerror}).", "warning")
    else:
        session.say("Marks are kept here from now on, also after the next start.")


def read_again(session: Session, services: Services, _arguments: Arguments) -> None:
    """Open the file anew, as it is on disk now, in every session that shows it; its marks stay as they are."""
    file, worklist = session.opened(), session.worklist
    had_changed = services.content.has_changed(file)
    address = session.address()
    others = [other for other in services.sessions.others(session) if other.file and other.file.file_id == file.file_id]
    services.files.leave(session)
    worklist.renew(file.place)
    services.instances.drop(file.file_id)
    services.pictures.drop(file.file_id)
    services.stacks.drop(file.file_id)
    services.files.show(session, file.place, address)
    if others:
        # In another thread: two sessions that wait for each other's lock would wait for ever.
        services.background.soon(lambda: services.files.show_again(others, file.place, file.file_id))
    if had_changed:
        session.say(_read_again(session.opened()), "warning")


def _read_again(file: OpenFile) -> str:
    text = ["The file was read again, for it was changed. What was seen of it before does not count any more."]
    marks = sum(row.box is not None for row in file.rects)
    if marks:
        words = "rectangle was" if marks == 1 else "rectangles were"
        text.append(f"{marks} {words} stored for this name before: look whether that still fits the picture.")
    if file.tag is not None:
        text.append("It is still marked as done, from before; Z takes that away.")
    return " ".join(text)


def quit_(session: Session, services: Services, _arguments: Arguments) -> None:
    """End the program."""
    services.files.leave(session)
    services.end.begin(services.sessions)


def _open(session: Session, services: Services, arguments: Arguments, *, recursive: bool, folder: bool) -> None:
    path = services.folders.path(take.text(arguments, "path"))
    if folder and not Path(path).is_dir():
        raise SourceNotFoundError("no such folder", file=path, hint="choose a folder that is there")
    services.files.use(session, services.worklists.begin([path], recursive=recursive, confined=True))
    services.preferences.keep_recent([path], recursive=recursive)
