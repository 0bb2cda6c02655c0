"""What learning reads and writes: the newest done files of a model with their marks, and how suggestions fared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from sqlalchemy import delete, insert, select

from dcmaudit.errors import UsageError
from dcmaudit.model import (
    Box,
    DeviceFacts,
    Everywhere,
    Example,
    FrameRange,
    Ground,
    GroupAddress,
    HowSeen,
    Judged,
    Mark,
    PlaneSpan,
    SuggestionKind,
    group_of,
    parse_key,
)
from dcmaudit.model.addresstexts import parse_group, parse_scope, parse_shared
from dcmaudit.model.learning import Reach, parse_kind, reaches
from dcmaudit.store import rows, schema
from dcmaudit.store.expanded import without_expanded
from dcmaudit.store.journal import joined, spans_of, without
from dcmaudit.store.session import Session

EQUAL_FILES = 60
"""How many done files with equal metadata are read: more would not change what they say."""
KIN_FILES = 30
"""How many done files of the same model, whatever their size and type."""
JUDGEMENTS = 1500
_MOST_ROWS = 6000
_CHUNKS = (30, 60)
"""Portions of files where all together have too many rows."""

_TAGS = 'SELECT id, filename, imagetype, "rows", "columns" FROM "DicomTags" '
_EQUAL = (
    _TAGS + "WHERE manufacturermodelname = :model AND modality = :modality "
    'AND "rows" = :rows AND "columns" = :columns AND imagetype = :type ORDER BY id DESC LIMIT :most'
)
_KIN = _TAGS + "WHERE manufacturermodelname = :model AND modality = :modality ORDER BY id DESC LIMIT :most"
_RECTS = """
SELECT filename, "left", "top", "right", "bottom", overlay, MIN(frame), MAX(frame), COUNT(*),
CASE WHEN COUNT(*) <> MAX(frame) - MIN(frame) + 1 THEN {frames} END FROM "DicomRects"
WHERE filename IN {names} AND "left" >= 0 AND "top" >= 0 AND "right" >= "left" AND "bottom" >= "top"{own}
GROUP BY filename, overlay, "left", "top", "right", "bottom"
"""
_PLAIN = f"""
SELECT filename, "left", "top", "right", "bottom", overlay, frame FROM "DicomRects"
WHERE filename IN {{names}} AND "left" >= 0 AND "top" >= 0 AND "right" >= "left" AND "bottom" >= "top"{{own}}
LIMIT {_MOST_ROWS + 1}
"""  # noqa: S608 (a number of ours)
_EXTRA = """
SELECT filename, "left", "top", "right", "bottom", scope FROM dcmaudit_rects WHERE filename IN {names}
AND "left" >= 0 AND "top" >= 0 AND "right" >= "left" AND "bottom" >= "top"{own}
"""
_JUDGED = (
    'SELECT filename, "left", "top", "right", "bottom", kind FROM dcmaudit_judged '
    "WHERE accepted = 1 AND filename IN {names}"
)
_KINDS = (
    "SELECT filename, manufacturer, software_versions, frames, plane_groups FROM dcmaudit_kinds "
    "WHERE filename IN {names}"
)
_NEWEST_JUDGED = "SELECT kind, accepted FROM dcmaudit_judged ORDER BY id DESC LIMIT :most"
_LOOKED = {how.value for how in (HowSeen.SEEN, HowSeen.MAXIMUM, HowSeen.TEXT_MAP, HowSeen.PAINTED, HowSeen.PROJECTION)}
"""Ways of seeing in which a rectangle would have been drawn where text was: good enough to learn from."""
_SEEN = "SELECT filename, plane_group, how, ranges FROM dcmaudit_seen WHERE filename IN {names}"


def examples(session: Session, filename: str, device: DeviceFacts, sop_class_uid: str | None) -> list[Example]:
    """The newest done files of the same model but ``filename``, the newest first, with their marks.

    Empty for an image without a model. Rows that cannot be understood are left out.
    """
    if not device.model or not (session.has_rects and session.has_tags):
        return []
    found = _newest(session, rows.device_values(device, sop_class_uid))
    found.pop(filename, None)
    if not found:
        return []
    names = list(found)
    plain = _Question(session, names).rows(_PLAIN)
    if len(plain) <= _MOST_ROWS:
        return _read(session, device, found, names, _grouped(plain))
    # Files of many frames have many rows: then the newest answer.
    result: list[Example] = []
    spent = 0
    for portion in _chunks(names):
        marked = _Question(session, portion).rows(_RECTS)
        result += _read(session, device, found, portion, marked)
        spent += sum(row[8] for row in marked)
        if spent > _MOST_ROWS:
            break  # what is left out must not look as if it had no marks
    return result


def _grouped(plain: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """What ``_RECTS`` answers, in its order, from the rows themselves: a database takes twice as long to group them."""
    frames: dict[tuple[Any, ...], list[int]] = {}
    for name, left, top, right, bottom, overlay, frame in plain:
        # SQLite takes text in a column of numbers; what is no number teaches nothing.
        if type(left) is type(top) is type(right) is type(bottom) is type(overlay) is type(frame) is int:
            frames.setdefault((name, overlay, left, top, right, bottom), []).append(frame)
    for key in sorted(frames):
        name, overlay, *edges = key
        numbers = frames[key]
        many = ",".join(map(str, numbers)) if len(numbers) > 1 else None
        yield name, *edges, overlay, numbers[0], numbers[0], len(numbers), many


def _read(
    session: Session,
    device: DeviceFacts,
    found: Mapping[str, Sequence[Any]],
    names: list[str],
    marked: Iterable[Sequence[Any]],
) -> list[Example]:
    ask = _Question(session, names)
    judged = ask.rows(_JUDGED) if session.has_learning else ()
    agreed = {tuple(row[:5]) for row in judged}
    grounds: dict[str, Counter[Ground]] = {}
    for row in judged:
        kind = _kind(row[5])
        if kind is not None and kind.ground is not None:
            grounds.setdefault(row[0], Counter())[kind.ground] += 1
    marks = _marks(ask, marked, agreed)
    kinds = {row[0]: row for row in ask.rows(_KINDS)} if session.has_learning else {}
    unseen = _unseen(ask.rows(_SEEN)) if session.has_own else {}
    return [
        _example(found[name], device, marks.get(name, ()), kinds.get(name), unseen.get(name, {}), grounds.get(name, {}))
        for name in names
    ]


def _chunks(names: list[str]) -> Iterator[list[str]]:
    start = 0
    for length in (*_CHUNKS, len(names)):
        if start < len(names):
            yield names[start : start + length]
        start += length


def _newest(session: Session, values: rows.Values) -> dict[str, Sequence[Any]]:
    image_type = str(values["imagetype"])
    asked = {
        "model": values["manufacturermodelname"],
        "modality": values["modality"],
        "rows": values["rows"],
        "columns": values["columns"],
    }
    found: list[Sequence[Any]] = []
    # Older databases hold the list as Python writes it. One question each: an IN would have to be sorted.
    for spelling in (image_type, str(json.loads(image_type))):
        found += session.rows(_EQUAL, {**asked, "type": spelling, "most": EQUAL_FILES})
    found += session.rows(_KIN, {**asked, "most": KIN_FILES})
    return {row[1]: row for row in sorted(found, key=lambda row: -row[0])}


class _Question:
    """Questions about the same files."""

    def __init__(self, session: Session, names: list[str]) -> None:
        self.session = session
        self._names = json.dumps(names) if session.is_sqlite else names

    def rows(self, query: str) -> Sequence[Sequence[Any]]:
        array = "json_each(:names)" if self.session.is_sqlite else "unnest(CAST(:names AS text[])) AS value"
        frames = "group_concat(frame)" if self.session.is_sqlite else "string_agg(CAST(frame AS text), ',')"
        names = f"(SELECT value FROM {array})"  # noqa: S608 (one of two texts of ours)
        own = without_expanded(self.session)
        if "dcmaudit_rects" in query and self.session.has_shapes:
            own = " AND shape IS NULL"  # the learning knows rectangles alone
        return self.session.rows(query.format(names=names, frames=frames, own=own), {"names": self._names})


def _marks(ask: _Question, marked: Iterable[Sequence[Any]], agreed: set[tuple[Any, ...]]) -> dict[str, list[Mark]]:
    """The marks by file, from the answer to ``_RECTS`` and our own table."""
    marks: dict[str, list[Mark]] = {}
    for name, left, top, right, bottom, overlay, first, last, _count, frames in marked:
        if not type(left) is type(top) is type(right) is type(bottom) is int:
            continue
        is_agreed = (name, left, top, right, bottom) in agreed
        for start, stop in ((first, last),) if frames is None else _runs(frames):
            reach = _shared_reach(overlay, start, stop)
            if reach is not None:
                marks.setdefault(name, []).append(Mark(left, top, right + 1, bottom + 1, reach, is_agreed))
    for name, left, top, right, bottom, scope in ask.rows(_EXTRA) if ask.session.has_own else ():
        for reach in _own_reaches(scope):
            is_agreed = (name, left, top, right, bottom) in agreed
            marks.setdefault(name, []).append(Mark(left, top, right + 1, bottom + 1, reach, is_agreed))
    return marks


def _runs(frames: str) -> list[tuple[int, int]]:
    """Runs of frames, first and last, from numbers in any order; none where one is no number."""
    try:
        numbers = sorted({int(number) for number in frames.split(",")})
    except ValueError:
        return []
    runs: list[tuple[int, int]] = []
    for number in numbers:
        # -1 is no frame but says that every plane is meant.
        if runs and runs[-1][1] == number - 1 and number > 0:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


@lru_cache(maxsize=4096, typed=True)
def _shared_reach(overlay: object, first: object, last: object) -> Reach | None:
    """The planes from ``first`` to ``last`` of a row; None for what is no plane."""
    if not (isinstance(overlay, int) and isinstance(first, int) and isinstance(last, int)):
        return None
    try:
        scope = parse_shared(first, overlay)
    except UsageError:
        return None
    if isinstance(scope, Everywhere):
        return Everywhere.ALL_PLANES
    return PlaneSpan(group_of(scope), FrameRange(first, last + 1))


def _own_reaches(text: str) -> Iterable[Reach]:
    try:
        return reaches(parse_scope(text))
    except UsageError:
        return ()


Unseen = dict[GroupAddress, tuple[FrameRange, ...]]


def _unseen(records: Iterable[Sequence[Any]]) -> dict[str, Unseen]:
    """By file and group what was skipped and not seen in any better way by anybody."""
    skipped: dict[tuple[str, GroupAddress], list[FrameRange]] = {}
    better: dict[tuple[str, GroupAddress], list[FrameRange]] = {}
    for name, group, how, ranges in records:
        kept = skipped if how == HowSeen.SKIPPED.value else better if how in _LOOKED else None
        if kept is not None:
            for span in spans_of(name, group, ranges):
                kept.setdefault((name, span.group), []).append(span.frames)
    found: dict[str, Unseen] = {}
    for (name, group), gaps in skipped.items():
        others = joined(better.get((name, group), ()))
        rest = tuple(part for gap in joined(gaps) for part in without(gap, others))
        if rest:
            found.setdefault(name, {})[group] = rest
    return found


@lru_cache(maxsize=1024)
def _groups(text: str) -> frozenset[GroupAddress]:
    """The groups of a row; what this version does not know is left out, for no plane of today is in it."""
    found = set()
    for key in text.split():
        with suppress(UsageError):
            found.add(parse_group(key))
    return frozenset(found)


def _kind(text: object) -> SuggestionKind | None:
    """The kind in a column, None where it is none: then it says nothing of any kind."""
    try:
        return parse_kind(str(text))
    except UsageError:
        return None


def _image_type(value: str | None) -> tuple[str, ...] | None:
    found = rows.parse_image_type(value)
    return None if found is None or tuple(found) == rows.NO_IMAGE_TYPE else tuple(found)


def _example(
    row: Sequence[Any],
    device: DeviceFacts,
    marks: Sequence[Mark],
    kind: Sequence[Any] | None,
    unseen: Unseen,
    grounds: Mapping[Ground, int],
) -> Example:
    _, _, image_type, height, width = row
    manufacturer, software = (kind[1], kind[2]) if kind else (None, None)
    facts = _facts(device.modality, device.model, image_type, height, width, manufacturer, software)
    groups = _groups(str(kind[4])) if kind else None
    return Example(facts, tuple(marks), int(kind[3]) if kind else None, groups, unseen, grounds)


@lru_cache(maxsize=1024, typed=True)
def _facts(
    modality: str | None,
    model: str | None,
    image_type: str | None,
    height: object,
    width: object,
    manufacturer: str | None,
    software: str | None,
) -> DeviceFacts:
    """What is kept of the device of a done file; the same object for the same device."""
    return DeviceFacts(
        modality=modality,
        image_type=_image_type(image_type),
        model=model,
        rows=height if isinstance(height, int) else None,
        columns=width if isinstance(width, int) else None,
        manufacturer=manufacturer,
        software_versions=software,
    )


# --- what is noted when a file is done ------------------------------------------------------------------------------


def write_kind(
    session: Session, filename: str, device: DeviceFacts, frames: int, groups: Iterable[GroupAddress]
) -> None:
    """Note what kind of image the file is. The caller holds the file's lock."""
    table = schema.kinds
    session.connection.execute(delete(table).where(table.c.filename == filename))
    session.connection.execute(
        insert(table).values(
            filename=filename,
            manufacturer=rows.storable(device.manufacturer),
            software_versions=rows.storable(device.software_versions),
            frames=frames,
            plane_groups=" ".join(sorted({group.key for group in groups})),
        )
    )


