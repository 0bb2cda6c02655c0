"""``dcmaudit db identify`` and ``adopt``: what is behind names, so that files that were moved keep their marks."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, add_common, say
from dcmaudit.cli.distribution import add_dask, add_shard, has_nothing_to_do, require_one_place, where
from dcmaudit.cli.names import add_files
from dcmaudit.errors import DcmauditError, SourceNotFoundError, StoreError
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line

if TYPE_CHECKING:
    from dcmaudit.model import Identity, Reference
    from dcmaudit.model.records import FileRows
    from dcmaudit.settings import Settings
    from dcmaudit.sources import Tally
    from dcmaudit.store import Store

_BLOCK = 200
"""Files whose identities are stored in one transaction."""

_NOTED, _FAILED = "noted", "failed"
_ADOPTED, _COULD, _OWN, _NONE = "adopted", "can be adopted", "with marks already", "without a former name"


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of these actions."""
    identify = actions.add_parser(
        "identify", help="note what is in marked files, so that their marks can be found again after a move"
    )
    adopt = actions.add_parser("adopt", help="give files that were moved or renamed the marks of their former names")
    for files in (identify, adopt):
        add_common(files)
        add_files(files, "DICOM files, wildcards, folders, lists")
        files.add_argument("-r", "-R", "--recursive", action="store_true", help="look into subfolders too")
        files.add_argument("--json", action="store_true", help="one JSON object a file")
    identify.add_argument("-j", "--jobs", type=int, metavar="N", help="processes (default: one a core)")
    add_dask(identify)
    add_shard(identify)
    adopt.add_argument("--from", dest="former", metavar="NAME", help="the former name, where several fit")
    adopt.add_argument("-n", "--dry-run", action="store_true", help="say what would be done and do nothing")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Do the action for every file; 0 only where it was done for all of them."""
    from dcmaudit.cli.existing_store import opened
    from dcmaudit.sources import Tally

    tally = Tally()
    if args.action == "identify":
        require_one_place(args)
    with opened(settings, read_only=getattr(args, "dry_run", False)) as store:
        references = _references(args, settings, tally)
        if args.action == "identify":
            counts = _identify(store, references, args, settings)
        else:
            counts = _adopt_all(store, references, args)
    for problem in tally.named_problems:
        say(str(problem))
    if not getattr(args, "quiet", False):
        print(_summary(counts, tally.found), file=sys.stderr)
    if not tally.found and not tally.problems and has_nothing_to_do(args):
        return Exit.GOOD
    return Exit.NOT_ALL if counts[_FAILED] or tally.problems or not tally.found else Exit.GOOD


def _summary(counts: Counter[str], files: int) -> str:
    """How many files ended in which way; none is left out."""
    parts = [f"{number} {words}" for words, number in counts.items() if number]
    return f"{counted(files, 'file')}: {', '.join(parts) or 'nothing to do'}"


def _references(args: argparse.Namespace, settings: Settings, tally: Tally) -> Iterator[Reference]:
    from dcmaudit.sources import find

    shard = getattr(args, "shard", None)
    for found in find(args.files, recursive=args.recursive, pacs_root=settings.pacs_root, shard=shard):
        reference = tally.add(found)
        if reference is not None:
            yield reference


def _tell_identity(args: argparse.Namespace, name: str, former: str | None, error: DcmauditError | None) -> None:
    if args.json:
        told = {"file": name, "done": former is not None, "former": former or None}
        print(json_line("db-identity", told | {"error": None if error is None else error.message}))


def _identity(reference: Reference) -> Identity:
    from dcmaudit.dicom import open_instance

    with open_instance(reference) as instance:
        return instance.identity()


# --- identify -----------------------------------------------------------------------------------------------------


def _identify(
    store: Store, references: Iterator[Reference], args: argparse.Namespace, settings: Settings
) -> Counter[str]:
    """How many were noted, and how many failed."""
    from dcmaudit.pipeline import workers
    from dcmaudit.pipeline.process import reason_of

    counts = Counter[str]()
    ready: list[FileRows] = []
    for reference, answer in workers.each(
        _identified, _marked(store, references, args, counts), **where(args, settings)
    ):
        if isinstance(answer, Exception):
            error = answer if isinstance(answer, DcmauditError) else StoreError(reason_of(answer))
            say(str(answer) if isinstance(answer, DcmauditError) else f"{reference.name}: {error.message}")
            _tell_identity(args, reference.name, None, error)
            counts[_FAILED] += 1
            continue
        ready.append(answer)
        if len(ready) == _BLOCK:
            counts[_NOTED] += _store(store, ready, args)
    counts[_NOTED] += _store(store, ready, args)
    return counts


def _store(store: Store, ready: list[FileRows], args: argparse.Namespace) -> int:
    """Store these and tell them, in this order; how many they were."""
    store.put_results(ready)
    for one in ready:
        _tell_identity(args, one.filename, "", None)
    count = len(ready)
    ready.clear()
    return count


def _marked(
    store: Store, references: Iterable[Reference], args: argparse.Namespace, counts: Counter[str]
) -> Iterator[Reference]:
    """Those that have marks; of the others it is said that there is nothing to find again."""
    from dcmaudit.model import ReviewState

    todo = iter(references)
    while block := list(islice(todo, _BLOCK)):
        states = store.states(one.name for one in block)
        for one in block:
            if states[one.name] is not ReviewState.NOT_REVIEWED:
                yield one
                continue
            counts["without marks"] += 1
            say(f"{one.name}: nothing was noted: the database has no marks under this name, so there are none to find")
            _tell_identity(args, one.name, None, None)


def _identified(reference: Reference) -> FileRows:
    from dcmaudit.pipeline.content import stamp_of
    from dcmaudit.store import file_rows

    size, modified_ns = stamp_of(reference) or (None, None)  # an object of a bucket has none that is known
    rows = file_rows(reference.name, ())
    return replace(rows, identity=_identity(reference), size=size, modified_ns=modified_ns)


# --- adopt --------------------------------------------------------------------------------------------------------


def _adopt_all(store: Store, references: Iterator[Reference], args: argparse.Namespace) -> Counter[str]:
    """How many were adopted, failed, had marks of their own, or are of no image that the database knows."""
    from dcmaudit.model import ReviewState

    counts = Counter[str]()
    for reference in references:
        former: str | None = None
        try:
            if store.states([reference.name])[reference.name] is not ReviewState.NOT_REVIEWED:
                counts[_OWN] += 1
            else:
                former = _adopt(store, reference, args)
                counts[_NONE if former is None else _COULD if args.dry_run else _ADOPTED] += 1
        except DcmauditError as error:
            say(str(error))
            counts[_FAILED] += 1
            _tell_identity(args, reference.name, former, error)
            continue
        _tell_identity(args, reference.name, former, None)
    return counts


def _adopt(store: Store, reference: Reference, args: argparse.Namespace) -> str | None:
    identity = _identity(reference)
    candidates = store.find_moved(reference.name, identity)
    if args.former is not None:
        candidates = [name for name in candidates if name == args.former]
    if not candidates:
        return None
    still_there = [name for name in candidates if _is_there(name)]
    if still_there:
        # Two files, one instance: taking the marks from one of them would leave it unreviewed without a word.
        raise StoreError(
            f"the same instance is still at {still_there[0]}: this is a copy, its marks stay there", file=reference.name
        )
    if len(candidates) > 1:
        names = ", ".join(candidates[:5])
        raise StoreError(f"{len(candidates)} former names fit: {names}", file=reference.name, hint="choose with --from")
    if not args.dry_run:
        store.adopt(reference.name, identity, source=candidates[0])
    if not args.json:
        print(printable(f"{candidates[0]} -> {reference.name}"))
    return candidates[0]


def _is_there(name: str) -> bool:
    """Whether something is still under a former name; StoreError where nobody can tell, for then nothing may move."""
    from dcmaudit.sources import LocalReference, reference_to

    reference = reference_to(name)
    if isinstance(reference, LocalReference):
        return os.path.lexists(reference.path)
    try:
        reference.open().close()
    except SourceNotFoundError:
        return False
    except DcmauditError as error:
        raise StoreError(f"whether {name} is still there cannot be told: {error.message}", hint=error.hint) from error
    return True
