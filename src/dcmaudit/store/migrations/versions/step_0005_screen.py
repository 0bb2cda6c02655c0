"""Write rectangles on all frames one row a frame as well, and make room for what was shown black on the screen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_MOST = 20_000
_COPIED = (
    "filename", "top", "bottom", "left", "right", "ocrengine", "ocrtext", "nerengine", "nerpii", "last_modified",
    "last_modified_by",
)  # fmt: skip
_KNOWN = """
SELECT x.*, k.frames AS known FROM dcmaudit_rects x JOIN dcmaudit_kinds k ON k.filename = x.filename
WHERE x.scope = 'all frames' AND x.frames IS NULL
AND x."left" >= 0 AND x."top" >= 0 AND x."right" >= 0 AND x."bottom" >= 0
"""


def upgrade() -> None:
    """Carry out the step. The number of frames is known of files that were done; of others when they are opened."""
    if "frames" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("dcmaudit_rects")}:
        op.add_column("dcmaudit_rects", sa.Column("frames", sa.Integer))
    op.create_table(
        "dcmaudit_expanded",
        sa.Column("rect_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("own_id", sa.Integer, nullable=False),
        sa.Column("frame", sa.Integer, nullable=False),
        if_not_exists=True,
    )
    op.create_index("dcmaudit_expanded_by_own", "dcmaudit_expanded", ["own_id"], if_not_exists=True)
    op.create_table(
        "dcmaudit_shown",
        sa.Column("filename", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("policy", "options", "areas", "shown_at", "shown_by")),
        if_not_exists=True,
    )
    _expand()


def _expand() -> None:
    connection = op.get_bind()
    rects = sa.table("DicomRects", *(sa.column(name) for name in ("id", "frame", "overlay", *_COPIED)))
    links = sa.table("dcmaudit_expanded", *(sa.column(name) for name in ("rect_id", "own_id", "frame")))
    for row in connection.execute(sa.text(_KNOWN)).mappings().all():
        if not 0 < row["known"] <= _MOST:
            continue
        copied = {name: row[name] for name in _COPIED}
        for frame in range(row["known"]):
            made = sa.insert(rects).values(frame=frame, overlay=-1, **copied).returning(rects.c.id)
            number = connection.execute(made).scalar_one()
            connection.execute(sa.insert(links).values(rect_id=number, own_id=row["id"], frame=frame))
        done = sa.text("UPDATE dcmaudit_rects SET frames = :frames WHERE id = :id")
        connection.execute(done, {"frames": row["known"], "id": row["id"]})
