"""The routes of projections: all planes of a group in one picture, as far as they are read, and who made a pixel."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dcmaudit.errors import UsageError
from dcmaudit.model import PlaneGroup, PlaneList, Point, Projection
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.page.rect_states import mark_json
from dcmaudit.review.services.stack_marks import marks_of_all
from dcmaudit.review.services.stack_members import SERIES, Member, StackKey, series_key, series_members, series_stack
from dcmaudit.review.services.stack_reading import StackReading
from dcmaudit.review.state.sight import named_view
from dcmaudit.web.replies import query_number, reply

_LISTED = 500
"""Planes that are named in one answer."""


class StackRoutes:
    """The routes of one reviewer for projections."""

    def __init__(self, app: ReviewApp) -> None:
        self._app, self._services = app, app.services

    def all(self) -> list[Route]:
        """Every route for projections."""
        return [
            Route("/api/d/{doc}/projection/{file_id:int}/{group}", self.projection),
            Route("/api/d/{doc}/drill/{file_id:int}/{group}", self.drill),
            Route("/api/d/{doc}/alone/{file_id:int}/{group}", self.alone),
            Route("/api/d/{doc}/stackmarks/{file_id:int}", self.marks),
        ]

    async def projection(self, request: Request) -> Response:
        """All planes of a group, or all frames of the series, in one PNG; or those that are read so far.

        More than ``after`` are in it, and it is empty while none is read. Only the picture of all of them has a ticket,
        and counts as anything.
        """
        session, file_id, group = self._asked(request)
        projection, after = _projection(request), query_number(request, "after", 0, most=2**40)
        sheet = _sheet(request, projection)

        def work() -> Response:
            reading, label = self._reading(session, file_id, group, is_for_text=projection is Projection.TEXT)
            through = reading.wait(projection, after)
            headers = {
                "X-Plane": f"{file_id}/{label}",
                "X-Through": f"{through}/{len(reading.members)}",
                "X-Left-Out": str(len(reading.left_out)),
                "X-Sheets": f"{reading.sheets}/{len(reading.alone)}",
            }
            if through < len(reading.members) and not reading.has_picture(projection):
                return Response(status_code=204, headers=headers)
            data = reading.picture(projection, sheet if through == len(reading.members) else 0)
            if through == len(reading.members):
                issue = self._services.tickets.issue
                headers["X-Ticket"] = issue(session.id, file_id, reading.signed(label), named_view(projection, sheet))
            return Response(data, media_type="image/png", headers=headers)

        return await run_in_threadpool(work)

    async def drill(self, request: Request) -> Response:
        """The plane that a projection shows at a point, among those that are read."""
        session, file_id, group = self._asked(request)
        x, y = query_number(request, "x", 0, most=2**32), query_number(request, "y", 0, most=2**32)
        projection = _projection(request)
        sheet = _sheet(request, projection)

        def work() -> Response:
            reading, label = self._reading(session, file_id, group)
            reading.wait(projection, 0)
            return reply(self._found(session, reading, label, reading.maker(projection, Point(x, y), sheet)))

        return await run_in_threadpool(work)

    async def alone(self, request: Request) -> Response:
        """The planes with writing that no sheet of the text map shows: each has to be looked at by itself.

        ``complete`` says whether all of them are known; before that there are none.
        """
        session, file_id, group = self._asked(request)

        def work() -> Response:
            reading, label = self._reading(session, file_id, group, is_for_text=True)
            is_complete, numbers = reading.has_sheets, reading.alone
            planes = [self._found(session, reading, label, number) for number in numbers[:_LISTED]]
            return reply({"total": len(numbers), "planes": planes, "complete": is_complete})

        return await run_in_threadpool(work)

    async def marks(self, request: Request) -> Response:
        """What is black on every frame of the series that is in its projection."""
        session, file_id = self._app.session(request.path_params["doc"]), request.path_params["file_id"]

        def work() -> Response:
            stack = series_stack(session, file_id)
            reading, _label = self._reading(session, file_id, None)
            marks = marks_of_all(self._services.database, stack, reading, session.keeps)
            return reply({"marks": [mark_json(box, shape) for box, shape in marks]})

        return await run_in_threadpool(work)

    def _found(self, session: Session, reading: StackReading, label: str, number: int) -> dict[str, object]:
        """A plane of a stack, and the way to it."""
        member = reading.members[number]
        found: dict[str, object] = {"file_id": member.file_id, "key": member.address.key}
        if label == SERIES:
            return {**found, "index": None, "title": f"plane {number + 1}/{len(reading.members)}"}
        planes = self._app.planes_of(session, member.file_id)
        index = planes.find(member.address) or 0
        return {**found, "index": index, "title": planes[index].title}

    def _asked(self, request: Request) -> tuple[Session, int, int | None]:
        session, group = self._app.session(request.path_params["doc"]), request.path_params["group"]
        if group != SERIES and not group.isdecimal():
            raise UsageError("the file has no such group of planes")
        return session, request.path_params["file_id"], None if group == SERIES else int(group)

    def _reading(
        self, session: Session, file_id: int, number: int | None, *, is_for_text: bool = False
    ) -> tuple[StackReading, str]:
        """The stack of a group, or (None) of the series, and its label in tickets."""
        reference = self._app.referrer(session, file_id)
        if number is None:
            stack = series_stack(session, file_id)
            key = series_key(stack, file_id)
            return self._services.stacks.open(key, lambda: series_members(stack), is_for_text=is_for_text), SERIES
        group = _group(self._app.planes_of(session, file_id), number)
        reading = self._services.stacks.open(
            StackKey(file_id, f"g{number}"),
            lambda: [Member(file_id, reference, group.address(place)) for place in range(len(group.frames))],
            is_for_text=is_for_text,
        )
        return reading, f"g{number}"


def _projection(request: Request) -> Projection:
    value = request.query_params.get("how", Projection.MAX.value)
    allowed = [item.value for item in Projection]
    if value not in allowed:
        raise UsageError(f"there is no projection {value!r}", hint=f"allowed: {', '.join(allowed)}")
    return Projection(value)


def _sheet(request: Request, projection: Projection) -> int:
    """Which sheet of the text map is asked for, from 0; the other views have one."""
    return query_number(request, "sheet", 0, most=64) if projection is Projection.TEXT else 0


def _group(planes: PlaneList, number: int) -> PlaneGroup:
    if number >= len(planes.groups):
        raise UsageError("the file has no such group of planes")
    return planes.groups[number]
