"""What machines found is there again when the program is started anew, and only where it still counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.audit import TextLook, TextSearch
from dcmaudit.errors import StoreLockedError
from dcmaudit.model import Outcome
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.records import Look
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.services.text_reader import TextReader
from dcmaudit.review.state.file_look import Concern
from dcmaudit.store import Store
from support.apps import do, ready, services_of, settled, state, wait_for
from support.files import dataset, file_bytes
from support.lettering import lettered
from support.stored import put_look

UID = "1.2.826.0.1.3680043.10.9.812"


def written(path: Path, text: str, number: int = 1) -> Path:
    """Three frames, the second of which has writing."""
    empty = np.zeros((200, 320), np.uint8)
    frames = np.stack([empty, lettered((200, 320), [(text, 20, 60)]) if text else empty, empty])
    facts = {"PatientName": "Merriweather^Ada", "SOPInstanceUID": f"{UID}.{number}", "SeriesInstanceUID": UID}
    path.write_bytes(file_bytes(dataset(frames, frames=3, extra=facts)))
    return path


@pytest.fixture
def named(tmp_path: Path) -> Path:
    return written(tmp_path / "named.dcm", "MERRIWEATHER")


def read_all(session: Session) -> str:
    do(session, "ocr-all")
    wait_for(lambda: not services_of(session).series_reader.is_running)
    settled(session)
    return str(state(session)["message"]["text"])


def on_second_frame(session: Session) -> list[dict[str, Any]]:
    return [rect for rect in do(session, "go-plane", key="f1")["rects"] if rect["source"] == "OCR"]


def no_look(*_: object, **__: object) -> object:
    raise AssertionError("nobody has to look again")


def test_suggestions_stand_there_at_once_and_say_when_they_were_found(
    open_app: Callable[..., ReviewApp], named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_app([named])
    read_all(ready(first))
    before = on_second_frame(ready(first))
    first.close()
    monkeypatch.setattr(TextLook, "look_at", no_look)
    session = ready(open_app([named]))
    today = datetime.now().astimezone().date()
    assert f"3 planes of it were read on {today}: text was found on 1 of them." in state(session)["message"]["text"]
    after = on_second_frame(session)
    assert [(rect["text"], rect["box"], rect["verdict"], rect["confidence"]) for rect in after] == [
        (rect["text"], rect["box"], rect["verdict"], rect["confidence"]) for rect in before
    ]
    assert before and all(rect["reason"].endswith(f"; found on {today}") for rect in after)
    text = read_all(session)
    assert "1 place of text on 1 plane, 1 likely to identify someone; 3 planes of 1 file were read." in text
    assert "3 planes were read before the program was started." in text


def test_what_was_applied_or_rejected_stays_so(open_app: Callable[..., ReviewApp], named: Path) -> None:
    first = open_app([named])
    session = ready(first)
    read_all(session)
    assert len(on_second_frame(session)) == 1
    do(session, "next-suggestion")
    do(session, "reject")
    first.close()
    assert on_second_frame(ready(open_app([named]))) == []


def changed_content(path: Path, _: pytest.MonkeyPatch) -> None:
    written(path, "ANOTHER")


def changed_time(path: Path, _: pytest.MonkeyPatch) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def other_weights(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.audit.search.weights_digest", lambda: "others")


def other_version(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.audit.search.__version__", "999")


@pytest.mark.parametrize("change", [changed_content, changed_time, other_weights, other_version])
def test_a_changed_file_or_another_way_to_look_makes_it_void(
    open_app: Callable[..., ReviewApp], named: Path, monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:  # fmt: skip
    first = open_app([named])
    read_all(ready(first))
    first.close()
    change(named, monkeypatch)
    session = ready(open_app([named]))
    assert on_second_frame(session) == []
    assert "read on" not in (state(session)["message"] or {"text": ""})["text"]
    assert "before the program was started" not in read_all(session)


def test_the_word_for_a_search_changes_with_the_list_of_the_site(tmp_path: Path) -> None:
    from dcmaudit.detect.ocr import DEFAULT_ENGINE, Mode
    from dcmaudit.detect.pii import DEFAULT, chain_plan

    allowed = tmp_path / "allowed.txt"
    words = set()
    for text in ("ABDOMEN\n", "LIVER\n"):
        allowed.write_text(text)
        plan = chain_plan(DEFAULT, allow_file=allowed)
        words |= {TextSearch(DEFAULT_ENGINE, mode, plan, read=read).method
                  for mode in (Mode.DEFAULT, Mode.FAST) for read in (True, False)}  # fmt: skip
    assert len(words) == 6, "a detector that reads nothing does not ask the list"


@pytest.mark.parametrize(
    ("package", "words"), [("imagecodecs", 4), ("pylibjpeg-openjpeg", 4), ("onnxruntime", 4), ("rapidfuzz", 3)]
)
def test_the_word_for_a_search_changes_with_who_decodes_looks_and_judges(
    monkeypatch: pytest.MonkeyPatch, package: str, words: int
) -> None:
    from dcmaudit.detect.ocr import DEFAULT_ENGINE, Mode
    from dcmaudit.detect.pii import DEFAULT, chain_plan

    found = set()
    for changed in ("", package):
        monkeypatch.setattr(
            "dcmaudit.audit.search.version", lambda name, changed=changed: "999" if name == changed else version(name)
        )
        found |= {TextSearch(DEFAULT_ENGINE, Mode.DEFAULT, chain_plan(DEFAULT), read=read).method
                  for read in (True, False)}  # fmt: skip
    assert len(found) == words, "a detector that reads nothing judges nothing"


def test_a_viewer_and_a_reader_keep_nothing_and_write_nothing(
    open_app: Callable[..., ReviewApp], named: Path, database: Path
) -> None:
    text = read_all(ready(open_app([named], viewer=True)))
    assert "could not be stored" not in text
    assert not list(database.glob("*.db"))


def test_a_file_that_was_written_to_while_it_was_read_is_not_kept(
    open_app: Callable[..., ReviewApp], named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_app([named])
    session = ready(first)
    read = TextReader.read

    def and_write(self: TextReader, *arguments: Any) -> Any:
        found = read(self, *arguments)
        os.utime(named, ns=(0, 5))
        return found

    monkeypatch.setattr(TextReader, "read", and_write)
    read_all(session)
    assert first.services.database.store.info().searched == (0, 0)


def test_what_could_not_be_stored_is_said(
    open_app: Callable[..., ReviewApp], named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise StoreLockedError("somebody else holds it")

    monkeypatch.setattr(Store, "put_searches", locked)
    session = ready(open_app([named]))
    assert "What was found is lost when the program ends" in read_all(session)
    assert state(session)["message"]["kind"] == "warning"
    assert on_second_frame(session), "it is suggested all the same"


# --- the look at the files of a list -------------------------------------------------------------------------------


def surveyed(session: Session) -> tuple[dict[str, tuple[object, ...]], str]:
    services = services_of(session)
    do(session, "survey")
    wait_for(lambda: (found := services.classes.of(session.worklist)) and found.is_complete and not found.is_running)
    survey = services.classes.of(session.worklist)
    assert survey is not None and survey.failure is None
    table = survey.table
    return {
        Path(table.worklist.name(place)).name: (
            table.concerns(place), table.likelihood(place), table.plane(place), table.planes(place),
            table.planes_with_text(place), table.text_places(place),
        )
        for place in range(len(table.worklist))
    }, survey.words  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "archive"
    folder.mkdir()
    return [written(folder / f"{number}.dcm", "MERRIWEATHER" if number == 2 else "", number) for number in range(5)]


def test_the_look_at_a_list_is_not_done_twice_and_says_so(
    open_app: Callable[..., ReviewApp], archive: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_app(archive)
    before, words = surveyed(ready(first))
    assert "earlier start" not in words and first.services.database.store.info().searched == (0, 5)
    first.close()
    monkeypatch.setattr(TextLook, "look_at", no_look)
    after, words = surveyed(ready(open_app(archive)))
    assert after == before
    assert "of 5 files an earlier start of the program knows what was found" in words


def test_a_file_that_changed_since_is_looked_at_again(
    open_app: Callable[..., ReviewApp], archive: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_app(archive)
    surveyed(ready(first))
    first.close()
    written(archive[0], "MERRIWEATHER", 0)
    second = open_app(archive)
    found, words = surveyed(ready(second))
    assert found["0.dcm"][4] == ("f1",)
    assert "of 4 files an earlier start" in words
    second.close()
    other_weights(archive[0], monkeypatch)
    _, words = surveyed(ready(open_app(archive)))
    assert "earlier start" not in words


def test_nothing_is_kept_of_a_file_that_was_not_wholly_looked_at(
    open_app: Callable[..., ReviewApp], archive: list[Path]
) -> None:
    archive[1].write_bytes(archive[1].read_bytes()[:-1000])
    app = open_app(archive)
    surveyed(ready(app))
    assert app.services.database.store.info().searched == (0, 4)


def test_a_look_that_could_not_be_stored_is_said(
    open_app: Callable[..., ReviewApp], archive: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise StoreLockedError("somebody else holds it")

    monkeypatch.setattr(Store, "put_searches", locked)
    _, words = surveyed(ready(open_app(archive)))
    assert "what was found in 5 files could not be stored" in words


def test_what_ocr_found_since_counts_more_than_that_the_look_found_nothing(
    open_app: Callable[..., ReviewApp], archive: list[Path]
) -> None:
    first = open_app(archive)
    surveyed(ready(first))
    found = archive[1].stat()
    look = Look(OcrEngine.RAPIDOCR, Outcome.DONE, complete=True, places=2, size=found.st_size,
                modified_ns=found.st_mtime_ns)  # fmt: skip
    put_look(first.services.database.store, str(archive[1]), look)
    first.close()
    now, _ = surveyed(ready(open_app(archive)))
    assert [Concern.FOUND in now[f"{number}.dcm"][0] for number in range(3)] == [False, True, True]


def test_two_files_of_one_size_and_time_that_changed_names_are_read_and_looked_at_anew(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    names = [written(folder / f"{number}.dcm", text, number) for number, text in enumerate(("MERRIWEATHER", ""))]
    # As programs that unpack archives leave them.
    for name in names:
        os.utime(name, ns=(0, 10**18))
    assert names[0].stat().st_size == names[1].stat().st_size
    first = open_app(names)
    session = ready(first)
    read_all(session)
    before, _ = surveyed(session)
    first.close()
    spare = folder / "spare"
    names[0].rename(spare), names[1].rename(names[0]), spare.rename(names[1])
    session = ready(open_app(names))
    assert on_second_frame(session) == []
    assert "before the program was started" not in read_all(session)
    after, words = surveyed(session)
    assert "earlier start" not in words
    assert [after[f"{number}.dcm"][4] for number in range(2)] == [before[f"{number}.dcm"][4] for number in (1, 0)]
