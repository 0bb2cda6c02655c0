"""The names of inputs on a command line: written there, in a list, or on standard input."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dcmaudit.errors import ListError, UsageError

if TYPE_CHECKING:
    from dcmaudit.sources import NameList
    from dcmaudit.sources.listed import Listed


def add_files(
    parser: argparse.ArgumentParser, words: str, *, metavar: str = "FILES", needed: bool = True, dest: str = "files"
) -> None:
    """Add the positional names and ``--files-from``; ``needed``: at least one of them must be there.

    ``dest`` is ``files``, or ``names`` where they need not be files.
    """
    parser.add_argument(dest, nargs="*", metavar=metavar, help=f"{words}; - reads a list from standard input")
    add_files_from(parser)
    parser.set_defaults(files_needed=needed)


def add_files_from(parser: argparse.ArgumentParser) -> None:
    """Add ``--files-from``."""
    parser.add_argument(
        "--files-from",
        metavar="LIST",
        action="append",
        default=[],
        help="read names from a file, one a line or each ended by NUL, or from a CSV list; - is standard input",
    )


def resolve(args: argparse.Namespace) -> None:
    """Put the lists of ``--files-from``, and standard input for ``-``, in place among the names.

    UsageError where a command that needs names has none.
    """
    place = "files" if hasattr(args, "files") else "names" if hasattr(args, "names") else None
    if place is None or not hasattr(args, "files_from"):
        return
    from dcmaudit.sources import name_list
    from dcmaudit.sources.namelist import STANDARD_INPUT

    names = getattr(args, place)
    if [*names, *args.files_from].count(STANDARD_INPUT) > 1:
        raise UsageError("standard input can be read once", hint="name - only once")
    found = [name_list(name) if name == STANDARD_INPUT else name for name in names]
    found += [name_list(one) for one in args.files_from]
    if getattr(args, "files_needed", False) and not found:
        raise UsageError("no file is named", hint="name files or folders, or a list with --files-from")
    setattr(args, place, found)


def listed(names: Iterable[str | NameList]) -> Iterator[Listed]:
    """Every name in its order, those of lists with the line that they stand in.

    ListError where a list is empty, has a line without a name, or cannot be read: for commands that begin only when
    all names are known.
    """
    from dcmaudit.sources import NameList
    from dcmaudit.sources.listed import Listed
    from dcmaudit.sources.namelist import listed_names

    for name in names:
        if not isinstance(name, NameList):
            yield Listed(name, "")
            continue
        is_empty = True
        try:
            for entry in listed_names(name):
                if entry.error is not None:
                    raise entry.error
                is_empty = False
                yield entry
        except OSError as error:
            raise ListError(f"it cannot be read: {error.strerror}", file=name.title) from error
        if is_empty:
            raise ListError("this list names no file", file=name.title)
