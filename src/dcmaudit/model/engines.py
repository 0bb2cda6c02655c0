"""Who found a text and who judged it, with the numbers that databases have and the names that lists have."""

from __future__ import annotations

from enum import IntEnum


class OcrEngine(IntEnum):
    """Who read the text or found the area; the value is the column ``ocrengine``. Ours start at 100."""

    NONE = -1
    TESSERACT = 1
    EASYOCR = 2
    KERAS = 3
    ULTRASOUND = 4
    FORM = 5
    RAPIDOCR = 100
    LINES = 101
    """The detector that comes with dcmaudit: it finds lines of text and does not read them."""
    RULE = 102
    """A deid rule that matches the header."""

    @property
    def label(self) -> str:
        """The name in the column ``ocr_engine`` of lists; empty for nobody."""
        return _OCR_LABELS[self]

    @property
    def reads(self) -> bool:
        """Whether what it notes is a text that was read or a line that was found, and no area of a header."""
        return self not in {OcrEngine.NONE, OcrEngine.ULTRASOUND, OcrEngine.FORM, OcrEngine.RULE}


_OCR_LABELS = {
    OcrEngine.NONE: "",
    OcrEngine.TESSERACT: "tesseract",
    OcrEngine.EASYOCR: "easyocr",
    OcrEngine.KERAS: "keras",
    OcrEngine.ULTRASOUND: "ultrasoundregions",
    OcrEngine.FORM: "scannedform",
    OcrEngine.RAPIDOCR: "rapidocr",
    OcrEngine.LINES: "lines",
    OcrEngine.RULE: "rules",
}


class NerEngine(IntEnum):
    """Who judged the text; the value is the column ``nerengine``. Ours start at 100."""

    NONE = -1
    SPACY = 10
    SPACY_11 = 11
    SPACY_12 = 12
    SPACY_13 = 13
    FLAIR = 20
    STANFORD = 30
    STANZA = 40
    ALLOW_LIST = 50
    FORM = 60
    HEADER = 100
    """The text equals a value of the file's own header."""
    PATTERNS = 101
    """The text has the form of a date, a number of a person or the like."""
    PRESIDIO = 102
    SPACY_OTHER = 103
    """spaCy with a model that the original did not know."""

    @property
    def label(self) -> str:
        """The name in the column ``ner_engine`` of lists; empty for nobody, the same for every model of spaCy."""
        return _NER_LABELS[self]


_NER_LABELS = {
    NerEngine.NONE: "",
    NerEngine.SPACY: "spacy",
    NerEngine.SPACY_11: "spacy",
    NerEngine.SPACY_12: "spacy",
    NerEngine.SPACY_13: "spacy",
    NerEngine.FLAIR: "flair",
    NerEngine.STANFORD: "stanford",
    NerEngine.STANZA: "stanza",
    NerEngine.ALLOW_LIST: "allowlist",
    NerEngine.FORM: "scannedform",
    NerEngine.HEADER: "header",
    NerEngine.PATTERNS: "patterns",
    NerEngine.PRESIDIO: "presidio",
    NerEngine.SPACY_OTHER: "spacy",
}


def ocr_engine(number: int) -> OcrEngine | int:
    """The engine of that number; the number itself where this version has no name for it."""
    return _OCR_NUMBERS.get(number, number)


def ner_engine(number: int) -> NerEngine | int:
    """The judge of that number; the number itself where this version has no name for it."""
    return _NER_NUMBERS.get(number, number)


_OCR_NUMBERS: dict[int, OcrEngine] = {int(engine): engine for engine in OcrEngine}
_NER_NUMBERS: dict[int, NerEngine] = {int(engine): engine for engine in NerEngine}

OCR_ENGINES = {engine.label: engine for engine in OcrEngine if engine is not OcrEngine.NONE}
"""The engines by the names of lists."""
NER_ENGINES = {judge.label: judge for judge in reversed(NerEngine) if judge is not NerEngine.NONE}
"""The judges by the names of lists; spaCy is the one with the lowest number, whose model nobody said."""


def reads(engine: OcrEngine | int) -> bool:
    """Whether text was read or a line found; an engine that is unknown here is taken for one that reads."""
    return not isinstance(engine, OcrEngine) or engine.reads
