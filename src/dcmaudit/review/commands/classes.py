"""Files that are alike: sort and look at them, and decide for several of them at once."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from itertools import takewhile

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import Box, HowSeen, PlaneKind, Size
from dcmaudit.model.counts import counted
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import several
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.series import on_every_frame
from dcmaudit.review.commands.several import files_words
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.instance_cache import stamp_of
from dcmaudit.review.state.class_decision import ClassDecision
from dcmaudit.review.state.classes import Grouping
from dcmaudit.review.state.file_look import Concern
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Question, Session
from dcmaudit.store import NewRect, RectId, TagChange

MOST = 50_000
"""Files that can be decided for at once."""

_TOLD = 0.4
_GRAVE = {Concern.UNREADABLE, Concern.FOUND, Concern.DOUBTED, Concern.DECLARED}
_VALUES = ("done", "tag", "skip", "mark")
_YES = {"done": "Mark {} as done", "tag": "Tag {}", "skip": "Skip {}", "mark": "Mark {}"}


def survey(session: Session, services: Services, arguments: Arguments) -> None:
    """Sort the files of the list into classes and look at all of them, or go on; ``value`` says by what they are
    grouped, ``group`` which class comes first."""
    value = arguments.get("value")
    if value is not None and value not in [one.value for one in Grouping]:
        raise UsageError(f"files cannot be grouped by {value!r}", hint="allowed: kind, series")
    begun = services.classes.begin(session.worklist, None if value is None else Grouping(value))
    if "group" in arguments:
        begun.wanted = take.number(arguments, "group")


def stop_survey(session: Session, services: Services, _arguments: Arguments) -> None:
    """Stop looking; what was found stays, and ``survey`` goes on."""
    services.classes.stop(session.worklist)


def stop_deciding(session: Session, _services: Services, _arguments: Arguments) -> None:
    """Stop a decision for several files after the file in work; one undo takes back what was done until then."""
    if session.decision is not None:
        session.decision.stopping.set()


def decide(session: Session, services: Services, arguments: Arguments) -> None:
    """Decide for the files with the ids ``shown``: ``value`` done, tag, skip or mark (with ``box``). Asks first."""
    if take.flag(arguments, "confirm"):
        _begin(session, services)
        return
    value = arguments.get("value")
    if value not in _VALUES or not isinstance(value, str):
        raise UsageError(f"several files cannot be decided by {value!r}", hint=f"allowed: {', '.join(_VALUES)}")
    if session.decision is not None and session.decision.is_running:
        raise ReviewError("several files are being worked on already", hint="wait for them, or stop that")
    ids = take.numbers(arguments, "shown")
    if not ids or len(ids) > MOST:
        raise ReviewError("no files are selected" if not ids else f"at most {MOST:,} files can be decided for at once")
    worklist = session.worklist
    places = [worklist.place(each) for each in dict.fromkeys(ids)]
    box = _box(services, session, arguments, places) if value == "mark" else None
    chosen = places if value == "mark" else several.waiting(services, worklist, places)
    if not chosen:
        session.say("Every one of these files is done.")
        return
    session.decision = ClassDecision(worklist, value, tuple(chosen), box)
    session.question = _question(services, session.decision, len(places))


def _box(services: Services, session: Session, arguments: Arguments, places: list[int]) -> Box:
    """The rectangle, inside the one size that all of these files have; ReviewError where they have several."""
    found = services.classes.of(session.worklist)
    sizes: set[Size | None] = {None}
    if found is not None:
        table = found.table
        groups = {table.number_of(place) for place in places}
        known = [table.get(number) for number in groups if number is not None]
        sizes = {one.key.size if one is not None and one.key is not None else None for one in known}
    # One rectangle means one place only on planes of one size.
    size = next(iter(sizes)) if len(sizes) == 1 else None
    if size is None:
        raise ReviewError(
            "one rectangle goes to files of one size", hint="choose files of one class, and one whose size is known"
        )
    box = take.box(arguments, "box").clipped(size)
    if box is None:
        raise UsageError("that rectangle is not on these planes")
    return box


def _question(services: Services, decision: ClassDecision, asked: int) -> Question:
    count, found = len(decision.places), services.classes.of(decision.worklist)
    files = files_words(count)
    what = {
        "done": f"Mark {files} as done?",
        "tag": f"Tag {files} for another look? Tagged files count as done.",
        "skip": f"Skip {files}? They stay as they are.",
        "mark": f"Black out this rectangle on every image frame of {files}? They still have to be finished.",
    }[decision.value]
    text = [what]
    if asked > count:
        text.append(f"{files_words(asked - count)} of the selection {_are(asked - count)} done already and left alone.")
    counts = [found.table.planes(place) if found is not None else 0 for place in decision.places]
    # How many planes a file has is known once it was looked at: the sum of some must not pass for all.
    many = counted(sum(counts), "plane") if all(counts) else "planes"
    if decision.value == "skip":
        text.append(f"The database notes that their {many} {'was' if many == '1 plane' else 'were'} skipped.")
    elif decision.value != "mark":
        text.append(
            f"The database notes of each that it was decided with others: of their {many} only those count as seen "
            "that were on the stage."
        )
    decision.concerns = {place: why for place in decision.places if (why := _concerns(services, decision, place))}
    concerns = Counter(concern for why in decision.concerns.values() for concern in why)
    grave = [f"{each.value} ({concerns[each]:,})" for each in Concern if concerns[each]]
    if grave:
        text.append(f"Among them are files that stand apart: {', '.join(grave)}.")
    yes = _YES[decision.value].format(files)
    return Question(" ".join(text), "decide", {"confirm": True}, yes, "Go on looking")


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _concerns(services: Services, decision: ClassDecision, place: int) -> tuple[Concern, ...]:
    found = services.classes.of(decision.worklist)
    return found.table.concerns(place) if found is not None else (Concern.UNLOOKED,)


# --- one file after the other -------------------------------------------------------------------------------------


def _begin(session: Session, services: Services) -> None:
    decision = session.decision
    services.database.require_writable()
    if decision is None or decision.is_running or decision.worklist is not session.worklist:
        raise ReviewError("the selection has changed since the question", hint="choose the files again")
    decision.is_running = True
    # Before the first of them is done: what this session decides stays in its list.
    session.own.update(decision.places)
    session.say(f"Working on {files_words(len(decision.places))}…")
    services.background.at_length(partial(_run, session, services, decision))


def _run(session: Session, services: Services, decision: ClassDecision) -> None:
    through, last = several.Through(), time.monotonic()

    def went_on() -> None:
        nonlocal last
        decision.through += 1
        # Every file would be a message to the page, thousands of them in a row.
        if time.monotonic() - last > _TOLD:
            last = time.monotonic()
            session.bump()

    opened = several.opened(session, services, decision.worklist, decision.places)
    files = takewhile(lambda _: not decision.stopping.is_set(), opened)
    several.go_through(files, partial(_work, session, services, decision, through), through, went_on)
    decision.is_running = False
    with session.lock:
        _settle(session, services, decision, through)
    session.bump()


def _require_same(services: Services, decision: ClassDecision, file: OpenFile) -> None:
    """ReviewError where the file cannot be opened, or is another one than when it was looked at."""
    if file.error is not None:
        raise file.error
    found = services.classes.of(decision.worklist)
    # It was sorted by what it held then: the class may not be its own any more.
    if found is not None and not found.table.is_of(file.place, stamp_of(file.referrer())):
        found.table.forget(file.place)
        raise ReviewError("the file was changed since it was looked at", file=file.name, hint="look at it by itself")
    if services.content.has_changed(file):
        raise ReviewError("the file was changed after it was opened", file=file.name, hint="read it again")
    # The look goes on between the question and here: nobody said yes to what it has found since.
    graver = set(_concerns(services, decision, file.place)) & _GRAVE - set(decision.concerns.get(file.place, ()))
    if decision.value in {"done", "tag"} and graver:
        why = next(each.value for each in Concern if each in graver)
        raise ReviewError(f"since the question: {why}", file=file.name, hint="look at it by itself")


def _work(
    session: Session, services: Services, decision: ClassDecision, through: several.Through, file: OpenFile
) -> None:
    _require_same(services, decision, file)
    # A rectangle goes on files that are done, too: it changes nothing of who finished them.
    if decision.value != "mark":
        several.require_waiting(services, file)
    how = HowSeen.SKIPPED if decision.value == "skip" else HowSeen.CLASS
    ids: list[RectId] = []
    if decision.value == "mark":
        ids = _mark(services, decision, file)
        through.rects += ids
    # First how it was decided, then the decision: what was finished must not lie there unexplained.
    for group in file.planes.groups:
        file.seen.add(group, 0, len(group.frames), how)
    if not services.content.keep(file) or not file.seen.is_settled:
        # A mark without the note how it came to be would look like one that somebody drew.
        services.database.store.remove_rects(ids)
        del through.rects[len(through.rects) - len(ids) :]
        raise ReviewError("how it was decided could not be stored, so nothing was decided", file=file.name)
    if decision.value in {"done", "tag"}:
        change = TagChange(marked=True) if decision.value == "tag" else TagChange()
        several.finish(change, session, services, through, file)


def _mark(services: Services, decision: ClassDecision, file: OpenFile) -> list[RectId]:
    """Store the rectangle for every image frame; nothing where it is there already."""
    box = decision.box
    groups = [group for group in file.planes.groups if group.kind is PlaneKind.FRAME]
    if box is None or not groups or any(group.size is None or not _holds(group.size, box) for group in groups):
        raise ReviewError("its frames have another size than the rectangle is for", file=file.name)
    frames = sum(len(group.frames) for group in groups)
    scope = on_every_frame(frames)
    if any((row.box, row.scope, row.shape) == (box, scope, None) for row in file.rects):
        return []
    return services.database.store.add_rects(file.name, [NewRect(box, scope, frames=frames)])


def _holds(size: Size, box: Box) -> bool:
    return box.right <= size.width and box.bottom <= size.height


def _settle(session: Session, services: Services, decision: ClassDecision, made: several.Through) -> None:
    """Let everybody know, make one step of undo of it, and say how it ended."""
    worklist = decision.worklist

    def tell() -> None:
        several.tell(session, services, worklist, made.places, made.names)

    # First of all: whatever fails from here on, what was done can be taken back.
    if made.done:
        several.remember(session, services, f"a decision for {files_words(len(made.done))}", made.done, tell)
        session.pace.note(len(made.done))
    elif made.rects:
        label = f"a rectangle in {files_words(len(made.rects))}"
        several.remember_rects(session, services, (label, made.names[0]), made.rects, tell)
    ends = {"done": "done", "tag": "tagged", "skip": "skipped", "mark": "marked"}[decision.value]
    words = [f"{len(made.names):,} of {files_words(len(decision.places))} {_are(len(made.names))} {ends}."]
    if decision.stopping.is_set():
        words.append("It was stopped; undo takes back what was done." if made.done or made.rects else "It was stopped.")
    if made.failed:
        others = f" and {len(made.failed) - 1:,} more" if len(made.failed) > 1 else ""
        words.append(f"{files_words(len(made.failed))} could not be: {made.failed[0]}{others}.")
    words += [made.fault_words] if made.fault is not None else []
    is_short = made.failed or decision.stopping.is_set() or made.fault is not None
    session.say(" ".join(words), "warning" if is_short else "info")
    tell()
