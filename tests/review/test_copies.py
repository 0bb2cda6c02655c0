"""A mark is taken on: to the frames after it, to all frames, to the series; each is one step that can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import Everywhere, FrameAddress, Origin, Region
from dcmaudit.model.geometry import Box
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.commands import copies
from support.apps import do, ready, services_of, state, store_of, wait_for, write_cine

FAN = "keep fan 30,-5 4,40 60,40"
SERIES = {"SeriesInstanceUID": "1.2.826.0.1.3680043.10.9.77"}


def stored(after: dict[str, Any]) -> list[dict[str, Any]]:
    """The marks of the plane on screen, without what is suggested there."""
    return [rect for rect in after["rects"] if rect["stored"]]


def on_frames(session: Session) -> dict[int, int]:
    """How many marks each of the four frames has."""
    return {number: len(stored(do(session, "go-plane", key=f"f{number}"))) for number in range(4)}


def test_the_handled_rectangle_goes_onto_this_frame_and_all_after_it_in_one_step(session: Session) -> None:
    do(session, "go-plane", key="f1")
    after = do(session, "copy-forwards", box=[10, 5, 30, 15])
    assert "and 2 frames after it" in after["message"]["text"]
    assert on_frames(session) == {0: 0, 1: 1, 2: 1, 3: 1}
    do(session, "undo")
    assert on_frames(session) == {0: 0, 1: 0, 2: 0, 3: 0}
    do(session, "redo")
    assert on_frames(session) == {0: 0, 1: 1, 2: 1, 3: 1}


def test_frames_that_have_the_mark_keep_it_and_are_counted(session: Session) -> None:
    do(session, "go-plane", key="f2")
    do(session, "mark", box=[10, 5, 30, 15])
    do(session, "go-plane", key="f1")
    text = do(session, "copy-forwards", box=[10, 5, 30, 15])["message"]["text"]
    assert "1 of them has it already" in text
    assert on_frames(session) == {0: 0, 1: 1, 2: 1, 3: 1}
    do(session, "go-plane", key="f2")
    assert "nothing was stored" in do(session, "copy-forwards", box=[10, 5, 30, 15])["message"]["text"]


def test_from_the_first_frame_on_means_all_frames(session: Session) -> None:
    after = do(session, "copy-forwards", box=[10, 5, 30, 15])
    assert [rect["scope"] for rect in after["rects"]] == ["all frames"]


def test_a_stored_rectangle_and_a_shape_are_taken_on_as_they_are(session: Session) -> None:
    do(session, "go-plane", key="f2")
    (rect,) = do(session, "mark", box=[1, 2, 9, 8])["rects"]
    do(session, "copy-forwards", id=rect["id"])
    (shape,) = [one for one in do(session, "mark-shape", text=FAN)["rects"] if one["shape"]]
    do(session, "copy-forwards", id=shape["id"])
    rects = stored(do(session, "go-plane", key="f3"))
    assert [one["box"] for one in rects if not one["shape"]] == [[1, 2, 9, 8]]
    assert [one["shape"]["text"] for one in rects if one["shape"]] == [FAN]
    assert stored(do(session, "go-plane", key="f1")) == []
    do(session, "go-plane", key="f2")
    everywhere = do(session, "mark-all-frames", id=shape["id"])["rects"]
    assert {one["scope"] for one in everywhere if one["shape"]} == {"this plane", "all frames"}
    first = stored(do(session, "go-plane", key="f0"))
    assert [one["shape"]["text"] for one in first] == [FAN]


def test_a_shape_is_taken_to_the_series(open_app: Callable[..., ReviewApp], tmp_path: Path) -> None:
    names = [write_cine(tmp_path / f"{number}.dcm", uid=number, **SERIES) for number in (1, 2)]
    session = ready(open_app(names))
    (shape,) = do(session, "mark-shape", text=FAN)["rects"]
    do(session, "mark-series", id=shape["id"])
    wait_for(lambda: session.question is not None)
    asked: dict[str, Any] = state(session)["question"]
    assert shape["shape"]["title"] in asked["text"]
    do(session, asked["command"], **asked["args"])
    (row,) = store_of(session).rects(str(names[1]))
    assert (row.shape is not None and row.shape.title, row.scope) == (shape["shape"]["title"], Everywhere.ALL_FRAMES)


def test_a_suggestion_is_taken_on_with_its_text(session: Session, files: list[Path]) -> None:
    do(session, "go-plane", key="f2")
    region = Region(Box(1, 1, 9, 9), FrameAddress(2), Origin.OCR, "read", "SMITH")
    services_of(session).suggestions.replace_read(session.opened(), FrameAddress(2), [region])
    (offered,) = state(session)["rects"]
    do(session, "copy-forwards", id=offered["id"])
    assert [(row.scope, row.text) for row in store_of(session).rects(str(files[0]))] == [
        (FrameAddress(2), "SMITH"),
        (FrameAddress(3), "SMITH"),
    ]


def test_what_cannot_be_taken_on_is_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    do(session, "go-plane", key="f1")
    with pytest.raises(UsageError, match="not on this plane"):
        do(session, "copy-forwards", id="r999")
    with pytest.raises(UsageError, match="not on this plane"):
        do(session, "copy-forwards", box=[500, 500, 510, 510])
    monkeypatch.setattr(copies, "MOST_ROWS", 2)
    with pytest.raises(ReviewError, match="too many rows"):
        do(session, "copy-forwards", box=[1, 1, 5, 5])
    do(session, "go-plane", key="o6000.0")
    with pytest.raises(ReviewError, match="image frame"):
        do(session, "copy-forwards", box=[1, 1, 5, 5])
    assert on_frames(session) == {0: 0, 1: 0, 2: 0, 3: 0}
