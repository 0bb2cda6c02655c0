"""``dcmaudit score``: how well any tool hid text, held against an answer key."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, exit_codes, local_path, say
from dcmaudit.errors import ListError, UsageError
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dcmaudit.model import Box, Scope
    from dcmaudit.model.scores import FileScore
    from dcmaudit.pipeline.scoring import Key, KeyFormat, Partners
    from dcmaudit.pipeline.scoring.partners import Named
    from dcmaudit.settings import Settings

NAME = "score"
SUMMARY = "score what any tool hid, against an answer key"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.description = (
        "Compare a tool's outputs with their originals and an answer key. Say how many strings are hidden on every "
        "plane of every file, and how many other pixels were kept. A missing output counts as not hidden."
    )
    parser.epilog = exit_codes("every string is hidden", "some are not, or could not be judged")
    parser.add_argument("before", metavar="BEFORE", help="the originals: a file or a folder")
    parser.add_argument("after", metavar="AFTER", help="what the tool wrote: a file or a folder")
    parser.add_argument(
        "--key", type=local_path, required=True, metavar="FILE",
        help="what must be hidden: a CSV list of rectangles, presidio's JSON, or the SQLite file of MIDI-B",
    )  # fmt: skip
    parser.add_argument("--key-format", choices=("csv", "presidio", "midi-b"), help="default: told by the file")
    parser.add_argument(
        "--uid-map", type=local_path, metavar="FILE", help="CSV list with the columns id_old and id_new of the UIDs"
    )
    parser.add_argument("-j", "--jobs", type=int, metavar="N", help="processes (default: one a core)")
    parser.add_argument("--json", action="store_true", help="one JSON object a file, and last the sum of all")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Score every original; the table goes to standard output, what is not hidden to standard error."""
    del settings
    from dcmaudit.cli.pairs import Sides
    from dcmaudit.pipeline import workers
    from dcmaudit.pipeline.scoring import partners_of, score_file
    from dcmaudit.report.scores import Total

    if args.jobs is not None and args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs} leaves nobody to do the work", hint="1 or more are allowed")
    kind, key = _key(args)
    problems: list[tuple[str, str]] = []
    sides = Sides(args.before, args.after)
    originals = _files(args.before, problems, sides.is_original)
    outputs = _files(args.after, problems, sides.is_output)
    if sides.words() is not None:
        say(str(sides.words()))
    partners = partners_of(kind, key, originals, outputs, _uids(args.uid_map))
    total, failed = Total(), _tell_problems(partners, problems)
    for task, score in workers.each(score_file, partners.tasks, jobs=args.jobs):
        if isinstance(score, Exception):
            failed += 1
            _warn(task.before.name, f"not scored: {getattr(score, 'message', type(score).__name__)}")
            continue
        total.add(score)
        _tell(args, score)
    if args.json:
        print(json_line("score", {"summary": total.record()}), flush=True)
    else:
        for line in total.lines():
            print(line)
    return Exit.GOOD if total.is_good and not failed else Exit.NOT_ALL


def _key(args: argparse.Namespace) -> tuple[KeyFormat, Key]:
    from dcmaudit.pipeline.scoring import KeyFormat, key_of_rows, kind_of, read_key

    kind = KeyFormat(args.key_format) if args.key_format else kind_of(args.key)
    key = key_of_rows(_rows(args.key)) if kind is KeyFormat.LIST else read_key(args.key, kind)
    if not key:
        raise ListError("the key names no file", file=str(args.key))
    return kind, key


def _rows(path: Path) -> Iterator[tuple[str, Scope, Box]]:
    from dcmaudit.cli.rectangles import read_csv

    for row in read_csv(path):
        if row.problem is not None or row.request is None or row.request.box is None:
            raise ListError(row.problem or "a line without a rectangle", file=str(path))
        if not row.filename:
            raise ListError("a line names no file", file=str(path))
        shape = row.request.shape
        for box in (row.request.box,) if shape is None or shape.size is None else shape.boxes(shape.size):
            yield row.filename, row.request.scope, box


def _files(name: str, problems: list[tuple[str, str]], belongs: Callable[[str], bool]) -> list[Named]:
    """The DICOM files of a folder that belong to it, with the names below it; or the one file."""
    from dcmaudit.sources import LocalReference, Problem, find

    if not os.path.exists(name):  # noqa: PTH110 - a plain name
        hint = "folders of this machine are compared: dcmaudit s3 get copies objects" if "://" in name else None
        raise UsageError(f"{printable(name)} is not there", hint=hint)
    is_folder = os.path.isdir(name)  # noqa: PTH112
    found: list[Named] = []
    for one in find([name], recursive=True):
        if not isinstance(one, LocalReference | Problem) or not belongs(getattr(one, "path", one.name)):
            continue
        if isinstance(one, LocalReference):
            below = os.path.relpath(one.path, name) if is_folder else os.path.basename(one.path)  # noqa: PTH119
            found.append((one, below))
        else:
            problems.append((one.name, str(one.error.message)))
    return found


def _uids(path: Path | None) -> dict[str, str]:
    """New UIDs by old ones; empty without a list."""
    import csv

    from dcmaudit.plainfile import open_regular
    from dcmaudit.sources.csvlist import as_text

    if path is None:
        return {}
    found: dict[str, str] = {}
    try:
        with as_text(open_regular(str(path))) as stream:
            reader = csv.DictReader(stream, strict=True)
            if not {"id_old", "id_new"} <= set(reader.fieldnames or ()):
                raise ListError("it has no columns id_old and id_new", file=str(path))
            for row in reader:
                old, new = (row["id_old"] or "").strip(), (row["id_new"] or "").strip()
                if not old or not new or found.setdefault(old, new) != new:
                    raise ListError(
                        "a line is empty, or gives a UID a second new one", file=f"{path} line {reader.line_num}"
                    )
    except OSError as error:
        raise ListError(f"it cannot be read: {error.strerror}", file=str(path)) from error
    except (csv.Error, UnicodeError) as error:
        raise ListError("it cannot be read as CSV", file=str(path), hint="save it as UTF-8") from error
    return found


def _tell_problems(partners: Partners, problems: list[tuple[str, str]]) -> int:
    for name in partners.without_original:
        _warn(name, "named by the key, and none of the originals")
    for name, reason in (*partners.unread, *problems):
        _warn(name, reason)
    return len(partners.without_original) + len(partners.unread) + len(problems)


def _tell(args: argparse.Namespace, score: FileScore) -> None:
    """One file: its line of JSON, and in words what is not hidden."""
    from dcmaudit.report.scores import file_record, left_lines

    if args.json:
        print(json_line("score", file_record(score)), flush=True)
    if getattr(args, "quiet", False):
        return
    if score.problem is not None:
        _warn(score.name, score.problem)
    for line in left_lines(score):
        say(line)


def _warn(name: str, reason: str) -> None:
    print(f"{printable(name)}: {printable(reason)}", file=sys.stderr)
