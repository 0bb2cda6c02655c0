"""Keep which suggestions somebody has hidden for a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Carry out the step."""
    op.create_table(
        "dcmaudit_hidden",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, quote=True, nullable=False) for name in ("top", "bottom", "left", "right")),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("hidden_at", sa.Text, nullable=False),
        sa.Column("hidden_by", sa.Text, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("dcmaudit_hidden_by_file", "dcmaudit_hidden", ["filename"], if_not_exists=True)
