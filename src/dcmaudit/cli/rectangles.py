"""Rectangles as people write them on a command line and in CSV lists."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from dcmaudit.errors import ListError, UsageError
from dcmaudit.model import Box, Everywhere, FrameAddress, Origin, OverlayAddress, Scope
from dcmaudit.model.addresstexts import parse_csv, whole_number
from dcmaudit.model.counts import counted
from dcmaudit.model.redaction import Request
from dcmaudit.model.shapes import FORM, Shape, parse_shape
from dcmaudit.plainfile import open_regular
from dcmaudit.sources.csvlist import as_text

_FORM = "x0,y0,x1,y1 with both corners inside, or x0,y0,+width,+height; several are separated by ;"
_RECT = re.compile(r"(-?\d+),(-?\d+),(\+?)(-?\d+),(\+?)(-?\d+)")
COLUMNS = ("filename", "frame", "overlay", "left", "top", "right", "bottom")
SCOPE = "dcmaudit_scope"
"""A column of our own export: where a rectangle lies that ``frame`` and ``overlay`` have no numbers for."""
SHAPE = "dcmaudit_shape"
"""A column of our own export: the shape that the line's rectangle is a part of; it counts, and not the rectangle."""
_VERDICTS = ("nerpii", "is_sensitive")
_USED = (*COLUMNS, SCOPE, SHAPE, *_VERDICTS)


def parse_rects(text: str) -> list[Box]:
    """The boxes of a ``--rect`` list; UsageError where a part of it is none, or holds no pixel."""
    boxes = []
    for part in text.split(";"):
        plain = re.sub(r"[\s()\[\]]", "", part)
        if not plain:
            continue
        found = _RECT.fullmatch(plain)
        if found is None or found[3] != found[5]:
            raise UsageError(f"{part.strip()!r} is no rectangle", hint=_FORM)
        x, y, c, d = (int(found[i]) for i in (1, 2, 4, 6))
        try:
            if found[3]:
                boxes.append(Box.from_corner(x=x, y=y, width=c, height=d))
            else:
                boxes.append(Box.from_inclusive(left=x, top=y, right=c, bottom=d))
        except UsageError as error:
            raise UsageError(f"the rectangle {part.strip()} holds no pixel", hint=error.hint) from error
    if not boxes:
        raise UsageError("the list of rectangles is empty", hint=_FORM)
    return boxes


def parse_shapes(text: str) -> list[Shape]:
    """The shapes of a ``--shape`` list, separated by ``;``; UsageError where a part of it is none."""
    found = [parse_shape(part) for part in text.split(";") if part.strip()]
    if not found:
        raise UsageError("the list of shapes is empty", hint=f"allowed: {FORM}")
    return found


def shape_requests(texts: Iterable[str], frame: str | None, overlay: str | None, *, everywhere: bool) -> list[Request]:
    """What ``--shape`` asks for; UsageError for planes of several sizes."""
    shapes = [shape for text in texts for shape in parse_shapes(text)]
    if not shapes:
        return []
    scopes = parse_scopes(frame, overlay)
    if everywhere or Everywhere.ALL_OVERLAYS in scopes:
        raise UsageError("--shape means one plane or all frames", hint="--overlays same takes it to overlays, too")
    return [Request.for_shape(shape, scope, Origin.COMMAND, "--shape") for shape in shapes for scope in scopes]


def parse_scopes(frame: str | None, overlay: str | None) -> list[Scope]:
    """What ``--frame`` and ``--overlay`` name; UsageError for anything else.

    Neither: all image frames. ``--overlay`` is a number as the database has it (0 for group 6000) or a group such as
    6000; ``--frame`` is then a frame of that overlay. ``all`` names all of them.
    """
    if overlay is None:
        return [Everywhere.ALL_FRAMES] if frame in {None, "all"} else [FrameAddress(_number(str(frame), "--frame"))]
    if overlay == "all":
        if frame not in {None, "all"}:
            raise UsageError("--overlay all goes with all frames of them", hint="leave --frame out")
        return [Everywhere.ALL_OVERLAYS]
    if frame in {None, "all"}:
        raise UsageError("--overlay needs --frame", hint="--overlay all means every frame of every overlay")
    return [OverlayAddress(_group(overlay), _number(str(frame), "--frame"))]


def _group(text: str) -> int:
    if re.fullmatch(r"60[0-9A-Fa-f]{2}", text):
        return int(text, 16)
    number = _number(text, "--overlay")
    if number > 127:
        raise UsageError(f"--overlay {number} is no overlay", hint="allowed: 0 to 127, or a group from 6000 to 60FE")
    return 0x6000 + 2 * number


