"""Help in two lengths: ``-h`` fits a screen, ``--help`` says all. Both end with examples, which the tests run."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dcmaudit.cli.common import exit_codes

WIDTH = 80
"""Columns of the short help; a terminal has 24 lines of so many."""


@dataclass(frozen=True, slots=True)
class Help:
    """``main``: the options that most people need, in order. ``examples``: command lines, each with what it does."""

    main: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()


HELP: Mapping[str, Help] = {
    "": Help(
        ("-i", "-r", "--db"),
        (("dcmaudit -i scans/", "review the files of a folder"),),
    ),
    "frames": Help(
        ("-x", "-f", "-o", "--view", "-r", "--json"),
        (
            ("dcmaudit frames scans/", "list every plane of every file"),
            ("dcmaudit frames -x -o pictures/ scans/", "write each plane as a PNG"),
        ),
    ),
    "ocr": Help(
        ("--no-read", "--engine", "--mode", "--pii", "--csv", "--review", "-r", "-j", "--json"),
        (
            ("dcmaudit ocr -r scans/", "find text, and show it in the reviewer"),
            ("dcmaudit ocr --csv found.csv scans/", "write a list instead"),
        ),
    ),
    "redact": Help(
        ("--from-db", "--rect", "--csv", "--deid", "--ultrasound", "-o", "-n", "--check-text", "-r", "--json"),
        (
            ("dcmaudit redact --from-db -o released/", "what reviewers marked, of all done files"),
            ("dcmaudit redact --rect 0,0,639,39 -o out/ scans/", "the same corner of every file"),
        ),
    ),
    "verify": Help(
        ("--rect", "--csv", "--pairs", "--deid", "--ultrasound", "--check-text", "--json"),
        (
            ("dcmaudit verify --rect 0,0,639,39 before.dcm after.dcm", "prove one file"),
            ("dcmaudit verify --rect 0,0,639,39 scans/ out/", "prove a folder against another"),
        ),
    ),
    "release": Help(
        ("-o", "--held", "--key", "--policy", "--eyes", "--resume", "-r", "--json"),
        (("dcmaudit release scans/ -o out/ --held held/ --key key --eyes none", "what may leave goes to out/"),),
    ),
    "report": Help((), (("dcmaudit report check out/ --signer FINGERPRINT", "check a release that came"),)),
    "report sign": Help(
        ("--signing-key", "--make-key"),
        (("dcmaudit report sign out/ --signing-key key.pem --make-key", "sign it, with a new key"),),
    ),
    "report merge": Help(
        ("--part", "-o", "--held"),
        (
            (
                "dcmaudit report merge --part out1 held1 --part out2 held2 -o out/ --held held/",
                "one release of two parts",
            ),
        ),
    ),
    "report join": Help(
        ("-o", "--overwrite"), (("dcmaudit report join part1.csv part2.csv -o whole.csv", "one list of two parts"),)
    ),
    "report check": Help(
        ("--signer",), (("dcmaudit report check out/ --signer FINGERPRINT", "is it whole, and who signed it"),)
    ),
    "score": Help(
        ("--key", "--key-format", "--uid-map", "--json"),
        (("dcmaudit score scans/ out/ --key strings.csv", "how many strings of the key are hidden in out/"),),
    ),
    "rules": Help(
        (),
        (
            ("dcmaudit rules check scans/", "which rules match which files"),
            ("dcmaudit rules make -o deid.dicom.site", "rules from what reviewers marked"),
        ),
    ),
    "rules check": Help(
        ("--deid-rules", "--strict", "--csv", "-r", "--json"),
        (("dcmaudit rules check --strict scans/", "end with 1 where no rule matches a file"),),
    ),
    "rules make": Help(
        ("-o", "--ctp", "--share", "--check-files"),
        (("dcmaudit rules make --ctp -o site.script", "a CTP script instead of a deid recipe"),),
    ),
    "db": Help(
        (),
        (
            ("dcmaudit db info", "where it is, and what is in it"),
            ("dcmaudit db export list/", "rects.csv and tags.csv"),
            ("dcmaudit db backup copy.db", "a whole copy, checked"),
        ),
    ),
    "db dump": Help((), (("dcmaudit db dump", "both tables as JSON"),)),
    "db export": Help(("--overwrite",), (("dcmaudit db export list/", "rects.csv and tags.csv"),)),
    "db import": Help(
        ("-n", "--overwrite", "--json"),
        (
            ("dcmaudit db import -n list/", "say what would be taken"),
            ("dcmaudit db import rects.csv tags.csv", "take both lists"),
        ),
    ),
    "db info": Help((), (("dcmaudit db info", "where it is, and what is in it"),)),
    "db unseen": Help(("--json",), (("dcmaudit db unseen", "done files with planes that nobody saw"),)),
    "db identify": Help(("-r", "--json"), (("dcmaudit db identify scans/", "before files are moved"),)),
    "db adopt": Help(
        ("-n", "--from", "-r", "--json"), (("dcmaudit db adopt -n scans/", "after files were moved: which ones"),)
    ),
    "db history": Help(("--by", "--count", "--json"), (("dcmaudit db history --count 20", "the newest twenty lines"),)),
    "db backup": Help((), (("dcmaudit db backup copy.db", "a whole copy, checked"),)),
    "db forget": Help(
        ("--all", "--older-than"),
        (("dcmaudit db forget --all --older-than 30", "recognised text older than a month"),),
    ),
    "db check": Help((), (("dcmaudit db check", "whether the database is whole"),)),
    "db compact": Help((), (("dcmaudit db compact", "make its file as small as what is in it"),)),
    "db merge": Help((), (("dcmaudit db merge --db all.db part1.db part2.db", "take over what two others know"),)),
    "db recount": Help((), (("dcmaudit db recount scans/before.dcm", "a file whose marks do not agree"),)),
    "s3": Help(
        (),
        (
            ("dcmaudit s3 credentials set BUCKET --endpoint URL", "save keys; the secret is asked for"),
            ("dcmaudit s3 list s3://BUCKET/", "what is in it"),
        ),
    ),
    "s3 credentials": Help((), (("dcmaudit s3 credentials list", "the buckets that keys are saved for"),)),
    "s3 credentials list": Help((), (("dcmaudit s3 credentials list", "the buckets that keys are saved for"),)),
    "s3 credentials set": Help(
        ("--endpoint", "--access-key", "--region", "--profile", "--anonymous", "--secret-stdin"),
        (("dcmaudit s3 credentials set BUCKET --endpoint URL --access-key KEY", "the secret is asked for"),),
    ),
    "s3 credentials delete": Help((), (("dcmaudit s3 credentials delete BUCKET", "the bucket stays as it is"),)),
    "s3 credentials test": Help((), (("dcmaudit s3 credentials test BUCKET", "list it once with what is saved"),)),
    "s3 list": Help(("-r", "--filter", "--json"), (("dcmaudit s3 list -r s3://BUCKET/", "everything in it"),)),
    "s3 get": Help(("-o", "--overwrite", "--json"), (("dcmaudit s3 get -o here/ s3://BUCKET/KEY", "copy an object"),)),
    "s3 open": Help(
        ("--study", "--series", "--csv", "--random", "--overview", "--seed", "--viewer"),
        (("dcmaudit s3 open BUCKET --csv list.csv --random 20", "twenty studies at random"),),
    ),
    "s3 select": Help(
        ("-o", "--study", "--series", "--csv", "--random", "--overview", "--seed"),
        (("dcmaudit s3 select BUCKET --study UID -o list.csv", "a list for -i"),),
    ),
    "sample": Help(
        (),
        (
            ("dcmaudit sample plan --bound 1%", "how many series to look at"),
            ("dcmaudit sample draw -r scans/ -o list.csv", "draw them"),
            ("dcmaudit sample conclude list.csv", "what follows from the marks"),
        ),
    ),
    "sample plan": Help(
        ("--bound", "--confidence", "--series", "--json"),
        (("dcmaudit sample plan --bound 0.5% --series 2000", "for an archive of 2000 series"),),
    ),
    "sample draw": Help(
        ("-o", "--size", "--by", "--seed", "-r", "--json"),
        (("dcmaudit sample draw -r scans/ -o list.csv", "a list for dcmaudit -i"),),
    ),
    "sample merge": Help(
        ("-o", "--size", "--bound", "--json"),
        (
            ("dcmaudit sample draw -r scans/ --seed 7 --shard 2/2 -o part2.json", "in the second of two jobs"),
            ("dcmaudit sample merge part1.json part2.json -o list.csv", "afterwards"),
        ),
    ),
    "sample conclude": Help(
        ("--confidence", "--json"), (("dcmaudit sample conclude list.csv", "once the list is reviewed"),)
    ),
    "examples": Help(("--real", "--json"), (("dcmaudit examples try/", "write them into the folder try"),)),
    "doctor": Help(
        ("--only", "--json"),
        (
            ("dcmaudit doctor", "look at everything"),
            ("dcmaudit doctor --only detector --only database", "two parts of it"),
        ),
    ),
    "config": Help((), (("dcmaudit config show", "every setting, and who says so"),)),
    "config show": Help(("--json",), (("dcmaudit config show", "every setting, and who says so"),)),
}
"""The commands by name, the reviewer under the empty one."""


ORIGINALS = {
    "dicom_ocr": Help(
        ("--csv", "--rects", "--ocr", "--pii", "--no-overlays", "--review", "-r"),
        (
            ("dicom_ocr --csv found.csv --rects scans/*.dcm", "write a list"),
            ("dicom_ocr --db work scans/*.dcm", "into the database there"),
        ),
    ),
    "dicom_redact": Help(
        ("--dicom", "-r", "--csv", "--db", "--deid", "--remove-ultrasound-regions", "--remove-high-bit-overlays", "-o"),
        (
            ("dicom_redact --dicom a.dcm -r 0,0,639,39 -o out/", "one rectangle on every frame"),
            ("dicom_redact --db work --dicom scans/*.dcm -o out/", "the marks of done files"),
        ),
    ),
    "pydicom_images": Help(
        ("-x", "-i", "-f", "-v", "-o"),
        (
            ("pydicom_images -i scans/*.dcm", "list every plane of every file"),
            ("pydicom_images -x -f png scans/*.dcm", "write each plane as a PNG"),
        ),
    ),
    "dbrects_to_deid_rules": Help(
        ("-o", "--ctp", "--share", "--check-files"),
        (("dbrects_to_deid_rules -o deid.dicom.site work/", "rules from the marks of done files"),),
    ),
    "dicom_pixel_anon": Help(
        ("-o", "-r", "-R", "-D", "--ocr", "--no-overlays", "--write-csv", "--overwrite"),
        (("dicom_pixel_anon -o out/ scans/*.dcm", "read every file, black all text, prove the result"),),
    ),
}
"""As ``HELP``, of the original tool's programs by their names."""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Fills paragraphs, and leaves lines alone that begin with a blank."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filled = []
        for line in text.splitlines():
            is_set = not line or line.startswith(" ")
            filled.append(
                line if is_set else textwrap.fill(line, width, initial_indent=indent, subsequent_indent=indent)
            )
        return "\n".join(filled)


