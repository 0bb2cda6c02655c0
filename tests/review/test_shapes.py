"""Shapes in the reviewer: stored at once, taken back as one change, adjusted in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.errors import DcmauditError, StoreLockedError
from dcmaudit.review import Session
from dcmaudit.store import Store
from support.apps import do, state, store_of

FAN = "keep fan 30,-5 4,40 60,40"


def shapes(after: dict[str, object]) -> list[tuple[str, str]]:
    rects = after["rects"]
    assert isinstance(rects, list)
    return [(rect["shape"]["text"], rect["scope"]) for rect in rects if rect["shape"]]


def test_the_handled_rectangle_is_kept_and_that_is_taken_back(session: Session, files: list[Path]) -> None:
    after = do(session, "keep-region", box=[10, 5, 30, 15])
    assert shapes(after) == [("keep rectangle 10,5 30,15", "this plane")]
    assert shapes(do(session, "undo")) == []
    assert shapes(do(session, "redo")) == [("keep rectangle 10,5 30,15", "this plane")]
    again = do(session, "keep-region", box=[10, 5, 30, 15])
    assert len(shapes(again)) == 1
    wide = do(session, "keep-region-frames", box=[10, 5, 30, 16])
    assert ("keep rectangle 10,5 30,16", "all frames") in shapes(wide)
    assert shapes(do(session, "next-frame")) == [("keep rectangle 10,5 30,16", "all frames")]
    assert {row.shape is not None for row in store_of(session).rects(str(files[0]))} == {True}


def test_a_shape_is_stored_and_adjusted_as_one_change(session: Session) -> None:
    after = do(session, "mark-shape", text=FAN, scope="all frames")
    assert shapes(after) == [(FAN, "all frames")]
    (rect,) = [rect for rect in after["rects"] if rect["shape"]]
    assert len(rect["shape"]["black"]) % 4 == 0
    other = FAN.replace("30,-5", "31,-6")
    assert shapes(do(session, "mark-shape", text=other, id=rect["id"])) == [(other, "all frames")]
    assert shapes(do(session, "undo")) == [(FAN, "all frames")]
    assert shapes(do(session, "redo")) == [(other, "all frames")]


@pytest.mark.parametrize("failing", ["remove_rects", "restore_rects"])
def test_an_error_in_the_middle_of_undo_or_redo_leaves_no_place_bare_and_loses_nothing(
    session: Session, files: list[Path], monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    (rect,) = [rect for rect in do(session, "mark-shape", text=FAN)["rects"] if rect["shape"]]
    other = FAN.replace("30,-5", "31,-6")
    do(session, "mark-shape", text=other, id=rect["id"])

    def locked(*_: object) -> None:
        raise StoreLockedError("somebody else holds it")

    for command, left in (("undo", FAN), ("redo", other), ("undo", FAN)):
        with monkeypatch.context() as patch:
            patch.setattr(Store, failing, locked)
            with pytest.raises(StoreLockedError):
                do(session, command)
        assert store_of(session).rects(str(files[0])), "neither shape is there"
        assert shapes(do(session, command)) == [(left, "this plane")]


@pytest.mark.parametrize(
    "arguments",
    [
        {"text": "circle 1,1 2,2"},
        {"text": "polygon 1,1 2,2 3,3"},
        {"text": "keep rectangle -9,-9 500,500"},
        {"text": FAN, "scope": "all planes"},
        {"text": FAN, "id": "x99"},
        {},
    ],
)
def test_what_is_no_shape_here_is_refused(session: Session, arguments: dict[str, object]) -> None:
    with pytest.raises(DcmauditError):
        do(session, "mark-shape", **arguments)
    with pytest.raises(DcmauditError):
        do(session, "keep-region", box=[0, 0, 10_000, 10_000])


def test_the_mask_of_a_device_is_proposed_and_hidden_for_good(session: Session, files: list[Path]) -> None:
    do(session, "mark-shape", text=FAN, scope="all frames")
    do(session, "done-next", confirm=True)
    after = state(session)
    (rect,) = [rect for rect in after["rects"] if rect["shape"] and not rect["stored"]]
    assert rect["shape"]["text"] == FAN
    applied = do(session, "apply-one", id=rect["id"])
    assert [one["stored"] for one in applied["rects"] if one["shape"]] == [True]
    (offered,) = [one for one in do(session, "undo")["rects"] if one["shape"]]
    after = do(session, "reject-one", id=offered["id"])
    assert shapes(after) == []
    (area,) = store_of(session).hidden(after["file"]["name"])
    assert area.shape is not None
