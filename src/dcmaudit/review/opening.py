"""Commands that open other files or another database, and the end."""

from __future__ import annotations

from pathlib import Path

from dcmaudit.errors import SourceNotFoundError, UsageError
from dcmaudit.review import arguments as take
from dcmaudit.review.arguments import Arguments
from dcmaudit.review.session import Session


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
    """Keep marks in the database of the folder ``path`` from now on."""
    session.desk.set_database(session, take.text(arguments, "path"))


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
