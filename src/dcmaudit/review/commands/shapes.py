"""Commands that store shapes: regions to keep, fans and polygons."""

from __future__ import annotations

from collections.abc import Sequence

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import Box, Everywhere, PlaneKind, Point, Scope, Size
from dcmaudit.model.records import RectRow, shape_rect
from dcmaudit.model.shapes import Shape, ShapeKind, ShapePart, parse_shape
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.changes import note_change, require_unchanged
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.marked_areas import frame_count, is_stored, single_frame
from dcmaudit.review.state.open_file import OpenFile, is_shown
from dcmaudit.review.state.session import Session
from dcmaudit.store import RemovalKind, Store


def keep(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the handled rectangle (or ``box``) as the region that is kept of this plane: all outside of it is black."""
    shape = _kept(session, arguments)
    _store(session, services, shape, session.plane().address, ())


def keep_all_frames(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the handled rectangle as the region that is kept of every image frame."""
    shape = _kept(session, arguments)
    _store(session, services, shape, _on_frames(session), ())


def mark_shape(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the shape with that ``text`` for this plane, or for ``scope`` all frames; in the place of the row ``id``.

    UsageError for a text that is no shape, for one that blacks or keeps nothing, and for a row that is no shape here.
    """
    size = _size(session)
    shape = parse_shape(take.text(arguments, "text"))
    scope: Scope = session.plane().address
    if arguments.get("scope") is not None:
        if take.text(arguments, "scope") != Everywhere.ALL_FRAMES.value:
            raise UsageError(
                "a shape lies on one plane or on all frames", hint=f"allowed: {Everywhere.ALL_FRAMES.value}"
            )
        scope = _on_frames(session)
    former: Sequence[RectRow] = ()
    if arguments.get("id") is not None:
        wanted = take.text(arguments, "id")
        former = [row for row in session.opened().rects_here() if row.id == wanted and row.shape is not None]
        if not former:
            raise UsageError("that shape is not stored for this plane", hint="it may have been removed already")
        if former[0].scope is Everywhere.ALL_FRAMES and arguments.get("scope") is None:
            scope = Everywhere.ALL_FRAMES
    _store(session, services, shape.on(size), scope, former)


def _kept(session: Session, arguments: Arguments) -> Shape:
    size = _size(session)
    box = take.box(arguments, "box") if arguments.get("box") is not None else session.handled()
    inside = box.clipped(size) if box is not None else None
    if inside is None:
        raise UsageError("the rectangle lies outside the plane", hint=f"it has {size.width} x {size.height} pixels")
    # A region to keep that is everything says nothing, and would count as a decision.
    if inside == Box.whole(size):
        raise UsageError("the rectangle is the whole plane, so that nothing would be black", hint="make it smaller")
    corners = Point(inside.left, inside.top), Point(inside.right, inside.bottom)
    return Shape(keep=True, parts=(ShapePart(ShapeKind.RECTANGLE, corners),), size=size)


def _size(session: Session) -> Size:
    file, plane = session.opened(), session.plane()
    if plane.size is None or not is_shown(plane):
        raise ReviewError("nothing can be marked on a plane that cannot be shown", file=file.name)
    return plane.size


def _on_frames(session: Session) -> Scope:
    file = session.opened()
    if session.plane().kind is not PlaneKind.FRAME:
        raise ReviewError("a shape for all frames is drawn on an image frame", hint="go to an image frame")
    return single_frame(file.planes, Everywhere.ALL_FRAMES)


def _store(session: Session, services: Services, shape: Shape, scope: Scope, former: Sequence[RectRow]) -> None:
    """Store the shape in the place of ``former``, as one change that can be taken back."""
    file, store = session.opened(), services.database.store
    frames = frame_count(file.planes) if scope is Everywhere.ALL_FRAMES else None
    new = shape_rect(shape, scope, frames=frames)
    if new.box is not None and is_stored(_without(file, former), file.planes, new.box, scope, shape):
        session.say("This shape is marked already; nothing was stored.")
        return
    require_unchanged(services, file)
    ids = store.add_rects(file.name, [new])
    # The one goes after the other is there, also when it is taken back and done again: a failure between the two leaves
    # too much black, never too little.
    removed: list[RectRow] = []
    rows: list[RectRow] = []

    def take_back() -> None:
        _put_back(store, file.name, removed)
        rows[:] = store.remove_rects(ids) or rows

    def again() -> None:
        _put_back(store, file.name, rows)
        if removed:
            store.remove_rects([row.id for row in removed], RemovalKind.TAKEN_BACK)

    try:
        if former:
            removed += store.remove_rects([row.id for row in former], RemovalKind.TAKEN_BACK)
    finally:  # whatever failed, what was written can be taken back
        note_change(session, services, file, "adjusting a shape" if former else shape.title, take_back, again)


def _put_back(store: Store, name: str, rows: Sequence[RectRow]) -> None:
    """Put removed rows back; those that a try before this one has put back are there."""
    there = {row.id for row in store.rects(name)} if rows else set()
    missing = [row for row in rows if row.id not in there]
    if missing:
        store.restore_rects(missing)


def _without(file: OpenFile, former: Sequence[RectRow]) -> list[RectRow]:
    gone = {row.id for row in former}
    return [row for row in file.rects if row.id not in gone]
