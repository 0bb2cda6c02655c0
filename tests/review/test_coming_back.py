"""After the program was started again a page comes back to the file and plane where it was."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dcmaudit.errors import UsageError
from dcmaudit.review import ReviewApp
from dcmaudit.review.services.worklist_filler import Filling
from dcmaudit.review.state.name_list import mark_of
from dcmaudit.review.state.worklist import Worklist
from dcmaudit.sources import Found, LocalReference
from support.apps import do, perform, ready, services_of, settled, state, store_of, wait_for


def test_the_page_comes_back_to_file_and_plane(open_app: Callable[..., ReviewApp], files: list[Path]) -> None:
    session = ready(open_app(files))
    after = do(session, "come-back", mark=mark_of(str(files[1])), key="o6000.1")
    assert (after["file"]["name"], after["plane"]["key"]) == (str(files[1]), "o6000.1")


def test_also_to_a_file_that_is_done_and_so_left_out(open_app: Callable[..., ReviewApp], files: list[Path]) -> None:
    session = ready(open_app(files))
    do(session, "done-next", confirm=True)
    again = ready(open_app(files))
    assert do(again, "come-back", mark=mark_of(str(files[0])), key="f2")["plane"]["key"] == "f2"


def test_a_file_that_is_not_there_any_more_is_told(open_app: Callable[..., ReviewApp], files: list[Path]) -> None:
    session = ready(open_app(files))
    after = do(session, "come-back", mark=mark_of(str(files[0]) + ".gone"), key="f0")
    assert "not in this list" in after["message"]["text"]
    assert after["file"]["name"] == str(files[0])


def test_a_key_that_is_none_is_refused(open_app: Callable[..., ReviewApp], files: list[Path]) -> None:
    session = ready(open_app(files))
    with pytest.raises(UsageError):
        do(session, "come-back", mark=mark_of(str(files[0])), key="../../etc")


@pytest.mark.parametrize("acts", [False, True])
def test_a_file_that_the_list_has_only_later_is_waited_for_until_somebody_acts(
    open_app: Callable[..., ReviewApp], files: list[Path], acts: bool
) -> None:
    session = ready(open_app([]))
    gate = threading.Event()

    def slowly() -> Iterator[Found]:
        yield LocalReference(str(files[0]))
        gate.wait(20)
        yield from (LocalReference(str(path)) for path in files[1:])

    worklist = Worklist(reopen=LocalReference)
    Filling(worklist, slowly(), states=lambda _names: {}).start()
    services_of(session).files.use(session, worklist)
    wait_for(lambda: state(session)["plane"] is not None)
    perform(session, "come-back", {"mark": mark_of(str(files[2])), "key": "f1"})
    if acts:
        perform(session, "next-frame", {})
    gate.set()
    wait_for(lambda: not worklist.growing)
    settled(session)
    expected = (str(files[0]), "f1") if acts else (str(files[2]), "f1")
    assert (state(session)["file"]["name"], state(session)["plane"]["key"]) == expected


def test_a_list_that_was_opened_from_the_page_is_opened_again(
    open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    before = ready(open_app([]))
    do(before, "open-folder", path=str(files[0].parent))
    wait_for(lambda: store_of(before).preferences().get("recent"))
    again = ready(open_app([]))
    after = do(again, "come-back", mark=mark_of(str(files[2])), key="f3", opened=True)
    assert (after["file"]["name"], after["plane"]["key"]) == (str(files[2]), "f3")
