"""``dcmaudit db import``: the lines of CSV lists become rows of the database; what does not is named."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, add_common, exit_codes, local_path, say
from dcmaudit.cli.existing_store import tell_new
from dcmaudit.cli.marklists import MarkLine, NotTaken, mark_lines
from dcmaudit.errors import DcmauditError, ListError, UsageError
from dcmaudit.model.counts import counted
from dcmaudit.model.records import NewRect
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line
from dcmaudit.sources.local import path_of
from dcmaudit.sources.s3.names import ALLOWED, is_foreign

if TYPE_CHECKING:
    from dcmaudit.settings import Settings
    from dcmaudit.store import ListedRect, Store, TagRecord

EXPORTS = ("rects.csv", "tags.csv")
"""The files of an export, in the order in which they are taken in."""


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to those of ``dcmaudit db``."""
    parser = actions.add_parser(
        "import",
        help="take rectangles and tags from CSV lists into the database",
        description="Take the rectangles or tags of CSV lists into the database: exports of dcmaudit and of the "
        "original tool, and lists that ocr wrote. Everything is looked at before anything is written, and each line "
        "that is not taken is named. What is there already is not added again.",
        epilog=exit_codes("every line was taken or is there already", "some lines were not taken"),
    )
    parser.add_argument(
        "lists", nargs="+", type=local_path, metavar="LIST", help="a CSV list, or a folder of db export"
    )
    parser.add_argument("-n", "--dry-run", action="store_true", help="say what would be taken and write nothing")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace tag rows of the database that say something else"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a file, and one a line that is not taken")
    add_common(parser)


@dataclass
class _File:
    """What the lists have for one file."""

    rects: list[ListedRect] = field(default_factory=list)
    tag: TagRecord | None = None
    tag_where: str = ""
    shapes: set[NewRect] = field(default_factory=set)


