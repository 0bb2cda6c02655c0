"""The shapes that cross between server and page. The page's types and ``docs/web-api.md`` are made from these.

Each field says beside its type what it holds. ``Written`` gives the type as the page has it where Python's says less,
and ``Values`` the texts that an enum may have (``written``). Those of commands and of lists have modules of their own.
"""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from dcmaudit.model import PlaneKind, Rendering, ReviewState, Verdict
from dcmaudit.model.screen import PreviewPolicy
from dcmaudit.review.page.written import Arguments, Edges, Key, Ranges, RectId, Values, Written
from dcmaudit.review.state.classes import Grouping
from dcmaudit.review.state.open_file import FrameSearch
from dcmaudit.review.state.stack import StackOrder


class Trouble(TypedDict):
    """An error in the words of the page, and what to do next."""

    message: str
    hint: NotRequired[str | None]


class Painted(TypedDict):
    """What was on the stage, for the server to judge."""

    file_id: int
    key: Key
    ticket: Annotated[str, "came with the picture"]
    scale: Annotated[float, "pixels of the screen for a pixel of the plane"]
    stage: Annotated[list[int], Written("[number, number]"), "width and height in pixels of the screen"]
    boxes: Annotated[list[Edges], "parts of the plane that were in sight"]


class NamedProblem(TypedDict):
    """Something that is not in the list, and why."""

    name: str
    message: str


class FilterState(TypedDict):
    """What the list was narrowed to."""

    status: str | None
    text: str


class WorklistState(TypedDict):
    """The list of files."""

    index: Annotated[int | None, "of the open file among those that N and Esc walk through, from 0"]
    number: Annotated[int | None, "the same from 1"]
    total: Annotated[int, "files that N and Esc walk through"]
    found: Annotated[int, "files in the list"]
    growing: bool
    left: Annotated[int, "files that still wait"]
    per_hour: Annotated[int | None, "files an hour that this page finished lately, without breaks"]
    passed_over: int
    problem_count: int
    problems: list[NamedProblem]
    not_opened: list[NamedProblem]
    folder: str | None
    opened: Annotated[bool, "whether it was opened from a page"]
    filter: FilterState


class FileState(TypedDict):
    """The open file."""

    file_id: int
    name: str
    short: Annotated[str, "the last parts of the name"]
    mark: Annotated[str, "by which the file is known again without its name"]
    state: Annotated[str, Values(ReviewState)]
    tagged: bool
    done_by: Annotated[str | None, "who finished it"]
    comment: str
    opening: bool
    error: Trouble | None
    modality: str | None
    model: str | None
    seen: Annotated[int, "planes seen whole, and stored as such"]
    partly: Annotated[int, "planes seen in part"]
    glanced: Annotated[int, "planes that were shown, but not so that anybody could read them"]
    stored: Annotated[bool, "whether what is seen is kept at all: not by the viewer"]
    planes: int
    unscanned_bits: Annotated[bool, "whether hidden planes may still be found"]
    bits: Annotated[str, Values(FrameSearch)]
    bits_progress: Annotated[list[int] | None, Written("[number, number]|null"), "frames searched, and all"]
    suggesting: bool
    previews: Annotated[int, "areas of the whole file that are shown black and not stored"]
    reading: Annotated[list[str], "titles of planes that text is looked for on"]
    gap: Annotated[str | None, "what of it cannot be audited, as far as it is known"]
    changed: Annotated[bool, "another file on disk now than when it was opened"]
    notes: list[str]


class GroupState(TypedDict):
    """One run of planes of one kind."""

    index: int
    kind: Annotated[str, Values(PlaneKind)]
    title: str
    start: Annotated[int, "index of its first plane in the file"]
    count: int
    seen: Annotated[Ranges, "half-open ranges of positions seen whole"]
    partly: Annotated[list[int], "positions seen in part"]
    glanced: Ranges
    skipped: Ranges
    marked: Annotated[list[int], "positions with a rectangle of their own"]
    heat: Annotated[
        list[list[float]],
        Written("[number, number, number][]"),
        "half-open ranges with a level from 0 to 1: how likely there is text",
    ]
    reason: Annotated[str | None, "why it cannot be shown"]


