"""The table of commands: which module does what.

A command is a module of this package with

- ``NAME``, the word on the command line, and ``SUMMARY``, one line for ``--help``;
- ``configure(parser)``, which adds its own arguments to an ``argparse.ArgumentParser``;
- ``run(args, settings) -> int``, which does the work and returns an exit code (``dcmaudit.cli.common.Exit``).

To add one, write the module and put its line into ``MODULES``. Its top imports only argparse, ``dcmaudit.errors``,
``dcmaudit.settings`` (for the type) and other light modules, and ``run`` imports the rest, so that ``--help`` stays
quick (a test holds this). The options of ``common.add_common`` are there already. Errors of our own tree end a
command with one line on standard error; what belongs to a single input should be reported there and the next input
done, with ``Exit.NOT_ALL`` at the end.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

MODULES = {
    "frames": "dcmaudit.cli.frames",
    "ocr": "dcmaudit.cli.ocr",
    "redact": "dcmaudit.cli.redact",
    "verify": "dcmaudit.cli.verify",
    "release": "dcmaudit.cli.release",
    "report": "dcmaudit.cli.report",
    "score": "dcmaudit.cli.score",
    "rules": "dcmaudit.cli.rules",
    "db": "dcmaudit.cli.database",
    "s3": "dcmaudit.cli.s3",
    "sample": "dcmaudit.cli.sample",
    "examples": "dcmaudit.cli.examples",
    "doctor": "dcmaudit.cli.doctor.command",
    "config": "dcmaudit.cli.config",
}


class Command(Protocol):
    """What a command's module looks like."""

    NAME: str
    SUMMARY: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments."""
        ...

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Do the work; the exit code comes back."""
        ...


def available() -> list[str]:
    """The names of the commands that this installation has, in the order of the table; nothing is imported."""
    return [name for name, module in MODULES.items() if find_spec(module) is not None]


def command(name: str) -> Command:
    """The module of the command ``name``, which must be one of ``available()``."""
    return cast("Command", import_module(MODULES[name]))
