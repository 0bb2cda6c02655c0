"""Database rows to records and back: the one place that knows -1, 'T' and inclusive edges."""

from __future__ import annotations

import ast
import json
import re
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model import Box, DeviceFacts, Scope, Verdict
from dcmaudit.model.addresstexts import MOST, parse_scope, parse_shared, scope_text, shared_columns
from dcmaudit.model.engines import ner_engine, ocr_engine
from dcmaudit.model.records import FileRows, NewRect, RectRow, TagRecord
from dcmaudit.model.shapes import Shape
from dcmaudit.store.covers import shape_of
from dcmaudit.store.rect_ids import RectTable, rect_id

NO_MODALITY = "NoModality"
NO_MODEL = "NoModel"
NO_BURNED_IN = "NoBIA"
NO_IMAGE_TYPE = ("NoImageType",)
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
"""The SOP classes of secondary captures are this one and those that continue it (PS3.4 B.5)."""

Values = dict[str, object]

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


# --- time ---------------------------------------------------------------------------------------------------------


EPOCH = datetime.fromtimestamp(0, UTC)
"""For a time of our own that somebody has made unreadable."""


def local_now() -> str:
    """Now, as the shared tables note it: local, to the second."""
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")


def utc_now() -> str:
    """Now, as our own tables note it: UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def parse_time(value: object) -> datetime | None:
    """The time in a column, in the local zone where none is noted; None for nothing or for something else."""
    # A server keeps the original's times as times.
    if isinstance(value, datetime):
        return value.astimezone()
    return _local_time(value, time.tzname) if isinstance(value, str) else None


@lru_cache(maxsize=512)
def _local_time(value: str, _zone: tuple[str, str]) -> datetime | None:
    # Rows are written in blocks that share a time; finding the local zone takes longer than all else of a row.
    try:
        return datetime.fromisoformat(value).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


# --- text ---------------------------------------------------------------------------------------------------------


class UnreadableText(str):
    """A text of the database that is no UTF-8, its bytes shown as ``\\xNN``."""

    __slots__ = ()


def storable(text: str | None) -> str | None:
    """The text with every character that no database holds (NUL, lone surrogates) replaced by U+FFFD."""
    if text is None:
        return None
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def is_storable_name(filename: str) -> bool:
    """Whether a database can hold the name as it is."""
    try:
        filename.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return bool(filename) and "\0" not in filename


def is_readable_name(value: object) -> bool:
    """Whether what a column holds is a name that a file can have."""
    return isinstance(value, str) and not isinstance(value, UnreadableText) and is_storable_name(value)


def check_name(filename: str) -> str:
    """The name itself; UsageError where no row could hold it, for a changed name would lose the marks."""
    if not is_storable_name(filename):
        raise UsageError(
            "no marks can be kept under this name: it is empty or holds bytes that are not UTF-8",
            file=filename.encode("utf-8", "backslashreplace").decode("utf-8"),
            hint="rename the file",
        )
    return filename


# --- rectangles ---------------------------------------------------------------------------------------------------


def _integer(row: Mapping[str, object], column: str) -> int:
    value = row.get(column)
    if isinstance(value, int):
        if -MOST <= value <= MOST:
            return value
        # SQLite holds 64 bits in a column of numbers, and damage makes large ones.
        raise UsageError(f"{column} is {value}: no plane has more than {MOST} rows, columns or frames")
    kind = "empty" if value is None else f"a {type(value).__name__}"
    raise UsageError(f"{column} is {kind}, not a whole number")


def _number(value: object) -> int:
    """The number of an engine in a column, -1 for nothing or for something else."""
    return value if isinstance(value, int) else -1


_VERDICTS: dict[object, Verdict] = {one.value: one for one in Verdict}


def _check_texts(row: Mapping[str, object]) -> None:
    # Asked of each of a million rows: their kinds at once first.
    if UnreadableText not in set(map(type, row.values())):
        return
    for column, value in row.items():
        if isinstance(value, UnreadableText):
            raise UsageError(f"{column} is no UTF-8")


_EDGES = ("left", "top", "right", "bottom")


def _edges(row: Mapping[str, object]) -> Box | None:
    left, top, right, bottom = (_integer(row, name) for name in _EDGES)
    # What the original writes where a row is about a whole plane.
    if (left, top, right, bottom) == (-1, -1, -1, -1):
        return None
    if left < 0 or top < 0:
        raise UsageError(f"left {left}, top {top}: no plane has pixels left of or above 0")
    if right < left or bottom < top:
        raise UsageError(f"left {left}, right {right}, top {top}, bottom {bottom}: the edges are the wrong way round")
    return Box.from_inclusive(left=left, top=top, right=right, bottom=bottom)


def _scope(row: Mapping[str, object], table: RectTable) -> Scope:
    if table is RectTable.SHARED:
        return _shared_scope(_integer(row, "frame"), _integer(row, "overlay"))
    return parse_scope(str(row["scope"]))


_shared_scope = lru_cache(maxsize=1024)(parse_shared)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def rect_row(row: Mapping[str, object], table: RectTable) -> RectRow:
    """The record of a row of that table. Never fails."""
    box: Box | None = None
    scope: Scope | None = None
    shape: Shape | None = None
    problem: str | None = None
    try:
        _check_texts(row)
        scope = _scope(row, table)
        box = _edges(row)
        shape = shape_of(row)
        if shape is not None and box is None:
            raise UsageError("a shape without edges around it")
    # Not one row is left out: what cannot be understood is shown with its problem, and blocks a batch.
    except DcmauditError as error:
        box, scope, shape, problem = None, None, None, f"{error.message} (row {row['id']} of {table})"
    return RectRow(
        id=rect_id(table, row["id"]),
        filename=_text(row.get("filename")) or "",
        box=box,
        scope=scope,
        engine=ocr_engine(_number(row.get("ocrengine"))),
        text=_text(row.get("ocrtext")),
        ner=ner_engine(_number(row.get("nerengine"))),
        verdict=_VERDICTS.get(row.get("nerpii"), Verdict.UNKNOWN),
        modified=parse_time(row.get("last_modified")),
        modified_by=_text(row.get("last_modified_by")),
        problem=problem,
        stored=dict(row),
        shape=shape,
    )


def rect_values(filename: str, rect: NewRect, user: str) -> Values:
    """The columns, but for the id and the place, in either table; UsageError for a box outside every plane."""
    box = rect.box
    if box is not None and (box.left < 0 or box.top < 0):
        raise UsageError(
            f"a rectangle from ({box.left}, {box.top}) begins outside its plane",
            file=filename,
            hint="clip it to the plane first",
        )
    # The shared tables have edges that are inside; boxes here end behind their last pixel.
    edges = (-1, -1, -1, -1) if box is None else (box.top, box.last_y, box.left, box.last_x)
    return {
        "filename": filename,
        **dict(zip(("top", "bottom", "left", "right"), edges, strict=True)),
        "ocrengine": int(rect.engine),
        "ocrtext": storable(rect.text),
        "nerengine": int(rect.ner),
        "nerpii": rect.verdict.value,
        "last_modified": local_now(),
        "last_modified_by": user,
    }


SHARED_VALUES = ("top", "bottom", "left", "right", "frame", "overlay", "ocrengine", "ocrtext", "nerengine", "nerpii")
OWN_VALUES = ("scope", "top", "bottom", "left", "right", "ocrengine", "ocrtext", "nerengine", "nerpii")
"""The columns of a row in either table that belong to the rectangle itself."""


def file_rows(filename: str, rects: Iterable[NewRect]) -> FileRows:
    """The rectangles as rows that need no more work but to be written.

    UsageError for a box outside every plane, and for one that would have to be written once a frame (``add_rects``).
    """
    shared: list[tuple[object, ...]] = []
    own: list[tuple[object, ...]] = []
    for rect in rects:
        if rect.frames is not None or rect.shape is not None:
            raise UsageError("a rectangle on all frames, or a shape, is stored alone", file=filename)
        values = rect_values(filename, rect, "")
        place = shared_columns(rect.scope)
        if place is not None:
            values["frame"], values["overlay"] = place
            shared.append(tuple(values[name] for name in SHARED_VALUES))
        else:
            values["scope"] = scope_text(rect.scope)
            own.append(tuple(values[name] for name in OWN_VALUES))
    return FileRows(check_name(filename), tuple(shared), tuple(own))


def rects_of(found: FileRows) -> list[NewRect]:
    """The rectangles of such rows."""
    mappings = [(dict(zip(SHARED_VALUES, values, strict=True)), RectTable.SHARED) for values in found.shared]
    mappings += [(dict(zip(OWN_VALUES, values, strict=True)), RectTable.OWN) for values in found.own]
    read = [rect_row({"id": 0, "filename": found.filename, **row}, table) for row, table in mappings]
    return [
        NewRect(row.box, row.scope, row.engine, row.text or "", row.ner, row.verdict)
        for row in read
        if row.scope is not None
    ]


# --- tags ---------------------------------------------------------------------------------------------------------


def is_marked(mark: object) -> bool:
    """Whether a tag row asks for another look. A sign that is not understood does: better looked at twice."""
    return str(mark).strip().upper() not in {"F", "0", "FALSE", "NONE", ""}


def image_type_text(image_type: tuple[str, ...]) -> str:
    """The list as the original writes it."""
    return json.dumps(list(image_type))


def parse_image_type(text: object) -> list[str] | None:
    """The list in either spelling (JSON, or Python's in older databases); None where it is neither."""
    if not isinstance(text, str):
        return None
    # literal_eval takes constants alone and runs nothing.
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if isinstance(found, list | tuple):
            return [str(part) for part in found]
    return None


def device_values(device: DeviceFacts, sop_class_uid: str | None) -> Values:
    """The columns that files are compared by, placeholders for what is absent."""
    image_type = device.image_type
    if not image_type:
        # The class of a capture says what its missing Image Type would: it is grouped with its like.
        is_capture = sop_class_uid is not None and f"{sop_class_uid}.".startswith(f"{SECONDARY_CAPTURE}.")
        image_type = ("DERIVED", "SECONDARY") if is_capture else NO_IMAGE_TYPE
    return {
        "modality": storable(device.modality) or NO_MODALITY,
        "imagetype": image_type_text(image_type),
        "manufacturermodelname": storable(device.model) or NO_MODEL,
        "burnedinannotation": storable(device.burned_in_annotation) or NO_BURNED_IN,
        "rows": device.rows,
        "columns": device.columns,
    }


def _or_none(value: object, placeholder: str) -> str | None:
    return None if value is None or value == placeholder else str(value)


def _device(row: Mapping[str, object]) -> DeviceFacts:
    image_type = parse_image_type(row.get("imagetype"))
    rows, columns = row.get("rows"), row.get("columns")
    return DeviceFacts(
        modality=_or_none(row.get("modality"), NO_MODALITY),
        image_type=None if image_type is None or tuple(image_type) == NO_IMAGE_TYPE else tuple(image_type),
        model=_or_none(row.get("manufacturermodelname"), NO_MODEL),
        burned_in_annotation=_or_none(row.get("burnedinannotation"), NO_BURNED_IN),
        rows=rows if isinstance(rows, int) else None,
        columns=columns if isinstance(columns, int) else None,
    )


def tag_record(row: Mapping[str, object]) -> TagRecord:
    """The record of a row of DicomTags. Never fails."""
    return TagRecord(
        filename=_text(row.get("filename")) or "",
        marked=is_marked(row.get("mark")),
        comment=_text(row.get("comment")),
        device=_device(row),
        modified=parse_time(row.get("last_modified")),
        modified_by=_text(row.get("last_modified_by")),
        stored=dict(row),
    )
