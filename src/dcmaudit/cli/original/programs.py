"""The programs: each is the parser of one of our commands with the original's options added."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence

from dcmaudit.cli import program
from dcmaudit.cli.original.manners import add_verbose, after, dress, notes, refuse_rename
from dcmaudit.errors import UsageError

Change = Callable[[argparse.Namespace], None]
"""Turns what the original's options say into what ours say; UsageError where that cannot be."""


def dcmaudit(argv: Sequence[str] | None = None) -> int:
    """``dcmaudit.py``: the options of the guide are the reviewer's own."""
    return program.main(argv)


def dicom_ocr(argv: Sequence[str] | None = None) -> int:
    """``dicom_ocr``: ``dcmaudit ocr``, with ``--rects`` off unless it is named."""
    return program.run_program(lambda words: _parsed("dicom_ocr", "ocr", words, _add_ocr, _ocr), argv)


def dicom_redact(argv: Sequence[str] | None = None) -> int:
    """``dicom_redact``: ``dcmaudit redact``, where ``-r`` is a rectangle."""
    return program.run_program(lambda words: _parsed("dicom_redact", "redact", words, _add_redact, _redact), argv)


def pydicom_images(argv: Sequence[str] | None = None) -> int:
    """``pydicom_images``: ``dcmaudit frames``, which writes TIFF unless told otherwise."""
    return program.run_program(_pydicom_images, argv)


def dbrects_to_deid_rules(argv: Sequence[str] | None = None) -> int:
    """``dbrects_to_deid_rules``: ``dcmaudit rules make`` of the database that is named first."""
    return program.run_program(_dbrects_to_deid_rules, argv)


def dicom_pixel_anon(argv: Sequence[str] | None = None) -> int:
    """``dicom_pixel_anon``: reading and redacting in one step."""
    from dcmaudit.cli.original import onestep

    return program.run_program(onestep.parse, argv)


# --- what they share ----------------------------------------------------------------------------------------------


def _parsed(
    name: str,
    command: str,
    words: list[str],
    add: Callable[[argparse.ArgumentParser], None],
    change: Change,
) -> tuple[argparse.Namespace, program.Run]:
    """The arguments of ``command``, to which ``add`` added the original's options, and what is done with them."""
    parser = program.command_parser(command)
    dress(parser, name, f"dcmaudit {command}")
    add(parser)
    args = parser.parse_args(words)
    said = notes(parser, name, words)
    change(args)
    return args, after(said, program.run_of(command))


# --- dicom_ocr ----------------------------------------------------------------------------------------------------


def _add_ocr(parser: argparse.ArgumentParser) -> None:
    add_verbose(parser)
    parser.add_argument("--forms", action="store_true", help="nothing: scanned forms are always looked for")
    parser.add_argument("--rects", action="store_true", help="each place of text too, with coordinates")
    parser.set_defaults(rects=False)


def _ocr(args: argparse.Namespace) -> None:
    # ``--no-read`` finds places alone: without them it would have nothing to say.
    args.rects = args.rects or args.no_read


# --- dicom_redact -------------------------------------------------------------------------------------------------


def _add_redact(parser: argparse.ArgumentParser) -> None:
    add_verbose(parser)
    group = parser.add_argument_group("options of the original")
    group.add_argument(
        "--dicom", nargs="*", action="extend", default=[], metavar="FILE", help="the DICOM files to redact"
    )
    group.add_argument("-r", "--rect", nargs="+", action="extend", default=[], metavar="RECTS",
                       help="x0,y0,x1,y1 or x0,y0,+w,+h, several separated by ; or by spaces")  # fmt: skip
    group.add_argument("--remove-ultrasound-regions", action="store_true",
                       help="black everything outside the ultrasound regions")  # fmt: skip
    group.add_argument("--compress", action="store_true", help="nothing: outputs stay in their transfer syntax")
    group.add_argument("--rename", metavar="ENDING", help="refused: outputs are called NAME.redacted.dcm")


