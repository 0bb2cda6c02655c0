"""CSV lists of marks: exports of dcmaudit and of the original tool, and the lists that reading text writes."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dcmaudit.cli import rectangles
from dcmaudit.errors import ListError, UsageError
from dcmaudit.model import Box, Everywhere, Scope, Verdict
from dcmaudit.model.addresstexts import parse_csv, whole_number
from dcmaudit.model.engines import NER_ENGINES, OCR_ENGINES, NerEngine, OcrEngine
from dcmaudit.model.records import NewRect, shape_rect
from dcmaudit.model.shapes import Shape, parse_shape
from dcmaudit.plainfile import open_regular
from dcmaudit.sources.csvlist import as_text

if TYPE_CHECKING:
    from dcmaudit.store import ListedRect, TagRecord

Line = Mapping[str, str]
"""One line, by the names of its columns in lower case."""

TAG_COLUMNS = ("filename", "mark")
_EDGES = ("left", "top", "right", "bottom")
_TEXTS = {"ocrtext", "ocr_text", "comment"}
"""Columns whose blanks at the ends are part of them."""
_KNOWN = frozenset({
    # DicomRects and DicomTags, with what older databases have
    "id", "filename", "top", "bottom", "left", "right", "frame", "overlay", "ocrengine", "ocrtext", "nerengine",
    "nerpii", "last_modified", "last_modified_by", "source", "ocr", "ispii", "sourcepii",
    "mark", "comment", "modality", "imagetype", "manufacturermodelname", "burnedinannotation", "rows", "columns",
    # lists of text
    "manufacturer", "ocr_engine", "ocr_text", "ner_engine", "is_sensitive",
    rectangles.SCOPE, rectangles.SHAPE,
})  # fmt: skip
"""Titles that lists of ours and of the original have, used or not."""
_OF_TAGS = frozenset({"comment"})
"""What a person wrote, and a list of rectangles has no place for."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_ENGINES = {**OCR_ENGINES, "scanned_form": OcrEngine.FORM, "own": OcrEngine.LINES}
"""Names in the column ``ocr_engine`` of lists of text: ours and those of other programs."""
_JUDGES = {**NER_ENGINES, "whitelist": NerEngine.ALLOW_LIST, "ocr_allowlist": NerEngine.ALLOW_LIST}
"""Names in the column ``ner_engine``."""


class NotTaken(Enum):
    """Why a line is left out although nothing is wrong with it."""

    NOTHING = "no rectangle and no text"
    MARKER = "the mark that an engine saw every plane: a list cannot vouch for that"


@dataclass(frozen=True, slots=True)
class MarkLine:
    """One line of a list: the file that it names, and its rectangle, its tag row, or why it gives neither.

    ``where`` names list and line. ``problem`` never holds recognised text or a comment.
    """

    where: str
    filename: str
    rect: ListedRect | None = None
    tag: TagRecord | None = None
    problem: str | None = None
    left_out: NotTaken | None = None


def mark_lines(path: Path, unused: Callable[[list[str]], None] = lambda _titles: None) -> Iterator[MarkLine]:
    """Every line of a list, told by its columns: ``filename`` with ``mark`` are tag rows; with frame, overlay and
    edges rectangles.

    ``unused`` is told the titles of columns that no list of ours or of the original has. ListError where the list can
    be neither, has a column twice, or cannot be read to its end.
    """
    with rectangles.list_errors(path), as_text(open_regular(str(path))) as stream:
        yield from _lines(stream, path, unused)


