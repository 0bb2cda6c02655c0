"""From the words of the command line to a finder with its models loaded."""

from __future__ import annotations

from dcmaudit.detect.ocr.base import DEFAULT_ENGINE, Engine, engine_kind
from dcmaudit.detect.ocr.finder import TextFinder
from dcmaudit.detect.ocr.finding import Detector, FinderKind, Mode
from dcmaudit.detect.ocr.looks import EngineLooks
from dcmaudit.detect.vision import cv2
from dcmaudit.model.engines import OcrEngine

DEFAULT_FINDER = FinderKind.OWN


def finder_for(kind: FinderKind | None, mode: Mode) -> FinderKind:
    """Who finds where nobody is named: the thorough mode asks everybody."""
    if kind is not None:
        return kind
    return FinderKind.BOTH if mode is Mode.THOROUGH else DEFAULT_FINDER


def make_finder(
    engine: str | None, kind: FinderKind, mode: Mode, *, threads: int, tessdata: str | None = None
) -> TextFinder:
    """A finder whose models are loaded; ``engine`` None: lines are found and not read.

    MissingExtraError or EngineError where a part of it is not there.
    """
    # OpenCV would work on small maps with all cores, which takes longer than with one and the time of others.
    cv2.setNumThreads(threads)
    reader = None if engine is None else engine_kind(engine).make(threads=threads, tessdata=tessdata)
    if kind is FinderKind.ENGINE:
        finding = reader or engine_kind(DEFAULT_ENGINE).make(threads=threads, tessdata=tessdata)
        return TextFinder(reader, mode, [_looks(finding, mode)])
    detectors: list[Detector] = []
    if kind in {FinderKind.OWN, FinderKind.BOTH}:
        from dcmaudit.detect.ocr.own import OwnLooks
        from dcmaudit.detect.textnet import TextNet

        detectors.append(OwnLooks(TextNet(threads), thorough=mode is Mode.THOROUGH))
    if kind in {FinderKind.RAPIDOCR, FinderKind.BOTH}:
        rapid: Engine = (
            # One engine for both: a second one would load its models once more.
            reader if reader and reader.kind is OcrEngine.RAPIDOCR else engine_kind("rapidocr").make(threads=threads)
        )
        detectors.append(_looks(rapid, mode))
    return TextFinder(reader, mode, detectors)


def _looks(engine: Engine, mode: Mode) -> EngineLooks:
    return EngineLooks(engine, mode, shortest=engine_kind(engine.kind.label).shortest)
