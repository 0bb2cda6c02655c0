"""The routes for classes of files, and for files as tiles."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dcmaudit.errors import UsageError
from dcmaudit.model import SpreadKind
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.page.class_rows import class_files, class_list, list_files, tile_rows
from dcmaudit.review.services.class_survey import shown_survey
from dcmaudit.web.replies import query_number, reply

_PAGE = 200
_TILES = 200


class ClassRoutes:
    """The routes of one reviewer for classes and tiles."""

    def __init__(self, app: ReviewApp) -> None:
        self._app = app

    def all(self) -> list[Route]:
        """Every route for classes."""
        session = "/api/d/{doc}"
        return [
            Route(f"{session}/classes", self.rows),
            Route(f"{session}/class/{{number:int}}/files", self.files),
            Route(f"{session}/class/{{number:int}}/spread", self.spread),
            Route(f"{session}/files", self.every),
            Route(f"{session}/tiles", self.tiles),
        ]

    def _session(self, request: Request) -> Session:
        return self._app.session(request.path_params["doc"])

    async def rows(self, request: Request) -> Response:
        """A part of the classes."""
        session = self._session(request)
        start = query_number(request, "start", 0, most=2**40)
        count = query_number(request, "count", 100, most=_PAGE)
        return reply(await run_in_threadpool(class_list, session, self._app.services, start, count))

    async def files(self, request: Request) -> Response:
        """The ids of the files of a class."""
        session, number = self._session(request), request.path_params["number"]
        return reply(await run_in_threadpool(class_files, session, self._app.services, number))

    async def every(self, request: Request) -> Response:
        """The ids of the files that the list shows."""
        return reply(await run_in_threadpool(list_files, self._session(request)))

    async def tiles(self, request: Request) -> Response:
        """What some files look like as tiles."""
        session = self._session(request)
        ids = _numbers(request.query_params.get("ids", ""))
        return reply({"rows": await run_in_threadpool(tile_rows, session, self._app.services, ids)})

    async def spread(self, request: Request) -> Response:
        """One picture of all files of a class as PNG."""
        session, number = self._session(request), request.path_params["number"]
        kind = request.query_params.get("kind", SpreadKind.MAX.value)
        allowed = [each.value for each in SpreadKind]
        if kind not in allowed:
            raise UsageError(f"there is no spread {kind!r}", hint=f"allowed: {', '.join(allowed)}")

        def work() -> bytes:
            return shown_survey(self._app.services.classes, session).picture(number, SpreadKind(kind))

        return Response(await run_in_threadpool(work), media_type="image/png")


def _numbers(text: str) -> list[int]:
    """Whole numbers between commas; UsageError for anything else, and for too many."""
    parts = text.split(",") if text else []
    if len(parts) > _TILES or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        raise UsageError(f"ids must be at most {_TILES} whole numbers between commas")
    return [int(part) for part in parts]