class ShortHelp(argparse.Action):
    """Prints the short help and ends."""

    def __init__(self, option_strings: Sequence[str], *, key: str = "", **_: Any) -> None:
        super().__init__(
            option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help="the main options, and end"
        )
        self.key = key

    def _rows(self) -> list[tuple[str, str]]:
        """The commands, where no command is meant."""
        if self.key:
            return []
        from dcmaudit.cli import registry

        return [(name, registry.command(name).SUMMARY) for name in registry.available()]

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: object,  # noqa: ARG002 - what argparse calls
        values: object,  # noqa: ARG002 - the same
        option_string: str | None = None,  # noqa: ARG002 - the same
    ) -> None:
        """What argparse does with the option."""
        parser._print_message(short_help(parser, self.key, self._rows()), sys.stdout)  # noqa: SLF001 - as its own --help does
        parser.exit()


def dress(parser: argparse.ArgumentParser, key: str) -> None:
    """Give the parser, and those of its actions, both helps and the examples."""
    given = parser._option_string_actions  # noqa: SLF001 - argparse has no public way
    full = given.get("-h")
    if full is not None and not isinstance(full, ShortHelp):
        del given["-h"]
        full.option_strings = ["--help"]
        full.help = "everything, and end"
        parser.add_argument("-h", action=ShortHelp, key=key)
    if parser.formatter_class is argparse.HelpFormatter:
        parser.formatter_class = Formatter
    examples = example_lines(key)
    parser.epilog = parser.epilog or exit_codes()
    if examples:
        parser.epilog = "\n\n".join(part for part in ("\n".join(["examples:", *examples]), parser.epilog) if part)
    for name, inner in actions_of(parser).items():
        inner.description = inner.description or _sentence(summary_of(parser, name))
        dress(inner, f"{key} {name}")


