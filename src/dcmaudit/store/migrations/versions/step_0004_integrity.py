"""Add a count and a sum of each file's marks, and the triggers that keep them."""

from __future__ import annotations

from alembic import op

from dcmaudit.store import sums

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Carry out the step: what is there now is counted; the caller has looked for damage before."""
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    op.execute(sums.table_sql(is_sqlite=is_sqlite))
    sums.count_anew(connection)
    for statement in sums.sqlite_triggers().values() if is_sqlite else sums.postgres_triggers():
        connection.exec_driver_sql(statement.replace("%", "%%") if not is_sqlite else statement)
