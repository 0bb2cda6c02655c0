"""Commands that take a mark to other frames of its file: from the one on screen on, or to all of them."""

from __future__ import annotations

from dcmaudit.errors import ReviewError
from dcmaudit.model import Everywhere, PlaneAddress, PlaneKind
from dcmaudit.model.counts import counted
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.marks import add_rects, mark_handled_everywhere
from dcmaudit.review.commands.targets import Target, target_of
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.kept import black_rows
from dcmaudit.review.state.marked_areas import is_stored, single_frame
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session

MOST_ROWS = 20_000
"""Rows that one key may add to the tables."""
ROWS_OF_A_SHAPE = 64
"""Rows of DicomRects by which a shape is covered on one plane, at most."""


def copy_forwards(session: Session, services: Services, arguments: Arguments) -> None:
    """Store a mark on the frame on screen and on every image frame after it; frames that have it are left as they are.

    It is the mark or suggestion with ``id``, else ``box`` or the handled rectangle. On the first frame that means all
    of them. ReviewError on a plane that is no image frame, and where it would be more than ``MOST_ROWS`` rows.
    """
    file, plane = session.opened(), session.plane()
    if plane.kind is not PlaneKind.FRAME:
        raise ReviewError("frames are marked from an image frame", file=file.name, hint="go to an image frame")
    target = target_of(session, arguments)
    position = file.index - file.planes.group_start(file.index)
    # From the first frame on means all of them: one row says that better than one a frame.
    if position == 0:
        _copy_everywhere(session, services, file, target)
        return
    addresses = [plane.group.address(number) for number in range(position, len(plane.group.frames))]
    missing = [
        one
        for one in addresses
        if not is_stored(black_rows(session.keeps, file), file.planes, target.box, one, target.shape)
    ]
    if not missing:
        session.say("It is marked on this frame and all after it already; nothing was stored.")
        return
    _require_few(file, target, missing)
    add_rects(session, services, file, [target.at(session, one) for one in missing], f"{target.title} from here on")
    there = len(addresses) - len(missing)
    already = f" {counted(there, 'of them has it', 'of them have it')} already." if there else ""
    where = f"{plane.title} and {counted(len(addresses) - 1, 'frame')} after it"
    session.say(f"Marked on {where if len(addresses) > 1 else plane.title}.{already}")


def mark_all_frames(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the handled rectangle, or the mark or suggestion with ``id``, for every image frame of the file."""
    if "id" in arguments:
        _copy_everywhere(session, services, session.opened(), target_of(session, arguments))
    else:
        mark_handled_everywhere(session, services, arguments)


def _copy_everywhere(session: Session, services: Services, file: OpenFile, target: Target) -> None:
    scope = single_frame(file.planes, Everywhere.ALL_FRAMES)
    if is_stored(black_rows(session.keeps, file), file.planes, target.box, scope, target.shape):
        session.say("It is marked on all frames already; nothing was stored.")
        return
    add_rects(session, services, file, [target.at(session, scope)], f"{target.title} on all frames")
    session.say("Marked on every image frame of the file.")


def _require_few(file: OpenFile, target: Target, addresses: list[PlaneAddress]) -> None:
    rows = len(addresses) * (1 if target.shape is None else ROWS_OF_A_SHAPE)
    if rows > MOST_ROWS:
        raise ReviewError(
            f"{counted(len(addresses), 'frame')} from here on would be too many rows for the database",
            file=file.name,
            hint="mark it on all frames instead",
        )
