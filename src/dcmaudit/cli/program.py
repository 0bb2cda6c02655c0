"""From the words of the command line to the command that they mean, and to an exit code."""

from __future__ import annotations

import argparse
import atexit
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import IO, TYPE_CHECKING, Any, NoReturn

from dcmaudit import __version__
from dcmaudit.cli import guard, helping, names, registry, review
from dcmaudit.cli.common import Exit, add_common, exit_code_of, exit_codes, flags_of, log, say, set_up_logging
from dcmaudit.cli.streams import ClosedOutput, replace_closed
from dcmaudit.errors import DcmauditError, StoreError, UsageError
from dcmaudit.lazy import loading

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

_DESCRIPTION = """\
Find, show and remove text burned into the pixels of DICOM images.

Without a command it opens the reviewer in the browser: every frame, every overlay and every frame of each overlay
can be looked at, marked and tagged.
"""
_EXIT_CODES = exit_codes(
    "all done", "some inputs not done", interrupted="Ctrl+C in a command (it ends the reviewer with 0)"
)


class Parser(argparse.ArgumentParser):
    """A parser that ends with one line, not with the whole usage, and takes each option with one value once."""

    def __init__(self, *args: Any, **words: Any) -> None:
        self.given: dict[str, object] = {}
        super().__init__(*args, **words)
        for name in (None, "store"):
            self.register("action", name, _Once)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's, which keeps nothing from one command line to the next."""
        self.given.clear()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        hint = f"see {self.prog} --help"
        if "expected one argument" in message:  # argparse takes what begins with a minus for another option
            hint = f"a value that begins with - is joined by =, as in --option=-1; {hint}"
        raise UsageError(message, hint=hint)

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse passes over an output that takes nothing, and ends with exit code 0
        (file or sys.stderr).write(message or "")


_HOW_FAST = {"jobs", "progress"}
"""Options that change nothing of what is done: the last value wins, as scripts that add to a command line expect."""


class _Once(argparse._StoreAction):  # noqa: SLF001 - argparse names its actions nowhere else
    """Keeps the value of an option. argparse lets a second value replace the first without a word: with two lists of
    files those of the first would be passed over silently."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        counts = option_string is not None and self.dest not in _HOW_FAST
        given = parser.given if counts and isinstance(parser, Parser) else {}
        if given.setdefault(self.dest, values) != values:
            raise argparse.ArgumentError(self, "it is there twice, with different values, and takes one")
        super().__call__(parser, namespace, values, option_string)


Run = Callable[[argparse.Namespace, "Settings"], int]
"""What is done with the arguments once the settings are known; the exit code comes back."""
Parse = Callable[[list[str]], tuple[argparse.Namespace, Run]]
"""What the words of a command line mean."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with ``argv`` (without its own name; default: the process's) and return its exit code.

    ``--help`` and ``--version`` print and return 0. A user's mistake prints one line on standard error.
    """
    return run_program(_parse, argv)


def run_program(parse: Parse, argv: Sequence[str] | None = None) -> int:
    """As ``main``, with words that ``parse`` understands: for programs of other names."""
    code = _answered(parse, list(sys.argv[1:] if argv is None else argv))
    if code == Exit.INTERRUPTED and argv is None and _is_main_thread():
        # The process ends now with the code that tells of the signal; one more signal must not replace it.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        if any(one is not threading.main_thread() and not one.daemon for one in threading.enumerate()):
            _end_now(code)
    return code


def _end_now(code: int) -> NoReturn:
    """End the process although threads wait for an answer, which was not to be waited for any more.

    Python would wait for them, deaf to signals: from 3.13 on also for threads of which a wait was interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    atexit._run_exitfuncs()  # noqa: SLF001 - temporary files go, and processes are ended
    os._exit(code)


