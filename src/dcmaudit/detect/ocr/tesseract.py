"""Tesseract: an extra. Its words are put together to lines; its language data come from ``TESSDATA_PREFIX``.

The program needs longer to start and to load its language than to read a line, so that many pictures are handed to it
at once. Its own threads make it several times slower where other programs use the cores too, so each process has one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from dcmaudit.detect.ocr.spots import Corners, Picture, Spot, cut_out, grey_of
from dcmaudit.detect.vision import cv2
from dcmaudit.errors import EngineError, MissingExtraError
from dcmaudit.model.engines import OcrEngine

_SPARSE = "--psm 11"
"""Text anywhere, in no order: the only layout that fits images."""
_LINE = "--psm 7"
_TIMES = 2
"""It was made for scanned pages at 300 dpi: letters on images are half as high."""
_HIGH = 48
"""Pixels to which a line that is read is enlarged; no more than fourfold."""
_MOST_TIMES = 4.0
_SECONDS, _SECONDS_EACH = 120, 30
"""How long the program may take, and for each further picture: beyond that it hangs."""
_TOGETHER = 200
"""Pictures that one process gets at most."""

Found = dict[str, list[Any]]


def make(*, threads: int, tessdata: str | None = None) -> TesseractEngine:
    """The engine, tried once; MissingExtraError or EngineError where a part of it is missing."""
    return TesseractEngine(threads, tessdata)


class TesseractEngine:
    """The program ``tesseract`` through pytesseract. It reads while it looks, so nothing is read twice.

    ``threads`` processes work side by side, with one thread each.
    """

    kind = OcrEngine.TESSERACT

    def __init__(self, threads: int, tessdata: str | None) -> None:
        try:
            import pytesseract
        except ImportError as error:
            raise MissingExtraError("pytesseract is not installed", hint="pip install 'dcmaudit[tesseract]'") from error
        self._module: Any = pytesseract
        self._threads = threads
        # Several of them run side by side: with threads of their own they would be in each other's way.
        os.environ["OMP_THREAD_LIMIT"] = "1"
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
        return self.detect_many([picture])[0]

    def detect_many(self, pictures: Sequence[Picture]) -> list[list[Spot]]:
        """What ``detect`` says of each, by few processes."""
        large = [_times(one, _TIMES) for one in pictures]
        return [
            [_spot(found, places) for places in _lines(found)]
            for found in self._found(large, _SPARSE, "tesseract failed on a picture")
        ]

    def read(self, picture: Picture, places: Sequence[Corners]) -> list[tuple[str, float | None]]:
        """The text at each place, taken as one line, upright as its corners say."""
        lines = [_enlarged(grey_of(cut_out(picture, corners))) for corners in places]
        return [_text(found) for found in self._found(lines, _LINE, "tesseract failed on a line of text")]

    def _found(self, pictures: Sequence[Picture], layout: str, complaint: str) -> list[Found]:
        """The program's table of each picture; EngineError where it ends badly, hangs, or leaves a picture out."""
        if not pictures:
            return []
        with TemporaryDirectory(prefix="dcmaudit-") as folder:  # for nobody else to read
            names = []
            for number, picture in enumerate(pictures):
                names.append(str(Path(folder) / f"{number}.png"))
                if not cv2.imwrite(names[-1], picture[..., ::-1] if picture.ndim == 3 else picture):
                    raise EngineError(f"{complaint} (it cannot be written)")
            each = max(1, min(_TOGETHER, -(-len(names) // self._threads)))
            parts = [names[at : at + each] for at in range(0, len(names), each)]
            with ThreadPoolExecutor(self._threads) as processes:
                try:
                    answers = list(processes.map(partial(self._run, layout, Path(folder)), range(len(parts)), parts))
                except Exception as error:
                    raise EngineError(f"{complaint} ({type(error).__name__})") from error
        found = [page for answer in answers for page in answer]
        # A picture that it could not read is left out of its table without a word: pages would be taken for others.
        if len(found) != len(pictures):
            raise EngineError(f"{complaint} (it told of {len(found)} pictures of {len(pictures)})")
        return found

    def _run(self, layout: str, folder: Path, number: int, names: Sequence[str]) -> list[Found]:
        listed = folder / f"list{number}.txt"
        listed.write_text("".join(f"{name}\n" for name in names))
        seconds = _SECONDS + _SECONDS_EACH * (len(names) - 1)
        kind = self._module.Output.DICT
        return _pages(self._module.image_to_data(str(listed), config=layout, output_type=kind, timeout=seconds))


def _pages(found: Found) -> list[Found]:
    """The table cut into one of each picture."""
    pages: dict[int, list[int]] = {}
    for place, page in enumerate(found["page_num"]):
        pages.setdefault(int(page), []).append(place)
    return [
        {name: [column[place] for place in pages[page]] for name, column in found.items()} for page in sorted(pages)
    ]


def _lines(found: Found) -> Iterator[list[int]]:
    """The places in the table of the words of each line."""
    lines: dict[tuple[int, ...], list[int]] = {}
    for place, text in enumerate(found["text"]):
        if str(text).strip():
            key = tuple(int(found[name][place]) for name in ("block_num", "par_num", "line_num"))
            lines.setdefault(key, []).append(place)
    yield from lines.values()


def _spot(found: Found, places: Sequence[int]) -> Spot:
    left = min(int(found["left"][p]) for p in places) / _TIMES
    top = min(int(found["top"][p]) for p in places) / _TIMES
    right = max(int(found["left"][p]) + int(found["width"][p]) for p in places) / _TIMES
    bottom = max(int(found["top"][p]) + int(found["height"][p]) for p in places) / _TIMES
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    sure = min(max(0.0, float(found["conf"][p])) for p in places) / 100
    return Spot(corners, sure, " ".join(str(found["text"][p]).strip() for p in places), sure)


def _text(found: Found) -> tuple[str, float | None]:
    words = [place for places in _lines(found) for place in places]
    sure = min((max(0.0, float(found["conf"][p])) for p in words), default=0.0) / 100
    return " ".join(str(found["text"][p]).strip() for p in words), sure


def _enlarged(line: Picture) -> Picture:
    """A line as high as letters of printed pages are, with room around it."""
    factor = min(_MOST_TIMES, max(1.0, _HIGH / line.shape[0]))
    return np.asarray(cv2.copyMakeBorder(_times(line, factor), 10, 10, 10, 10, cv2.BORDER_REPLICATE), np.uint8)


def _times(picture: Picture, factor: float) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)
