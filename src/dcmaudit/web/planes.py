"""The routes that hand out planes: one at a time, and one after the other while a key is held down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dcmaudit.errors import DcmauditError, ReviewError, UsageError
from dcmaudit.model import Reference, Rendering, View, parse_key
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.page.page_state import step_state
from dcmaudit.review.services.picture_cache import Form, PictureCache, PictureKey, painted_from
from dcmaudit.review.services.plane_records import Json, framed, head_of, packed
from dcmaudit.review.state.sight import Fidelity
from dcmaudit.web.replies import query_number

_PATIENCE = 0.2
_LARGEST_STAGE = 2**15
_RECORDS = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Walk:
    """A held key: from which plane on, which way, in which view, and how large where small pictures have to do."""

    session: Session
    file_id: int
    index: int
    step: int
    view: View
    within: tuple[int, int] | None

    def picture(self, session: Session, key: str) -> PictureKey:
        """What is sent of the plane with that key."""
        address = parse_key(key)
        # On a quick line the values are sent as they are, which count as seen; small pictures are lossy.
        if self.within is None:
            return painted_from(self.file_id, address, session.view)
        return PictureKey(self.file_id, address, self.view, form=Form.SMALL, within=self.within)


class PlaneRoutes:
    """The routes of one reviewer for what planes are painted from."""

    def __init__(self, app: ReviewApp) -> None:
        self._app, self._services = app, app.services

    def all(self) -> list[Route]:
        """Every route for planes."""
        return [
            Route("/api/d/{doc}/plane/{file_id:int}/{key}", self.plane),
            Route("/api/d/{doc}/walk/{file_id:int}", self.walk),
        ]

    async def plane(self, request: Request) -> Response:
        """One plane: its values, a table a view, and the tickets of its views; ``packed`` for slow lines."""
        session = self._app.session(request.path_params["doc"])
        file_id, key = request.path_params["file_id"], request.path_params["key"]
        picture = PictureKey(file_id, parse_key(key), View(view_of(request).rendering), form=Form.STORED)
        pictures = self._services.pictures
        record = await wanted_picture(request, pictures, picture, self._app.referrer(session, file_id))
        head = self._head(session, file_id, key, record)
        if request.query_params.get("packed") == "1":
            body = await run_in_threadpool(packed, framed(head), record)
            return Response(body, media_type=_RECORDS, headers={"Content-Encoding": "deflate"})
        return Response(framed(head) + record, media_type=_RECORDS)

    async def walk(self, request: Request) -> Response:
        """Records of one plane after the other, each with what the step to it changes, until the page goes away.

        The last one has ``end`` in its head alone: the file ends there, or a plane needs an answer of its own.
        """
        session = self._app.session(request.path_params["doc"])
        file_id = request.path_params["file_id"]
        self._app.referrer(session, file_id)
        index = query_number(request, "from", 0, most=2**40)
        step = -1 if request.query_params.get("back") == "1" else 1
        width = query_number(request, "width", 0, most=_LARGEST_STAGE)
        height = query_number(request, "height", 0, most=_LARGEST_STAGE)
        within = (width, height) if width and height else None
        walk = Walk(session, file_id, index, step, view_of(request), within)
        return StreamingResponse(self._records(walk), media_type=_RECORDS)

    async def _records(self, walk: Walk) -> AsyncIterator[bytes]:
        index = walk.index
        coming = asyncio.create_task(run_in_threadpool(self._record, walk, index))
        try:
            while not self._app.is_ending:
                record = await coming
                # The end of the file, or a plane that the page has to ask for by itself.
                if record is None:
                    break
                index += walk.step
                # The next one is made while this one is on its way.
                coming = asyncio.create_task(run_in_threadpool(self._record, walk, index))
                for part in record:
                    yield part
        finally:
            coming.cancel()
        yield framed({"end": True})

    def _record(self, walk: Walk, index: int) -> tuple[bytes, bytes] | None:
        """Head and record of the plane at ``index``; None where it cannot be sent ahead."""
        session = walk.session
        with session.lock:
            file = session.file
            if index < 0 or file is None or file.file_id != walk.file_id:
                return None
            step = step_state(session, self._services, index)
            if step is None or step["plane"]["error"] is not None:
                return None
            key, referrer = step["plane"]["key"], file.referrer
        try:
            record = self._services.pictures.now(walk.picture(session, key), referrer)
        except DcmauditError:
            return None  # whoever goes there is told why
        head = self._head(session, walk.file_id, key, record)
        return framed({**head, "step": step}), record

    def _head(self, session: Session, file_id: int, key: str, record: bytes) -> Json:
        """Whose plane it is, with a ticket for every view that the record has, and one for windows of one's own."""
        found = head_of(record)
        fidelity = Fidelity.LOSSY if found.get("jpeg") else Fidelity.LOSSLESS
        views = found["views"]
        assert isinstance(views, dict)  # noqa: S101  # it is one of ours
        # One ticket a view: the page can change views without asking, and says which one was on the stage.
        shown = {name: view["shown"] for name, view in views.items()} | {"window": Rendering.VOI.value}
        issue = self._services.tickets.issue
        tickets = {name: issue(session.id, file_id, key, value, fidelity) for name, value in shown.items()}
        return {"plane": f"{file_id}/{key}", "tickets": tickets}


def view_of(request: Request) -> View:
    """The view that a request asks for; UsageError for one that there is not."""
    value = request.query_params.get("rendering", Rendering.FULL.value)
    allowed = [item.value for item in Rendering]
    if value not in allowed:
        raise UsageError(f"there is no rendering {value!r}", hint=f"allowed: {', '.join(allowed)}")
    return View(Rendering(value), request.query_params.get("inverted", "0") == "1")


async def wanted_picture(
    request: Request, pictures: PictureCache, picture: PictureKey, referrer: Callable[[], Reference]
) -> bytes:
    """A picture once it is made; ReviewError where the browser went away meanwhile."""
    future = pictures.request(picture, referrer)
    try:
        data = await result_of(request, future)
    finally:
        pictures.release(picture)
    if data is None:
        raise ReviewError("the picture is no longer wanted", hint="ask for it again")
    return data


async def result_of(request: Request, future: Future[bytes]) -> bytes | None:
    """The result of ``future``; None where the browser went away before it was there."""
    if not future.done():
        waiting = asyncio.wrap_future(future)
        # Shielded: somebody else may wait for the same picture.
        while not waiting.done():
            await asyncio.wait([waiting], timeout=_PATIENCE)
            if not waiting.done() and await request.is_disconnected():
                waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
                return None
        return None if waiting.cancelled() else waiting.result()
    try:
        return future.result()
    except CancelledError:
        return None
