"""Scenes: pictures with strings in the layouts of devices, each string with its ink, its line and its classes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from textgen.legible import LEGIBLE, clearness, deep_clearness

from foreign import grounds as drawn_grounds
from foreign.letters import LEADS, SHORT, Hand, Mask, drawn, words
from foreign.packages import Ground

Picture = npt.NDArray[np.uint8]
VISIBLE = 5
"""Levels of 256 by which a pixel must differ from what was there to count as ink."""


LARGE_SCENES = 6
"""Scenes of large letters for each of another layout: of four grounds, half of them with the largest letters."""


@dataclass
class Text:
    """A string: its ink in the scene, the height of its capitals, its classes, and whether it can be read."""

    text: str
    ink: npt.NDArray[np.bool_]
    height: int
    classes: list[str]
    legible: bool = True


@dataclass
class Scene:
    """A plane's stored values, how they are shown (an 8-bit picture, or ``window`` of deeper ones), and its strings."""

    name: str
    layout: str
    cells: npt.NDArray[Any]
    bits: int = 8
    window: tuple[float, float] | None = None
    texts: list[Text] = field(default_factory=list)


class Maker:
    """Makes scenes, always the same for the same seed, ways to draw and real grounds."""

    def __init__(self, hands: Sequence[Hand], grounds: Sequence[Ground]) -> None:
        self._hands, self._grounds = list(hands), list(grounds)
        self._number = 0
        self.layouts: dict[str, Callable[[random.Random, np.random.Generator, int], Scene]] = {
            "ECG": self._ecg, "film": self._film, "dose": self._dose, "endoscopy": self._endoscopy,
            "mammography": self._mammography, "dental": self._dental, "nuclear medicine": self._nuclear,
            "histology": self._histology, "strips": self._strips, "sizes": self._sizes, "skew": self._skew,
            "border": self._border, "anatomy": self._anatomy, "half transparent": self._blended,
            "dark on light": self._dark, "deep": self._deep, "large": self._large,
        }  # fmt: skip
        self.times = {"large": LARGE_SCENES}
        """Layouts of which there are so many times more scenes: few of their strings have room in one."""

    def scene(self, layout: str, number: int, edge: int = 512) -> Scene:
        """Scene ``number`` of a layout."""
        pick = random.Random(f"{layout} {number} {edge}")  # noqa: S311 - no secret
        self._number = number
        made = self.layouts[layout](pick, np.random.default_rng(pick.randrange(2**31)), edge)
        made.name = f"{layout} {number}"
        return made

    def clean(self, edge: int = 512) -> Iterator[Scene]:
        """The real grounds as they are, and those of less than 200 pixels twice as large as well."""
        for ground in self._grounds:
            yield Scene(ground.name, "real, no text", ground.picture)
            small = min(ground.picture.shape[:2])
            if small < 200:
                larger = cv2.resize(
                    ground.picture, None, fx=edge / small, fy=edge / small, interpolation=cv2.INTER_CUBIC
                )
                yield Scene(f"{ground.name}, enlarged", "real, no text", np.asarray(larger, np.uint8))

    def bare(self, number: int, edge: int = 512) -> Iterator[Scene]:
        """The drawn grounds without text."""
        for name in ("paper", "tissue", "mucosa", "breast", "jaw", "counts", "film"):
            pick = random.Random(f"bare {name} {number}")  # noqa: S311 - no secret
            made = getattr(drawn_grounds, name)(pick, np.random.default_rng(number), edge)
            yield Scene(f"{name} {number}", "drawn, no text", made)

    # Layouts

    def _ecg(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, drawn_grounds.paper(pick, rng, edge), "ECG")
        sheet.column(words, 8, 8, pick.choice((9, 11, 13)), 4, (20, 20, 20), "ECG header")
        leads = list(LEADS)
        for row in range(4):
            for column in range(3):
                at = (column * edge // 3 + pick.randrange(6, 40), edge // 4 + row * edge // 6 + pick.randrange(20))
                sheet.put(
                    leads[row * 3 + column],
                    at,
                    pick.choice((8, 10, 12, 15)),
                    (0, 0, 0),
                    "ECG lead label",
                )
        sheet.put("25 mm/s 10 mm/mV", (20, edge - 24), 9, (0, 0, 0), "ECG header")
        return sheet.scene()

    def _film(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, drawn_grounds.film(pick, rng, edge), "film")
        for _ in range(9):
            at = pick.randrange(edge - 90), pick.randrange(edge - 20)
            sheet.put(words(pick), at, pick.choice((6, 7, 8, 9, 11)), (235,), "film")
        return sheet.scene()

    def _dose(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        light = pick.random() < 0.5
        ground = np.full((edge, edge), 250 if light else pick.choice((0, 25)), np.float32) + rng.normal(
            0, 1, (edge, edge)
        )
        sheet = self._sheet(pick, np.clip(ground, 0, 255).astype(np.uint8), "dose")
        high = pick.choice((8, 9, 11, 13))
        lefts = [12, edge // 3 + pick.randrange(20), 2 * edge // 3 + pick.randrange(20)]
        for row in range(7):
            for left in lefts:
                at = left, 40 + int(row * high * pick.choice((1.7, 1.8)) * 1.15)
                sheet.put(words(pick), at, high, (10 if light else 230,), "table")
        return sheet.scene()

    def _endoscopy(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, drawn_grounds.mucosa(pick, rng, edge), "endoscopy")
        sheet.column(
            words,
            4,
            20,
            pick.choice((8, 10, 12)),
            6,
            pick.choice(((235, 235, 235), (90, 230, 230), (240, 220, 60))),
            "endoscopy",
        )
        for _ in range(3):
            at = pick.randrange(edge // 3, edge - 80), pick.randrange(edge // 3, 2 * edge // 3)
            sheet.put(words(pick), at, pick.choice((9, 12, 16)), (255, 255, 255), "on mucosa")
        return sheet.scene()

    def _mammography(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, drawn_grounds.breast(pick, rng, edge), "mammography")
        for label, high in (
            (pick.choice(("RMLO", "LCC", "RCC", "LMLO")), pick.choice((24, 36, 50))),
            (words(pick), 10),
            (words(pick), 8),
        ):
            sheet.put(
                label,
                (pick.randrange(edge - 120), pick.randrange(edge - 60)),
                high,
                (255,),
                "mammography",
            )
        for _ in range(5):
            sheet.put(
                words(pick),
                (pick.randrange(edge - 100), pick.randrange(edge - 20)),
                pick.choice((7, 9, 12)),
                (pick.choice((200, 230, 255)),),
                "mammography",
            )
        return sheet.scene()

    def _dental(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, drawn_grounds.jaw(pick, rng, edge), "dental")
        for _ in range(4):
            sheet.put(
                pick.choice(("L", "R")),
                (pick.randrange(edge - 50), pick.randrange(edge - 50)),
                pick.choice((16, 24, 34)),
                (250,),
                "dental",
            )
        for _ in range(6):
            sheet.put(
                words(pick),
                (pick.randrange(edge - 100), pick.randrange(edge - 20)),
                pick.choice((8, 10, 13)),
                (pick.choice((20, 250)),),
                "dental",
            )
        return sheet.scene()

    def _nuclear(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        picture = drawn_grounds.counts(pick, rng, edge)
        ink = 0 if picture.mean() > 127 else 255
        sheet = self._sheet(pick, picture, "nuclear medicine")
        for _ in range(9):
            sheet.put(
                words(pick),
                (pick.randrange(edge - 100), pick.randrange(edge - 20)),
                pick.choice((7, 8, 10, 14)),
                (ink,),
                "nuclear medicine",
            )
        return sheet.scene()

    def _histology(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, drawn_grounds.tissue(pick, rng, edge), "histology")
        for _ in range(9):
            ink = pick.choice(((0, 0, 0), (0, 0, 0), (255, 255, 255), (20, 20, 160)))
            sheet.put(
                words(pick),
                (pick.randrange(edge - 110), pick.randrange(edge - 20)),
                pick.choice((8, 10, 13, 18)),
                ink,
                "on stained tissue",
            )
        return sheet.scene()

    def _strips(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        picture, told = drawn_grounds.strips(pick, rng, edge)
        sheet = self._sheet(pick, picture, "strips")
        for top, bottom, level in told:
            for left in (pick.randrange(10, 60), edge // 2 + pick.randrange(10, 60)):
                step = pick.choice((-1, 1)) * pick.choice((8, 10, 12, 16, 16, 20, 26))
                if not 0 <= level + step <= 255:
                    step = -step
                high = pick.choice((8, 10, 13, 16, 22))
                name = "dark" if level < 60 else "middle" if level < 160 else "bright"
                at = (left, pick.randrange(top + 3, max(top + 4, bottom - 2 * high)))
                sheet.put(
                    words(pick),
                    at,
                    high,
                    (level + step,),
                    f"faint on a {name} strip",
                    f"{'lighter' if step > 0 else 'darker'} by {abs(step)}",
                )
        return sheet.scene()

    def _sizes(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, self._ground(pick, rng, edge, quiet=True), "sizes")
        heights = (4, 110, 5, 45, 130, 6, 60, 180, 30, 80, 220, edge // 2)
        high = heights[self._number % len(heights)]
        ink = pick.choice((255, 230, 0))
        for _ in range(2 if high > 120 else 4 if high > 20 else 8):
            text = (
                words(pick) if high < 40 else pick.choice(("ABC", "R14", "MLO")) if high < 70 else pick.choice("LRAPHM")
            )
            sheet.put(
                text,
                (pick.randrange(max(1, edge - 3 * high)), pick.randrange(max(1, edge - 2 * high))),
                high,
                (ink,),
                "sizes",
            )
        return sheet.scene()

    def _skew(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, self._ground(pick, rng, edge, quiet=True), "skew")
        for _ in range(7):
            angle = pick.choice((-1, 1)) * pick.uniform(5, 45)
            name = (
                "skew 5-15 degrees"
                if abs(angle) < 15
                else "skew 15-30 degrees"
                if abs(angle) < 30
                else "skew 30-45 degrees"
            )
            sheet.put(
                words(pick),
                (pick.randrange(edge - 120), pick.randrange(edge - 120)),
                pick.choice((9, 12, 16, 24)),
                (pick.choice((0, 255, 255)),),
                name,
                "skew 5-45 degrees",
                angle=angle,
            )
        return sheet.scene()

    def _border(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, self._ground(pick, rng, edge), "border")
        for _ in range(8):
            side = pick.choice("ltrb")
            at = pick.randrange(edge), pick.randrange(edge)
            text = words(pick) if pick.random() < 0.7 else pick.choice(SHORT)
            sheet.put(
                text,
                at,
                pick.choice((7, 9, 12, 16)),
                (pick.choice((0, 255, 255)),),
                "at the border",
                side=side,
            )
        return sheet.scene()

    def _anatomy(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, self._ground(pick, rng, edge), "anatomy")
        for _ in range(9):
            text = words(pick) if pick.random() < 0.6 else pick.choice(SHORT)
            at = pick.randrange(edge // 8, edge - 110), pick.randrange(edge // 8, edge - 50)
            sheet.put(
                text,
                at,
                pick.choice((7, 8, 10, 12, 16)),
                (pick.choice((150, 190, 230, 255, 0)),),
                "on anatomy",
            )
        return sheet.scene()

    def _blended(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        sheet = self._sheet(pick, self._ground(pick, rng, edge), "half transparent")
        for _ in range(8):
            at = pick.randrange(edge - 110), pick.randrange(edge - 20)
            sheet.put(
                words(pick),
                at,
                pick.choice((9, 12, 16, 24)),
                (pick.choice((0, 255, 255)),),
                "half transparent",
                share=pick.uniform(0.35, 0.6),
            )
        return sheet.scene()

    def _dark(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        level = pick.choice((150, 190, 220, 255))
        ground = level + pick.choice((0, 2, 5)) * drawn_grounds.noise((edge, edge), pick.choice((0.0, 1.0, 8.0)), rng)
        sheet = self._sheet(pick, np.clip(ground, 0, 255).astype(np.uint8), "dark on light")
        for _ in range(8):
            at = pick.randrange(edge - 110), pick.randrange(edge - 20)
            sheet.put(
                words(pick),
                at,
                pick.choice((7, 8, 10, 13, 18)),
                (pick.choice((0, 40, 90, level - 60)),),
                "dark on light",
            )
        return sheet.scene()

    def _deep(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        """12 to 16 bits: a body in its window, strips of other levels outside of it, letters a few steps away."""
        bits = pick.choice((12, 12, 14, 16))
        top = (1 << bits) - 1
        scale = top / 4095
        body = self._ground(pick, rng, edge, quiet=False).astype(np.float32)
        grey = body if body.ndim == 2 else body[..., :3].mean(axis=2)
        cells = (800 + grey * 4) * scale
        high = edge // 8
        cells[:high] = 100 * scale
        cells[-high:] = 3900 * scale
        cells += rng.normal(0, 2 * scale, cells.shape)
        base = np.clip(cells, 0, top).astype(np.uint16)
        window = (1300 * scale, 1000 * scale)
        sheet = self._sheet(pick, base, "deep", scale=scale)
        for place, (start, stop) in (
            ("bright", (edge - high, edge)),
            ("dark", (0, high)),
            ("inside", (high, edge - high)),
        ):
            for _ in range(4):
                step = pick.choice((20, 30, 40, 60, 90, 120)) * scale
                if place == "inside":
                    step *= 3
                sign = -1 if place == "bright" and pick.random() < 0.5 else 1
                letters = pick.choice((9, 11, 14, 18))
                at = pick.randrange(edge - 120), pick.randrange(start + 2, stop - letters - 4)
                names = (
                    ("inside the VOI window",)
                    if place == "inside"
                    else ("outside the VOI window", f"outside the VOI window, {place} strip")
                )
                sheet.put(words(pick), at, letters, (sign * step,), *names, f"{bits} bits", added=True)
        made = sheet.scene()
        made.bits, made.window = bits, window
        return made

    def _large(self, pick: random.Random, rng: np.random.Generator, edge: int) -> Scene:
        """Letters of a fifth to half of the frame, alone or as markers, on black, bodies, tissue and bright grounds."""
        name = ("black", "anatomy", "tissue", "bright")[self._number % 4]
        if name == "anatomy":
            picture = self._ground(pick, rng, edge)
        elif name == "tissue":
            picture = drawn_grounds.tissue(pick, rng, edge)
        else:
            level = pick.choice((0, 6, 20)) if name == "black" else pick.choice((170, 210, 240, 255))
            picture = np.clip(level + rng.normal(0, pick.choice((0.0, 1.0, 2.5)), (edge, edge)), 0, 255)
            picture = picture.astype(np.uint8)
        sheet = self._sheet(pick, picture, "large letters")
        low, high = ((101, 174), (175, edge // 2))[self._number // 4 % 2]
        inks = {"black": (255, 230, 160, 110), "bright": (0, 20, 90)}.get(name, (255, 230, 0, 20))
        for _ in range(6):
            height = round(float(np.exp(pick.uniform(np.log(low), np.log(high)))))
            text = (
                pick.choice("LRAPHMBD27") if pick.random() < 0.6 else pick.choice(("RT", "LT", "AP", "PA", "R2", "12"))
            )
            at = pick.randrange(max(1, edge - height)), pick.randrange(max(1, edge - height))
            share = 1.0 if pick.random() < 0.8 else pick.uniform(0.4, 0.75)
            names = ["large, half transparent"] if share < 1 else []
            sheet.put(text, at, height, (pick.choice(inks),), f"large, on {name}", *names, share=share)
        return sheet.scene()

    def _sheet(self, pick: random.Random, picture: npt.NDArray[Any], layout: str, scale: float = 1.0) -> _Sheet:
        return _Sheet(self._hands, pick, picture, layout, scale)

    def _ground(self, pick: random.Random, rng: np.random.Generator, edge: int, *, quiet: bool = False) -> Picture:
        if quiet and pick.random() < 0.5:
            level = pick.choice((0, 20, 90, 160))
            return np.clip(level + rng.normal(0, 2, (edge, edge)), 0, 255).astype(np.uint8)
        if not self._grounds:
            return drawn_grounds.film(pick, rng, edge)
        picture = pick.choice(self._grounds).picture
        small = min(picture.shape[:2])
        top, left = (picture.shape[0] - small) // 2, (picture.shape[1] - small) // 2
        part = picture[top : top + small, left : left + small]
        return np.asarray(
            cv2.resize(part, (edge, edge), interpolation=cv2.INTER_CUBIC if small < edge else cv2.INTER_AREA), np.uint8
        )


class _Sheet:
    """A picture on which strings are put where there is room, in any of the ways to draw."""

    def __init__(
        self, hands: list[Hand], pick: random.Random, picture: npt.NDArray[Any], layout: str, scale: float = 1.0
    ) -> None:
        self._hands, self._pick = hands, pick
        self._bare, self._layout, self._scale = picture, layout, scale
        self._picture = picture.astype(np.float32)
        self._taken = np.zeros(picture.shape[:2], bool)
        self._texts: list[Text] = []

    def column(
        self,
        some: Callable[[random.Random], str],
        left: int,
        top: int,
        high: int,
        count: int,
        ink: tuple[int, ...],
        *classes: str,
    ) -> None:
        """Lines below each other."""
        for number in range(count):
            self.put(some(self._pick), (left, top + round(1.75 * number * high)), high, ink, *classes)

    def put(
        self, text: str, at: tuple[int, int], height: int, ink: Sequence[float],
        *classes: str, angle: float = 0.0, side: str = "", share: float = 1.0, added: bool = False,
    ) -> None:  # fmt: skip
        """Put a string there if nothing is there; ``added``: ``ink`` is added to what is there."""
        mask, hand = drawn(text, height, self._hands, self._pick)
        if angle:
            mask = _turned(mask, angle)
        rows, columns = self._picture.shape[:2]
        high, wide = mask.shape
        if high > rows or wide > columns:
            return
        left, top = min(at[0], columns - wide), min(at[1], rows - high)
        left, top = {"l": (0, top), "r": (columns - wide, top), "t": (left, 0), "b": (left, rows - high)}.get(
            side, (left, top)
        )
        gap = max(3, height // 3)
        if self._taken[max(0, top - gap) : top + high + gap, max(0, left - 2 * gap) : left + wide + 2 * gap].any():
            return
        here = (slice(top, top + high), slice(left, left + wide))
        before = self._picture[here].copy()
        level = np.asarray(ink, np.float32)
        cover = (mask * share)[..., None] if self._picture.ndim == 3 else mask * share
        flat = level if self._picture.ndim == 3 else level.mean()
        self._picture[here] = before + cover * flat if added else before * (1 - cover) + cover * flat
        inked = np.zeros(self._taken.shape, bool)
        change = np.abs(self._picture[here] - before)
        seen = (change.max(axis=2) if change.ndim == 3 else change) >= VISIBLE * self._scale
        inked[here] = (mask > 0.3) & seen
        if inked.sum() < max(4, 0.5 * (mask > 0.3).sum()):
            self._picture[here] = before
            return
        self._taken[here] = True
        names = [self._layout, *classes, f"drawn as {hand.kind}", *_size_classes(text, height)]
        contrast = float(np.median(change[inked[here]]) / self._scale)
        names += ["contrast under 30"] if contrast < 30 and not added else []
        self._texts.append(Text(text, inked, height, names))

    def scene(self) -> Scene:
        """The scene as it is now."""
        top = 255 if self._bare.dtype == np.uint8 else np.iinfo(self._bare.dtype).max
        cells = np.clip(np.round(self._picture), 0, top).astype(self._bare.dtype)
        for one in self._texts:
            letters = len(one.text.replace(" ", ""))
            clear = clearness if cells.dtype == np.uint8 else deep_clearness
            one.legible = clear(one.ink, letters, one.height, cells, self._bare) >= LEGIBLE
        return Scene("", self._layout, cells, texts=self._texts)


def _size_classes(text: str, height: int) -> list[str]:
    short = len(text) <= 2
    size = next(
        name
        for most, name in (
            (4, "caps 4 px"),
            (6, "caps 5-6 px"),
            (9, "caps 7-9 px"),
            (16, "caps 10-16 px"),
            (40, "caps 17-40 px"),
            (100, "caps 41-100 px"),
            (174, "caps 101-174 px"),
            (10**6, "caps 175 px and more"),
        )
        if height <= most
    )
    return [
        size,
        "1-2 letters" if short else "3 letters and more",
        *(["plain"] if not short and height >= 7 else []),
        *(["caps over 100 px"] if height > 100 else []),
    ]


def _turned(mask: Mask, angle: float) -> Mask:
    rows, columns = mask.shape
    edge = int(np.hypot(rows, columns)) + 4
    canvas = np.zeros((edge, edge), np.float32)
    canvas[(edge - rows) // 2 :][:rows, (edge - columns) // 2 :][:, :columns] = mask
    matrix = cv2.getRotationMatrix2D((edge / 2, edge / 2), angle, 1.0)
    turned = np.asarray(cv2.warpAffine(canvas, matrix, (edge, edge)), np.float32)
    rows_, columns_ = np.flatnonzero((turned > 0.05).any(axis=1)), np.flatnonzero((turned > 0.05).any(axis=0))
    return turned[rows_[0] : rows_[-1] + 1, columns_[0] : columns_[-1] + 1]
