"""Add how the looks of the engines at whole files ended: what was reached, what was found, and why not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Carry out the step."""
    op.create_table(
        "dcmaudit_looks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("engine", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("complete", sa.Integer, nullable=False),
        sa.Column("planes", sa.Integer, nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("worst", sa.Integer),
        sa.Column("digest", sa.Text),
        sa.Column("size", sa.BigInteger),
        sa.Column("modified_ns", sa.BigInteger),
        sa.Column("looked_at", sa.Text, nullable=False),
        sa.Column("looked_by", sa.Text, nullable=False),
        sa.UniqueConstraint("filename", "engine", name="dcmaudit_looks_once"),
        if_not_exists=True,
    )
