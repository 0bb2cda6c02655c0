"""``dicom_pixel_anon``: read every file, then redact what was read, with a database that may be temporary."""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli import helping, program
from dcmaudit.cli.common import Exit, add_common, local_path, say
from dcmaudit.cli.names import add_files
from dcmaudit.cli.original.manners import add_verbose, after, dress, notes, refuse_rename
from dcmaudit.errors import UsageError
from dcmaudit.model import Box
from dcmaudit.model.addresstexts import csv_columns
from dcmaudit.model.records import RectRow
from dcmaudit.model.shapes import covering

if TYPE_CHECKING:
    from dcmaudit.settings import Settings
    from dcmaudit.store import Store

NAME = "dicom_pixel_anon"
_MOST_OF_A_SHAPE = 64
COLUMNS = ("filename", "left", "top", "right", "bottom", "frame", "overlay")


def parse(words: list[str]) -> tuple[argparse.Namespace, program.Run]:
    """The arguments of the original's script and of its program, and what is done with them."""
    parser = program.Parser(allow_abbrev=False, conflict_handler="resolve")
    dress(parser, NAME, "dcmaudit ocr and then dcmaudit redact")
    add_common(parser)
    add_verbose(parser)
    add_files(parser, "DICOM files, wildcards, folders, lists")
    _add_reading(parser.add_argument_group("how to read"))
    _add_writing(parser.add_argument_group("what to write"))
    helping.dress(parser, NAME)
    args = parser.parse_args(words)
    refuse_rename(args)
    if args.write_csv is not None and os.path.lexists(args.write_csv):
        raise UsageError("the file exists already", file=str(args.write_csv), hint="choose another name")
    return args, after(notes(parser, NAME, words), run)


