"""Many files in one transaction: what looks found is written, and what is known of names is asked, in blocks.

A transaction costs one sync of the disk, a question some tens of microseconds, whatever is in it. A batch of 10^5 files
that paid both for each file would wait for its database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dcmaudit.errors import StoreCorruptError
from dcmaudit.model import ReviewState
from dcmaudit.model.packed import PackedRects
from dcmaudit.model.records import FileRows, Look, MarkedFile, RectRow
from dcmaudit.model.screen import Screen
from dcmaudit.store import identities, ledger, looks, marks, names, rows, schema, screens, sums, uncovered
from dcmaudit.store import packed as packing
from dcmaudit.store.bulk import among, insert_many
from dcmaudit.store.formula import disagreement
from dcmaudit.store.looks import Noted
from dcmaudit.store.part import StorePart
from dcmaudit.store.session import Session

MOST = 500
"""Names in one question, files in one transaction."""

MOST_PACKED = 2000
"""Names in one question where little is made of the answer: opening the database takes as long as some hundred names.
"""

_RECT = ("filename", *rows.SHARED_VALUES, "last_modified", "last_modified_by")
_OWN = ("filename", *rows.OWN_VALUES, "last_modified", "last_modified_by")
_HISTORY = ("done_at", "done_by", "action", "filename", "count")
_MARKED = """
SELECT filename FROM "DicomRects" WHERE filename IN ({among}) AND frame = -1 AND overlay = -1
AND "left" = -1 AND "top" = -1 AND "right" = -1 AND "bottom" = -1 AND (ocrtext IS NULL OR ocrtext = '')
AND ocrengine IN ({engines})
"""
_NAMED = "SELECT DISTINCT filename FROM dcmaudit_looks WHERE filename IN ({among}) AND engine IN ({engines})"


class Blocks(StorePart):
    """Questions about many names, and results of many files."""

    def put_results(self, results: Sequence[FileRows]) -> None:
        """Store what the looks at these files found, all of it or nothing: one transaction, one sync of the disk.

        Each replaces its ``former`` rows. UsageError, and nothing is stored, where a name can be kept by no database.
        """
        for result in results:
            rows.check_name(result.filename)
        if results:
            with self._database.writing(*(result.filename for result in results)) as session:
                _write(session, results, self.user)

    def rects_of(self, filenames: Iterable[str]) -> dict[str, list[RectRow]]:
        """What ``rects`` says of each name that has rows; StoreCorruptError as there."""
        found: dict[str, list[RectRow]] = {}
        for block in _blocks(filenames):
            with self._database.reading() as session:
                wrong = sums.disagreeing_of(session, block, "DicomRects", "dcmaudit_rects")
                if wrong:
                    raise disagreement(wrong, self._database.name)
                found |= marks.find_many(session, block)
        return found

    def looked_at(self, filenames: Iterable[str], engines: Iterable[int]) -> dict[str, frozenset[Noted]]:
        """Of these names those at which one of the engines has looked, each with what was noted then.

        A look that failed, or saw some planes alone, is not done; it is told where something that was found is there
        still. A name for which nothing is noted was looked at wholly by a program that notes nothing. The marks
        themselves are not summed again: the whole database was looked at for damage when it was opened.
        """
        found: dict[str, frozenset[Noted]] = {}
        numbers = ", ".join(str(int(engine)) for engine in engines)
        for block in _blocks(filenames):
            with self._database.reading() as session:
                found |= _looked_at(session, block, numbers)
        return found

    def marks_of(self, filenames: Iterable[str], *, pack: bool = False) -> Iterator[MarkedFile]:
        """Everything that is asked for each of the names, in their order, block by block; never an error for one.

        ``pack``: rectangles are told as they are in the database, where that can be, see ``MarkedFile.packed``.
        """
        for block in _blocks(filenames, keep=True, most=MOST_PACKED if pack else MOST):
            with self._database.reading() as session:
                found = _marks(session, block, self._database.name, pack=pack)
            yield from found


def _blocks(filenames: Iterable[str], *, keep: bool = False, most: int = MOST) -> Iterator[list[str]]:
    """The names in blocks; without ``keep`` only those that a database can hold."""
    block: list[str] = []
    for name in filenames:
        # Asked for a name that no database can hold, the answer is "nothing", and PostgreSQL would refuse the
        # question.
        if keep or rows.is_storable_name(name):
            block.append(name)
        if len(block) == most:
            yield block
            block = []
    if block:
        yield block


# --- writing ------------------------------------------------------------------------------------------------------


def _write(session: Session, results: Sequence[FileRows], user: str) -> None:
    now, noted = rows.local_now(), rows.utc_now()
    history: list[tuple[object, ...]] = []
    former = [name for result in results for name in result.former]
    looked_at = uncovered.with_sights(session, [result.filename for result in results if result.former])
    black = marks.rects_by_id(
        session, [name for result in results if result.filename in looked_at for name in result.former]
    )
    # Before the new rows go in: those that are replaced may have the same place.
    if former:
        marks.delete_rects(session, former)
    for result in results:
        if result.former:
            history.append((noted, user, "rectangles removed", result.filename, len(result.former)))
        if result.shared or result.own:
            count = len(result.shared) + len(result.own)
            history.append((noted, user, "rectangles added", result.filename, count))
    insert_many(session, schema.rects.name, _RECT, ((r.filename, *row, now, user) for r in results for row in r.shared))
    insert_many(
        session, schema.extra_rects.name, _OWN, ((r.filename, *row, now, user) for r in results for row in r.own)
    )
    for filename in looked_at:
        gone = [row for row in black if row.filename == filename]
        uncovered.replaced(session, filename, gone, marks.find_rects(session, filename), user)
    insert_many(session, schema.history.name, _HISTORY, history)
    looks.write_many(session, [(r.filename, r.look) for r in results if r.look is not None], user)
    known = [(r.filename, r.identity, r.size, r.modified_ns) for r in results if r.identity is not None]
    identities.write_many(session, known, user)


# --- asking -------------------------------------------------------------------------------------------------------


def _looked_at(session: Session, block: list[str], engines: str) -> dict[str, frozenset[Noted]]:
    if not session.has_rects:
        return {}
    chosen, bound = among(session, block)
    marked = {name for (name,) in session.rows(_MARKED.format(among=chosen, engines=engines), bound)}
    if not session.has_looks:
        return dict.fromkeys(marked, frozenset())
    query = _NAMED.format(among=chosen, engines=engines)
    known = {name for (name,) in session.rows(query, bound)}
    stamps: dict[str, set[Noted]] = {name: set() for name in marked - known}
    for name, noted in looks.standing(session, block, engines):
        # Without the mark somebody has removed what a look left: nothing of it is there.
        if name in marked or not noted.is_done:
            stamps.setdefault(name, set()).add(noted)
    return {name: frozenset(noted) for name, noted in stamps.items()}


def _marks(session: Session, block: list[str], where: str, *, pack: bool) -> list[MarkedFile]:
    asked = [name for name in dict.fromkeys(block) if rows.is_storable_name(name)]
    packed = _packed(session, asked, where) if pack else {}
    states = names.states(session, asked, in_work={name for name, found in packed.items() if found.has_rows})
    marked = [name for name in asked if states[name] is not ReviewState.NOT_REVIEWED]
    others = [name for name in marked if name not in packed] if packed else marked
    wrong = {*sums.disagreeing_of(session, others, "DicomRects")}
    wrong |= {*sums.disagreeing_of(session, marked, "dcmaudit_rects", "DicomTags")}
    rects = marks.find_many(session, others)
    finished = [name for name in marked if states[name].is_done]
    shown = screens.read_many(session, finished)
    done = ledger.read_many_done(session, finished)
    short: Mapping[str, Look] = looks.shortfalls(session, asked) if session.has_looks else {}
    noted = identities.read_identities(session, marked)

    def one(name: str) -> MarkedFile:
        state = states.get(name, ReviewState.NOT_REVIEWED)
        if name in wrong:
            return MarkedFile(name, state, corrupt=disagreement([name], where))
        screen, problem = _screen(shown.get(name))
        return MarkedFile(
            name, state, tuple(rects.get(name, ())), screen, problem, done.get(name), short.get(name),
            noted=noted.get(name), packed=None if state is ReviewState.NOT_REVIEWED else packed.get(name),
        )  # fmt: skip

    return [one(name) for name in block]


def _packed(session: Session, asked: list[str], where: str) -> dict[str, PackedRects]:
    """The rows of those of the files that have some, and none that has to be read one by one."""
    found = packing.pack(session, asked)
    if not found:
        return {}
    alone = marks.with_own(session, list(found))
    return {
        name: PackedRects(name, text, count, total, where)
        for name, (text, count, total) in found.items()
        if text is not None and name not in alone
    }


def _screen(found: Screen | StoreCorruptError | None) -> tuple[Screen | None, StoreCorruptError | None]:
    return (None, found) if isinstance(found, StoreCorruptError) else (found, None)