def _redact(args: argparse.Namespace) -> None:
    refuse_rename(args)
    for word in args.rect:
        # -r takes every word up to the next option.
        if os.path.lexists(word):
            raise UsageError(
                "it stands among the rectangles of -r", file=word, hint="name it before -r or with --dicom"
            )
    args.files = [*args.files, *args.dicom]
    args.ultrasound = args.ultrasound or args.remove_ultrasound_regions
    args.deid = args.deid or args.deid_rules is not None
    # As in the original a database that is named is one to redact by.
    others = args.csv or args.rect or args.whole or args.deid or args.ultrasound
    args.from_db = args.from_db or (getattr(args, "db", None) is not None and not (args.csv or args.rect))
    removes = args.remove_high_bit_overlays or args.remove_private_bulk or "remove" in {args.overlays, args.icons}
    if not (args.files or args.csv or args.from_db) and (others or removes):
        raise UsageError("no file is named", hint="name it with --dicom")


# --- pydicom_images -----------------------------------------------------------------------------------------------


def _pydicom_images(words: list[str]) -> tuple[argparse.Namespace, program.Run]:
    parser = program.command_parser("frames")
    dress(parser, "pydicom_images", "dcmaudit frames")
    parser.set_defaults(format="tiff")
    group = parser.add_argument_group("options of the original, for reading text")
    group.add_argument("--ocr", metavar="NAME", help="read the text of every plane, as dicom_ocr --csv stdout does")
    group.add_argument("--csv", action="store_true", help="with --ocr: a line of titles first")
    group.add_argument("--pii", metavar="JUDGES", help="with --ocr: who judges what is read")
    group.add_argument("--rects", action="store_true", help="with --ocr: each place of text too")
    group.add_argument("--no-overlays", action="store_true", help="with --ocr: leave overlays out")
    args = parser.parse_args(words)
    said = notes(parser, "pydicom_images", words)
    if args.ocr is None:
        for option in ("csv", "pii", "rects", "no_overlays"):
            if getattr(args, option):
                raise UsageError(f"--{option.replace('_', '-')} means nothing without --ocr")
        return args, after(said, program.run_of("frames"))
    if args.extract:
        raise UsageError("--ocr reads and -x extracts: one at a time", hint="run pydicom_images twice")
    args, run = _parsed("dicom_ocr", "ocr", _reading_words(args), _add_ocr, _ocr)
    return args, after(said, run)


def _reading_words(args: argparse.Namespace) -> list[str]:
    words = ["--ocr", args.ocr, "--csv", "-", "--csv-header" if args.csv else "--no-csv-header"]
    words += ["--pii", args.pii] if args.pii else []
    words += [f"--{one}" for one in ("rects", "no-overlays", "recursive") if getattr(args, one.replace("-", "_"))]
    words += [f"--files-from={one}" for one in args.files_from]
    for option in ("debug", "quiet"):
        words += [f"--{option}"] if getattr(args, option, False) else []
    return [*words, "--", *args.files]


# --- dbrects_to_deid_rules ----------------------------------------------------------------------------------------


def _dbrects_to_deid_rules(words: list[str]) -> tuple[argparse.Namespace, program.Run]:
    rules = program.command_parser("rules")
    make = _action(rules, "make")
    rules.prog = "dbrects_to_deid_rules"
    dress(make, "dbrects_to_deid_rules", "dcmaudit rules make")
    add_verbose(make)
    make.add_argument("database", nargs="?", metavar="DATABASE", help="its folder or file (default: the usual one)")
    args = rules.parse_args(["make", *words])
    if args.database is not None and getattr(args, "db", args.database) != args.database:
        raise UsageError("two databases are named, one with --db", hint="name one")
    if args.database is not None:
        args.db = args.database
    return args, program.run_of("rules")


def _action(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            found = action.choices[name]
            if isinstance(found, argparse.ArgumentParser):
                return found
    raise LookupError(name)
