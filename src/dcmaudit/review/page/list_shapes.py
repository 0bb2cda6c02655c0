"""The shapes of lists that the page asks for beside its state."""

from __future__ import annotations

from typing import Annotated, TypedDict

from dcmaudit.model import Outcome, PlaneKind, ReviewState
from dcmaudit.review.page.shapes import ShapeState
from dcmaudit.review.page.written import Edges, Key, Values, Written


class WorklistRow(TypedDict):
    """One file of the list."""

    index: Annotated[int | None, "null where the walk leaves the file out"]
    file_id: int
    name: str
    short: str
    state: Annotated[str, Values(ReviewState)]
    tagged: bool
    problem: str | None
    gap: Annotated[str | None, "what of it could not be audited, by ocr or a person"]
    done_by: Annotated[str | None, "who finished it"]


class TagRow(TypedDict):
    """One element of the tag table."""

    depth: int
    tag: str
    name: str
    vr: str
    value: Annotated[str, "cut at 120 characters"]


class PlaneEntry(TypedDict):
    """One plane of a file's list."""

    index: int
    key: Key
    title: str
    kind: Annotated[str, Values(PlaneKind)]
    group: int
    size: Annotated[list[int] | None, Written("[number, number]|null"), "width and height"]
    seen: Annotated[str, "the strongest way in which it was seen; empty for none, and in a file that is not open"]
    heat: Annotated[float, "how likely text is on it, 0 to 1"]
    marks: Annotated[list[list[int]], Written("Edges[]")]


class SeriesGroup(TypedDict):
    """One run of planes of a file of the series."""

    key: Annotated[str, "of its first plane"]
    title: str
    count: int
    shown: bool
    reason: str | None


class SeriesFile(TypedDict):
    """One file of the open file's series."""

    file_id: int
    name: str
    state: Annotated[str, Values(ReviewState)]
    planes: int
    unscanned_bits: bool
    groups: list[SeriesGroup]


class SeriesList(TypedDict):
    """The files of the series among some places of the list."""

    files: list[SeriesFile]
    next: Annotated[int | None, "the place to go on from, null at the end"]
    total: int
    failed: Annotated[int, "files that could not be opened"]


class StackMark(TypedDict):
    """What is black on every frame of a series."""

    box: Edges
    shape: ShapeState | None


class StackMarks(TypedDict):
    """What can be drawn on the projection of a series."""

    marks: list[StackMark]


class OutputRow(TypedDict):
    """One redacted file."""

    number: int
    name: str
    short: Annotated[str, "the last parts of the name"]
    outcome: Annotated[str, Values(Outcome)]
    good: bool
    words: Annotated[list[str], "reasons, and the proof in words"]
    target: Annotated[str | None, "the file that was written"]


class OutputPlane(TypedDict):
    """One plane of a redacted file."""

    key: Key
    title: str
    changed: Annotated[bool, "whether something is black in it that was asked for"]


class ClassConcern(TypedDict):
    """Why files of a class stand apart, and how many."""

    words: str
    count: int


class ClassRow(TypedDict):
    """Files of one kind."""

    number: int
    title: Annotated[str, "modality, image type and size"]
    device: Annotated[str, "manufacturer and model"]
    series: Annotated[int | None, "number of the series among those of its kind"]
    size: Annotated[list[int] | None, Written("[number, number]|null"), "width and height of its frames"]
    files: int
    waiting: Annotated[int, "of them those that are not done"]
    apart: Annotated[int, "files that do not count as looking the same"]
    same: Annotated[int, "files in which nothing was found and that look like the others"]
    through: Annotated[int, "files that were looked at"]
    planes: Annotated[int, "planes of these"]
    concerns: list[ClassConcern]
    file_id: Annotated[int, "the file that is most like the others"]
    key: Annotated[str, "its first frame"]
    scale: Annotated[int | None, "pixels of a plane for one of the pictures of the spread; null where there is none"]
    crowded: Annotated[bool, "whether there was no room for pictures of the spread"]


class ClassList(TypedDict):
    """A part of the classes."""

    total: int
    rows: list[ClassRow]


class ClassFiles(TypedDict):
    """The files of a class, or of the list."""

    ids: Annotated[list[int], "those that stand apart first; at most 50,000"]
    apart: Annotated[int, "how many these are"]
    total: int


class TileRow(TypedDict):
    """One file as a tile."""

    file_id: int
    name: str
    short: str
    state: Annotated[str, Values(ReviewState)]
    tagged: bool
    problem: str | None
    gap: str | None
    key: Annotated[Key, "the plane that is shown"]
    size: Annotated[list[int] | None, Written("[number, number]|null"), "width and height of its frames"]
    concerns: Annotated[list[str], "why it stands apart; empty where it looks like the others"]
    reason: Annotated[str | None, "why not all of it could be looked at"]
    likelihood: Annotated[float, "of the likeliest place of text, 0 to 1"]
    marks: Annotated[list[list[int]], Written("Edges[]"), "what is marked on that plane"]
    found: Annotated[list[list[int]], Written("Edges[]"), "where text was found on it"]


class BrowseEntry(TypedDict):
    """One file or folder in the open dialog."""

    name: str
    path: str
    kind: Annotated[str, Written('"folder"|"file"')]
    size: int | None


class Listing(TypedDict):
    """A folder in the open dialog."""

    path: str
    chosen: Annotated[str | None, "the file that the path names: its folder is listed then"]
    parent: str | None
    entries: list[BrowseEntry]
    left_off: Annotated[int, "entries that are not shown"]
    roots: list[str]
