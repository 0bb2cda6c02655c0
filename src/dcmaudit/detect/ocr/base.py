"""The interface that every engine has, and the table of engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast, runtime_checkable

from dcmaudit.detect.ocr.spots import Corners, Picture, Spot
from dcmaudit.errors import UsageError
from dcmaudit.model.engines import OcrEngine


class Engine(Protocol):
    """One way to find and read text. Made once in a process and used for many pictures; not from two threads."""

    kind: OcrEngine
    """Which one it is, for the database and for lists."""

    def detect(self, picture: Picture) -> list[Spot]:
        """Where text is, each place once; [] where there is none. EngineError where the engine fails."""
        ...

    def read(self, picture: Picture, places: Sequence[Corners]) -> list[tuple[str, float | None]]:
        """The text at each place and the reader's confidence, 0 to 1; "" where nothing can be read."""
        ...


@runtime_checkable
class LooksAtMany(Protocol):
    """An engine that takes many pictures at once in less time than one after the other."""

    def detect_many(self, pictures: Sequence[Picture]) -> list[list[Spot]]:
        """What ``detect`` says of each picture."""
        ...


@dataclass(frozen=True, slots=True)
class EngineKind:
    """An engine before it is made: what it is called, where it lives, what must be installed for it."""

    kind: OcrEngine
    module: str
    summary: str
    requirement: str
    shortest: int = 0
    """A picture's shorter side is enlarged to this much before the engine looks; 0: it enlarges what it needs to."""

    @property
    def name(self) -> str:
        """The name of the engine for people and lists."""
        return self.kind.label

    def make(self, *, threads: int, tessdata: str | None = None) -> Engine:
        """The engine with its models loaded; MissingExtraError or EngineError where that fails."""
        made = cast("Callable[..., Engine]", import_module(self.module).make)
        return made(threads=threads, tessdata=tessdata)


ENGINES: dict[str, EngineKind] = {
    kind.name: kind
    for kind in (
        EngineKind(
            OcrEngine.RAPIDOCR,
            "dcmaudit.detect.ocr.rapid",
            "the default; its models come with it",
            "dcmaudit",
            shortest=736,  # what its detector was trained with
        ),
        EngineKind(
            OcrEngine.TESSERACT,
            "dcmaudit.detect.ocr.tesseract",
            "Tesseract 4 or 5, installed apart",
            "dcmaudit[tesseract]",
        ),
        EngineKind(
            OcrEngine.EASYOCR,
            "dcmaudit.detect.ocr.easy",
            "EasyOCR with models that are already there",
            "dcmaudit[easyocr]",
        ),
    )
}
DEFAULT_ENGINE = OcrEngine.RAPIDOCR.label


def engine_kind(name: str) -> EngineKind:
    """The engine of that name; UsageError where there is none."""
    kind = ENGINES.get(name)
    if kind is None:
        raise UsageError(f"there is no OCR engine {name!r}", hint=f"engines: {', '.join(ENGINES)}")
    return kind
