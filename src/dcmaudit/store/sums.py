"""A count and a sum of each file's marks, kept by the database itself, so that a changed coordinate shows.

SQLite notices a page that is no page, an index that disagrees with its table, and nothing else: bytes overwritten
within a row make another rectangle. Triggers keep the sums, so that the original's scripts and every other writer
keep them without knowing of them. The formula and the triggers belong to the migration that makes them and never
change; another formula needs another step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from dcmaudit.store.bulk import among
from dcmaudit.store.formula import FACTORS, LENGTH, MODULUS, NOTHING, OTHER, disagreement
from dcmaudit.store.schema import (
    MORE_SUMS,
    MORE_SUMS_TABLES,
    REST_SUMS,
    REST_SUMS_TABLES,
    SUMS,
    SUMS_TABLES,
)
from dcmaudit.store.session import Session


@dataclass(frozen=True, slots=True)
class Source:
    """One table of marks: the columns of numbers that are summed, those of text, and how many letters of these.

    ``sums`` is the table of its counts and sums: one for each, for a row of a common one would be written anew as a
    whole each time.
    """

    table: str
    sums: str
    numbers: tuple[str, ...]
    letters: tuple[tuple[str, int], ...]
    step: str = SUMS
    is_unique: bool = False
    """Whether a file has one row at most, which may be replaced (INSERT OR REPLACE) without a word to triggers."""
    has_id: bool = True


_EDGES = ("top", "bottom", "left", "right")
_ENGINES = ("ocrengine", "nerengine", "nerpii")
_RECTS, _TAGS, _EXTRA, _LOOKS, _SEEN = SUMS_TABLES
_DONE, _SHOWN = MORE_SUMS_TABLES
_UNSHOWN, _PARTS, _HIDDEN = REST_SUMS_TABLES
SOURCES = (
    Source("DicomRects", _RECTS, (*_EDGES, "frame", "overlay", *_ENGINES), (("ocrtext", 0),)),
    Source("DicomTags", _TAGS, ("rows", "columns"), (("mark", 1), ("comment", 0), ("imagetype", 0)), is_unique=True),
    Source("dcmaudit_rects", _EXTRA, (*_EDGES, *_ENGINES), (("scope", 12), ("ocrtext", 0))),
    Source("dcmaudit_looks", _LOOKS, ("engine", "complete", "planes", "places", "worst"), (("outcome", 6),)),
    Source("dcmaudit_seen", _SEEN, (), (("plane_group", 6), ("how", 6), ("ranges", 24), ("seen_by", 1))),
    Source("dcmaudit_done", _DONE, ("planes", "seen", "in_part", "glanced", "searched"), (("done_by", 1),),
           MORE_SUMS, is_unique=True, has_id=False),
    Source("dcmaudit_shown", _SHOWN, (), (("policy", 6), ("options", 24), ("areas", 60)),
           MORE_SUMS, is_unique=True, has_id=False),
    Source("dcmaudit_unshown", _UNSHOWN, ("parts",), (("noted_by", 1),), REST_SUMS, is_unique=True, has_id=False),
    Source("dcmaudit_parts", _PARTS, ("number", "width", "height"),
           (("plane_group", 6), ("cells", 24), ("seen_by", 1)), REST_SUMS),
    Source("dcmaudit_hidden", _HIDDEN, _EDGES, (("scope", 12), ("origin", 6)), REST_SUMS),
)  # fmt: skip
"""``dcmaudit_expanded`` needs none: it has no name of a file, and a row of it that was changed leaves its rectangle
with another number of rows than ``dcmaudit_rects.frames`` says, which is told as a problem of that rectangle."""


def of_table(table: str) -> str:
    """The table that has one row for each file with rows in ``table``: its name, their count and their sum."""
    return next(source.sums for source in SOURCES if source.table == table)


# --- the formula --------------------------------------------------------------------------------------------------


def _number(name: str, *, is_sqlite: bool) -> str:
    # PostgreSQL's columns hold nothing but whole numbers.
    if not is_sqlite:
        return f"coalesce(({name})::bigint % {MODULUS}, {NOTHING})"
    # SQLite keeps a word or a fraction in a column for numbers, and damage makes them.
    other = f"{OTHER} + length({name})"
    return f"CASE typeof({name}) WHEN 'integer' THEN {name} % {MODULUS} WHEN 'null' THEN {NOTHING} ELSE {other} END"


def _letters(name: str, count: int, *, is_sqlite: bool) -> Iterator[str]:
    yield f"coalesce(length({name}), -1) * {LENGTH}"
    code = "unicode" if is_sqlite else "ascii"
    for place in range(1, count + 1):
        yield f"coalesce({code}(substr({name}, {place}, 1)), 0) * {LENGTH + 2 * place}"


def value(source: Source, row: str, *, is_sqlite: bool) -> str:
    """The SQL of the number that one row stands for, from 0 to below ``MODULUS``; ``row`` names the row.

    Equal for equal rows in both dialects. The row's id is a factor, so that values which change places show.
    """
    parts = [
        f"({_number(f'{row}.{_quoted(name)}', is_sqlite=is_sqlite)}) * {factor}"
        for name, factor in zip(source.numbers, FACTORS, strict=False)
    ]
    for name, count in source.letters:
        parts += _letters(f'{row}."{name}"', count, is_sqlite=is_sqlite)
    place = f"(abs({row}.id % {MODULUS}) + 1)" if source.has_id else "1"
    cast = "" if is_sqlite else "::bigint"
    return f"((({' + '.join(parts)}) % {MODULUS}) * {place}{cast} % {MODULUS} + {MODULUS}) % {MODULUS}"


def _quoted(name: str) -> str:
    return f'"{name}"'


# --- what the migration makes -------------------------------------------------------------------------------------


def make(connection: Connection, step: str) -> None:
    """Carry out the step that makes these tables and triggers; what is there now is counted, and believed."""
    is_sqlite = connection.dialect.name == "sqlite"
    ending = " WITHOUT ROWID" if is_sqlite else ""
    for source in SOURCES:
        if source.step != step:
            continue
        columns = "filename TEXT PRIMARY KEY NOT NULL, marks BIGINT NOT NULL, total BIGINT NOT NULL"
        connection.exec_driver_sql(f"CREATE TABLE {source.sums} ({columns}){ending}")
        _count(connection, source, None)
        for statement in _sqlite_triggers(source).values() if is_sqlite else _postgres_triggers(source):
            connection.exec_driver_sql(statement if is_sqlite else statement.replace("%", "%%"))


def _add(source: Source, row: str, *, is_sqlite: bool, replaces: bool) -> str:
    marks, total = f"{source.sums}.marks + 1", f"({source.sums}.total + excluded.total) % {MODULUS}"
    # INSERT OR REPLACE deletes the former row and tells no trigger: the row's count and sum begin anew.
    if replaces:
        marks = f"CASE WHEN {row}.filename IS NULL THEN {marks} ELSE 1 END"
        total = f"CASE WHEN {row}.filename IS NULL THEN {total} ELSE excluded.total END"
    return (
        f"INSERT INTO {source.sums} (filename, marks, total) "  # noqa: S608 (constants of ours)
        f"VALUES (coalesce({row}.filename, ''), 1, {value(source, row, is_sqlite=is_sqlite)}) "
        f"ON CONFLICT (filename) DO UPDATE SET marks = {marks}, total = {total};"
    )


def _take(source: Source, row: str, *, is_sqlite: bool) -> str:
    left = f"(total - ({value(source, row, is_sqlite=is_sqlite)}) + {MODULUS}) % {MODULUS}"
    return (
        f"UPDATE {source.sums} SET marks = marks - 1, total = {left} "  # noqa: S608 (constants of ours)
        f"WHERE filename = coalesce({row}.filename, '');"
    )


def sqlite_triggers(step: str = REST_SUMS) -> dict[str, str]:
    """The triggers of SQLite after this step by name, word for word as its catalogue keeps them."""
    return {name: sql for source in SOURCES if source.step <= step for name, sql in _sqlite_triggers(source).items()}


def _sqlite_triggers(source: Source) -> dict[str, str]:
    added = _add(source, "new", is_sqlite=True, replaces=source.is_unique)
    renewed = _add(source, "new", is_sqlite=True, replaces=False)
    taken = _take(source, "old", is_sqlite=True)
    bodies = {"insert": added, "delete": taken, "update": f"{taken} {renewed}"}
    names = {what: f"{source.sums}_{what}" for what in bodies}
    return {
        names[what]: f'CREATE TRIGGER {names[what]} AFTER {what.upper()} ON "{source.table}" BEGIN {body} END'
        for what, body in bodies.items()
    }


def _postgres_triggers(source: Source) -> Iterator[str]:
    """The function and triggers of PostgreSQL. They act for whoever made them: others need no right to our tables."""
    name = source.sums
    added = _add(source, "new", is_sqlite=False, replaces=False)
    taken = _take(source, "old", is_sqlite=False)
    emptied = f"UPDATE {name} SET marks = 0, total = 0;"  # noqa: S608 (as above)
    yield (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT "
        f"AS $$ BEGIN IF TG_OP = 'TRUNCATE' THEN {emptied} RETURN NULL; END IF; "
        f"IF TG_OP <> 'INSERT' THEN {taken} END IF; IF TG_OP <> 'DELETE' THEN {added} END IF; RETURN NULL; END $$"
    )
    rows = f'AFTER INSERT OR UPDATE OR DELETE ON "{source.table}" FOR EACH ROW'
    yield f"CREATE TRIGGER {name}_rows {rows} EXECUTE FUNCTION {name}()"
    yield f'CREATE TRIGGER {name}_all AFTER TRUNCATE ON "{source.table}" FOR EACH STATEMENT EXECUTE FUNCTION {name}()'


# --- counting and comparing ---------------------------------------------------------------------------------------


def _counted(source: Source, *, is_sqlite: bool, of_one: bool) -> str:
    """Name, count and sum of each file in one table; with ``of_one`` of the file ``:filename``, always one row."""
    total = f"coalesce(sum({value(source, 'm', is_sqlite=is_sqlite)}), 0) % {MODULUS}"
    where = "WHERE m.filename = :filename" if of_one else "GROUP BY coalesce(m.filename, '')"
    name = "" if of_one else "coalesce(m.filename, '') AS filename, "
    return f'SELECT {name}count(*) AS marks, {total} AS total FROM "{source.table}" AS m {where}'  # noqa: S608 (as above)


def _count(connection: Connection, source: Source, filename: str | None) -> None:
    counted = _counted(source, is_sqlite=connection.dialect.name == "sqlite", of_one=filename is not None)
    name = "filename" if filename is None else "CAST(:filename AS TEXT)"
    query = (
        f"INSERT INTO {source.sums} (filename, marks, total) "  # noqa: S608 (as above)
        f"SELECT {name}, marks, total FROM ({counted}) AS counted"
    )
    connection.execute(text(query), {} if filename is None else {"filename": filename})


def count_anew(connection: Connection, filename: str) -> None:
    """Count the marks of one file as they are now; the caller has made sure that they may be believed."""
    for source in SOURCES:
        connection.execute(text(f"DELETE FROM {source.sums} WHERE filename = :filename"), {"filename": filename})  # noqa: S608
        _count(connection, source, filename)


def require_agreement(session: Session, filename: str, where: str, *tables: str) -> None:
    """StoreCorruptError where the file's rows in these tables (default: all) are not those that were stored."""
    if is_disagreeing(session, filename, *tables):
        raise disagreement([filename], where)


