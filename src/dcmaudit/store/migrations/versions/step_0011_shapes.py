"""Make room for shapes: what a mark, or a suggestion that was hidden, is where that is no rectangle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Carry out the step. Rows without a shape are rectangles, as all were."""
    for table in ("dcmaudit_rects", "dcmaudit_hidden"):
        if "shape" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}:
            op.add_column(table, sa.Column("shape", sa.Text))
