"""Commands that go somewhere. None of them writes a review state; ``done-next`` alone does, before it moves."""

from __future__ import annotations

from dataclasses import replace

from dcmaudit.errors import UsageError
from dcmaudit.model import HowSeen, PlaneKind, ReviewState, parse_key
from dcmaudit.model.counts import counted
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import opening, previews
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.doubts import doubts_of
from dcmaudit.review.commands.finish import mark_done, told_unseen
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.name_list import short_name
from dcmaudit.review.state.open_file import FrameSearch, OpenFile
from dcmaudit.review.state.seen import NumberRanges
from dcmaudit.review.state.selection import GAPPED, Walk
from dcmaudit.review.state.session import Awaited, Question, Session


def next_frame(session: Session, services: Services, _arguments: Arguments) -> None:
    """The next plane of the file: frames, then overlay by overlay, then the rest."""
    file = session.opened()
    if file.index + 1 < len(file.planes):
        services.files.go(session, file.index + 1)
    elif file.search in {FrameSearch.WAITING, FrameSearch.SCANNING} or not _beside(session, services, 1):
        session.say(_at_the_end(file))


def previous_frame(session: Session, services: Services, _arguments: Arguments) -> None:
    """The plane before."""
    file = session.opened()
    if file.index > 0:
        services.files.go(session, file.index - 1)
    elif not _beside(session, services, -1):
        session.say("This is the first plane of the file.")


def _beside(session: Session, services: Services, step: int) -> bool:
    """Go on into the next file of the series, or back into the one before at its last plane; whether there is one."""
    target = session.beside_in_series(step)
    if target is None:
        return False
    session.selection.include(target)
    services.files.show(session, target, from_end=step < 0)
    return True


def next_overlay(session: Session, services: Services, _arguments: Arguments) -> None:
    """The first plane of the next group; what is left of this group counts as skipped on purpose."""
    file = session.opened()
    if not len(file.planes):
        session.say(_at_the_end(file))
        return
    number, start = file.group_number, file.planes.group_start(file.index)
    group = file.planes.groups[number]
    # Planes that are jumped over are noted as skipped, so that nobody takes them for seen.
    file.seen.add(group, file.index + 1 - start, len(group.frames), HowSeen.SKIPPED)
    services.ledger.soon(session, file)
    after = file.planes.next_group(file.index)
    if after is not None:
        services.files.go(session, after)
        return
    services.files.go(session, len(file.planes) - 1)
    no_overlay = all(g.kind not in {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY} for g in file.planes.groups)
    session.say(("This file has no overlays. " if no_overlay else "No group comes after this one. ") + _go_on(file))


def next_unseen(session: Session, services: Services, _arguments: Arguments) -> None:
    """The next plane of the file that was not seen whole, after the last one from the first on."""
    file = session.opened()
    services.content.keep(file)
    index = _unseen_after(file)
    if index is None:
        session.say(
            "Every plane of the file that can be shown was seen. " + _go_on(file)
            if len(file.planes)
            else _at_the_end(file)
        )
        return
    services.files.go(session, index)
    part = file.seen.part(file.planes[index].address)
    if part is not None:
        session.say(f"{part.share:.0%} of this plane was seen; still to be seen: {part.places_left}.")


def _unseen_after(file: OpenFile) -> int | None:
    """The index of the first plane after the one on screen that can be shown and was not seen whole, going round."""
    found: list[int] = []
    start = 0
    for group in file.planes.groups:
        count = len(group.frames)
        if group.kind is not PlaneKind.UNSHOWN and group.size is not None:
            gaps = NumberRanges([(0, count)]).without(file.seen.positions(group, HowSeen.SEEN))
            found += [start + position for gap in gaps for position in _ends(gap, file.index + 1 - start)]
        start += count
    after = [index for index in found if index > file.index]
    return min(after, default=min(found, default=None))


def _ends(gap: tuple[int, int], here: int) -> list[int]:
    """Where a gap begins, and where it goes on from position ``here`` where that lies within."""
    start, end = gap
    return [start, here] if start < here < end else [start]


def next_file(session: Session, services: Services, _arguments: Arguments) -> None:
    """The next file of the list."""
    _step(session, services, 1)


def previous_file(session: Session, services: Services, _arguments: Arguments) -> None:
    """The file before in the list."""
    _step(session, services, -1)


def done_next(session: Session, services: Services, arguments: Arguments) -> None:
    """Mark the file as done, then the next file; asks first where planes were not seen."""
    file = session.opened()
    confirmed = take.flag(arguments, "confirm")
    # What was on the stage until now counts only once it is stored.
    services.content.keep(file)
    doubts = [] if confirmed else doubts_of(services, file)
    asked_too = previews.question(session, services, file, "done-next", {**arguments, "confirm": True})
    if doubts or asked_too:
        session.question = _question(file, doubts, asked_too)
        return
    asked = arguments.get("file_id")
    # The answer comes from a page that may show another file by now.
    if asked is not None and asked != file.file_id:
        raise UsageError("the question was about another file", hint="press N again")
    mark_done(session, services, file, arguments)
    told = session.take_message()
    _step(session, services, 1)
    end = session.message
    lacking = "" if file.looked.is_whole else f"{told_unseen(file)} The database notes that.".strip()
    if told is not None or lacking:
        # What became of previews must not be lost behind the words about the end of the list.
        words = [told.text if told else "", lacking, end.text if end else ""]
        kind = "warning" if lacking or told is None else told.kind
        session.say(f"Done: {short_name(file.name)}. {' '.join(filter(None, words))}", kind)


