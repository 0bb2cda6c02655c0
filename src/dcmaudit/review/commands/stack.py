"""What is decided for a whole series at once: done, tagged, or left out; each file gets a record of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import HowSeen
from dcmaudit.model.counts import counted
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import several
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.several import files_words
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Question, Session
from dcmaudit.review.state.stack import SeriesStack
from dcmaudit.store import TagChange

_Work = Callable[[Session, Services, several.Through, OpenFile], None]


def done_series(session: Session, services: Services, arguments: Arguments) -> None:
    """Mark every file of the series as done that is not; asks first, with how many planes were not seen."""
    stack = _stack(session)
    if take.flag(arguments, "confirm"):
        _begin(session, services, stack, partial(several.finish, TagChange()))
        return
    session.say("Looking how far this series was seen…")
    services.background.at_length(partial(_survey, session, services, stack))


def skip_series(session: Session, services: Services, arguments: Arguments) -> None:
    """Leave the rest of the series: ``value`` tag tags the files that are not done, leave notes them as skipped."""
    stack = _stack(session)
    how = arguments.get("value")
    if how is None:
        waiting = _waiting(services, stack)
        count = len(waiting)
        if not count:
            session.say("Every file of this series is done.")
            return
        of_it = counted(count, "file of it is", "files of it are")
        text = (
            f"Skip the rest of this series? {of_it} not done. Tagged files count as done and wait "
            "for another look; files that are left stay as they are. The database notes that their planes were skipped."
            f" {stack.limits}"
        ).rstrip()
        session.asked_series = replace(stack, places=tuple(waiting))
        asked: dict[str, object] = {"value": "tag"}
        session.question = Question(
            text, "skip-series", asked, f"Tag {files_words(count)}", "Go on looking", "Leave them", {"value": "leave"}
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
    # Files that are found a moment later would be left out of what is called the whole series.
    if not stack.is_complete:
        raise ReviewError("the list is still being searched for this series", hint="try again in a moment")
    return stack


def _waiting(services: Services, stack: SeriesStack) -> list[int]:
    """The places of files that are not done, as the database has them now."""
    return several.waiting(services, stack.worklist, stack.places)


def _survey(session: Session, services: Services, stack: SeriesStack) -> None:
    whole = planes = unseen = closed = 0
    places = _waiting(services, stack)
    for file in several.opened(session, services, stack.worklist, places):
        closed += file.error is not None
        planes += len(file.planes)
        unseen += file.unseen()
        whole += file.error is None and file.looked.is_whole
    with session.lock:
        session.message = None
        if not places:
            session.say("Every file of this series is done.")
        else:
            session.asked_series = replace(stack, places=tuple(places))
            session.question = _question(len(places), whole, planes, unseen, closed, stack)
    session.bump()


def _question(count: int, whole: int, planes: int, unseen: int, closed: int, stack: SeriesStack) -> Question:
    text = [f"Mark {files_words(count)} of this series as done?"]
    if whole < count:
        text.append(f"{counted(count - whole, 'of them was', 'of them were')} not seen whole:")
        were = counted(unseen, f"of {counted(planes, 'plane')} was", f"of {counted(planes, 'plane')} were")
        text.append(f"{were} not seen. The database notes that.")
    if closed:
        text.append(f"{files_words(closed)} could not be opened: nothing in that was audited, and nothing is written.")
    text.append(stack.limits)
    return Question(
        " ".join(text).rstrip(), "done-series", {"confirm": True}, f"Mark {files_words(count)} as done", "Go on looking"
    )


# --- one file after the other -------------------------------------------------------------------------------------


def _begin(
    session: Session,
    services: Services,
    stack: SeriesStack,
    work: _Work,
) -> None:
    services.database.require_writable()
    places = _asked(session, services, stack)
    session.say("Working through this series…")
    services.background.at_length(partial(_run, session, services, stack, places, work))


def _asked(session: Session, services: Services, stack: SeriesStack) -> list[int]:
    """The places that the question was about: files that were found since are not decided with them."""
    asked, session.asked_series = session.asked_series, None
    if asked is None:
        return _waiting(services, stack)
    if asked.worklist is not stack.worklist or asked.uid != stack.uid:
        raise ReviewError("the question was about another series", hint="ask again")
    return list(asked.places)


def _run(
    session: Session,
    services: Services,
    stack: SeriesStack,
    places: list[int],
    work: _Work,
) -> None:
    through = several.Through()

    def one(file: OpenFile) -> None:
        several.require_waiting(services, file)
        work(session, services, through, file)

    files = several.opened(session, services, stack.worklist, places)
    several.go_through(files, one, through, lambda: None)
    done, names = through.done, through.names
    with session.lock:
        # First of all: whatever fails from here on, what was done can be taken back.
        if done:
            label = f"finishing {files_words(len(done))} of a series"
            several.remember(session, services, label, done, partial(_tell, session, services, stack, names))
            session.pace.note(len(done))
        _say(session, len(places), through)
        _tell(session, services, stack, names)
        # Where it ended early somebody has to look at what is left.
        if through.fault is None:
            _leave(session, services, stack)
    session.bump()


def _tag(session: Session, services: Services, through: several.Through, file: OpenFile) -> None:
    _skip(session, services, through, file)
    several.finish(TagChange(marked=True), session, services, through, file)


def _skip(_session: Session, services: Services, _through: several.Through, file: OpenFile) -> None:
    """Note every plane that was not seen as skipped on purpose."""
    if file.error is not None:
        raise file.error
    for group in file.planes.groups:
        file.seen.add(group, 0, len(group.frames), HowSeen.SKIPPED)
    services.content.keep(file)


def _tell(session: Session, services: Services, stack: SeriesStack, names: list[str]) -> None:
    several.tell(session, services, stack.worklist, list(stack.places), names)


def _say(session: Session, count: int, through: several.Through) -> None:
    what = "finished" if through.done else "left; their planes are noted as skipped"
    of_it = f"of {files_words(count)} of this series"
    words, failed = [f"{counted(len(through.names), f'{of_it} is', f'{of_it} are')} {what}."], through.failed
    if failed:
        words.append(f"{len(failed)} could not be: {failed[0]}{' and others' if len(failed) > 1 else ''}.")
    words += [through.fault_words] if through.fault is not None else []
    session.say(" ".join(words), "warning" if failed or through.fault is not None else "info")


def _leave(session: Session, services: Services, stack: SeriesStack) -> None:
    """Go to the first file after the series that the list shows."""
    if session.file is None or session.worklist is not stack.worklist:
        return
    inside = set(stack.places)
    places = session.selection.places
    # Files of a series need not lie side by side in the list.
    after = [place for place in places if place > session.file.place and place not in inside]
    target = next(iter(after), next((place for place in places if place not in inside), None))
    if target is None:
        session.say_too("It was the last series of the list.", "info")
        return
    message = session.message
    services.files.show(session, target)
    session.message = message