def _answered(parse: Parse, words: list[str]) -> int:  # noqa: PLR0911 - one return a way to end
    replace_closed()
    for stream in (sys.stdout, sys.stderr):
        _make_printable(stream)
    debug = False
    try:
        args, run = parse(words)
        names.resolve(args)
        debug = getattr(args, "debug", False)
        set_up_logging(debug=debug, quiet=getattr(args, "quiet", False))
        code = _run(args, run)
        # Flushed here, for a closed pipe must be met where it can still be answered.
        sys.stdout.flush()
    except SystemExit as error:
        # argparse ends so after --help and --version; nothing else here does.
        return int(error.code or 0) if _can_be_flushed() else _output_refused()
    except DcmauditError as error:
        say(str(error))
        _show_trace(debug=debug)
        return exit_code_of(error)
    except KeyboardInterrupt:
        say("interrupted: what was not told before this line was not done")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _give_up_output()
        return Exit.PIPE_CLOSED
    except OSError as error:
        return _system_refused(error, debug=debug)
    except Exception as error:  # the last line of defence: whatever comes, no bare traceback for a user
        return _fault(error, debug=debug)
    return code


def _parse(words: list[str]) -> tuple[argparse.Namespace, Run]:
    """The arguments, and what is done with them: the reviewer where no command is named."""
    place = _command_place(words)
    if place is None:
        return _parse_review(words), review.run
    name = words[place]
    if name not in registry.available():
        known = ", ".join(registry.available()) or "none"
        raise UsageError(f"unknown command {name!r}", hint=f"commands: {known}; files are named with -i")
    args = top_parser().parse_args(words[:place])
    return command_parser(name).parse_args(words[place + 1 :], args), run_of(name)


def run_of(name: str) -> Run:
    """What the command ``name`` does, behind the guard over everything that must not be written over."""
    return partial(_run_command, name)


def _run_command(name: str, args: argparse.Namespace, settings: Settings) -> int:
    guard.check(name, args, settings)
    if getattr(args, "shard", None) is None:
        return registry.command(name).run(args, settings)
    from dcmaudit.cli.part_note import begin_part, end_part

    made_with = begin_part(name, args, settings)
    code = registry.command(name).run(args, settings)
    end_part(name, args, made_with, code)
    return code


def _command_place(words: list[str]) -> int | None:
    """Where the name of a command stands: the first word that is neither an option nor an option's value."""
    options = top_parser()._option_string_actions  # noqa: SLF001 argparse has no public way to ask
    place = 0
    while place < len(words):
        word = words[place]
        if not word.startswith("-") or word == "-":
            return place
        action = options.get(word)
        if word == "--" or (action is not None and action.nargs == "*"):
            # Whatever follows are names of files.
            return None
        place += 1 if action is None or action.nargs == 0 or "=" in word else 2
    return None


def _parse_review(words: list[str]) -> argparse.Namespace:
    # Behind "--" every word is a name, also one that begins with a dash.
    end = words.index("--") if "--" in words else len(words)
    args = top_parser().parse_args(words[:end])
    args.names += words[end + 1 :]
    return args


def top_parser() -> argparse.ArgumentParser:
    """The parser of the reviewer and of what stands before a command's name."""
    commands = registry.available()
    epilog = _EXIT_CODES
    usage = "dcmaudit [options] [-i NAME ...]"
    parser = Parser(
        prog="dcmaudit",
        usage=usage + ("\n       dcmaudit [options] COMMAND ..." if commands else ""),
        description=_DESCRIPTION,
        epilog=epilog,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"dcmaudit {__version__}")
    review.configure(parser)
    add_common(parser)
    helping.dress(parser, "")
    return parser


