"""Commands that change the database: rectangles, tags, comments, done; and taking them back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dcmaudit.errors import ReviewError, StoreError, UsageError
from dcmaudit.model import Box, DeviceFacts, Everywhere, Origin, PlaneAddress, PlaneKind, Region, ReviewState, Scope
from dcmaudit.review import arguments as take
from dcmaudit.review import learning
from dcmaudit.review.arguments import Arguments
from dcmaudit.review.history import Change
from dcmaudit.review.openfile import OpenFile, is_shown
from dcmaudit.review.series import on_every_frame
from dcmaudit.review.session import Session
from dcmaudit.review.suggest import is_offered
from dcmaudit.store import NewRect, OcrEngine, RectRow, TagRecord

_SCOPES = {scope.value: scope for scope in Everywhere}


def mark(session: Session, arguments: Arguments) -> None:
    """Store the handled rectangle (or ``box``) for this plane, or for ``scope``."""
    _mark(session, arguments, _scope(session.opened(), arguments, session.plane().address))


def mark_all_frames(session: Session, arguments: Arguments) -> None:
    """Store the handled rectangle for every image frame of the file."""
    file = session.opened()
    if all(group.kind is not PlaneKind.FRAME for group in file.planes.groups):
        raise ReviewError("the file has no image frames", file=file.name, hint="mark this plane alone")
    _mark(session, arguments, on_every_frame(file.facts.number_of_frames if file.facts else 0))
    if session.plane().kind is not PlaneKind.FRAME:
        session.say("Marked on every image frame. The plane on screen is none of them.", "warning")


def mark_all_planes(session: Session, arguments: Arguments) -> None:
    """Store the handled rectangle for everything in the file: frames, overlays and whatever else it holds."""
    _mark(session, arguments, Everywhere.ALL_PLANES)


def _mark(session: Session, arguments: Arguments, scope: Scope) -> None:
    file, plane = session.opened(), session.plane()
    if plane.size is None or not is_shown(plane):
        raise ReviewError("nothing can be marked on a plane that cannot be shown", file=file.name)
    box = take.box(arguments, "box") if arguments.get("box") is not None else session.cursor
    inside = box.clipped(plane.size) if box is not None else None
    if inside is None:
        raise UsageError(
            "the rectangle lies outside the plane",
            hint=f"the plane has {plane.size.width} x {plane.size.height} pixels",
        )
    _add(session, file, [NewRect(inside, scope)], "rectangle")


def apply_all(session: Session, _arguments: Arguments) -> None:
    """Store every suggestion of the plane on screen."""
    file = session.opened()
    session.desk.suggest_now(session, file)
    offered = [item for item in file.suggestions_here() if is_offered(session.options, item.region)]
    shown = [item.region for item in offered if not item.is_empty]
    left = len(offered) - len(shown)
    if shown:
        _apply(session, file, shown)
    if left:
        session.say(f"{left} suggested over nothing but one flat value: left out. Right click applies it all the same.")
    elif not shown:
        session.say("There are no suggestions on this plane.")


def apply_one(session: Session, arguments: Arguments) -> None:
    """Store the suggestion with that ``id``, for this plane or for ``scope``."""
    file = session.opened()
    wanted = take.text(arguments, "id")
    offered = [*file.suggestions_here(), *file.set_aside_on(session.plane())]
    chosen = [item.region for item in offered if item.id == wanted]
    if not chosen:
        raise UsageError("that suggestion is not on this plane", hint="it may have been applied already")
    _apply(session, file, chosen, _scope(file, arguments, session.plane().address))


def reject_one(session: Session, arguments: Arguments) -> None:
    """Stop showing the suggestion with that ``id`` for this file; what suggested it learns from that at once."""
    file = session.opened()
    wanted = take.text(arguments, "id")
    item = next((item for item in file.suggestions_here() if item.id == wanted), None)
    if item is None:
        raise UsageError("that suggestion is not on this plane")
    plane = session.plane()
    may_write = not session.desk.viewer and session.desk.store.is_writable

    def reject() -> None:
        file.rejected.add(wanted)
        _judge(session, file, plane.address, item.region.box, is_rejected=True)

    def take_back() -> None:
        file.rejected.discard(wanted)
        _judge(session, file, plane.address, item.region.box, is_rejected=False)

    reject()
    if may_write:
        label = "hiding a suggestion"
        session.changed(Change(label, session.worklist, file.place, file.name, session.key(), take_back, reject))


def _judge(session: Session, file: OpenFile, address: PlaneAddress, box: Box, *, is_rejected: bool) -> None:
    """Note what became of the suggestions that somebody has said no to; the rest is noted when the file is done."""
    refused = file.learning.refused
    (refused.add if is_rejected else refused.discard)((address.key, box))
    if session.desk.viewer or not session.desk.store.is_writable:
        return
    try:
        learning.teach_refusals(session.desk.store, file)
    except StoreError as error:
        session.say(f"The suggestion is hidden, but nothing was learned from that. {error}", "warning")


def remove_rect(session: Session, arguments: Arguments) -> None:
    """Delete one stored rectangle of the open file."""
    file = session.opened()
    wanted = take.text(arguments, "id")
    rows = [row for row in file.rects if row.id == wanted and row.box is not None]
    if not rows:
        raise UsageError("that rectangle is not stored for this file", hint="it may have been removed already")
    _remove(session, file, rows, "removing a rectangle")


def clear_file(session: Session, _arguments: Arguments) -> None:
    """Remove everything that is stored about the open file: rectangles, tag and comment. It is not done then."""
    file, store = session.opened(), session.desk.store
    former = [store.clear(file.name)]
    if not former[0].rects and former[0].tag is None:
        session.say("Nothing is stored about this file.")
        return

    def again() -> None:
        former[0] = store.clear(file.name)

    _note(session, file, "removing everything marked", lambda: store.restore(former[0]), again)
    session.say("Everything marked on this file was removed; Ctrl+Z brings it back.")


def tag(session: Session, _arguments: Arguments) -> None:
    """Tag the file for another look, or take the tag away. Either way the file counts as done."""
    file = session.opened()
    _require_unchanged(session, file)
    marked = not (file.tag is not None and file.tag.marked)
    former = session.desk.store.set_marked(file.name, *_device(file), marked=marked)
    _note_tag(session, file, former, "tagging" if marked else "untagging")


def comment(session: Session, arguments: Arguments) -> None:
    """Set the comment of the file, empty to remove it. The file counts as done; a tag stays."""
    file = session.opened()
    _require_unchanged(session, file)
    text = take.text(arguments, "text").strip()
    former = session.desk.store.set_comment(file.name, text or None, *_device(file))
    _note_tag(session, file, former, "commenting")


def mark_done(session: Session, file: OpenFile) -> None:
    """Mark the file as done and store what was seen; a tag and a comment that are there stay.

    ReviewError where the file was changed since it was opened: nobody has seen what is in it now.
    """
    _require_unchanged(session, file)
    session.desk.contents.keep(file)
    former = session.desk.store.mark_done(file.name, *_device(file))
    _note_tag(session, file, former, "marking as done")


def undo(session: Session, _arguments: Arguments) -> None:
    """Take the last change back, and show where it was."""
    change = session.history.undo()
    _show(session, change)
    session.say(f"Undone: {change.label}.")


def redo(session: Session, _arguments: Arguments) -> None:
    """Do the change again that was taken back last, and show where it was."""
    change = session.history.redo()
    _show(session, change)
    session.say(f"Done again: {change.label}.")


def _show(session: Session, change: Change) -> None:
    session.desk.announce(change.name, session)
    if change.worklist is not session.worklist:
        return
    if session.file is None or session.file.place != change.place:
        session.show(change.place)
    file = session.opened()
    session.load_records(file)
    file.searched = set()
    session.desk.refresh_state(session.worklist, change.place)
    for place, plane in enumerate(file.planes):
        if plane.address.key == change.key:
            session.go(place)
            return


def _apply(session: Session, file: OpenFile, regions: Sequence[Region], scope: Scope | None = None) -> None:
    plane = session.plane()
    new = []
    for region in regions:
        box = region.box.clipped(plane.size) if plane.size else None
        if box is not None:
            engine = OcrEngine.LINES if region.origin is Origin.OCR else OcrEngine.NONE
            file.learning.accepted.add(box)
            where = scope or plane.address
            new.append(NewRect(box, where, engine=engine, text=region.text or "", verdict=region.verdict))
    if not new:
        raise ReviewError("the suggestions lie outside this plane", file=file.name)
    _add(session, file, new, "rectangle" if len(new) == 1 else f"{len(new)} rectangles")


def _add(session: Session, file: OpenFile, new: Sequence[NewRect], label: str) -> None:
    _require_unchanged(session, file)
    store = session.desk.store
    ids = store.add_rects(file.name, new)
    rows: list[RectRow] = []

    def take_back() -> None:
        rows[:] = store.remove_rects(ids)

    def again() -> None:
        store.restore_rects(rows)

    _note(session, file, label, take_back, again)


def _remove(session: Session, file: OpenFile, rows: Sequence[RectRow], label: str) -> None:
    store = session.desk.store
    removed = store.remove_rects([row.id for row in rows])

    def take_back() -> None:
        store.restore_rects(removed)

    def again() -> None:
        store.remove_rects([row.id for row in removed])

    _note(session, file, label, take_back, again)


def _note_tag(session: Session, file: OpenFile, former: TagRecord | None, label: str) -> None:
    store, name = session.desk.store, file.name
    try:
        learning.teach(store, file)
    except StoreError as error:
        session.say(f"The file is done, but nothing was learned from it. {error}", "warning")
    later: list[TagRecord | None] = []

    def take_back() -> None:
        later[:] = [store.restore_tag(name, former)]

    _note(session, file, label, take_back, lambda: _ignore(store.restore_tag(name, later[0])))


def _device(file: OpenFile) -> tuple[DeviceFacts, str | None]:
    """What the file is compared by: from its header, else what the database has, else nothing."""
    if file.facts is not None:
        return file.facts.device, file.facts.sop_class_uid
    return file.tag.device if file.tag is not None else DeviceFacts(), None


def _require_unchanged(session: Session, file: OpenFile) -> None:
    if session.desk.contents.has_changed(file):
        raise ReviewError(
            "the file was changed after it was opened; what is on screen may not be in it, and nothing was stored",
            file=file.name,
            hint="read it again (File menu, or the button above the picture) to look at it as it is now",
        )


def _ignore(_value: object) -> None:
    """For a function whose answer is not wanted."""


def _note(session: Session, file: OpenFile, label: str, undo_: Callable[[], None], redo_: Callable[[], None]) -> None:
    session.load_records(file)
    # A mark on one plane changes what is likely on the others.
    file.searched = set()
    session.desk.suggest(session, file)
    session.desk.refresh_state(session.worklist, file.place)
    session.desk.contents.identify(file)
    session.changed(Change(label, session.worklist, file.place, file.name, session.key(), undo_, redo_))


def _scope(file: OpenFile, arguments: Arguments, address: PlaneAddress) -> Scope:
    value = arguments.get("scope")
    if value is None or value == "this plane":
        return address
    scope = _SCOPES.get(value) if isinstance(value, str) else None
    if scope is None:
        raise UsageError(f"there is no scope {value!r}", hint=f"allowed: this plane, {', '.join(_SCOPES)}")
    return on_every_frame(file.facts.number_of_frames) if scope is Everywhere.ALL_FRAMES and file.facts else scope


def state_of(file: OpenFile) -> ReviewState:
    """The state that the records of the file mean."""
    if file.tag is not None:
        return ReviewState.TAGGED if file.tag.marked else ReviewState.DONE
    return ReviewState.IN_WORK if file.rects else ReviewState.NOT_REVIEWED
