"""Engines and judges: their numbers are those of databases that others wrote, their names those of lists."""

from __future__ import annotations

import pytest

from dcmaudit.model.engines import (
    NER_ENGINES,
    OCR_ENGINES,
    NerEngine,
    OcrEngine,
    ner_engine,
    ocr_engine,
    reads,
)


def test_the_numbers_and_names_never_change() -> None:
    assert {engine.value: engine.label for engine in OcrEngine} == {
        -1: "", 1: "tesseract", 2: "easyocr", 3: "keras", 4: "ultrasoundregions", 5: "scannedform",
        100: "rapidocr", 101: "lines", 102: "rules",
    }  # fmt: skip
    assert {judge.value: judge.label for judge in NerEngine} == {
        -1: "", 10: "spacy", 11: "spacy", 12: "spacy", 13: "spacy", 20: "flair", 30: "stanford",
        40: "stanza", 50: "allowlist", 60: "scannedform", 100: "header", 101: "patterns",
        102: "presidio", 103: "spacy",
    }  # fmt: skip


@pytest.mark.parametrize("engine", [engine for engine in OcrEngine if engine is not OcrEngine.NONE])
def test_an_engine_is_known_by_its_number_and_by_its_name(engine: OcrEngine) -> None:
    assert ocr_engine(engine.value) is engine
    assert OCR_ENGINES[engine.label] is engine


@pytest.mark.parametrize("judge", [judge for judge in NerEngine if judge is not NerEngine.NONE])
def test_a_judge_is_known_by_its_number_and_by_its_name(judge: NerEngine) -> None:
    assert ner_engine(judge.value) is judge
    assert NER_ENGINES[judge.label].label == judge.label
    assert NER_ENGINES["spacy"] is NerEngine.SPACY


def test_numbers_that_are_not_known_here_stay_as_they_are() -> None:
    assert (ocr_engine(77), ner_engine(0)) == (77, 0)
    assert not isinstance(ocr_engine(77), OcrEngine)


def test_areas_of_a_header_were_not_read() -> None:
    assert [engine for engine in OcrEngine if not reads(engine)] == [
        OcrEngine.NONE, OcrEngine.ULTRASOUND, OcrEngine.FORM, OcrEngine.RULE
    ]  # fmt: skip
    assert reads(77)