def command_parser(name: str) -> argparse.ArgumentParser:
    """The parser of one command; the command's own meaning of an option wins over the common one."""
    module = registry.command(name)
    parser = Parser(
        prog=f"dcmaudit {name}",
        description=module.SUMMARY[:1].upper() + module.SUMMARY[1:],
        allow_abbrev=False,
        conflict_handler="resolve",
    )
    add_common(parser)
    module.configure(parser)
    for _, inner in helping.family(parser, name):
        if "--config" not in inner._option_string_actions:  # noqa: SLF001 - argparse has no public way to ask
            add_common(inner)
    helping.dress(parser, name)
    return parser


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command, its actions and theirs, each with its parser; the reviewer has the empty name."""
    yield "", top_parser()
    for name in registry.available():
        yield from helping.family(command_parser(name), name)


class _Formatter(helping.Formatter):
    """Appends the table of commands, which needs the modules' summaries, only when help is really printed."""

    def format_help(self) -> str:
        text = super().format_help()
        start, mark, codes = text.rpartition(_EXIT_CODES[: _EXIT_CODES.index(":")])
        if not mark:  # --version, which argparse formats in the same way
            return text
        lines = [f"  {name:<10} {registry.command(name).SUMMARY}" for name in registry.available()]
        if not lines:
            return text
        table = "\n".join(["commands (dcmaudit COMMAND --help says more):", *lines])
        return f"{start}{table}\n\n{mark}{codes}"


def _run(args: argparse.Namespace, run: Run) -> int:
    with loading():
        from dcmaudit.settings import load, unknown_variables

        settings = load(flags_of(args), config=getattr(args, "config", None))
    for variable in unknown_variables():
        log.warning("%s in the environment is no setting", variable)
    args.environment = dict(os.environ)  # as it was, for whoever asks where a setting comes from
    if settings.ca_bundle is not None:
        # Worker processes inherit the environment; see sources.s3.client.ca_bundle.
        os.environ["DCMAUDIT_CA_BUNDLE"] = str(settings.ca_bundle)
    # A command stopped by another program ends as with Ctrl+C, so that temporary files go.
    if _is_main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        return run(args, settings)
    except StoreError as error:
        told = _told_by_memory(error, settings)
        if told is None:
            raise
        raise type(error)(error.message, file=error.file, hint=told) from error


def _told_by_memory(error: StoreError, settings: Settings) -> str | None:
    """The hint, and where the database comes from that cannot be used; None where somebody named it for this run."""
    from dcmaudit.settings import MEMORY_WORDS, how_to_choose, memory_path
    from dcmaudit.store import name_of

    if not settings.is_remembered or error.file not in {settings.database, name_of(settings.database)}:
        return None
    hint = f"{error.hint}; " if error.hint else ""
    return f"{hint}{MEMORY_WORDS} in {memory_path()}: {how_to_choose()}"


def _system_refused(error: OSError, *, debug: bool) -> int:
    """Say what the system did not do: a full disk, a full device as output, a folder that may not be written."""
    place = error.filename if isinstance(error.filename, str) else None
    if place is None and not _can_be_flushed():
        return _output_refused()
    reason = error.strerror or type(error).__name__
    say(str(DcmauditError(reason, file=place, hint="make room there, or choose another place")))
    _show_trace(debug=debug)
    return Exit.NOT_ALL


def _output_refused() -> int:
    say("standard output cannot be written (make room there, or send it elsewhere)")
    _give_up_output()
    return Exit.NOT_ALL


def _can_be_flushed() -> bool:
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return not isinstance(sys.stdout, ClosedOutput)


def _give_up_output() -> None:
    """Let standard output lead nowhere: Python would complain once more when it closes it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _fault(error: Exception, *, debug: bool) -> int:
    # The message of a foreign exception may hold a value of the file: only its kind is printed.
    say(
        f"a fault of the program ({type(error).__name__}); please report it with the command that was run, without "
        f"any data{'' if debug else '; --debug shows where it is'}"
    )
    _show_trace(debug=debug)
    return Exit.FAULT


def _show_trace(*, debug: bool) -> None:
    if debug:
        traceback.print_exc()


def _make_printable(stream: IO[str]) -> None:
    # A file name that the terminal's encoding cannot show must not end the program.
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
