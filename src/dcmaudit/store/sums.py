"""A count and a sum of each file's marks, kept by the database itself, so that a changed coordinate shows.

SQLite notices a page that is no page, an index that disagrees with its table, and nothing else: bytes overwritten
within a row make another rectangle. Triggers keep the sums, so that the original's scripts and every other writer
keep them without knowing of them. The formula and the triggers belong to the migration that makes them and never
change; another formula needs another step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from dcmaudit.errors import StoreCorruptError
from dcmaudit.store.schema import SUMS_TABLE

if TYPE_CHECKING:
    from dcmaudit.store.database import Session

TABLE = SUMS_TABLE
MODULUS = 2**31 - 1
"""A prime below 2**31: a product of two remainders, and a sum of ten products, still fit into 64 bits."""

_NOTHING, _OTHER, _LENGTH = 1_000_000_007, 1_000_000_009, 77_003
_FACTORS = (40_503, 92_821, 131_071, 65_537, 99_991, 86_028, 75_011, 54_018, 33_013)
RECOUNT = "restore it from a backup, or look at the file again after `dcmaudit db recount FILE`"


@dataclass(frozen=True, slots=True)
class Source:
    """One table of marks: the columns of numbers that are summed, those of text, and how many letters of these."""

    table: str
    column: str
    numbers: tuple[str, ...]
    letters: tuple[tuple[str, int], ...]
    is_unique: bool = False
    """Whether a file has one row at most, which may be replaced (INSERT OR REPLACE) without a word to triggers."""


_EDGES = ("top", "bottom", "left", "right")
_ENGINES = ("ocrengine", "nerengine", "nerpii")
SOURCES = (
    Source("DicomRects", "rects", (*_EDGES, "frame", "overlay", *_ENGINES), (("ocrtext", 0),)),
    Source("DicomTags", "tags", ("rows", "columns"), (("mark", 1), ("comment", 0), ("imagetype", 0)), is_unique=True),
    Source("dcmaudit_rects", "extra", (*_EDGES, *_ENGINES), (("scope", 12), ("ocrtext", 0))),
    Source("dcmaudit_looks", "looks", ("engine", "complete", "planes", "places", "worst"), (("outcome", 6),)),
    Source("dcmaudit_seen", "seen", (), (("plane_group", 6), ("how", 6), ("ranges", 24), ("seen_by", 1))),
)


# --- the formula --------------------------------------------------------------------------------------------------


def _number(name: str, *, is_sqlite: bool) -> str:
    if not is_sqlite:
        return f"coalesce(({name})::bigint % {MODULUS}, {_NOTHING})"
    # SQLite keeps a word or a fraction in a column for numbers, and damage makes them.
    other = f"{_OTHER} + length({name})"
    return f"CASE typeof({name}) WHEN 'integer' THEN {name} % {MODULUS} WHEN 'null' THEN {_NOTHING} ELSE {other} END"


def _letters(name: str, count: int, *, is_sqlite: bool) -> Iterator[str]:
    yield f"coalesce(length({name}), -1) * {_LENGTH}"
    code = "unicode" if is_sqlite else "ascii"
    for place in range(1, count + 1):
        yield f"coalesce({code}(substr({name}, {place}, 1)), 0) * {_LENGTH + 2 * place}"


def value(source: Source, row: str, *, is_sqlite: bool) -> str:
    """The SQL of the number that one row stands for, from 0 to below ``MODULUS``; ``row`` names the row.

    Equal for equal rows in both dialects. The row's id is a factor, so that values which change places show.
    """
    parts = [
        f"({_number(f'{row}.{_quoted(name)}', is_sqlite=is_sqlite)}) * {factor}"
        for name, factor in zip(source.numbers, _FACTORS, strict=False)
    ]
    for name, count in source.letters:
        parts += _letters(f'{row}."{name}"', count, is_sqlite=is_sqlite)
    place = f"(abs({row}.id % {MODULUS}) + 1)"
    cast = "" if is_sqlite else "::bigint"
    return f"((({' + '.join(parts)}) % {MODULUS}) * {place}{cast} % {MODULUS} + {MODULUS}) % {MODULUS}"


def _quoted(name: str) -> str:
    return f'"{name}"'


# --- what the migration makes -------------------------------------------------------------------------------------


def table_sql(*, is_sqlite: bool) -> str:
    """The table: one row a file, a count and a sum for each of the tables of marks."""
    pairs = ", ".join(
        f"{source.column}_{what} BIGINT NOT NULL DEFAULT 0" for source in SOURCES for what in ("count", "sum")
    )
    return f"CREATE TABLE {TABLE} (filename TEXT PRIMARY KEY NOT NULL, {pairs}){' WITHOUT ROWID' if is_sqlite else ''}"


def _add(source: Source, row: str, *, is_sqlite: bool, replaces: bool) -> str:
    count, total = f"{source.column}_count", f"{source.column}_sum"
    more = (f"{TABLE}.{count} + 1", f"({TABLE}.{total} + excluded.{total}) % {MODULUS}")
    if replaces:
        one = (f"CASE WHEN {row}.filename IS NULL THEN {more[0]} ELSE 1 END",
               f"CASE WHEN {row}.filename IS NULL THEN {more[1]} ELSE excluded.{total} END")  # fmt: skip
        more = one
    return (
        f"INSERT INTO {TABLE} (filename, {count}, {total}) "  # noqa: S608 (constants of ours)
        f"VALUES (coalesce({row}.filename, ''), 1, {value(source, row, is_sqlite=is_sqlite)}) "
        f"ON CONFLICT (filename) DO UPDATE SET {count} = {more[0]}, {total} = {more[1]};"
    )


def _take(source: Source, row: str, *, is_sqlite: bool) -> str:
    count, total = f"{source.column}_count", f"{source.column}_sum"
    left = f"({total} - ({value(source, row, is_sqlite=is_sqlite)}) + {MODULUS}) % {MODULUS}"
    return (
        f"UPDATE {TABLE} SET {count} = {count} - 1, {total} = {left} "  # noqa: S608 (constants of ours)
        f"WHERE filename = coalesce({row}.filename, '');"
    )


def sqlite_triggers() -> dict[str, str]:
    """The triggers of SQLite by name, word for word as its catalogue keeps them."""
    found = {}
    for source in SOURCES:
        added = _add(source, "new", is_sqlite=True, replaces=source.is_unique)
        renewed = _add(source, "new", is_sqlite=True, replaces=False)
        taken = _take(source, "old", is_sqlite=True)
        for what, body in (("INSERT", added), ("DELETE", taken), ("UPDATE", f"{taken} {renewed}")):
            name = f"{TABLE}_{source.column}_{what.lower()}"
            found[name] = f'CREATE TRIGGER {name} AFTER {what} ON "{source.table}" BEGIN {body} END'
    return found


def postgres_triggers() -> Iterator[str]:
    """The functions and triggers of PostgreSQL. They act for whoever made them: others need no right to our tables."""
    for source in SOURCES:
        name = f"{TABLE}_{source.column}"
        added = _add(source, "new", is_sqlite=False, replaces=False)
        taken = _take(source, "old", is_sqlite=False)
        emptied = f"UPDATE {TABLE} SET {source.column}_count = 0, {source.column}_sum = 0;"  # noqa: S608 (as above)
        yield (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT "
            f"AS $$ BEGIN IF TG_OP = 'TRUNCATE' THEN {emptied} RETURN NULL; END IF; "
            f"IF TG_OP <> 'INSERT' THEN {taken} END IF; IF TG_OP <> 'DELETE' THEN {added} END IF; RETURN NULL; END $$"
        )
        yield (
            f'CREATE TRIGGER {name}_rows AFTER INSERT OR UPDATE OR DELETE ON "{source.table}" '
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
        yield (
            f'CREATE TRIGGER {name}_all AFTER TRUNCATE ON "{source.table}" FOR EACH STATEMENT EXECUTE FUNCTION {name}()'
        )


# --- counting and comparing ---------------------------------------------------------------------------------------


def _counted(source: Source, *, is_sqlite: bool, of_one: bool) -> str:
    """Name, count and sum of each file in one table; with ``of_one`` of the file ``:filename``, always one row."""
    total = f"coalesce(sum({value(source, 'm', is_sqlite=is_sqlite)}), 0) % {MODULUS}"
    where = "WHERE m.filename = :filename" if of_one else "GROUP BY m.filename"
    name = "" if of_one else "coalesce(m.filename, '') AS filename, "
    return f'SELECT {name}count(*) AS marks, {total} AS total FROM "{source.table}" AS m {where}'  # noqa: S608 (as above)


def count_anew(connection: Connection, filename: str | None = None) -> None:
    """Count what is there now, of one file or of all; the caller has made sure that it may be believed."""
    is_sqlite = connection.dialect.name == "sqlite"
    values = {} if filename is None else {"filename": filename}
    chosen = "" if filename is None else " WHERE filename = :filename"
    connection.execute(text(f"DELETE FROM {TABLE}{chosen}"), values)  # noqa: S608 (as above)
    for source in SOURCES:
        count, total = f"{source.column}_count", f"{source.column}_sum"
        counted = _counted(source, is_sqlite=is_sqlite, of_one=filename is not None)
        name = "" if filename is None else "CAST(:filename AS TEXT) AS filename, "
        connection.execute(
            text(
                f"INSERT INTO {TABLE} (filename, {count}, {total}) "  # noqa: S608 (as above)
                f"SELECT {name}{'filename, ' if filename is None else ''}marks, total FROM ({counted}) AS counted "
                "WHERE true ON CONFLICT (filename) DO UPDATE "
                f"SET {count} = excluded.{count}, {total} = excluded.{total}"
            ),
            values,
        )


def require_agreement(session: Session, filename: str, where: str) -> None:
    """StoreCorruptError where the marks of the file are not those that were stored; nothing without sums."""
    if is_disagreeing(session, filename):
        raise disagreement([filename], where)


def is_disagreeing(session: Session, filename: str) -> bool:
    """Whether the marks of the file are not those that were stored."""
    if not session.has_sums:
        return False
    columns = ", ".join(f"{source.column}_count, {source.column}_sum" for source in SOURCES)
    noted = session.rows(f"SELECT {columns} FROM {TABLE} WHERE filename = :filename", {"filename": filename})  # noqa: S608
    kept = tuple(noted[0]) if noted else (0, 0) * len(SOURCES)
    found: list[int] = []
    for source in SOURCES:
        counted = session.rows(_counted(source, is_sqlite=session.is_sqlite, of_one=True), {"filename": filename})
        found += map(int, counted[0])
    return tuple(found) != kept


def disagreeing(session: Session, most: int) -> list[str]:
    """Names of files whose marks are not those that were stored, ``most`` at most."""
    names: dict[str, None] = {}
    for source in SOURCES if session.has_sums else ():
        count, total = f"{source.column}_count", f"{source.column}_sum"
        counted = _counted(source, is_sqlite=session.is_sqlite, of_one=False)
        other = f"NOT (s.{count} = c.marks AND s.{total} = c.total)"
        query = (
            f"SELECT c.filename FROM ({counted}) AS c LEFT JOIN {TABLE} AS s ON s.filename = c.filename "  # noqa: S608
            f"WHERE s.filename IS NULL OR {other} LIMIT :most"
        )
        # Rows that are gone: a sum is kept, and no row makes it.
        gone = (
            f"SELECT s.filename FROM {TABLE} AS s WHERE s.{count} <> 0 "  # noqa: S608
            f'AND NOT EXISTS (SELECT 1 FROM "{source.table}" AS m WHERE m.filename = s.filename) '
            f"AND s.filename <> '' LIMIT :most"
        )
        for each in (query, gone):
            names.update(dict.fromkeys(str(row[0]) for row in session.rows(each, {"most": most})))
    return list(names)[:most]


def disagreement(names: Iterable[str], where: str) -> StoreCorruptError:
    """The error that names the files."""
    shown = list(names)
    one = f"the marks of {shown[0]} are"
    what = one if len(shown) == 1 else f"the marks of {len(shown)} files (first {shown[0]}) are"
    return StoreCorruptError(
        f"{what} not those that were stored: their count or sum is another; something changed the database's bytes",
        file=where,
        hint=RECOUNT,
    )
