"""Lists of file names in CSV files, as people and programs really write them."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterator
from typing import BinaryIO

from dcmaudit.errors import ListError
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import with_bytes_told
from dcmaudit.plainfile import open_regular
from dcmaudit.sources.listed import Listed

COLUMNS = ("dicomfilepath", "filename")
"""The columns that name files, in lower case; the first one present counts."""

_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".lst", ".list")
PLAIN = (".txt", ".lst", ".list")
"""Suffixes of lists that may have a name a line, without column titles."""
_DELIMITERS = (",", ";", "\t", "|")
_HEADER_LIMIT = 1024 * 1024
_TITLE = re.compile(
    r"file|path|uid|study|series|image|instance|frame|overlay|left|top|right|bottom|modality|model|manufacturer|ocr|engine|"
    r"mark|comment|tag|dicom|size|rows|columns|key|bucket|url|^(name|id|date|number|nr|no)s?$",
    re.IGNORECASE,
)
_DATA = re.compile(r"\d{3}|[\\/^@]|\.\w")


def is_list(path: str, head: bytes) -> bool:
    """Whether a file that is no DICOM is to be read as a CSV list: by its suffix, or by a column name at its start."""
    if path.lower().endswith(_SUFFIXES):
        return True
    start = head.replace(b"\x00", b"").lower()
    return any(column.encode() in start for column in COLUMNS)


def is_plain_list(path: str, head: bytes, pacs_root: str | None) -> bool:
    """Whether a file that is no DICOM has a name a line: by its suffix, and by a first line that leads to a file.

    A text of any other kind would have its lines, which can hold anything, repeated as files that are not there.
    """
    if not path.lower().endswith(PLAIN):
        return False
    first = head.partition(b"\0" if b"\0" in head else b"\n")[0].removesuffix(b"\r").removeprefix(codecs.BOM_UTF8)
    name = os.fsdecode(first)
    roots = ["", *([pacs_root] if pacs_root else [])]
    return bool(name.strip()) and any(os.path.lexists(os.path.join(root, name)) for root in roots)


def csv_names(path: str) -> Iterator[Listed]:
    """The names in the column DicomFilePath, else filename, row by row; nothing is held.

    The header may be in any case and quoted; fields are separated by comma, semicolon, tab or bar, whichever finds the
    column. Encodings: UTF-8 with or without BOM, UTF-16 with BOM or recognisable without; bytes that are no UTF-8
    are kept as they are in the name (``Listed.candidates`` says what becomes of them). Rows without a name, or with
    more fields than there are titles where the name is the last of them, come out with an ``error``. ListError where
    there is no such column (the hint names those found) or it is there twice, or where the quotes do not match: nothing
    after that point could be told apart. OSError where the file cannot be read.
    """
    with open_regular(path) as stream:
        yield from csv_entries(stream, with_bytes_told(path))


def csv_entries(stream: BinaryIO, name: str) -> Iterator[Listed]:
    """The same for a list that is open already, from its start, and is called ``name``; ``stream`` is closed."""
    with as_text(stream) as text:
        try:
            # The list stays a stream: one of a hundred million lines is no larger in memory than one of ten.
            delimiter, titles, column, lines = _header(text, name)
            if titles.count(titles[column]) > 1:
                twice = f"the column {titles[column]} is there twice"
                raise ListError(twice, file=name, hint="leave one of them: the files of the other would be missing")
            last = len(titles) if column == len(titles) - 1 else None
            yield from _rows(text, name, delimiter, column, lines, last)
        except UnicodeError as error:
            raise ListError("not the encoding that it begins with", file=name, hint="save it as UTF-8") from error


def has_titles(stream: BinaryIO) -> bool:
    """Whether the first line has a column that names files; ``stream`` is at its start again afterwards."""
    # Judged on a copy of the start, so that the stream itself can be read from its first byte by whoever comes next.
    head = stream.read(_HEADER_LIMIT)
    stream.seek(0)
    with as_text(io.BytesIO(head)) as text:
        try:
            _header(text, "")
        except (ListError, UnicodeError):
            return False
    return True


def as_text(stream: BinaryIO) -> io.TextIOWrapper:
    """The text of a list: UTF-16 with a mark or recognisable without, else UTF-8; bytes that are neither are kept."""
    head = stream.read(256)
    stream.seek(0)
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return io.TextIOWrapper(stream, encoding="utf-16", newline="")
    # Text in Latin letters has a NUL in every second byte when it is UTF-16.
    if len(head) >= 4 and head[1::2].count(0) > len(head) // 4:
        return io.TextIOWrapper(stream, encoding="utf-16-le", newline="")
    if len(head) >= 4 and head[0::2].count(0) > len(head) // 4:
        return io.TextIOWrapper(stream, encoding="utf-16-be", newline="")
    # A name may be bytes of no known encoding: kept as surrogates they still lead to the file (PEP 383).
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _header(text: io.TextIOWrapper, name: str) -> tuple[str, list[str], int, int]:
    """The delimiter, the titles in lower case, the place of the column, and how many lines the header took."""
    lines, line = 1, text.readline(_HEADER_LIMIT)
    if line.lower().startswith("sep="):
        # Spreadsheets write their separator into a first line of its own.
        lines, line = 2, text.readline(_HEADER_LIMIT)
    rows = {delimiter: _split(line, delimiter) for delimiter in _DELIMITERS}
    for wanted in COLUMNS:
        # Titles are compared in any case and with spaces around them: people type them.
        for delimiter, row in rows.items():
            titles = [title.strip().lower() for title in row]
            if wanted in titles:
                return delimiter, titles, titles.index(wanted), lines
    raise ListError("no column DicomFilePath or filename", file=name, hint=_columns_found(max(rows.values(), key=len)))


def _columns_found(titles: list[str]) -> str:
    titles = [title.strip() for title in titles]
    # A first line that is data may hold a person's name or number: only words that titles are made of are repeated.
    known = [with_bytes_told(title[:40]) for title in titles[:20] if _TITLE.search(title)]
    if not known or any(_DATA.search(title) for title in titles):
        return "its first line does not look like column titles; add one"
    others = len(titles) - len(known)
    return "columns found: " + ", ".join(known) + (f", and {others} more" if others else "")


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return []


def _rows(
    text: io.TextIOWrapper, name: str, delimiter: str, column: int, lines: int, most: int | None
) -> Iterator[Listed]:
    """The names; ``most`` fields may be in a row whose last one is the name, None where others follow it."""
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    where = name
    try:
        for row in reader:
            where = f"{name} line {lines + reader.line_num}"
            # csv.reader gives an empty list for an empty line: no name is missing there.
            if not row:
                continue
            # A row that is too short names nothing. It is told, not passed over: a file would be missing in silence.
            listed = row[column].strip() if column < len(row) else ""
            if most is not None and any(field.strip() for field in row[most:]):
                # Else the name up to its first comma would count, which may be another file's.
                yield Listed(name, where, ListError(
                    f"this line has {len(row)} fields, and there are {counted(most, 'title')}", file=where,
                    hint="put quotes around a name with a comma in it",
                ))  # fmt: skip
            elif listed:
                yield Listed(listed, where)
            else:
                yield Listed(name, where, ListError("this line names no file", file=where))
    except csv.Error as error:
        # Strict reading stops at a quote that is not closed; reading on would join lines into one name.
        after = f"{name} after line {lines + reader.line_num}"
        hint = "the quotes do not match; mend the line, for nothing after it was read"
        raise ListError("cannot be read as CSV", file=after, hint=hint) from error