def _add_reading(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--ocr", metavar="NAME", help="rapidocr (default), tesseract or easyocr")
    group.add_argument("--pii", metavar="JUDGES", help="as for dicom_ocr; all text is blacked, whatever they say")
    group.add_argument("-f", "--forms", action="store_true", help="nothing: scanned forms are always looked for")
    group.add_argument("--rects", action="store_true", help="nothing: each place of text is always stored")
    group.add_argument("--no-overlays", action="store_true", help="leave overlays out")
    regions = group.add_mutually_exclusive_group()
    regions.add_argument("--use-ultrasound-regions", action="store_true", help="nothing: this is the default")
    regions.add_argument(
        "--except-ultrasound-regions", action="store_true", help="leave out text outside the ultrasound regions"
    )
    group.add_argument("--review", action="store_true", help="read files again that the database has")
    group.add_argument("-R", "--recursive", action="store_true", help="look into subfolders too")


def _add_writing(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-D", "--db", metavar="DIR", default=argparse.SUPPRESS, help="keep the database there (default: temporary)"
    )
    group.add_argument("-o", "--output", metavar="DIR", help="folder of the outputs (default: beside the inputs)")
    group.add_argument("-r", "--relative-path", metavar="PREFIX", help="with -o: keep the folders after PREFIX")
    group.add_argument("--overwrite", action="store_true", help="replace existing outputs")
    group.add_argument("--deid", action="store_true", help="nothing: rules are always used")
    group.add_argument("--deid-rules", metavar="PATH", help="this file or folder of rules instead of the site's")
    group.add_argument("-c", "--compress", action="store_true", help="nothing: outputs stay in their transfer syntax")
    group.add_argument("--rename", metavar="ENDING", help="refused: outputs are called NAME.redacted.dcm")
    group.add_argument("--write-csv", type=local_path, metavar="FILE", help="list the rectangles there, without text")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Read, then redact what was wholly looked at; the worse of the two exit codes comes back."""
    with _database(args) as database:
        read = program.main(["ocr", "--db", database, *_common(args), *_reading_words(args), *_inputs(args)])
        if read not in {Exit.GOOD, Exit.NOT_ALL}:
            return read
        whole, left = _looked_at(args, settings, database)
        for name, reason in left:
            say(f"{name}: not redacted: {reason}")
        if not whole:
            say("no file was looked at wholly, so nothing was redacted")
            return Exit.NOT_ALL
        wrote = _redact(args, database, whole)
        if args.write_csv is not None:
            _write_csv(args.write_csv, settings, database, whole)
        return wrote if wrote not in {Exit.GOOD, Exit.TEXT_LEFT} or not (read or left) else Exit.NOT_ALL


@contextmanager
def _database(args: argparse.Namespace) -> Iterator[str]:
    """The database that is named, or a temporary one that only its user can read."""
    if getattr(args, "db", None) is not None:
        yield args.db
        return
    with tempfile.TemporaryDirectory(prefix="dcmaudit-onestep-") as folder:
        # There already, though empty: that one was made is no news where it goes again.
        database = Path(folder) / "dcmaudit.sqlite.db"
        database.touch(mode=0o600)
        yield str(database)


def _common(args: argparse.Namespace) -> list[str]:
    words = [f"--{one}" for one in ("debug", "quiet") if getattr(args, one, False)]
    for one in ("user", "config", "ca_bundle"):
        value = getattr(args, one, None)
        words += [] if value is None else [f"--{one.replace('_', '-')}={value}"]
    return words


def _reading_words(args: argparse.Namespace) -> list[str]:
    words = [f"--engine={args.ocr}"] if args.ocr else []
    words += [f"--pii={args.pii}"] if args.pii else []
    words += [f"--{one}" for one in ("no-overlays", "review", "recursive") if getattr(args, one.replace("-", "_"))]
    regions = "--except-ultrasound-regions" if args.except_ultrasound_regions else "--use-ultrasound-regions"
    return [*words, regions]


def _inputs(args: argparse.Namespace) -> list[str]:
    """The inputs as words again: lists were read already, and standard input can be read only once."""
    from dcmaudit.sources import NameList

    lists = [f"--files-from={one.path}" for one in args.files if isinstance(one, NameList)]
    return [*lists, "--", *(one for one in args.files if not isinstance(one, NameList))]


def _looked_at(args: argparse.Namespace, settings: Settings, database: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The files of which ocr saw every plane, and the others, each with the reason."""
    from dcmaudit.sources import Passed, Problem, find

    whole, left = list[str](), list[tuple[str, str]]()
    with _opened(settings, database) as store:
        names = find(args.files, recursive=args.recursive or settings.recursive, pacs_root=settings.pacs_root)
        for found in names:
            if isinstance(found, (Passed, Problem)):
                continue  # ocr has told them
            look = store.shortfalls([found.name]).get(found.name)
            if look is not None:
                left.append((found.name, f"ocr: {look.outcome.value}: {'; '.join(look.reasons)}"))
            elif not store.looks(found.name):
                left.append((found.name, "nothing is recorded of a look of ocr at it"))
            else:
                whole.append(found.name)
    return whole, left


@contextmanager
def _opened(settings: Settings, database: str) -> Iterator[Store]:
    from dcmaudit.store import open_store

    with open_store(database, user=settings.user, timeout=settings.db_wait, read_only=True) as store:
        yield store


def _redact(args: argparse.Namespace, database: str, names: list[str]) -> int:
    words = ["--from-db", "--include-unreviewed", "--ultrasound", "--deid", "--copy-clean", "--accept-text=harmless"]
    words += [f"--deid-rules={args.deid_rules}"] if args.deid_rules else []
    words += [f"--output={args.output}"] if args.output else []
    words += [f"--relative-path={args.relative_path}"] if args.relative_path else []
    words += ["--overwrite"] if args.overwrite else []
    with tempfile.NamedTemporaryFile(prefix="dcmaudit-names-") as names_file:
        names_file.write(b"".join(os.fsencode(name) + b"\0" for name in names))
        names_file.flush()
        return program.main(
            ["redact", "--db", database, *_common(args), *words, f"--files-from={names_file.name}"]
        )  # fmt: skip


def _write_csv(path: Path, settings: Settings, database: str, names: list[str]) -> None:
    """One line a rectangle, as the original writes them: inclusive edges, and no text."""
    with _opened(settings, database) as store, path.open("x", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name in names:
            for row in store.rects(name):
                if row.box is not None and row.scope is not None:
                    for box in _boxes(row):
                        writer.writerow([name, *box.inclusive, *csv_columns(row.scope)])


def _boxes(row: RectRow) -> tuple[Box, ...]:
    """The rectangle of a row; of a shape those that cover it, for this list has no others."""
    if row.shape is not None and row.shape.size is not None:
        return covering(row.shape, row.shape.size, _MOST_OF_A_SHAPE)
    return () if row.box is None else (row.box,)
