from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.detect.ocr import DEFAULT_ENGINE, ENGINES, Engine, engine_kind
from dcmaudit.detect.ocr.rapid import DETECTOR, READER, RapidEngine, models_folder
from dcmaudit.errors import EngineError, MissingExtraError, UsageError
from dcmaudit.store import OcrEngine
from support.lettering import lettered


def test_the_numbers_of_the_engines_are_those_of_the_database() -> None:
    for name, kind in ENGINES.items():
        assert kind.kind is OcrEngine[name.upper()]
        assert kind.name == name


def test_an_unknown_engine_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="rapidocr, tesseract, easyocr"):
        engine_kind("abbyy")


def test_the_default_engine_starts_without_any_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    engine = engine_kind(DEFAULT_ENGINE).make(threads=1)
    assert engine.detect(lettered((128, 256), [("FERN", 30, 70)]))


@pytest.mark.parametrize("missing", [DETECTOR, READER])
def test_a_missing_model_is_an_error_and_is_not_fetched(tmp_path: Path, missing: str) -> None:
    for name in {DETECTOR, READER} - {missing}:
        shutil.copy(models_folder() / name, tmp_path / name)
    with pytest.raises(EngineError, match=f"{missing} is missing") as caught:
        RapidEngine(1, tmp_path)
    assert "rapidocr==3.10.0" in str(caught.value)
    assert not (tmp_path / missing).exists()


@pytest.mark.parametrize("damage", ["one bit", "cut"])
def test_a_damaged_model_is_an_error(tmp_path: Path, damage: str) -> None:
    for name in (DETECTOR, READER):
        shutil.copy(models_folder() / name, tmp_path / name)
    data = bytearray((tmp_path / DETECTOR).read_bytes())
    data[5_000_000] ^= 1
    (tmp_path / DETECTOR).write_bytes(data if damage == "one bit" else data[:-1000])
    with pytest.raises(EngineError, match="is damaged"):
        RapidEngine(1, tmp_path)


def test_an_engine_that_is_not_installed_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(MissingExtraError, match="install dcmaudit"):
        models_folder()
    for name in ("pytesseract", "easyocr"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("tesseract", "easyocr"):
        with pytest.raises(MissingExtraError, match=rf"dcmaudit\[{name}\]"):
            engine_kind(name).make(threads=1)


def test_a_picture_that_no_engine_can_take_is_an_error_without_its_contents(rapid: Engine) -> None:
    with pytest.raises(EngineError) as caught:
        rapid.detect(np.zeros((0, 5), np.uint8))
    assert caught.value.__cause__ is not None
    assert "failed on a picture" in caught.value.message


def test_a_long_line_is_read_whole(rapid: Engine) -> None:
    text = "ALPHA BRAVO CHARLIE DELTA ECHO FOXTROT GOLF HOTEL INDIA"
    picture = lettered((60, 1900), [(text, 10, 40)], scale=1.0)
    corners = np.array([[0, 10], [1900, 10], [1900, 50], [0, 50]], np.float32)
    ((read, _),) = rapid.read(picture, [corners])
    assert "ALPHA" in read
    assert "INDIA" in read
