"""Which area a command is about: the mark or suggestion that it names, else the handled rectangle."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import Box, Everywhere, Plane, Region, Scope
from dcmaudit.model.records import NewRect, shape_rect
from dcmaudit.model.shapes import Shape
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import previews
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.state.marked_areas import frame_count
from dcmaudit.review.state.open_file import OpenFile, is_shown
from dcmaudit.review.state.session import Session


@dataclass(frozen=True, slots=True)
class Target:
    """An area of the plane on screen: a box, or the shape that it is around; ``region`` where it was suggested."""

    box: Box
    shape: Shape | None = None
    region: Region | None = None

    @property
    def title(self) -> str:
        """What it is, for people."""
        return "rectangle" if self.shape is None else self.shape.title

    def at(self, session: Session, scope: Scope) -> NewRect:
        """The mark that it becomes at ``scope``; of a suggestion with the text and verdict that it has."""
        file = session.opened()
        if self.region is not None:
            return previews.accepted(session, previews.new_rect(file, replace(self.region, box=self.box), scope))
        frames = frame_count(file.planes) if scope is Everywhere.ALL_FRAMES else None
        if self.shape is not None:
            return shape_rect(self.shape, scope, frames=frames)
        return NewRect(self.box, scope, frames=frames)


def target_of(session: Session, arguments: Arguments) -> Target:
    """The mark or suggestion with ``id`` on the plane on screen, else ``box``, else the handled rectangle.

    ReviewError on a plane that cannot be shown; UsageError for an id that is not there, and outside of the plane.
    """
    file, plane = session.opened(), session.plane()
    if plane.size is None or not is_shown(plane):
        raise ReviewError("nothing can be marked on a plane that cannot be shown", file=file.name)
    found = _named(file, plane, take.text(arguments, "id")) if "id" in arguments else _handled(session, arguments)
    inside = found.box.clipped(plane.size) if found is not None else None
    # A shape is points on a plane of one size: on another it means nothing.
    if found is None or inside is None or (found.shape is not None and found.shape.size != plane.size):
        raise UsageError(
            "that rectangle is not on this plane", hint=f"it has {plane.size.width} x {plane.size.height} pixels"
        )
    return replace(found, box=inside)


def _named(file: OpenFile, plane: Plane, wanted: str) -> Target | None:
    stored = (Target(row.box, row.shape) for row in file.rects_on(plane) if row.id == wanted and row.box is not None)
    offered = (*file.suggestions_on(plane), *file.set_aside_on(plane), *file.hidden_on(plane))
    suggested = (Target(item.region.box, item.region.shape, item.region) for item in offered if item.id == wanted)
    return next(stored, None) or next(suggested, None)


def _handled(session: Session, arguments: Arguments) -> Target | None:
    box = take.box(arguments, "box") if arguments.get("box") is not None else session.handled()
    return None if box is None else Target(box)
