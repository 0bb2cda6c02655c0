"""Marks for every file of a series in one step: found first, asked about, written, and taken back as one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import Everywhere, FrameAddress, PlaneKind, Scope, Size
from dcmaudit.model.counts import counted
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import several
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.targets import Target, target_of
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.instance_cache import stamp_of
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.series_plan import Member, SeriesPlan
from dcmaudit.review.state.session import Question, Session
from dcmaudit.review.state.worklist import Worklist
from dcmaudit.store import NewRect, RectId


@dataclass
class _Search:
    """What was found on the way through the list."""

    files: list[Member]
    done: int = 0
    other_size: int = 0
    failed: int = 0


def mark_series(session: Session, services: Services, arguments: Arguments) -> None:
    """Put a rectangle on every image frame of every file of the open file's series.

    The rectangle is the one with ``id`` on this plane, else the handled one. Without ``confirm`` the list is searched
    for the series in the background, then the reviewer is asked. ReviewError on a plane that is no image frame, and
    for a file without SeriesInstanceUID.
    """
    if take.flag(arguments, "confirm"):
        _write(session, services)
        return
    file, plane = session.opened(), session.plane()
    if plane.kind is not PlaneKind.FRAME or plane.size is None:
        raise ReviewError(
            "a series is marked from an image frame", hint="go to an image frame, or mark this plane alone"
        )
    if file.facts is None or not file.facts.series_uid:
        raise ReviewError("the file names no series", file=file.name, hint="mark the files one by one")
    target = target_of(session, arguments)
    session.plan = None
    session.say("Looking through the list for files of this series…")
    services.background.at_length(partial(_find, session, services, file, target, plane.size, file.facts.series_uid))


def _find(session: Session, services: Services, file: OpenFile, target: Target, size: Size, uid: str) -> None:
    worklist, total = session.worklist, len(session.worklist)
    search = _Search([])
    # The list knows names alone: which files are of the series only their headers say.
    for place in range(total):
        # Whoever asked has gone on: the answer would be about another file.
        if session.file is not file or services.end.is_near:
            return
        _look(worklist, place, size, uid, search)
        if place and place % max(total // 20, 25) == 0:
            with session.lock:
                session.say(f"Looking for files of this series: {place} of {total}, {len(search.files)} found…")
            session.bump()
    # What is done may have changed since the list was made.
    places = [member.place for member in search.files]
    services.worklists.refresh(worklist, places)
    search.done = sum(worklist.state(place).is_done for place in places)
    with session.lock:
        if session.file is file:
            session.message = None
            session.plan = SeriesPlan(worklist, target.box, tuple(search.files), target.shape)
            session.question = _question(session, file, search, target)
    session.bump()


def _look(worklist: Worklist, place: int, size: Size, uid: str, search: _Search) -> None:
    reference = worklist.reference(place)
    stamp = stamp_of(reference)
    try:
        with open_instance(reference) as instance:
            if instance.facts.series_uid != uid:
                return
            sizes = [group.size for group in instance.planes.groups if group.kind is PlaneKind.FRAME]
            frames = instance.facts.number_of_frames
    except DcmauditError:
        search.failed += 1
        return
    # The rectangle was drawn on planes of this size and may lie on the image of others.
    if sizes[:1] != [size]:
        search.other_size += 1
        return
    search.files.append(Member(place, frames, stamp))


def _question(session: Session, file: OpenFile, search: _Search, target: Target) -> Question:
    count = len(search.files)
    text = [f"Redact this {target.title} on every image frame of {counted(count, 'file')} of this series?"]
    if search.done:
        text.append(f"{counted(search.done, 'of them is', 'of them are')} marked as done already.")
    if search.other_size:
        stay = counted(
            search.other_size,
            "of the series with images of another size stays as it is",
            "of the series with images of another size stay as they are",
        )
        text.append(f"{stay}.")
    if search.failed:
        text.append(f"{search.failed} of the list could not be opened and may belong to it.")
    if session.worklist.growing:
        text.append("The folders are still being read: files found later are not among them.")
    text.append("Only marks are stored; every file still has to be looked at.")
    yes = f"Mark {counted(count, 'file')}"
    return Question(" ".join(text), "mark-series", {"confirm": True, "file_id": file.file_id}, yes, "Leave it")


def _write(session: Session, services: Services) -> None:
    file, plan = session.opened(), session.plan
    session.plan = None
    # Places are those of the list that was looked through.
    if plan is None or plan.worklist is not session.worklist:
        raise ReviewError("the list has changed since the question", hint="ask for the series again")
    _require_unchanged(services, file, plan)
    store = services.database.store
    ids: list[RectId] = []
    marked: list[Member] = []
    try:
        for member in plan.files:
            name, scope = plan.worklist.name(member.place), on_every_frame(member.frames)
            wanted = (plan.box, scope, plan.shape)
            if all((row.box, row.scope, row.shape) != wanted for row in store.rects(name)):
                ids += store.add_rects(name, [NewRect(plan.box, scope, frames=member.frames, shape=plan.shape)])
                marked.append(member)
    except Exception:
        # All or none: a series that is marked in part would look as if it were marked.
        _withdraw(session, services, plan, ids)
        raise
    if not ids:
        session.say("Every file of the series has this mark already.")
        _tell(session, services, plan)
        return
    # First of all: whatever fails from here on, the marks can be taken back.
    _remember(session, services, plan, ids)
    _tell(session, services, plan)
    for member in marked:
        services.content.identify_file(
            plan.worklist.file_id(member.place), plan.worklist.name(member.place), plan.worklist.referrer(member.place)
        )
    session.say(f"Marked in {counted(len(ids), 'file')}. Each of them still has to be looked at.")


def _withdraw(session: Session, services: Services, plan: SeriesPlan, ids: list[RectId]) -> None:
    """Remove what was written of a mark that did not get everywhere; where that fails, too, undo can do it later."""
    try:
        services.database.store.remove_rects(ids)
    except Exception:
        if ids:
            _remember(session, services, plan, ids)
        raise
    finally:
        _tell(session, services, plan)


def _remember(session: Session, services: Services, plan: SeriesPlan, ids: list[RectId]) -> None:
    what = "rectangle" if plan.shape is None else plan.shape.title
    change = f"a {what} in {counted(len(ids), 'file')} of the series", session.opened().name
    several.remember_rects(session, services, change, ids, partial(_tell, session, services, plan))


def _require_unchanged(services: Services, file: OpenFile, plan: SeriesPlan) -> None:
    """ReviewError, before anything is written, where one of the files is not the one that was looked into."""
    if services.content.has_changed(file):
        raise ReviewError(
            "the file was changed after it was opened, and nothing was stored",
            file=file.name,
            hint="read it again (File menu, or the button above the picture) and look at it first",
        )
    pool, worklist = services.instances, plan.worklist
    changed = [
        member
        for member in plan.files
        if stamp_of(worklist.reference(member.place)) != member.stamp
        or pool.has_changed(worklist.file_id(member.place), worklist.reference(member.place))
    ]
    if changed:
        raise ReviewError(
            f"{counted(len(changed), f'of the {len(plan.files)} files was', f'of the {len(plan.files)} files were')} "
            "changed since the "
            "series was looked through, and nothing was stored",
            file=worklist.name(changed[0].place),
            hint="read that file again, and ask for the series again",
        )


def _tell(session: Session, services: Services, plan: SeriesPlan) -> None:
    """Let the lists and every open file know."""
    places = [member.place for member in plan.files]
    several.tell(session, services, plan.worklist, places, [plan.worklist.name(place) for place in places])


def on_every_frame(frames: int) -> Scope:
    """The scope of every image frame; where there is one only, that frame, which older programs understand, too."""
    return FrameAddress(0) if frames == 1 else Everywhere.ALL_FRAMES
