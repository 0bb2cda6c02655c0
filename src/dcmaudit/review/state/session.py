"""One reviewer in front of one page: which file, which plane, what is marked, what can be taken back."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dcmaudit.errors import DcmauditError, ReviewError, StoreReadOnlyError
from dcmaudit.model import Box, Everywhere, HowSeen, Plane, PlaneKind, ReviewState, View, parse_key
from dcmaudit.review.services.page_words import told
from dcmaudit.review.services.picture_cache import Picture
from dcmaudit.review.state.handled_rectangle import first_box, kept_inside
from dcmaudit.review.state.history import Change, History
from dcmaudit.review.state.marked_areas import frame_count
from dcmaudit.review.state.open_file import FrameSearch, Header, OpenFile, is_shown
from dcmaudit.review.state.options import Options
from dcmaudit.review.state.sight import Sight, way_seen
from dcmaudit.review.state.worklist import Filter, Selection, Worklist
from dcmaudit.store import Store, gap_words

if TYPE_CHECKING:
    from dcmaudit.review.app import Desk
    from dcmaudit.review.commands.series import SeriesPlan

PREFETCHED = 3
_OPENING_PATIENCE = 0.25


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell the reviewer; ``kind`` is info, warning or error."""

    text: str
    kind: str = "info"
    number: int = 0
    """Counts the messages of a document, so that the same one is not shown anew with every state."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask: answering yes repeats ``command`` with ``arguments``, the other answer with its own."""

    text: str
    command: str
    arguments: dict[str, object]
    yes: str
    no: str
    other: str | None = None
    other_arguments: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """What the list of files shows, and so what the keys for the next and the previous file walk through."""

    status: ReviewState | None = None
    text: str = ""
    is_gapped: bool = False

    @property
    def is_everything(self) -> bool:
        """Whether the list shows whatever the options let through."""
        return self.status is None and not self.text and not self.is_gapped

    def shows(self, worklist: Worklist, place: int) -> bool:
        """Whether the file at that place is shown."""
        fits = self.status is None or worklist.state(place) is self.status
        fits = fits and (not self.is_gapped or worklist.gap(place) is not None)
        return fits and self.text.lower() in worklist.name(place).lower()


