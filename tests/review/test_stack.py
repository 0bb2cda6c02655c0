"""A series as one stack: its order, the walk from file to file, and what is decided for all of it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, HowSeen, Projection
from dcmaudit.model.records import RectId, RectRow
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.services.stack_marks import marks_of_all
from dcmaudit.review.services.stack_members import series_key, series_members
from dcmaudit.review.state.stack import StackMember, StackOrder, ordered
from dcmaudit.store import NewRect, TagChange
from support.apps import do, paint_all, perform, ready, services_of, settled, state, store_of, wait_for, write_cine

UID = "1.2.826.0.1.3680043.10.9.700"
AXIAL = [1, 0, 0, 0, 1, 0]


def _member(place: int, **how: Any) -> StackMember:
    return StackMember(place, **how)


def _slice(place: int, height: float, row: Any = (1.0, 0.0, 0.0), number: int | None = None) -> StackMember:
    return _member(place, position=(3.0, 4.0, height), row=row, column=(0.0, 1.0, 0.0), number=number)


@pytest.mark.parametrize(
    ("members", "places", "order"),
    [
        ([_slice(0, 30), _slice(1, 10), _slice(2, -20)], (2, 1, 0), StackOrder.POSITION),
        # the numbers count from the other end: positions win
        ([_slice(0, 1, number=3), _slice(1, 2, number=2), _slice(2, 3, number=1)], (0, 1, 2), StackOrder.POSITION),
        # two phases of each position: by number
        ([_slice(0, 1, number=4), _slice(1, 1, number=2), _slice(2, 9, number=1)], (2, 1, 0), StackOrder.NUMBER),
        # a localizer that lies across
        ([_slice(0, 1, number=2), _slice(1, 2, (0.0, 0.0, 1.0), 1)], (1, 0), StackOrder.NUMBER),
        # digits that were cut off are no other orientation
        ([_slice(0, 9), _slice(1, 2, (0.99999, 0.0001, 0.0))], (1, 0), StackOrder.POSITION),
        ([_member(0, number=7), _member(1), _member(2, number=2)], (2, 0, 1), StackOrder.NUMBER),
        ([_member(2), _member(0), _member(1)], (0, 1, 2), StackOrder.LIST),
        ([_member(5)], (5,), StackOrder.LIST),
        ([], (), StackOrder.LIST),
    ],
)
def test_the_order_of_a_series(members: Sequence[StackMember], places: tuple[int, ...], order: StackOrder) -> None:
    assert ordered(members) == (places, order)
    assert ordered(list(reversed(members))) == (places, order)


@pytest.fixture
def session(open_app: Callable[..., ReviewApp], tmp_path: Path) -> Session:
    """Four slices out of order with a file of another series and a damaged one between them, as one stack."""
    folder = tmp_path / "series"
    folder.mkdir()
    names = []
    for number, height in enumerate([30.0, 10.0, 40.0, 20.0]):
        place = {"ImagePositionPatient": [0, 0, height], "ImageOrientationPatient": AXIAL}
        names.append(write_cine(folder / f"{number}.dcm", uid=number, frames=2, SeriesInstanceUID=UID, **place))
    names.insert(1, write_cine(folder / "other.dcm", uid=9, SeriesInstanceUID=f"{UID}.1"))
    damaged = folder / "damaged.dcm"
    damaged.write_bytes(b"\0" * 128 + b"DICM")
    names.insert(2, damaged)
    opened = ready(open_app(names))
    do(opened, "series-stack")
    wait_for(lambda: opened.stack is not None and opened.stack.is_complete)
    return opened


def _where(session: Session) -> tuple[str, str]:
    settled(session)
    shown = state(session)
    return Path(shown["file"]["name"]).name, shown["plane"]["key"]


def test_the_keys_walk_from_file_to_file_in_the_order_of_the_series(session: Session) -> None:
    shown = state(session)["stack"]
    assert re.fullmatch("[0-9a-f]{16}", shown.pop("series"))
    assert shown == {
        "number": 3, "total": 4, "order": "by position", "complete": True, "words": "file 3 of 4 in the series",
        "limits": "1 file of the list could not be read and may belong to it.",
    }  # fmt: skip
    assert _where(session) == ("0.dcm", "f0")
    do(session, "previous-frame")
    assert _where(session) == ("3.dcm", "o6002.0")
    do(session, "next-frame")
    assert _where(session) == ("0.dcm", "f0")
    do(session, "go-plane", key="o6002.0")
    assert state(session)["can"]["next_frame"]
    do(session, "next-frame")
    assert _where(session) == ("2.dcm", "f0")
    do(session, "go-plane", key="o6002.0")
    assert not state(session)["can"]["next_frame"]
    after = do(session, "next-frame")
    assert "last plane" in after["message"]["text"]
    assert _where(session)[0] == "2.dcm"


def test_files_go_one_by_one_again_where_that_is_chosen(session: Session) -> None:
    do(session, "series-files")
    assert state(session)["stack"] is None
    do(session, "previous-frame")
    assert _where(session) == ("0.dcm", "f0")
    with pytest.raises(ReviewError, match="not looked at as part of a series"):
        perform(session, "skip-series", {})


def test_the_whole_series_is_done_after_one_question_and_open_again_after_one_undo(session: Session) -> None:
    paint_all(session)
    do(session, "done-series")
    wait_for(lambda: session.question is not None)
    text = state(session)["question"]["text"]
    assert "Mark 4 files of this series as done?" in text
    assert "3 of them were not seen whole: 15 of 20 planes were not seen." in text
    assert "1 file of the list could not be read" in text
    asked = state(session)["question"]
    do(session, asked["command"], **asked["args"])
    wait_for(lambda: "4 of 4 files of this series are finished" in ((session.message and session.message.text) or ""))
    assert _where(session)[0] == "other.dcm"
    records = {one.filename: one.done for one in store_of(session).marks_of(list(store_of(session).filenames()))}
    wholes = {Path(name).name: record.looked.is_whole for name, record in records.items() if record is not None}
    assert wholes == {"0.dcm": True, "1.dcm": False, "2.dcm": False, "3.dcm": False}
    do(session, "undo")
    assert list(store_of(session).filenames()) == []


def test_undo_of_a_series_leaves_what_somebody_else_has_tagged_since(session: Session) -> None:
    paint_all(session)
    do(session, "done-series")
    wait_for(lambda: session.question is not None)
    asked = state(session)["question"]
    do(session, asked["command"], **asked["args"])
    wait_for(lambda: "4 of 4 files of this series are finished" in ((session.message and session.message.text) or ""))
    store = store_of(session)
    name = next(name for name in store.filenames() if name.endswith("2.dcm"))
    store.finish(name, DeviceFacts("MR"), change=TagChange(marked=True, comment="the corner"))
    message = do(session, "undo")["message"]
    assert message["kind"] == "warning"
    assert "1 file was changed by somebody since and stays as now" in message["text"]
    assert list(store.filenames()) == [name]
    # What was taken back is done again, and the tag of the other person stays through all of it.
    do(session, "redo")
    assert len(list(store.filenames())) == 4
    do(session, "undo")
    tag = store.tag(name)
    assert tag is not None
    assert (tag.filename, tag.marked, tag.comment) == (name, True, "the corner")


@pytest.mark.parametrize("how", ["tag", "leave"])
def test_the_rest_of_a_series_is_skipped_and_the_database_says_so(session: Session, how: str) -> None:
    do(session, "done-next", confirm=True)
    do(session, "go-file", index=3)
    wait_for(lambda: session.stack is not None and session.stack.is_complete)
    asked = do(session, "skip-series")["question"]
    assert "3 files of it are not done" in asked["text"]
    do(session, "skip-series", value=how)
    wait_for(lambda: "3 of 3 files" in ((session.message and session.message.text) or ""))
    store = store_of(session)
    names = [session.worklist.name(place) for place in (3, 4, 5)]
    for name in names:
        tag = store.tag(name)
        assert (tag is not None and tag.marked) is (how == "tag")
        assert {record.how for record in store.seen(name)} == {HowSeen.SKIPPED}
    with pytest.raises(UsageError):
        perform(ready_at(session), "skip-series", {"value": "forget"})


def ready_at(session: Session) -> Session:
    """The session back in the series."""
    do(session, "go-file", file_id=session.worklist.file_id(3))
    wait_for(lambda: session.stack is not None and session.stack.is_complete)
    return session


def test_a_file_that_changed_meanwhile_is_named_and_not_finished(session: Session) -> None:
    do(session, "go-file", file_id=session.worklist.file_id(5))
    wait_for(lambda: session.stack is not None and session.stack.is_complete)
    changed = Path(session.worklist.name(5))
    do(session, "go-file", file_id=session.worklist.file_id(0))
    wait_for(lambda: session.stack is not None and session.stack.is_complete)
    write_cine(changed, uid=3, frames=3, SeriesInstanceUID=UID)
    do(session, "done-series", confirm=True)
    wait_for(lambda: "3 of 4 files" in ((session.message and session.message.text) or ""))
    assert session.message is not None
    assert session.message.kind == "warning"
    assert "1 could not be" in session.message.text


def _ready_stack(session: Session, files: int) -> None:
    wait_for(lambda: session.stack is not None and session.stack.is_complete and len(session.stack.places) == files)


def test_a_list_that_grows_is_searched_again_for_the_series(session: Session, tmp_path: Path) -> None:
    worklist = session.worklist
    _ready_stack(session, 4)
    worklist.growing = True
    late = write_cine(tmp_path / "late.dcm", uid=20, frames=2, SeriesInstanceUID=UID)
    worklist.add([str(late)], {}, {})
    _ready_stack(session, 5)
    perform(session, "done-series", {})
    wait_for(lambda: session.question is not None)
    asked, limits = state(session)["question"], state(session)["stack"]["limits"]
    worklist.finish()
    assert "Mark 5 files of this series as done?" in asked["text"]
    assert "The folders are still being read: files found later are not among them." in asked["text"]
    assert "The folders are still being read: files found later are not among them." in limits
    assert "folders" not in state(session)["stack"]["limits"]


def test_files_that_are_found_after_the_question_are_not_decided_with_the_series(
    session: Session, tmp_path: Path
) -> None:
    do(session, "done-series")
    wait_for(lambda: session.question is not None)
    asked = state(session)["question"]
    assert "Mark 4 files of this series" in asked["text"]
    late = write_cine(tmp_path / "late.dcm", uid=20, frames=2, SeriesInstanceUID=UID)
    session.worklist.add([str(late)], {}, {})
    _ready_stack(session, 5)
    do(session, asked["command"], **asked["args"])
    wait_for(lambda: "4 of 4 files of this series are finished" in ((session.message and session.message.text) or ""))
    assert not store_of(session).states([str(late)])[str(late)].is_done


def test_a_file_of_the_series_that_somebody_else_finished_meanwhile_stays_as_it_is(session: Session) -> None:
    do(session, "done-series")
    wait_for(lambda: session.question is not None)
    asked = state(session)["question"]
    name = session.worklist.name(4)
    store_of(session).finish(name, DeviceFacts(), change=TagChange(marked=True, comment="ask her"))
    before = store_of(session).tag(name)
    do(session, asked["command"], **asked["args"])
    wait_for(lambda: "3 of 4 files" in ((session.message and session.message.text) or ""))
    assert "finished by somebody else since the question" in state(session)["message"]["text"]
    assert store_of(session).tag(name) == before


def test_the_answer_about_one_series_decides_for_no_other(session: Session) -> None:
    do(session, "done-series")
    wait_for(lambda: session.question is not None)
    asked = state(session)["question"]
    do(session, "go-file", file_id=session.worklist.file_id(1))
    _ready_stack(session, 1)
    with pytest.raises(ReviewError, match="another series"):
        do(session, asked["command"], **asked["args"])
    assert list(store_of(session).filenames()) == []


def test_a_projection_of_the_series_is_noted_file_by_file(session: Session) -> None:
    services, opened = services_of(session), session.opened()
    assert session.stack is not None
    stack, key = session.stack, series_key(session.stack, opened.file_id)
    reading = services.stacks.open(key, lambda: series_members(stack))
    assert [Path(stack.worklist.name(place)).name for place in stack.places] == ["1.dcm", "3.dcm", "0.dcm", "2.dcm"]
    assert len(reading.members) == 8  # two frames of each, and none of the overlays
    wait_for(lambda: reading.wait(Projection.MIN, 0) == 8)
    with pytest.raises(ReviewError, match="no such projection"):
        do(session, "seen", file_id=opened.file_id, value="series", ticket="", shown=[64, 48])
    ticket = services.tickets.issue(session.id, opened.file_id, "series of another reading", "min")
    with pytest.raises(ReviewError, match="no such projection"):
        do(session, "seen", file_id=opened.file_id, value="series", ticket=ticket, shown=[64, 48])
    ticket = services.tickets.issue(session.id, opened.file_id, reading.signed("series"), "min")
    do(session, "seen", file_id=opened.file_id, value="series", ticket=ticket, shown=[64, 48])

    def noted(place: int) -> dict[HowSeen, int]:
        records = store_of(session).seen(stack.worklist.name(place))
        return {record.how: sum(len(span.frames) for span in record.spans) for record in records}

    wait_for(lambda: all(noted(place) for place in stack.places))
    for place in stack.places:
        assert noted(place) in ({HowSeen.MINIMUM: 2}, {HowSeen.MINIMUM: 1, HowSeen.COVERED: 1})
    assert not noted(1)  # the file of another series
    # Reported when another file is open already: it counts for nothing, and is nobody's mistake.
    do(session, "next-file")
    after = do(session, "seen", file_id=opened.file_id, value="series", ticket=ticket, shown=[64, 48])
    assert after["message"] is None


def test_what_all_files_of_a_series_have_marked_is_what_its_projection_shows(session: Session) -> None:
    services, opened, store = services_of(session), session.opened(), store_of(session)
    assert session.stack is not None
    stack = session.stack
    reading = services.stacks.open(series_key(stack, opened.file_id), lambda: series_members(stack))
    wait_for(lambda: reading.wait(Projection.MIN, 0) == 8)
    names = [stack.worklist.name(place) for place in stack.places]
    box, other, third = Box(3, 4, 20, 30), Box(5, 6, 7, 8), Box(9, 1, 12, 3)

    def shown() -> list[Box]:
        return [each for each, shape in marks_of_all(services.database, stack, reading, None) if shape is None]

    assert shown() == []
    for name in names[1:]:
        store.add_rects(name, [NewRect(box, Everywhere.ALL_FRAMES, frames=2), NewRect(other, FrameAddress(0))])
    store.add_rects(names[0], [NewRect(other, FrameAddress(0)), NewRect(third, Everywhere.ALL_FRAMES, frames=2)])
    assert shown() == []  # one file lacks it, and the other is on single frames
    (last,) = store.add_rects(names[0], [NewRect(box, Everywhere.ALL_PLANES)])
    assert shown() == [box]

    class Keeps:
        def noted(self, rows: Sequence[RectRow]) -> str:
            return str(len(rows))

        def kept(self, rows: Sequence[RectRow]) -> dict[RectId, str]:
            return {row.id: "a scale" for row in rows if row.id == last}

    assert marks_of_all(services.database, stack, reading, Keeps()) == ()  # what a policy keeps is not black
    store.remove_rects([last])
    assert shown() == []


def test_a_series_of_single_images_shows_what_is_on_each_of_them(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    names = [write_cine(tmp_path / f"{number}.dcm", uid=number, frames=1, SeriesInstanceUID=UID) for number in range(3)]
    opened = ready(open_app(names))
    do(opened, "series-stack")
    wait_for(lambda: opened.stack is not None and opened.stack.is_complete)
    services, stack = services_of(opened), opened.stack
    assert stack is not None
    reading = services.stacks.open(series_key(stack, opened.opened().file_id), lambda: series_members(stack))
    wait_for(lambda: reading.wait(Projection.MIN, 0) == 3)
    do(opened, "mark-series", box=[3, 4, 20, 30])
    wait_for(lambda: opened.question is not None)
    do(opened, "mark-series", confirm=True, file_id=opened.opened().file_id)
    assert marks_of_all(services.database, stack, reading, None) == ((Box(3, 4, 20, 30), None),)
    do(opened, "undo")
    assert marks_of_all(services.database, stack, reading, None) == ()


def test_a_header_that_tells_of_too_many_frames_takes_no_memory(session: Session) -> None:
    assert session.stack is not None
    with pytest.raises(ReviewError, match=r"300,006 frames, and 200,000 can be projected"):
        series_members(replace(session.stack, frames=(2, 300_000, 2, 2)))


def test_a_projection_of_a_series_wants_the_whole_series(session: Session) -> None:
    file_id = session.opened().file_id
    do(session, "series-files")
    # A late word of a series that was whole on the screen is understood; without a ticket of its picture it is refused.
    with pytest.raises(ReviewError, match="no such projection of this series was shown"):
        do(session, "seen", file_id=file_id, value="series", ticket="", shown=[64, 48])
    session.whole_stacks.clear()
    with pytest.raises(ReviewError, match="not looked at as part of a series"):
        do(session, "seen", file_id=file_id, value="series", ticket="", shown=[64, 48])
