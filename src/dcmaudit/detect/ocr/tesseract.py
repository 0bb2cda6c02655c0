"""Tesseract: an extra. Its words are put together to lines; its language data come from ``TESSDATA_PREFIX``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from dcmaudit.detect.ocr.spots import Corners, Picture, Spot
from dcmaudit.errors import EngineError, MissingExtraError

_SPARSE = "--psm 11"
"""Text anywhere, in no order: the only layout that fits images."""
_LINE = "--psm 7"
_TIMES = 2
"""It was made for scanned pages at 300 dpi: letters on images are half as high."""
_SECONDS = 120


def make(*, threads: int, tessdata: str | None = None) -> TesseractEngine:
    """The engine, tried once; MissingExtraError or EngineError where a part of it is missing."""
    return TesseractEngine(threads, tessdata)


class TesseractEngine:
    """The program ``tesseract`` through pytesseract. It reads while it looks, so nothing is read twice."""

    name = "tesseract"
    number = 1

    def __init__(self, threads: int, tessdata: str | None) -> None:
        try:
            import pytesseract
        except ImportError as error:
            raise MissingExtraError("pytesseract is not installed", hint="pip install 'dcmaudit[tesseract]'") from error
        self._module: Any = pytesseract
        os.environ["OMP_THREAD_LIMIT"] = str(threads)
        if tessdata is not None:
            if not (Path(tessdata) / "eng.traineddata").is_file():
                raise EngineError(
                    f"there is no eng.traineddata in {tessdata}", hint="TESSDATA_PREFIX names the folder that holds it"
                )
            os.environ["TESSDATA_PREFIX"] = tessdata
        try:
            languages = pytesseract.get_languages()
        except Exception as error:
            raise EngineError(
                "the program tesseract does not run", hint="install it (Debian: tesseract-ocr) and put it on PATH"
            ) from error
        if "eng" not in languages:
            raise EngineError(
                "tesseract has no English data", hint="set TESSDATA_PREFIX to the folder of eng.traineddata"
            )

    def detect(self, picture: Picture) -> list[Spot]:
        """Lines of words, read."""
        large = cv2.resize(picture, None, fx=_TIMES, fy=_TIMES, interpolation=cv2.INTER_CUBIC)
        try:
            found = self._module.image_to_data(
                large, config=_SPARSE, output_type=self._module.Output.DICT, timeout=_SECONDS
            )
        except Exception as error:
            raise EngineError(f"tesseract failed on a picture ({type(error).__name__})") from error
        lines: dict[tuple[int, ...], list[int]] = {}
        for place, text in enumerate(found["text"]):
            if text.strip():
                key = tuple(int(found[name][place]) for name in ("block_num", "par_num", "line_num"))
                lines.setdefault(key, []).append(place)
        return [_spot(found, places) for places in lines.values()]

    def read(self, picture: Picture, places: Sequence[Corners]) -> list[tuple[str, float | None]]:
        """The text at each place, taken as one line."""
        out: list[tuple[str, float | None]] = []
        for corners in places:
            left, top = np.maximum(0, np.floor(corners.min(axis=0)).astype(int))
            right, bottom = np.ceil(corners.max(axis=0)).astype(int)
            try:
                out.append((self._module.image_to_string(picture[top:bottom, left:right], config=_LINE).strip(), None))
            except Exception as error:
                raise EngineError(f"tesseract failed on a line of text ({type(error).__name__})") from error
        return out


def _spot(found: dict[str, list[Any]], places: Sequence[int]) -> Spot:
    left = min(int(found["left"][p]) for p in places) / _TIMES
    top = min(int(found["top"][p]) for p in places) / _TIMES
    right = max(int(found["left"][p]) + int(found["width"][p]) for p in places) / _TIMES
    bottom = max(int(found["top"][p]) + int(found["height"][p]) for p in places) / _TIMES
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    sure = min(max(0.0, float(found["conf"][p])) for p in places) / 100
    return Spot(corners, sure, " ".join(str(found["text"][p]).strip() for p in places), sure)
