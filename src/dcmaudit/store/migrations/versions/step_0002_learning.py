"""Add what learning from marks needs: facts that DicomTags has no column for, judgements, and two indexes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# The id at the end gives the newest rows of a device without sorting all of them.
_BY_TYPE = (
    'CREATE INDEX IF NOT EXISTS "dcmaudit_newest_of_type" ON "DicomTags"'
    '("manufacturermodelname", "modality", "rows", "columns", "imagetype", "id")'
)
_BY_MODEL = (
    'CREATE INDEX IF NOT EXISTS "dcmaudit_newest_of_model" ON "DicomTags"("manufacturermodelname", "modality", "id")'
)


def upgrade() -> None:
    """Carry out the step."""
    op.execute(_BY_TYPE)
    op.execute(_BY_MODEL)
    op.create_table(
        "dcmaudit_kinds",
        sa.Column("filename", sa.Text, primary_key=True),
        sa.Column("manufacturer", sa.Text),
        sa.Column("software_versions", sa.Text),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("plane_groups", sa.Text, nullable=False),
    )
    op.create_table(
        "dcmaudit_judged",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("plane", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, quote=True, nullable=False) for name in ("top", "bottom", "left", "right")),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("chance", sa.Float, nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("shown", sa.Integer, nullable=False),
        sa.Column("judged_at", sa.Text, nullable=False),
        sa.Column("judged_by", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("dcmaudit_judged_by_file", "dcmaudit_judged", ["filename"])