def is_disagreeing(session: Session, filename: str, *tables: str) -> bool:
    """Whether the file's rows in these tables (default: all) are not those that were stored; no without sums."""
    for source in SOURCES:
        if not session.has(source.step) or (tables and source.table not in tables):
            continue
        noted = f"FROM {source.sums} WHERE filename = :filename"
        query = (
            f"SELECT coalesce((SELECT marks {noted}), 0), coalesce((SELECT total {noted}), 0), marks, total "  # noqa: S608
            f"FROM ({_counted(source, is_sqlite=session.is_sqlite, of_one=True)}) AS counted"
        )
        ((marks, total, found, summed),) = session.rows(query, {"filename": filename})
        if (int(marks), int(total)) != (int(found), int(summed)):
            return True
    return False


def disagreeing_of(session: Session, filenames: Sequence[str], *tables: str) -> list[str]:
    """Of these files those whose rows in these tables are not those that were stored; none without sums."""
    found: dict[str, None] = {}
    for source in SOURCES if filenames else ():
        if source.table not in tables or not session.has(source.step):
            continue
        chosen, bound = among(session, filenames)
        total = f"coalesce(sum({value(source, 'm', is_sqlite=session.is_sqlite)}), 0) % {MODULUS}"
        query = (
            f"SELECT c.filename FROM (SELECT m.filename, count(*) AS marks, {total} AS total "  # noqa: S608 (as above)
            f'FROM "{source.table}" AS m WHERE m.filename IN ({chosen}) GROUP BY m.filename) AS c '
            f"LEFT JOIN {source.sums} AS s ON s.filename = c.filename "
            f"WHERE s.filename IS NULL OR s.marks <> c.marks OR s.total <> c.total"
        )
        gone = (
            f"SELECT s.filename FROM {source.sums} AS s WHERE s.filename IN ({chosen}) AND s.marks <> 0 "  # noqa: S608
            f'AND NOT EXISTS (SELECT 1 FROM "{source.table}" AS m WHERE m.filename = s.filename)'
        )
        for each in (query, gone):
            found.update(dict.fromkeys(str(row[0]) for row in session.rows(each, bound)))
    return list(found)