class _Plan:
    """What is to be written, file by file, and what was left out."""

    def __init__(self, *, json: bool = False) -> None:
        self._json = json
        self.files: dict[str, _File] = {}
        self.left: Counter[NotTaken] = Counter()
        self.there = self.refused = 0

    def refuse(self, where: str, reason: str) -> None:
        """Name a line that is not taken."""
        self.refused += 1
        if self._json:
            self.tell(line=where, not_taken=reason)
        say(f"{where}: not taken: {reason}")

    def tell(self, **record: object) -> None:
        """One line of JSON."""
        nothing = {"file": None, "rectangles": 0, "tag": None, "line": None, "not_taken": None}
        print(json_line("db-import", nothing | record))

    def counts(self) -> tuple[int, int, int]:
        """How many rectangles and tag rows, and of how many files."""
        rects = sum(len(one.rects) for one in self.files.values())
        return rects, sum(one.tag is not None for one in self.files.values()), len(self.files)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Look at every line, say what is not taken, then write; 0 only where nothing was refused."""
    from dcmaudit.store import open_store

    plan, lines = _Plan(json=args.json), 0
    with open_store(settings.database, user=settings.user, timeout=settings.db_wait, read_only=args.dry_run) as store:
        tell_new(store)
        for path in _lists(args.lists):
            for line in mark_lines(path, unused=partial(_tell_unused, path)):
                lines += 1
                _add(plan, line, settings.pacs_root)
        if not lines:
            raise ListError("there is no line below the titles", file=", ".join(map(str, args.lists)))
        _drop_known(plan, store, overwrite=args.overwrite)
        if not args.dry_run:
            _write(plan, store)
        location = store.location
    rects, tags, files = plan.counts()
    verb = "would be taken" if args.dry_run else "taken"
    for name, one in plan.files.items() if args.json else ():
        plan.tell(file=name, rectangles=len(one.rects), tag=None if one.tag is None else one.tag.marked)
    tell = say if args.json else print
    tell(
        f"{location}: {counted(rects, 'rectangle')} and {counted(tags, 'tag row')} of {counted(files, 'file')} {verb}; "
        f"{plan.there} there already"
    )
    for reason, count in plan.left.items():
        say(f"{counted(count, 'line')} left out: {reason.value}")
    away = sum("://" not in name and not os.path.lexists(path_of(name)) for name in plan.files)
    if away:
        say(f"{counted(away, 'file is', 'files are')} not on this machine under the name in the list")
    if plan.refused:
        say(f"{counted(plan.refused, 'line was not taken and is', 'lines were not taken and are')} named above")
    return Exit.NOT_ALL if plan.refused else Exit.GOOD


def _tell_unused(path: Path, titles: Sequence[str]) -> None:
    # A title may be a slip of the pen, and what stands below it a comment that somebody misses later.
    say(f"{path}: {counted(len(titles), 'column')} of other names not used: {', '.join(map(printable, titles))}")


def _lists(named: list[Path]) -> Iterator[Path]:
    for path in named:
        if not path.is_dir():
            yield path
            continue
        found = [path / name for name in EXPORTS if (path / name).exists()]
        if not found:
            raise UsageError(f"the folder has no {' or '.join(EXPORTS)}", file=str(path), hint="name a CSV list")
        yield from found


def _add(plan: _Plan, line: MarkLine, pacs_root: Path | None) -> None:
    if line.left_out is not None:
        plan.left[line.left_out] += 1
        return
    if line.problem is not None:
        plan.refuse(line.where, line.problem)
        return
    try:
        name = _full_name(line.filename, pacs_root)
    except UsageError as error:
        plan.refuse(line.where, f"{error.message} ({error.hint})" if error.hint else error.message)
        return
    entry = plan.files.setdefault(name, _File())
    if line.rect is not None:
        if line.rect.rect.shape is not None:
            if line.rect.rect in entry.shapes:
                return  # another rectangle of the same shape
            entry.shapes.add(line.rect.rect)
        entry.rects.append(line.rect)
    elif entry.tag is not None:
        plan.refuse(line.where, "a line above has a tag row of the same file")
    else:
        entry.tag, entry.tag_where = line.tag, line.where


def _full_name(name: str, pacs_root: Path | None) -> str:
    """The name that the database knows the file by: absolute, or an address. UsageError where nobody can tell."""
    if "\udc80" <= max(name) <= "\udcff":
        raise UsageError("the name of the file is not UTF-8, and no marks can be kept under it")
    if is_foreign(name):
        raise UsageError("the name of the file is an address that is not read here", hint=f"allowed: a path, {ALLOWED}")
    if "://" in name:
        return name
    if os.path.isabs(name):  # noqa: PTH117 - a plain name, as the database has it
        return os.path.normpath(name)
    for folder in (Path.cwd(), *([pacs_root] if pacs_root else [])):
        if os.path.lexists(folder / name):
            return os.path.abspath(folder / name)  # noqa: PTH100 - links stay as they are named
    raise UsageError(
        f"{printable(name)} is a relative name and no file is there",
        hint="start where the names begin, or set PACS_ROOT",
    )


def _drop_known(plan: _Plan, store: Store, *, overwrite: bool) -> None:
    """Take out what the database has already; refuse tag rows that say something else there."""
    from dcmaudit.store import KnownPlaces

    for name, entry in plan.files.items():
        known = KnownPlaces(store.rects(name))
        new: list[ListedRect] = []
        seen: set[NewRect] = set()
        for one in entry.rects:
            if known.has(one.rect) or one.rect in seen:
                plan.there += 1
            else:
                new.append(one)
                seen.add(one.rect)
        entry.rects = new
        there = store.tag(name) if entry.tag is not None else None
        if there is None or entry.tag is None:
            continue
        if (there.marked, there.comment) == (entry.tag.marked, entry.tag.comment):
            plan.there += 1
            entry.tag = None
        elif not overwrite:
            plan.refuse(
                entry.tag_where, "the database has another mark or comment for this file; --overwrite replaces it"
            )
            entry.tag = None
    plan.files = {name: one for name, one in plan.files.items() if one.rects or one.tag is not None}


def _write(plan: _Plan, store: Store) -> None:
    for done, (name, entry) in enumerate(list(plan.files.items())):
        try:
            store.take_in(name, entry.rects, entry.tag)
        except UsageError as error:
            plan.refuse(name, error.message)
            del plan.files[name]
        except DcmauditError:
            say(f"stopped at {name}: what the lists have for the {counted(done, 'file')} before it is taken")
            raise
