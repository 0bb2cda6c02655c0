"""Make room for when it was noticed that a done file is another one since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Carry out the step. Of the rows that are there nobody noticed it."""
    if "replaced_at" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("dcmaudit_done")}:
        op.add_column("dcmaudit_done", sa.Column("replaced_at", sa.Text))