def _counted_each(source: Source, *, is_sqlite: bool) -> str:
    """As ``_counted`` of all files. Rows with a name come as the index of names has them, and need not be sorted."""
    total = f"coalesce(sum({value(source, 'm', is_sqlite=is_sqlite)}), 0) % {MODULUS}"
    what = f'count(*) AS marks, {total} AS total FROM "{source.table}" AS m'
    nameless = "(m.filename IS NULL OR NOT m.filename > '')"
    return (
        f"SELECT m.filename AS filename, {what} WHERE m.filename > '' GROUP BY m.filename UNION ALL "
        f"SELECT coalesce(m.filename, '') AS filename, {what} WHERE {nameless} GROUP BY coalesce(m.filename, '')"
    )


def disagreeing(session: Session, most: int) -> list[str]:
    """Names of files whose marks are not those that were stored, ``most`` at most."""
    names: dict[str, None] = {}
    for source in SOURCES:
        if not session.has(source.step):
            continue
        counted = _counted_each(source, is_sqlite=session.is_sqlite)
        query = (
            f"SELECT c.filename FROM ({counted}) AS c LEFT JOIN {source.sums} AS s ON s.filename = c.filename "  # noqa: S608
            "WHERE s.filename IS NULL OR NOT (s.marks = c.marks AND s.total = c.total) LIMIT :most"
        )
        # Rows that are gone: a sum is kept, and no row makes it.
        gone = (
            f"SELECT s.filename FROM {source.sums} AS s WHERE s.marks <> 0 "  # noqa: S608
            f'AND NOT EXISTS (SELECT 1 FROM "{source.table}" AS m WHERE m.filename = s.filename) '
            f"AND s.filename <> '' LIMIT :most"
        )
        for each in (query, gone):
            names.update(dict.fromkeys(str(row[0]) for row in session.rows(each, {"most": most})))
    return list(names)[:most]
