"""What is black on the screen is a mark, or is called a preview and becomes one when the file is finished."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.model import Box, Everywhere, FrameAddress, Origin, Region
from dcmaudit.model.screen import PreviewPolicy, Screen, ShownArea
from dcmaudit.review import ReviewApp, Session
from dcmaudit.settings import Settings
from dcmaudit.store import OcrEngine, open_store
from support.apps import do, paint_all, perform, ready, services_of, settled, state, store_of, tables, write_cine
from support.apps import text_everywhere as _text_everywhere

RULE = """FORMAT dicom

%filter graylist

LABEL Test Scanner writes a name at the top
contains ManufacturerModelName Test Scanner
coordinates 0,0,64,8
"""
BANNER = Box(0, 0, 64, 8)
AREA = ShownArea(BANNER, Everywhere.ALL_FRAMES, Origin.RULE)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with one deid rule."""
    folder = tmp_path / "smi" / "data" / "deid"
    folder.mkdir(parents=True)
    (folder / "deid.dicom.site").write_text(RULE)
    return tmp_path / "smi"


@pytest.fixture
def session(open_app: Callable[..., ReviewApp], files: list[Path], site: Path) -> Session:
    return ready(open_app(files, smi_root=site))


def name(session: Session) -> str:
    return session.opened().name


def marks(session: Session, filename: str) -> list[tuple[Box | None, object, object]]:
    return [(row.box, row.scope, row.engine) for row in store_of(session).rects(filename)]


STORED = [(BANNER, Everywhere.ALL_FRAMES, OcrEngine.RULE)]


def finish_by_n(session: Session) -> None:
    paint_all(session)
    do(session, "done-next")


FINISH: dict[str, Callable[[Session], Any]] = {
    "N": finish_by_n,
    "N without having looked": lambda session: do(session, "done-next", confirm=True),
    "t": lambda session: do(session, "tag"),
    "c": lambda session: do(session, "comment", text="hm"),
}


def test_a_preview_is_called_one_and_hides_once_it_is_stored(session: Session) -> None:
    (rect,) = state(session)["rects"]
    assert (rect["applied"], rect["stored"], rect["preview"], rect["scope"]) == (True, False, True, "all frames")
    assert state(session)["file"]["previews"] == 1
    after = do(session, "apply-one", id=rect["id"])
    assert [(one["stored"], one["preview"]) for one in after["rects"]] == [(True, False)]
    assert after["file"]["previews"] == 0
    for frame in range(4):
        (rect,) = do(session, "go-plane", key=f"f{frame}")["rects"]
        assert rect["stored"]


@pytest.mark.parametrize("way", FINISH)
def test_every_way_to_finish_a_file_stores_what_was_black_on_all_frames(session: Session, way: str) -> None:
    filename = name(session)
    FINISH[way](session)
    assert marks(session, filename) == STORED
    assert store_of(session).screen(filename) == Screen(PreviewPolicy.STORE, ("redact-rules",), (AREA,))
    assert "stored now" in str(state(session)["message"]["text"])


@pytest.mark.parametrize("way", FINISH)
def test_one_undo_takes_the_stored_previews_and_the_state_back(session: Session, database: Path, way: str) -> None:
    filename = name(session)
    FINISH[way](session)
    after = {key: rows for key, rows in tables(database).items() if key != "dcmaudit_seen"}
    do(session, "undo")
    assert marks(session, filename) == []
    assert store_of(session).tag(filename) is None
    assert store_of(session).screen(filename) is None
    do(session, "redo")
    assert {key: rows for key, rows in tables(database).items() if key != "dcmaudit_seen"} == after
    assert store_of(session).screen(filename) is not None


def test_without_redaction_on_the_screen_the_same_is_stored(session: Session) -> None:
    filename = name(session)
    do(session, "hide-redacted")
    finish_by_n(session)
    assert marks(session, filename) == STORED


def test_with_the_option_off_nothing_was_black_and_nothing_is_stored(session: Session) -> None:
    filename = name(session)
    do(session, "toggle-redact-rules")
    finish_by_n(session)
    assert marks(session, filename) == []
    assert store_of(session).screen(filename) == Screen(PreviewPolicy.STORE)


