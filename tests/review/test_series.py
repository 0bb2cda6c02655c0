"""One rectangle for all frames, every plane, or a whole series; each is one step that can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import DeviceFacts
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.page.series_list import series_files
from support.apps import do, ready, services_of, state, store_of, tables, wait_for, write_cine
from support.files import dataset, file_bytes, gradient

SERIES = {"SeriesInstanceUID": "1.2.826.0.1.3680043.10.9.77"}


@pytest.fixture
def series(tmp_path: Path) -> list[Path]:
    """Three files of one series (the last with one frame), one of another, one that is no image."""
    folder = tmp_path / "series"
    folder.mkdir()
    names = [
        write_cine(folder / "a.dcm", uid=1, **SERIES),
        write_cine(folder / "b.dcm", uid=2, **SERIES),
        write_cine(folder / "c.dcm", uid=3, frames=1, **SERIES),
        write_cine(folder / "d.dcm", uid=4, SeriesInstanceUID="1.2.826.0.1.3680043.10.9.78"),
    ]
    (folder / "e.dcm").write_bytes(b"\0" * 128 + b"DICM")
    return [*names, folder / "e.dcm"]


def _asked(session: Session, **arguments: Any) -> dict[str, Any]:
    do(session, "mark-series", **arguments)
    wait_for(lambda: session.question is not None)
    question: dict[str, Any] = state(session)["question"]
    return question


def test_every_frame_gets_the_rectangle_in_one_step(session: Session, database: Path, files: list[Path]) -> None:
    do(session, "cursor", box=[10, 5, 30, 15])
    after = do(session, "mark-all-frames")
    assert [(rect["box"], rect["scope"]) for rect in after["rects"]] == [([10, 5, 30, 15], "all frames")]
    assert do(session, "go-plane", key="f3")["rects"] == after["rects"]
    assert do(session, "go-plane", key="o6000.0")["rects"] == []
    assert do(session, "undo")["can"]["undo"] is None
    assert state(session)["file"]["state"] == "not reviewed"
    assert do(session, "mark-all-planes")["rects"][0]["scope"] == "all planes"
    assert do(session, "go-plane", key="o6002.0")["rects"][0]["scope"] == "all planes"


def test_from_an_overlay_all_frames_are_marked_and_the_reviewer_is_told(session: Session) -> None:
    do(session, "go-plane", key="o6000.0")
    after = do(session, "mark-all-frames")
    assert after["rects"] == []
    assert "The plane on screen is none of them" in after["message"]["text"]
    assert [rect["scope"] for rect in do(session, "go-plane", key="f1")["rects"]] == ["all frames"]


def test_where_there_is_one_frame_it_is_named_so_that_older_programs_read_it(
    open_app: Callable[..., ReviewApp], database: Path, tmp_path: Path
) -> None:
    session = ready(open_app([write_cine(tmp_path / "one.dcm", frames=1)]))
    do(session, "cursor", box=[10, 5, 30, 15])
    do(session, "mark-all-frames")
    assert [row[2:8] for row in tables(database)["DicomRects"]] == [(5, 14, 10, 29, 0, -1)]
    assert tables(database)["dcmaudit_rects"] == []


def test_a_series_is_asked_about_marked_and_taken_back_as_one(
    open_app: Callable[..., ReviewApp], series: list[Path], database: Path
) -> None:
    app = open_app(series)
    app.services.database.store.mark_done(str(series[1]), DeviceFacts())
    session = ready(app)
    do(session, "set-option", name="ignore-done", value=False)
    do(session, "cursor", box=[10, 5, 30, 15])
    before = tables(database)
    question = _asked(session)
    assert "of 3 files of this series" in question["text"]
    assert "1 of them is marked as done already" in question["text"]
    assert "1 of the list could not be opened" in question["text"]
    assert "still has to be looked at" in question["text"]
    assert tables(database) == before, "nothing is written before the answer"
    after = do(session, question["command"], **question["args"])
    assert [rect["scope"] for rect in after["rects"]] == ["all frames"]
    store = app.services.database.store
    assert [len(store.rects(str(name))) for name in series] == [1, 1, 1, 0, 0]
    assert [session.worklist.state(place).value for place in range(4)] == ["in work", "done", "in work", "not reviewed"]
    assert after["can"]["undo"] == "a rectangle in 3 files of the series"
    do(session, "undo")
    assert tables(database) == before
    do(session, "redo")
    assert [len(store.rects(str(name))) for name in series] == [1, 1, 1, 0, 0]
    again = _asked(session)
    after = do(session, again["command"], **again["args"])
    assert after["message"]["text"] == "Every file of the series has this mark already."
    assert [len(store.rects(str(name))) for name in series] == [1, 1, 1, 0, 0]


def test_a_stored_rectangle_is_taken_to_the_series(open_app: Callable[..., ReviewApp], series: list[Path]) -> None:
    session = ready(open_app(series))
    first = do(session, "mark", box=[1, 2, 3, 4])["rects"][0]
    question = _asked(session, id=first["id"])
    do(session, question["command"], **question["args"])
    rows = store_of(session).rects(str(series[1]))
    assert [(row.box.left, row.box.top) for row in rows if row.box] == [(1, 2)]


def test_images_of_another_size_stay_as_they_are(open_app: Callable[..., ReviewApp], tmp_path: Path) -> None:
    one = write_cine(tmp_path / "one.dcm", **SERIES)
    other = tmp_path / "other.dcm"
    other.write_bytes(file_bytes(dataset(np.stack([gradient(20, 20)]), extra=SERIES)))
    session = ready(open_app([one, other]))
    question = _asked(session)
    assert "of 1 file of this series" in question["text"]
    assert "1 of the series with images of another size stays as it is" in question["text"]


def test_what_cannot_be_marked_is_refused(
    open_app: Callable[..., ReviewApp], series: list[Path], tmp_path: Path
) -> None:
    session = ready(open_app(series))
    with pytest.raises(UsageError, match="not on this plane"):
        do(session, "mark-series", id="r999")
    with pytest.raises(ReviewError, match="since the question"):
        do(session, "mark-series", confirm=True)
    do(session, "go-plane", key="o6000.0")
    with pytest.raises(ReviewError, match="from an image frame"):
        do(session, "mark-series")


def test_the_files_of_a_series_are_listed_a_part_of_the_list_at_a_time(
    open_app: Callable[..., ReviewApp], series: list[Path]
) -> None:
    session = ready(open_app(series))
    first = series_files(session, services_of(session), 0, 2)
    assert (first["next"], first["failed"], first["total"]) == (2, 0, 5)
    last = series_files(session, services_of(session), 2, 10)
    assert (last["next"], last["failed"]) == (None, 1)
    files: Any = [*first["files"], *last["files"]]  # type: ignore[misc]
    assert [Path(file["name"]).name for file in files] == ["a.dcm", "b.dcm", "c.dcm"]
    assert [(file["planes"], file["state"], file["unscanned_bits"]) for file in files] == [
        (7, "not reviewed", False), (7, "not reviewed", False), (4, "not reviewed", False),
    ]  # fmt: skip
    assert [[(group["key"], group["count"], group["shown"]) for group in file["groups"]] for file in files[1:]] == [
        [("f0", 4, True), ("o6000.0", 2, True), ("o6002.0", 1, True)],
        [("f0", 1, True), ("o6000.0", 2, True), ("o6002.0", 1, True)],
    ]
    assert files[0]["groups"][1]["title"].startswith("overlay 6000")


def test_a_series_in_which_a_file_was_changed_after_it_was_found_gets_no_mark_at_all(
    open_app: Callable[..., ReviewApp], series: list[Path], database: Path
) -> None:
    session = ready(open_app(series))
    question = _asked(session)
    write_cine(series[1], frames=2, uid=99, **SERIES)
    with pytest.raises(ReviewError, match="1 of the 3 files was changed since the series was looked through"):
        do(session, question["command"], **question["args"])
    assert not tables(database).get("DicomRects") and not tables(database).get("dcmaudit_rects")


def test_every_file_of_a_series_that_got_a_mark_is_known_again_when_moved(
    open_app: Callable[..., ReviewApp], series: list[Path]
) -> None:
    session = ready(open_app(series))
    question = _asked(session)
    do(session, question["command"], **question["args"])
    store = store_of(session)
    wait_for(lambda: all((found := store.identity(str(name))) and found.identity.pixel_digest for name in series[:3]))
