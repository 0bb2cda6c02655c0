"""The names of inputs on a command line: written there, in a list, or on standard input."""

from __future__ import annotations

import argparse

from dcmaudit.errors import UsageError


def add_files(parser: argparse.ArgumentParser, words: str, *, metavar: str = "FILES", needed: bool = True) -> None:
    """Add the positional names and ``--files-from``; ``needed``: at least one of them must be there."""
    parser.add_argument("files", nargs="*", metavar=metavar, help=f"{words}; - reads a list from standard input")
    add_files_from(parser)
    parser.set_defaults(files_needed=needed)


def add_files_from(parser: argparse.ArgumentParser) -> None:
    """Add ``--files-from``."""
    parser.add_argument(
        "--files-from",
        metavar="LIST",
        action="append",
        default=[],
        help="a file with a name a line, with names ended by NUL, or a CSV list; - is standard input",
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