def _lines(stream: TextIO, path: Path, unused: Callable[[list[str]], None]) -> Iterator[MarkLine]:
    reader = csv.reader(stream, delimiter=rectangles.delimiter(stream), strict=True)
    titles = [title.strip().lower() for title in next(reader, [])]
    is_rects, is_tags = set(rectangles.COLUMNS) <= set(titles), set(TAG_COLUMNS) <= set(titles)
    if not is_rects and not is_tags:
        raise ListError(
            "it has the columns of neither list", file=str(path),
            hint=f"rectangles need {', '.join(rectangles.COLUMNS)}; tags need {', '.join(TAG_COLUMNS)}",
        )  # fmt: skip
    if is_rects and is_tags:
        raise ListError(
            "it has the columns of rectangles and of tags", file=str(path),
            hint="one list of each: a line says either where a rectangle lies or whether a file is done",
        )  # fmt: skip
    rectangles.check_titles(titles, path, _KNOWN)
    known = _KNOWN - _OF_TAGS if is_rects else _KNOWN
    if others := [title for title in titles if title and title not in known]:
        unused(others)
    for fields in reader:
        if not fields:
            continue
        where = f"{path.name} line {reader.line_num}"
        line = {
            title: value if title in _TEXTS else value.strip() for title, value in zip(titles, fields, strict=False)
        }
        name = line.get("filename", "")
        if len(fields) != len(titles):
            yield MarkLine(where, name, problem=rectangles.field_count_words(len(fields), len(titles)))
            continue
        if not name:
            yield MarkLine(where, name, problem="it names no file")
            continue
        if any(not _is_unicode(line.get(column, "")) for column in _TEXTS):
            yield MarkLine(where, name, problem="its text is not UTF-8, and would not be kept as it is")
            continue
        try:
            yield _rect_line(where, name, line) if is_rects else _tag_line(where, name, line)
        except UsageError as error:
            yield MarkLine(where, name, problem=error.message)


def _is_unicode(text: str) -> bool:
    # Bytes of another encoding come as surrogates, so that names of files stay what they are.
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _tag_line(where: str, name: str, line: Line) -> MarkLine:
    from dcmaudit.store import listed_tag

    return MarkLine(where, name, tag=listed_tag({key: value or None for key, value in line.items()}))


def _rect_line(where: str, name: str, line: Line) -> MarkLine:
    from dcmaudit.store import ListedRect

    shape = parse_shape(line[rectangles.SHAPE]) if line.get(rectangles.SHAPE) else None
    scope, box = _place(line)
    text = line.get("ocrtext") or line.get("ocr_text") or ""
    if box is None and not text:
        is_marker = scope is Everywhere.ALL_PLANES
        return MarkLine(where, name, left_out=NotTaken.MARKER if is_marker else NotTaken.NOTHING)
    rect = _shape_rect(shape, scope, line) if shape is not None else NewRect(
        box, scope,
        engine=_engine(line, "ocrengine", "ocr_engine", _ENGINES), text=text,
        ner=_engine(line, "nerengine", "ner_engine", _JUDGES), verdict=_verdict(line),
    )  # fmt: skip
    modified = line.get("last_modified", "")[:19]
    return MarkLine(
        where,
        name,
        rect=ListedRect(rect, modified if _TIME.fullmatch(modified) else None, line.get("last_modified_by")),
    )


def _shape_rect(shape: Shape, scope: Scope, line: Line) -> NewRect:
    return shape_rect(shape, scope, engine=_engine(line, "ocrengine", "ocr_engine", _ENGINES))


def _place(line: Line) -> tuple[Scope, Box | None]:
    """Where the line's rectangle lies; UsageError where the line does not say."""
    scope = parse_csv(line["frame"], line["overlay"], line.get(rectangles.SCOPE, ""))
    edges = {column: whole_number(line[column], column) for column in _EDGES}
    if all(edge == -1 for edge in edges.values()):
        return scope, None
    if edges["left"] < 0 or edges["top"] < 0:
        raise UsageError(f"left {edges['left']}, top {edges['top']}: no plane has pixels left of or above 0")
    return scope, rectangles.box_of(edges)


def _engine(line: Line, number: str, name: str, known: Mapping[str, int]) -> int:
    """The number of an engine, from a column with numbers or one with names; UsageError for a name nobody has."""
    value = line.get(number) or line.get(name) or "-1"
    if re.fullmatch(r"-?\d{1,6}", value):
        return int(value)
    first = re.split(r"[,:]", value.lower())[0]
    if first not in known:
        raise UsageError(f"the engine in {name if line.get(name) else number} is not known")
    return known[first]


def _verdict(line: Line) -> Verdict:
    said = {line.get("nerpii"), line.get("is_sensitive")} - {None, ""}
    # Of two that contradict each other the one that redacts more counts.
    if "1" in said:
        return Verdict.IDENTIFYING
    return Verdict.HARMLESS if said == {"0"} else Verdict.UNKNOWN
