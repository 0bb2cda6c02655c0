"""Commands that change how a plane is looked at, and the note of what was seen. None of them marks anything."""

from __future__ import annotations

from dataclasses import replace

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import HowSeen, Rendering, ReviewState
from dcmaudit.model.counts import counted
from dcmaudit.model.screen import PreviewPolicy
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import projected
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.stack_members import SERIES, StackKey
from dcmaudit.review.state.handled_rectangle import Handle, dragged, kept_inside
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.options import Choice
from dcmaudit.review.state.session import Session


def show_redacted(session: Session, _services: Services, _arguments: Arguments) -> None:
    """Show marked rectangles black."""
    session.redacted = True


def hide_redacted(session: Session, _services: Services, _arguments: Arguments) -> None:
    """Show what is under marked rectangles."""
    session.redacted = False


def show_rejected(session: Session, _services: Services, _arguments: Arguments) -> None:
    """Show what OCR looked at and did not take for text, or hide it again."""
    session.shows_rejected = not session.shows_rejected
    if session.shows_rejected and session.file is not None and not (session.file.set_aside or session.file.hidden):
        session.say("Nothing was set aside here so far: o looks for text on this plane.")


def rendering(session: Session, _services: Services, arguments: Arguments) -> None:
    """Choose the rendering by its value."""
    value = take.text(arguments, "value")
    allowed = [item.value for item in Rendering]
    if value not in allowed:
        raise UsageError(f"there is no rendering {value!r}", hint=f"allowed: {', '.join(allowed)}")
    _render(session, Rendering(value))


def voi(session: Session, _services: Services, _arguments: Arguments) -> None:
    """The VOI window, or back to the full range."""
    _render(session, Rendering.FULL if session.view.rendering is Rendering.VOI else Rendering.VOI)


def local_contrast(session: Session, _services: Services, _arguments: Arguments) -> None:
    """Local contrast, or back to the full range."""
    _render(session, Rendering.FULL if session.view.rendering is Rendering.LOCAL else Rendering.LOCAL)


def invert(session: Session, _services: Services, _arguments: Arguments) -> None:
    """Turn light into dark, or back."""
    session.view = replace(session.view, inverted=not session.view.inverted)


def place_rectangle(session: Session, _services: Services, arguments: Arguments) -> None:
    """Put the handled rectangle at ``box``, kept inside the plane."""
    size = session.plane().size
    if size is not None:
        session.held = kept_inside(take.box(arguments, "box"), size)


def drag_rectangle(session: Session, _services: Services, arguments: Arguments) -> None:
    """Drag the rectangle ``start`` by its ``handle`` for (``dx``, ``dy``) pixels."""
    size = session.plane().size
    value = take.text(arguments, "handle")
    allowed = [item.value for item in Handle]
    if value not in allowed:
        raise UsageError(f"there is no handle {value!r}", hint=f"allowed: {', '.join(allowed)}")
    if size is not None:
        start, dx, dy = take.box(arguments, "start"), take.number(arguments, "dx"), take.number(arguments, "dy")
        session.held = dragged(start, Handle(value), dx, dy, size)


def seen(session: Session, services: Services, arguments: Arguments) -> None:
    """Note glances: at planes of a contact sheet (``shown``), or of a whole group in a projection (``group``).

    A contact sheet gives ``shown``: the keys of the planes whose small pictures were in sight. A projection gives
    ``group``, the ``ticket`` of its picture, and as ``shown`` the one width and height that it was painted with.
    ``value`` is "series" for a projection of the whole series.

    Without any of them only what goes along with every command is noted: what was on the stage.
    """
    file_id = take.number(arguments, "file_id")
    if arguments.get("value") == SERIES:
        # The report may come after another file was opened, here as below: it counts for nothing then.
        if session.opened().file_id == file_id:
            projected.note_series(session, services, arguments)
    elif "group" in arguments:
        file = session.opened()
        number = take.number(arguments, "group")
        if file.file_id == file_id and 0 <= number < len(file.planes.groups):
            _seen_projection(session, services, file, number, arguments)
    elif "shown" in arguments:
        services.seen.glanced(session, file_id, take.texts(arguments, "shown"), HowSeen.SHEET)


