"""What the original's programs share: their names, what their options say, and what is not the same here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcmaudit.cli import program
from dcmaudit.cli.common import exit_codes, say
from dcmaudit.cli.helping import ShortHelp
from dcmaudit.cli.original.differences import notes_on, of_program
from dcmaudit.errors import UsageError

if TYPE_CHECKING:
    from dcmaudit.settings import Settings


def dress(parser: argparse.ArgumentParser, name: str, ours: str) -> None:
    """Give the parser the program's name, its own short help, and an end of the whole one with what is not the same."""
    parser.prog = name
    short = parser._option_string_actions.get("-h")  # noqa: SLF001 - argparse has no public way to ask
    if isinstance(short, ShortHelp):
        short.key = name
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = f"The original tool's {name}; here it is {ours}, whose options it takes too."
    lines = ["what is not the same as in the original:"]
    lines += [f"  {one.option or 'always'}: {one.here}" for one in of_program(name)]
    codes = [part for part in (parser.epilog or "").split("\n\n") if part.startswith("exit codes:")]
    parser.epilog = "\n\n".join(["\n".join(lines), *(codes or [exit_codes()])])


def notes(parser: argparse.ArgumentParser, name: str, words: Sequence[str]) -> list[str]:
    """What the program says about the options among ``words`` that mean something else here."""
    used = {word.partition("=")[0] for word in words if word.startswith("-")}
    known = {action.dest: action.option_strings for action in parser._actions}  # noqa: SLF001 - no public way to ask
    for spellings in known.values():
        if used & set(spellings):
            used |= set(spellings)
    return notes_on(name, used)


def after(said: Sequence[str], run: program.Run) -> program.Run:
    """``run``, after the notes are said; ``--quiet`` leaves them out."""

    def both(args: argparse.Namespace, settings: Settings) -> int:
        for line in [] if getattr(args, "quiet", False) else said:
            say(line)
        return run(args, settings)

    return both


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """Add ``-v``, which the originals have for what is ``-d`` here."""
    parser.add_argument("-v", "--verbose", dest="debug", action="store_true", default=argparse.SUPPRESS,
                        help="as -d: say what is being done")  # fmt: skip


def refuse_rename(args: argparse.Namespace) -> None:
    """UsageError where ``--rename`` is used: names that differ from run to run would make outputs look like inputs."""
    if args.rename is not None:
        raise UsageError(
            "--rename is not there: outputs are called NAME.redacted.dcm",
            hint="leave it out, and name one output with -o FILE.dcm where it must be called otherwise",
        )
