"""Bringing a database to the present shape: the step and its record in the caller's one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.engine import Dialect

from dcmaudit.errors import StoreCorruptError, StoreNewerError
from dcmaudit.store.schema import HEAD, LATER_COLUMNS, OWN_PREFIX, REQUIRED, STEPS, VERSION_TABLE, metadata

DAMAGE_HINT = "restore a copy made with `dcmaudit db backup`; `sqlite3 FILE .recover` may save what is left"
SCRIPTS = Path(__file__).parent / "migrations"


def table_names(connection: Connection) -> frozenset[str]:
    """The tables that are there (on PostgreSQL: those that the search path finds)."""
    return frozenset(connection.scalars(text(_catalogue(connection.dialect))))


def _catalogue(dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        return "SELECT name FROM sqlite_master WHERE type = 'table'"
    return "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid)"


def version(connection: Connection, tables: frozenset[str]) -> str | None:
    """The last step that was carried out, None where the database has none of our tables."""
    # A database of the original tool has none, nor has an empty one.
    if VERSION_TABLE not in tables:
        return None
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 (a constant of ours)
    return None if found is None else str(found)


def missing_column(
    connection: Connection, tables: frozenset[str], found: str | None, *, writes: bool = False
) -> str | None:
    """A sentence about a column that the tables of this shape have, and that is not there; None where all are.

    Names are compared as SQLite does, in any case. Columns beyond ours are those of others, and left alone. Of a
    database that another program made, who only reads needs no more than where marks are (``REQUIRED``).
    """
    there: dict[str, set[str]] = {}
    for table, column in connection.execute(text(_columns(connection.dialect))):
        there.setdefault(str(table), set()).add(str(column).lower())
    for table in metadata.sorted_tables:
        if table.name not in tables:
            continue  # made by a later step, or told as missing already
        names = [one.name for one in table.columns if _is_due(LATER_COLUMNS.get((table.name, one.name)), found)]
        if found is None and not writes:
            names = [name for name in names if name in REQUIRED]
        missing = next((name for name in names if name.lower() not in there.get(table.name, set())), None)
        if missing is not None:
            shape = "" if found is None else f", which its shape {found} has"
            return f"the table {table.name} lacks the column {missing}{shape}"
    return None


def _is_due(since: str | None, found: str | None) -> bool:
    """Whether a column that came with the step ``since`` (None: with its table) belongs to the shape ``found``."""
    return since is None or (found is not None and since <= found)


def _columns(dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        return "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'"
    return (
        "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid "
        "WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND pg_table_is_visible(c.oid) "
        "AND (c.relname LIKE 'dcmaudit%' OR c.relname LIKE 'Dicom%')"
    )


def refuse_newer(found: str | None, where: str) -> None:
    """StoreNewerError for a version that is not among the steps known here (their names are ordered)."""
    if found is not None and found > HEAD:
        raise StoreNewerError(
            f"the database has the shape {found}, this dcmaudit knows shapes up to {HEAD}",
            file=where,
            hint="use the newer dcmaudit that wrote it, or another database",
        )


def refuse_incomplete(
    connection: Connection, tables: frozenset[str], found: str | None, where: str, *, writes: bool = False
) -> None:
    """StoreCorruptError where tables or columns are missing that a database of this shape has.

    Rows of a table that is gone would be missed silently, and what is in a column that is gone counts for something.
    """
    if found is None:
        ours = sorted(name for name in tables if name.startswith(OWN_PREFIX))
        reason = f"it has the table {ours[0]} and does not say of which shape it is" if ours else None
    elif found not in STEPS:
        reason = f"it says that it has the shape {found!r}, and there is none"
    else:
        made = frozenset[str]().union(*(names for step, names in STEPS.items() if step <= found))
        reason = f"the table {min(made - tables)} is missing" if made - tables else None
    reason = reason or missing_column(connection, tables, found, writes=writes)
    if reason is not None:
        raise StoreCorruptError(f"the database is damaged: {reason}", file=where, hint=DAMAGE_HINT)


def upgrade(connection: Connection, scripts: Path = SCRIPTS) -> None:
    """Carry out every step that is missing. ``connection`` is in a transaction, which the caller commits."""
    command, config_type = _alembic()
    config = config_type(attributes={"connection": connection})
    # A per cent sign means an interpolation to the reader of settings that Alembic uses.
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    command.upgrade(config, "head")


def warm_up() -> None:
    """Import what ``upgrade`` needs, so that the first mark of a new database does not wait for that."""
    _alembic()


def _alembic() -> tuple[Any, Any]:
    # It is slow to import and needed once in the life of a database.
    from alembic import command
    from alembic.config import Config

    return command, Config
