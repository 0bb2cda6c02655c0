"""``dcmaudit db``: print, export and describe the database, and let moved files keep their marks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dcmaudit.cli import identities, mark_import, upkeep
from dcmaudit.cli.common import Exit, add_common, local_path, say
from dcmaudit.cli.existing_store import opened
from dcmaudit.errors import StoreError, UsageError
from dcmaudit.model import HowSeen
from dcmaudit.model.counts import counted
from dcmaudit.model.records import only_seen
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line
from dcmaudit.wholefile import whole_text

if TYPE_CHECKING:
    from dcmaudit.model import Reference
    from dcmaudit.model.records import DoneRecord, Looked
    from dcmaudit.settings import Settings
    from dcmaudit.store import Store

NAME = "db"
SUMMARY = "print, import, export, copy or clean the database"

Action = Callable[["Store", "Reference", argparse.Namespace], str | None]
"""What is done for one file: the name that its marks had before, "" where that is no other; None: nothing was done."""

RECTS, TAGS = "rects.csv", "tags.csv"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    upkeep.configure(actions)
    mark_import.configure(actions)
    dump_action = actions.add_parser("dump", help="print both tables as JSON")
    export = actions.add_parser("export", help=f"write {RECTS} (which redact --csv takes back) and {TAGS}")
    export.add_argument(
        "folder", type=local_path, metavar="FOLDER", help="where to write them; made where it is missing"
    )
    export.add_argument("--overwrite", action="store_true", help="replace existing files")
    info = actions.add_parser("info", help="say where the database is, what is in it, and what is unusual about it")
    unseen = actions.add_parser("unseen", help="list files that are done although not all of their planes were seen")
    unseen.add_argument("--json", action="store_true", help="one JSON object a file")
    for each in (dump_action, export, info, unseen):
        add_common(each)
    identities.configure(actions)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Do one action; 0 only where everything that was asked for is done. Results go to standard output."""
    if args.action in upkeep.ACTIONS:
        read_only, check = upkeep.reads_only(args.action), upkeep.checks_first(args.action)
        if args.action == "merge":
            upkeep.require_sources(args)
        with opened(settings, read_only=read_only, check=check, makes=args.action == "merge") as store:
            return upkeep.run(store, args, settings.pacs_root)
    return _run(args, settings)


def _run(args: argparse.Namespace, settings: Settings) -> int:
    if args.action == "import":
        return mark_import.run(args, settings)
    if args.action in {"identify", "adopt"}:
        return identities.run(args, settings)
    with opened(settings, check=args.action != "info") as store:
        match args.action:
            case "dump":
                dump(store, sys.stdout)
            case "export":
                _say_shapes(store, RECTS)
                for path, count in export_csv(store, args.folder, overwrite=args.overwrite):
                    print(f"{path}: {counted(count, 'row')}")
            case "info":
                return _print_info(store)
            case _:
                return _print_unseen(store, json=args.json)
    return Exit.GOOD


def dump(store: Store, out: TextIO) -> None:
    """Write both tables as JSON, in the layout of the original's ``--dump-database``."""
    _say_shapes(store, "the list rects")
    unknown = store.dump_json(out)
    if unknown:
        more = f" and {counted(len(unknown) - 1, 'more file')}" if len(unknown) > 1 else ""
        say(
            f"{unknown[0]}{more}: a rectangle on all frames is in extra_rects and not in rects, one row a frame: "
            "there are very many frames, or nobody has noted how many; opening the file in the reviewer notes it"
        )


def _say_shapes(store: Store, where: str) -> None:
    shapes = store.count_shapes()
    if shapes:
        what = counted(shapes, "shape is", "shapes are")
        say(
            f"{what} in {where} as rectangles that cover them: other programs black a little more; "
            "dcmaudit reads the shapes themselves"
        )


# --- export -------------------------------------------------------------------------------------------------------


def export_csv(store: Store, folder: Path, *, overwrite: bool = False) -> list[tuple[Path, int]]:
    """Write the CSV files into ``folder``, each wholly or not at all; their paths and numbers of rows.

    The files can be read by their owner alone, for recognised text is in them. UsageError where a file exists and
    ``overwrite`` is not set, or the folder cannot be written.
    """
    todo = [(folder / RECTS, store.export_rects), (folder / TAGS, store.export_tags)]
    for path, _ in todo:
        if path.exists() and not overwrite:
            raise UsageError("the file exists already; nothing was written", file=str(path), hint="use --overwrite")
    done = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, write in todo:
            with whole_text(path, mode=0o600) as out:
                count = write(out)
            done.append((path, count))
    except OSError as error:
        raise UsageError(f"the export cannot be written: {error.strerror}", file=str(folder)) from error
    return done


