"""Training pieces: a picture of 256 x 256 pixels with strings, where their ink and lines are, and what to leave out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from textgen.bodies import bent, body, enhanced, joined
from textgen.grounds import EDGE, Rng, made_up, piece, scribble
from textgen.masks import Drawn, Family
from textgen.pictures import Shot

HALF = EDGE // 2
VISIBLE = 10
FAINTEST = 14
SHRUNK = 0.2


@dataclass
class Crop:
    """picture: (256, 256, 3) uint8 RGB; ink, region: (128, 128) uint8 of 0 and 1;
    counted: the same, 0 where nothing is learnt, up to 6 where little text must not be worth little."""

    picture: npt.NDArray[np.uint8]
    ink: npt.NDArray[np.uint8]
    region: npt.NDArray[np.uint8]
    counted: npt.NDArray[np.uint8]
    strings: list[tuple[npt.NDArray[np.intp], int, int, str]]
    """Of each string: flat indices of its visible ink, cap height, characters, style (for scoring)."""


class Maker:
    """Makes pieces: number ``n`` is always the same for the same seed, shots, families and mined grounds."""

    def __init__(self, seed: int, shots: Sequence[Shot], families: Sequence[Family]) -> None:
        """Groups are drawn evenly, those of many pictures up to three times as often as those of one."""
        self._seed = seed
        groups: dict[str, list[Shot]] = {}
        for shot in shots:
            groups.setdefault(shot.group, []).append(shot)
        rare = {"colour words", "colour bars", "drawn face", "slide nearly empty", "tone pattern", "US colour small"}
        self._groups = [
            (shots, 0.35 if name in rare else float(np.clip(np.sqrt(len(shots)), 1, 3)))
            for name, shots in groups.items()
        ]
        weights = np.array([weight for _, weight in self._groups])
        self._chances = weights / weights.sum()
        self._families = families
        self.mined: list[npt.NDArray[np.uint8]] = []
        """Grounds without text on which the network saw some."""

    def crop(self, number: int, *, empty: float = 0.22) -> Crop:
        """Piece ``number``; ``empty``: the share of pieces without any string."""
        rng = np.random.Generator(np.random.PCG64([self._seed, number]))
        ground, known = self.ground(rng)
        colour = ground.ndim == 3
        if not colour and rng.random() < 0.35:
            ground = np.repeat(ground[..., np.newaxis], 3, axis=2)
            colour = True
            if rng.random() < 0.2:
                ground = cv2.applyColorMap(ground[..., 0], int(rng.integers(0, 12)))
        if rng.random() < 0.4:
            ground = _toned(ground, rng)
        if rng.random() < 0.22:
            scribble(ground, rng)
        canvas = _Canvas(ground.astype(np.float32), known, rng)
        if rng.random() >= empty:
            for _ in range(int(rng.choice((2, 3, 4, 5, 6, 8)))):
                canvas.block(self._families[int(rng.integers(len(self._families)))])
        picture, change, bare, grain = _finished(canvas.picture, canvas.bare, rng)
        if not colour:
            picture = np.repeat(picture[..., np.newaxis], 3, axis=2)
        strings = []
        weights = np.ones((HALF, HALF), np.uint8)
        wanted = np.maximum(canvas.region, _halved(canvas.ink))
        for one, (top, bottom, left, right) in zip(canvas.strings, canvas.places, strict=True):
            around = (slice(max(0, top - 3), bottom + 3), slice(max(0, left - 3), right + 3))
            # What an eye cannot tell from what is around it is neither wanted nor forbidden.
            least = max(FAINTEST, 1.2 * grain, 0.45 * float(bare[around].std()))
            if float(np.median(change.ravel()[one[0]])) < least:
                canvas.unclear[around] = 1
            else:
                strings.append(one)
                # A lone letter has few cells, and must not be worth less than a line.
                cells = (slice(top // 2, bottom // 2 + 1), slice(left // 2, right // 2 + 1))
                weight = np.uint8(np.clip(150 / max(1, int(wanted[cells].sum())), 1, 6))
                weights[cells] = np.maximum(weights[cells], 1 + (weight - 1) * wanted[cells])
        counted = (1 - _halved(np.maximum(known, canvas.unclear))) * weights
        return Crop(picture, _halved(canvas.ink), canvas.region, counted, strings)

    def ground(self, rng: Rng) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """A piece of 256 x 256 pixels to write on, and where it holds text of its own already."""
        nothing = np.zeros((EDGE, EDGE), np.uint8)
        way = rng.random()
        if self.mined and way < 0.16:
            ground = self.mined[int(rng.integers(len(self.mined)))]
            ground = np.rot90(ground, int(rng.integers(4)))
            return np.ascontiguousarray(ground[:, ::-1] if rng.random() < 0.5 else ground), nothing
        if way < 0.25:
            return made_up(rng), nothing
        if way < 0.38:
            return body(rng), nothing
        part, known = varied(self._piece(rng), self._piece, rng)
        return part, known.astype(np.uint8)

    def _piece(self, rng: Rng) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        group = self._groups[int(rng.choice(len(self._groups), p=self._chances))][0]
        part, known = piece(group[int(rng.integers(len(group)))], rng)
        return part.copy(), known


def varied(
    ground: tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]],
    another: Callable[[Rng], tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]],
    rng: Rng,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """A real piece as it is, or bent, laid over another one, or its local contrast raised: few pictures become many.

    What holds text of its own is neither bent nor joined: half a letter would be no letter.
    """
    part, known = ground
    if not known.any() and rng.random() < 0.3:
        part, known = bent(part, known, rng)
    if not known.any() and part.ndim == 2 and rng.random() < 0.15:
        other, theirs = another(rng)
        if other.ndim == 2 and not theirs.any():
            part = joined(part, other, rng)
    if part.ndim == 2 and rng.random() < 0.1:
        part = enhanced(part, rng)
    return part, known


class _Canvas:
    def __init__(self, picture: npt.NDArray[np.float32], known: npt.NDArray[np.uint8], rng: Rng) -> None:
        self.picture, self.rng = picture, rng
        self.bare = picture.copy()
        """The same without the letters."""
        self.places: list[tuple[int, int, int, int]] = []
        self.taken = known.copy()
        self.ink = np.zeros((EDGE, EDGE), np.uint8)
        self.unclear = np.zeros((EDGE, EDGE), np.uint8)
        self.region = np.zeros((HALF, HALF), np.uint8)
        self.strings: list[tuple[npt.NDArray[np.intp], int, int, str]] = []

    def block(self, family: Family) -> None:
        """One string or several lines of one face and style, somewhere."""
        rng = self.rng
        way = rng.random()
        turn = 0 if way < 0.7 else int(rng.integers(1, 4))
        tilt = float(rng.normal(0, 5)) if rng.random() < 0.08 else 0.0
        if family[0].length < 3 and rng.random() < 0.08:
            tilt = float(rng.uniform(-180, 180))
        mirrored = rng.random() < 0.06
        count = 1 if tilt or rng.random() < 0.6 else int(rng.integers(2, 8))
        cut = rng.random() < 0.02 and not tilt
        style = _style(rng, colour=self.picture.ndim == 3)
        start = int(rng.integers(len(family)))
        lines = [family[(start + k) % len(family)] for k in range(count)]
        pitch = max(line.height for line in lines) * float(rng.uniform(1.2, 2.0)) + 1
        top, left = (int(v) for v in rng.integers(-4, EDGE - 6, 2))
        if rng.random() < 0.25:
            top, left = (
                (0, left),
                (EDGE - lines[0].mask.shape[0], left),
                (top, 0),
                (top, EDGE - lines[0].mask.shape[1]),
            )[int(rng.integers(4))]
        for k, line in enumerate(lines):
            mask = line.mask
            if tilt:
                mask = _tilted(mask, tilt)
            if mirrored:
                mask = mask[:, ::-1]
            if cut:  # someone blacked the upper part
                mask = mask[mask.shape[0] * 2 // 5 :]
            mask = np.rot90(mask, turn)
            step = int(k * pitch)
            y, x = ((top + step, left), (top, left + step), (top - step, left), (top, left - step))[turn]
            self._line(line, np.ascontiguousarray(mask), y, x, style, tilt, first=k == 0)

    def _line(
        self, line: Drawn, mask: npt.NDArray[np.uint8], top: int, left: int, style: _Style, tilt: float, *, first: bool
    ) -> None:
        rows, columns = mask.shape
        y0, x0, y1, x1 = max(0, top), max(0, left), min(EDGE, top + rows), min(EDGE, left + columns)
        if y1 - y0 < min(rows, 4) or x1 - x0 < min(columns, 3):
            return
        room = max(2, line.height // 4) if first else 0
        around = (slice(max(0, y0 - room), y1 + room), slice(max(0, x0 - room), x1 + room))
        if self.taken[around].any():
            return
        part = mask[y0 - top : y1 - top, x0 - left : x1 - left]
        pad = style.pad
        y0p, x0p, y1p, x1p = max(0, y0 - pad), max(0, x0 - pad), min(EDGE, y1 + pad), min(EDGE, x1 + pad)
        share = np.zeros((y1p - y0p, x1p - x0p), np.float32)
        share[y0 - y0p : y1 - y0p, x0 - x0p : x1 - x0p] = part * np.float32(1 / 255)
        untouched = None
        if line.length < 3 and not style.pad and self.rng.random() < 0.1:
            untouched = self.picture.copy(), self.bare.copy()
            self._ring((x0 + x1) // 2, (y0 + y1) // 2, max(y1 - y0, x1 - x0))
        here = self.picture[y0p:y1p, x0p:x1p]
        before = here.copy()
        after = style.inked(before, share)
        change = np.abs(after - style.bare(before, share))
        change = change.max(axis=2) if change.ndim == 3 else change
        solid = share > 0.5 if (share > 0.5).any() else share > 0.3
        ink = (share > 0.3) & (change >= VISIBLE)
        if ink.sum() < max(4, 0.5 * solid.sum()):  # it cannot be seen here: nothing is drawn
            if untouched is not None:
                self.picture[:], self.bare[:] = untouched
            return
        here[:] = after
        self.bare[y0p:y1p, x0p:x1p] = style.bare(before, share)
        if self.rng.random() < 0.04 and columns > 2 * rows:  # underlined
            level = np.asarray(style.colour if not style.step else 200.0, np.float32)
            below = y1p + int(self.rng.integers(0, 3))
            self.picture[below : below + int(self.rng.integers(1, 3)), x0:x1] = level
        self.taken[around] = 1
        spot = np.zeros((EDGE, EDGE), bool)
        spot[y0p:y1p, x0p:x1p] = ink
        cut = (y1 - y0) * (x1 - x0) < 0.45 * rows * columns and line.length < 3
        if cut or float(np.median(change[ink])) < 14:
            self.unclear[y0p:y1p, x0p:x1p] = 1
            return
        self.ink |= spot.astype(np.uint8)
        self._mark(y0, x0, y1, x1, line, tilt, whole=mask.shape)
        self.places.append((y0, y1, x0, x1))
        self.strings.append((np.flatnonzero(spot), line.height, line.length, style.name))

    def _ring(self, x: int, y: int, size: int) -> None:
        """A ball, circle or square around a letter."""
        shade = float(self.rng.uniform(0, 255))
        colour: Any = (shade,) * 3 if self.picture.ndim == 3 else shade
        thick = -1 if self.rng.random() < 0.4 else 1
        half = int(size * float(self.rng.uniform(0.62, 0.9))) + 3
        round_one = self.rng.random() < 0.6
        for picture in (self.picture, self.bare):
            if round_one:
                cv2.circle(picture, (x, y), half, colour, thick)
            else:
                cv2.rectangle(picture, (x - half, y - half), (x + half, y + half), colour, thick)

    def _mark(self, y0: int, x0: int, y1: int, x1: int, line: Drawn, tilt: float, whole: tuple[int, ...]) -> None:
        """The line less a fifth of its lesser side all around, in cells of half size."""
        if tilt and max(line.mask.shape) > 2 * min(line.mask.shape):
            high, wide = line.mask.shape
            less = SHRUNK * high
            upright = (y1 - y0) > (x1 - x0) and whole[0] > whole[1]
            angle = -tilt if not upright else 90 - tilt
            centre = ((x0 + x1) / 4, (y0 + y1) / 4)
            box = cv2.boxPoints((centre, ((wide - 2 * less) / 2, max(2.0, (high - 2 * less) / 2)), angle))
            cv2.fillPoly(self.region, [np.round(box - 0.5).astype(np.int32)], 1)
            return
        less = SHRUNK * min(whole)
        top, bottom = _inner(y0, y1, less)
        left, right = _inner(x0, x1, less)
        self.region[top:bottom, left:right] = 1


def _inner(start: int, end: int, less: float) -> tuple[int, int]:
    """A stretch of pixels less ``less`` on both sides, in half-size cells, two cells at least where there is room."""
    one, other = (start + less) / 2, (end - less) / 2
    if other - one < 2:
        middle = (start + end) / 4
        one, other = middle - 1, middle + 1
    first = max(0, round(one))
    return first, max(first + 1, min(HALF, round(other)))


@dataclass
class _Style:
    name: str
    colour: npt.NDArray[np.float32] | float
    alpha: float
    step: float
    ground: npt.NDArray[np.float32] | float | None
    outline: float | None
    pad: int
    fringe: bool

    def bare(self, part: npt.NDArray[np.float32], share: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """What is there without the letters: the string's own ground or outline, or what was there."""
        if self.ground is not None:
            return part * np.float32(0) + self.ground
        if self.outline is not None:
            dark = cv2.dilate(share, np.ones((3, 3), np.uint8))
            dark = dark[..., np.newaxis] if part.ndim == 3 else dark
            return part * (1 - dark) + self.outline * dark
        return part

    def inked(self, part: npt.NDArray[np.float32], share: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        bare = self.bare(part, share)
        level: Any = self.colour
        if self.step:
            mean = float(part.mean())
            level = mean + self.step if mean < 150 else mean - self.step
        if part.ndim == 3 and self.fringe and share.shape[1] > 4:  # rendered for the stripes of a flat screen
            soft = cv2.blur(share, (3, 1))
            share3 = np.stack(
                [np.roll(soft, 1, axis=1) * 0.4 + share * 0.6, share, np.roll(soft, -1, axis=1) * 0.4 + share * 0.6], 2
            )
            amount = share3 * np.float32(self.alpha)
        else:
            amount = share[..., np.newaxis] * self.alpha if part.ndim == 3 else share * self.alpha
        return bare * (1 - amount) + level * amount


_COLOURS = (
    (255, 255, 0), (0, 255, 0), (0, 255, 255), (255, 0, 0), (255, 160, 0), (255, 0, 255), (90, 140, 255), (0, 0, 255),
    (200, 200, 120),
)  # fmt: skip


def _style(rng: Rng, *, colour: bool) -> _Style:
    name = str(
        rng.choice(
            ("white", "grey", "black", "faint", "outlined", "own ground", "coloured", "blended"),
            p=(0.25, 0.15, 0.07, 0.19, 0.11, 0.1, 0.07, 0.06),
        )
    )
    level: Any = {"white": 255.0, "black": float(rng.uniform(0, 25)), "outlined": 255.0}.get(
        name, float(rng.uniform(60, 255))
    )
    if name == "coloured" or (colour and name in ("own ground", "outlined", "grey") and rng.random() < 0.4):
        chosen = np.array(_COLOURS[int(rng.integers(len(_COLOURS)))], np.float32) * np.float32(rng.uniform(0.6, 1))
        level = chosen if colour else float(chosen @ np.array((0.3, 0.59, 0.11), np.float32))
    ground: Any = None
    if name == "own ground":
        ground = float(rng.choice((0, 20, 60, 128, 200, 255)))
        bright = float(np.mean(level))
        if abs(bright - ground) < 50:
            level = 255.0 - ground if abs(255 - 2 * ground) > 60 else 0.0
        if colour and rng.random() < 0.3:
            ground = np.array(rng.integers(0, 256, 3), np.float32)
    outline = None
    if name == "outlined":
        outline = 0.0 if rng.random() < 0.85 else 255.0
        if outline:
            level = 0.0
    alpha = float(rng.uniform(0.35, 0.9)) if name == "blended" else 1.0
    step = float(rng.uniform(15, 48)) if name == "faint" else 0.0
    pad = int(rng.integers(1, 6)) if ground is not None else 1 if outline is not None else 0
    return _Style(name, level, alpha, step, ground, outline, pad, bool(rng.random() < 0.08))


def _tilted(mask: npt.NDArray[np.uint8], angle: float) -> npt.NDArray[np.uint8]:
    rows, columns = mask.shape
    slope = abs(np.sin(np.deg2rad(angle)))
    more_y, more_x = int(columns * slope / 2) + 2, int(rows * slope / 2) + 2
    padded = np.pad(mask, ((more_y, more_y), (more_x, more_x)))
    high, wide = padded.shape
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), angle, 1.0)
    return np.asarray(cv2.warpAffine(padded, turn, (wide, high), flags=cv2.INTER_LINEAR), np.uint8)


