"""What searches for text found, kept for the next time: one row a plane, or a file, replaced by the next search.

A row is no mark and needs no sums of its file: it has a sum of its own, and one that does not agree counts for
nothing. So does one of another content, or of another way to search: whoever needs it searches anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b

from sqlalchemy import delete, insert, update

from dcmaudit.errors import UsageError
from dcmaudit.model.searches import (
    WHOLE,
    KeptSearch,
    Search,
    SearchFor,
    parse_search,
    search_text,
    without_words,
)
from dcmaudit.store import rows
from dcmaudit.store.part import StorePart
from dcmaudit.store.schema import SEARCHES, searches
from dcmaudit.store.session import Session

_PAGE = 500


class Searches(StorePart):
    """What was found in files and is no mark."""

    def put_searches(self, filename: str, of: SearchFor, found: Sequence[Search]) -> None:
        """Keep what searches of the file gave, each in the place of what was kept of its plane, or of the file."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            for search in found:
                _write(session, filename, of, search, self.user)

    def searches(self, filename: str, of: SearchFor) -> list[KeptSearch]:
        """What is kept of the planes of the file, where it counts still: same size and time, and the same way."""
        return self._found(filename, of, "part <> :whole")

    def file_search(self, filename: str, of: SearchFor) -> KeptSearch | None:
        """The same of the file as a whole; None where nothing is kept that counts."""
        return next(iter(self._found(filename, of, "part = :whole")), None)

    def _found(self, filename: str, of: SearchFor, chosen: str) -> list[KeptSearch]:
        if not rows.is_storable_name(filename):
            return []
        query = f"SELECT * FROM dcmaudit_searches WHERE filename = :filename AND {chosen}"  # noqa: S608 (constants)
        with self._database.reading() as session:
            if not session.has(SEARCHES):
                return []
            found = list(session.mappings(query, {"filename": filename, "whole": WHOLE}))
        wanted = (of.size, of.modified_ns, of.method)
        kept = (_kept(row) for row in found if (row["size"], row["modified_ns"], row["method"]) == wanted)
        return [each for each in kept if each is not None]


def _write(session: Session, filename: str, of: SearchFor, search: Search, user: str) -> None:
    session.connection.execute(delete(searches).where(searches.c.filename == filename, searches.c.part == search.part))
    contents = rows.storable(search_text(search))
    values = {"part": search.part, "method": of.method, "size": of.size, "modified_ns": of.modified_ns}
    session.connection.execute(
        insert(searches).values(
            filename=filename, **values, contents=contents, digest=_digest({**values, "contents": contents}),
            found_at=rows.utc_now(), found_by=user,
        )
    )  # fmt: skip


def _digest(row: dict[str, object]) -> str:
    """A sum of what a row vouches for; its name is not in it, for it may move."""
    parts = [str(row[name]) for name in ("part", "method", "size", "modified_ns", "contents")]
    return blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _kept(row: dict[str, object]) -> KeptSearch | None:
    at = rows.parse_time(row["found_at"])
    if at is None or row["digest"] != _digest(row):
        return None
    try:
        return KeptSearch(parse_search(str(row["part"]), str(row["contents"])), at, str(row["found_by"]))
    except UsageError:
        return None


def count_searches(session: Session) -> tuple[int, int]:
    """Of how many planes, and of how many files as a whole, something is kept."""
    if not session.has(SEARCHES):
        return 0, 0
    counted = session.rows("SELECT count(*) FROM dcmaudit_searches", {})[0][0]
    whole = session.rows("SELECT count(*) FROM dcmaudit_searches WHERE part = :whole", {"whole": WHOLE})[0][0]
    return int(counted) - int(whole), int(whole)


def forget_words(session: Session, filename: str | None, before: datetime | None) -> int:
    """Take recognised text out of what is kept, of a file or of all; how many texts. The places stay.

    A row that is not understood may hold text: it goes.
    """
    if not session.has(SEARCHES):
        return 0
    count = 0
    for row in _pages(session, filename):
        at = rows.parse_time(row["found_at"])
        if before is not None and at is not None and at.replace(tzinfo=at.tzinfo or UTC) >= before.astimezone():
            continue
        chosen = searches.c.id == row["id"]
        kept = _kept(row)
        if kept is None:
            session.connection.execute(delete(searches).where(chosen))
            count += 1
            continue
        emptied, texts = without_words(kept.search)
        if texts:
            contents = rows.storable(search_text(emptied))
            digest = _digest({**row, "contents": contents})
            session.connection.execute(update(searches).where(chosen).values(contents=contents, digest=digest))
            count += texts
    return count


def _pages(session: Session, filename: str | None) -> Iterator[dict[str, object]]:
    """Every row, of a file or of all, a page at a time."""
    chosen = "" if filename is None else " AND filename = :filename"
    query = f"SELECT * FROM dcmaudit_searches WHERE id > :after{chosen} ORDER BY id LIMIT {_PAGE}"  # noqa: S608
    named = {} if filename is None else {"filename": filename}
    after = 0
    while True:
        found = list(session.mappings(query, {"after": after, **named}))
        yield from found
        if len(found) < _PAGE:
            return
        after = int(found[-1]["id"])
