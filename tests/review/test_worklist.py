"""The list grows while it is used, leaves out what is done, and names what went wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.errors import SourceUnreadableError
from dcmaudit.model import ReviewState
from dcmaudit.review.services.worklist_filler import Filling
from dcmaudit.review.state.name_list import BLOCK, NameList
from dcmaudit.review.state.selection import Filter, Selection
from dcmaudit.review.state.worklist import Worklist
from dcmaudit.sources import Found, LocalReference, Passed, Passing, Problem
from support.apps import make_app, services_of, state, wait_for, write_cine


def listing(found: Sequence[Found] | Iterator[Found], states: dict[str, ReviewState] | None = None) -> Worklist:
    known = states or {}
    worklist = Worklist(reopen=LocalReference, title="a list")
    Filling(worklist, found, states=lambda names: {n: known[n] for n in names if n in known}).start()
    return worklist


def complete(found: Sequence[Found], states: dict[str, ReviewState] | None = None) -> Worklist:
    worklist = listing(found, states)
    wait_for(lambda: not worklist.growing)
    return worklist


def files(count: int) -> list[Found]:
    return [LocalReference(f"/archive/study/series/{number:06}.dcm") for number in range(count)]


def test_the_first_files_are_there_while_the_rest_is_still_being_found() -> None:
    gate = threading.Event()

    def slowly() -> Iterator[Found]:
        yield from files(185)
        gate.wait(20)
        yield LocalReference("/archive/last.dcm")

    worklist = listing(slowly())
    selection = Selection(worklist, Filter())
    wait_for(lambda: len(worklist) > 0)
    selection.sync()
    assert worklist.growing
    assert worklist.name(selection[0]) == "/archive/study/series/000000.dcm"
    gate.set()
    wait_for(lambda: not worklist.growing)
    selection.sync()
    assert len(selection) == 186


def test_the_page_sees_the_total_grow(tmp_path: Path) -> None:
    gate = threading.Event()
    paths = [write_cine(tmp_path / f"{number}.dcm", frames=1) for number in range(3)]
    app = make_app(tmp_path / "database", [])
    try:
        session = app.open_session()

        def slowly() -> Iterator[Found]:
            yield LocalReference(str(paths[0]))
            gate.wait(20)
            yield from (LocalReference(str(path)) for path in paths[1:])

        worklist = listing(slowly())
        services_of(session).files.use(session, worklist)
        wait_for(lambda: state(session)["plane"] is not None)
        before = state(session)
        assert (before["worklist"]["number"], before["worklist"]["total"], before["worklist"]["growing"]) == (
            1,
            1,
            True,
        )
        gate.set()
        wait_for(lambda: not worklist.growing)
        after = state(session)
        assert (after["worklist"]["total"], after["worklist"]["growing"]) == (3, False)
        assert after["revision"] > before["revision"]
        assert after["file"]["file_id"] == before["file"]["file_id"]
    finally:
        app.close()


def test_done_and_tagged_files_are_chosen_by_the_filter() -> None:
    names = [str(found.name) for found in files(4)]
    states = {names[1]: ReviewState.DONE, names[2]: ReviewState.TAGGED, names[3]: ReviewState.IN_WORK}
    worklist = complete(files(4), states)

    def chosen(filter_: Filter) -> list[int]:
        selection = Selection(worklist, filter_)
        return [selection[index] for index in range(len(selection))]

    assert chosen(Filter()) == [0, 3]
    assert chosen(Filter(ignore_done=False)) == [0, 1, 2, 3]
    assert chosen(Filter(ignore_done=False, tagged_only=True)) == [2]
    assert chosen(Filter(status=ReviewState.DONE)) == [1]
    assert chosen(Filter(ignore_done=False, text="000003")) == [3]


def test_a_file_that_becomes_done_keeps_its_number_and_is_no_longer_left() -> None:
    worklist = complete(files(3))
    selection = Selection(worklist, Filter())
    assert (len(selection), selection.left()) == (3, 3)
    worklist.set_state(1, ReviewState.DONE)
    assert (len(selection), selection.left(), selection.index(2)) == (3, 2, 2)


def test_problems_are_named_and_what_was_passed_over_is_counted() -> None:
    error = SourceUnreadableError("may not be read", file="/archive/locked")
    found = [*files(2), Passed("/archive/readme.txt", Passing.NOT_DICOM), Problem("/archive/locked", error)]
    worklist = complete(found)
    assert (len(worklist), worklist.report.passed_over, worklist.report.problem_count) == (2, 1, 1)
    assert worklist.report.problems[0].name == "/archive/locked"


def test_a_walk_that_breaks_ends_with_a_problem_and_keeps_what_was_found() -> None:
    def breaking() -> Iterator[Found]:
        yield from files(2)
        raise RuntimeError("something with a name in it")

    worklist = listing(breaking())
    wait_for(lambda: not worklist.growing)
    assert len(worklist) == 2
    assert "RuntimeError" in worklist.report.problems[0].words
    assert "with a name" not in worklist.report.problems[0].words


def test_files_are_listed_even_where_the_database_cannot_be_asked() -> None:
    def broken(_names: Sequence[str]) -> dict[str, ReviewState]:
        raise SourceUnreadableError("the disk is gone")

    worklist = Worklist(reopen=LocalReference)
    Filling(worklist, files(3), states=broken).start()
    wait_for(lambda: not worklist.growing)
    assert (len(worklist), len(Selection(worklist, Filter()))) == (3, 3)
    assert worklist.report.problem_count > 0


def test_ids_of_two_lists_never_mean_the_same_file() -> None:
    first = complete(files(2))
    second = Worklist(reopen=LocalReference, serial=1)
    assert {first.file_id(0), first.file_id(1)}.isdisjoint({second.file_id(0), second.file_id(1)})


@given(st.lists(st.text(st.characters(blacklist_characters="\0")), max_size=30), st.integers(0, 40))
def test_names_come_back_as_they_were(some: list[str], repeat: int) -> None:
    names = NameList()
    expected = some * repeat
    for name in expected:
        names.append(name)
    assert [names[place] for place in range(len(names))] == expected


def test_many_names_take_little_memory() -> None:
    names = NameList()
    for number in range(50 * BLOCK):
        names.append(f"/archive/studies/1.2.826.0.1.3680043.2.1125.{number // 500}/series/{number:08}.dcm")
    packed = sum(len(block) for block in names._blocks)
    assert packed / len(names) < 20
    assert names[777].endswith("00000777.dcm")
