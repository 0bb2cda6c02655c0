"""What every command shares: options, exit codes, logging."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from enum import IntEnum
from pathlib import Path
from typing import Any, TextIO

from dcmaudit.errors import DcmauditError, MissingExtraError, ServerError, UsageError
from dcmaudit.model.texts import printable

log = logging.getLogger("dcmaudit")


class Exit(IntEnum):
    """Exit codes. Commands return one; scripts can rely on them."""

    GOOD = 0
    """Everything that was asked for is done."""
    NOT_ALL = 1
    """Some input, or the whole of the work, was not done; standard error names it."""
    USAGE = 2
    """The command line, the settings or the port cannot be used; nothing was begun."""
    TEXT_LEFT = 3
    """Everything was done and proved, and text is seen on planes of what was written; standard error names them."""
    FAULT = 70
    """A fault of the program itself."""
    INTERRUPTED = 130
    """Ctrl+C."""
    PIPE_CLOSED = 141
    """The reader of the output went away."""


def exit_codes(
    good: str = "everything is done",
    not_all: str = "it was not, or not all of it, and is named",
    *,
    text_left: str | None = None,
    interrupted: str = "Ctrl+C",
) -> str:
    """The end of a command's help: each code that it can end with, the first three in words of its own."""
    told = {
        Exit.GOOD: good, Exit.NOT_ALL: not_all, Exit.USAGE: "wrong usage or settings", Exit.TEXT_LEFT: text_left,
        Exit.FAULT: "fault of the program", Exit.INTERRUPTED: interrupted, Exit.PIPE_CLOSED: "nobody reads the output",
    }  # fmt: skip
    return "exit codes: " + "; ".join(f"{code.value} {text}" for code, text in told.items() if text is not None)


FLAGS = ("db", "user", "port", "browser", "viewer", "recursive", "ca_bundle", "deid_rules", "ignore_sections")
"""Arguments that are settings too: where the command line has them, they win."""


def add_ignore_sections(parser: argparse._ActionsContainer) -> None:
    """Add the argument that goes with rules."""
    parser.add_argument(
        "--ignore-sections", action="store_true", default=None,
        help="use recipes although they have sections that do nothing here: %%header, %%labels, %%values, %%fields",
    )  # fmt: skip


def require_deid(args: argparse.Namespace) -> None:
    """UsageError where an option about rules is there, and nothing says that rules are used."""
    for option, given in (("--deid-rules", args.deid_rules), ("--ignore-sections", args.ignore_sections)):
        if given is not None and not args.deid:
            raise UsageError(f"{option} means nothing without --deid")


def add_ordered(parser: argparse._ActionsContainer) -> None:
    """Add the argument that keeps the order of the inputs."""
    parser.add_argument(
        "--ordered", action="store_true", help="report files in the order of the inputs, not as they are done"
    )


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options that stand before or behind the name of a command alike."""
    # Not named means not there: what stood before the command's name must not be reset behind it.
    group = parser.add_argument_group("common options", argument_default=argparse.SUPPRESS)
    group.add_argument("-d", "--debug", action="store_true", help="say on standard error what is being done")
    group.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    group.add_argument("--db", metavar="DIR", help="folder of the database, or the URL of a PostgreSQL database")
    group.add_argument("--user", metavar="NAME", help="name that marks are signed with (default: the login name)")
    group.add_argument("--ca-bundle", metavar="FILE", help="certificates of a private CA to trust for S3 (PEM)")
    group.add_argument("--config", metavar="FILE", help="settings file to read instead of the user's own")


def flags_of(args: argparse.Namespace) -> dict[str, Any]:
    """The settings that the command line named."""
    return {name: value for name in FLAGS if (value := getattr(args, name, None)) is not None}


def local_path(text: str) -> Path:
    """A file or folder of this machine, for an argument; no address, of which a folder called ``s3:`` would be made."""
    scheme, mark, _ = text.partition("://")
    if mark and scheme.isidentifier():
        # Not the address itself: a password may be in it.
        raise argparse.ArgumentTypeError(f"a file or folder of this machine is needed, not {scheme}://")
    return Path(text)


def set_up_logging(*, debug: bool, quiet: bool) -> None:
    """Send the program's own messages to standard error; keep those of libraries away.

    A library's message may repeat a value of the file (pydicom does), so none is ever written: with ``--debug``
    its kind and place are.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    log.handlers[:] = [handler]
    # Else a handler that a library has put on the root would say everything twice.
    log.propagate = False
    log.setLevel(logging.DEBUG if debug else logging.ERROR if quiet else logging.INFO)
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())
    warnings.showwarning = _quiet_warning


def _quiet_warning(
    message: Warning | str,  # noqa: ARG001 not repeated: it may hold a value of the file
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 the standard library's signature
    line: str | None = None,  # noqa: ARG001 the same
) -> None:
    log.debug("%s at %s:%d", category.__name__, filename, lineno)


def say(message: str) -> None:
    """One line on standard error."""
    print(f"dcmaudit: {printable(message)}", file=sys.stderr)


def exit_code_of(error: DcmauditError) -> Exit:
    """The exit code of an error that ended a command."""
    return Exit.USAGE if isinstance(error, (UsageError, MissingExtraError, ServerError)) else Exit.NOT_ALL
