"""Finishing a file in one step: the tag row, what was black on the screen, and the marks that are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dcmaudit.errors import StoreConflictError
from dcmaudit.model import DeviceFacts
from dcmaudit.model.records import Looked, NewRect, RectId, RectRow, RemovalKind, Stored, TagRecord
from dcmaudit.model.screen import Screen
from dcmaudit.store import gaps, ledger, marks, rows, screens
from dcmaudit.store.part import StorePart
from dcmaudit.store.session import Session


@dataclass(frozen=True, slots=True)
class TagChange:
    """What becomes of mark and comment; None leaves what is there. An empty comment takes it away."""

    marked: bool | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What a finished file had before, what was added, and its tag row then, for ``Finishing.take_back``."""

    filename: str
    tag: TagRecord | None
    screen: Stored | None
    looked: Stored | None
    added: tuple[RectId, ...] = ()
    after: TagRecord | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What taking it back removed, and the tag row that it left, for ``Finishing.finish_again``."""

    filename: str
    tag: TagRecord | None
    screen: Stored | None
    looked: Stored | None
    removed: tuple[RectRow, ...] = ()
    after: TagRecord | None = None


class Finishing(StorePart):
    """Marks, tag row and what was shown, each time in one transaction."""

    def finish(
        self,
        filename: str,
        device: DeviceFacts,
        sop_class_uid: str | None = None,
        *,
        change: TagChange,
        rects: Sequence[NewRect] = (),
        screen: Screen | None = None,
        looked: Looked | None = None,
    ) -> Finished:
        """Write the tag row, after which the file is done, ``rects``, what was black on the screen, and what was seen.

        ``screen`` None: nobody knows what was shown, and no record says anything about it any more. ``looked`` None:
        the same for how far the file was looked at.
        """
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            former = marks.find_tag(session, filename)
            found = Finished(
                filename, former, screens.read_stored(session, filename), ledger.read_done_row(session, filename)
            )
            added = marks.add_rects(session, filename, rects, self.user)
            if added:
                self._note(session, "previews stored", filename, len(added))
            self._write(session, filename, change, former, device, sop_class_uid)
            if screen is None:
                screens.restore(session, filename, None)
            else:
                screens.write_screen(session, filename, screen, self.user)
            self._write_looked(session, filename, looked)
            return replace(found, added=tuple(added), after=marks.find_tag(session, filename))

    def _write_looked(self, session: Session, filename: str, looked: Looked | None) -> None:
        if looked is None:
            ledger.forget_done(session, filename)
            return
        ledger.write_done(session, filename, looked, self.user)
        # Who saw a part only does not know what else cannot be shown: what is noted stays.
        if looked.unshown or looked.is_whole:
            gaps.write_unshown(session, filename, looked.unshown, self.user)
        if looked.unseen:
            self._note(session, "planes not seen", filename, looked.unseen)

    def _write(
        self,
        session: Session,
        filename: str,
        change: TagChange,
        former: TagRecord | None,
        device: DeviceFacts,
        sop_class_uid: str | None,
    ) -> None:
        kept = (former.marked, former.comment) if former else (False, None)
        marked = kept[0] if change.marked is None else change.marked
        comment = kept[1] if change.comment is None else change.comment or None
        marks.write_tag(
            session, filename, marked=marked, comment=comment, device=device, sop_class_uid=sop_class_uid,
            user=self.user,
        )  # fmt: skip
        self._note(session, "tagged" if marked else "done", filename, 1)

    def take_back(self, finished: Finished) -> TakenBack:
        """Make the file what it was before ``finish``.

        StoreConflictError where somebody has changed its tag row since.
        """
        name = finished.filename
        with self._database.writing(name) as session:
            _require_unchanged(session, name, finished.after)
            tag, screen = marks.find_tag(session, name), screens.read_stored(session, name)
            looked = ledger.read_done_row(session, name)
            removed = marks.rects_by_id(session, finished.added)
            ledger.keep_removed(session, RemovalKind.TAKEN_BACK, removed, None, self.user)
            marks.delete_rects(session, finished.added)
            marks.restore_tag(session, name, finished.tag)
            screens.restore(session, name, finished.screen)
            ledger.restore_done_row(session, name, finished.looked)
            self._note(session, "tag restored" if finished.tag else "tag removed", name, 1)
            return TakenBack(name, tag, screen, looked, tuple(removed), marks.find_tag(session, name))

    def finish_again(self, former: TakenBack) -> None:
        """Do again what ``take_back`` took back; StoreConflictError as there."""
        name = former.filename
        with self._database.writing(name) as session:
            _require_unchanged(session, name, former.after)
            marks.restore_rects(session, former.removed)
            marks.restore_tag(session, name, former.tag)
            screens.restore(session, name, former.screen)
            ledger.note_restored(session, former.removed, None, self.user)
            ledger.restore_done_row(session, name, former.looked)
            self._note(session, "tag restored" if former.tag else "tag removed", name, 1)

    def screen(self, filename: str) -> Screen | None:
        """What was black on the screen without being a mark when the file was finished; None where nobody knows.

        StoreCorruptError where the record cannot be understood.
        """
        if not rows.is_storable_name(filename):
            return None
        with self._database.reading() as session:
            return screens.read_screen(session, filename)


def _require_unchanged(session: Session, filename: str, expected: TagRecord | None) -> None:
    """Nothing of another person's is put back over: a tag that was given since would be lost without a word."""
    if marks.find_tag(session, filename) != expected:
        raise StoreConflictError(
            "somebody has finished, tagged or changed it since; it stays as it is now", file=filename,
            hint="look at it again",
        )  # fmt: skip
