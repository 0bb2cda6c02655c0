"""What Alembic runs: the caller hands over a connection whose transaction is open and commits it afterwards."""

from __future__ import annotations

from alembic import context

from dcmaudit.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite rolls back DDL as well as PostgreSQL does; Alembic assumes that it cannot.
    transactional_ddl=True,
)
context.run_migrations()
