"""What ``dcmaudit db`` does with a database as a whole: history, backup, forgetting, counting anew."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, add_common, local_path, say
from dcmaudit.cli.names import add_files, listed
from dcmaudit.errors import DcmauditError, StoreError, UsageError
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable, with_bytes_told
from dcmaudit.report.jsonlines import json_line

if TYPE_CHECKING:
    from pathlib import Path

    from dcmaudit.sources.listed import Listed
    from dcmaudit.store import HistoryEntry, Store

_MANY = 100
"""Names beyond which the history is read once for all of them."""
ACTIONS = ("history", "backup", "check", "compact", "forget", "merge", "recount")


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of these actions."""
    history = actions.add_parser("history", help="print who did what and when, the newest first, never a text")
    add_files(history, "of these files (default: of all)", needed=False, dest="names")
    history.add_argument("--by", metavar="USER", help="only what this user did")
    history.add_argument("--json", action="store_true", help="one JSON object a line")
    history.add_argument("--count", type=int, metavar="N", help="the newest N lines (default: all)")
    backup = actions.add_parser("backup", help="write a whole copy, checked for damage, while others go on working")
    backup.add_argument("target", type=local_path, metavar="FILE", help="the copy; a name that is there is refused")
    check = actions.add_parser("check", help="read all of it and say what is damaged: pages, indices, sums of marks")
    compact = actions.add_parser("compact", help="check it, then write it anew without the room that removed rows left")
    forget = actions.add_parser("forget", help="erase recognised text; rectangles and verdicts stay")
    add_files(forget, "of these files, as the database calls them", needed=False, dest="names")
    forget.add_argument("--all", action="store_true", help="of every file")
    forget.add_argument("--older-than", type=int, metavar="DAYS", help="only what is older")
    merge = actions.add_parser("merge", help="take over what other databases know; contradictions are named")
    add_files(merge, "folders, files or addresses of databases", metavar="DATABASE", dest="names")
    recount = actions.add_parser(
        "recount", help="take the done mark of files whose marks do not agree with their sum, and count them anew"
    )
    add_files(recount, "as the database calls them", dest="names")
    for each in (history, backup, check, compact, forget, merge, recount):
        add_common(each)


def reads_only(action: str) -> bool:
    """Whether the action writes nothing into the database."""
    return action in {"history", "backup", "check"}


def checks_first(action: str) -> bool:
    """Whether a damaged database is refused before the action; the others say themselves what is damaged."""
    return action in {"history", "forget", "compact", "merge"}


def run(store: Store, args: argparse.Namespace, pacs_root: Path | None) -> int:
    """Do the action on the open store; ``pacs_root`` is the folder that relative names in lists may start from."""
    if args.action in {"history", "forget", "recount"}:
        root = None if pacs_root is None else str(pacs_root)
        args.known = list(dict.fromkeys(_known(store, one, root) for one in listed(args.names)))
    return _RUN[args.action](store, args)


def _backup(store: Store, args: argparse.Namespace) -> int:
    store.backup(args.target.absolute())
    print(f"{args.target}: a whole copy, checked")
    return Exit.GOOD


def _compact(store: Store, _: argparse.Namespace) -> int:
    before, after = store.compact()
    print(f"{store.location}: {before / 2**20:.1f} MB before, {after / 2**20:.1f} MB now")
    return Exit.GOOD


def _check(store: Store, _: argparse.Namespace) -> int:
    damage = store.check()
    for note in damage:
        print(f"damage: {printable(note)}")
    if not damage:
        print(f"{store.location}: no damage found; every page, index and sum of marks was read")
    return Exit.NOT_ALL if damage else Exit.GOOD


def require_sources(args: argparse.Namespace) -> None:
    """StoreError where a database to take from is not there: before one is made, and before anything is taken."""
    from dcmaudit.store import is_database_missing

    for one in listed(args.names):
        if is_database_missing(one.name):
            raise StoreError("no database here", file=one.name)


def _merge(store: Store, args: argparse.Namespace) -> int:
    from dcmaudit.store import open_store

    is_good = True
    for place in [one.name for one in listed(args.names)]:
        counts = Counter[str]()
        with open_store(place, user=store.user, read_only=True) as other:
            for one in store.merge_from(other):
                if one.contradiction is not None:
                    say(
                        f"{one.filename}: {one.contradiction}: {other.location} says otherwise; nothing was taken of it"
                    )
                counts["contradict" if one.contradiction else "taken" if one.taken else "known"] += 1
            print(
                f"{printable(other.location)}: {counted(counts['taken'], 'file')} taken, "
                f"{counts['known']} known already, {counts['contradict']} contradict"
            )
        is_good &= not counts["contradict"]
    return Exit.GOOD if is_good else Exit.NOT_ALL


