"""The handled rectangle between planes, one key for all frames, and lists without what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.model import Box, Everywhere, FrameAddress, Origin, Region, Size
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.state.handled_rectangle import first_box
from dcmaudit.review.state.name_list import short_name
from support.apps import MODEL, do, ready, services_of, state, store_of
from support.files import Overlay, dataset, file_bytes, gradient

_side = st.integers(1, 400)


def test_a_small_plane_does_not_change_the_size_that_the_person_gave(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    small = Overlay(np.ones((10, 12), np.uint8))
    path = tmp_path / "two.dcm"
    path.write_bytes(file_bytes(dataset(gradient(48, 64), overlays=[small], extra=MODEL)))
    session = ready(open_app([path]))
    do(session, "cursor", box=[5, 6, 45, 36])
    assert do(session, "go-plane", key="o6000.0")["handled"]["box"] == [0, 0, 12, 10]
    after = do(session, "go-plane", key="f0")
    assert after["handled"]["box"] == [5, 6, 45, 36]
    assert after["near"]["next"]["handled"]["box"] == [0, 0, 12, 10]


@given(width=_side, height=_side, data=st.data())
def test_the_first_place_covers_nothing_where_there_is_a_free_one(width: int, height: int, data: st.DataObject) -> None:
    size = Size(width, height)
    plain = first_box(size)
    assert plain.is_inside(size)
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    text = Box(left, top, data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height)))
    placed = first_box(size, [text])
    assert placed.is_inside(size)
    assert (placed.width, placed.height) == (plain.width, plain.height)
    corners = [Box(0, 0, plain.width, plain.height).moved(x, y)
               for x in (0, width - plain.width) for y in (0, height - plain.height)]  # fmt: skip
    if any(corner.intersection(text) is None for corner in corners):
        assert placed.intersection(text) is None


def test_the_rectangle_nobody_moved_leaves_found_text_alone(session: Session) -> None:
    box = Box(*state(session)["handled"]["box"])
    services_of(session).suggestions.replace_read(
        session.opened(), FrameAddress(0), [Region(box, FrameAddress(0), Origin.OCR, "read")]
    )
    assert Box(*state(session)["handled"]["box"]).intersection(box) is None


def test_one_key_applies_everything_on_all_frames(session: Session) -> None:
    file = session.opened()
    read = [Region(Box(left, 30, left + 8, 40), FrameAddress(0), Origin.OCR, "read", text="A") for left in (10, 30)]
    services_of(session).suggestions.replace_read(file, FrameAddress(0), read)
    do(session, "apply-all-frames")
    rows = store_of(session).rects(file.name)
    assert {(row.box, row.scope) for row in rows} == {(region.box, Everywhere.ALL_FRAMES) for region in read}
    do(session, "undo")
    assert store_of(session).rects(file.name) == []


def test_only_tagged_says_that_there_is_none(session: Session) -> None:
    after = do(session, "toggle-tagged-only")
    assert "No file of this list is tagged" in after["message"]["text"]
    do(session, "toggle-tagged-only")
    do(session, "tag")
    assert "No file" not in str(do(session, "toggle-tagged-only")["message"])


def test_names_are_shown_with_what_cannot_be_seen_written_out() -> None:
    assert short_name("/z/a/b/evil\u202excd.dcm") == "a/b/evil\\u202excd.dcm"
    assert short_name("/z/a/b/two\nlines.dcm") == "a/b/two\\nlines.dcm"
    assert short_name("/z/a/b/Grüße 東.dcm") == "a/b/Grüße 東.dcm"


def test_a_name_is_cut_only_where_it_is_long() -> None:
    # Without its slash it would look like a path from somewhere else.
    assert short_name("/tmp/in/a.dcm") == "/tmp/in/a.dcm"
    assert short_name("/a.dcm") == "/a.dcm"
    assert short_name("in/a.dcm") == "in/a.dcm"
    assert short_name("z/tmp/in/a.dcm") == "tmp/in/a.dcm"
    assert short_name("https://host/bucket/a/b/c.dcm") == "https://host/bucket/a/b/c.dcm"


def test_the_keys_for_files_walk_through_what_the_list_shows(
    open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    session = ready(open_app(files))
    do(session, "walk-list", text="us0003")
    assert do(session, "next-file")["file"]["name"] == str(files[2])
    assert "filtered list" in do(session, "next-file")["message"]["text"]
    assert "filtered list" in do(session, "previous-file")["message"]["text"]
    do(session, "walk-list", status="not reviewed", text="")
    do(session, "previous-file")
    do(session, "tag")
    do(session, "next-file")
    assert do(session, "previous-file")["file"]["name"] == str(files[0]), "the tagged one is not in that list"