def _question(file: OpenFile, doubts: list[str], about_previews: Question | None) -> Question:
    if about_previews is not None:
        return replace(about_previews, text=" ".join([*doubts, about_previews.text, "Finish the file all the same?"]))
    return Question(
        text=" ".join([*doubts, "Mark the file as done all the same?"]),
        command="done-next",
        arguments={"confirm": True, "file_id": file.file_id},
        yes="Mark as done",
        no="Go on looking",
    )


def go_file(session: Session, services: Services, arguments: Arguments) -> None:
    """The file at ``index`` (from 0) of the list, or the one with that ``file_id``, also where it is left out.

    It is opened at the plane with that ``key``, where it has such a one.
    """
    address = parse_key(take.text(arguments, "key")) if arguments.get("key") else None
    if "file_id" in arguments:
        place = session.worklist.place(take.number(arguments, "file_id"))
        session.selection.include(place)
        services.files.show(session, place, address)
        return
    index = take.number(arguments, "index")
    total = len(session.selection)
    if not 0 <= index < total:
        raise UsageError(f"there is no file number {index + 1}", hint=f"the list has {counted(total, 'file')}")
    services.files.show(session, session.selection[index], address)


def come_back(session: Session, services: Services, arguments: Arguments) -> None:
    """The file whose name has this ``mark``, at the plane with that ``key``: where the page was when the program ended.

    Where the page had ``opened`` its list, the list that this user opened last is opened again. While folders are still
    being read the file is waited for, until the person does something.
    """
    address = parse_key(take.text(arguments, "key")) if arguments.get("key") else None
    if take.flag(arguments, "opened") and not session.worklist.is_opened:
        opening.open_recent(session, services)
    session.awaited = Awaited(take.text(arguments, "mark"), address)
    if not services.files.come_back(session) and not session.worklist.growing:
        session.say("The file that was open before is not in this list.", "warning")


def go_plane(session: Session, services: Services, arguments: Arguments) -> None:
    """The plane with that ``key``, or at that ``index`` of the file's list."""
    file = session.opened()
    if "index" in arguments:
        services.files.go(session, take.number(arguments, "index"))
        return
    index = file.planes.find(parse_key(take.text(arguments, "key")))
    if index is None:
        raise UsageError("the file has no such plane", hint="choose one from the strip of planes")
    services.files.go(session, index)


def walk(session: Session, services: Services, arguments: Arguments) -> None:
    """Follow a held key to the plane with that ``key``; nothing where another file is open by now."""
    file = session.opened()
    index = file.planes.find(parse_key(take.text(arguments, "key")))
    if file.file_id == take.number(arguments, "file_id") and index is not None:
        services.files.go(session, index)


def filter_list(session: Session, services: Services, arguments: Arguments) -> None:
    """Walk only through files with this state, or with this text in their name."""
    text = take.text(arguments, "text") if arguments.get("text") else ""
    status, is_gapped = _status(arguments)
    services.files.select(session, session.filter_of_options(status, text, is_gapped=is_gapped))


def walk_list(session: Session, _services: Services, arguments: Arguments) -> None:
    """Let the keys for the next and the previous file walk through what the list shows: a state, a text in the name."""
    status, is_gapped = _status(arguments)
    session.walk = Walk(status, take.text(arguments, "text") if arguments.get("text") else "", is_gapped)


def _status(arguments: Arguments) -> tuple[ReviewState | None, bool]:
    """The state that is asked for, and whether files that could not be audited wholly are, whatever their state."""
    status = arguments.get("status") or None
    if status == GAPPED:
        return None, True
    allowed = [*(state.value for state in ReviewState), GAPPED]
    if status is not None and status not in allowed:
        raise UsageError(f"there is no state {status!r}", hint=f"allowed: {', '.join(allowed)}")
    return (ReviewState(str(status)) if status else None), False


def _step(session: Session, services: Services, step: int) -> None:
    if session.file is None:
        if len(session.selection):
            services.files.show(session, session.selection[0])
        return
    target = session.neighbour(step)
    shown = "file of the list" if session.walk.is_everything else "file that the filtered list shows"
    if target is not None:
        session.selection.include(target)
        services.files.show(session, target)
    elif step < 0:
        session.say(f"This is the first {shown}.")
    elif session.worklist.growing:
        session.say("No further file was found yet; the folders are still being read.")
    else:
        session.say(f"This was the last {shown}; q quits.")


def _at_the_end(file: OpenFile) -> str:
    if file.error is not None:
        return "This file cannot be shown. Esc goes on to the next file."
    return "This is the last plane of the file. " + _go_on(file)


def _go_on(file: OpenFile) -> str:
    if file.search in {FrameSearch.WAITING, FrameSearch.SCANNING}:
        return "Its frames are still being searched for hidden planes; more planes may follow."
    return "N marks the file as done, Esc goes on without."
