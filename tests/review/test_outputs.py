"""Redacting from the page: what is written, what is refused, and that nothing ends without a word."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.model import Outcome, Reference, Result, View
from dcmaudit.pipeline.jobs import RedactionReport
from dcmaudit.pipeline.marked_files import MarkedFiles
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.page.output_rows import output_row
from dcmaudit.settings import Settings
from support.apps import do, paint_all, perform, ready, services_of, state, wait_for, write_cine

BOX = [10, 5, 30, 15]


@pytest.fixture
def app(open_app: Callable[..., ReviewApp], files: list[Path], database: Path) -> ReviewApp:
    """The reviewer as the program starts it, with the real redactor."""
    return open_app(files, redactor=MarkedFiles(Settings(db=str(database), user="tester", browser=False)))


def _finished(session: Session) -> dict[str, Any]:
    wait_for(lambda: not services_of(session).outputs.state.is_running)
    found: dict[str, Any] = state(session)["outputs"]
    return found


def _rows(session: Session) -> list[dict[str, Any]]:
    return [dict(output_row(one)) for one in services_of(session).outputs.state.newest(0, 100)[1]]


def test_only_the_open_file_and_only_once_it_is_done(app: ReviewApp, files: list[Path], tmp_path: Path) -> None:
    session = ready(app)
    do(session, "mark-all-frames", box=BOX)
    do(session, "redact-file", path=str(tmp_path / "out"))
    assert "7 of 7 planes were not seen" in state(session)["question"]["text"]
    assert _finished(session)["count"] == 0
    question = state(session)["question"]
    do(session, question["command"], **question["args"])
    assert _finished(session)["words"] == "1 of 1 file is redacted and proved"
    assert state(session)["file"]["state"] == "done"
    written = tmp_path / "out" / f"{files[0].stem}.redacted.dcm"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [written.name]
    after = pydicom.dcmread(written).pixel_array
    assert not after[:, 5:15, 10:30].any()
    assert np.array_equal(after[:, 15:], pydicom.dcmread(files[0]).pixel_array[:, 15:])
    (row,) = _rows(session)
    assert (row["outcome"], row["good"], row["target"]) == ("done", True, str(written))
    assert "Black as planned on 4 planes." in row["words"]


def test_a_question_about_another_file_is_not_answered(app: ReviewApp, tmp_path: Path) -> None:
    session = ready(app)
    do(session, "redact-file", path=str(tmp_path / "out"))
    asked = state(session)["question"]
    do(session, "next-file")
    with pytest.raises(UsageError, match="another file"):
        perform(session, asked["command"], asked["args"])


def test_files_that_are_tagged_or_not_done_stay_out_and_are_counted(app: ReviewApp, tmp_path: Path) -> None:
    session = ready(app)
    with pytest.raises(ReviewError, match="no file of the list is done"):
        perform(session, "redact-done", {"path": str(tmp_path / "out")})
    do(session, "mark-all-frames", box=BOX)
    do(session, "done-next", confirm=True)
    do(session, "tag")
    with pytest.raises(ReviewError, match="tagged for another look"):
        perform(session, "redact-file", {"path": str(tmp_path / "out")})
    do(session, "redact-done", path=str(tmp_path / "out"))
    assert _finished(session)["words"] == "1 of 1 file is redacted and proved; 2 more of the list are not done"


def test_a_clean_file_is_copied_only_where_all_of_it_was_seen(
    app: ReviewApp, files: list[Path], tmp_path: Path
) -> None:
    session = ready(app)
    do(session, "done-next", confirm=True)
    paint_all(session)
    do(session, "done-next", confirm=True)
    do(session, "redact-done", path=str(tmp_path / "out"))
    told = "1 of 2 files are redacted and proved; 1 needs your attention; 1 more of the list is not done"
    assert _finished(session)["words"] == told
    by_name = {row["name"]: row for row in _rows(session)}
    assert by_name[str(files[1])]["outcome"] == "copied unchanged"
    refused = by_name[str(files[0])]
    assert refused["outcome"] == "refused"
    assert "not all of its 7 planes were seen" in " ".join(refused["words"])
    assert "--" not in " ".join(refused["words"])


def test_what_is_there_already_is_not_replaced(app: ReviewApp, files: list[Path], tmp_path: Path) -> None:
    session = ready(app)
    do(session, "mark-all-frames", box=BOX)
    do(session, "done-next", confirm=True)
    taken = tmp_path / "out" / f"{files[0].stem}.redacted.dcm"
    taken.parent.mkdir()
    taken.write_bytes(b"somebody's")
    do(session, "redact-done", path=str(tmp_path / "out"))
    assert _finished(session)["good"] == 0
    assert "exists already" in _rows(session)[0]["words"][0]
    assert taken.read_bytes() == b"somebody's"


@pytest.mark.parametrize(
    ("place", "words"),
    [("missing/new", "no such folder"), ("file", "no folder"), ("file/new", "no such folder")],
)
def test_a_place_that_cannot_be_a_folder_is_refused(app: ReviewApp, tmp_path: Path, place: str, words: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    session = ready(app)
    do(session, "done-next", confirm=True)
    with pytest.raises(UsageError, match=words):
        perform(session, "redact-done", {"path": str(tmp_path / place)})
    assert not services_of(session).outputs.state.is_running


def test_outputs_stay_in_the_folders_that_may_be_opened(
    open_app: Callable[..., ReviewApp], files: list[Path], database: Path, tmp_path: Path
) -> None:
    redactor = MarkedFiles(Settings(db=str(database), user="tester", browser=False))
    app = open_app(files, redactor=redactor, browse_roots=[str(files[0].parent)])
    session = ready(app)
    do(session, "done-next", confirm=True)
    with pytest.raises(UsageError, match="may not be opened"):
        perform(session, "redact-done", {"path": str(tmp_path / "out")})
    assert not (tmp_path / "out").exists()


def test_the_viewer_and_a_program_without_a_redactor_say_so(
    open_app: Callable[..., ReviewApp], files: list[Path], tmp_path: Path
) -> None:
    session = ready(open_app(files))
    with pytest.raises(ReviewError, match="nothing can be redacted from this page"):
        perform(session, "redact-file", {"path": str(tmp_path)})
    viewer = ready(open_app(files, viewer=True))
    with pytest.raises(ReviewError):
        perform(viewer, "redact-done", {"path": str(tmp_path)})


class _Slow:
    """A redactor that waits for the test, and then ends as it is told."""

    def __init__(self, ending: Exception | None = None) -> None:
        self.begun, self.go_on, self.ending = threading.Event(), threading.Event(), ending

    def redact(
        self, _store: object, references: Any, _folder: Path, *, check_text: bool, stop: Callable[[], bool]
    ) -> Iterator[tuple[Reference, RedactionReport]]:
        assert check_text is True
        for reference in references:
            self.begun.set()
            assert self.go_on.wait(30)
            if self.ending is not None:
                raise self.ending
            if stop():
                return
            yield reference, RedactionReport(Result(reference.name, Outcome.FAILED, ("no reason",)))


def _begun(open_app: Callable[..., ReviewApp], names: list[Path], folder: Path, redactor: _Slow) -> Session:
    session = ready(open_app(names, redactor=redactor))
    for _name in names:
        do(session, "done-next", confirm=True)
    do(session, "redact-done", path=str(folder), check_text=True)
    assert redactor.begun.wait(30)
    return session


def test_there_is_one_run_at_a_time_and_it_can_be_stopped(
    open_app: Callable[..., ReviewApp], files: list[Path], tmp_path: Path
) -> None:
    redactor = _Slow()
    session = _begun(open_app, files, tmp_path, redactor)
    with pytest.raises(ReviewError, match="already"):
        perform(session, "redact-done", {"path": str(tmp_path)})
    assert state(session)["outputs"]["words"] == "0 of 3 files are through"
    do(session, "stop-redaction")
    assert "stopping" in state(session)["outputs"]["words"]
    redactor.go_on.set()
    ended = _finished(session)
    assert ended["words"] == "0 of 3 files are redacted and proved; 3 were not begun"
    assert state(session)["message"]["kind"] == "warning"


@pytest.mark.parametrize(
    ("ending", "words"),
    [(OSError(28, "No space left on device"), "No space left"), (ReviewError("a reason"), "a reason"),
     (RuntimeError("a secret"), "internal error")],
)  # fmt: skip
def test_a_run_that_breaks_off_says_why(
    open_app: Callable[..., ReviewApp], files: list[Path], tmp_path: Path, ending: Exception, words: str
) -> None:
    redactor = _Slow(ending)
    session = _begun(open_app, files, tmp_path, redactor)
    redactor.go_on.set()
    ended = _finished(session)
    assert ended["words"].startswith("Broken off after 0 of 3 files")
    assert words in ended["words"]
    assert "secret" not in ended["words"]


def test_before_and_after_are_on_one_scale_and_count_for_nothing(
    open_app: Callable[..., ReviewApp], tmp_path: Path, database: Path
) -> None:
    name = write_cine(tmp_path / "one.dcm", uid=9)
    redactor = MarkedFiles(Settings(db=str(database), user="tester", browser=False))
    session = ready(open_app([name], redactor=redactor))
    do(session, "mark-all-frames", box=BOX)
    do(session, "done-next", confirm=True)
    do(session, "redact-done", path=str(tmp_path / "out"))
    assert _finished(session)["good"] == 1
    outputs = services_of(session).outputs
    planes, output = outputs.planes(0)
    assert len(planes) == 7
    assert {address.key for address in output.changed} == {"f0", "f1", "f2", "f3"}
    data, note = outputs.pair(0, "f1", View())
    both = np.asarray(Image.open(BytesIO(data)))
    assert (both.shape, note) == ((96, 64), "")
    before, after = both[:48], both[48:]
    outside = np.ones((48, 64), bool)
    outside[5:15, 10:30] = False
    assert np.array_equal(before[outside], after[outside])
    assert not after[~outside].any()
    with pytest.raises(ReviewError):
        outputs.pair(0, "f99", View())
    with pytest.raises(ReviewError):
        outputs.pair(7, "f0", View())
    assert state(session)["file"]["seen"] == 0