# --- info ---------------------------------------------------------------------------------------------------------


def _print_info(store: Store) -> int:
    damage = [] if store.is_known_sound() else store.check()
    try:
        _print_contents(store)
    except StoreError as error:  # of a damaged one
        print(f"location:          {store.location}")
        damage = damage or [error.message]
    for row in [] if damage else store.nameless_rows():
        print(f"belongs to none:   {row}")
    for note in damage:
        print(f"damage:            {printable(note)}")
    return Exit.NOT_ALL if damage else Exit.GOOD


def _print_contents(store: Store) -> None:
    info = store.info()
    print(f"location:          {info.location}")
    print(f"kind:              {info.kind}{f', journal {info.journal}' if info.journal else ''}")
    print(f"shape:             {info.version or 'as the original tool made it; nothing of ours in it yet'}")
    print(f"files with marks:  {info.files}")
    print(f"rectangles:        {counted(info.rects, 'row')} in DicomRects, {info.extra_rects} in dcmaudit_rects")
    if info.shapes:
        print(f"shapes:            {info.shapes} of these; rows of DicomRects cover them for other programs")
    print(f"done or tagged:    {counted(info.tags, 'row')} in DicomTags")
    if info.not_all_seen:
        print(f"not all seen:      {info.not_all_seen} of these files (dcmaudit db unseen lists them)")
    if info.not_noted:
        print(f"seen not noted:    {info.not_noted} of these files, done by other tools or earlier versions")
    if info.looks:
        shown = ", ".join(f"{count} {outcome.value}" for outcome, count in info.looks.items())
        print(f"looked at by ocr:  {shown}")
    if any(info.searched):
        planes, files = info.searched
        print(
            f"searched for text: {counted(planes, 'plane')} read, {counted(files, 'file')} looked at among others of "
            "their kind; kept for the reviewer, and no marks"
        )
    if info.problems:
        print(f"not understood:    {counted(info.problems, 'row')} of rectangles")
    if info.old_columns:
        print(f"old columns kept:  {', '.join(info.old_columns)}")
    if not info.has_sums:
        print(
            "sums of marks:     none yet; a coordinate that damage changed would not show (the first write adds them)"
        )


def _print_unseen(store: Store, *, json: bool = False) -> int:
    """One line a done file of which not every plane was seen; files of which nobody noted that are counted.

    Of a file that was replaced since nobody has seen anything.
    """
    records = store.done_records()
    found = [record for record in records if not record.looked.is_whole or record.replaced_at is not None]
    for record in found:
        looked, by_class = record.looked, _by_class(store, record)
        if json:
            print(
                json_line(
                    "db-unseen",
                    {
                        "file": record.filename, "planes": looked.planes, "unseen": looked.unseen,
                        "in_part": looked.in_part, "glanced": looked.glanced, "by_class": by_class,
                        "searched": looked.is_searched,
                        "replaced": None if record.replaced_at is None else record.replaced_at.isoformat(),
                        "by": record.by, "at": record.at.isoformat(),
                    },
                )
            )  # fmt: skip
            continue
        print(
            f"{printable(record.filename)}: {_seen_words(looked, by_class)}; "
            f"done by {printable(record.by)}, {record.at:%Y-%m-%d %H:%M}"
            + ("" if looked.is_searched or not looked.planes else "; not all of it had been searched for planes")
            + (
                ""
                if record.replaced_at is None
                else f"; another file lies under the name since {record.replaced_at:%Y-%m-%d %H:%M}"
            )
        )
    unknown = store.info().not_noted
    if unknown:
        say(f"{counted(unknown, 'done file')}: other tools or earlier versions did not note what was seen")
    return Exit.GOOD


def _seen_words(looked: Looked, by_class: int) -> str:
    """How far a file was looked at; without a plane nobody noted that."""
    if not looked.planes:
        return "what was seen was not noted"
    return (
        f"{looked.unseen} of {counted(looked.planes, 'plane')} not seen, "
        f"{looked.in_part} of them in part, {looked.glanced} at a glance or skipped{_of_class(by_class)}"
    )


def _by_class(store: Store, record: DoneRecord) -> int:
    """How many planes of the file nobody looked at by themselves, and that were decided with others of their kind."""
    ways = [seen for seen in store.seen(record.filename) if seen.by == record.by]
    return only_seen(ways, HowSeen.CLASS)


def _of_class(planes: int) -> str:
    return f" ({planes} of these only decided with others of their kind)" if planes else ""