def _seen_projection(session: Session, services: Services, file: OpenFile, number: int, arguments: Arguments) -> None:
    """Note the planes of a group that were in the projection; a plane left out was not seen."""
    issued = services.seen.issued(
        session, StackKey(file.file_id, f"g{number}"), f"g{number}", take.text(arguments, "ticket")
    )
    if issued is None:
        raise ReviewError("no such projection of this group was shown", hint="ask for it again")
    shown = take.numbers(arguments, "shown")
    painted = (shown[0], shown[1]) if len(shown) == 2 else (0, 0)
    if not services.seen.projected(session, number, painted, issued):
        raise ReviewError("that picture is no projection")


def set_option(session: Session, services: Services, arguments: Arguments) -> None:
    """Switch the option ``name`` to ``value``, and keep that for this user."""
    session.options.set(take.text(arguments, "name"), arguments.get("value"))
    _options_changed(session, services)


def toggle(option: str, session: Session, services: Services, _arguments: Arguments) -> None:
    """Switch one option over, as its menu entry does."""
    session.options.set(option, not session.options[option])
    _options_changed(session, services)


def choose(choice: Choice, session: Session, services: Services, _arguments: Arguments) -> None:
    """Choose one value of a setting of the hands."""
    session.options.choose(choice)
    services.preferences.keep_options(session.options)
    if choice.setting == "series" and session.file is not None:
        services.files.series.begin(session, session.file)


def choose_previews(policy: PreviewPolicy, session: Session, services: Services, _arguments: Arguments) -> None:
    """Choose what becomes of previews when a file is done."""
    session.options.previews = policy
    _options_changed(session, services)


def ocr(session: Session, services: Services, _arguments: Arguments) -> None:
    """Look for text on the plane on screen; what is found is suggested when it is there."""
    services.text_reader.ask(session, session.opened(), session.plane())


def read_all(session: Session, services: Services, _arguments: Arguments) -> None:
    """Look for text on every plane of the file, or of the series where it is one stack; stop where that goes on.

    ReviewError while the list is still being searched for the series.
    """
    reader = services.series_reader
    if reader.is_running:
        reader.stop()
        session.say("Stopping after the plane that is being read…")
        return
    file, stack = session.opened(), session.stack
    places: tuple[int, ...] = (file.place,)
    if session.walks_series and stack is not None and stack.index(file.place) is not None:
        if not stack.is_complete:
            raise ReviewError("the list is still being searched for this series", hint="try again in a moment")
        here = stack.places.index(file.place)
        # From the file on screen on: what comes next is wanted first.
        places = stack.places[here:] + stack.places[:here]
    words = f"Looking for text on every plane of {counted(len(places), 'file')}; you can go on meanwhile."
    reader.begin(session, places, words)
    session.say(words)


def suggest(session: Session, services: Services, _arguments: Arguments) -> None:
    """Have the suggestions of the plane on screen, before a cine goes on."""
    if session.file is not None and session.file.facts is not None:
        services.suggestions.complete(session.file)


def dismiss(_session: Session, _services: Services, _arguments: Arguments) -> None:
    """Take message and question away: every command does that before it runs."""


def _options_changed(session: Session, services: Services) -> None:
    services.preferences.keep_options(session.options)
    filter_ = session.selection.filter
    services.files.select(session, session.filter_of_options(filter_.status, filter_.text))
    if session.options["tagged-only"] and not session.worklist.count(ReviewState.TAGGED):
        more = " so far" if session.worklist.growing else ""
        session.say(f"No file of this list is tagged{more}. The open file stays until you leave it.", "warning")


def _render(session: Session, value: Rendering) -> None:
    session.view = replace(session.view, rendering=value)
