"""The key O: text on every plane of a file or of a series, while the reviewer goes on; its counts are true."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.errors import DecodeError, ReviewError
from dcmaudit.model import Box, FrameAddress, Origin, Plane, Region, Verdict
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.services.readings import Reading, Searched
from dcmaudit.review.services.text_reader import TextReader
from support.apps import do, ready, services_of, settled, state, wait_for, write_cine
from support.files import dataset, file_bytes
from support.lettering import lettered

UID = "1.2.826.0.1.3680043.10.9.990"


def _series(folder: Path, count: int = 3) -> list[Path]:
    """Files of one series, by position: four frames and three overlay planes each."""
    return [
        write_cine(
            folder / f"{number}.dcm",
            uid=number,
            SeriesInstanceUID=UID,
            ImagePositionPatient=[0, 0, float(number)],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )
        for number in range(count)
    ]


def _as_stack(app: ReviewApp) -> Session:
    session = ready(app)
    do(session, "series-stack")
    wait_for(lambda: session.stack is not None and session.stack.is_complete)
    return session


def _read(text: dict[tuple[int, str], int], broken: frozenset[str] = frozenset()) -> Any:
    """As if text were in these planes (file id, key): so many places."""

    def read(_self: TextReader, file_id: int, _referrer: object, plane: Plane, _stop: object) -> Reading:
        if plane.address.key in broken:
            raise DecodeError("no picture in it")
        count = text.get((file_id, plane.address.key), 0)
        boxes = [Box(4 * number, 1, 4 * number + 3, 9) for number in range(count)]
        verdict = Verdict.IDENTIFYING
        return Reading(tuple(Region(box, plane.address, Origin.OCR, "text", "X", verdict) for box in boxes))

    return read


def _result(session: Session) -> dict[str, Any]:
    wait_for(lambda: not services_of(session).series_reader.is_running)
    settled(session)
    message: dict[str, Any] = state(session)["message"]
    return message


def _of(session: Session, place: int) -> int:
    return session.worklist.file_id(place)


def test_text_is_found_on_every_plane_of_the_file_by_the_engine(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    path = tmp_path / "named.dcm"
    empty = np.zeros((200, 320), np.uint8)
    frames = np.stack([empty, lettered((200, 320), [("MERRIWEATHER", 20, 60)]), empty])
    path.write_bytes(file_bytes(dataset(frames, frames=3, extra={"PatientName": "Merriweather^Ada"})))
    session = ready(open_app([path]))
    do(session, "ocr-all")
    message = _result(session)
    assert "1 place of text on 1 plane, 1 likely to identify someone; 3 planes of 1 file were read." in message["text"]
    assert message["kind"] == "notice"
    assert "you can go on meanwhile" not in message["text"], "it is over"
    after = do(session, "next-suggestion")
    assert after["plane"]["key"] == "f1"
    assert "MERRI" in next(rect["text"] for rect in after["rects"] if rect["id"] == after["chosen"]).upper()


def test_a_series_is_read_through_and_its_files_have_what_was_found_when_they_are_opened(
    open_app: Callable[..., ReviewApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _as_stack(open_app(_series(tmp_path)))
    third = _of(session, 2)
    monkeypatch.setattr(TextReader, "read", _read({(third, "f2"): 2}))
    do(session, "ocr-all")
    text = _result(session)["text"]
    assert "2 places of text on 1 plane of 1 file, 2 likely to identify someone; 21 planes of 3 files" in text
    do(session, "next-suggestion")
    wait_for(lambda: session.opened().file_id == third)
    settled(session)
    after = state(session)
    assert (after["plane"]["key"], after["chosen"] is not None, after["worklist"]["number"]) == ("f2", True, 3)
    do(session, "reject")
    do(session, "reject")
    do(session, "next-suggestion")
    wait_for(lambda: "No further suggestion" in (state(session)["message"] or {"text": ""})["text"])
    assert "2 other files" in state(session)["message"]["text"]


def test_what_could_not_be_read_is_counted_and_makes_a_warning(
    open_app: Callable[..., ReviewApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = _series(tmp_path)
    session = _as_stack(open_app(names))
    monkeypatch.setattr(TextReader, "read", _read({}, broken=frozenset({"f1"})))
    names[2].unlink()
    do(session, "ocr-all")
    message = _result(session)
    assert "No text was found on 12 planes of 3 files. That is no proof that there is none." in message["text"]
    assert "2 planes could not be read." in message["text"]
    assert "1 file could not be opened." in message["text"]
    assert message["kind"] == "warning"


def test_it_is_stopped_by_its_key_and_says_what_was_not_read(
    open_app: Callable[..., ReviewApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begun = threading.Event(), threading.Event()
    quick = _read({})

    def slow(*how: Any) -> Reading:
        begun.set()
        gate.wait(20)
        reading: Reading = quick(*how)
        return reading

    monkeypatch.setattr(TextReader, "read", slow)
    session = _as_stack(open_app(_series(tmp_path)))
    after = do(session, "ocr-all")
    assert after["reading"] == "reading text: file 1 of 3, 0 planes read"
    begun.wait(20)
    assert do(session, "next-frame")["plane"]["key"] == "f1", "nobody waits for it"
    do(session, "ocr-all")
    gate.set()
    message = _result(session)
    assert message["text"].startswith("Stopped.")
    assert "3 files were not read, or not to the end." in message["text"]
    assert message["kind"] == "warning"
    assert state(session)["reading"] is None


def test_what_was_read_before_is_not_read_again_and_counts(
    open_app: Callable[..., ReviewApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ready(open_app(_series(tmp_path, 1)))
    monkeypatch.setattr(TextReader, "read", _read({(_of(session, 0), "f0"): 1}))
    do(session, "ocr-all")
    first = _result(session)["text"]
    monkeypatch.setattr(TextReader, "read", _read({}, broken=frozenset({"f0", "f1"})))
    do(session, "ocr-all")
    assert _result(session)["text"] == first


def test_a_series_that_is_still_being_searched_is_refused(open_app: Callable[..., ReviewApp], tmp_path: Path) -> None:
    session = _as_stack(open_app(_series(tmp_path)))
    assert session.stack is not None
    session.stack = replace(session.stack, is_complete=False)
    with pytest.raises(ReviewError, match="still being searched"):
        do(session, "ocr-all")


def test_a_suggestion_of_another_file_of_the_series_is_gone_to(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    session = _as_stack(open_app(_series(tmp_path)))
    address = FrameAddress(3)
    services = services_of(session)
    with services.instances.lease(_of(session, 1), session.worklist.referrer(1)):
        reading = Reading((Region(Box(1, 1, 9, 9), address, Origin.OCR, "text"),))
        file = Searched(_of(session, 1), session.worklist.name(1), session.worklist.referrer(1))
        services.files.readings.keep(file, address, reading)
    do(session, "previous-suggestion")
    wait_for(lambda: session.opened().file_id == _of(session, 1))
    settled(session)
    assert state(session)["plane"]["key"] == "f3"