def actions_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the command's actions by name; {} where it has none."""
    for action in parser._actions:  # noqa: SLF001 - the same
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return dict(action.choices)
    return {}


def family(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The parser under its name, then those of its actions, and of theirs, each under its words."""
    yield name, parser
    for action, inner in actions_of(parser).items():
        yield from family(inner, f"{name} {action}")


def value_of(action: argparse.Action) -> str:
    """How the value of an argument is written, "" where it takes none: ``FILE``, ``[FILES ...]``, ``OUT HELD``."""
    if action.nargs == 0:
        return ""
    metavar = action.metavar or "|".join(map(str, action.choices or [action.dest.upper()]))
    value = " ".join(metavar) if isinstance(metavar, tuple) else metavar
    if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse has no public way
        return f"{value} ..."
    return {"*": f"[{value} ...]", "+": f"{value} [{value} ...]", "?": f"[{value}]"}.get(str(action.nargs), value)


def usage_of(parser: argparse.ArgumentParser) -> str:
    """How the command is called: its name, ``[options]``, the options that cannot be left out, and its arguments."""
    grouped = [group for group in parser._mutually_exclusive_groups if group.required]  # noqa: SLF001 - the same
    needed = [_called(one) for one in parser._actions if one.option_strings and one.required]  # noqa: SLF001
    needed += [f"({' | '.join(map(_called, group._group_actions))})" for group in grouped]  # noqa: SLF001
    named = [value_of(one) for one in parser._actions if not one.option_strings]  # noqa: SLF001
    return " ".join([parser.prog, "[options]", *needed, *named])


def _called(action: argparse.Action) -> str:
    return f"{action.option_strings[0]} {value_of(action)}".rstrip()


def example_lines(key: str) -> list[str]:
    """The examples, each with what it does, two lines where one is too short."""
    lines = []
    for words, text in _help_of(key).examples:
        one = f"  {words}  # {text}"
        lines += [one] if len(one) <= WIDTH else [f"  {words}", f"      # {text}"]
    return lines


def short_help(parser: argparse.ArgumentParser, key: str, rows: Iterable[tuple[str, str]] = ()) -> str:
    """What the command does, how it is called, its main options and actions, and examples: at most a screen.

    ``rows``: further names with a text each, for what stands above all commands.
    """
    text = " ".join((parser.description or "").split())
    sentence = textwrap.shorten(_sentence(text.split(". ")[0]), 2 * WIDTH - 10, placeholder=" ...")
    usage = textwrap.wrap(f"usage: {usage_of(parser)}", WIDTH, subsequent_indent=" " * 7, break_on_hyphens=False)
    lines = [*usage, *textwrap.wrap(sentence, WIDTH)]
    parts = [
        [_row(name, summary_of(parser, name)) for name in actions_of(parser)],
        [_option(parser, name) for name in _help_of(key).main],
        [_row(name, text) for name, text in rows],
        [*example_lines(key), f"{parser.prog} --help lists everything."],
    ]
    lines += [line for part in parts if part for line in ("", *part)]
    return "\n".join(lines) + "\n"


def _help_of(key: str) -> Help:
    return HELP.get(key) or ORIGINALS.get(key) or Help()


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def summary_of(parser: argparse.ArgumentParser, name: str) -> str:
    """What its command says of an action, "" where there is none of that name."""
    for action in parser._actions:  # noqa: SLF001 - the same
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            told = {one.dest: one.help or "" for one in action._choices_actions}  # noqa: SLF001
            return told.get(name, "")
    return ""


def _option(parser: argparse.ArgumentParser, name: str) -> str:
    action = parser._option_string_actions[name]  # noqa: SLF001 - the same
    long = next((one for one in action.option_strings if one.startswith("--")), name)
    named = name if name == long else f"{name}, {long}"
    return _row(f"{named} {value_of(action)}".rstrip(), (action.help or "").replace("%%", "%"))


def _row(name: str, text: str) -> str:
    """A line with a name and as much of the text as fits, in 80 columns."""
    start = f"  {name:<22} "
    return start + textwrap.shorten(text, max(20, WIDTH - len(start)), placeholder=" ...")
