"""``dcmaudit examples FOLDER``: example files to try the program on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from dcmaudit.cli.common import local_path
from dcmaudit.report.jsonlines import json_line

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

NAME = "examples"
SUMMARY = "write example files with made-up names"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument(
        "folder", type=local_path, metavar="FOLDER", help="where to write them; existing files are kept"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a file instead of its name alone")
    parser.add_argument(
        "--real", action="store_true", help="also print the names of real files that the pydicom package brings along"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001 - every subcommand has this shape
    """Write the examples and print their names, one a line, for use with ``-i``."""
    from dcmaudit.examples import real_examples, write_examples

    names = [str(path) for path in write_examples(args.folder.absolute())]
    names += [str(path) for path in real_examples()] if args.real else []
    for name in names:
        print(json_line("examples", {"file": name}) if args.json else name)
    return 0