def _history(store: Store, args: argparse.Namespace) -> int:
    if args.count is not None and args.count < 1:
        raise UsageError(f"--count {args.count} prints nothing", hint="1 or more are allowed")
    left = args.count
    entries_of = _in_one_walk(store, args.known) if len(args.known) > _MANY else store.history
    for name in args.known or [None]:
        is_empty = True
        for entry in entries_of(name):
            is_empty = False
            if args.by is not None and entry.by != args.by:
                continue
            if left == 0:
                return Exit.GOOD
            left = None if left is None else left - 1
            if args.json:
                record = {"at": entry.at.isoformat(), "by": entry.by, "action": entry.action, "count": entry.count}
                print(json_line("db-history", record | {"file": entry.filename}))
                continue
            what = f"{entry.action} ({entry.count})" if entry.count != 1 else entry.action
            fields = (f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}", entry.by, what, entry.filename or "-")
            print("\t".join(map(printable, fields)))
        if is_empty and name is not None:
            say(f"{name}: nothing was done to a file of this name")
    return Exit.GOOD


def _in_one_walk(store: Store, names: list[str]) -> Callable[[str | None], Iterable[HistoryEntry]]:
    """The history of these names, read in one walk through all of it: a question a name would take much longer."""
    found: dict[str | None, list[HistoryEntry]] = {name: [] for name in names}
    for entry in store.history():
        if entry.filename in found:
            found[entry.filename].append(entry)
    return found.__getitem__


def _known(store: Store, one: Listed, pacs_root: str | None) -> str:
    """The name as the database has it: as given, else as the path that it is from here or below ``pacs_root``.

    Only a name that a list has is looked for below ``pacs_root``, as everywhere. Where the database has noted nothing
    under any of them, the file that is there counts.
    """
    if "://" in one.name:
        return one.name
    # Links stay as they were named.
    paths = [os.path.abspath(path) for path in one.candidates(pacs_root if one.where else None)]  # noqa: PTH100
    names = list(dict.fromkeys(with_bytes_told(name) for name in (one.name, *paths)))
    if len(names) == 1:
        return names[0]
    noted = next((name for name in names if next(store.history(name), None) is not None), None)
    return noted or with_bytes_told(next((path for path in paths if os.path.lexists(path)), paths[0]))


def _forget(store: Store, args: argparse.Namespace) -> int:
    if bool(args.names) == args.all:
        raise UsageError("name the files whose text is to be forgotten, or --all", hint="one of the two")
    if args.older_than is not None and args.older_than < 0:
        raise UsageError(f"--older-than {args.older_than} is no number of days")
    before = None if args.older_than is None else datetime.now().astimezone() - timedelta(days=args.older_than)
    found = store.forget_text(None if args.all else args.known, before=before)
    print(
        f"forgotten: {counted(found.texts, 'text of a rectangle', 'texts of rectangles')}, "
        f"{counted(found.summaries, 'text of a plane', 'texts of planes')}, {found.undo} kept for undo"
    )
    for name in found.without:
        say(f"{name}: nothing was found under this name; names are to be given as the database has them (db dump)")
    for sentence in found.left:
        say(f"left: {sentence}")
    say("left, for this program cannot know of it: exports, CSV lists, backups and copies of the database, and "
        "comments that people wrote; on some disks also blocks that the file gave back")  # fmt: skip
    return Exit.NOT_ALL if found.left or found.without else Exit.GOOD


def _recount(store: Store, args: argparse.Namespace) -> int:
    failed = False
    for name in args.known:
        try:
            if store.recount(name):
                print(printable(f"{name}: counted anew; it is not reviewed any more"))
            else:
                say(f"{name}: its marks agree with their sum; nothing was done")
        except DcmauditError as error:
            say(str(error))
            failed = True
    return Exit.NOT_ALL if failed else Exit.GOOD


_RUN = {
    "history": _history, "backup": _backup, "check": _check, "compact": _compact, "forget": _forget, "merge": _merge,
    "recount": _recount,
}  # fmt: skip
