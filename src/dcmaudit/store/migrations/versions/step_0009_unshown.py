"""Keep of which files a part could not be shown to whoever reviewed them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Carry out the step."""
    op.create_table(
        "dcmaudit_unshown",
        sa.Column("filename", sa.Text, primary_key=True),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("noted_at", sa.Text, nullable=False),
        sa.Column("noted_by", sa.Text, nullable=False),
        if_not_exists=True,
    )
