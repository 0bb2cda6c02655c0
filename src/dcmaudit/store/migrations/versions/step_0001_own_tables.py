"""Make the two shared tables where they are missing, index them, and add the tables of our own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Word for word the shape in which the original tool declares them, so that nothing that compares declarations
# sees a difference. On PostgreSQL the same names with plain types.
_SQLITE = (
    """CREATE TABLE IF NOT EXISTS "DicomRects"(
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "filename" CHAR(512),
    "top" INTEGER,
    "bottom" INTEGER,
    "left" INTEGER,
    "right" INTEGER,
    "frame" INTEGER,
    "overlay" INTEGER,
    "ocrengine" INTEGER,
    "ocrtext" CHAR(512),
    "nerengine" INTEGER,
    "nerpii" INTEGER,
    "last_modified" TIMESTAMP,
    "last_modified_by" CHAR(512)
)""",
    """CREATE TABLE IF NOT EXISTS "DicomTags"(
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "filename" CHAR(512) UNIQUE,
    "mark" CHAR(1),
    "comment" CHAR(512),
    "modality" CHAR(512),
    "imagetype" CHAR(512),
    "manufacturermodelname" CHAR(512),
    "burnedinannotation" CHAR(512),
    "rows" INTEGER,
    "columns" INTEGER,
    "last_modified" TIMESTAMP,
    "last_modified_by" CHAR(512)
)""",
)
_POSTGRES = (
    """CREATE TABLE IF NOT EXISTS "DicomRects"(
    "id" SERIAL PRIMARY KEY, "filename" TEXT,
    "top" INTEGER, "bottom" INTEGER, "left" INTEGER, "right" INTEGER, "frame" INTEGER, "overlay" INTEGER,
    "ocrengine" INTEGER, "ocrtext" TEXT, "nerengine" INTEGER, "nerpii" INTEGER,
    "last_modified" TEXT, "last_modified_by" TEXT
)""",
    """CREATE TABLE IF NOT EXISTS "DicomTags"(
    "id" SERIAL PRIMARY KEY, "filename" TEXT UNIQUE, "mark" TEXT, "comment" TEXT,
    "modality" TEXT, "imagetype" TEXT, "manufacturermodelname" TEXT, "burnedinannotation" TEXT,
    "rows" INTEGER, "columns" INTEGER, "last_modified" TEXT, "last_modified_by" TEXT
)""",
)
_BY_FILE = 'CREATE INDEX IF NOT EXISTS "dcmaudit_by_file" ON "DicomRects"("filename", "frame", "overlay")'
_BY_DEVICE = (
    'CREATE INDEX IF NOT EXISTS "dcmaudit_by_device" ON "DicomTags"'
    '("manufacturermodelname", "modality", "rows", "columns", "imagetype", "filename")'
)
_REFUSE_SQLITE = (
    "CREATE TRIGGER dcmaudit_history_no_{what} BEFORE {what} ON dcmaudit_history "
    "BEGIN SELECT RAISE(ABORT, 'the history is only ever added to'); END"
)
_REFUSE_FUNCTION = (
    "CREATE FUNCTION dcmaudit_history_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the history is only ever added to'; END $$"
)
_REFUSE_POSTGRES = (
    "CREATE TRIGGER dcmaudit_history_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON dcmaudit_history "
    "FOR EACH STATEMENT EXECUTE FUNCTION dcmaudit_history_refuse()"
)


def upgrade() -> None:
    """Carry out the step."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if is_sqlite else _POSTGRES:
        op.execute(statement)
    op.execute(_BY_FILE)
    op.execute(_BY_DEVICE)
    _rects()
    _identity_and_seen()
    _history_and_preferences()
    if is_sqlite:
        op.execute(_REFUSE_SQLITE.format(what="update"))
        op.execute(_REFUSE_SQLITE.format(what="delete"))
    else:
        op.execute(_REFUSE_FUNCTION)
        op.execute(_REFUSE_POSTGRES)


def _rects() -> None:
    op.create_table(
        "dcmaudit_rects",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, quote=True) for name in ("top", "bottom", "left", "right")),
        sa.Column("ocrengine", sa.Integer),
        sa.Column("ocrtext", sa.Text),
        sa.Column("nerengine", sa.Integer),
        sa.Column("nerpii", sa.Integer),
        sa.Column("last_modified", sa.Text, nullable=False),
        sa.Column("last_modified_by", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("dcmaudit_rects_by_file", "dcmaudit_rects", ["filename"])


def _identity_and_seen() -> None:
    op.create_table(
        "dcmaudit_identity",
        sa.Column("filename", sa.Text, primary_key=True),
        sa.Column("sop_instance_uid", sa.Text),
        sa.Column("pixel_digest", sa.Text),
        sa.Column("size", sa.BigInteger),
        sa.Column("modified_ns", sa.BigInteger),
        sa.Column("noted_at", sa.Text, nullable=False),
        sa.Column("noted_by", sa.Text, nullable=False),
    )
    op.create_index("dcmaudit_identity_by_content", "dcmaudit_identity", ["pixel_digest", "sop_instance_uid"])
    op.create_table(
        "dcmaudit_seen",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("plane_group", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("seen_by", sa.Text, nullable=False),
        sa.Column("ranges", sa.Text, nullable=False),
        sa.Column("first_at", sa.Text, nullable=False),
        sa.Column("last_at", sa.Text, nullable=False),
        sa.UniqueConstraint("filename", "plane_group", "how", "seen_by", name="dcmaudit_seen_once"),
    )


def _history_and_preferences() -> None:
    op.create_table(
        "dcmaudit_history",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("done_at", sa.Text, nullable=False),
        sa.Column("done_by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("filename", sa.Text),
        sa.Column("count", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("dcmaudit_history_by_file", "dcmaudit_history", ["filename"])
    op.create_table(
        "dcmaudit_preferences",
        sa.Column("user_name", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