def _halved(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(np.maximum.reduce([mask[::2, ::2], mask[1::2, ::2], mask[::2, 1::2], mask[1::2, 1::2]]))


def _toned(picture: npt.NDArray[np.uint8], rng: Rng) -> npt.NDArray[np.uint8]:
    levels = np.linspace(0, 1, 256) ** float(np.exp(rng.uniform(np.log(0.4), np.log(2.5))))
    low, high = float(rng.uniform(0, 0.3)), float(rng.uniform(0.6, 1.0))
    if rng.random() < 0.5:
        levels = low + (high - low) * levels
    if rng.random() < 0.3:
        levels = 1 - levels
    return np.asarray(cv2.LUT(picture, (levels * 255).astype(np.uint8)), np.uint8)


def _finished(
    picture: npt.NDArray[np.float32], bare: npt.NDArray[np.float32], rng: Rng
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], npt.NDArray[np.float32], float]:
    """What happens to a picture after the text was burned in.

    Comes back: the picture; by how much the letters still change it (256 x 256); the grey picture without them; the
    deviation of the noise.
    """
    grain, without = 0.0, bare
    if rng.random() < 0.12:
        much = float(rng.uniform(0.4, 1.0))
        picture, without = cv2.GaussianBlur(picture, (0, 0), much), cv2.GaussianBlur(without, (0, 0), much)
    pure = picture
    if rng.random() < 0.15:
        shape = picture.shape if rng.random() < 0.5 else picture.shape[:2]
        grain = float(rng.uniform(1, 9))
        noise = rng.standard_normal(shape, np.float32) * np.float32(grain)
        picture = picture + (noise if noise.ndim == picture.ndim else noise[..., np.newaxis])
    done = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        fine = cv2.imencode(".jpg", done, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 96))])[1]
        done = cv2.imdecode(fine, cv2.IMREAD_UNCHANGED)
    table = np.arange(256, dtype=np.float32)
    if rng.random() < 0.15:
        table = np.linspace(0, 1, 256) ** float(np.exp(rng.uniform(np.log(0.4), np.log(2.5)))) * 255
    if rng.random() < 0.12:
        table = 255 - table
    levels = table.astype(np.uint8)
    done = cv2.LUT(done, levels)
    one = cv2.LUT(np.clip(pure, 0, 255).astype(np.uint8), levels).astype(np.float32)
    other = cv2.LUT(np.clip(without, 0, 255).astype(np.uint8), levels).astype(np.float32)
    change = np.abs(one - other)
    if change.ndim == 3:
        change, other = change.max(axis=2), other.mean(axis=2)
    return np.ascontiguousarray(done), np.asarray(change, np.float32), np.asarray(other, np.float32), grain
