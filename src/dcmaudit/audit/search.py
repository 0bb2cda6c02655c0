"""How text is looked for: who finds, who reads, who judges."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dcmaudit import __version__
from dcmaudit.detect.ocr import (
    FinderKind,
    Mode,
    TextFinder,
    engine_kind,
    finder_for,
    make_finder,
)
from dcmaudit.detect.pii import ChainPlan
from dcmaudit.detect.textnet import weights_digest
from dcmaudit.model.engines import OcrEngine

_SEEING = (
    "pydicom", "numpy", "imagecodecs", "pylibjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle", "pyjpegls", "pillow",
    "onnxruntime", "opencv-python-headless",
)  # fmt: skip
"""Who makes pictures of files, and looks at them: a plane that was decoded wrongly may have shown no text."""

_JUDGING = ("regex", "rapidfuzz", "pytesseract", "spacy", "presidio-analyzer")
"""Who has a part in reading text and in what it is taken for."""


@dataclass(frozen=True, slots=True)
class TextSearch:
    """How text is looked for, whatever the file; picklable.

    ``finder`` None: who finds is what ``mode`` says. ``read`` False: lines are found and not read.
    """

    engine: str
    mode: Mode
    plan: ChainPlan
    threads: int = 1
    tessdata: str | None = None
    finder: FinderKind | None = None
    read: bool = True

    @property
    def reader(self) -> OcrEngine:
        """Who findings are stored under: the engine that reads, or the detector of lines where nobody does."""
        return engine_kind(self.engine).kind if self.read else OcrEngine.LINES

    @property
    def method(self) -> str:
        """Everything beside the file that decides what is found, in one word: versions, weights, mode, judges.

        Another word means that what was found with the former one may be something else now.
        """
        parts = [__version__, weights_digest(), self.mode.value, repr(self.finder), repr(self.read)]
        if self.read:
            parts += [self.engine, repr(self.plan), self.tessdata or "", _content(self.plan.allow_file)]
        for package in (*_SEEING, *((self.engine, *_JUDGING) if self.read else ())):
            with suppress(PackageNotFoundError):
                parts.append(f"{package} {version(package)}")
        return sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def make_finder(self) -> TextFinder:
        """The finder of this process, its models loaded once; MissingExtraError or EngineError where that fails.

        Not to be used from two threads at once: a reviewer makes one of its own with ``own_finder``.
        """
        return finder_of(*self._wanted())

    def own_finder(self) -> TextFinder:
        """A finder that nobody else has; errors as ``make_finder``."""
        return _made(*self._wanted())

    def _wanted(self) -> tuple[str | None, Mode, int, str | None, FinderKind]:
        engine = self.engine if self.read else None
        return engine, self.mode, self.threads, self.tessdata, finder_for(self.finder, self.mode)


def _content(path: str | None) -> str:
    """What stands in a list of a site; "" where there is none, or it cannot be read: whoever needs it is told."""
    with suppress(OSError):
        return sha256(Path(path).read_bytes()).hexdigest() if path is not None else ""
    return ""


def _made(engine: str | None, mode: Mode, threads: int, tessdata: str | None, kind: FinderKind) -> TextFinder:
    return make_finder(engine, kind, mode, threads=threads, tessdata=tessdata)


@lru_cache(maxsize=4)
def finder_of(engine: str | None, mode: Mode, threads: int, tessdata: str | None, kind: FinderKind) -> TextFinder:
    """The finder of this process, its models loaded once; MissingExtraError or EngineError where that fails."""
    return _made(engine, mode, threads, tessdata, kind)
