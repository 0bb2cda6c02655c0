"""Commands that change how a plane is looked at, and the note of what was seen. None of them marks anything."""

from __future__ import annotations

from dataclasses import replace

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import HowSeen, Rendering, ReviewState
from dcmaudit.model.screen import PreviewPolicy
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.services.picture_cache import Picture
from dcmaudit.review.state.handled_rectangle import Handle, dragged, kept_inside
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.options import PREVIEWS
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.sight import way_projected


def show_redacted(session: Session, _arguments: Arguments) -> None:
    """Show marked rectangles black."""
    session.redacted = True


def hide_redacted(session: Session, _arguments: Arguments) -> None:
    """Show what is under marked rectangles."""
    session.redacted = False


def show_rejected(session: Session, _arguments: Arguments) -> None:
    """Show what OCR looked at and did not take for text, or hide it again."""
    session.shows_rejected = not session.shows_rejected
    if session.shows_rejected and session.file is not None and not (session.file.set_aside or session.file.hidden):
        session.say("Nothing was set aside here so far: o looks for text on this plane.")


def rendering(session: Session, arguments: Arguments) -> None:
    """Choose the rendering by its value."""
    value = take.text(arguments, "value")
    allowed = [item.value for item in Rendering]
    if value not in allowed:
        raise UsageError(f"there is no rendering {value!r}", hint=f"allowed: {', '.join(allowed)}")
    _render(session, Rendering(value))


def voi(session: Session, _arguments: Arguments) -> None:
    """The VOI window, or back to the full range."""
    _render(session, Rendering.FULL if session.view.rendering is Rendering.VOI else Rendering.VOI)


def local_contrast(session: Session, _arguments: Arguments) -> None:
    """Local contrast, or back to the full range."""
    _render(session, Rendering.FULL if session.view.rendering is Rendering.LOCAL else Rendering.LOCAL)


def invert(session: Session, _arguments: Arguments) -> None:
    """Turn light into dark, or back."""
    session.view = replace(session.view, inverted=not session.view.inverted)


def cursor(session: Session, arguments: Arguments) -> None:
    """Put the handled rectangle at ``box``, kept inside the plane."""
    size = session.plane().size
    if size is not None:
        session.cursor = kept_inside(take.box(arguments, "box"), size)


def cursor_drag(session: Session, arguments: Arguments) -> None:
    """Drag the rectangle ``start`` by its ``handle`` for (``dx``, ``dy``) pixels."""
    size = session.plane().size
    value = take.text(arguments, "handle")
    allowed = [item.value for item in Handle]
    if value not in allowed:
        raise UsageError(f"there is no handle {value!r}", hint=f"allowed: {', '.join(allowed)}")
    if size is not None:
        start, dx, dy = take.box(arguments, "start"), take.number(arguments, "dx"), take.number(arguments, "dy")
        session.cursor = dragged(start, Handle(value), dx, dy, size)


def seen(session: Session, arguments: Arguments) -> None:
    """Note glances: at planes of a contact sheet (``shown``), or of a whole group in a projection (``group``).

    A contact sheet gives ``shown``: the keys of the planes whose small pictures were in sight. A projection gives
    ``group``, the ``ticket`` of its picture, and as ``shown`` the one width and height that it was painted with.
    Without either only what goes along with every command is noted: what was on the stage.
    """
    file_id = take.number(arguments, "file_id")
    if "group" in arguments:
        file = session.opened()
        number = take.number(arguments, "group")
        if file.file_id == file_id and 0 <= number < len(file.planes.groups):
            _seen_projection(session, file, number, arguments)
    elif "shown" in arguments:
        session.note_seen(file_id, take.texts(arguments, "shown"), HowSeen.SHEET)


def _seen_projection(session: Session, file: OpenFile, number: int, arguments: Arguments) -> None:
    """Note the planes of a group that were in the projection; a plane left out was not seen."""
    group, pictures = file.planes.groups[number], session.desk.pictures
    issued = session.desk.tickets.read(take.text(arguments, "ticket"), session.id, file.file_id, f"g{number}")
    if issued is None:
        raise ReviewError("no such projection of this group was shown", hint="ask for it again")
    shown = take.numbers(arguments, "shown")
    width, height = shown if len(shown) == 2 else (0, 0)
    how = way_projected(group.size, width, height, issued)
    if how is None:
        raise ReviewError("that picture is no projection")
    made = [each for each in pictures.projections(file.file_id, group.address(0)) if _is_of(each, issued.shown)]
    missing = {address for picture in made for address in pictures.left_out(picture)}
    if not missing:
        file.seen.add(group, 0, len(group.frames), how)
    for position in range(len(group.frames)) if missing else ():
        if group.address(position) not in missing:
            file.seen.add(group, position, position + 1, how)
    session.desk.ledger.soon(session, file)


def _is_of(picture: Picture, shown: str) -> bool:
    return picture.projection is not None and picture.projection.value == shown


def set_option(session: Session, arguments: Arguments) -> None:
    """Switch the option ``name`` to ``value``, and keep that for this user."""
    session.options.set(take.text(arguments, "name"), arguments.get("value"))
    _options_changed(session)


def toggle(session: Session, option: str) -> None:
    """Switch one option over, as its menu entry does."""
    session.options.set(option, not session.options[option])
    _options_changed(session)


def choose(session: Session, setting: str, value: str) -> None:
    """Choose one of the values of a setting that has more than two; UsageError for another setting."""
    if setting != PREVIEWS:
        raise UsageError(f"there is no setting {setting!r}")
    session.options.previews = PreviewPolicy(value)
    _options_changed(session)


def ocr(session: Session, _arguments: Arguments) -> None:
    """Look for text on the plane on screen; what is found is suggested when it is there."""
    session.desk.read_text(session, session.opened(), session.plane())


def dismiss(_session: Session, _arguments: Arguments) -> None:
    """Take message and question away: every command does that before it runs."""


def _options_changed(session: Session) -> None:
    session.desk.keep_options(session.options)
    filter_ = session.selection.filter
    session.select(session.filter_of_options(filter_.status, filter_.text))
    if session.options["tagged-only"] and not session.worklist.count(ReviewState.TAGGED):
        more = " so far" if session.worklist.growing else ""
        session.say(f"No file of this list is tagged{more}. The open file stays until you leave it.", "warning")


def _render(session: Session, value: Rendering) -> None:
    session.view = replace(session.view, rendering=value)
