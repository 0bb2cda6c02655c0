"""The routes for files that were redacted from the page: their list, and a plane before and after."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dcmaudit.review import ReviewApp
from dcmaudit.review.page.output_rows import output_planes, output_row
from dcmaudit.web.planes import view_of
from dcmaudit.web.replies import query_number, reply

_PAGE = 500


class OutputRoutes:
    """The routes of one reviewer for what it redacted."""

    def __init__(self, app: ReviewApp) -> None:
        self._app, self._outputs = app, app.services.outputs

    def all(self) -> list[Route]:
        """Every route for outputs."""
        session = "/api/d/{doc}"
        return [
            Route(f"{session}/outputs", self.rows),
            Route(f"{session}/output/{{number:int}}/planes", self.planes),
            Route(f"{session}/output/{{number:int}}/pair/{{key}}", self.pair),
        ]

    async def rows(self, request: Request) -> Response:
        """A part of the list, newest first."""
        self._app.session(request.path_params["doc"])
        start = query_number(request, "start", 0, most=2**40)
        count = query_number(request, "count", 100, most=_PAGE)
        total, outputs = self._outputs.state.newest(start, count)
        return reply({"total": total, "rows": [output_row(one) for one in outputs]})

    async def planes(self, request: Request) -> Response:
        """A part of the planes of an output's original."""
        self._app.session(request.path_params["doc"])
        number = request.path_params["number"]
        start = query_number(request, "start", 0, most=2**40)
        count = query_number(request, "count", 200, most=_PAGE)
        planes, output = await run_in_threadpool(self._outputs.planes, number)
        rows = await run_in_threadpool(output_planes, planes, output, start, count)
        return reply({"total": len(planes), "planes": rows})

    async def pair(self, request: Request) -> Response:
        """One plane before, with the same one after below it, as PNG. No ticket: neither counts as seen."""
        self._app.session(request.path_params["doc"])
        number, key = request.path_params["number"], request.path_params["key"]
        data, missing = await run_in_threadpool(self._outputs.pair, number, key, view_of(request))
        headers = {"X-Plane": f"{number}/{key}", "X-Note": quote(missing)}
        return Response(data, media_type="image/png", headers=headers)
