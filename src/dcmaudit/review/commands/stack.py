"""What is decided for a whole series at once: done, tagged, or left out; each file gets a record of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from dcmaudit.errors import DcmauditError, ReviewError, UsageError
from dcmaudit.model import DeviceFacts, HowSeen
from dcmaudit.model.counts import counted
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import previews
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.frame_search import summary_of
from dcmaudit.review.services.page_words import told
from dcmaudit.review.state.history import Change
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Question, Session
from dcmaudit.review.state.stack import SeriesStack
from dcmaudit.store import Finished, TagChange, TakenBack


def done_series(session: Session, services: Services, arguments: Arguments) -> None:
    """Mark every file of the series as done that is not; asks first, with how many planes were not seen."""
    stack = _stack(session)
    if take.flag(arguments, "confirm"):
        _begin(session, services, stack, partial(_finish, TagChange()))
        return
    session.say("Looking how far this series was seen…")
    services.background.at_length(partial(_survey, session, services, stack))


def skip_series(session: Session, services: Services, arguments: Arguments) -> None:
    """Leave the rest of the series: ``value`` tag tags the files that are not done, leave notes them as skipped."""
    stack = _stack(session)
    how = arguments.get("value")
    if how is None:
        count = len(_waiting(services, stack))
        if not count:
            session.say("Every file of this series is done.")
            return
        of_it = counted(count, "file of it is", "files of it are")
        text = (
            f"Skip the rest of this series? {of_it} not done. Tagged files count as done and wait "
            "for another look; files that are left stay as they are. The database notes that their planes were skipped."
        )
        asked: dict[str, object] = {"value": "tag"}
        session.question = Question(
            text, "skip-series", asked, f"Tag {_files(count)}", "Go on looking", "Leave them", {"value": "leave"}
        )
        return
    if how == "tag":
        _begin(session, services, stack, _tag)
    elif how == "leave":
        _begin(session, services, stack, _skip)
    else:
        raise UsageError(f"a series cannot be skipped by {how!r}", hint="allowed: tag, leave")


def _stack(session: Session) -> SeriesStack:
    stack, file = session.stack, session.opened()
    if stack is None or stack.index(file.place) is None:
        raise ReviewError(
            "this file is not looked at as part of a series",
            file=file.name,
            hint="choose “A series as one stack” in the View menu; a file without SeriesInstanceUID stays alone",
        )
    if not stack.is_complete:
        raise ReviewError("the list is still being searched for this series", hint="try again in a moment")
    return stack


def _waiting(services: Services, stack: SeriesStack) -> list[int]:
    """The places of files that are not done, as the database has them now."""
    names = {place: stack.worklist.name(place) for place in stack.places}
    states = services.database.store.states(names.values())
    return [place for place, name in names.items() if not states[name].is_done]


def _survey(session: Session, services: Services, stack: SeriesStack) -> None:
    whole = planes = unseen = closed = 0
    places = _waiting(services, stack)
    for file in opened_files(session, services, stack, places):
        closed += file.error is not None
        planes += len(file.planes)
        unseen += file.unseen()
        whole += file.error is None and file.looked.is_whole
    with session.lock:
        session.message = None
        if not places:
            session.say("Every file of this series is done.")
        else:
            session.question = _question(len(places), whole, planes, unseen, closed, stack)
    session.bump()


def _question(count: int, whole: int, planes: int, unseen: int, closed: int, stack: SeriesStack) -> Question:
    text = [f"Mark {_files(count)} of this series as done?"]
    if whole < count:
        text.append(f"{counted(count - whole, 'of them was', 'of them were')} not seen whole:")
        were = counted(unseen, f"of {counted(planes, 'plane')} was", f"of {counted(planes, 'plane')} were")
        text.append(f"{were} not seen. The database notes that.")
    if closed:
        text.append(f"{_files(closed)} could not be opened: nothing in that was audited, and nothing is written.")
    if stack.failed:
        text.append(f"{stack.failed} of the list could not be read and may belong to it.")
    if stack.is_partial:
        text.append("The list is long: files of the series far away in it may be missing here.")
    return Question(" ".join(text), "done-series", {"confirm": True}, f"Mark {_files(count)} as done", "Go on looking")


def _files(count: int) -> str:
    return counted(count, "file")


# --- one file after the other -------------------------------------------------------------------------------------


def opened_files(session: Session, services: Services, stack: SeriesStack, places: Sequence[int]) -> Iterator[OpenFile]:
    """The files as they would be on screen: their planes, marks, and what was seen of them."""
    for place in places:
        if services.end.is_near:
            return
        worklist = stack.worklist
        file = OpenFile(place, worklist.file_id(place), worklist.name(place), worklist.referrer(place))
        shown = session.file
        if shown is not None and shown.file_id == file.file_id:
            services.content.keep(shown)
            yield shown
            continue
        try:
            with services.instances.lease(file.file_id, file.referrer) as instance:
                instance.scan_frames()
                file.take(summary_of(instance))
        except DcmauditError as error:
            file.fail(error)
        services.records.load(session, file)
        yield file


def _begin(
    session: Session,
    services: Services,
    stack: SeriesStack,
    work: Callable[[Session, Services, OpenFile], Finished | None],
) -> None:
    services.database.require_writable()
    session.say("Working through this series…")
    services.background.at_length(partial(_run, session, services, stack, work))


def _run(
    session: Session,
    services: Services,
    stack: SeriesStack,
    work: Callable[[Session, Services, OpenFile], Finished | None],
) -> None:
    done: list[Finished] = []
    names: list[str] = []
    failed: list[str] = []
    places = _waiting(services, stack)
    for file in opened_files(session, services, stack, places):
        try:
            found = work(session, services, file)
        except DcmauditError as error:
            failed.append(told(error))
            continue
        names.append(file.name)
        if found is not None:
            done.append(found)
    with session.lock:
        _tell(session, services, stack, names)
        if done:
            session.pace.note(len(done))
        if done and session.file is not None:
            _remember(session, services, stack, done, names)
        _say(session, len(places), len(names), failed, is_finished=bool(done))
        _leave(session, services, stack)
    session.bump()


def _finish(change: TagChange, session: Session, services: Services, file: OpenFile) -> Finished:
    """As ``N`` or ``t`` on each file by itself, without its questions: they were asked for all."""
    if file.error is not None:
        raise file.error
    if services.content.has_changed(file):
        raise ReviewError("the file was changed after it was opened", file=file.name, hint="read it again")
    beside = previews.at_finish(session, services, file, session.options.previews)
    facts = file.facts
    looked = replace(file.looked, unshown=services.gaps.unshown_parts(file))
    done = services.database.store.finish(
        file.name,
        facts.device if facts is not None else DeviceFacts(),
        facts.sop_class_uid if facts is not None else None,
        change=change,
        rects=beside.rects,
        screen=beside.screen,
        looked=looked,
    )
    services.content.identify_file(file.file_id, file.name, file.referrer)
    return done


def _tag(session: Session, services: Services, file: OpenFile) -> Finished:
    _skip(session, services, file)
    return _finish(TagChange(marked=True), session, services, file)


def _skip(_session: Session, services: Services, file: OpenFile) -> None:
    """Note every plane that was not seen as skipped on purpose."""
    if file.error is not None:
        raise file.error
    for group in file.planes.groups:
        file.seen.add(group, 0, len(group.frames), HowSeen.SKIPPED)
    services.content.keep(file)


def _tell(session: Session, services: Services, stack: SeriesStack, names: list[str]) -> None:
    services.worklists.refresh(stack.worklist, list(stack.places))
    shown = {other.file.name for other in services.sessions.all() if other.file is not None}
    for name in shown.intersection(names):
        services.records.announce(name, session)
    if session.file is not None:
        services.records.load(session, session.file)


def _remember(session: Session, services: Services, stack: SeriesStack, done: list[Finished], names: list[str]) -> None:
    """One step of undo for all of them."""
    store, taken = services.database.store, list[TakenBack]()

    def undo() -> None:
        taken[:] = [store.take_back(one) for one in reversed(done)]
        _tell(session, services, stack, names)

    def redo() -> None:
        for one in reversed(taken):
            store.finish_again(one)
        _tell(session, services, stack, names)

    file = session.opened()
    label = f"finishing {_files(len(done))} of a series"
    services.records.changed(
        session, Change(label, session.worklist, file.place, file.name, session.address(), undo, redo)
    )


def _say(session: Session, count: int, through: int, failed: list[str], *, is_finished: bool) -> None:
    what = "finished" if is_finished else "left; their planes are noted as skipped"
    words = [
        f"{counted(through, f'of {_files(count)} of this series is', f'of {_files(count)} of this series are')} {what}."
    ]
    if failed:
        words.append(f"{len(failed)} could not be: {failed[0]}{' and others' if len(failed) > 1 else ''}.")
    session.say(" ".join(words), "warning" if failed else "info")


def _leave(session: Session, services: Services, stack: SeriesStack) -> None:
    """Go to the first file after the series that the list shows."""
    if session.file is None or session.worklist is not stack.worklist:
        return
    inside = set(stack.places)
    places = session.selection.places
    after = [place for place in places if place > session.file.place and place not in inside]
    target = next(iter(after), next((place for place in places if place not in inside), None))
    if target is None:
        session.say_too("It was the last series of the list.", "info")
        return
    message = session.message
    services.files.show(session, target)
    session.message = message
