"""Add what the ledger needs: parts of planes that were seen, counts of done files, and rows that were removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Carry out the step."""
    op.create_table(
        "dcmaudit_parts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("plane_group", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("seen_by", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("cells", sa.Text, nullable=False),
        sa.Column("first_at", sa.Text, nullable=False),
        sa.Column("last_at", sa.Text, nullable=False),
        sa.UniqueConstraint("filename", "plane_group", "number", "seen_by", name="dcmaudit_parts_once"),
    )
    op.create_table(
        "dcmaudit_done",
        sa.Column("filename", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("planes", "seen", "in_part", "glanced", "searched")),
        sa.Column("done_at", sa.Text, nullable=False),
        sa.Column("done_by", sa.Text, nullable=False),
    )
    op.create_table(
        "dcmaudit_removed",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("act", "kind", "filename", "source")),
        sa.Column("row_id", sa.Integer, nullable=False),
        sa.Column("contents", sa.Text, nullable=False),
        sa.Column("removed_at", sa.Text, nullable=False),
        sa.Column("removed_by", sa.Text, nullable=False),
        sa.Column("restored_at", sa.Text),
        sa.Column("restored_by", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("dcmaudit_removed_by_act", "dcmaudit_removed", ["act"])
    op.create_index("dcmaudit_removed_by_user", "dcmaudit_removed", ["removed_by", "id"])
