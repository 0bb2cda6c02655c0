"""One open transaction: what is there, and questions asked in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, TextClause, text

from dcmaudit.store.schema import LEARNING, LEDGER, LOOKS, SCREEN, SHAPES, SUMS


@dataclass(frozen=True, slots=True)
class Session:
    """One open transaction, whether the shared tables are there, and the last step that added tables of ours."""

    connection: Connection
    has_rects: bool
    has_tags: bool
    step: str | None

    def has(self, step: str) -> bool:
        """Whether the tables that this step makes are there."""
        return self.step is not None and step <= self.step

    @property
    def has_own(self) -> bool:
        """Whether our first tables are there."""
        return self.step is not None

    @property
    def has_learning(self) -> bool:
        """Whether the tables of the learning are there."""
        return self.has(LEARNING)

    @property
    def has_looks(self) -> bool:
        """Whether the table of the looks of engines is there."""
        return self.has(LOOKS)

    @property
    def has_sums(self) -> bool:
        """Whether the sums of each file's marks are there."""
        return self.has(SUMS)

    @property
    def has_expanded(self) -> bool:
        """Whether rectangles on all frames are written one row a frame, and what was shown is noted."""
        return self.has(SCREEN)

    @property
    def has_shapes(self) -> bool:
        """Whether rows of our own table may be shapes."""
        return self.has(SHAPES)

    @property
    def has_ledger(self) -> bool:
        """Whether the tables of what was seen in part, of done files, and of removed rows are there."""
        return self.has(LEDGER)

    @property
    def is_sqlite(self) -> bool:
        """Whether SQLite answers."""
        return self.connection.dialect.name == "sqlite"

    def rows(self, query: str, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        """All rows of a fixed question of ours, with ``:name`` for the values.

        SQLite gets it as it is: for a dozen of small questions SQLAlchemy's work costs more than the answers.
        """
        if not self.is_sqlite:
            return self.connection.execute(_text(query), values).all()
        # Past SQLAlchemy's result rows, which take longer than SQLite's answer.
        return self.connection.exec_driver_sql(query, values).cursor.fetchall()

    def mappings(self, query: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The same for a question with ``*``: each row with the names of its columns."""
        if not self.is_sqlite:
            yield from map(dict, self.connection.execute(_text(query), values).mappings())
            return
        cursor = self.connection.exec_driver_sql(query, values).cursor
        names = [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))


@lru_cache(maxsize=64)
def _text(query: str) -> TextClause:
    return text(query)


class Readable(Protocol):
    """A database in which something can be asked, for those who look whether it may be believed."""

    name: str
    log_damage: str | None

    def reading(self) -> AbstractContextManager[Session]:
        """A transaction for questions."""
        ...
