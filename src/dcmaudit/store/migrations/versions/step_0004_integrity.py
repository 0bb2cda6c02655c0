"""Add a count and a sum of each file's marks, and the triggers that keep them."""

from __future__ import annotations

from alembic import op

from dcmaudit.store import sums

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Carry out the step: what is there now is counted; the caller has looked for damage before."""
    sums.make(op.get_bind(), revision)
