"""Keys and windows of a user's own: checked, stored for this user, there again after the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.review import ReviewApp, Session
from support.apps import do, ready, state, write_cine


def test_keys_of_ones_own_are_kept_for_the_next_start(
    open_app: Callable[..., ReviewApp], files: list[Path], session: Session
) -> None:
    do(session, "set-keys", keys={"next-frame": ["Ctrl+k", "Ctrl+j"], "quit": [], "tag": ["t"]})
    wanted = {"next-frame": ["Ctrl+k", "Ctrl+j"], "quit": []}
    assert state(session)["bindings"] == wanted, "what is as in the table is not kept"
    assert state(ready(open_app(files)))["bindings"] == wanted
    do(session, "set-keys", keys={})
    assert state(session)["bindings"] == {}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"next-frame": ["p"]}, "previous-frame"),
        ({"next-frame": ["y"], "tag": ["y"]}, "would have the key"),
        ({"next-frame": [" "]}, "belongs to the page"),
        ({"next-frame": [""]}, "no name of a key"),
        ({"next-frame": ["a" * 30]}, "no name of a key"),
        ({"next-frame": ["1", "2", "3", "4", "5"]}, "at most|5 keys"),
        ({"no-command": ["y"]}, "no command"),
        ({"cursor": ["y"]}, "no command"),
        ({"next-frame": "y"}, "list of texts"),
        ("next-frame", "object of lists"),
    ],
)
def test_keys_that_are_in_each_others_way_or_reserved_are_refused(session: Session, keys: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        do(session, "set-keys", keys=keys)
    assert state(session)["bindings"] == {}


def test_keys_can_change_places(session: Session) -> None:
    do(session, "set-keys", keys={"next-frame": ["p"], "previous-frame": ["n"]})
    assert state(session)["bindings"] == {"next-frame": ["p"], "previous-frame": ["n"]}


def test_windows_are_saved_for_a_modality_and_forgotten(
    open_app: Callable[..., ReviewApp], files: list[Path], session: Session
) -> None:
    do(session, "save-window", name=" my  window ", center=40, width=400.5)
    do(session, "save-window", name="my window", center=50, width=300)
    wanted = [{"name": "my window", "center": 50.0, "width": 300.0}]
    assert state(session)["windows"] == wanted
    again = ready(open_app(files))
    assert state(again)["windows"] == wanted
    do(again, "forget-window", name="my window")
    assert state(again)["windows"] == []
    with pytest.raises(ReviewError, match="no window"):
        do(again, "forget-window", name="my window")


@pytest.mark.parametrize(
    ("name", "center", "width"), [("", 1, 2), ("x" * 41, 1, 2), ("a", 1, 0), ("a", float("nan"), 2), ("a", "1", 2)]
)
def test_windows_that_are_none_are_refused(session: Session, name: str, center: object, width: object) -> None:
    with pytest.raises(UsageError):
        do(session, "save-window", name=name, center=center, width=width)
    assert state(session)["windows"] == []


def test_a_window_of_another_modality_is_not_offered(open_app: Callable[..., ReviewApp], tmp_path: Path) -> None:
    one = write_cine(tmp_path / "one.dcm", uid=1)
    two = write_cine(tmp_path / "two.dcm", uid=2, Modality="MR")
    session = ready(open_app([one, two]))
    do(session, "save-window", name="mine", center=1, width=2)
    do(session, "next-file")
    ready_again = state(session)
    assert ready_again["windows"] == [] or ready_again["file"]["opening"]


def test_the_plane_says_how_long_a_cine_shows_it(open_app: Callable[..., ReviewApp], tmp_path: Path) -> None:
    session = ready(open_app([write_cine(tmp_path / "one.dcm", uid=1, FrameTimeVector=[0, 10, 20, 30])]))
    assert state(session)["plane"]["time"] == 10
    assert state(session)["near"]["next"]["plane"]["time"] == 20
