"""The routes of projections: all planes of a group in one picture, as far as they are read, and who made a pixel."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dcmaudit.errors import UsageError
from dcmaudit.model import PlaneGroup, PlaneList, Point, Projection
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.services.plane_stacks import Member, StackKey, StackReading
from dcmaudit.web.replies import query_number, reply


class StackRoutes:
    """The routes of one reviewer for projections."""

    def __init__(self, app: ReviewApp) -> None:
        self._app, self._services = app, app.services

    def all(self) -> list[Route]:
        """Every route for projections."""
        return [
            Route("/api/d/{doc}/projection/{file_id:int}/{group:int}", self.projection),
            Route("/api/d/{doc}/drill/{file_id:int}/{group:int}", self.drill),
        ]

    async def projection(self, request: Request) -> Response:
        """All planes of a group in one PNG, or those that are read so far: more than ``after``; nothing while none is.

        Only the picture of all of them has a ticket, and counts as anything.
        """
        session, file_id, number = self._asked(request)
        projection, after = _projection(request), query_number(request, "after", 0, most=2**40)

        def work() -> Response:
            reading = self._reading(session, file_id, number, is_for_text=projection is Projection.TEXT)
            through = reading.wait(projection, after)
            headers = {
                "X-Plane": f"{file_id}/g{number}",
                "X-Through": f"{through}/{len(reading.members)}",
                "X-Left-Out": str(len(reading.left_out)),
            }
            if through < len(reading.members) and not reading.has_picture(projection):
                return Response(status_code=204, headers=headers)
            data = reading.picture(projection)
            if through == len(reading.members):
                issue = self._services.tickets.issue
                headers["X-Ticket"] = issue(session.id, file_id, f"g{number}", projection.value)
            return Response(data, media_type="image/png", headers=headers)

        return await run_in_threadpool(work)

    async def drill(self, request: Request) -> Response:
        """The plane that a projection shows at a point, among those that are read."""
        session, file_id, number = self._asked(request)
        x, y = query_number(request, "x", 0, most=2**32), query_number(request, "y", 0, most=2**32)
        projection = _projection(request)

        def work() -> Response:
            planes = self._planes(session, file_id)
            reading = self._reading(session, file_id, number)
            reading.wait(projection, 0)
            member = reading.members[reading.maker(projection, Point(x, y))]
            index = planes.find(member.address) or 0
            return reply({"index": index, "title": planes[index].title})

        return await run_in_threadpool(work)

    def _asked(self, request: Request) -> tuple[Session, int, int]:
        session = self._app.session(request.path_params["doc"])
        return session, request.path_params["file_id"], request.path_params["group"]

    def _reading(self, session: Session, file_id: int, number: int, *, is_for_text: bool = False) -> StackReading:
        group = _group(self._planes(session, file_id), number)
        reference = self._app.referrer(session, file_id)
        return self._services.stacks.open(
            StackKey(file_id, f"g{number}"),
            lambda: [Member(file_id, reference, group.address(place)) for place in range(len(group.frames))],
            is_for_text=is_for_text,
        )

    def _planes(self, session: Session, file_id: int) -> PlaneList:
        reference = self._app.referrer(session, file_id)
        with session.lock:
            if session.file is not None and session.file.file_id == file_id and not session.file.opening:
                return session.file.planes
        with self._services.instances.lease(file_id, reference) as instance:
            return instance.planes


def _projection(request: Request) -> Projection:
    value = request.query_params.get("how", Projection.MAX.value)
    allowed = [item.value for item in Projection]
    if value not in allowed:
        raise UsageError(f"there is no projection {value!r}", hint=f"allowed: {', '.join(allowed)}")
    return Projection(value)


def _group(planes: PlaneList, number: int) -> PlaneGroup:
    if number >= len(planes.groups):
        raise UsageError("the file has no such group of planes")
    return planes.groups[number]
