"""Whether the file behind a name is still what was looked at, and what was seen of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Identity, Reference, group_of
from dcmaudit.model.records import IdentityRecord, PartRecord, SeenRecord
from dcmaudit.review.services.instance_cache import stamp_of
from dcmaudit.review.services.page_words import told
from dcmaudit.review.services.protocols import Background, Database, Instances, Sessions
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.series_plan import Stamp
from dcmaudit.review.state.session import Session
from dcmaudit.store import Store

DIGESTED = 64 * 2**20
"""Bytes of a file up to which its pixels are read once more, in the background, only because it was looked at."""

OTHER = "It is another file than when it was looked at last: what was seen of it then does not count."
REPLACED = "Another file lies under this name than the one that was finished: look at it, and finish it anew."
OTHER_PIXELS = OTHER.replace("another file", "a file with other pixels")


class ContentCheck:
    """What the planes seen of a name are worth: they count for the content that was seen, not for the name.

    A file of this machine is taken for the same while its size and time of change are those noted. Where they
    differ, equal pixels (by digest) keep what was seen of image frames and their bits; overlays, icons and
    everything else outside the pixels are to be seen again.
    """

    def __init__(self, database: Database, instances: Instances, sessions: Sessions, background: Background) -> None:
        self._database, self._instances = database, instances
        self._sessions, self._background = sessions, background

    def has_changed(self, file: OpenFile) -> bool:
        """Whether the open file is another one on disk than when it was opened; the page says so from then on."""
        if not file.changed and self._instances.has_changed(file.file_id, file.referrer()):
            file.change(changed=True)
        return file.changed

    def load(self, file: OpenFile) -> None:
        """Take in what this user saw of the file before, as far as it is still the same; once it is open."""
        if file.opening or file.seen_loaded:
            return
        file.change(seen_loaded=True)
        store = self._database.store
        if self.is_kept:
            file.seen.forget_stored()
        if store.replaced_at(file.name) is not None:
            file.note(REPLACED)
        records, parts = store.seen(file.name), store.parts_seen(file.name)
        # Of a finished file it is asked all the same: looking at another one must not pass for finishing it.
        if not records and not parts and file.tag is None:
            return
        kept, stamp = store.identity(file.name), self._instances.stamp(file.file_id)
        # Tools that set all times alike make files of one series equal in size and time; they differ in their instance.
        is_other = kept is not None and _is_other_instance(kept, file)
        # Size and time are those of then, or there is nothing to compare: what was seen is believed.
        if kept is None or (not is_other and (stamp is None or _stamped(kept) == _of(stamp))):
            self._take(file, records, parts)
        # It was changed, and what its pixels were nobody noted; or it lies in a bucket, and is not read for this.
        elif stamp is None or kept.identity.pixel_digest is None:
            if records or parts:
                self._forget(store, file, OTHER)
        else:
            file.change(comparing=True)
            self._background.at_length(partial(self._compare, store, file, records, parts, kept, stamp))

    @property
    def is_kept(self) -> bool:
        """Whether what is seen is stored at all: not by the viewer, and not where the database can only be read."""
        return self._database.may_write

    def keep(self, file: OpenFile) -> bool:
        """Store what was seen of the file since the last time, and of which content; whether that is done.

        Where nothing can be stored, what was seen counts for as long as the file is open. Nothing is kept of a file
        that was changed after it was opened. Called from several threads: the second one waits for the first.
        """
        with file.storing:
            if file.comparing or not file.seen.has_unstored:
                return True
            seen = file.seen
            if not self.is_kept:
                seen.settle(seen.take())
                return True
            if self.has_changed(file):
                # It was seen of the content that was open, which no name leads to any more.
                seen.take()
                self._tell(
                    file, "The file was changed after it was opened: what was seen of it since then is not stored."
                )
                return True
            return self._store(self._database.store, file)

    def _store(self, store: Store, file: OpenFile) -> bool:
        taken = file.seen.take()
        # Under ``file.storing``: the file cannot forget what it has of one database before this is settled.
        try:
            self._note(store, file)
            is_as_seen = store.put_sights(file.name, taken.spans, taken.parts, file.rects)
        except DcmauditError as error:
            file.seen.put_back(taken)
            self._tell(file, f"What was seen could not be stored: {told(error)}")
            return False
        file.seen.settle(taken)
        if not is_as_seen:
            # A mark is gone that was black meanwhile: what counts is what is stored.
            file.seen.forget_stored()
            file.change(seen_loaded=False)
            self.load(file)
        return True

    def identify(self, file: OpenFile) -> None:
        """Note in the background what is behind the name of a file that got a mark, so that it is found when moved."""
        if not file.identified and file.facts is not None:
            file.change(identified=True)
            self.identify_file(file.file_id, file.name, file.referrer)

    def identify_file(self, file_id: int, name: str, referrer: Callable[[], Reference]) -> None:
        """The same for a file that need not be open."""
        self._background.soon(partial(self._identify, self._database.store, file_id, name, referrer))

    def _identify(self, store: Store, file_id: int, name: str, referrer: Callable[[], Reference]) -> None:
        # Only a help for later: where it fails, the mark itself is stored all the same.
        with suppress(DcmauditError):
            with self._instances.lease(file_id, referrer) as instance:
                stamp, identity = self._instances.stamp(file_id), instance.identity()
            if stamp is None:
                store.put_identity(name, identity)
            # Digest and stamp must be of one content: between the two somebody may have written.
            elif stamp == stamp_of(referrer()):
                store.put_identity(name, identity, size=_of(stamp)[0], modified_ns=_of(stamp)[1])

    def _note(self, store: Store, file: OpenFile) -> None:
        """Note size and time at once, and the pixels' digest later: what is seen must never lie there unexplained."""
        stamp = self._instances.stamp(file.file_id)
        if file.noted or file.facts is None:
            return
        kept, uid = store.identity(file.name), file.facts.sop_instance_uid
        is_other = kept is None or _is_other_instance(kept, file)
        # Of an object in a bucket the UID is all that can be noted without fetching it whole.
        if stamp is None and is_other:
            store.put_identity(file.name, Identity(uid))
        elif stamp is not None and (kept is None or is_other or _stamped(kept) != _of(stamp)):
            size, modified = _of(stamp)
            store.put_identity(file.name, Identity(uid), size=size, modified_ns=modified)
            # Reading a long file once more only because somebody looked at it would hold the disk up.
            if size <= DIGESTED or (kept is not None and kept.identity.pixel_digest):
                file.change(identified=True)
                self.identify_file(file.file_id, file.name, file.referrer)
        file.change(noted=True)

    def _compare(
        self,
        store: Store,
        file: OpenFile,
        records: Sequence[SeenRecord],
        parts: Sequence[PartRecord],
        kept: IdentityRecord,
        stamp: Stamp,
    ) -> None:
        identity = None
        with suppress(DcmauditError), self._instances.lease(file.file_id, file.referrer) as instance:
            identity = instance.identity()
        is_same = identity is not None and identity.pixel_digest == kept.identity.pixel_digest
        try:
            self._forget(store, file, "" if is_same else OTHER_PIXELS, except_pixels=is_same)
            if identity is not None and is_same and not self._database.viewer and store.is_writable:
                store.put_identity(file.name, identity, size=_of(stamp)[0], modified_ns=_of(stamp)[1])
        except DcmauditError as error:
            self._tell(file, f"What was seen before could not be checked: {told(error)}")
        session = self._session(file)
        if session is not None:
            with session.lock:
                self._take(
                    file,
                    [record for record in records if is_same and all(span.group.is_of_pixels for span in record.spans)],
                    [record for record in parts if is_same and group_of(record.part.address).is_of_pixels],
                )
                file.change(comparing=False)
                self.keep(file)
            session.bump()
        else:
            file.change(comparing=False)
            self.keep(file)

    def _take(self, file: OpenFile, records: Sequence[SeenRecord], parts: Sequence[PartRecord]) -> None:
        for record in records:
            if record.by == self._database.user:
                file.seen.load(record)
        for part in parts:
            if part.by == self._database.user:
                file.seen.load_part(part)

    def _forget(self, store: Store, file: OpenFile, why: str, *, except_pixels: bool = False) -> None:
        if why and file.tag is not None and REPLACED not in file.notes:
            why = f"{why} It was finished as the former one: finish it anew."
        if why:
            file.note(why)
            self._tell(file, why)
        if not self._database.viewer and store.is_writable:
            store.forget_seen(file.name, except_pixels=except_pixels)

    def _session(self, file: OpenFile) -> Session | None:
        return next((session for session in self._sessions.all() if session.file is file), None)

    def _tell(self, file: OpenFile, text: str) -> None:
        for session in self._sessions.all():
            if session.file is None or session.file.name == file.name:
                session.say_too(text, "warning")


def _is_other_instance(kept: IdentityRecord, file: OpenFile) -> bool:
    """Whether another SOP Instance UID was noted than the open file has; one that is not known is none of them."""
    noted, now = kept.identity.sop_instance_uid, None if file.facts is None else file.facts.sop_instance_uid
    return noted is not None and now is not None and noted != now


def _of(stamp: Stamp) -> tuple[int, int]:
    """Size and time of change: device and number of a file differ between machines that share it."""
    return stamp[2], stamp[3]


def _stamped(kept: IdentityRecord) -> tuple[int | None, int | None]:
    return kept.size, kept.modified_ns
