"""Make room for how hard an engine looked at a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Carry out the step. Of the looks that are there nobody noted it."""
    if "effort" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("dcmaudit_looks")}:
        op.add_column("dcmaudit_looks", sa.Column("effort", sa.Text))
