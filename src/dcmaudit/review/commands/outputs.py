"""Commands that redact files by their marks, as ``dcmaudit redact --from-db --copy-clean`` does."""

from __future__ import annotations

from pathlib import Path

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import ReviewState
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import previews
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.changes import require_unchanged
from dcmaudit.review.commands.doubts import doubts_of
from dcmaudit.review.commands.finish import mark_done
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Question, Session

_BLOCK = 500


def redact_file(session: Session, services: Services, arguments: Arguments) -> None:
    """Redact the open file into the folder ``path``. A file that is not done is marked as done first, if confirmed."""
    services.outputs.require_free()
    folder = _folder(services, arguments)
    file = session.opened()
    if arguments.get("file_id") is not None and take.number(arguments, "file_id") != file.file_id:
        raise UsageError("the question was about another file", hint="choose the command again")
    if file.error is not None or file.opening:
        raise ReviewError("the file is not open", file=file.name, hint="a file that cannot be opened is not redacted")
    (state,) = services.database.store.states_to_review([file.name]).values()
    if state is ReviewState.TAGGED:
        raise ReviewError(
            "the file is tagged for another look", file=file.name, hint="t takes the tag away; then redact it"
        )
    if state is ReviewState.DONE:
        require_unchanged(services, file)
    else:
        services.database.require_writable()
        session.question = _question(session, services, file, arguments)
        if session.question is not None:
            return
        mark_done(session, services, file, arguments)
    refer = session.worklist.referrer(file.place)
    services.outputs.begin(session, [refer], folder, total=1, check_text=take.flag(arguments, "check_text"))


def redact_done(session: Session, services: Services, arguments: Arguments) -> None:
    """Redact every file of the list that is done into the folder ``path``."""
    services.outputs.require_free()
    folder = _folder(services, arguments)
    worklist = session.worklist
    # Files found later would be left out without a word.
    if worklist.growing:
        raise ReviewError("the list is still growing", hint="wait until every folder was read")
    done: list[int] = []
    # In blocks: a list may have a million names, and one question for each would take minutes.
    for start in range(0, len(worklist), _BLOCK):
        places = range(start, min(start + _BLOCK, len(worklist)))
        states = services.database.store.states_to_review([worklist.name(place) for place in places])
        done += [place for place in places if states[worklist.name(place)] is ReviewState.DONE]
    if not done:
        raise ReviewError("no file of the list is done", hint="N marks a file as done; tagged files are left out")
    services.outputs.begin(
        session,
        (worklist.referrer(place) for place in done),
        folder,
        total=len(done),
        left_out=len(worklist) - len(done),
        check_text=take.flag(arguments, "check_text"),
    )


def stop_redaction(session: Session, services: Services, _arguments: Arguments) -> None:
    """End the run after the files that are in work."""
    if not services.outputs.state.is_running:
        session.say("Nothing is being redacted.")
    services.outputs.stop()


def _folder(services: Services, arguments: Arguments) -> Path:
    """The folder of the outputs, which may be a new one in a folder that is there; UsageError for anything else."""
    folder = Path(services.folders.path(take.text(arguments, "path")))
    if folder.is_dir():
        return folder
    if folder.exists():
        raise UsageError("this is no folder", file=str(folder), hint="choose a folder for the outputs")
    if not folder.parent.is_dir():
        raise UsageError("no such folder", file=str(folder.parent), hint="choose a folder that is there")
    try:
        folder.mkdir()
    except OSError as error:
        raise UsageError(f"the folder cannot be made: {error.strerror}", file=str(folder)) from error
    return folder


def _question(session: Session, services: Services, file: OpenFile, arguments: Arguments) -> Question | None:
    """What is asked before a file is called done for that; None where everything was answered."""
    services.content.keep(file)
    confirmed = {**arguments, "confirm": True, "file_id": file.file_id}
    if not take.flag(arguments, "confirm"):
        doubts = doubts_of(services, file)
        text = " ".join(["The file is not marked as done yet.", *doubts, "Mark it as done and redact it?"])
        return Question(text, "redact-file", confirmed, "Mark as done, redact", "Go on looking")
    return previews.question(session, services, file, "redact-file", confirmed)
