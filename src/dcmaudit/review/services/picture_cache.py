"""Encoded pictures of planes: made once, kept within a limit of bytes, and made ahead of time."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from dcmaudit.errors import DcmauditError, DecodeError, DicomError
from dcmaudit.model import PlaneAddress, Reference, Rendering, View
from dcmaudit.model.texts import printable
from dcmaudit.render import Shown, encode_png, render, shown_as, thumbnail
from dcmaudit.review.services.plane_records import small_record, stored_record
from dcmaudit.review.services.protocols import Instances
from dcmaudit.review.services.threads import Workers

_LOG = logging.getLogger(__name__)

THUMBNAIL_EDGES = (160, 320, 640)
"""Longer sides of small pictures in pixels: for tiles of any size, on screens of any ratio."""

FULL = View()
PATIENCE = 0.5
"""Seconds that work in the background waits for a picture that somebody is waiting for."""

_BYTES = 12 * 2**20
_ERRORS = 2000
_REMARKS = 2000


class Form(Enum):
    """In what form a plane is handed out."""

    PNG = "PNG"
    STORED = "stored values"
    SMALL = "small picture"


@dataclass(frozen=True, slots=True)
class PictureKey:
    """What to make: a plane in a view, or its thumbnail.

    STORED has values and tables, so that its view is FULL or LOCAL (VOI only where no table can give it). SMALL is a
    lossy picture that fits ``within`` a width and height.
    """

    file_id: int
    address: PlaneAddress
    view: View = FULL
    thumbnail: int = 0
    """Pixels of its longer side; 0 for the whole plane."""
    form: Form = Form.PNG
    within: tuple[int, int] = (0, 0)


def painted_from(file_id: int, address: PlaneAddress, view: View) -> PictureKey:
    """What the page paints a plane from: its values and tables do for every view but local contrast."""
    rendering = Rendering.LOCAL if view.rendering is Rendering.LOCAL else Rendering.FULL
    return PictureKey(file_id, address, View(rendering), form=Form.STORED)


class PictureCache:
    """PNG pictures by what they show.

    One picture is made once however many ask for it at the same time. ``wanted`` pictures are made by several
    threads, those for later by one, which takes up nothing new while somebody waits for one; other work that can
    wait asks ``let_through``.
    """

    def __init__(self, instances: Instances, *, limit: int = _BYTES, workers: int = 3) -> None:
        self._instances = instances
        self._limit = limit
        self._kept: OrderedDict[PictureKey, bytes] = OrderedDict()
        self._size = 0
        self._pending: dict[PictureKey, Future[bytes]] = {}
        self._errors: OrderedDict[PictureKey, DcmauditError] = OrderedDict()
        self._remarks: OrderedDict[PictureKey, Shown] = OrderedDict()
        self._lock = threading.Lock()
        self._calm = threading.Condition(self._lock)
        self._urgent: set[PictureKey] = set()
        self._waiting: Counter[PictureKey] = Counter()
        self._wanted = Workers(workers, "picture")
        self._ahead = Workers(1, "prefetch")
        self._queue: deque[tuple[PictureKey, Callable[[], Reference]]] = deque()

    def request(self, picture: PictureKey, reference: Callable[[], Reference]) -> Future[bytes]:
        """The future PNG of ``picture``; done already where it is kept. Errors as ``Instance.read`` raises them.

        Whoever asked says ``release`` when the answer is there or no longer wanted.
        """
        with self._lock:
            self._waiting[picture] += 1
            known = self._known(picture)
            if known is not None:
                return known
            future = self._begun(picture, reference)
        future.add_done_callback(lambda _done: self._settle(picture, future))
        return future

    def begin(self, picture: PictureKey, reference: Callable[[], Reference]) -> None:
        """Have a picture made that is going to be asked for at once; nothing where it is kept or coming."""
        with self._lock:
            if self._known(picture) is not None:
                return
            future = self._begun(picture, reference)
        future.add_done_callback(lambda _done: self._settle(picture, future))

    def now(self, picture: PictureKey, reference: Callable[[], Reference]) -> bytes:
        """The bytes of a picture, made in this thread where they are not kept or coming; errors as ``request``."""
        with self._lock:
            known = self._known(picture)
            future: Future[bytes] = Future()
            if known is None:
                future.set_running_or_notify_cancel()
                self._pending[picture] = future
        if known is not None:
            return known.result()
        try:
            future.set_result(self._make(picture, reference))
        except BaseException as error:  # whoever asks for the picture meanwhile gets it
            future.set_exception(error)
        self._settle(picture, future)
        return future.result()

    def let_through(self) -> None:
        """Return when no plane that somebody waits for is being made, or after PATIENCE seconds.

        For work in the background: it would take the time that the picture needs. A picture that takes longer is let
        go on by itself from then on: one file on a dead server must not hold up the work on others.
        """
        with self._calm:
            # Not for ever: pictures that somebody pages through would hold everything else up.
            if not self._calm.wait_for(lambda: not self._urgent, PATIENCE):
                self._urgent.clear()

    def release(self, picture: PictureKey) -> None:
        """One less waits for ``picture``; a picture that nobody waits for is not begun."""
        with self._lock:
            self._waiting[picture] -= 1
            if self._waiting[picture] > 0:
                return
            del self._waiting[picture]
            pending = self._pending.get(picture)
        # Only one that was not begun can be cancelled: the others are finished, and kept for whoever comes next.
        if pending is not None:
            pending.cancel()

    def remark(self, picture: PictureKey) -> Shown | None:
        """How a plane was really rendered where that needs words; None where it is the view asked for, or not made."""
        with self._lock:
            return self._remarks.get(picture)

    def error(self, picture: PictureKey) -> DcmauditError | None:
        """Why the picture could not be made when it was tried last; None where it was not, or could."""
        with self._lock:
            return self._errors.get(picture)

    def undecodable(self, file_id: int) -> set[PlaneAddress]:
        """The planes of a file that were asked for and could not be decoded."""
        with self._lock:
            return {failed.address for failed in self._errors if failed.file_id == file_id}

    def prefetch(self, pictures: Sequence[tuple[PictureKey, Callable[[], Reference]]]) -> None:
        """Make these next, in order, instead of what was to be made ahead before."""
        with self._lock:
            self._queue.clear()
            self._queue.extend(pictures)
        for _picture in pictures:
            self._ahead.submit(self._make_ahead)

    def forget_errors(self, file_id: int) -> None:
        """Try again what could not be made of that file."""
        with self._lock:
            for picture in [kept for kept in self._errors if kept.file_id == file_id]:
                del self._errors[picture]

    def drop(self, file_id: int) -> None:
        """Forget every picture of that file: it is another one now, under another id."""
        with self._lock:
            for picture in [kept for kept in self._kept if kept.file_id == file_id]:
                self._size -= len(self._kept.pop(picture))
            for told in [kept for kept in self._remarks if kept.file_id == file_id]:
                del self._remarks[told]
        self.forget_errors(file_id)

    def close(self) -> None:
        """End the threads."""
        with self._lock:
            self._queue.clear()
            self._waiting.clear()
            self._urgent.clear()
            self._calm.notify_all()
        self._wanted.stop()
        self._ahead.stop()

    def _known(self, picture: PictureKey) -> Future[bytes] | None:
        kept = self._kept.get(picture)
        if kept is not None:
            self._kept.move_to_end(picture)
            return _done(kept)
        pending = self._pending.get(picture)
        if pending is not None and not pending.cancelled():
            return pending
        if picture in self._errors:
            failed: Future[bytes] = Future()
            failed.set_exception(self._errors[picture])
            return failed
        return None

    def _begun(self, picture: PictureKey, reference: Callable[[], Reference]) -> Future[bytes]:
        future = self._wanted.submit(lambda: self._make(picture, reference))
        self._pending[picture] = future
        self._urgent.add(picture)
        return future

    def _make_ahead(self) -> None:
        self.let_through()
        with self._lock:
            if not self._queue:
                return
            picture, reference = self._queue.popleft()
            if self._known(picture) is not None:
                return
        with suppress(DcmauditError):  # whoever asks for it is told
            self.now(picture, reference)

    def _settle(self, picture: PictureKey, future: Future[bytes]) -> None:
        with self._lock:
            # After a cancellation another request may have begun the same picture anew.
            if self._pending.get(picture) is future:
                del self._pending[picture]
                self._urgent.discard(picture)
                if not self._urgent:
                    self._calm.notify_all()

    def _make(self, picture: PictureKey, reference: Callable[[], Reference]) -> bytes:
        begun = time.monotonic()
        try:
            data = self._encode(picture, reference)
        except DicomError as error:
            _log(picture, reference, type(error).__name__, begun)
            with self._lock:
                self._errors[picture] = error
                if len(self._errors) > _ERRORS:
                    self._errors.popitem(last=False)
            raise
        except MemoryError as error:
            raise DecodeError("the plane needs more memory than there is", hint="close other programs") from error
        _log(picture, reference, f"{len(data)} bytes", begun)
        with self._lock:
            self._keep(picture, data)
        return data

    def _encode(self, picture: PictureKey, reference: Callable[[], Reference]) -> bytes:
        with self._instances.lease(picture.file_id, reference) as instance:
            samples = instance.read(picture.address)
            if picture.form is Form.STORED:
                return stored_record(samples, picture.view.rendering)
            if picture.form is Form.SMALL:
                return small_record(samples, picture.view, picture.within)
            pixels = render(samples, picture.view)
            self._note(picture, shown_as(samples, picture.view))
            return encode_png(thumbnail(pixels, picture.thumbnail) if picture.thumbnail else pixels)

    def _note(self, picture: PictureKey, shown: Shown) -> None:
        with self._lock:
            self._remarks.pop(picture, None)
            if shown.reason is not None:
                self._remarks[picture] = shown
                if len(self._remarks) > _REMARKS:
                    self._remarks.popitem(last=False)

    def _keep(self, picture: PictureKey, data: bytes) -> None:
        old = self._kept.pop(picture, b"")
        self._size += len(data) - len(old)
        self._kept[picture] = data
        while self._size > self._limit and self._kept:
            _gone, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)


def _log(picture: PictureKey, reference: Callable[[], Reference], end: str, begun: float) -> None:
    if _LOG.isEnabledFor(logging.DEBUG):
        taken = (time.monotonic() - begun) * 1000
        _LOG.debug("plane %s of %s: %s in %.0f ms", picture.address.key, printable(reference().name), end, taken)


def _done(data: bytes) -> Future[bytes]:
    future: Future[bytes] = Future()
    future.set_result(data)
    return future
