"""Add counts and sums of what could not be shown, was seen in part and was hidden, with the triggers that keep them."""

from __future__ import annotations

from alembic import op

from dcmaudit.store import sums

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Carry out the step: what is there now is counted; the caller has looked for damage before."""
    sums.make(op.get_bind(), revision)
