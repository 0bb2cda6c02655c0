"""Commands after which a file is done: tag, comment, done; and what is written then."""

from __future__ import annotations

from dataclasses import replace

from dcmaudit.errors import StoreError, UsageError
from dcmaudit.model import (
    DeviceFacts,
)
from dcmaudit.model.counts import counted
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import previews
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.changes import note_change, require_unchanged
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.page_words import told
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.seen import GLANCES
from dcmaudit.review.state.session import Session
from dcmaudit.store import TagChange, TakenBack


def tag(session: Session, services: Services, arguments: Arguments) -> None:
    """Tag the file for another look, or take the tag away. Either way the file counts as done."""
    file = session.opened()
    _require_asked_about(arguments, file)
    session.question = previews.question(session, services, file, "tag", arguments)
    if session.question is None:
        marked = not (file.tag is not None and file.tag.marked)
        _finish(session, services, file, arguments, TagChange(marked=marked), "tagging" if marked else "untagging")
        _say_implied(session, file, "Tagged for another look" if marked else "The tag is taken away")


def comment(session: Session, services: Services, arguments: Arguments) -> None:
    """Set the comment of the file, empty to remove it. The file counts as done; a tag stays."""
    file = session.opened()
    _require_asked_about(arguments, file)
    text = take.text(arguments, "text").strip()
    session.question = previews.question(session, services, file, "comment", {**arguments, "text": text})
    if session.question is None:
        _finish(session, services, file, arguments, TagChange(comment=text), "commenting")
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
    return (
        f"{looked.unseen} of {counted(looked.planes, 'plane')} {'was' if looked.unseen == 1 else 'were'} not seen{how}."
    )


def mark_done(session: Session, services: Services, file: OpenFile, arguments: Arguments) -> None:
    """Mark the file as done and store what was seen; a tag and a comment that are there stay.

    ReviewError where the file was changed since it was opened: nobody has seen what is in it now.
    """
    require_unchanged(services, file)
    services.content.keep(file)
    _finish(session, services, file, arguments, TagChange(), "marking as done")


def _require_asked_about(arguments: Arguments, file: OpenFile) -> None:
    """UsageError for the answer to a question that was about another file."""
    if arguments.get("file_id") is not None and take.number(arguments, "file_id") != file.file_id:
        raise UsageError("the question was about another file", hint="press the key again")


def _finish(
    session: Session, services: Services, file: OpenFile, arguments: Arguments, change: TagChange, label: str
) -> None:
    """Write the tag row, after which the file is done, and store or leave what is black on the screen and no mark."""
    require_unchanged(services, file)
    services.content.keep(file)
    store = services.database.store
    beside = previews.at_finish(session, services, file, previews.policy_of(session, arguments))
    device, sop_class = _device(file)
    done = store.finish(
        file.name,
        device,
        sop_class,
        change=change,
        rects=beside.rects,
        screen=beside.screen,
        looked=replace(file.looked, unshown=services.gaps.unshown_parts(file)),
    )
    taken: list[TakenBack] = []

    def take_back() -> None:
        taken[:] = [store.take_back(done)]

    # A file that is finished again was counted before.
    if file.tag is None:
        session.pace.note()
    try:
        services.records.load(session, file)
        services.learning.teach(store, file)
    except StoreError as error:
        session.say(f"The file is done, but nothing was learned from it. {told(error)}", "warning")
    else:
        if beside.message:
            session.say(beside.message, beside.kind)
    finally:  # whatever failed, what was written can be taken back
        note_change(session, services, file, label, take_back, lambda: store.finish_again(taken[0]))


def _device(file: OpenFile) -> tuple[DeviceFacts, str | None]:
    """What the file is compared by: from its header, else what the database has, else nothing."""
    if file.facts is not None:
        return file.facts.device, file.facts.sop_class_uid
    return file.tag.device if file.tag is not None else DeviceFacts(), None
