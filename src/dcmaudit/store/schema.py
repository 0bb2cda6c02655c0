"""The tables as SQLAlchemy sees them. The migrations make them; this module describes their present shape."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.sql.elements import quoted_name

OWN_PREFIX = "dcmaudit_"
VERSION_TABLE = f"{OWN_PREFIX}version"

RECT_COLUMNS = (
    "id", "filename", "top", "bottom", "left", "right", "frame", "overlay",
    "ocrengine", "ocrtext", "nerengine", "nerpii", "last_modified", "last_modified_by",
)  # fmt: skip
TAG_COLUMNS = (
    "id", "filename", "mark", "comment", "modality", "imagetype", "manufacturermodelname", "burnedinannotation",
    "rows", "columns", "last_modified", "last_modified_by",
)  # fmt: skip
REQUIRED = {"id", "filename", "top", "bottom", "left", "right", "frame", "overlay", "mark"}
"""Columns of the two tables without which a row says nothing; old databases may lack others."""
TAG_TITLES = {
    "modality": "Modality",
    "imagetype": "ImageType",
    "manufacturermodelname": "ManufacturerModelName",
    "burnedinannotation": "BurnedInAnnotation",
    "rows": "Rows",
    "columns": "Columns",
}
"""What the exports, and the original tool itself, call these columns."""

OLD_COLUMNS = ("source", "ocr", "ispii", "sourcepii")
"""Columns that older databases still carry in DicomRects; they are kept and otherwise left alone."""

_RECT_TEXTS = {"filename", "ocrtext", "last_modified", "last_modified_by"}
_TAG_NUMBERS = {"rows", "columns"}

metadata = MetaData()


def _column(name: str, *, is_text: bool) -> Column[str] | Column[int]:
    # Quoted always: "left", "right", "rows" and "columns" are words of SQL.
    quoted = quoted_name(name, quote=True)
    if name == "id":
        return Column(quoted, Integer, primary_key=True)
    return Column(quoted, Text) if is_text else Column(quoted, Integer)


rects = Table(
    quoted_name("DicomRects", quote=True),
    metadata,
    *(_column(name, is_text=name in _RECT_TEXTS) for name in RECT_COLUMNS),
)
tags = Table(
    quoted_name("DicomTags", quote=True),
    metadata,
    *(_column(name, is_text=name not in _TAG_NUMBERS) for name in TAG_COLUMNS),
)

extra_rects = Table(
    "dcmaudit_rects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("top", Integer),
    Column("bottom", Integer),
    Column(quoted_name("left", quote=True), Integer),
    Column(quoted_name("right", quote=True), Integer),
    Column("ocrengine", Integer),
    Column("ocrtext", Text),
    Column("nerengine", Integer),
    Column("nerpii", Integer),
    Column("last_modified", Text, nullable=False),
    Column("last_modified_by", Text, nullable=False),
    Column("frames", Integer),
    Column("shape", Text),
    Index("dcmaudit_rects_by_file", "filename"),
    sqlite_autoincrement=True,
)

identity = Table(
    "dcmaudit_identity",
    metadata,
    Column("filename", Text, primary_key=True),
    Column("sop_instance_uid", Text),
    Column("pixel_digest", Text),
    Column("size", BigInteger),
    Column("modified_ns", BigInteger),
    Column("noted_at", Text, nullable=False),
    Column("noted_by", Text, nullable=False),
    Index("dcmaudit_identity_by_content", "pixel_digest", "sop_instance_uid"),
)

seen = Table(
    "dcmaudit_seen",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("plane_group", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("seen_by", Text, nullable=False),
    Column("ranges", Text, nullable=False),
    Column("first_at", Text, nullable=False),
    Column("last_at", Text, nullable=False),
    UniqueConstraint("filename", "plane_group", "how", "seen_by", name="dcmaudit_seen_once"),
)

history = Table(
    "dcmaudit_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("done_at", Text, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("filename", Text),
    Column("count", Integer, nullable=False),
    Index("dcmaudit_history_by_file", "filename"),
    sqlite_autoincrement=True,
)

preferences = Table(
    "dcmaudit_preferences",
    metadata,
    Column("user_name", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

OWN_TABLES = (extra_rects, identity, seen, history, preferences)
"""Those of the first step: without them a database has nothing of ours."""

kinds = Table(
    "dcmaudit_kinds",
    metadata,
    Column("filename", Text, primary_key=True),
    Column("manufacturer", Text),
    Column("software_versions", Text),
    Column("frames", Integer, nullable=False),
    Column("plane_groups", Text, nullable=False),
)
"""What DicomTags has no column for: by it images that are alike but not equal are told apart."""

judged = Table(
    "dcmaudit_judged",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("plane", Text, nullable=False),
    Column("top", Integer, nullable=False),
    Column("bottom", Integer, nullable=False),
    Column(quoted_name("left", quote=True), Integer, nullable=False),
    Column(quoted_name("right", quote=True), Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("chance", Float, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("judged_at", Text, nullable=False),
    Column("judged_by", Text, nullable=False),
    Index("dcmaudit_judged_by_file", "filename"),
    sqlite_autoincrement=True,
)
"""Suggestions of done files and whether a mark came of them; edges are inclusive, as in DicomRects."""

looks = Table(
    "dcmaudit_looks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("engine", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("complete", Integer, nullable=False),
    Column("planes", Integer, nullable=False),
    Column("places", Integer, nullable=False),
    Column("worst", Integer),
    Column("digest", Text),
    Column("size", BigInteger),
    Column("modified_ns", BigInteger),
    Column("looked_at", Text, nullable=False),
    Column("looked_by", Text, nullable=False),
    Column("effort", Text),
    UniqueConstraint("filename", "engine", name="dcmaudit_looks_once"),
)
"""Of the third step: how the last look of each engine at each file ended, also where it saw nothing or failed.
``effort``: what it was asked, as JSON; NULL where nobody noted that. Of a look that failed it is what the last one was
asked whose findings are there still, with size and time of the file then, see ``looks``; NULL where none are."""

parts = Table(
    "dcmaudit_parts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("plane_group", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("seen_by", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("cells", Text, nullable=False),
    Column("first_at", Text, nullable=False),
    Column("last_at", Text, nullable=False),
    UniqueConstraint("filename", "plane_group", "number", "seen_by", name="dcmaudit_parts_once"),
)
"""Planes of which only a part was on the stage, and which part."""

done = Table(
    "dcmaudit_done",
    metadata,
    Column("filename", Text, primary_key=True),
    Column("planes", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("in_part", Integer, nullable=False),
    Column("glanced", Integer, nullable=False),
    Column("searched", Integer, nullable=False),
    Column("done_at", Text, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("replaced_at", Text),
)
"""How many planes a file had and how they were seen when somebody marked it done, tagged it or commented on it.
``replaced_at``: when it was noticed that another file lies under the name since; NULL where nobody noticed that."""

removed = Table(
    "dcmaudit_removed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("act", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("row_id", Integer, nullable=False),
    Column("contents", Text, nullable=False),
    Column("removed_at", Text, nullable=False),
    Column("removed_by", Text, nullable=False),
    Column("restored_at", Text),
    Column("restored_by", Text),
    Index("dcmaudit_removed_by_act", "act"),
    Index("dcmaudit_removed_by_user", "removed_by", "id"),
    Index("dcmaudit_removed_by_row", "row_id", "source"),
    Index("dcmaudit_removed_by_file", "filename"),
    sqlite_autoincrement=True,
)
"""Rows that somebody removed, whole, as JSON: what was removed together has one ``act``."""

LEARNING_TABLES = (kinds, judged)
"""Those of the second step."""

SUMS_TABLES = tuple(f"dcmaudit_sums_{of}" for of in ("rects", "tags", "extra", "looks", "seen"))
MORE_SUMS_TABLES = tuple(f"dcmaudit_sums_{of}" for of in ("done", "shown"))
REST_SUMS_TABLES = tuple(f"dcmaudit_sums_{of}" for of in ("unshown", "parts", "hidden"))
"""The counts and the sums of each file's marks, see ``dcmaudit.store.sums``, by the step that made them."""