class PlaneState(TypedDict):
    """The plane on screen."""

    index: Annotated[int, "in the file, from 0"]
    number: Annotated[int, "the same from 1"]
    key: Key
    title: str
    kind: Annotated[str, Values(PlaneKind)]
    width: int | None
    height: int | None
    image: Annotated[str | None, "the address of its picture"]
    error: Trouble | None
    group: Annotated[int, "index of its group"]
    position: Annotated[int, "in its group, from 0"]
    overlay: Annotated[str | None, "the 60xx group of an overlay"]
    time: Annotated[float | None, "milliseconds for which a cine shows it, where the file says so"]
    map: Annotated[list[str] | None, "where a part of it was seen: rows of 0 and 1, at most 32 by 32"]
    pointed: Annotated[list[Edges], "places for which the page was led here: outlined"]


class ShapeState(TypedDict):
    """What a mark is that is no rectangle."""

    text: Annotated[str, "kind and points, as the command line has them"]
    title: str
    keep: Annotated[bool, "everything outside is black"]
    black: Annotated[list[int], "left, top, right, bottom of each box of black pixels, one behind the other"]


class RectState(TypedDict):
    """A rectangle of the plane on screen, stored or suggested."""

    id: RectId
    box: Annotated[Edges | None, "null: a row of the database that is no rectangle"]
    applied: Annotated[bool, "shown black"]
    stored: Annotated[bool, "in the database; otherwise a suggestion"]
    preview: Annotated[bool, "shown black, and not stored"]
    highlighted: Annotated[bool, "outlined"]
    source: str
    scope: str
    reason: str
    text: str | None
    verdict: Annotated[str, Values(Verdict, named=True)]
    confidence: float | None
    empty: NotRequired[Annotated[bool, "a suggestion over nothing but one flat value"]]
    rejected: NotRequired[Annotated[bool, "hidden, or looked at by OCR and not taken for text"]]
    kept: NotRequired[Annotated[str, "the kind of text as which a release keeps it: outlined, and not black"]]
    who: str | None
    when: str | None
    shape: Annotated[ShapeState | None, "what it is where that is no rectangle; box is only around it"]


class HandledState(TypedDict):
    """The handled rectangle."""

    box: Edges


class CanState(TypedDict):
    """What is possible now."""

    undo: Annotated[str | None, "what it would take back"]
    redo: Annotated[str | None, "what it would do again"]
    write: bool
    next_frame: bool
    previous_frame: bool
    next_overlay: bool
    next_file: bool
    previous_file: bool
    apply_all: bool


class NearState(TypedDict):
    """What a step to the plane beside will lead to: the page may paint it before the answer."""

    plane: PlaneState
    rects: list[RectState]
    handled: HandledState | None
    can: CanState


class Nearby(TypedDict):
    """Both steps."""

    next: NearState | None
    previous: NearState | None


class ViewOfPlane(TypedDict):
    """How planes are shown."""

    rendering: Annotated[str, Values(Rendering)]
    inverted: bool
    redacted: Annotated[bool, "marked rectangles are black"]
    rejected: Annotated[bool, "rejected candidates are shown"]


class WindowState(TypedDict):
    """A window that the user has saved."""

    name: str
    center: Annotated[float, "in the units of the file"]
    width: float


class OptionState(TypedDict):
    """One setting."""

    label: str
    group: str
    value: bool


class QuestionState(TypedDict):
    """A question: ``command`` and ``args`` are to be sent for yes."""

    text: str
    command: str
    args: Arguments
    yes: str
    no: str
    other: NotRequired[Annotated[str | None, "a second way to say yes"]]
    other_args: NotRequired[Arguments | None]


class MessageState(TypedDict):
    """Something to tell."""

    text: str
    kind: Annotated[str, Written('"info"|"notice"|"warning"|"error"'), "a notice is info that stays"]
    number: Annotated[int, "the same one is shown once"]
    rect: Annotated[str | None, "the rectangle that it is about, beside which it is shown"]


