"""``dcmaudit config show``: every setting, and where its value comes from."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, add_common, flags_of
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line

if TYPE_CHECKING:
    from dcmaudit.settings import Settings
    from dcmaudit.settings.origins import Origin

NAME = "config"
SUMMARY = "show every setting and where it comes from"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help=SUMMARY)
    show.add_argument("--json", action="store_true", help="one JSON object a setting")
    add_common(show)


def run(args: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001 - every subcommand has this shape
    """Print every setting; a password in the address of a database never."""
    from dcmaudit.settings.origins import origins

    for one in origins(flags_of(args), config=getattr(args, "config", None), environment=args.environment):
        record = _record(one)
        if args.json:
            print(json_line("config", record))
            continue
        where = f" ({one.where})" if one.where else ""
        print(printable(f"{one.name:<16} {_words(record['value']):<40} {one.source.value}{where}"))
    return Exit.GOOD


def _record(one: Origin) -> Mapping[str, object]:
    return {"name": one.name, "value": _plain(one), "source": one.source.value, "where": one.where}


def _plain(one: Origin) -> object:
    if one.name == "db" and isinstance(one.value, str):
        from dcmaudit.store import name_of

        return name_of(one.value)
    if isinstance(one.value, Enum):
        return one.value.value
    if isinstance(one.value, Path):
        return str(one.value)
    return [str(part) for part in one.value] if isinstance(one.value, tuple) else one.value


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
