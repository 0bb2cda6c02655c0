"""The marks of one file: its rectangles, its tag row, and both together."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

from dcmaudit.model import DeviceFacts, PlaneSpan
from dcmaudit.model.records import Marks, NewRect, RectId, RectRow, Removal, RemovalKind, TagRecord
from dcmaudit.store import expanded, ledger, marks, rows, schema, sums, uncovered
from dcmaudit.store.database import Database
from dcmaudit.store.part import StorePart
from dcmaudit.store.rect_ids import by_table
from dcmaudit.store.session import Session

Fingerprint = tuple[object, ...]


_REMEMBERED = 20_000
"""Marks of which it is remembered what had been seen when they came."""


class FileMarks(StorePart):
    """What people stored for a file, and how to take it back."""

    def __init__(self, database: Database, user: str) -> None:
        super().__init__(database, user)
        self._guard = threading.Lock()
        self._lately = threading.local()
        self._seen_before: dict[RectId, uncovered.Before] = {}

    # --- rectangles ---------------------------------------------------------------------------------------------

    def rects(self, filename: str) -> list[RectRow]:
        """Every stored row of the file: rectangles, summaries, and rows with a ``problem``; shared ones first.

        StoreCorruptError where the file's marks are not those that were stored.
        """
        if not rows.is_storable_name(filename):
            return []
        with self._database.reading() as session:
            sums.require_agreement(session, filename, self._database.name, "DicomRects", "dcmaudit_rects")
            return marks.find_rects(session, filename)

    def add_rects(self, filename: str, rects: Sequence[NewRect]) -> list[RectId]:
        """Store them all or none; their names, in the order given. UsageError for a box outside every plane."""
        rows.check_name(filename)
        if not rects:
            return []
        with self._database.writing(filename) as session:
            ids = marks.add_rects(session, filename, rects, self.user)
            before = uncovered.before(session, filename)
            self._note(session, "rectangles added", filename, len(ids))
        self._came(dict.fromkeys(ids, before))
        return ids

    def remove_rects(self, ids: Iterable[RectId], kind: RemovalKind = RemovalKind.TAKEN_BACK) -> list[RectRow]:
        """Remove the rows of these names and return those that were there, for ``restore_rects``.

        They are kept whole in a table of ours; ``kind`` says why they went, and decides whether ``removals`` offers
        to put them back. Planes that may have been seen with them black no longer count as seen: see
        ``lately_uncovered``.
        """
        wanted = list(ids)
        by_table(wanted)  # refuses names that are none before anything is touched
        with self._database.reading() as session:
            files = self._files(marks.rects_by_id(session, wanted) if session.has_rects and session.has_own else [])
        with self._database.writing(*files) as session:
            found = marks.rects_by_id(session, wanted)
            self._keep_removed(session, kind, found, None)
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

    def restore_rects(self, records: Sequence[RectRow]) -> None:
        """Put removed rows back exactly as they were, under the same names; StoreError where one is there already."""
        with self._database.writing(*self._files(records)) as session:
            came = self._come_back(session, records)
            marks.restore_rects(session, records)
            ledger.note_restored(session, records, None, self.user)
            self._note_rects(session, "rectangles restored", records)
        self._came(came)

    def expand(self, filename: str, frames: int) -> int:
        """Write the file's rectangles on all frames one row a frame where they are not; how many that were.

        ``frames`` is the number of image frames. Nothing is written, and no lock taken, where there is nothing to do.
        """
        if not rows.is_storable_name(filename):
            return 0
        with self._database.reading() as session:
            if not expanded.to_expand(session, filename, frames):
                return 0
        with self._database.writing(filename) as session:
            # Asked again under the lock: another process may have done it.
            todo = expanded.to_expand(session, filename, frames)
            expanded.withdraw(session, [row["id"] for row in todo])
            for row in todo:
                expanded.expand(session, row["id"], row, frames)
            self._note(session, "rectangles written one row a frame", filename, len(todo))
            return len(todo)

    # --- tags ---------------------------------------------------------------------------------------------------

    def tag(self, filename: str) -> TagRecord | None:
        """The tag row, None where the file is not done. StoreCorruptError as for ``rects``."""
        if not rows.is_storable_name(filename):
            return None
        with self._database.reading() as session:
            sums.require_agreement(session, filename, self._database.name, "DicomTags")
            return marks.find_tag(session, filename)

    def mark_done(self, filename: str, device: DeviceFacts, sop_class_uid: str | None = None) -> TagRecord | None:
        """Mark the file done, leaving a mark and a comment that are there already; the former row.

        ``sop_class_uid`` matters only where ImageType is absent: a secondary capture then gets its usual value.
        """
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            former = marks.find_tag(session, filename)
            marked, comment = (former.marked, former.comment) if former else (False, None)
            self._write_tag(session, filename, device, sop_class_uid, marked=marked, comment=comment)
            return former

    def restore_tag(self, filename: str, record: TagRecord | None) -> TagRecord | None:
        """Put a former tag row back exactly as it was, or take the row away (None); the row that was there."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            former = marks.find_tag(session, filename)
            marks.restore_tag(session, filename, record)
            if record is None:
                ledger.forget_done(session, filename)
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
        ledger.forget_done(session, filename)  # of an earlier finish: how far somebody looked this time nobody said

    # --- the whole file -----------------------------------------------------------------------------------------

    def clear(self, filename: str) -> Marks:
        """Remove every rectangle and the tag row of the file in one step; what was there, for ``restore``."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            found = Marks(
                filename, tuple(marks.find_rects(session, filename, to_remove=True)), marks.find_tag(session, filename)
            )
            self._keep_removed(session, RemovalKind.CLEARED, found.rects, found.tag)
            marks.delete_rects(session, [row.id for row in found.rects])
            marks.restore_tag(session, filename, None)
            self._note(session, "cleared", filename, len(found.rects) + (found.tag is not None))
            return found

    def restore(self, former: Marks) -> None:
        """Put back what ``clear`` removed; StoreError where a row of the same name is there."""
        with self._database.writing(former.filename) as session:
            came = self._come_back(session, former.rects)
            marks.restore_rects(session, former.rects)
            if former.tag is not None:
                number = int(str(former.tag.stored["id"]))
                ledger.require_same_names(session, former.filename, schema.tags.name, [number])
                marks.restore_tag(session, former.filename, former.tag)
            ledger.note_restored(session, former.rects, former.tag, self.user)
            self._note(session, "restored", former.filename, len(former.rects) + (former.tag is not None))
        self._came(came)

    # --- what was removed ---------------------------------------------------------------------------------------

    def removals(self, most: int = 100) -> list[Removal]:
        """What this user removed last and nobody has put back, the newest first; for undo after a restart."""
        with self._database.reading() as session:
            return ledger.read_removals(session, self.user, most) if session.has_ledger else []

    def restore_removal(self, act: str) -> list[RectRow]:
        """Put back what was removed together in one act, in one step; the rectangles among it.

        StoreError, and nothing is changed, where it is back already or something else has taken its place.
        """
        with self._database.reading() as session:
            files = ledger.files_of(session, act) if session.has_ledger else []
        with self._database.writing(*files) as session:
            came = self._come_back(session, ledger.rects_of(session, act))
            records, tag = ledger.restore_act(session, act, self.user)
            for filename in files:
                count = sum(row.filename == filename for row in records) + (
                    tag is not None and tag.filename == filename
                )
                self._note(session, "restored", filename, count)
        self._came(came)
        return records

    # --- what was seen with marks black ---------------------------------------------------------------------------

    def lately_uncovered(self) -> dict[str, list[PlaneSpan]]:
        """By file, the planes that no longer count as seen since this was asked last, as marks were removed that may
        have been black when they were; of what the calling thread removed alone."""
        found: dict[str, list[PlaneSpan]] = getattr(self._lately, "planes", {})
        self._lately.planes = {}
        return found

    def _came(self, came: Mapping[RectId, uncovered.Before]) -> None:
        """Remember what was seen when marks came: it was seen without them. Once they are there: a name that was not
        stored after all may become that of another mark."""
        with self._guard:
            self._seen_before.update(came)
            while len(self._seen_before) > _REMEMBERED:
                # Of a mark that is forgotten here every plane may have been seen with it.
                del self._seen_before[next(iter(self._seen_before))]

    def _keep_removed(
        self, session: Session, kind: RemovalKind, records: Sequence[RectRow], tag: TagRecord | None
    ) -> None:
        found: dict[RectId, uncovered.Moved] = {}
        planes: dict[str, list[PlaneSpan]] = getattr(self._lately, "planes", {})
        for filename, gone in _by_file(records).items():
            with self._guard:
                came = {row.id: self._seen_before.pop(row.id) for row in gone if row.id in self._seen_before}
            moved = uncovered.uncover(session, filename, gone, came)
            found.update(moved)
            if moved:
                planes.setdefault(filename, []).extend(uncovered.spans(moved))
        self._lately.planes = planes
        told = {mark: uncovered.packed(moved) for mark, moved in found.items()}
        ledger.keep_removed(session, kind, records, tag, self.user, told)

    def _come_back(self, session: Session, records: Sequence[RectRow]) -> dict[RectId, uncovered.Before]:
        came: dict[RectId, uncovered.Before] = {}
        for filename, back in _by_file(records).items():
            for table, numbers in by_table(row.id for row in back).items():
                ledger.require_same_names(session, filename, table.value, numbers)
            # What was seen without it, in between too, is not what was seen with it before.
            came |= dict.fromkeys((row.id for row in back), uncovered.before(session, filename))
            uncovered.cover_again(session, filename, back)
        return came

    def _note_rects(self, session: Session, action: str, records: Sequence[RectRow]) -> None:
        for filename, of in _by_file(records).items():
            self._note(session, action, filename, len(of))

    @staticmethod
    def _files(records: Iterable[RectRow]) -> list[str]:
        return list(dict.fromkeys(record.filename for record in records))


def _by_file(records: Iterable[RectRow]) -> dict[str, list[RectRow]]:
    found: dict[str, list[RectRow]] = {}
    for record in records:
        found.setdefault(record.filename, []).append(record)
    return found