def test_what_a_mark_covers_on_all_frames_is_not_stored_again(session: Session) -> None:
    filename = name(session)
    do(session, "mark", box=[0, 0, 64, 12], scope="all frames")
    assert state(session)["file"]["previews"] == 0
    finish_by_n(session)
    assert marks(session, filename) == [(Box(0, 0, 64, 12), Everywhere.ALL_FRAMES, OcrEngine.NONE)]
    screen = store_of(session).screen(filename)
    assert screen is not None
    assert screen.areas == (AREA,), "it was black all the same"


def test_what_is_marked_on_one_frame_only_is_stored_on_all(session: Session) -> None:
    filename = name(session)
    do(session, "mark", box=[0, 0, 64, 8])
    assert state(session)["file"]["previews"] == 1
    finish_by_n(session)
    assert (BANNER, Everywhere.ALL_FRAMES, OcrEngine.RULE) in marks(session, filename)


def test_a_hidden_preview_is_not_black_and_not_stored(session: Session) -> None:
    filename = name(session)
    (rect,) = state(session)["rects"]
    assert do(session, "reject-one", id=rect["id"])["rects"] == []
    finish_by_n(session)
    assert marks(session, filename) == []


def test_leaving_previews_is_said_in_the_database_and_on_the_page(session: Session) -> None:
    filename = name(session)
    assert do(session, "previews-leave")["previews"] == "leave"
    finish_by_n(session)
    assert marks(session, filename) == []
    assert store_of(session).screen(filename) == Screen(PreviewPolicy.LEAVE, ("redact-rules",), (AREA,))
    assert state(session)["message"]["kind"] == "warning"


@pytest.mark.parametrize("way", FINISH)
@pytest.mark.parametrize(("answer", "expected"), [("args", STORED), ("other_args", [])])
def test_asking_leaves_the_choice_to_the_reviewer(
    session: Session, way: str, answer: str, expected: list[object]
) -> None:
    filename = name(session)
    do(session, "previews-ask")
    FINISH[way](session)
    question = state(session)["question"]
    assert "1 area is shown black" in question["text"]
    assert store_of(session).tag(filename) is None
    do(session, question["command"], **question[answer])
    assert marks(session, filename) == expected
    tag = store_of(session).tag(filename)
    assert tag is not None
    assert (tag.marked, tag.comment) == (way == "t", "hm" if way == "c" else None)


def test_an_answer_about_another_file_finishes_nothing(session: Session) -> None:
    do(session, "previews-ask")
    do(session, "tag")
    question = state(session)["question"]
    do(session, "next-file")
    with pytest.raises(Exception, match="another file"):
        perform(session, question["command"], question["args"])
    assert store_of(session).tag(name(session)) is None


