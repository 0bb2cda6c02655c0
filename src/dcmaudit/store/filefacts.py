"""What is known of one file beside its marks: what is behind its name, what was seen of it, what it teaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from dcmaudit.model import (
    DeviceFacts,
    Example,
    GroupAddress,
    HowSeen,
    Identity,
    Judged,
    PlaneSpan,
    SuggestionKind,
)
from dcmaudit.model.records import (
    DoneRecord,
    IdentityRecord,
    Look,
    PartRecord,
    RectRow,
    SeenPart,
    SeenRecord,
)
from dcmaudit.store import gaps, identities, journal, learning, ledger, looks, rows, uncovered
from dcmaudit.store.part import StorePart


class FileFacts(StorePart):
    """Identities, planes seen, and examples for suggestions."""

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
        # Asked again within: between the two transactions somebody may have moved it.
        with self._database.writing(filename, *candidates) as session:
            known = identities.read_identities(session, candidates)
            former = identities.adopt(session, filename, identity, source)
            # Size and time of what was marked: a file that was only moved has them still, another copy has not.
            noted = known.get(former)
            size, modified_ns = (None, None) if noted is None else (noted.size, noted.modified_ns)
            identities.write_identity(session, filename, identity, size, modified_ns, self.user)
            self._note(session, "marks moved away", former, 1)
            self._note(session, "marks moved here", filename, 1)
            return former

    # --- seen ---------------------------------------------------------------------------------------------------

    def put_sights(
        self,
        filename: str,
        seen: Mapping[HowSeen, Sequence[PlaneSpan]],
        parts: Iterable[SeenPart] = (),
        shown: Sequence[RectRow] = (),
    ) -> bool:
        """Note in one step what this user has seen, whole, at a glance and in part; joined with what was there.

        ``shown`` are the marks that were black meanwhile. What lay below one that is gone by now nobody has seen;
        False where there is one.
        """
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            seen, gone = uncovered.seen_with(session, filename, seen, shown)
            ledger.write_parts(session, filename, parts, self.user)
            uncovered.narrow_parts(session, filename, gone)
            for how, spans in seen.items():
                journal.write_seen(session, filename, how, spans, self.user)
            ledger.drop_parts(session, filename, seen.get(HowSeen.SEEN, ()), self.user)
            return not gone

    def parts_seen(self, filename: str) -> list[PartRecord]:
        """The planes of the file of which somebody saw a part, and which part."""
        with self._database.reading() as session:
            return ledger.read_parts(session, filename) if session.has_ledger else []

    def done_records(self) -> list[DoneRecord]:
        """The same of every done file for which it was noted, by name."""
        with self._database.reading() as session:
            return ledger.read_all_done(session) if session.has_ledger and session.has_tags else []

    def replaced_at(self, filename: str) -> datetime | None:
        """When it was noticed that another file than the finished one lies under the name; None: it was not."""
        with self._database.reading() as session:
            found = ledger.read_many_done(session, [filename])
            return found[filename].replaced_at if filename in found else None

    def seen(self, filename: str, *, user: str | None = None) -> list[SeenRecord]:
        """What was seen of the file, by one person or by all."""
        with self._database.reading() as session:
            return journal.read_seen(session, filename, user) if session.has_own else []

    def forget_seen(self, filename: str, *, except_pixels: bool = False) -> int:
        """Forget what everybody has seen of the file, for it holds other planes now.

        ``except_pixels`` keeps frames, stray bits and thumbnails, which are equal. The number of planes forgotten,
        each counted once a way and person; the history says that it was done.
        """
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            count = journal.forget_seen(session, filename, except_pixels=except_pixels)
            count += ledger.forget_parts(session, filename, except_pixels=except_pixels)
            if count:
                self._note(session, journal.FORGOTTEN, filename, count)
            return count

    # --- looks of engines ---------------------------------------------------------------------------------------

    def looks(self, filename: str) -> list[Look]:
        """How the looks at the file ended, one an engine, the oldest first."""
        if not rows.is_storable_name(filename):
            return []
        with self._database.reading() as session:
            return looks.read_looks(session, filename) if session.has_looks else []

    def shortfalls(self, filenames: Sequence[str]) -> dict[str, Look]:
        """Of these files those that the newest look of an engine did not see wholly, each with that look."""
        with self._database.reading() as session:
            return looks.shortfalls(session, filenames) if session.has_looks else {}

    def gaps(self, filenames: Sequence[str]) -> dict[str, str]:
        """Of these files those that could not be audited wholly, each with what was missing."""
        with self._database.reading() as session:
            return gaps.gaps(session, filenames)

    # --- learning -----------------------------------------------------------------------------------------------

    def examples(self, filename: str, device: DeviceFacts, sop_class_uid: str | None = None) -> list[Example]:
        """The newest done files of the same model but this one, the newest first, with their marks.

        A few hundred at most, however many there are. Empty for an image whose model is not known.
        """
        with self._database.reading() as session:
            return learning.examples(session, filename, device, sop_class_uid)

    def learn(
        self,
        filename: str,
        device: DeviceFacts,
        *,
        frames: int,
        groups: Iterable[GroupAddress],
        judged: Sequence[Judged],
    ) -> None:
        """Note of a done file what DicomTags has no column for, and what became of its suggestions.

        ``groups`` are the groups of planes it has. Replaces what was noted before.
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

    def judgements(self, most: int = learning.JUDGEMENTS) -> list[tuple[SuggestionKind, bool]]:
        """Of the newest judged suggestions of all files the kind, and whether a mark came of it."""
        with self._database.reading() as session:
            return learning.read_judgements(session, most) if session.has_learning else []

    def judged(self, filename: str) -> list[Judged]:
        """What became of the suggestions of one file."""
        with self._database.reading() as session:
            return learning.read_judged(session, filename) if session.has_learning else []
