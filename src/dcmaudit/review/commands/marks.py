"""Commands that store and remove rectangles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dcmaudit.errors import ReviewError, StoreError, UsageError
from dcmaudit.model import (
    Box,
    Everywhere,
    FrameAddress,
    PlaneAddress,
    PlaneKind,
    Region,
    Scope,
)
from dcmaudit.model.counts import counted
from dcmaudit.model.shapes import Shape
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import previews
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.changes import note_change, require_unchanged
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.page_words import told
from dcmaudit.review.state.history import Change
from dcmaudit.review.state.kept import black_rows
from dcmaudit.review.state.marked_areas import frame_count, is_stored, single_frame
from dcmaudit.review.state.offers import is_offered, offers
from dcmaudit.review.state.open_file import OpenFile, hidden_area, is_shown
from dcmaudit.review.state.session import Session
from dcmaudit.store import NewRect, RectRow, RemovalKind

_SCOPES = {scope.value: scope for scope in Everywhere}


def mark(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the handled rectangle (or ``box``) for this plane, or for ``scope``; nothing where it is marked already."""
    _mark(session, services, arguments, _scope(session.opened(), arguments, session.plane().address))


def mark_handled_everywhere(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the handled rectangle for every image frame of the file."""
    file = session.opened()
    if not frame_count(file.planes):
        raise ReviewError("the file has no image frames", file=file.name, hint="mark this plane alone")
    _mark(session, services, arguments, single_frame(file.planes, Everywhere.ALL_FRAMES))
    if session.plane().kind is not PlaneKind.FRAME:
        session.say("Marked on every image frame. The plane on screen is none of them.", "warning")


def mark_all_planes(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the handled rectangle for everything in the file: frames, overlays and whatever else it holds."""
    _mark(session, services, arguments, Everywhere.ALL_PLANES)


def mark_group(session: Session, services: Services, arguments: Arguments) -> None:
    """Store ``box`` for every plane of the ``group`` of the file on screen, as one step: as drawn on a projection."""
    file, number, box = session.opened(), take.number(arguments, "group"), take.box(arguments, "box")
    if file.file_id != take.number(arguments, "file_id") or not 0 <= number < len(file.planes.groups):
        raise ReviewError("the projection is of another file than the open one", hint="ask for it again")
    group = file.planes.groups[number]
    inside = box.clipped(group.size) if group.size is not None and group.reason is None else None
    if inside is None:
        raise UsageError("the rectangle lies outside the planes")
    if group.kind is PlaneKind.FRAME:
        scopes: list[Scope] = [single_frame(file.planes, Everywhere.ALL_FRAMES)]
    else:
        scopes = [group.address(position) for position in range(len(group.frames))]
    frames = frame_count(file.planes) if scopes[0] is Everywhere.ALL_FRAMES else None
    new = [
        NewRect(inside, scope, frames=frames)
        for scope in scopes
        if not is_stored(black_rows(session.keeps, file), file.planes, inside, scope)
    ]
    count = len(group.frames)
    where = f"all {count} planes of {group.title}" if count > 1 else group.title
    if not new:
        session.say(f"This rectangle is marked on {where} already; nothing was stored.")
        return
    add_rects(session, services, file, new, f"a rectangle on {where}")
    session.say(f"Marked on {where}; one undo takes it back. Each of them still has to be looked at.")


def _mark(session: Session, services: Services, arguments: Arguments, scope: Scope) -> None:
    file, plane = session.opened(), session.plane()
    if plane.size is None or not is_shown(plane):
        raise ReviewError("nothing can be marked on a plane that cannot be shown", file=file.name)
    box = take.box(arguments, "box") if arguments.get("box") is not None else session.handled()
    inside = box.clipped(plane.size) if box is not None else None
    if inside is None:
        raise UsageError(
            "the rectangle lies outside the plane",
            hint=f"the plane has {plane.size.width} x {plane.size.height} pixels",
        )
    if is_stored(black_rows(session.keeps, file), file.planes, inside, scope):
        black = {row.id for row in black_rows(session.keeps, file)}
        here = (row for row in file.rects_here() if row.id in black)
        same = next((row.id for row in here if row.box == inside and row.shape is None), None)
        session.say(_marked_already(file, inside, scope), rect=same)
        return
    frames = frame_count(file.planes) if scope is Everywhere.ALL_FRAMES else None
    add_rects(session, services, file, [NewRect(inside, scope, frames=frames)], "rectangle")


def _marked_already(file: OpenFile, box: Box, scope: Scope) -> str:
    """Why nothing was stored: which mark is there already."""
    same = [row for row in file.rects if row.box == box and row.shape is None]
    wide = {row.scope for row in same if isinstance(row.scope, Everywhere)}
    where = next((other.value for other in Everywhere if other in wide), "this plane")
    where = scope.value if isinstance(scope, Everywhere) and not wide else where
    return f"This rectangle is marked on {where} already; nothing was stored."


def apply_all(session: Session, services: Services, _arguments: Arguments) -> None:
    """Store every suggestion of the plane on screen, each where it means: one of a rule on all frames."""
    file = session.opened()
    services.suggestions.complete(file)
    here = offers(session.options, file, session.plane())
    offered = [item for item in here if is_offered(session.options, item.region)]
    shown = [item.region for item in offered if not item.is_empty]
    left = len(offered) - len(shown)
    if shown:
        _apply(session, services, file, shown)
    # Applying all must not black flat areas by the dozen: those are most often an engine's mistake.
    if left:
        session.say(f"{left} suggested over nothing but one flat value: left out. Right click applies it all the same.")
    elif not shown:
        session.say("There are no suggestions on this plane.")


def apply_all_frames(session: Session, services: Services, _arguments: Arguments) -> None:
    """Store every suggestion of the image frame on screen for all image frames of the file."""
    file, plane = session.opened(), session.plane()
    if plane.kind is not PlaneKind.FRAME:
        raise ReviewError("all frames are marked from an image frame", file=file.name, hint="go to an image frame")
    services.suggestions.complete(file)
    here = offers(session.options, file, plane)
    shown = [item.region for item in here if is_offered(session.options, item.region) and not item.is_empty]
    if not shown:
        session.say("There are no suggestions on this plane.")
        return
    _apply(session, services, file, shown, single_frame(file.planes, Everywhere.ALL_FRAMES))


def apply_one(session: Session, services: Services, arguments: Arguments) -> None:
    """Store the suggestion with that ``id`` where it means, or for ``scope``."""
    file = session.opened()
    wanted = take.text(arguments, "id")
    plane = session.plane()
    offered = [*file.suggestions_here(), *file.set_aside_on(plane), *file.hidden_on(plane)]
    chosen = [item.region for item in offered if item.id == wanted]
    if not chosen:
        raise UsageError("that suggestion is not on this plane", hint="it may have been applied already")
    is_asked = arguments.get("scope") is not None
    _apply(session, services, file, chosen, _scope(file, arguments, session.plane().address) if is_asked else None)


def reject_one(session: Session, services: Services, arguments: Arguments) -> None:
    """Stop showing the suggestion with that ``id`` for this file; what suggested it learns from that at once."""
    file = session.opened()
    wanted = take.text(arguments, "id")
    item = next((item for item in file.suggestions_here() if item.id == wanted), None)
    if item is None:
        raise UsageError("that suggestion is not on this plane")
    plane, area = session.plane(), hidden_area(item.region)
    may_write = services.database.may_write

    def reject() -> None:
        with file.lock:
            file.change(rejected=file.rejected | {wanted}, hidden=file.hidden | {area})
        if may_write:
            services.database.store.hide(file.name, area)
        if item.region.shape is None:
            _judge(session, services, file, plane.address, item.region.box, is_rejected=True)

    def take_back() -> None:
        with file.lock:
            file.change(rejected=file.rejected - {wanted}, hidden=file.hidden - {area})
        services.database.store.unhide(file.name, area)
        if item.region.shape is None:
            _judge(session, services, file, plane.address, item.region.box, is_rejected=False)

    reject()
    if may_write:
        label = "hiding a suggestion"
        services.records.changed(
            session, Change(label, session.worklist, file.place, file.name, session.address(), take_back, reject)
        )


def _judge(
    session: Session, services: Services, file: OpenFile, address: PlaneAddress, box: Box, *, is_rejected: bool
) -> None:
    """Note what became of the suggestions that somebody has said no to; the rest is noted when the file is done."""
    said_no = {(address, box)}
    with file.lock:
        file.change(refused=file.refused | said_no if is_rejected else file.refused - said_no)
    if not services.database.may_write:
        return
    try:
        services.learning.teach_refusals(services.database.store, file)
    except StoreError as error:
        session.say(f"The suggestion is hidden, but nothing was learned from that. {told(error)}", "warning")


def remove_rect(session: Session, services: Services, arguments: Arguments) -> None:
    """Delete one stored rectangle of the open file."""
    file = session.opened()
    wanted = take.text(arguments, "id")
    rows = [row for row in file.rects if row.id == wanted and (row.box is not None or row.problem is not None)]
    if not rows:
        raise UsageError("that rectangle is not stored for this file", hint="it may have been removed already")
    _remove(session, services, file, rows, "removing a rectangle")


def clear_file(session: Session, services: Services, _arguments: Arguments) -> None:
    """Remove everything that is stored about the open file: rectangles, tag and comment. It is not done then."""
    file, store = session.opened(), services.database.store
    former = [store.clear(file.name)]
    if not former[0].rects and former[0].tag is None:
        session.say("Nothing is stored about this file.")
        return

    def again() -> None:
        former[0] = store.clear(file.name)

    note_change(session, services, file, "removing everything marked", lambda: store.restore(former[0]), again)
    session.say("Everything marked on this file was removed; Ctrl+Z brings it back.")


def _apply(
    session: Session, services: Services, file: OpenFile, regions: Sequence[Region], scope: Scope | None = None
) -> None:
    plane = session.plane()
    new: dict[tuple[Box, Scope, Shape | None], NewRect] = {}
    is_outside = True
    for region in regions:
        box = region.box.clipped(plane.size) if plane.size else None
        if box is None or (region.shape is not None and region.shape.size != plane.size):
            continue
        is_outside = False
        if region.shape is None:  # the learning knows rectangles alone
            with file.lock:
                file.change(accepted=file.accepted | {box})
        made = previews.accepted(session, previews.new_rect(file, replace(region, box=box), scope))
        if not is_stored(black_rows(session.keeps, file), file.planes, box, made.scope, made.shape):
            new.setdefault((box, made.scope, made.shape), made)
    if is_outside:
        raise ReviewError("the suggestions lie outside this plane", file=file.name)
    added = _once(list(new.values()))
    if not added:
        session.say("Everything suggested here is marked already; nothing was stored.")
        return
    add_rects(session, services, file, added, "rectangle" if len(added) == 1 else counted(len(added), "rectangle"))


def _once(rects: Sequence[NewRect]) -> list[NewRect]:
    """Without those of one plane whose box is among them for all frames as well."""
    wide = {(rect.box, rect.shape) for rect in rects if rect.scope is Everywhere.ALL_FRAMES}
    return [rect for rect in rects if not (isinstance(rect.scope, FrameAddress) and (rect.box, rect.shape) in wide)]


def add_rects(session: Session, services: Services, file: OpenFile, new: Sequence[NewRect], label: str) -> None:
    """Store them as one change that can be taken back. Errors as the store raises them."""
    require_unchanged(services, file)
    store = services.database.store
    ids = store.add_rects(file.name, new)
    rows: list[RectRow] = []

    def take_back() -> None:
        rows[:] = store.remove_rects(ids)

    def again() -> None:
        store.restore_rects(rows)

    note_change(session, services, file, label, take_back, again)


def _remove(session: Session, services: Services, file: OpenFile, rows: Sequence[RectRow], label: str) -> None:
    store = services.database.store
    removed = store.remove_rects([row.id for row in rows], RemovalKind.REMOVED)

    def take_back() -> None:
        store.restore_rects(removed)

    def again() -> None:
        store.remove_rects([row.id for row in removed], RemovalKind.REMOVED)

    note_change(session, services, file, label, take_back, again)


def _scope(file: OpenFile, arguments: Arguments, address: PlaneAddress) -> Scope:
    value = arguments.get("scope")
    if value is None or value == "this plane":
        return address
    scope = _SCOPES.get(value) if isinstance(value, str) else None
    if scope is None:
        raise UsageError(f"there is no scope {value!r}", hint=f"allowed: this plane, {', '.join(_SCOPES)}")
    return single_frame(file.planes, scope)