class Session:
    """The state behind one browser tab. Every method takes the lock; commands come through ``dispatch.perform``."""

    def __init__(self, desk: Desk, identifier: str, worklist: Worklist, options: Options) -> None:
        self.desk = desk
        self.id = identifier
        self.lock = threading.RLock()
        self.revision = 1
        self.options = options
        self.history = History()
        self.file: OpenFile | None = None
        self.view = View()
        self.redacted = True
        self.shows_rejected = False
        self._held: Box | None = None
        self.walk = Walk()
        self.message: Message | None = None
        self.question: Question | None = None
        self.plan: SeriesPlan | None = None
        self._listeners: list[Callable[[], None]] = []
        self._left: OpenFile | None = None
        self._said = 0
        self.own: set[int] = set()
        """Places of files whose marks this document changed: they stay in its list."""
        self.worklist = worklist
        self.selection = Selection(worklist, self.filter_of_options())
        worklist.listen(self._grown)
        self._grown()

    # Revisions

    def bump(self) -> None:
        """Note that the state is another one, and wake those who wait for it."""
        with self.lock:
            self.revision += 1
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener``, from whatever thread, at every new revision."""
        with self.lock:
            self._listeners.append(listener)

    @property
    def is_watched(self) -> bool:
        """Whether a page waits for news of this document."""
        return bool(self._listeners)

    def forget(self, listener: Callable[[], None]) -> None:
        """Stop calling ``listener``."""
        with self.lock, suppress(ValueError):
            self._listeners.remove(listener)

    def say(self, text: str, kind: str = "info") -> None:
        """Tell the reviewer something."""
        self._said += 1
        self.message = Message(text, kind, self._said)

    def take_message(self) -> Message | None:
        """The message, which is gone then: whoever takes it says it in other words."""
        found, self.message = self.message, None
        return found

    def say_too(self, text: str, kind: str) -> None:
        """Tell the reviewer something beside what was just said: neither may hide the other."""
        said = self.message
        if said is not None and text not in said.text:
            text = f"{said.text} {text}"
        if said is None or text != said.text:
            self.say(text, kind)

    # The worklist

    def filter_of_options(
        self, status: ReviewState | None = None, text: str = "", *, is_gapped: bool = False
    ) -> Filter:
        """The filter that the options ask for."""
        return Filter(self.options["ignore-done"], self.options["tagged-only"], status, text, is_gapped)

    def select(self, filter_: Filter) -> None:
        """Walk through the files of ``filter_`` from now on; the open file stays open."""
        with self.lock:
            self.selection = Selection(self.worklist, filter_, keep=self.file.place if self.file else None)
            if self.file is None and len(self.selection):
                self.show(self.selection[0])

    def use(self, worklist: Worklist) -> None:
        """Leave the open file and walk through another list."""
        with self.lock:
            self.leave()
            self.worklist.forget(self._grown)
            self.worklist, self.file, self.own = worklist, None, set()
            self.selection = Selection(worklist, self.filter_of_options())
            worklist.listen(self._grown)
        self._grown()

    def follow(self, places: Iterable[int]) -> None:
        """Let files leave the list, or come back, that somebody else finished or opened again; the open file stays."""
        with self.lock:
            kept = {*self.own, self.file.place} if self.file else self.own
            if self.selection.follow(place for place in places if place not in kept):
                self.bump()

    def _grown(self) -> None:
        with self.lock:
            self.selection.sync()
            if self.file is None and len(self.selection):
                self.show(self.selection[0])
        self.bump()

    def neighbour(self, step: int) -> int | None:
        """The place of the next (1) or previous (-1) file that the list shows, None where there is none."""
        everything = (
            range(len(self.worklist)) if self.walk.status is not None or self.walk.is_gapped else self.selection.places
        )
        current = self.file.place if self.file else -1
        start = bisect_right(everything, current) if step > 0 else bisect_left(everything, current) - 1
        places = range(start, len(everything)) if step > 0 else range(start, -1, -1)
        found = (everything[index] for index in places)
        return next((place for place in found if self.walk.shows(self.worklist, place)), None)

    # Opening and leaving a file

    def show(self, place: int, key: str | None = None) -> None:
        """Open the file at ``place`` of the worklist, at the plane with that ``key`` or the first one.

        A file that cannot be opened is shown with its error.
        """
        with self.lock:
            worklist = self.worklist
            # First of all: it is read while the database is told of the file before and asked about this one.
            future = self.desk.open_header(worklist, place)
            self.leave()
            self.file = file = OpenFile(place, worklist.file_id(place), worklist.name(place), worklist.referrer(place))
            file.wanted = key
            self.desk.pictures.forget_errors(file.file_id)
            self.load_records(file)
            with suppress(FutureTimeoutError, DcmauditError):
                future.result(_OPENING_PATIENCE)
            if future.done():
                self._opened(file, future)
            else:
                future.add_done_callback(lambda done: self._opened_late(file, done))

    def load_records(self, file: OpenFile) -> None:
        """Read what the database has about the file; where that fails the reviewer is told."""
        try:
            file.rects = list(self.desk.store.rects(file.name))
            file.tag = self.desk.store.tag(file.name)
            file.hidden = self.desk.store.hidden(file.name)
            self.desk.contents.load(file)
        except DcmauditError as error:
            self.say(f"The marks of this file are not known. {told(error)}", "error")

    def _opened_late(self, file: OpenFile, future: Future[Header]) -> None:
        with self.lock:
            self._opened(file, future)
        self.bump()
        self.prefetch()

    def _opened(self, file: OpenFile, future: Future[Header]) -> None:
        if not file.opening:
            return
        if future.cancelled():
            file.opening = False
            return
        error = future.exception()
        if isinstance(error, DcmauditError):
            file.opening, file.error = False, error
        elif error is not None:
            reason = f"the file cannot be opened: {type(error).__name__}"
            file.opening, file.error = False, ReviewError(reason, file=file.name, hint="report this file")
        else:
            file.take(future.result())
            self._load_seen(file)
            self._expand(file)
        if self.file is not file:
            return
        self.begin_picture()
        self.desk.begin_background(self, file)

    def _expand(self, file: OpenFile) -> None:
        """Have marks on all frames written one row a frame for other programs, now that the frames are counted."""
        store, frames = self.desk.store, frame_count(file.planes)
        if self.desk.viewer or not store.is_writable or not frames:
            return
        if any(row.scope is Everywhere.ALL_FRAMES for row in file.rects):
            self.desk.help(partial(_expand, store, file.name, frames))

    def _load_seen(self, file: OpenFile) -> None:
        try:
            self.desk.contents.load(file)
        except DcmauditError as error:
            self.say(f"What was seen of this file before is not known. {told(error)}", "warning")

    def gap(self, file: OpenFile) -> str | None:
        """What of the open file cannot be audited, as far as it was tried here; None where nothing is known."""
        parts = self.unshown_parts(file)
        return gap_words(parts) if parts else None

    def unshown_parts(self, file: OpenFile) -> int:
        """How many parts of the file there is no picture of: entries without one, planes that could not be decoded.

        A file that cannot be opened is one such part, and so is a search for hidden planes that failed.
        """
        if file.opening:
            return 0
        without = {group.address(0) for group in file.planes.groups if group.kind is PlaneKind.UNSHOWN}
        failed = without | {
            each for each in self.desk.pictures.undecodable(file.file_id) if file.planes.find(each) is not None
        }
        return len(failed) + (file.error is not None) + (file.search is FrameSearch.FAILED)

    def note_gap(self) -> None:
        """Note in the list what of the open file cannot be audited; what was noted stays until all of it is seen."""
        file = self.file
        gap = self.gap(file) if file is not None else None
        if file is not None and (gap or file.looked.is_whole):
            self.worklist.note_gap(file.place, gap)

    def leave(self) -> None:
        """Store what was seen of the open file; nothing else is written."""
        if self.file is not None:
            self.note_gap()
            self._left = self.file
            if not self.desk.contents.keep(self.file):
                self.desk.ledger.soon(self, self.file)

    def take_planes(self, file: OpenFile, header: Header) -> None:
        """Take in the planes of a file after its bits were scanned."""
        with self.lock:
            file.replace_planes(header.planes)
            file.search = FrameSearch.DONE
            file.search_progress = None
        self.bump()

    # Planes

    def plane(self) -> Plane:
        """The plane on screen; ReviewError where there is none."""
        plane = self.file.plane if self.file else None
        if plane is None:
            raise ReviewError("no plane is on screen", hint="open a file first")
        return plane

    def opened(self) -> OpenFile:
        """The open file; ReviewError where there is none."""
        if self.file is None:
            raise ReviewError("no file is open", hint="open files or a folder from the File menu")
        return self.file

    def go(self, index: int) -> None:
        """Put the plane at ``index`` of the file's list on screen."""
        file = self.opened()
        if not 0 <= index < len(file.planes):
            raise ReviewError(f"the file has {len(file.planes)} planes", file=file.name, hint="choose one of them")
        file.index = index
        self.begin_picture()
        self.desk.suggest(self, file)

    @property
    def cursor(self) -> Box | None:
        """The handled rectangle, inside the plane on screen."""
        plane = self.file.plane if self.file else None
        return self.cursor_on(plane) if plane is not None else None

    @cursor.setter
    def cursor(self, box: Box) -> None:
        self._held = box

    def cursor_on(self, plane: Plane) -> Box | None:
        """The handled rectangle as it lies on a plane; None where that cannot be shown.

        A small plane only cuts what is shown of it: on the next one it has the size again that the person gave it.
        One that nobody has moved yet keeps out of the way of rectangles and of text that was found.
        """
        if plane.size is None or self.file is None:
            return None
        if self._held is not None:
            return kept_inside(self._held, plane.size)
        taken = [row.box for row in self.file.rects_on(plane) if row.box]
        return first_box(plane.size, [*taken, *(item.region.box for item in self.file.suggestions_on(plane))])

    def upcoming(self) -> list[tuple[int, Plane]]:
        """The planes that are likely wanted next, with their places in the worklist: the page fetches them ahead."""
        file = self.file
        if file is None:
            return []
        ahead = range(file.index + 1, min(file.index + 1 + PREFETCHED, len(file.planes)))
        return [(file.place, file.planes[index]) for index in ahead if is_shown(file.planes[index])]

    def begin_picture(self) -> None:
        """Have the picture of the plane on screen made before the page, which learns of it only now, asks for it."""
        file = self.file
        plane = file.plane if file else None
        if file is not None and plane is not None and is_shown(plane):
            self.desk.pictures.begin(Picture(file.file_id, plane.address, self.view), file.referrer)

    def prefetch(self) -> None:
        """Have the next pictures made, and the next file opened. Called when the answer to a command is on its way."""
        with self.lock:
            self._prefetch()

    def _prefetch(self) -> None:
        file = self.file
        if file is None:
            return
        planes = [(place, plane.address) for place, plane in self.upcoming()]
        current = self.selection.index(file.place)
        if current is not None and current + 1 < len(self.selection):
            planes.append((self.selection[current + 1], parse_key("f0")))
        worklist = self.worklist
        self.desk.pictures.prefetch([
            (Picture(worklist.file_id(place), address, self.view), worklist.referrer(place))
            for place, address in planes
        ])  # fmt: skip

    # What was seen

    def painted(self, sights: Iterable[Sight]) -> None:
        """Note what the page says was on its stage; only what is true of the open file, or of the one just left.

        The plane counts for the parts that were really in sight, in a picture that this document was given. A card
        that says why there is no picture is no picture.
        """
        for sight in sights:
            file = self._shown_file(sight.file_id)
            place = file.planes.find(parse_key(sight.key)) if file is not None else None
            issued = self.desk.tickets.read(sight.ticket, self.id, sight.file_id, sight.key)
            if file is None or place is None or issued is None:
                continue
            plane = file.planes[place]
            is_broken = plane.address in self.desk.pictures.undecodable(sight.file_id)
            if plane.size is None or not is_shown(plane) or is_broken:
                continue
            how = way_seen(sight, issued)
            if how.is_seen:
                file.seen.add_boxes(plane.address, plane.size, sight.boxes)
            else:
                self._note(file, place, how)
            self.desk.ledger.soon(self, file)

    def note_seen(self, file_id: int, keys: Iterable[str], how: HowSeen) -> None:
        """Note a glance at planes of the open file, or of the one just left; those of any other do not count."""
        file = self._shown_file(file_id)
        if file is None:
            return
        failed = self.desk.pictures.undecodable(file_id)
        for key in keys:
            place = file.planes.find(parse_key(key))
            if place is not None and file.planes[place].address not in failed and is_shown(file.planes[place]):
                self._note(file, place, how)
        self.desk.ledger.soon(self, file)

    def _shown_file(self, file_id: int) -> OpenFile | None:
        return next((file for file in (self.file, self._left) if file and file.file_id == file_id), None)

    @staticmethod
    def _note(file: OpenFile, place: int, how: HowSeen) -> None:
        start = file.planes.group_start(place)
        file.seen.add(file.planes[place].group, place - start, place - start + 1, how)

    # Writing

    def require_writable(self) -> None:
        """ReviewError in viewer mode, StoreReadOnlyError where the database can only be read."""
        if self.desk.viewer:
            raise ReviewError(
                "this is the viewer: nothing can be marked", hint="to mark files, start the reviewer and not the viewer"
            )
        if not self.desk.store.is_writable:
            raise StoreReadOnlyError(
                "the database can only be read, so nothing can be marked",
                file=self.desk.store.location,
                hint="choose another database folder in the File menu, or ask for the right to write to this one",
            )

    def changed(self, change: Change) -> None:
        """Note a change that was written, and let everybody who looks at the file know."""
        self.history.add(change)
        if change.place is not None and change.worklist is self.worklist:
            self.own.add(change.place)
        self.desk.announce(change.name, self)

    def key(self) -> str | None:
        """The key of the plane on screen."""
        plane = self.file.plane if self.file else None
        return plane.address.key if plane else None

    def close(self) -> None:
        """Store what was seen and let go."""
        with self.lock:
            self.leave()
            self.worklist.forget(self._grown)


def _expand(store: Store, name: str, frames: int) -> None:
    # It changes nothing here: where it fails, the dump names the mark instead.
    with suppress(DcmauditError):
        store.expand(name, frames)
