"""The key o: text on the plane on screen becomes suggestions, and nobody has to wait for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.detect.ocr import EngineKind
from dcmaudit.detect.textnet import network
from dcmaudit.errors import EngineError
from dcmaudit.model import Box, FrameAddress, Origin
from dcmaudit.review import ReviewApp
from support.apps import do, perform, ready, services_of, state, tables, wait_for
from support.files import dataset, file_bytes
from support.lettering import lettered
from support.smallnet import write_net


@pytest.fixture
def named(tmp_path: Path) -> Path:
    path = tmp_path / "named.dcm"
    frames = np.stack(
        [lettered((200, 320), [("MERRIWEATHER", 20, 60), ("120 kV", 200, 150)]), np.zeros((200, 320), np.uint8)]
    )
    path.write_bytes(file_bytes(dataset(frames, frames=2, extra={"PatientName": "Merriweather^Ada"})))
    return path


def found(session: Any) -> list[dict[str, Any]]:
    return [rect for rect in state(session)["rects"] if rect["source"] == "OCR"]


def test_o_suggests_what_is_written_with_confidence_and_verdict(
    open_app: Callable[..., ReviewApp], named: Path, database: Path
) -> None:
    session = ready(open_app([named]))
    do(session, "ocr")
    wait_for(lambda: found(session), 60)
    by_verdict = {rect["verdict"]: rect for rect in found(session)}
    assert set(by_verdict) == {"identifying", "harmless"}
    name = by_verdict["identifying"]
    assert "MERRI" in name["text"].upper()
    assert "PatientName" in name["reason"]
    assert "MERRI" not in name["reason"].upper()
    assert name["confidence"] > 0.5
    assert not name["stored"]
    assert not any(tables(database).values()), "what was found is kept, and no mark"
    message = state(session)["message"]["text"]
    assert "2 places" in message
    assert "MERRI" not in message.upper()


def test_o_twice_gives_no_rectangle_twice_and_one_can_be_applied(
    open_app: Callable[..., ReviewApp], named: Path
) -> None:
    session = ready(open_app([named]))
    do(session, "ocr")
    wait_for(lambda: len(found(session)) == 2, 60)
    do(session, "ocr")
    wait_for(lambda: "places" in (state(session)["message"] or {"text": ""})["text"], 60)
    assert len(found(session)) == 2
    first = found(session)[0]
    after = do(session, "apply-one", id=first["id"])
    assert [rect["stored"] for rect in after["rects"] if rect["box"] == first["box"]] == [True]


def test_an_empty_plane_says_that_nothing_was_found_and_that_this_proves_nothing(
    open_app: Callable[..., ReviewApp], named: Path
) -> None:
    session = ready(open_app([named]))
    do(session, "go-plane", key="f1")
    do(session, "ocr")
    wait_for(lambda: "No text" in (state(session)["message"] or {"text": ""})["text"], 60)
    assert "no proof" in state(session)["message"]["text"]


def test_the_reviewer_goes_on_while_text_is_read_and_an_engine_that_fails_is_named(
    open_app: Callable[..., ReviewApp], named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slow(*_: object, **__: object) -> None:
        gate.wait(60)
        raise EngineError("the OCR model is missing")

    monkeypatch.setattr(EngineKind, "make", slow)
    session = ready(open_app([named]))
    do(session, "ocr")
    assert do(session, "next-frame")["plane"]["key"] == "f1", "it came although the text is still being read"
    assert session.opened().reading
    gate.set()
    wait_for(lambda: "is missing" in (state(session)["message"] or {"text": ""})["text"], 30)
    assert state(session)["message"]["kind"] == "error"


def test_what_was_half_seen_is_kept_apart_and_the_plane_says_how_likely_text_is(
    open_app: Callable[..., ReviewApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "FOLDER", write_net(tmp_path / "net"))
    picture = np.full((200, 320), 20, np.uint8)
    picture[0, 0], picture[0, -1] = 0, 255
    picture[100:112, 60:160] = 205  # ink to the small network, but not surely
    path = tmp_path / "faint.dcm"
    path.write_bytes(file_bytes(dataset(picture)))
    session = ready(open_app([path]))
    do(session, "ocr")
    wait_for(lambda: "looked a little like text" in (state(session)["message"] or {"text": ""})["text"], 60)
    file = session.opened()
    assert [item for item in file.suggestions if item.region.origin is Origin.OCR] == []
    (region,) = file.set_aside[FrameAddress(0)]
    assert region.box.contains(Box(64, 102, 156, 110))
    assert "not taken for text" in region.reason
    assert file.heat[FrameAddress(0)] == pytest.approx(region.confidence, abs=0.01)
    assert 0.3 < file.heat[FrameAddress(0)] < 0.6


def test_a_processor_with_another_answer_is_said_by_o(
    open_app: Callable[..., ReviewApp], named: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_net(tmp_path / "other")
    described = json.loads((folder / "weights.json").read_text())
    described["probe"]["answer"] = "0" * 64
    (folder / "weights.json").write_text(json.dumps(described))
    monkeypatch.setattr(network, "FOLDER", folder)
    session = ready(open_app([named]))
    do(session, "ocr")
    wait_for(lambda: (state(session)["message"] or {}).get("kind") == "error", 60)
    assert "this processor gives another answer" in state(session)["message"]["text"]
    assert found(session) == []


def shows_reading(session: Any) -> bool:
    """Whether a page that was woken last would still say that text is being looked for."""
    now = state(session)
    return bool(now["file"]["reading"]) or "Looking for text" in (now["message"] or {"text": ""})["text"]


def woken(session: Any) -> list[bool]:
    """What a page sees each time that it is woken: whether text is still being looked for."""
    seen: list[bool] = []
    session.listen(lambda: seen.append(shows_reading(session)))
    return seen


@pytest.mark.parametrize("turn", range(5))
def test_o_and_at_once_the_next_plane_ends_with_what_was_found(
    open_app: Callable[..., ReviewApp], named: Path, turn: int
) -> None:
    session = ready(open_app([named]))
    seen = woken(session)
    perform(session, "ocr", {})
    perform(session, "next-frame", {})
    if turn % 2:
        perform(session, "previous-frame", {})
    wait_for(lambda: not shows_reading(session), 60)
    wait_for(lambda: seen and not seen[-1], 5)
    assert "text" in state(session)["message"]["text"]


def test_a_mistake_while_what_was_read_is_taken_in_is_told_and_ends_the_waiting(
    open_app: Callable[..., ReviewApp], named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ready(open_app([named]))
    seen = woken(session)

    def broken(*_: object) -> None:
        raise RuntimeError("MERRIWEATHER")

    monkeypatch.setattr(services_of(session).suggestions, "replace_read", broken)
    perform(session, "ocr", {})
    perform(session, "next-frame", {})
    wait_for(lambda: (state(session)["message"] or {"kind": ""})["kind"] == "error", 60)
    assert "RuntimeError" in state(session)["message"]["text"]
    assert "MERRI" not in state(session)["message"]["text"]
    assert seen[-1] is False


def test_a_file_that_is_opened_anew_meanwhile_is_not_said_to_be_read_for_ever(
    open_app: Callable[..., ReviewApp], named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ready(open_app([named]))
    started, gate, reader = threading.Event(), threading.Event(), services_of(session).text_reader
    look = type(reader).read

    def slow(*arguments: Any) -> Any:
        started.set()
        gate.wait(20)
        return look(*arguments)

    monkeypatch.setattr(type(reader), "read", slow)
    perform(session, "ocr", {})
    assert started.wait(20)
    before = session.opened()
    do(session, "read-again")
    seen = woken(session)
    gate.set()
    wait_for(lambda: not before.reading, 60)
    wait_for(lambda: seen, 5)
    assert seen[-1] is False
