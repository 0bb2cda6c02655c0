"""Stacks are read once, shown while they are read, and say which plane made a pixel and what they cannot show."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.dicom import Instance
from dcmaudit.errors import DecodeError, ReviewError
from dcmaudit.model import FrameAddress, HowSeen, Point, Projection, Size
from dcmaudit.render import sheets
from dcmaudit.review.services import stack_reading
from dcmaudit.review.services.instance_cache import InstanceCache
from dcmaudit.review.services.plane_stacks import PlaneStacks
from dcmaudit.review.services.stack_members import Member, StackKey
from dcmaudit.review.services.stack_reading import StackReading
from dcmaudit.review.services.text_under import InkMaps
from dcmaudit.review.state.sight import Fidelity, Issued, named_view, view_of, way_projected
from dcmaudit.sources import LocalReference
from support.apps import do, make_app, ready, settled, wait_for, write_cine
from support.files import dataset, file_bytes
from support.lettering import lettered

KEY = StackKey(0, "g0")


def stack_file(path: Path, cells: np.ndarray) -> Path:
    path.write_bytes(file_bytes(dataset(cells, frames=len(cells))))
    return path


def still(frames: int = 8, edge: int = 64) -> np.ndarray:
    """Frames of one dark grey, with a bright square in the one before the last."""
    cells = np.full((frames, edge, edge), 40, np.uint8)
    cells[-2, 12:16, 36:44] = 200
    return cells


def first_above(word: str, words: list[str]) -> np.ndarray:
    """A plane with a word in the place of the others; the first of them is the brightest, and lies over them."""
    return lettered((96, 256), [(word, 20, 60)], ink=255 if word == words[0] else 180)


@pytest.fixture
def stacks() -> Iterator[PlaneStacks]:
    pool = InstanceCache()
    stacks = PlaneStacks(pool, InkMaps().strokes)
    yield stacks
    stacks.close()
    pool.close()


def begun(stacks: PlaneStacks, path: Path, frames: int) -> StackReading:
    reference = LocalReference(str(path))
    return stacks.open(KEY, lambda: [Member(0, lambda: reference, FrameAddress(k)) for k in range(frames)])


def whole(reading: StackReading, projection: Projection) -> None:
    """Wait until all planes are in a projection."""
    through = 0
    while through < len(reading.members):
        through = reading.wait(projection, through)


def test_a_stack_is_shown_while_it_is_read_and_read_once_for_all_views(
    stacks: PlaneStacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, read, calls = threading.Event(), Instance.read, []

    def slow(self: Instance, address: Any) -> Any:
        calls.append(address)
        if address == FrameAddress(4):
            gate.wait(60)
        return read(self, address)

    monkeypatch.setattr(Instance, "read", slow)
    reading = begun(stacks, stack_file(tmp_path / "one.dcm", still()), 8)
    wait_for(lambda: reading.wait(Projection.MAX, 0) == 4)
    first = reading.picture(Projection.MAX)
    gate.set()
    whole(reading, Projection.MAX)
    assert reading.picture(Projection.MAX) != first
    for projection in (Projection.MIN, Projection.MEAN, Projection.RANGE):
        assert reading.wait(projection, 0) == 8
        assert reading.picture(projection)
    wait_for(lambda: reading.shows(Projection.MAX)[0])
    assert len(calls) == 16  # once for the values, and once for what the views can show of each


def test_the_first_text_map_does_not_wait_until_all_planes_are_read(
    stacks: PlaneStacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, read = threading.Event(), Instance.read

    def slow(self: Instance, address: Any) -> Any:
        if address == FrameAddress(5):
            gate.wait(60)
        return read(self, address)

    monkeypatch.setattr(Instance, "read", slow)
    path = stack_file(tmp_path / "one.dcm", still())
    reference = LocalReference(str(path))
    members = [Member(0, lambda: reference, FrameAddress(k)) for k in range(8)]
    reading = stacks.open(KEY, lambda: members, is_for_text=True)
    through = reading.wait(Projection.TEXT, 0)
    assert 0 < through < 5
    assert reading.picture(Projection.TEXT)
    gate.set()
    whole(reading, Projection.TEXT)
    other = PlaneStacks(stacks._instances, stacks._strokes)
    first = other.open(StackKey(0, "g1"), lambda: members)  # all are read before somebody asks for the map
    whole(first, Projection.MAX)
    first.want_text()
    whole(first, Projection.TEXT)
    assert first.picture(Projection.TEXT) == reading.picture(Projection.TEXT)
    other.close()


def test_a_stack_that_nobody_asks_for_is_not_read_on(
    stacks: PlaneStacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_reading, "_IDLE", 0.2)
    started, gate, read, calls = threading.Event(), threading.Event(), Instance.read, []

    def slow(self: Instance, address: Any) -> Any:
        calls.append(address)
        started.set()
        gate.wait(10)
        return read(self, address)

    monkeypatch.setattr(Instance, "read", slow)
    reading = begun(stacks, stack_file(tmp_path / "one.dcm", still()), 8)
    started.wait(10)
    time.sleep(0.3)
    gate.set()
    wait_for(lambda: not reading._is_running)
    assert len(calls) == 1
    monkeypatch.setattr(stack_reading, "_IDLE", 3.0)
    assert begun(stacks, tmp_path / "one.dcm", 8) is reading
    whole(reading, Projection.MAX)


def test_planes_that_cannot_be_read_are_named_and_shown_by_no_view(
    stacks: PlaneStacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Instance.read

    def partly(self: Instance, address: Any) -> Any:
        if address == FrameAddress(5):
            raise DecodeError("broken")
        return read(self, address)

    monkeypatch.setattr(Instance, "read", partly)
    reading = begun(stacks, stack_file(tmp_path / "one.dcm", still()), 8)
    assert reading.wait(Projection.MAX, 0) == 8
    assert reading.left_out == {5: "broken"}
    wait_for(lambda: reading.shows(Projection.MAX)[0])
    assert reading.shows(Projection.MAX) == [True] * 5 + [False] + [True] * 2


def test_the_plane_that_made_a_pixel_is_named_in_every_view(stacks: PlaneStacks, tmp_path: Path) -> None:
    cells = still()
    cells[2, 43:48, 7:13] = 3
    reading = begun(stacks, stack_file(tmp_path / "one.dcm", cells), 8)
    for projection in Projection:
        whole(reading, projection)
    bright, dark = Point(40, 14), Point(10, 45)
    assert [reading.maker(how, bright) for how in (Projection.MAX, Projection.MEAN, Projection.RANGE)] == [6, 6, 6]
    assert [reading.maker(how, dark) for how in (Projection.MIN, Projection.MEAN, Projection.RANGE)] == [2, 2, 2]
    assert reading.maker(Projection.MAX, Point(0, 0)) == 0


def test_moving_bright_ground_is_noted_as_covering_the_planes_that_it_covers(
    stacks: PlaneStacks, tmp_path: Path
) -> None:
    cells = np.full((6, 64, 64), 20, np.uint8)
    for frame in range(5):  # a bright band that moves: it covers a place of every plane but its own
        cells[frame, 10 * frame : 10 * frame + 12] = 220
    cells[5] = 20
    reading = begun(stacks, stack_file(tmp_path / "one.dcm", cells), 6)
    whole(reading, Projection.TEXT)
    wait_for(lambda: any(reading.shows(Projection.MIN)))
    assert not any(reading.shows(Projection.MAX))  # writing of every plane lies under the band of another
    assert not any(reading.shows(Projection.RANGE))
    assert not any(reading.shows(Projection.MEAN))  # one plane of six is too faint there
    assert reading.shows(Projection.MIN) == [False] * 5 + [True]  # dark writing on the band is covered by the rest


def test_a_plane_whose_writing_lies_under_that_of_others_is_covered_in_the_text_map(
    stacks: PlaneStacks, tmp_path: Path
) -> None:
    words = ["ABCDEFGH", "MWXKVZNY", "MWXKVZNY"]
    cells = np.stack([first_above(word, words) for word in [*words, *words]])
    cells[3:] = lettered((96, 256), [])
    cells[4] = lettered((96, 256), [("ALONE", 150, 25)])
    reading = begun(stacks, stack_file(tmp_path / "one.dcm", cells), 6)
    whole(reading, Projection.TEXT)
    wait_for(lambda: any(reading.shows(Projection.TEXT)))
    shown = reading.shows(Projection.TEXT)
    assert shown[0] != shown[1]  # one of the two texts lies over the other
    assert shown[1] == shown[2]  # the same text twice shows for both
    assert shown[3:] == [True, True, True]
    # The other one is on a sheet of its own, which shows nothing of the rest.
    assert reading.sheets == 2
    assert all(reading.shows(Projection.TEXT, {0, 1}))
    assert reading.shows(Projection.TEXT, {1}) == [False] * 6
    assert reading.alone == []
    covered = shown.index(False)
    assert reading.maker(Projection.TEXT, Point(60, 50), 1) in ({0} if covered == 0 else {1, 2})
    assert reading.picture(Projection.TEXT, 1) != reading.picture(Projection.TEXT)
    with pytest.raises(ReviewError, match="no such sheet"):
        reading.picture(Projection.TEXT, 2)


def test_each_page_has_seen_the_sheets_that_were_on_its_own_stage(stacks: PlaneStacks, tmp_path: Path) -> None:
    reading = begun(stacks, stack_file(tmp_path / "one.dcm", still()), 8)
    assert reading.paint("one", 1) == {1}
    assert reading.paint("one", 0) == {0, 1}
    assert reading.paint("two", 0) == {0}
    for projection, sheet in ((Projection.TEXT, 0), (Projection.TEXT, 3), (Projection.MAX, 0)):
        issued = Issued(named_view(projection, sheet), Fidelity.LOSSLESS)
        assert view_of(issued) == (projection, sheet)
    assert way_projected(Size(8, 8), 8, 8, Issued("text-2", Fidelity.LOSSLESS)) is HowSeen.TEXT_MAP
    assert view_of(Issued("full", Fidelity.LOSSLESS)) is None


def test_a_plane_whose_writing_no_sheet_has_room_for_is_named(
    stacks: PlaneStacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST", 1)
    words = ["ABCDEFGH", "MWXKVZNY", "35792468"]
    cells = np.stack([first_above(word, words) for word in words])
    reading = begun(stacks, stack_file(tmp_path / "one.dcm", cells), 3)
    whole(reading, Projection.MAX)
    assert not reading.has_sheets
    whole(reading, Projection.TEXT)
    assert reading.has_sheets
    assert reading.sheets == 2
    assert len(reading.alone) == 1
    assert reading.shows(Projection.TEXT, {0, 1}).count(False) == 1
    named = {reading.members[0].file_id: {reading.members[reading.alone[0]].address}}
    assert stacks.alone() == named
    # It still has to be looked at when others were projected, until its file is another one.
    other = LocalReference(str(stack_file(tmp_path / "two.dcm", still())))
    for number in (1, 2):
        stacks.open(StackKey(number, "g0"), lambda: [Member(9, lambda: other, FrameAddress(0))])
    assert stacks.known(KEY) is None
    assert stacks.alone() == named
    stacks.drop(9)
    assert stacks.alone() == named
    stacks.drop(0)
    assert stacks.alone() == {}


def test_a_plane_on_which_laying_out_the_sheets_failed_once_is_laid_out_again(
    stacks: PlaneStacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, failing = sheets.TextSheets.add, [2]

    def full(self: sheets.TextSheets, number: int, packed: bytes, values: Any) -> None:
        if number in failing:
            failing.remove(number)
            raise MemoryError
        add(self, number, packed, values)

    monkeypatch.setattr(sheets.TextSheets, "add", full)
    words = ["ABCDEFGH", "MWXKVZNY", "35792468"]
    cells = np.stack([first_above(word, words) for word in words])
    path = stack_file(tmp_path / "one.dcm", cells)
    reading = begun(stacks, path, 3)
    with pytest.raises(ReviewError, match="ended early: MemoryError"):
        whole(reading, Projection.TEXT)
    wait_for(lambda: not reading._is_running)
    assert begun(stacks, path, 3) is reading
    whole(reading, Projection.TEXT)
    assert reading.sheets == 3
    assert reading.shows(Projection.TEXT, {0}).count(True) == 1
    assert all(reading.shows(Projection.TEXT, {0, 1, 2}))


def test_what_is_drawn_on_a_projection_is_on_all_its_planes_and_taken_back_as_one(tmp_path: Path) -> None:
    app = make_app(tmp_path / "db", [write_cine(tmp_path / "cine.dcm", frames=4)])
    session = ready(app)
    file_id = session.opened().file_id
    for group, planes in ((0, "all 4 planes of frames"), (1, "all 2 planes of overlay 6000")):
        state = do(session, "mark-group", file_id=file_id, group=group, box=[2, 3, 10, 12])
        assert planes in state["message"]["text"]
        do(session, "go-plane", index=0 if group == 0 else 5)
        assert [row.box is not None for row in session.opened().rects_here()] == [True]
        do(session, "undo")
        assert not session.opened().rects
    settled(session)
    app.close()


def test_a_reading_that_a_fault_ends_says_so_to_whoever_waits(tmp_path: Path) -> None:
    def broken(_values: Any) -> Any:
        raise IndexError("a value")

    pool = InstanceCache()
    faulty = PlaneStacks(pool, broken)
    try:
        reading = begun(faulty, stack_file(tmp_path / "a.dcm", still()), 8)
        with pytest.raises(ReviewError, match="ended early: IndexError"):
            whole(reading, Projection.TEXT)
    finally:
        faulty.close()
        pool.close()
