"""What was seen counts for the content that was seen: files that change while they are open, or between two starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from dcmaudit.dicom import open_instance
from dcmaudit.errors import ReviewError
from dcmaudit.model import DeviceFacts
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.services.content_check import OTHER, OTHER_PIXELS
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
)
from support.files import PathReference


def _again(open_app: Callable[..., ReviewApp], session: Session, files: list[Path], **how: object) -> Session:
    app_of(session).close()
    again = ready(open_app(files, **how))
    wait_for(lambda: again.file is not None and not again.file.comparing)
    return again


def _touch(path: Path) -> None:
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def test_a_changed_file_is_read_again_and_nothing_seen_before_counts(session: Session, files: list[Path]) -> None:
    paint_all(session)
    do(session, "mark", box=[1, 1, 5, 5])
    former = state(session)["file"]["file_id"]
    write_cine(files[0], frames=2, uid=1)
    with pytest.raises(ReviewError, match="changed after it was opened"):
        do(session, "mark", box=[2, 2, 6, 6])
    assert state(session)["file"]["changed"] is True
    after = do(session, "read-again")
    assert after["file"]["changed"] is False
    assert after["file"]["file_id"] != former
    assert (after["file"]["planes"], after["file"]["seen"], after["worklist"]["number"]) == (5, 0, 1)
    assert "1 rectangle was stored for this name before" in after["message"]["text"]
    assert len(do(session, "mark", box=[2, 2, 6, 6])["rects"]) == 1 + (after["plane"]["key"] == "o6002.0")


def test_planes_reported_under_the_old_id_do_not_count_for_the_file_read_again(
    session: Session, files: list[Path]
) -> None:
    former = state(session)["file"]["file_id"]
    write_cine(files[0], frames=4, uid=9)
    do(session, "read-again")
    services_of(session).seen.painted(session, [sight(session, former, "f0"), sight(session, former, "f1")])
    services_of(session).content.keep(session.opened())
    assert state(session)["file"]["seen"] == 0
    with pytest.raises(ReviewError, match="not in the open list"):
        session.worklist.place(former)
    paint(session)
    assert state(session)["file"]["seen"] == 1


def test_reading_an_unchanged_file_again_loses_nothing(session: Session, files: list[Path]) -> None:
    do(session, "go-plane", key="f2")
    paint(session)
    after = do(session, "read-again")
    assert (after["plane"]["key"], after["file"]["seen"], after["message"]) == ("f2", 1, None)


def test_the_other_document_that_shows_the_file_reads_it_again_too(session: Session, files: list[Path]) -> None:
    other = ready(app_of(session))
    write_cine(files[0], frames=1, uid=5)
    do(session, "read-again")
    wait_for(lambda: state(other)["file"]["planes"] == 4)
    assert state(other)["file"]["file_id"] == state(session)["file"]["file_id"]


def test_what_is_seen_after_a_change_is_not_stored(session: Session, database: Path, files: list[Path]) -> None:
    write_cine(files[0], frames=3, uid=1)
    paint(session)
    do(session, "next-file")
    assert not tables(database).get("dcmaudit_seen")


def test_what_was_seen_counts_at_the_next_start_while_the_file_is_the_same(
    session: Session, open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    paint_all(session)
    again = _again(open_app, session, files)
    assert state(again)["file"]["seen"] == 7


def test_another_file_under_the_name_was_never_seen(
    session: Session, open_app: Callable[..., ReviewApp], database: Path, files: list[Path]
) -> None:
    paint_all(session)
    do(session, "next-file")
    wait_for(lambda: (found := store_of(session).identity(str(files[0]))) and found.identity.pixel_digest)
    write_cine(files[0], frames=5, uid=1)
    again = _again(open_app, session, files)
    wait_for(lambda: OTHER_PIXELS in state(again)["file"]["notes"])
    assert state(again)["file"]["seen"] == 0
    assert not tables(database)["dcmaudit_seen"]
    paint(again)
    third = _again(open_app, again, files)
    assert state(third)["file"]["seen"] == 1


def test_without_a_digest_another_time_of_change_is_another_file(
    session: Session, open_app: Callable[..., ReviewApp], files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.review.services.content_check.DIGESTED", 0)
    paint_all(session)
    do(session, "next-file")
    _touch(files[0])
    again = _again(open_app, session, files)
    assert (state(again)["file"]["seen"], OTHER in state(again)["file"]["notes"]) == (0, True)


def test_equal_pixels_keep_what_was_seen_of_frames_but_not_of_overlays(
    session: Session, open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    paint_all(session)
    do(session, "next-file")
    wait_for(lambda: (found := store_of(session).identity(str(files[0]))) and found.identity.pixel_digest)
    shutil.copy(files[0], files[0].with_name("copy"))
    files[0].with_name("copy").replace(files[0])
    _touch(files[0])
    again = _again(open_app, session, files)
    wait_for(lambda: state(again)["file"]["seen"] == 4)
    assert state(again)["groups"][0]["seen"] == [[0, 4]]
    third = _again(open_app, again, files)
    assert state(third)["file"]["seen"] == 4


def test_equal_pixels_under_another_instance_keep_what_was_seen_of_frames(
    session: Session, open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    paint_all(session)
    do(session, "next-file")
    wait_for(lambda: (found := store_of(session).identity(str(files[0]))) and found.identity.pixel_digest)
    data = pydicom.dcmread(files[0])
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    data.save_as(files[0], enforce_file_format=True)
    again = _again(open_app, session, files)
    wait_for(lambda: state(again)["groups"][0]["seen"] == [[0, 4]])


def test_a_done_file_that_was_only_touched_is_not_called_replaced(
    session: Session, open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    name, store = str(files[0]), store_of(session)
    with open_instance(PathReference(files[0])) as instance:
        status = files[0].stat()
        store.put_identity(name, instance.identity(), size=status.st_size, modified_ns=status.st_mtime_ns)
    store.mark_done(name, DeviceFacts())  # as a list of tags does, without a word on what was seen
    _touch(files[0])
    again = _again(open_app, session, files, chosen={"ignore-done": False})
    paint_all(again)
    do(again, "next-file")
    wait_for(lambda: (found := store_of(again).identity(name)) and found.modified_ns == files[0].stat().st_mtime_ns)
    assert store_of(again).replaced_at(name) is None
    write_cine(files[0], frames=5, uid=1)
    third = _again(open_app, again, files, chosen={"ignore-done": False})
    paint(third)
    do(third, "next-file")
    wait_for(lambda: store_of(third).replaced_at(name) is not None)


def test_the_viewer_forgets_nothing_in_the_database(
    session: Session, open_app: Callable[..., ReviewApp], database: Path, files: list[Path]
) -> None:
    paint_all(session)
    do(session, "next-file")
    app_of(session).close()
    before = tables(database)["dcmaudit_seen"]
    write_cine(files[0], frames=5, uid=1)
    viewer = ready(open_app(files, viewer=True))
    wait_for(lambda: viewer.file is not None and not viewer.file.comparing)
    assert state(viewer)["file"]["seen"] == 0
    app_of(viewer).close()
    assert tables(database)["dcmaudit_seen"] == before


def test_a_note_of_other_content_forgets_what_was_seen(session: Session, files: list[Path]) -> None:
    store, name = store_of(session), str(files[0])
    paint_all(session)
    do(session, "next-file")
    wait_for(lambda: (found := store.identity(name)) and found.identity.pixel_digest)
    found = store.identity(name)
    assert found is not None
    store.put_identity(name, found.identity, size=1, modified_ns=2)
    assert {span.group.key for record in store.seen(name) for span in record.spans} == {"f"}
    store.put_identity(name, type(found.identity)("1.2.3", "sha256:00"), size=1, modified_ns=3)
    assert store.seen(name) == []