def test_the_setting_is_kept_and_a_site_can_choose_the_first_one(
    open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    app = open_app(files, previews="ask")
    session = ready(app)
    assert state(session)["previews"] == "ask"
    do(session, "previews-leave")
    assert state(app.open_session())["previews"] == "leave"
    assert Settings().previews is PreviewPolicy.STORE


def test_the_viewer_stores_nothing(
    open_app: Callable[..., ReviewApp], files: list[Path], site: Path, database: Path
) -> None:
    session = ready(open_app(files, smi_root=site, viewer=True))
    (rect,) = state(session)["rects"]
    assert rect["preview"]
    for command in ("done-next", "tag"):
        with pytest.raises(Exception, match="viewer"):
            perform(session, command, {})
    assert tables(database) == {}


def test_r_on_an_equal_rectangle_stores_nothing_and_says_where_it_is(session: Session) -> None:
    do(session, "toggle-redact-rules")
    do(session, "mark", box=[1, 1, 9, 9])
    after = do(session, "mark", box=[1, 1, 9, 9])
    assert "marked on this plane already" in after["message"]["text"]
    do(session, "mark-all-frames")
    do(session, "mark", box=[20, 20, 30, 30], scope="all frames")
    do(session, "next-frame")
    after = do(session, "mark", box=[20, 20, 30, 30])
    assert "marked on all frames already" in after["message"]["text"]
    assert len([row for row in store_of(session).rects(name(session)) if row.box == Box(20, 20, 30, 30)]) == 1
    label = state(session)["can"]["undo"]
    do(session, "undo")
    assert label == "rectangle"


def test_a_stores_nothing_twice(session: Session) -> None:
    file = session.opened()
    ocr = Region(BANNER, FrameAddress(0), Origin.OCR, "text was read", text="NAME")
    services_of(session).suggestions.replace_read(file, FrameAddress(0), [ocr])
    do(session, "apply-all")
    assert marks(session, file.name) == STORED
    after = do(session, "apply-all")
    assert marks(session, file.name) == STORED
    assert after["message"]["text"].startswith(("There are no suggestions", "Everything suggested"))
    do(session, "undo")
    assert marks(session, file.name) == []


def test_each_suggestion_is_stored_where_it_means(session: Session) -> None:
    file = session.opened()
    ocr = Region(Box(30, 30, 40, 40), FrameAddress(0), Origin.OCR, "text was read", text="NAME")
    services_of(session).suggestions.replace_read(file, FrameAddress(0), [ocr])
    do(session, "apply-all")
    assert sorted((str(box), scope) for box, scope, _ in marks(session, file.name)) == [
        (str(BANNER), Everywhere.ALL_FRAMES), (str(Box(30, 30, 40, 40)), FrameAddress(0)),
    ]  # fmt: skip
    assert do(session, "undo") is not None
    assert marks(session, file.name) == [], "one step takes all of it back"


def test_the_scope_of_a_suggestion_can_be_narrowed(session: Session) -> None:
    (rect,) = state(session)["rects"]
    do(session, "apply-one", id=rect["id"], scope="this plane")
    assert [scope for _, scope, _ in marks(session, name(session))] == [FrameAddress(0)]


@pytest.mark.parametrize(
    ("scope", "expected"), [("all frames", Everywhere.ALL_FRAMES), ("this plane", FrameAddress(0))]
)
def test_a_rectangle_of_a_similar_image_means_what_it_meant_there(
    open_app: Callable[..., ReviewApp],
    files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    scope: str,
    expected: object,
) -> None:
    _text_everywhere(monkeypatch)
    session = ready(open_app(files))
    do(session, "mark", box=[10, 10, 30, 20], scope=scope)
    finish_by_n(session)
    settled(session)
    (rect,) = [one for one in state(session)["rects"] if not one["stored"]]
    assert rect["scope"] == scope
    do(session, "apply-one", id=rect["id"])
    assert [where for _, where, _ in marks(session, name(session))] == [expected]


def test_a_mark_whose_rows_another_program_deleted_is_shown_and_can_be_removed(
    session: Session, database: Path
) -> None:
    filename = name(session)
    do(session, "mark", box=[20, 20, 30, 30], scope="all frames")
    with open_store(database, user="other") as store, store._database.writing() as other:
        other.connection.exec_driver_sql('DELETE FROM "DicomRects" WHERE frame = 1')
    services_of(session).records.load(session, session.opened())
    (problem,) = [rect for rect in state(session)["rects"] if rect["box"] is None]
    assert "frame 1 of 4" in problem["reason"]
    do(session, "remove-rect", id=problem["id"])
    assert [scope for _, scope, _ in marks(session, filename)] == [FrameAddress(0), FrameAddress(2), FrameAddress(3)]


def test_opening_a_file_completes_marks_of_earlier_versions(
    open_app: Callable[..., ReviewApp], tmp_path: Path, database: Path
) -> None:
    from dcmaudit.store import NewRect
    from support.apps import wait_for

    file = write_cine(tmp_path / "a.dcm")
    with open_store(database, user="before") as store:
        store.add_rects(str(file), [NewRect(Box(1, 1, 5, 5), Everywhere.ALL_FRAMES)])
    ready(open_app([file]))
    wait_for(lambda: len(tables(database)["DicomRects"]) == 4)


def test_hiding_is_remembered_and_can_be_taken_back_later(
    open_app: Callable[..., ReviewApp], files: list[Path], site: Path
) -> None:
    session = ready(open_app(files, smi_root=site))
    (rect,) = state(session)["rects"]
    do(session, "reject-one", id=rect["id"])
    again = ready(open_app(files, smi_root=site, user="other"))
    assert state(again)["rects"] == []
    filename = name(again)
    finish_by_n(again)
    assert marks(again, filename) == []
    screen = store_of(again).screen(filename)
    assert screen is not None
    assert screen.areas == ()
    do(again, "previous-file")
    (hidden,) = do(again, "rejected")["rects"]
    assert (hidden["rejected"], hidden["applied"]) == (True, False)
    do(again, "apply-one", id=hidden["id"])
    assert marks(again, filename) == STORED
    do(session, "undo")
    assert ready(open_app(files, smi_root=site)).opened().hidden == set()