class OutputsState(TypedDict):
    """Files that were redacted from the page."""

    revision: Annotated[int, "grows with every file whose redaction ends"]
    count: Annotated[int, "files whose redaction has ended, of all runs"]
    running: bool
    total: Annotated[int, "files of the present or last run"]
    through: Annotated[int, "of them those whose redaction has ended"]
    good: Annotated[int, "of them those that were redacted and proved, or copied"]
    own: Annotated[bool, "whether this page began the run"]
    folder: str | None
    words: Annotated[str, "how far it is, or how it ended"]


class ClassesState(TypedDict):
    """How far the look at all files of the list is, and a decision for several of them."""

    running: bool
    complete: Annotated[bool, "whether every file was looked at, and no more come"]
    words: Annotated[str, "how far it is"]
    problem: Annotated[str | None, "why no detector looks for text"]
    grouping: Annotated[str, Values(Grouping)]
    classes: int
    sorted: Annotated[int, "files that have a class"]
    through: Annotated[int, "files that were looked at"]
    total: Annotated[int, "files of the list"]
    deciding: bool
    decided: Annotated[int, "files that the decision has been through"]
    to_decide: int


class StackState(TypedDict):
    """The series of the open file, where its files are walked through as one stack."""

    series: Annotated[str, "tells one series from another, and nothing of it"]
    number: Annotated[int, "of the open file in the stack, from 1"]
    total: int
    order: Annotated[str, Values(StackOrder)]
    complete: Annotated[bool, "whether the list was looked through"]
    words: str
    limits: Annotated[str, "what may be missing in it, in sentences; empty where nothing is"]


class DatabaseState(TypedDict):
    """Where marks are kept."""

    location: str
    writable: bool
    warning: Annotated[str | None, "that it holds no marks of earlier reviews, where somebody may have meant another"]
    notes: list[str]
    changes: Annotated[int, "grows when marks were stored anywhere"]


class RecentList(TypedDict):
    """A list opened before, and the command that opens it again."""

    label: str
    command: str
    args: Arguments


class ViewState(TypedDict):
    """Everything that the page shows."""

    revision: Annotated[int, "grows with every change, also those of other sessions or in the background"]
    user: Annotated[str, "who marks"]
    viewer: Annotated[bool, "whether nothing can be marked"]
    database: DatabaseState
    worklist: WorklistState
    file: FileState | None
    groups: list[GroupState]
    plane: PlaneState | None
    view: ViewOfPlane
    rects: Annotated[list[RectState], "on this plane"]
    chosen: Annotated[str | None, "the id of the suggestion that the next decision is about"]
    handled: Annotated[HandledState | None, "the handled rectangle"]
    can: CanState
    near: Nearby
    options: Annotated[dict[str, OptionState], "the settings by name"]
    previews: Annotated[str, Values(PreviewPolicy), "what becomes of previews when a file is done"]
    choices: Annotated[
        dict[str, str],
        "how keys and the wheel behave, by name: `held` (line, whole, small), `wheel` (planes, zoom), "
        "`cine` (file or a rate), `advance` (plane, file, stay)",
    ]
    bindings: Annotated[dict[str, list[str]], "keys of the user's own, by command; the others have those of the table"]
    windows: Annotated[list[WindowState], "saved for the modality of the open file"]
    question: QuestionState | None
    message: MessageState | None
    prefetch: Annotated[
        list[list[object]], Written("[number, string][]"), "file id and key of planes that are likely wanted next"
    ]
    reading: Annotated[str | None, "how far a look for text on every plane is, in words; null where none goes on"]
    outputs: OutputsState
    classes: Annotated[ClassesState | None, "null before anybody asked for classes"]
    stack: StackState | None
    saved: Annotated[bool, "true: every mark is in the database before its command is answered"]
    recent: Annotated[list[RecentList], "for the start page"]
    examples: bool
    has_s3: Annotated[bool, "whether the library for buckets is installed"]
