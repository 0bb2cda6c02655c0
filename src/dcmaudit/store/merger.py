"""One database out of several: the results of runs that did a part each, put together, and checked for contradictions.

A file's rows in a table are taken where the database has none of the file there, and left where they are the same.
Where both have some and they differ, nothing of that file is taken: which one is right is a question for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Table, insert, text

from dcmaudit.errors import StoreError, UsageError
from dcmaudit.store import expanded, journal, schema
from dcmaudit.store.bulk import among, insert_many
from dcmaudit.store.database import Database
from dcmaudit.store.part import StorePart
from dcmaudit.store.session import Session

_BLOCK = 200
TABLES: Mapping[str, Table] = {
    "rectangles": schema.rects, "done mark, tag or comment": schema.tags,
    "rectangles of many planes": schema.extra_rects,
    "looks of engines": schema.looks, "identity": schema.identity, "what was seen": schema.seen,
    "what was seen in part": schema.parts, "how far it was looked at": schema.done, "what was shown": schema.shown,
    "what could not be shown": schema.unshown, "kind of image": schema.kinds, "judged suggestions": schema.judged,
    "hidden suggestions": schema.hidden, "what searches found": schema.searches,
}  # fmt: skip
"""Tables with rows of one file, by what people call their contents. The history is taken over beside them."""

_JOINED = {schema.searches: "part"}
"""Tables of answers that anybody can get anew: rows of one file are taken one by one, by this column, where there is
none here. They contradict nothing, or two people who looked at other planes of one file could not be put together."""

_TIMES = {"id", "last_modified", "noted_at", "looked_at", "first_at", "last_at", "done_at", "shown_at", "hidden_at",
          "judged_at", "found_at", "effort"}  # fmt: skip
"""Columns in which two runs that found the same differ. What a look was asked stays as it is noted here: it is true of
the look that is here, and the other one, of another version perhaps, found no more."""

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class MergedFile:
    """What became of one file of the other database; ``contradiction`` names what differs, then nothing was taken."""

    filename: str
    taken: bool
    contradiction: str | None = None


class Merger(StorePart):
    """Takes what another database of the same shape knows."""

    def merge(self, other: Database) -> Iterator[MergedFile]:
        """Take over what ``other`` knows of each of its files, block by block, each block wholly or not at all.

        UsageError where ``other`` is this database; StoreError where its shape is an older one, or has columns that
        are unknown here, for what is in them would be lost.
        """
        if other.name == self._database.name:
            raise UsageError("a database is not merged with itself", file=other.name)
        with other.reading() as session:
            _require_shape(session, other.name)
        names = _names(other)
        while block := list(islice(names, _BLOCK)):
            with other.reading() as source, self._database.writing(*block) as session:
                yield from self._take(session, source, block)

    def _take(self, session: Session, source: Session, block: list[str]) -> list[MergedFile]:
        theirs = {what: _rows(source, table, block) for what, table in TABLES.items()}
        ours = {what: _rows(session, table, block) for what, table in TABLES.items()}
        result, todo = [], dict[str, list[str]]()
        for name in block:
            for what, table in TABLES.items():
                if table in _JOINED and name in theirs[what]:
                    known = {row[_JOINED[table]] for row in ours[what].pop(name, [])}
                    theirs[what][name] = [row for row in theirs[what][name] if row[_JOINED[table]] not in known]
            new = [what for what in TABLES if theirs[what].get(name)]
            both = [what for what in new if ours[what].get(name)]
            differing = next(
                (what for what in both if _content(theirs[what][name]) != _content(ours[what][name])), None
            )
            wanted = [what for what in new if what not in both]
            # Either everything of a file or nothing: half of what a run found would be neither run's result.
            if differing is None and wanted:
                todo[name] = wanted
            result.append(MergedFile(name, differing is None and bool(wanted), differing))
        for what, table in TABLES.items():
            _write(session, table, [row for name in todo if what in todo[name] for row in theirs[what][name]])
        _write(
            session,
            schema.history,
            [row for rows in _rows(source, schema.history, list(todo)).values() for row in rows],
        )
        for name in todo:
            journal.note(session, self.user, "taken from another database", name, 1)
        return result


def _require_shape(session: Session, where: str) -> None:
    if session.step != schema.HEAD:
        raise StoreError(
            "its shape is an older one; nothing was taken", file=where,
            hint="any command that writes brings it up to date, as: dcmaudit --db THERE db recount NAME",
        )  # fmt: skip
    for table in TABLES.values():
        there = session.connection.execute(text(f'SELECT * FROM "{table.name}" LIMIT 0')).keys()  # noqa: S608
        unknown = sorted(set(there) - {column.name for column in table.columns})
        if unknown:
            raise StoreError(
                f"{table.name} has the column {unknown[0]}, which would be lost; nothing was taken", file=where,
                hint="dcmaudit db export and db import take its marks over",
            )  # fmt: skip


def _names(other: Database) -> Iterator[str]:
    """Every name of which the other database knows anything."""
    tables = [f'SELECT filename FROM "{table.name}" WHERE filename > :after' for table in TABLES.values()]  # noqa: S608
    union = " UNION ".join(
        f"SELECT filename FROM ({query} ORDER BY filename LIMIT {_BLOCK * 20}) AS part{number}"  # noqa: S608
        for number, query in enumerate(tables)
    )
    after = ""
    while True:
        with other.reading() as session:
            rows = session.rows(f"{union} ORDER BY filename LIMIT {_BLOCK}", {"after": after})
        yield from (str(row[0]) for row in rows)
        if len(rows) < _BLOCK:
            return
        # Page by page behind the last name: a cursor that stays open would keep one state of the other database for
        # hours.
        after = str(rows[-1][0])


def _rows(session: Session, table: Table, names: Sequence[str]) -> Rows:
    """The rows of these files; without those that stand for one frame of a rectangle on all frames."""
    if not names:
        return {}
    chosen, bound = among(session, names)
    alone = expanded.without_expanded(session) if table is schema.rects else ""
    order = "id" if "id" in table.columns else "filename"
    query = text(f'SELECT * FROM "{table.name}" WHERE filename IN ({chosen}){alone} ORDER BY {order}')  # noqa: S608
    found: Rows = {}
    for row in session.connection.execute(query, bound).mappings():
        found.setdefault(str(row["filename"]), []).append(dict(row))
    return found


def _content(rows: Sequence[Mapping[str, Any]]) -> Counter[tuple[object, ...]]:
    return Counter(tuple(str(row[name]) for name in sorted(row) if name not in _TIMES) for row in rows)


def _write(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = [column.name for column in table.columns if column.name != "id"]
    plain = rows
    if table is schema.extra_rects:
        for row in rows:
            frames = row.get("frames")
            if frames is not None:
                values = {name: row[name] for name in columns if name != "frames"}
                made = session.connection.execute(insert(table).values(**values)).inserted_primary_key
                if made is not None:
                    expanded.expand(session, int(made[0]), values, int(frames))
        plain = [row for row in rows if row.get("frames") is None]
    insert_many(session, table.name, columns, ([row[name] for name in columns] for row in plain))
