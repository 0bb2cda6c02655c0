"""The routes: from an address to a call of the reviewer, and back. Described in ``docs/web-api.md``."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import IO, TextIO, cast
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model import PlaneAddress, ReviewState, View, parse_key
from dcmaudit.review import COMMANDS, ReviewApp, Session, worklist_rows
from dcmaudit.review.page.command_list import command_json
from dcmaudit.review.page.list_shapes import TagRow
from dcmaudit.review.page.plane_rows import plane_rows
from dcmaudit.review.page.series_list import series_files
from dcmaudit.review.services.picture_cache import THUMBNAIL_EDGES, PictureKey
from dcmaudit.review.state.selection import GAPPED, Filter, Selection
from dcmaudit.review.state.sight import Sight
from dcmaudit.web.browse import browse
from dcmaudit.web.classes import ClassRoutes
from dcmaudit.web.outputs import OutputRoutes
from dcmaudit.web.planes import PlaneRoutes, view_of, wanted_picture
from dcmaudit.web.replies import body_of, error_reply, query_number, reply, status_of
from dcmaudit.web.stacks import StackRoutes

LONGEST_WAIT = 30
_PAGE = 500
_UNREADABLE = 422
_SPOOLED = 8 * 2**20
_CHUNK = 2**16
_MOST_PAINTED = 10_000
_EDGES = ", ".join(map(str, THUMBNAIL_EDGES))


class Routes:
    """The routes of one reviewer."""

    def __init__(self, app: ReviewApp) -> None:
        self._app, self._services = app, app.services

    def all(self) -> list[Route]:
        """Every route below ``/api``."""
        session = "/api/d/{doc}"
        return [
            Route("/api/commands", self.commands),
            Route("/api/documents", self.open_session, methods=["POST"]),
            Route("/api/browse", self.browse),
            Route(f"{session}/state", self.state),
            Route(f"{session}/do", self.do, methods=["POST"]),
            *PlaneRoutes(self._app).all(),
            *OutputRoutes(self._app).all(),
            *ClassRoutes(self._app).all(),
            Route(f"{session}/image/{{file_id:int}}/{{key}}", self.image),
            Route(f"{session}/thumb/{{file_id:int}}/{{key}}", self.thumb),
            *StackRoutes(self._app).all(),
            Route(f"{session}/planes/{{file_id:int}}", self.planes),
            Route(f"{session}/worklist", self.worklist),
            Route(f"{session}/series", self.series),
            Route(f"{session}/tags/{{file_id:int}}", self.tags),
            Route(f"{session}/export/rects.csv", self.export_rects),
            Route(f"{session}/export/tags.csv", self.export_tags),
        ]

    # The page's frame

    async def commands(self, _request: Request) -> Response:
        """The table of commands."""
        return reply([command_json(command) for command in COMMANDS])

    async def open_session(self, _request: Request) -> Response:
        """A new session for a new tab; its id is in every address after that."""
        session = await run_in_threadpool(self._app.open_session)
        return reply({"doc": session.id})

    async def browse(self, request: Request) -> Response:
        """A folder for the open dialogs."""
        path = request.query_params.get("path")
        return reply(await run_in_threadpool(browse, path, self._services.settings.browse_roots))

    # State and commands

    async def state(self, request: Request) -> Response:
        """The state; with ``after`` only once it is newer than that, or when ``wait`` seconds are over."""
        session = self._session(request)
        after = query_number(request, "after", 0, most=2**53)
        wait = query_number(request, "wait", 0, most=LONGEST_WAIT)
        # The page waits here for news: no answer until there is some, or the wait is over.
        if wait and session.revision <= after:
            await self._newer(request, session, after, wait)
        return reply(await run_in_threadpool(self._app.state, session))

    async def _newer(self, request: Request, session: Session, after: int, wait: int) -> None:
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(changed.set)

        session.listen(wake)
        try:
            end = loop.time() + wait
            while session.revision <= after and loop.time() < end and not self._app.is_ending:
                changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), min(1.0, max(0.0, end - loop.time())))
                if await request.is_disconnected():
                    return
        finally:
            session.forget(wake)

    async def do(self, request: Request) -> Response:
        """Carry a command out; the state after it, also where it was refused."""
        session = self._session(request)
        body = await body_of(request)
        name, arguments = body.get("command"), body.get("args", {})
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise UsageError("a request needs a command (text) and args (an object)")
        painted = _painted(body.get("painted"))

        def work() -> Response:
            try:
                self._app.perform(session, name, arguments, painted)
            except DcmauditError as error:
                return error_reply(error, {"state": self._app.state(session)})
            return reply(self._app.state(session))

        answer = await run_in_threadpool(work)
        # After the answer: making pictures ahead must not hold up the one that is wanted now.
        if name != "walk":  # a held key has its planes already
            answer.background = BackgroundTask(self._services.files.prefetch, session)
        return answer

    # Pictures

    async def image(self, request: Request) -> Response:
        """One plane as PNG."""
        file_id, key = request.path_params["file_id"], request.path_params["key"]
        return await self._picture(request, PictureKey(file_id, parse_key(key), view_of(request)), key)

    async def thumb(self, request: Request) -> Response:
        """One plane as a small PNG, its longer side at most ``edge`` pixels long; 204 where it cannot be made, and with
        ``guess=1`` also where the file has no such plane."""
        file_id, key = request.path_params["file_id"], request.path_params["key"]
        edge = query_number(request, "edge", THUMBNAIL_EDGES[0], most=2**20)
        if edge not in THUMBNAIL_EDGES:
            raise UsageError(f"there is no small picture of {edge} pixels", hint=f"allowed: {_EDGES}")
        address = parse_key(key)
        try:
            return await self._picture(request, PictureKey(file_id, address, View(), thumbnail=edge), key)
        except DcmauditError as error:
            session = self._session(request)
            is_guess = query_number(request, "guess", 0, most=1) == 1
            has = partial(self._has, session, file_id, address)
            if status_of(error) != _UNREADABLE or not (is_guess or await run_in_threadpool(has)):
                raise
            # Among thousands of tiles one without a picture is what its tile says, and no fault of the page; the
            # plane itself (``image``, ``plane``) is refused with its reason.
            return Response(status_code=204, headers={"X-Plane": f"{file_id}/{key}", "X-Note": quote(error.message)})

    def _has(self, session: Session, file_id: int, address: PlaneAddress) -> bool:
        """Whether the file has that plane; also where it cannot be opened, for then nobody knows."""
        try:
            return self._app.planes_of(session, file_id).find(address) is not None
        except DcmauditError:
            return True

    async def _picture(self, request: Request, picture: PictureKey, label: str) -> Response:
        session = self._session(request)
        pictures = self._services.pictures
        data = await wanted_picture(request, pictures, picture, self._app.referrer(session, picture.file_id))
        headers = {"X-Plane": f"{picture.file_id}/{label}"}
        told = pictures.remark(picture)
        # A thumbnail gets no ticket: nobody could have read text on it.
        if not picture.thumbnail:
            shown = told.rendering if told is not None else picture.view.rendering
            headers["X-Ticket"] = self._services.tickets.issue(session.id, picture.file_id, label, shown.value)
        if told is not None and told.reason is not None:
            # The remark is text in any letters, and a header is not: the page decodes it.
            headers |= {"X-Rendering": told.rendering.value, "X-Note": quote(told.reason)}
        return Response(data, media_type="image/png", headers=headers)

    # Lists

    async def planes(self, request: Request) -> Response:
        """A part of a file's list of planes."""
        session, file_id = self._session(request), request.path_params["file_id"]
        start = query_number(request, "start", 0, most=2**40)
        count = query_number(request, "count", 200, most=_PAGE)
        planes = await run_in_threadpool(self._app.planes_of, session, file_id)
        rows = await run_in_threadpool(plane_rows, session, file_id, planes, start, count)
        return reply({"total": len(planes), "planes": rows})

    async def worklist(self, request: Request) -> Response:
        """A part of the list of files."""
        session = self._session(request)
        start = query_number(request, "start", 0, most=2**40)
        count = query_number(request, "count", 200, most=_PAGE)
        status, text = request.query_params.get("status") or None, request.query_params.get("text", "")
        if status is not None and status not in {GAPPED, *(state.value for state in ReviewState)}:
            raise UsageError(f"there is no state {status!r}")

        def work() -> Response:
            worklist, own = session.worklist, session.selection
            places = own.places
            if status == GAPPED:
                self._services.gaps.note(session)
                places = Selection(worklist, Filter(ignore_done=False, text=text, is_gapped=True)).places
            elif status is not None:
                # Every file in that state, also those that the options leave out: they are being looked for.
                places = Selection(worklist, Filter(ignore_done=False, status=ReviewState(status), text=text)).places
            elif text:
                places = own.narrowed(text)
            shown = [places[index] for index in range(start, min(start + count, len(places)))]
            self._services.worklists.ask_again(worklist, shown)
            rows = worklist_rows(session, self._services, [(own.index(place), place) for place in shown])
            return reply({"total": len(places), "start": start, "growing": worklist.growing, "rows": rows})

        return await run_in_threadpool(work)

    async def series(self, request: Request) -> Response:
        """The files of the open file's series, a part of the list at a time."""
        session = self._session(request)
        start = query_number(request, "start", 0, most=2**40)
        count = query_number(request, "count", 50, most=_PAGE)
        return reply(await run_in_threadpool(series_files, session, self._services, start, count))

    async def tags(self, request: Request) -> Response:
        """The tag table of a file."""
        session, file_id = self._session(request), request.path_params["file_id"]
        reference = self._app.referrer(session, file_id)

        def work() -> Response:
            with self._services.instances.lease(file_id, reference) as instance:
                rows: list[TagRow] = [
                    {"depth": row.depth, "tag": row.tag, "name": row.name, "vr": row.vr, "value": row.value}
                    for row in instance.tag_rows()
                ]
            return reply({"rows": rows})

        return await run_in_threadpool(work)

    # Exports

    async def export_rects(self, request: Request) -> Response:
        """Every rectangle as CSV."""
        return await self._export(request, self._services.database.store.export_rects, "rects.csv")

    async def export_tags(self, request: Request) -> Response:
        """The table of tags as CSV."""
        return await self._export(request, self._services.database.store.export_tags, "tags.csv")

    async def _export(self, request: Request, export: Callable[[TextIO], int], name: str) -> Response:
        self._session(request)

        def work() -> IO[str]:
            # newline="" because the exporter itself ends lines as CSV does.
            spool = tempfile.SpooledTemporaryFile(_SPOOLED, "w+", newline="", encoding="utf-8")  # noqa: SIM115
            export(cast("TextIO", spool))
            spool.seek(0)
            return spool

        spool = await run_in_threadpool(work)
        headers = {"Content-Disposition": f'attachment; filename="dcmaudit-{name}"'}
        return StreamingResponse(_chunks(spool), media_type="text/csv; charset=utf-8", headers=headers)

    # Help

    def _session(self, request: Request) -> Session:
        return self._app.session(request.path_params["doc"])


async def _chunks(spool: IO[str]) -> AsyncIterator[str]:
    try:
        while chunk := await run_in_threadpool(spool.read, _CHUNK):
            yield chunk
    finally:
        spool.close()


def _painted(value: object) -> list[Sight]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MOST_PAINTED:
        raise UsageError(f"painted must be a list of at most {_MOST_PAINTED} planes")
    return [Sight.parse(item) for item in value]
