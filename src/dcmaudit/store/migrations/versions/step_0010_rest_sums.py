"""Add counts and sums of what could not be shown, was seen in part and was hidden, with the triggers that keep them.

And the indices by which removed rows are found: by the row that they were, and by their file.
"""

from __future__ import annotations

from alembic import op

from dcmaudit.store import sums

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Carry out the step: what is there now is counted; the caller has looked for damage before."""
    sums.make(op.get_bind(), revision)
    op.create_index("dcmaudit_removed_by_row", "dcmaudit_removed", ["row_id", "source"])
    op.create_index("dcmaudit_removed_by_file", "dcmaudit_removed", ["filename"])
