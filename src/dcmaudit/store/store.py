"""The store as the rest of the program sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self, TextIO

from dcmaudit.errors import UsageError
from dcmaudit.model import DeviceFacts, Example, HowSeen, Identity, Judged, PlaneAddress, Region, ReviewState
from dcmaudit.store import exports, identities, journal, learning, marks, names, rows
from dcmaudit.store import similar as similar_images
from dcmaudit.store.database import Database, Session
from dcmaudit.store.overview import overview
from dcmaudit.store.records import (
    HistoryEntry,
    IdentityRecord,
    Marks,
    NewRect,
    RectId,
    RectRow,
    SeenRecord,
    SeenSpan,
    StoreInfo,
    TagRecord,
)

_PAGE = 5000

Fingerprint = tuple[object, ...]


def open_store(location: str | Path, *, user: str, read_only: bool = False, timeout: float = 10.0) -> Store:
    """The store at a folder, a database file or a postgresql:// address.

    Nothing that exists is changed before the first write. ``user`` is noted on every row written. ``timeout`` is
    how many seconds another process may hold the database. UsageError for a location that is none;
    StoreCorruptError, StoreNewerError or StoreError for one that cannot be used; MissingExtraError where
    PostgreSQL needs an extra. A database that is missing is made, but with ``read_only`` it is simply empty.
    """
    if not user:
        raise UsageError("the database needs the name of its user")
    return Store(Database(location, read_only=read_only, timeout=timeout), user)


class Store:
    """Marks of files, who made them, and what was seen. Safe to use from several threads and processes.

    Every method that writes is one transaction: when it has returned, what it wrote survives kill -9. All of them
    raise StoreReadOnlyError or StoreLockedError, and StoreError for whatever else the database refuses.
    """

    def __init__(self, database: Database, user: str) -> None:
        self._database = database
        self.user = user

    def __repr__(self) -> str:
        return f"Store({self.location!r}, user={self.user!r}, writable={self.is_writable})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    @property
    def location(self) -> str:
        """Where it is, for people: a path, or server and database without user and password."""
        return self._database.name

    @property
    def is_writable(self) -> bool:
        """Whether writing is possible as far as can be told without trying."""
        return self._database.backend.refusal is None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what is unusual: a network file system, rights that were too wide, reading only."""
        refusal = self._database.backend.refusal
        return (*((f"nothing can be written: {refusal}",) if refusal else ()), *self._database.backend.notes)

    # --- rectangles ---------------------------------------------------------------------------------------------

    def rects(self, filename: str) -> list[RectRow]:
        """Every stored row of the file: rectangles, summaries, and rows with a ``problem``; shared ones first."""
        if not rows.is_storable_name(filename):
            return []
        with self._database.reading() as session:
            return marks.find_rects(session, filename)

    def add_rects(self, filename: str, rects: Sequence[NewRect]) -> list[RectId]:
        """Store them all or none; their names, in the order given. UsageError for a box outside every plane."""
        rows.check_name(filename)
        if not rects:
            return []
        with self._database.writing(filename) as session:
            ids = marks.add_rects(session, filename, rects, self.user)
            self._note(session, "rectangles added", filename, len(ids))
            return ids

    def remove_rects(self, ids: Iterable[RectId]) -> list[RectRow]:
        """Remove the rows of these names and return those that were there, for ``restore_rects``."""
        wanted = list(ids)
        marks.by_table(wanted)
        with self._database.reading() as session:
            files = self._files(marks.rects_by_id(session, wanted) if session.has_rects and session.has_own else [])
        with self._database.writing(*files) as session:
            found = marks.rects_by_id(session, wanted)
            marks.delete_rects(session, wanted)
            self._note_rects(session, "rectangles removed", found)
            return found

    def fingerprint(self, filename: str) -> Fingerprint:
        """Numbers that are others once the rectangles or the tag row of the file are others; cheap to ask for often."""
        if not rows.is_storable_name(filename):
            return ()
        with self._database.reading() as session:
            return marks.fingerprint(session, filename)

    def token(self) -> Fingerprint:
        """Numbers that are others once a rectangle or tag row was added anywhere; cheap to ask for often."""
        with self._database.reading() as session:
            return marks.token(session)

    def replace_rects(self, filename: str, ids: Iterable[RectId], rects: Sequence[NewRect]) -> list[RectId]:
        """Store ``rects`` in the place of the file's rows of these names, all of it or nothing; the new names.

        Rows of other files stay. UsageError for a box outside every plane.
        """
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            former = [row for row in marks.rects_by_id(session, ids) if row.filename == filename]
            if former:
                marks.delete_rects(session, [row.id for row in former])
                self._note_rects(session, "rectangles removed", former)
            made = marks.add_rects(session, filename, rects, self.user) if rects else []
            if made:
                self._note(session, "rectangles added", filename, len(made))
            return made

    def restore_rects(self, records: Sequence[RectRow]) -> None:
        """Put removed rows back exactly as they were, under the same names; StoreError where one is there already."""
        with self._database.writing(*self._files(records)) as session:
            marks.restore_rects(session, records)
            self._note_rects(session, "rectangles restored", records)

    # --- tags ---------------------------------------------------------------------------------------------------

    def tag(self, filename: str) -> TagRecord | None:
        """The tag row, None where the file is not done."""
        if not rows.is_storable_name(filename):
            return None
        with self._database.reading() as session:
            return marks.find_tag(session, filename)

    def put_tag(
        self,
        filename: str,
        *,
        marked: bool,
        comment: str | None,
        device: DeviceFacts,
        sop_class_uid: str | None = None,
    ) -> TagRecord | None:
        """Write the whole tag row and return the former one, for ``restore_tag``. The file is done after that.

        ``sop_class_uid`` matters only where ImageType is absent: a secondary capture then gets its usual value.
        """
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            former = marks.find_tag(session, filename)
            self._write_tag(session, filename, device, sop_class_uid, marked=marked, comment=comment)
            return former

    def mark_done(self, filename: str, device: DeviceFacts, sop_class_uid: str | None = None) -> TagRecord | None:
        """Mark the file done, leaving a mark and a comment that are there already; the former row."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            former = marks.find_tag(session, filename)
            marked, comment = (former.marked, former.comment) if former else (False, None)
            self._write_tag(session, filename, device, sop_class_uid, marked=marked, comment=comment)
            return former

    def set_marked(
        self, filename: str, device: DeviceFacts, sop_class_uid: str | None = None, *, marked: bool
    ) -> TagRecord | None:
        """Tag or untag the file, leaving its comment; either way it is done afterwards. The former row."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            former = marks.find_tag(session, filename)
            comment = former.comment if former else None
            self._write_tag(session, filename, device, sop_class_uid, marked=marked, comment=comment)
            return former

    def set_comment(
        self, filename: str, comment: str | None, device: DeviceFacts, sop_class_uid: str | None = None
    ) -> TagRecord | None:
        """Write the comment, leaving the mark; an untagged file is done afterwards. The former row."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            former = marks.find_tag(session, filename)
            marked = former.marked if former else False
            self._write_tag(session, filename, device, sop_class_uid, marked=marked, comment=comment or None)
            return former

    def restore_tag(self, filename: str, record: TagRecord | None) -> TagRecord | None:
        """Put a former tag row back exactly as it was, or take the row away (None); the row that was there."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            former = marks.find_tag(session, filename)
            marks.restore_tag(session, filename, record)
            self._note(session, "tag restored" if record else "tag removed", filename, 1)
            return former

    def _write_tag(
        self,
        session: Session,
        filename: str,
        device: DeviceFacts,
        sop_class_uid: str | None,
        *,
        marked: bool,
        comment: str | None,
    ) -> None:
        marks.write_tag(
            session,
            filename,
            marked=marked,
            comment=comment,
            device=device,
            sop_class_uid=sop_class_uid,
            user=self.user,
        )
        self._note(session, "tagged" if marked else "done", filename, 1)

    # --- the whole file -----------------------------------------------------------------------------------------

    def clear(self, filename: str) -> Marks:
        """Remove every rectangle and the tag row of the file in one step; what was there, for ``restore``."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            found = Marks(filename, tuple(marks.find_rects(session, filename)), marks.find_tag(session, filename))
            marks.delete_rects(session, [row.id for row in found.rects])
            marks.restore_tag(session, filename, None)
            self._note(session, "cleared", filename, len(found.rects) + (found.tag is not None))
            return found

    def restore(self, former: Marks) -> None:
        """Put back what ``clear`` removed; StoreError where a row of the same name is there."""
        with self._database.writing(former.filename) as session:
            marks.restore_rects(session, former.rects)
            if former.tag is not None:
                marks.restore_tag(session, former.filename, former.tag)
            self._note(session, "restored", former.filename, len(former.rects) + (former.tag is not None))

    # --- many files ---------------------------------------------------------------------------------------------

    def states(self, filenames: Iterable[str]) -> dict[str, ReviewState]:
        """The review state of every name, in one query."""
        with self._database.reading() as session:
            return names.states(session, filenames)

    def filenames(self) -> Iterator[str]:
        """Every name that has marks, sorted, each once, read page by page."""
        after: str | None = None
        while True:
            with self._database.reading() as session:
                page = names.filenames(session, after, _PAGE)
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]

    def similar(
        self, filename: str, device: DeviceFacts, address: PlaneAddress, sop_class_uid: str | None = None
    ) -> list[Region]:
        """Rectangles that done files of the same device, type and size have on the same frame and overlay."""
        with self._database.reading() as session:
            return similar_images.similar(session, filename, device, address, sop_class_uid)

    # --- learning -----------------------------------------------------------------------------------------------

    def examples(self, filename: str, device: DeviceFacts, sop_class_uid: str | None = None) -> list[Example]:
        """The newest done files of the same model but this one, the newest first, with their marks.

        A few hundred at most, however many there are. Empty for an image whose model is not known.
        """
        with self._database.reading() as session:
            return learning.examples(session, filename, device, sop_class_uid)

    def learn(
        self, filename: str, device: DeviceFacts, *, frames: int, groups: Iterable[str], judged: Sequence[Judged]
    ) -> None:
        """Note of a done file what DicomTags has no column for, and what became of its suggestions.

        ``groups`` are the kinds of plane it has, as ``plane_group`` names them. Replaces what was noted before.
        """
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            learning.write_kind(session, filename, device, frames, groups)
            learning.write_judged(session, filename, judged, self.user)

    def judge(self, filename: str, judged: Sequence[Judged]) -> None:
        """Note what became of suggestions of a file that is not done; replaces what was noted before."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            learning.write_judged(session, filename, judged, self.user)

    def judgements(self, most: int = learning.JUDGEMENTS) -> list[tuple[str, bool]]:
        """Of the newest judged suggestions of all files the kind, and whether a mark came of it."""
        with self._database.reading() as session:
            return learning.read_judgements(session, most) if session.has_learning else []

    def judged(self, filename: str) -> list[Judged]:
        """What became of the suggestions of one file."""
        with self._database.reading() as session:
            return learning.read_judged(session, filename) if session.has_learning else []

    # --- export -------------------------------------------------------------------------------------------------

    def dump_json(self, out: TextIO) -> None:
        """Write both tables as one JSON object with ``rects`` and ``tags``, one row a line."""
        with self._database.reading() as session:
            exports.dump_json(session, out)

    def export_rects(self, out: TextIO) -> int:
        """Write DicomRects as CSV, lines ending in CR LF; the number of rows."""
        with self._database.reading() as session:
            return exports.export_rects(session, out)

    def export_tags(self, out: TextIO) -> int:
        """Write DicomTags as CSV, lines ending in CR LF; the number of rows."""
        with self._database.reading() as session:
            return exports.export_tags(session, out)

    def export_extra_rects(self, out: TextIO) -> int:
        """Write the rectangles that DicomRects cannot express as CSV; the number of rows."""
        with self._database.reading() as session:
            return exports.export_extra_rects(session, out)

    # --- identity -----------------------------------------------------------------------------------------------

    def put_identity(
        self, filename: str, identity: Identity, *, size: int | None = None, modified_ns: int | None = None
    ) -> None:
        """Note what is behind the name, so that its marks can be found again after a move."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            identities.write_identity(session, filename, identity, size, modified_ns, self.user)

    def identity(self, filename: str) -> IdentityRecord | None:
        """What was noted for the name."""
        with self._database.reading() as session:
            return identities.read_identity(session, filename)

    def find_moved(self, filename: str, identity: Identity) -> list[str]:
        """Other names with marks for the same SOP instance with the same pixels; empty for half an identity."""
        with self._database.reading() as session:
            return identities.find_moved(session, filename, identity)

    def adopt(self, filename: str, identity: Identity, *, source: str | None = None) -> str:
        """Give the marks of the moved file to ``filename``; the former name.

        StoreError, and nothing is changed, where no other name or more than one fits and ``source`` does not say
        which, or where ``filename`` has marks already.
        """
        rows.check_name(filename)
        with self._database.reading() as session:
            candidates = identities.find_moved(session, filename, identity)
        with self._database.writing(filename, *candidates) as session:
            former = identities.adopt(session, filename, identity, source)
            identities.write_identity(session, filename, identity, None, None, self.user)
            self._note(session, "marks moved away", former, 1)
            self._note(session, "marks moved here", filename, 1)
            return former

    # --- seen, history, preferences -----------------------------------------------------------------------------

    def put_seen(self, filename: str, how: HowSeen, planes: Iterable[PlaneAddress | SeenSpan]) -> None:
        """Note that this user has seen the planes in this way; joined with what was noted before."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            journal.write_seen(session, filename, how, planes, self.user)

    def seen(self, filename: str, *, user: str | None = None) -> list[SeenRecord]:
        """What was seen of the file, by one person or by all."""
        with self._database.reading() as session:
            return journal.read_seen(session, filename, user) if session.has_own else []

    def forget_seen(self, filename: str, *, except_pixels: bool = False) -> int:
        """Forget what everybody has seen of the file, for it holds other planes now.

        ``except_pixels`` keeps image frames and their stray bits, which are equal. The number of planes forgotten,
        each counted once a way and person; the history says that it was done.
        """
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            count = journal.forget_seen(session, filename, except_pixels=except_pixels)
            if count:
                self._note(session, "seen forgotten: other content", filename, count)
            return count

    def history(self, filename: str | None = None) -> Iterator[HistoryEntry]:
        """Who did what and when, the newest first, of one file or of all."""
        before: int | None = None
        while True:
            with self._database.reading() as session:
                page = journal.read_history(session, filename, before, _PAGE) if session.has_own else []
            yield from page
            if len(page) < _PAGE:
                return
            before = page[-1].id

    def preferences(self) -> dict[str, object]:
        """Everything this user prefers."""
        with self._database.reading() as session:
            return dict(journal.read_preferences(session, self.user)) if session.has_own else {}

    def put_preference(self, name: str, value: object) -> None:
        """Keep one preference of this user, anything that JSON can hold; None takes it away."""
        with self._database.writing() as session:
            journal.write_preference(session, self.user, name, value)

    # --- about itself -------------------------------------------------------------------------------------------

    def info(self) -> StoreInfo:
        """Counts, version and everything unusual. Reads every rectangle once to count those not understood."""
        with self._database.reading() as session:
            return overview(session, self._database, self.notes)

    def check(self) -> list[str]:
        """Sentences about damage that SQLite finds when it looks at every page; slow on a big database."""
        with self._database.reading() as session:
            if not session.is_sqlite:
                return []
            found = session.connection.exec_driver_sql("PRAGMA quick_check(10)").scalars().all()
            return [line for line in found if line != "ok"]

    def _note(self, session: Session, action: str, filename: str | None, count: int) -> None:
        journal.note(session, self.user, action, filename, count)

    def _note_rects(self, session: Session, action: str, records: Sequence[RectRow]) -> None:
        for filename in self._files(records):
            self._note(session, action, filename, sum(record.filename == filename for record in records))

    @staticmethod
    def _files(records: Iterable[RectRow]) -> list[str]:
        return list(dict.fromkeys(record.filename for record in records))
