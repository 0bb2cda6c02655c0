"""Keep what searches for text found, so that nobody waits for it twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Carry out the step."""
    op.create_table(
        "dcmaudit_searches",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("modified_ns", sa.BigInteger, nullable=False),
        sa.Column("contents", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("found_at", sa.Text, nullable=False),
        sa.Column("found_by", sa.Text, nullable=False),
        sa.UniqueConstraint("filename", "part", name="dcmaudit_searches_once"),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