expanded = Table(
    "dcmaudit_expanded",
    metadata,
    Column("rect_id", Integer, primary_key=True, autoincrement=False),
    Column("own_id", Integer, nullable=False),
    Column("frame", Integer, nullable=False),
    Index("dcmaudit_expanded_by_own", "own_id"),
)
"""Which rows of DicomRects stand for one frame of a rectangle of ``dcmaudit_rects`` that is on all frames."""

shown = Table(
    "dcmaudit_shown",
    metadata,
    Column("filename", Text, primary_key=True),
    Column("policy", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("areas", Text, nullable=False),
    Column("shown_at", Text, nullable=False),
    Column("shown_by", Text, nullable=False),
)
"""What rules and ultrasound regions showed black when a file was finished, whether or not it was stored."""

hidden = Table(
    "dcmaudit_hidden",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("top", Integer, nullable=False),
    Column("bottom", Integer, nullable=False),
    Column(quoted_name("left", quote=True), Integer, nullable=False),
    Column(quoted_name("right", quote=True), Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("hidden_at", Text, nullable=False),
    Column("hidden_by", Text, nullable=False),
    Column("shape", Text),
    Index("dcmaudit_hidden_by_file", "filename"),
    sqlite_autoincrement=True,
)
"""Suggestions that somebody has hidden for a file; edges are inclusive, as in DicomRects."""

unshown = Table(
    "dcmaudit_unshown",
    metadata,
    Column("filename", Text, primary_key=True),
    Column("parts", Integer, nullable=False),
    Column("noted_at", Text, nullable=False),
    Column("noted_by", Text, nullable=False),
)
"""How many parts of a file could not be shown to whoever finished it; a file without a row had none."""

searches = Table(
    "dcmaudit_searches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("contents", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("found_at", Text, nullable=False),
    Column("found_by", Text, nullable=False),
    UniqueConstraint("filename", "part", name="dcmaudit_searches_once"),
    sqlite_autoincrement=True,
)
"""What searches for text gave on each plane, or on a file as a whole: no marks, see ``dcmaudit.store.searches``."""

LEARNING, LOOKS, SUMS, SCREEN, LEDGER, HIDING, MORE_SUMS = "0002", "0003", "0004", "0005", "0006", "0007", "0008"
UNSHOWN, REST_SUMS, SHAPES, SEARCHES, REPLACED, EFFORTS = "0009", "0010", "0011", "0012", "0013", "0014"
"""The steps that made the tables of the learning, of the looks, of the sums, of what was on the screen, of what was
seen in part, done and removed, of what was hidden, more sums, of what could not be shown, the sums of the rest, the
column of shapes, of what searches found, the column of done files that were replaced, and that of what looks were
asked; a database that is only read may lack them."""

STEPS: dict[str, frozenset[str]] = {
    "0001": frozenset(str(table.name) for table in (rects, tags, *OWN_TABLES)),
    LEARNING: frozenset(table.name for table in LEARNING_TABLES),
    LOOKS: frozenset({looks.name}),
    SUMS: frozenset(SUMS_TABLES),
    SCREEN: frozenset({expanded.name, shown.name}),
    LEDGER: frozenset({parts.name, done.name, removed.name}),
    HIDING: frozenset({hidden.name}),
    MORE_SUMS: frozenset(MORE_SUMS_TABLES),
    UNSHOWN: frozenset({unshown.name}),
    REST_SUMS: frozenset(REST_SUMS_TABLES),
    SHAPES: frozenset(),
    SEARCHES: frozenset({searches.name}),
    REPLACED: frozenset(),
    EFFORTS: frozenset(),
}
"""The tables that each step made: a database that says it took a step and lacks one of them is damaged."""

LATER_COLUMNS: dict[tuple[str, str], str] = {
    (extra_rects.name, "frames"): SCREEN, (extra_rects.name, "shape"): SHAPES, (hidden.name, "shape"): SHAPES,
    (done.name, "replaced_at"): REPLACED, (looks.name, "effort"): EFFORTS,
}  # fmt: skip
"""Columns that a step gave to a table of an earlier one; all others came with their table."""

HEAD = max(STEPS)
"""The newest migration, so that a store that is up to date is recognised without loading Alembic."""
