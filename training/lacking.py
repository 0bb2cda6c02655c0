"""Pieces of the classes in which the network misses most, in even shares, and grounds on which it must see nothing.

``bench/textgen`` draws what is common; here is drawn what is rare there: lines far askew, dots, segments and pens, ECG
pages, letters that stand alone on texture, faint ones on every ground, planes of many levels in the views that show
them, letters of half a frame. None of it is taken from the generator for reporting (``bench/foreign``).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt
from textgen.crops import Crop, Maker
from textgen.fonts import faces
from textgen.grounds import EDGE, Rng, scribble
from textgen.masks import _BITMAPS, TRUETYPE, Family, _bitmap, _drawn, _path, some_words
from textgen.pictures import Shot

from dcmaudit.detect.ocr.ground import without_ground
from dcmaudit.render.local import local_contrast
from training.hands import dots, segments, strokes
from training.placing import Sheet
from training.sheets import SHEETS, ecg
from training.tiled import tiled, whole

SHARES = {
    "plain": 0.26, "slanted": 0.03, "dots": 0.08, "segments": 0.02, "strokes": 0.03, "ecg": 0.08, "lone": 0.09,
    "faint": 0.06, "deep": 0.11, "large": 0.06, "nothing": 0.12, "sheets": 0.06,
}  # fmt: skip
"""Of all pieces; ``plain`` are those of ``textgen.crops``."""

EMPTY = 0.35
"""Of the ``plain`` pieces, those that hold no text either: more than in ``textgen.crops``."""


_SMALL = ("5x7", "5x8", "6x9", "6x10", "clR6x10", "6x12", "7x13", "8x13")
_LONE = (*"IIIlLRLRAPHF17", *"BCDEGJKMNOQSTUVWXYZ02345689", "LT", "RT", "PA", "AP", "L1", "3D", "12", "II", "V1")
_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6", "V4R", "V7", "X", "Y", "II")


class Lacking:
    """Makes pieces: number ``n`` is always the same for the same seed, shots and families."""

    def __init__(self, seed: int, shots: Sequence[Shot], families: Sequence[Family]) -> None:
        self.plain = Maker(seed, shots, families)
        self._seed, self._families, self._shots = seed, families, list(shots)
        self._kinds: dict[str, Callable[[Rng], tuple[Crop, str]]] = {}

    def crop(self, number: int, kind: str | None = None) -> tuple[Crop, str]:
        """Piece ``number`` and its kind, one of ``SHARES``."""
        names = list(SHARES)
        if kind is None:
            chance = np.random.default_rng([self._seed, number])
            kind = names[int(chance.choice(len(names), p=list(SHARES.values())))]
        rng = np.random.Generator(np.random.PCG64([self._seed, number, 5, names.index(kind)]))
        if kind == "plain":
            return self.plain.crop(number, empty=EMPTY), kind
        return getattr(self, f"_{kind}")(rng), kind

    # One a class

    def _slanted(self, rng: Rng) -> Crop:
        sheet = Sheet(self._ground(rng, quiet=0.4), rng)
        common = _angle(rng)
        for _ in range(int(rng.integers(2, 8))):
            angle = common if rng.random() < 0.4 else _angle(rng)
            height = int(np.exp(rng.uniform(np.log(7), np.log(34))))
            text = some_words(_pick(rng)) if rng.random() < 0.9 else str(rng.choice(_LONE))
            mask = self._mask(rng, text, height)
            sheet.put(mask, height, text, "slanted", angle=angle)
        return sheet.crop()

    def _dots(self, rng: Rng) -> Crop:
        return self._of(rng, "dots")

    def _segments(self, rng: Rng) -> Crop:
        return self._of(rng, "segments")

    def _strokes(self, rng: Rng) -> Crop:
        return self._of(rng, "strokes")

    def _of(self, rng: Rng, hand: str) -> Crop:
        sheet = Sheet(self._ground(rng, quiet=0.35), rng)
        for _ in range(int(rng.integers(2, 8))):
            height = int(np.exp(rng.uniform(np.log(6), np.log(44))))
            text = some_words(_pick(rng))
            angle = _angle(rng) if rng.random() < 0.12 else 0.0
            step = _step(rng) if rng.random() < 0.25 else 0.0
            sheet.put(self._mask(rng, text, height, hand), height, text, hand, angle=angle, step=step)
        return sheet.crop()

    def _ecg(self, rng: Rng) -> Crop:
        page, curves = ecg(rng)
        sheet = Sheet(page, rng)
        dark = float(page[0].mean()) > 110
        for number in range(int(rng.integers(3, 10))):
            lead = number < 5 or rng.random() < 0.5
            text = str(rng.choice(_LEADS)) if lead else some_words(_pick(rng))
            height = int(rng.integers(6, 20))
            at = None
            if lead and curves and rng.random() < 0.75:  # at a curve, touching it or not
                y = curves[int(rng.integers(len(curves)))]
                x = int(rng.integers(0, EDGE - 20))
                at = int(y[x]) - int(rng.integers(-height // 2, 3 * height)), x
            level = float(rng.uniform(0, 70) if dark else rng.uniform(170, 255))
            hand = str(rng.choice(("", "", "dots", "segments", "strokes", "strokes")))
            mask = self._mask(rng, text, height, hand)
            sheet.put(mask, height, text, "ecg lead" if lead else "ecg", at=at, level=level)
        return sheet.crop(plain=0.5)

    def _lone(self, rng: Rng) -> Crop:
        sheet = Sheet(self._ground(rng, quiet=0.1), rng)
        for _ in range(int(rng.integers(3, 9))):
            text, height = str(rng.choice(_LONE)), int(np.exp(rng.uniform(np.log(6), np.log(48))))
            hand = str(rng.choice(("", "", "", "dots", "segments", "strokes")))
            angle = _angle(rng) if rng.random() < 0.08 else 0.0
            sheet.put(self._mask(rng, text, height, hand), height, text, "lone", angle=angle)
        return sheet.crop()

    def _faint(self, rng: Rng) -> Crop:
        sheet = Sheet(self._ground(rng, quiet=0.5), rng)
        for _ in range(int(rng.integers(3, 9))):
            height = int(np.exp(rng.uniform(np.log(7), np.log(40))))
            text = some_words(_pick(rng))
            hand = str(rng.choice(("", "", "", "dots", "segments", "strokes")))
            mask = self._mask(rng, text, height, hand)
            if rng.random() < 0.4:  # half transparent
                level = float(rng.choice((0, 30, 128, 220, 255, 255)))
                sheet.put(mask, height, text, "faint", level=(level, float(rng.uniform(0.12, 0.6))))
            else:
                sheet.put(mask, height, text, "faint", step=_step(rng))
        return sheet.crop(plain=0.6)

    def _sheets(self, rng: Rng) -> Crop:
        """Several pictures on one ground; half of them with lines in the pictures, below and between them."""
        ground, boxes = tiled(rng, lambda rng: self._ground(rng, quiet=0.05))
        sheet = Sheet(ground, rng)
        if rng.random() < 0.5:
            return sheet.crop()
        for top, left, bottom, right in boxes[: int(rng.integers(2, 9))]:
            height = int(np.exp(rng.uniform(np.log(6), np.log(26))))
            text = str(rng.choice(_LONE)) if rng.random() < 0.35 else some_words(_pick(rng))
            hand = str(rng.choice(("", "", "", "", "dots", "strokes")))
            at = int(rng.integers(top - 2, max(top, bottom - height) + 6)), int(rng.integers(left - 4, right))
            sheet.put(self._mask(rng, text, height, hand), height, text, "sheets", at=at)
        return sheet.crop()

    def _large(self, rng: Rng) -> Crop:
        if rng.random() < 0.5:  # as they are seen in a quarter or an eighth of the size
            sheet = Sheet(whole(rng, self._shots), rng)
            for _ in range(int(rng.integers(1, 3))):
                height = int(np.exp(rng.uniform(np.log(10), np.log(110))))
                text = (
                    str(rng.choice(_LONE)) if rng.random() < 0.7 else some_words(_pick(rng))[: int(rng.integers(1, 7))]
                )
                hand = str(rng.choice(("", "", "", "", "segments", "strokes")))
                sheet.put(self._mask(rng, text, height, hand), height, text, "large")
            return sheet.crop(plain=0.5)
        sheet = Sheet(self._ground(rng, quiet=0.5), rng)
        height = int(np.exp(rng.uniform(np.log(55), np.log(300))))
        for _ in range(1 if height > 120 else 3):
            text = str(rng.choice(_LONE)) if height > 90 else some_words(_pick(rng))[: int(rng.integers(1, 7))]
            hand = str(rng.choice(("", "", "", "", "segments", "strokes")))
            sheet.put(self._mask(rng, text, height, hand), height, text, "large")
        return sheet.crop()

    def _deep(self, rng: Rng) -> Crop:
        """Values of many levels, letters some deviations of the noise away, seen as the detector is shown."""
        ground, _ = self._ground(rng, quiet=0.3)
        grey = ground.astype(np.float32) if ground.ndim == 2 else ground.astype(np.float32).mean(axis=2)
        flat = rng.random() < 0.45
        span, noise = float(rng.uniform(2, 20)), float(rng.uniform(0.1, 4))
        values = grey * (0 if flat else span) + float(rng.uniform(0, 3000))
        if rng.random() < 0.4:  # a strip of another level
            top = int(rng.integers(0, EDGE - 30))
            values[top : top + int(rng.integers(25, 120))] = float(rng.uniform(0, 4000))
        values += rng.normal(0, noise, values.shape).astype(np.float32)
        bare, ink = values.copy(), np.zeros(values.shape, np.float32)
        sheet = Sheet((np.zeros((EDGE, EDGE, 3), np.uint8), np.zeros((EDGE, EDGE), bool)), rng)
        for _ in range(int(rng.integers(3, 8))):
            height, text = int(rng.integers(6, 30)), some_words(_pick(rng))
            hand = str(rng.choice(("", "", "dots", "segments", "strokes")))
            much = noise * float(np.exp(rng.uniform(np.log(4), np.log(40)))) * float(rng.choice((-1, 1)))
            ink += much * sheet.put(self._mask(rng, text, height, hand), height, text, "deep", level=255.0)
        values = np.clip(values + ink, 0, 65535)
        way = rng.random()
        marks = without_ground(values.astype(np.uint16)) if way < 0.25 else None
        if marks is not None:  # as far from its ground as it is, and nothing else
            seen, without = np.asarray(marks), np.full(values.shape, int(np.median(marks)), np.uint8)
        elif way < 0.6:
            seen, without = (local_contrast(one.astype(np.uint16)) for one in (values, np.clip(bare, 0, 65535)))
        else:
            where = np.abs(ink) > 0
            middle = float(np.median(bare[where])) if where.any() else float(np.median(bare))
            much = float(np.abs(ink[where]).max()) if where.any() else noise * 10
            width = much * float(np.exp(rng.uniform(np.log(1.2), np.log(20))))
            low = middle - width * float(rng.uniform(0.1, 0.9))  # also where letters are cut off at an end
            seen, without = ((np.clip((one - low) / width, 0, 1) * 255).astype(np.uint8) for one in (values, bare))
        return sheet.crop(given=(seen, without))

    def _nothing(self, rng: Rng) -> Crop:
        way = rng.random()
        if way < 0.12:
            page, _ = ecg(rng)
        elif way < 0.24:
            page = whole(rng, self._shots)
        elif way < 0.55:
            page = self._ground(rng, quiet=0.05)
        elif way < 0.85:
            page = SHEETS[int(rng.integers(len(SHEETS)))](rng), np.zeros((EDGE, EDGE), bool)
        else:
            page = self._ground(rng, quiet=0.0)
            small = cv2.resize(page[0], (int(rng.integers(32, 96)),) * 2, interpolation=cv2.INTER_AREA)
            how = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)[int(rng.integers(3))]
            page = np.ascontiguousarray(cv2.resize(small, (EDGE, EDGE), interpolation=how)), page[1]
        if rng.random() < 0.4:
            scribble(page[0], rng)
        return Sheet(page, rng).crop()

    # What they are made of

    def _ground(self, rng: Rng, *, quiet: float) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        nothing = np.zeros((EDGE, EDGE), bool)
        if rng.random() < quiet:
            level = rng.uniform(0, 255)
            flat = np.full((EDGE, EDGE), level) + rng.normal(0, rng.uniform(0, 4), (EDGE, EDGE))
            if rng.random() < 0.3:
                top = int(rng.integers(0, EDGE - 40))
                flat[top : top + int(rng.integers(30, 150))] += rng.uniform(-120, 120)
            return np.clip(flat, 0, 255).astype(np.uint8), nothing
        if rng.random() < 0.18:
            return SHEETS[int(rng.integers(len(SHEETS)))](rng), nothing
        ground, known = self.plain.ground(rng)
        if rng.random() < 0.15:
            ground = np.ascontiguousarray(ground)
            scribble(ground, rng)
        return ground, np.asarray(known) > 0

    def _mask(self, rng: Rng, text: str, height: int, hand: str = "any") -> npt.NDArray[np.uint8] | None:
        if hand == "any":
            hand = str(rng.choice(("", "", "", "dots", "segments", "strokes")))
        if hand == "dots":
            path = _path(str(rng.choice(_SMALL)))
            cells = _bitmap(path, text) if path is not None else _plain(text, 7, rng)
            return dots((cells > 110).astype(np.uint8), height, rng)
        if hand == "segments":
            return segments(text, height, rng)
        if hand == "strokes":
            return strokes(text, height, rng)
        path = _path(str(rng.choice(TRUETYPE)))
        small = _path(str(rng.choice(_BITMAPS))) if rng.random() < 0.2 and height < 26 else None
        if small is not None:
            return _trim(_bitmap(small, text))
        rough = height < 20 and rng.random() < 0.3
        return _trim(_plain(text, height, rng) if path is None else _drawn(path, height, text, rough=rough))


def _plain(text: str, height: int, rng: Rng) -> npt.NDArray[np.uint8]:
    """In a face that is always there."""
    some = faces("tune")
    return np.asarray(some[int(rng.integers(3))].draw(text, height) * 255, np.uint8)


def _trim(mask: npt.NDArray[np.uint8] | None) -> npt.NDArray[np.uint8] | None:
    from training.hands import tight

    return None if mask is None else tight(mask)


def _angle(rng: Rng) -> float:
    """Degrees: 5 to 60 in either direction."""
    return float(rng.uniform(5, 60) * rng.choice((-1, 1)))


def _step(rng: Rng) -> float:
    return float(np.exp(rng.uniform(np.log(6), np.log(32))) * rng.choice((-1, 1)))


def _pick(rng: Rng) -> random.Random:
    return random.Random(int(rng.integers(2**31)))  # noqa: S311 - no secret
