"""``dcmaudit sample``: how much to look at, a random sample to look at, and what may be concluded from it."""

from __future__ import annotations

import argparse
import csv
import os
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, local_path, say
from dcmaudit.cli.distribution import add_dask, add_shard, has_nothing_to_do, require_one_place, where
from dcmaudit.cli.names import add_files
from dcmaudit.errors import UsageError
from dcmaudit.model import ReviewState
from dcmaudit.model.counts import counted
from dcmaudit.report.jsonlines import json_line
from dcmaudit.report.samples import (
    Conclusion,
    DrawnImage,
    SamplePlan,
    drawn_lines,
    part_line,
    partly_line,
    unlooked_line,
    unread_line,
)
from dcmaudit.sources.samplelist import COLUMNS, rows_of
from dcmaudit.wholefile import whole_text

if TYPE_CHECKING:
    from dcmaudit.model import Reference
    from dcmaudit.model.records import MarkedFile
    from dcmaudit.model.shards import Shard
    from dcmaudit.settings import Settings
    from dcmaudit.sources import Found, Tally
    from dcmaudit.sources.sampling import Frame, Stratum, Unit

NAME = "sample"
SUMMARY = "draw a random sample, and say what it proves"

BY = "Modality,ImageType,ManufacturerModelName"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    plan = actions.add_parser("plan", help="how many series must be looked at for a bound")
    plan.add_argument("--series", type=int, metavar="N", help="how many series there are (default: very many)")
    draw = actions.add_parser("draw", help="draw series, one image of each, into a CSV list for -i")
    add_files(draw, "whatever -i takes: folders, lists, s3://..., az://..., gs://...", metavar="NAMES")
    draw.add_argument("--by", default=BY, metavar="TAGS", help=f"divide by these attributes (default: {BY})")
    draw.add_argument("--seed", type=int, metavar="N", help="repeat the draw that was made with this seed")
    draw.add_argument("-r", "-R", "--recursive", action="store_true", default=None, help="look into subfolders too")
    draw.add_argument("-j", "--jobs", type=int, metavar="N", help="processes (default: one a core)")
    add_dask(draw)
    add_shard(draw)
    merge = actions.add_parser("merge", help="draw from all parts that draw --shard wrote, as one draw would")
    add_files(merge, "the files of all parts", metavar="PART", dest="names")
    for action in (draw, merge):
        action.add_argument(
            "-o", "--output", type=local_path, metavar="FILE", help="the list (default: standard output)"
        )
        action.add_argument("--overwrite", action="store_true", help="replace an existing list")
        action.add_argument("--size", type=int, metavar="N", help="how many series (default: what --bound needs)")
        action.add_argument("--least", type=int, metavar="N", help="at least so many of each kind (default: 1)")
    conclude = actions.add_parser("conclude", help="what follows from the marks that the database has for a list")
    conclude.add_argument("list", metavar="LIST", help="a list that draw wrote")
    for action in (plan, draw, merge, conclude):
        action.add_argument("--json", action="store_true", help="JSON objects instead of text")
        action.add_argument("--confidence", type=_share, metavar="P", help="default: 95%%")
        if action is not conclude:
            action.add_argument("--bound", type=_share, metavar="P", help="default: 1%%")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Do one action. Results go to standard output, everything else to standard error."""
    match args.action:
        case "plan":
            return _plan(args)
        case "draw":
            return _draw(args, settings)
        case "merge":
            return _merge(args)
        case _:
            return _conclude(args, settings)


def _share(text: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1: write 0.01 or 1%")
    return value


def _plan(args: argparse.Namespace) -> int:
    from dcmaudit.sources.sampling import needed

    bound, confidence = _bound(args), _confidence(args)
    told = SamplePlan(
        needed(bound, confidence=confidence, population=args.series), args.series, bound, confidence
    )  # fmt: skip
    print(json_line("sample-plan", told.record()) if args.json else told.line())
    return Exit.GOOD


# Drawing


def _draw(args: argparse.Namespace, settings: Settings) -> int:
    from dcmaudit.sources import Tally
    from dcmaudit.sources.sampling import frame_of

    _require_target(args)
    require_one_place(args)
    _require_part(args)
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    by = _attributes(args)
    tally, unread = Tally(), Counter[str]()
    frame = frame_of(_units(args, by, settings, tally, unread), seed)
    missing = tally.problems + unread.total()
    if args.shard is None:
        return _drawn(args, frame, missing, hint=tally.summary(), unread=unread.total())
    if not has_nothing_to_do(args) and not frame.images and not missing:
        raise UsageError("there is nothing to draw from", hint=tally.summary())
    from dcmaudit.cli.sample_parts import part_lines

    text = "".join(f"{line}\n" for line in part_lines(frame, args.shard, by, missing))
    if args.json and args.output is not None:
        sys.stdout.write(text)
    _put(args.output, text)
    say(part_line(str(args.shard), frame.images, sum(frame.sizes().values()), seed))
    return _ended(missing)


def _attributes(args: argparse.Namespace) -> tuple[str, ...]:
    """Keywords of the attributes to divide by; UsageError for one that no file can have: all would be of one kind."""
    from dcmaudit.dicom.header_view import unknown_element

    by = tuple(filter(None, args.by.replace(",", " ").split()))
    for name in by:
        reason = unknown_element(name)
        if reason is not None:
            raise UsageError(f"--by {name}: {reason}", hint="keywords of PS3.6, as Modality,StationName")
    return by


def _require_target(args: argparse.Namespace) -> None:
    if args.output is not None and os.path.lexists(args.output) and not args.overwrite:
        raise UsageError("the list exists already", file=str(args.output), hint="--overwrite replaces it")
    if args.size is not None and args.size < 1:
        raise UsageError("--size must be 1 or more")


def _require_part(args: argparse.Namespace) -> None:
    """UsageError for a part that no other could be put together with, and for what a part cannot know."""
    if args.shard is None:
        return
    if args.seed is None:
        raise UsageError("parts of one draw need one seed", hint="name the same --seed N for every part")
    for name in ("size", "least", "bound", "confidence"):
        if getattr(args, name) is not None:
            raise UsageError(f"a part does not draw, so --{name} says nothing", hint="say it to dcmaudit sample merge")


def _merge(args: argparse.Namespace) -> int:
    """Draw from all parts."""
    from dcmaudit.cli.names import listed
    from dcmaudit.cli.sample_parts import merged

    _require_target(args)
    frame, missing = merged([Path(one.name) for one in listed(args.names)])
    return _drawn(args, frame, missing, hint="the parts hold no series")


def _drawn(args: argparse.Namespace, frame: Frame, missing: int, *, hint: str, unread: int = 0) -> int:
    """Draw, write the list, and say what was drawn."""
    from dcmaudit.sources.sampling import allocate, needed

    sizes = frame.sizes()
    # Named one by one above: nothing is wrong with the command line.
    if not sizes and unread:
        say(f"there is nothing to draw from: {counted(unread, 'input')} could not be read")
        return Exit.NOT_ALL
    if not sizes:
        raise UsageError("there is nothing to draw from", hint=hint)
    total = sum(sizes.values())
    size = args.size or needed(_bound(args), confidence=_confidence(args), population=total)
    allocation = allocate(sizes, size, least=1 if args.least is None else args.least)
    _write(args, frame, sizes, allocation)
    for line in drawn_lines(frame.images, frame.seed, sizes, allocation):
        say(line)
    return _ended(missing)


def _ended(missing: int) -> int:
    if missing:
        say(unread_line(missing))
    return Exit.NOT_ALL if missing else Exit.GOOD


def _bound(args: argparse.Namespace) -> float:
    return 0.01 if args.bound is None else float(args.bound)


def _confidence(args: argparse.Namespace) -> float:
    return 0.95 if args.confidence is None else float(args.confidence)


def _units(
    args: argparse.Namespace, by: tuple[str, ...], settings: Settings, tally: Tally, unread: Counter[str]
) -> Iterator[Unit]:
    from dcmaudit.pipeline import workers
    from dcmaudit.pipeline.process import reason_of
    from dcmaudit.sources import Problem, find
    from dcmaudit.sources.sampling import Unit

    def references() -> Iterator[Reference]:
        recursive = args.recursive or settings.recursive
        for found in find(args.files, recursive=recursive, pacs_root=settings.pacs_root):
            if args.shard is not None and not _is_mine(args.shard, found):
                continue
            if isinstance(found, Problem):
                say(str(found))
            reference = tally.add(found)
            if reference is not None:
                yield reference

    for reference, answer in workers.each(partial(_read, by), references(), **where(args, settings)):
        if isinstance(answer, Unit):
            yield answer
        else:
            unread["unread"] += 1
            say(f"{reference.name}: {reason_of(answer)}")


def _is_mine(shard: Shard, found: Found) -> bool:
    """Whether it belongs to this part; inputs are counted on the way, for all parts must have met as many."""
    from dcmaudit.sources import Passed

    return shard.holds(found.name) if isinstance(found, Passed) else shard.meet(found.name)


def _read(by: tuple[str, ...], reference: Reference) -> Unit:
    from dcmaudit.dicom.head import head_of
    from dcmaudit.sources.sampling import Unit

    header, series = head_of(reference, by)
    values = tuple("\\".join(header.get(field) or ()) or f"no {field}" for field in by)
    return Unit(reference.name, series or reference.name, values)


def _write(args: argparse.Namespace, frame: Frame, sizes: dict[Stratum, int], allocation: dict[Stratum, int]) -> None:
    drawn = [
        DrawnImage(unit.name, unit.series, unit.stratum, sizes[unit.stratum], frame.seed)
        for unit in frame.draw(allocation)
    ]
    if args.json:
        for one in drawn:
            print(json_line("sample-draw", one.record()))
    if args.json and args.output is None:
        return
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *(one.row() for one in drawn)])
    _put(args.output, text.getvalue())


def _put(path: Path | None, text: str) -> None:
    """Onto standard output, or wholly into a file."""
    if path is None:
        sys.stdout.write(text)
        return
    with whole_text(path) as stream:
        stream.write(text)


# Concluding


def _conclude(args: argparse.Namespace, settings: Settings) -> int:
    from dcmaudit.sources.sampling import joint_bound, upper_bound
    from dcmaudit.store import is_database_missing, open_store

    rows = rows_of(args.list)
    if is_database_missing(settings.database):
        raise UsageError("there is no database yet", hint="review the list first, or name its database with --db")
    strata: dict[str, list[int]] = {}
    partly = 0
    with open_store(settings.database, user=settings.user, timeout=settings.db_wait, read_only=True) as store:
        for row, known in zip(rows, store.marks_of(row["filename"] for row in rows), strict=True):
            counts = strata.setdefault(row["stratum"], [int(row["series_in_stratum"]), 0, 0])
            is_done, is_whole, has_text = _known(known)
            counts[1] += is_whole or (is_done and has_text)
            counts[2] += is_done and has_text
            partly += is_done and not is_whole and not has_text
    confidence = _confidence(args)
    told = [
        Conclusion(
            name, size, looked, found, upper_bound(found, looked, confidence=confidence, population=size), confidence
        )
        for name, (size, looked, found) in sorted(strata.items())
    ]
    bound = joint_bound([(size, looked, found) for size, looked, found in strata.values()], confidence=confidence)
    total, looked, found = (sum(counts[k] for counts in strata.values()) for k in range(3))
    for one in (*told, Conclusion(None, total, looked, found, bound, confidence)):
        print(json_line("sample-conclude", one.record()) if args.json else one.line())
    if looked + partly < len(rows):
        say(unlooked_line(len(rows) - looked - partly, len(rows)))
    if partly:
        say(partly_line(partly, len(rows)))
    return Exit.GOOD if looked == len(rows) else Exit.NOT_ALL


def _known(image: MarkedFile) -> tuple[bool, bool, bool]:
    """Whether an image is done, whether all of it was seen then, and whether text was marked on it or it was tagged.

    StoreCorruptError where its marks are not those that were stored.
    """
    if image.corrupt is not None:
        raise image.corrupt
    is_tagged = image.state is ReviewState.TAGGED
    # A mark that cannot be used was made because of something, too.
    has_text = is_tagged or any(row.box is not None or row.problem is not None for row in image.rects)
    record = image.done
    # Another file lies there since: nobody finished that one.
    is_replaced = record is not None and record.replaced_at is not None and not is_tagged
    is_done = image.state.is_done and not is_replaced
    # Without planes nobody noted how far it was looked at.
    is_whole = record is None or not record.looked.planes or record.looked.is_whole
    return is_done, is_done and is_whole, has_text
