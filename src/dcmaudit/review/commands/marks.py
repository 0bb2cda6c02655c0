"""Commands that change the database: rectangles, tags, comments, done; and taking them back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from dcmaudit.errors import ReviewError, StoreError, UsageError
from dcmaudit.model import (
    Box,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    PlaneAddress,
    PlaneKind,
    Region,
    ReviewState,
    Scope,
)
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import previews
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.services import learning
from dcmaudit.review.services.page_words import told
from dcmaudit.review.services.suggestions import is_offered, offers
from dcmaudit.review.state.history import Change
from dcmaudit.review.state.marked_areas import frame_count, is_stored, single_frame
from dcmaudit.review.state.name_list import short_name
from dcmaudit.review.state.open_file import OpenFile, is_shown, place_of
from dcmaudit.review.state.seen import GLANCES
from dcmaudit.review.state.session import Session
from dcmaudit.store import NewRect, RectRow, Removal, RemovalKind, Store, TagChange, TakenBack

_SCOPES = {scope.value: scope for scope in Everywhere}


def mark(session: Session, arguments: Arguments) -> None:
    """Store the handled rectangle (or ``box``) for this plane, or for ``scope``; nothing where it is marked already."""
    _mark(session, arguments, _scope(session.opened(), arguments, session.plane().address))


def mark_all_frames(session: Session, arguments: Arguments) -> None:
    """Store the handled rectangle for every image frame of the file."""
    file = session.opened()
    if not frame_count(file.planes):
        raise ReviewError("the file has no image frames", file=file.name, hint="mark this plane alone")
    _mark(session, arguments, single_frame(file.planes, Everywhere.ALL_FRAMES))
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
    if is_stored(file.rects, file.planes, inside, scope):
        session.say(_marked_already(file, inside, scope))
        return
    frames = frame_count(file.planes) if scope is Everywhere.ALL_FRAMES else None
    _add(session, file, [NewRect(inside, scope, frames=frames)], "rectangle")


def _marked_already(file: OpenFile, box: Box, scope: Scope) -> str:
    """Why nothing was stored: which mark is there already."""
    wide = {row.scope for row in file.rects if row.box == box and isinstance(row.scope, Everywhere)}
    where = next((other.value for other in Everywhere if other in wide), "this plane")
    where = scope.value if isinstance(scope, Everywhere) and not wide else where
    return f"This rectangle is marked on {where} already; nothing was stored."


def apply_all(session: Session, _arguments: Arguments) -> None:
    """Store every suggestion of the plane on screen, each where it means: one of a rule on all frames."""
    file = session.opened()
    session.desk.suggest_now(session, file)
    here = offers(session.options, file, session.plane())
    offered = [item for item in here if is_offered(session.options, item.region)]
    shown = [item.region for item in offered if not item.is_empty]
    left = len(offered) - len(shown)
    if shown:
        _apply(session, file, shown)
    if left:
        session.say(f"{left} suggested over nothing but one flat value: left out. Right click applies it all the same.")
    elif not shown:
        session.say("There are no suggestions on this plane.")


def apply_all_frames(session: Session, _arguments: Arguments) -> None:
    """Store every suggestion of the image frame on screen for all image frames of the file."""
    file, plane = session.opened(), session.plane()
    if plane.kind is not PlaneKind.FRAME:
        raise ReviewError("all frames are marked from an image frame", file=file.name, hint="go to an image frame")
    session.desk.suggest_now(session, file)
    here = offers(session.options, file, plane)
    shown = [item.region for item in here if is_offered(session.options, item.region) and not item.is_empty]
    if not shown:
        session.say("There are no suggestions on this plane.")
        return
    _apply(session, file, shown, single_frame(file.planes, Everywhere.ALL_FRAMES))


def apply_one(session: Session, arguments: Arguments) -> None:
    """Store the suggestion with that ``id`` where it means, or for ``scope``."""
    file = session.opened()
    wanted = take.text(arguments, "id")
    plane = session.plane()
    offered = [*file.suggestions_here(), *file.set_aside_on(plane), *file.hidden_on(plane)]
    chosen = [item.region for item in offered if item.id == wanted]
    if not chosen:
        raise UsageError("that suggestion is not on this plane", hint="it may have been applied already")
    is_asked = arguments.get("scope") is not None
    _apply(session, file, chosen, _scope(file, arguments, session.plane().address) if is_asked else None)


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
        file.hidden.add(place_of(item.region))
        if may_write:
            session.desk.store.hide(file.name, place_of(item.region))
        _judge(session, file, plane.address, item.region.box, is_rejected=True)

    def take_back() -> None:
        file.rejected.discard(wanted)
        file.hidden.discard(place_of(item.region))
        session.desk.store.unhide(file.name, place_of(item.region))
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
        session.say(f"The suggestion is hidden, but nothing was learned from that. {told(error)}", "warning")


def remove_rect(session: Session, arguments: Arguments) -> None:
    """Delete one stored rectangle of the open file."""
    file = session.opened()
    wanted = take.text(arguments, "id")
    rows = [row for row in file.rects if row.id == wanted and (row.box is not None or row.problem is not None)]
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


def tag(session: Session, arguments: Arguments) -> None:
    """Tag the file for another look, or take the tag away. Either way the file counts as done."""
    file = session.opened()
    _require_asked_about(arguments, file)
    session.question = previews.question(session, file, "tag", arguments)
    if session.question is None:
        marked = not (file.tag is not None and file.tag.marked)
        _finish(session, file, arguments, TagChange(marked=marked), "tagging" if marked else "untagging")
        _say_implied(session, file, "Tagged for another look" if marked else "The tag is taken away")


def comment(session: Session, arguments: Arguments) -> None:
    """Set the comment of the file, empty to remove it. The file counts as done; a tag stays."""
    file = session.opened()
    _require_asked_about(arguments, file)
    text = take.text(arguments, "text").strip()
    session.question = previews.question(session, file, "comment", {**arguments, "text": text})
    if session.question is None:
        _finish(session, file, arguments, TagChange(comment=text), "commenting")
        _say_implied(session, file, "The comment is stored" if text else "The comment is taken away")


def _say_implied(session: Session, file: OpenFile, what: str) -> None:
    """A tag and a comment mean done, too: where not all was seen that must not go without a word."""
    if not file.looked.is_whole:
        unseen = told_unseen(file) or "Not all of it could be shown."
        session.say_too(f"{what}. The file counts as done now. {unseen} The database notes that.", "warning")


def told_unseen(file: OpenFile) -> str:
    """How many planes of the file nobody could have read, and how they were shown, in a sentence; else empty."""
    looked = file.looked
    if not looked.unseen:
        return ""
    parts = [f"{looked.in_part} only in part"] if looked.in_part else []
    counts = [(how, file.seen.only(file.planes, how)) for how in GLANCES]
    parts += [f"{count} {how.words}" for how, count in counts if count]
    never = looked.unseen - looked.in_part - sum(count for _how, count in counts)
    if never and parts:
        parts.append(f"{never} never shown")
    how = f": {', '.join(parts)}" if parts else ""
    return f"{looked.unseen} of {looked.planes} planes {'was' if looked.unseen == 1 else 'were'} not seen{how}."


def mark_done(session: Session, file: OpenFile, arguments: Arguments) -> None:
    """Mark the file as done and store what was seen; a tag and a comment that are there stay.

    ReviewError where the file was changed since it was opened: nobody has seen what is in it now.
    """
    _require_unchanged(session, file)
    session.desk.contents.keep(file)
    _finish(session, file, arguments, TagChange(), "marking as done")


def _require_asked_about(arguments: Arguments, file: OpenFile) -> None:
    """UsageError for the answer to a question that was about another file."""
    if arguments.get("file_id") is not None and take.number(arguments, "file_id") != file.file_id:
        raise UsageError("the question was about another file", hint="press the key again")


def _finish(session: Session, file: OpenFile, arguments: Arguments, change: TagChange, label: str) -> None:
    """Write the tag row, after which the file is done, and store or leave what is black on the screen and no mark."""
    _require_unchanged(session, file)
    session.desk.contents.keep(file)
    store = session.desk.store
    beside = previews.at_finish(session, file, previews.policy_of(session, arguments))
    device, sop_class = _device(file)
    done = store.finish(
        file.name,
        device,
        sop_class,
        change=change,
        rects=beside.rects,
        screen=beside.screen,
        looked=replace(file.looked, unshown=session.unshown_parts(file)),
    )
    session.load_records(file)
    try:
        learning.teach(store, file)
    except StoreError as error:
        session.say(f"The file is done, but nothing was learned from it. {told(error)}", "warning")
    else:
        if beside.message:
            session.say(beside.message, beside.kind)
    taken: list[TakenBack] = []

    def take_back() -> None:
        taken[:] = [store.take_back(done)]

    _note(session, file, label, take_back, lambda: store.finish_again(taken[0]))


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
    place = change.place if change.place is not None else session.worklist.find(change.name)
    if place is None:
        return
    if session.file is None or session.file.place != place:
        session.selection.include(place)
        session.show(place)
    file = session.opened()
    session.load_records(file)
    file.searched = set()
    session.desk.refresh_state(session.worklist, place)
    for index, plane in enumerate(file.planes):
        if plane.address.key == change.key:
            session.go(index)
            return


def remember_removals(session: Session) -> None:
    """Let undo reach what this user removed before the page was loaded, or the program started."""
    store = session.desk.store
    if session.desk.viewer or not store.is_writable:
        return
    with suppress(StoreError):
        session.history.remember([_earlier(session, store, removal) for removal in reversed(store.removals())])


def _earlier(session: Session, store: Store, removal: Removal) -> Change:
    rows: list[RectRow] = []

    def take_back() -> None:
        rows[:] = store.restore_removal(removal.act)

    def again() -> None:
        if removal.kind is RemovalKind.CLEARED:
            store.clear(removal.filename)
        else:
            store.remove_rects([row.id for row in rows], RemovalKind.REMOVED)

    what = "removing everything marked" if removal.kind is RemovalKind.CLEARED else "removing a rectangle"
    label = f"{what} on {short_name(removal.filename)}, {removal.at:%Y-%m-%d %H:%M}"
    return Change(label, session.worklist, None, removal.filename, None, take_back, again)


def _apply(session: Session, file: OpenFile, regions: Sequence[Region], scope: Scope | None = None) -> None:
    plane = session.plane()
    new: dict[tuple[Box, Scope], NewRect] = {}
    is_outside = True
    for region in regions:
        box = region.box.clipped(plane.size) if plane.size else None
        if box is None:
            continue
        is_outside = False
        file.learning.accepted.add(box)
        made = previews.new_rect(file, replace(region, box=box), scope)
        if not is_stored(file.rects, file.planes, box, made.scope):
            new.setdefault((box, made.scope), made)
    if is_outside:
        raise ReviewError("the suggestions lie outside this plane", file=file.name)
    added = _once(list(new.values()))
    if not added:
        session.say("Everything suggested here is marked already; nothing was stored.")
        return
    _add(session, file, added, "rectangle" if len(added) == 1 else f"{len(added)} rectangles")


def _once(rects: Sequence[NewRect]) -> list[NewRect]:
    """Without those of one plane whose box is among them for all frames as well."""
    wide = {rect.box for rect in rects if rect.scope is Everywhere.ALL_FRAMES}
    return [rect for rect in rects if not (isinstance(rect.scope, FrameAddress) and rect.box in wide)]


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
    removed = store.remove_rects([row.id for row in rows], RemovalKind.REMOVED)

    def take_back() -> None:
        store.restore_rects(removed)

    def again() -> None:
        store.remove_rects([row.id for row in removed], RemovalKind.REMOVED)

    _note(session, file, label, take_back, again)


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
    return single_frame(file.planes, scope)


def state_of(file: OpenFile) -> ReviewState:
    """The state that the records of the file mean."""
    if file.tag is not None:
        return ReviewState.TAGGED if file.tag.marked else ReviewState.DONE
    return ReviewState.IN_WORK if file.rects else ReviewState.NOT_REVIEWED
