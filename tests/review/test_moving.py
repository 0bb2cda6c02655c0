"""Going from plane to plane and file to file, and what is written on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.dicom import Instance
from dcmaudit.errors import DecodeError, UsageError
from dcmaudit.model import FrameAddress, ThumbnailAddress
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.services.picture_cache import PictureKey
from support.apps import (
    app_of,
    do,
    paint,
    paint_all,
    ready,
    services_of,
    sight,
    state,
    store_of,
    tables,
    wait_for,
    write_cine,
    write_stray,
)
from support.files import JPEG_BASELINE, dataset, file_bytes, gradient
from support.thumbnails import jpeg, with_thumbnail
from support.where import span

ORDER = ["f0", "f1", "f2", "f3", "o6000.0", "o6000.1", "o6002.0"]


def test_the_position_is_shown_as_number_and_total(session: Session) -> None:
    after = do(session, "next-file")["worklist"]
    assert (after["number"], after["total"]) == (2, 3)
    assert after["growing"] is False


def test_next_frame_steps_through_frames_then_overlay_by_overlay(session: Session) -> None:
    keys = [state(session)["plane"]["key"]]
    keys += [do(session, "next-frame")["plane"]["key"] for _ in range(6)]
    assert keys == ORDER


def test_the_overlay_number_comes_only_after_the_frames(session: Session) -> None:
    overlays = [state(session)["plane"]["overlay"]]
    overlays += [do(session, "next-frame")["plane"]["overlay"] for _ in range(6)]
    assert overlays == [None, None, None, None, "6000", "6000", "6002"]


def test_next_frame_at_the_end_stays_in_the_file_and_says_so(session: Session) -> None:
    do(session, "go-plane", key="o6002.0")
    after = do(session, "next-frame")
    assert after["plane"]["key"] == "o6002.0"
    assert after["worklist"]["number"] == 1
    assert "last plane" in after["message"]["text"]


def test_previous_frame_goes_back_and_stops_at_the_first(session: Session) -> None:
    do(session, "go-plane", key="o6000.0")
    assert do(session, "previous-frame")["plane"]["key"] == "f3"
    do(session, "go-plane", index=0)
    after = do(session, "previous-frame")
    assert (after["plane"]["key"], after["message"]["text"]) == ("f0", "This is the first plane of the file.")


def test_fast_forward_goes_to_the_first_overlay_then_the_next_then_says_there_is_none(session: Session) -> None:
    assert do(session, "next-overlay")["plane"]["key"] == "o6000.0"
    assert do(session, "next-overlay")["plane"]["key"] == "o6002.0"
    after = do(session, "next-overlay")
    assert after["plane"]["key"] == "o6002.0"
    assert "No group comes after this one" in after["message"]["text"]


def test_fast_forward_records_what_was_skipped_but_not_what_was_painted(session: Session) -> None:
    paint(session)
    do(session, "next-frame")
    paint(session)
    groups = do(session, "next-overlay")["groups"]
    assert (groups[0]["seen"], groups[0]["skipped"]) == ([[0, 2]], [[2, 4]])


def test_moving_never_writes_a_review_state(session: Session, database: Path) -> None:
    for command in ("next-frame", "next-overlay", "previous-frame", "next-file", "previous-file", "next-file"):
        do(session, command)
        paint(session)
    found = tables(database)
    assert found.get("DicomTags", []) == []
    assert found.get("DicomRects", []) == []


def test_escape_at_the_last_file_stays_there_and_says_so(session: Session) -> None:
    do(session, "go-file", index=2)
    after = do(session, "next-file")
    assert after["worklist"]["number"] == 3
    assert "last file" in after["message"]["text"]


def test_going_to_a_file_that_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(UsageError, match="no file number 9"):
        do(session, "go-file", index=8)


def test_done_writes_then_moves_once_everything_was_painted(
    session: Session, database: Path, files: list[Path]
) -> None:
    paint_all(session)
    after = do(session, "done-next")
    assert after["worklist"]["number"] == 2
    assert after["worklist"]["left"] == 2
    assert [(row[1], row[2]) for row in tables(database)["DicomTags"]] == [(str(files[0]), "F")]


def test_done_asks_first_where_planes_were_not_seen(session: Session, database: Path) -> None:
    paint(session)
    after = do(session, "done-next")
    assert after["worklist"]["number"] == 1
    assert after["question"]["text"].startswith("6 of 7 planes were not seen.")
    assert tables(database).get("DicomTags", []) == []
    answered = do(session, after["question"]["command"], **after["question"]["args"])
    assert answered["worklist"]["number"] == 2
    assert len(tables(database)["DicomTags"]) == 1


def test_the_answer_to_a_question_about_another_file_is_refused(session: Session) -> None:
    question = do(session, "done-next")["question"]
    do(session, "next-file")
    with pytest.raises(UsageError, match="another file"):
        do(session, question["command"], **question["args"])


def test_planes_skipped_on_purpose_are_asked_about_before_the_file_is_done(session: Session) -> None:
    paint(session)
    for _ in range(3):
        do(session, "next-overlay")
        paint(session)
    asked = do(session, "done-next")["question"]["text"]
    assert asked.startswith("4 of 7 planes were not seen: 4 skipped with f.")


def test_how_each_plane_was_seen_is_stored_with_done(session: Session, database: Path, files: list[Path]) -> None:
    paint(session)
    do(session, "next-overlay")
    paint(session)
    do(session, "done-next", confirm=True)
    records = store_of(session).seen(str(files[0]))
    assert {(record.how.value, record.spans) for record in records} == {
        ("seen", (span("f", 0, 1),)),
        ("skipped", (span("f", 1, 4),)),
        ("seen", (span("o6000", 0, 1),)),
    }


def test_a_plane_painted_just_before_leaving_is_counted_for_its_own_file(session: Session, files: list[Path]) -> None:
    do(session, "next-file")
    services_of(session).seen.painted(session, [sight(session, 0, "f2")])
    wait_for(lambda: store_of(session).seen(str(files[0])))
    assert [record.filename for record in store_of(session).seen(str(files[0]))] == [str(files[0])]


def test_what_was_seen_before_counts_when_the_file_comes_back(session: Session) -> None:
    paint_all(session)
    do(session, "next-file")
    assert do(session, "previous-file")["file"]["seen"] == 7


def test_stray_bits_are_found_in_the_background_and_the_plane_on_screen_stays(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    session = ready(open_app([write_stray(tmp_path / "stray.dcm")]))
    after = state(session)
    assert after["file"]["bits"] == "looked at"
    assert [group["title"] for group in after["groups"]] == ["frames", "stray bit 13"]
    assert [do(session, "next-frame")["plane"]["key"] for _ in range(3)] == ["f1", "f2", "b13.2"]


def test_thumbnails_of_a_long_file_are_found_in_the_background_and_can_be_marked(
    open_app: Callable[..., ReviewApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.dicom.instance._SOON", 100)
    frames = [jpeg(gradient(64, 64)), with_thumbnail(gradient(64, 64))]
    made = dataset(np.stack([gradient(64, 64)] * 2), frames=2)
    path = tmp_path / "long.dcm"
    path.write_bytes(file_bytes(made, JPEG_BASELINE, frames=frames))
    session = ready(open_app([path]))
    after = state(session)
    assert after["file"]["bits"] == "looked at"
    assert [group["title"] for group in after["groups"]] == ["frames", "thumbnail"]
    assert [do(session, "next-frame")["plane"]["key"] for _ in range(2)] == ["f1", "t1.0"]
    assert state(session)["plane"]["title"] == "thumbnail of frame 2"
    marked = do(session, "mark", box=[2, 2, 20, 12])
    assert len(marked["rects"]) == 1
    assert store_of(session).rects(str(path))[0].scope == ThumbnailAddress(1, 0)


def test_a_file_that_cannot_be_opened_is_an_entry_and_the_list_goes_on(
    open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    files[1].write_bytes(files[1].read_bytes())
    app = open_app(files)
    session = ready(app)
    files[1].unlink()
    after = do(session, "next-file")
    assert after["plane"] is None
    assert "no such file" in after["file"]["error"]["message"]
    assert do(session, "next-file")["plane"]["key"] == "f0"


def test_done_files_are_left_out_the_next_time_unless_review_is_asked_for(
    open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    first = ready(open_app(files))
    do(first, "done-next", confirm=True)
    do(first, "tag")
    assert state(ready(open_app(files)))["worklist"]["total"] == 1
    assert state(ready(open_app(files, chosen={"ignore-done": False})))["worklist"]["total"] == 3
    tagged = state(ready(open_app(files, chosen={"ignore-done": False, "tagged-only": True})))
    assert (tagged["worklist"]["total"], tagged["file"]["name"]) == (1, str(files[1]))


def test_the_filter_walks_through_matching_names_only(session: Session, files: list[Path]) -> None:
    after = do(session, "filter", text="us0003")
    # The open file stays in the list, so that nothing disappears under the reviewer.
    assert after["worklist"]["total"] == 2
    assert do(session, "next-file")["file"]["name"] == str(files[2])
    assert do(session, "filter", text="")["worklist"]["total"] == 3


def test_nothing_open_is_a_calm_state(open_app: Callable[..., ReviewApp]) -> None:
    session = ready(open_app([]))
    after = state(session)
    assert (after["worklist"]["index"], after["file"], after["plane"]) == (None, None, None)


def test_files_can_be_opened_later(open_app: Callable[..., ReviewApp], files: list[Path], tmp_path: Path) -> None:
    session = ready(open_app([]))
    after = do(session, "open-folder", path=str(files[0].parent))
    assert after["worklist"]["total"] == 3
    below = tmp_path / "images" / "below"
    below.mkdir()
    write_cine(below / "US0009.dcm", uid=9)
    assert do(session, "open-folder-recursive", path=str(files[0].parent))["worklist"]["total"] == 4
    assert do(session, "open-files", names=[str(files[2])])["file"]["name"] == str(files[2])


def test_the_examples_can_be_tried_and_go_away_again(open_app: Callable[..., ReviewApp]) -> None:
    app = open_app([])
    session = ready(app)
    after = do(session, "open-examples")
    assert after["worklist"]["total"] >= 5
    folder = Path(app.services.examples.folder())
    assert folder.is_dir()
    app.close()
    assert not folder.exists()


def test_lists_that_were_opened_are_offered_on_the_start_page(
    open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    first = ready(open_app([]))
    do(first, "open-folder-recursive", path=str(files[0].parent))
    wait_for(store_of(first).preferences)  # noted in the background
    session = ready(open_app([]))
    recent = state(session)["recent"]
    assert len(recent) == 1
    assert recent[0]["label"].endswith("/images, with subfolders")
    assert do(session, recent[0]["command"], **recent[0]["args"])["worklist"]["total"] == 3


def test_a_plane_that_cannot_be_decoded_never_counts_as_seen(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Instance.read

    def partly(self: Instance, address: Any) -> Any:
        if address == FrameAddress(2):
            raise DecodeError("frame 3: broken")
        return read(self, address)

    monkeypatch.setattr(Instance, "read", partly)
    picture = PictureKey(0, FrameAddress(2))
    with pytest.raises(DecodeError):
        services_of(session).pictures.request(picture, app_of(session).referrer(session, 0)).result(10)
    paint_all(session)
    after = do(session, "done-next")
    assert (after["file"]["seen"], after["worklist"]["number"]) == (6, 1)
    assert after["question"]["text"].startswith("1 of 7 planes was not seen. 1 plane could not be decoded.")


def test_what_is_foreseen_for_the_next_and_previous_plane_is_what_comes(session: Session) -> None:
    do(session, "mark", box=[10, 5, 30, 15])
    do(session, "mark-all-frames", box=[1, 1, 5, 5])
    do(session, "cursor", box=[20, 20, 60, 44])
    before = state(session)
    assert before["near"]["previous"] is None
    planes = before["file"]["planes"]
    for _ in range(planes - 1):
        after = do(session, "next-frame")
        assert before["near"]["next"] == {part: after[part] for part in ("plane", "rects", "handled", "can")}
        back = do(session, "previous-frame")
        assert after["near"]["previous"] == {part: back[part] for part in ("plane", "rects", "handled", "can")}
        before = do(session, "next-frame")
    assert before["near"]["next"] is None


def test_a_contact_sheet_is_a_glance_whatever_its_size_and_the_question_says_so(session: Session) -> None:
    paint(session)
    file_id = state(session)["file"]["file_id"]
    after = do(session, "seen", file_id=file_id, shown=[f"f{number}" for number in range(4)])
    assert (after["file"]["seen"], after["file"]["glanced"], after["groups"][0]["glanced"]) == (1, 3, [[0, 4]])
    asked = do(session, "done-next")["question"]["text"]
    assert asked.startswith("6 of 7 planes were not seen: 3 only in a contact sheet, 3 never shown.")