def _number(text: str, option: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{option} {text} is no number", hint="counted from 0, or the word all")
    return int(text)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a CSV list of rectangles: the file it names, and its request or what is wrong with it; neither where
    the line only says what a plane was read to hold.

    ``is_harmless``: whoever read the text there judged that it identifies nobody.
    """

    filename: str
    request: Request | None
    problem: str | None = None
    is_harmless: bool = False


@contextmanager
def list_errors(path: Path) -> Iterator[None]:
    """What goes wrong while the CSV list at ``path`` is read, as ListError that says what to do."""
    try:
        yield
    except OSError as error:
        raise ListError(f"it cannot be read: {error.strerror}", file=str(path)) from error
    except csv.Error as error:
        hint = "the quotes do not match; mend the line, for nothing after it was read"
        raise ListError("it cannot be read as CSV", file=str(path), hint=hint) from error
    except UnicodeError as error:
        raise ListError("not the encoding that it begins with", file=str(path), hint="save it as UTF-8") from error


def read_csv(path: Path, *, with_looks: bool = False) -> Iterator[Row]:
    """The rectangles of a CSV list with the columns filename, frame, overlay, left, top, right, bottom.

    Their order is free and others are ignored. Edges are inclusive; frame and overlay as the database has them: overlay
    -1 the image, both -1 every plane; or in overlay the key of a plane (``i0``, ``b12.3``, ``t3.0``). Lines with -1 for
    every edge hold no rectangle, for they are the text of a whole plane; they come only ``with_looks``. A line with a
    shape in ``dcmaudit_shape`` asks for the shape, once for all lines of it. A line that has not a field for each title
    is a problem. ListError where the file or a column is missing, a column is there twice, or quotes do not match.
    """
    shapes: set[tuple[str, Scope, Shape]] = set()
    with list_errors(path), as_text(open_regular(str(path))) as stream:
        # Strict: a quote that is not closed would take the lines below it for one text.
        reader = csv.DictReader(stream, delimiter=delimiter(stream), strict=True)
        titles = {title.strip().lower(): title for title in reader.fieldnames or ()}
        missing = [column for column in COLUMNS if column not in titles]
        if missing:
            raise ListError(f"no column {', '.join(missing)}", file=str(path), hint=f"needed are {', '.join(COLUMNS)}")
        names = [title.strip().lower() for title in reader.fieldnames or ()]
        check_titles(names, path, _USED)
        for line in reader:
            row = _row(line, titles, f"{path} line {reader.line_num}", len(names))
            if (row.request is None and row.problem is None and not with_looks) or (
                row.request is not None and _is_known(row.filename, row.request, shapes)
            ):
                continue
            yield row


def _is_known(name: str, request: Request, shapes: set[tuple[str, Scope, Shape]]) -> bool:
    """Whether the same shape was asked for by a line above; from now on it was."""
    if request.shape is None:
        return False
    key = name, request.scope, request.shape
    known = key in shapes
    shapes.add(key)
    return known


def check_titles(titles: Sequence[str], path: Path | str, used: Collection[str]) -> None:
    """ListError where two columns have one title of those that are used: nobody can tell which is meant."""
    twice = sorted(title for title in used if titles.count(title) > 1)
    if twice:
        raise ListError(f"the column {', '.join(twice)} is there twice", file=str(path), hint="leave one of them")


def delimiter(stream: TextIO) -> str:
    """What separates the columns, by the first line; ``stream`` is at the column titles afterwards."""
    line = stream.readline()
    if line.lower().startswith("sep="):
        return line[4:5] or ","
    stream.seek(0)
    return max(",;\t|", key=lambda mark: sum(column in COLUMNS for column in _titles(line, mark)))


def _titles(line: str, mark: str) -> list[str]:
    return [title.strip().strip('"').lower() for title in line.strip().split(mark)]


def field_count_words(fields: int, titles: int) -> str:
    """What is wrong with a line that has not a field for each title: a comma in a text without quotes moves the rest of
    the line, and a verdict or an edge would be read from another column."""
    return f"it has {counted(fields, 'field')}, and there are {titles} titles"


def _fields(line: Mapping[Any, Any], titles: int) -> int:
    """How many fields a line of ``csv.DictReader`` has: those that are missing are None, those too many lie under
    None."""
    extra = line.get(None)
    return titles + len(extra) if extra is not None else titles - sum(value is None for value in line.values())


def _row(line: dict[str, str], titles: dict[str, str], where: str, columns: int) -> Row:
    name = (line.get(titles["filename"]) or "").strip()
    if (fields := _fields(line, columns)) != columns:
        return Row(name, None, f"{where}: {field_count_words(fields, columns)}")

    def value(column: str) -> str:
        return (line.get(titles.get(column, "")) or "").strip()

    try:
        edges = {column: whole_number(value(column), column) for column in COLUMNS[3:]}
        if all(edge == -1 for edge in edges.values()) and not value(SHAPE):
            return Row(name, None)
        scope = parse_csv(value("frame"), value("overlay"), value(SCOPE))
        if value(SHAPE):
            shape = parse_shape(value(SHAPE))
            return Row(name, Request.for_shape(shape, scope, Origin.LIST, where.rpartition("/")[2]))
        box = box_of(edges)
    except UsageError as error:
        return Row(name, None, f"{where}: {error.message}")
    # Of two that contradict each other none says that it is harmless.
    is_harmless = set(filter(None, map(value, _VERDICTS))) == {"0"}
    return Row(name, Request(box, scope, Origin.LIST, where.rpartition("/")[2]), is_harmless=is_harmless)


def box_of(numbers: Mapping[str, int]) -> Box:
    """The box of the inclusive edges left, top, right, bottom; UsageError where it holds no pixel."""
    left, top, right, bottom = (numbers[edge] for edge in COLUMNS[3:])
    try:
        return Box.from_inclusive(left=left, top=top, right=right, bottom=bottom)
    except UsageError as error:
        raise UsageError(f"the rectangle {left},{top},{right},{bottom} holds no pixel", hint=error.hint) from error