def write_judged(session: Session, filename: str, judged: Sequence[Judged], user: str) -> None:
    """Replace what was noted about the suggestions of the file. The caller holds the file's lock."""
    table = schema.judged
    session.connection.execute(delete(table).where(table.c.filename == filename))
    values = [
        {
            "filename": filename,
            "plane": item.address.key,
            "top": item.box.top,
            "bottom": item.box.last_y,
            "left": item.box.left,
            "right": item.box.last_x,
            "kind": item.kind.text,
            "chance": item.chance,
            "accepted": int(item.accepted),
            "shown": int(item.shown),
            "judged_at": rows.utc_now(),
            "judged_by": user,
        }
        for item in judged
    ]
    if values:
        session.connection.execute(insert(table), values)


def read_judgements(session: Session, most: int) -> list[tuple[SuggestionKind, bool]]:
    """Kind and outcome of the newest judged suggestions; kinds that are not known here are left out."""
    found = ((_kind(kind), accepted) for kind, accepted in session.rows(_NEWEST_JUDGED, {"most": most}))
    return [(kind, bool(accepted)) for kind, accepted in found if kind is not None]


def read_judged(session: Session, filename: str) -> list[Judged]:
    """What was noted about the suggestions of a file."""
    table = schema.judged
    query = select(table).where(table.c.filename == filename).order_by(table.c.id)
    return [
        Judged(
            address=parse_key(row["plane"]),
            box=Box.from_inclusive(left=row["left"], top=row["top"], right=row["right"], bottom=row["bottom"]),
            kind=parse_kind(row["kind"]),
            chance=row["chance"],
            accepted=bool(row["accepted"]),
            shown=bool(row["shown"]),
        )
        for row in session.connection.execute(query).mappings()
    ]
