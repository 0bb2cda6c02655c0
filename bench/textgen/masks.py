"""Strings drawn once, before training: many faces, sizes, scripts and ways to be rough, as masks of ink."""

from __future__ import annotations

import os
import random
import string as letters
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from textgen.fonts import HELD_OUT, faces
from textgen.strings import HARMLESS, OTHER, OWN, SHORT

_FOLDERS = (Path("/usr/share/fonts"), *(Path(one) for one in [os.environ.get("TRAINING_FONTS", "")] if one))
"""Where faces are looked for: those that are installed, and those of packages that were only unpacked."""
# Debian's packages with these: see training/README.md. Families of the held-out half are not among them.
TRUETYPE = (
    "FreeSans", "FreeSansBold", "FreeMono", "FreeMonoBold", "FreeSerif", "FreeSansOblique", "Roboto-Regular",
    "Roboto-Bold", "Roboto-Light", "RobotoCondensed-Regular", "OpenSans-Regular", "OpenSans-Bold",
    "OpenSans-CondensedLight",
    "Inconsolata", "Hack-Regular", "Hack-Bold", "NimbusSans-Regular", "NimbusSans-Bold", "NimbusSansNarrow-Regular",
    "NimbusMonoPS-Regular", "NimbusMonoPS-Bold", "NimbusRoman-Regular", "C059-Roman", "URWGothic-Book",
    "URWBookman-Light", "P052-Roman", "Lato-Regular", "Lato-Bold", "Lato-Light", "Cantarell-Regular", "Cantarell-VF",
    "CourierPrime-Regular", "Courier Prime", "Quicksand-Regular", "Quicksand-Medium", "Comfortaa-Regular",
    "JetBrainsMono-Regular", "FiraCode-Regular", "NotoSans-Regular", "NotoSans-Bold", "NotoSansMono-Regular",
    "NotoSerif-Regular", "NotoSansDisplay-Regular", "DroidSansFallbackFull",
)  # fmt: skip
SCRIPTS = {
    "greek": ("FreeSans NotoSans-Regular NotoSerif-Regular", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψω"),
    "cyrillic": ("FreeSans FreeMono NotoSans-Bold", "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯабвгдежзиклмнопрстуфхцчшщыэюя"),
    "hebrew": ("NotoSansHebrew-Regular FreeSans", "אבגדהוזחטיכלמנסעפצקרשת"),
    "arabic": ("NotoSansArabic-Regular NotoNaskhArabic-Regular", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"),
    "thai": ("NotoSansThai-Regular Garuda Loma", "กขคงจฉชซญดตถทธนบปผฝพฟภมยรลวศษสหอ"),
    "devanagari": ("NotoSansDevanagari-Regular", "अआइईउऊएऐओऔकखगघचछजझटठडढतथदधनपफबभमयरलवशषसह"),
    "cjk": ("NotoSansCJK-Regular NotoSansCJK-Bold NotoSerifCJK-Regular", ""),
}
_BITMAPS = (
    "5x7", "5x8", "6x9", "6x10", "6x12", "6x13", "6x13B", "7x13", "7x13B", "7x14", "8x13", "8x13B", "9x15",
    "9x15B", "9x18", "10x20", "12x24", "clR6x10", "clR8x13", "helvR08", "helvR10", "helvR12", "helvR14",
    "helvR18", "helvR24", "helvB08", "helvB10", "helvB12", "helvB14", "helvB18", "lubR10", "lutRS08", "lutRS10",
    "lutRS12", "lutBS14", "luRS08", "luRS10", "luRS12", "luRS18", "timR10", "timR14", "ncenR12", "charR10",
    "ter-u12n_iso-8859-1", "ter-u14n_iso-8859-1", "ter-u16n_iso-8859-1", "ter-u20n_iso-8859-1",
    "ter-u24n_iso-8859-1",
)  # fmt: skip

_FORMS = (
    "##/##/####", "##:##:##", "####-##-##", "#.# cm", "##.#mm", "##Hz", "##-A@@-####", "####", "#.##", "### bpm",
    "##%", "W ### L ##", "-###", "MI #.#", "TIs #.#", "Im: #/##", "#######", "Se: #", "##y", "#", "##", "###",
    "P-##", "HHH@###", "0.#", "+#.#", "###.##", "#:#", "x#.#", "f/#.#",
)  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A string: how much of each pixel is ink (0 to 255, no empty edges), its cap height and length."""

    mask: npt.NDArray[np.uint8]
    height: int
    length: int


Family = list[Drawn]
"""Strings of one face and size, for lines that belong together."""


def families(seed: int, count: int, *, strings: int = 14) -> list[Family]:
    """``count`` families, always the same for the same seed and installed fonts."""
    pick = random.Random(f"families {seed}")  # noqa: S311 - no secret
    answer: list[Family] = []
    while len(answer) < count:
        made = _family(pick, strings)
        if len(made) >= strings // 2:
            answer.append(made)
    return answer


def _family(pick: random.Random, strings: int) -> Family:  # noqa: PLR0911 - one a way of drawing
    way = pick.random()
    if way < 0.12:
        script = pick.choice(list(SCRIPTS))
        names, alphabet = SCRIPTS[script]
        path = _path(pick.choice(names.split()))
        height = _height(pick, 8)
        if path is None:
            return []
        words = [_foreign(pick, alphabet) for _ in range(strings)]
        return _all([(word, _drawn(path, height, word)) for word in words], height, pick)
    if way < 0.34:
        name = pick.choice(_BITMAPS)
        path = _path(name)
        if path is None:
            return []
        height = _capital(path)
        words = [some_words(pick) for _ in range(strings)]
        pairs = [(word, _bitmap(path, word)) for word in words]
        zooms = [(1, 1)] * 4 + [(2, 2), (2, 2), (1, 2), (2, 1), (3, 3), (4, 4)]
        tall, wide = pick.choice([zoom for zoom in zooms if height * zoom[0] <= 44])
        pairs = [(word, mask.repeat(tall, 0).repeat(wide, 1)) for word, mask in pairs]
        return _all(pairs, height * tall, pick)
    words = [some_words(pick) for _ in range(strings)]
    height = _height(pick, 5)
    if way < 0.46:
        face = pick.choice(faces("tune"))
        return _all([(word, (face.draw(word, height) * 255).astype(np.uint8)) for word in words], height, pick)
    path = _path(pick.choice(TRUETYPE))
    if path is None:
        return []
    rough = height <= 20 and pick.random() < 0.3
    return _all([(word, _drawn(path, height, word, rough=rough)) for word in words], height, pick)


def _height(pick: random.Random, least: int) -> int:
    if pick.random() < 0.03:
        return pick.randrange(60, 111)
    return max(least, min(64, round(5 * (12.5 ** (pick.random() ** 1.35)))))


def _all(pairs: list[tuple[str, npt.NDArray[Any] | None]], height: int, pick: random.Random) -> Family:
    hard, soft = pick.random() < 0.25, pick.random() < 0.12
    small = pick.uniform(0.45, 0.85) if not hard and pick.random() < 0.15 else 1.0
    high = round(height * small) if height * small >= 5 else height
    stretch = pick.uniform(0.75, 1.4) if pick.random() < 0.15 else 1.0
    answer = []
    for text, mask in pairs:
        if mask is None or min(mask.shape) == 0:
            continue
        one = mask
        if stretch != 1.0:
            one = cv2.resize(one, None, fx=stretch, fy=1.0, interpolation=cv2.INTER_LINEAR)
        if small < 1.0 and height * small >= 5:
            one = cv2.resize(np.pad(one, 2), None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
        if hard:
            one = ((one > 110) * 255).astype(np.uint8)
        if soft:
            one = cv2.GaussianBlur(np.pad(one, 2), (0, 0), 0.04 * height + 0.35)
            one = np.clip(one.astype(np.float32) * (255 / max(60, int(one.max()))), 0, 255).astype(np.uint8)
        cut = _trimmed(one)
        if cut is not None and cut.shape[1] < 1500:
            answer.append(Drawn(cut, high, len(text.replace(" ", ""))))
    return answer


def _trimmed(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8] | None:
    rows, columns = np.nonzero(mask > 40)
    if len(rows) < 3:
        return None
    return np.ascontiguousarray(mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])


def some_words(pick: random.Random) -> str:
    """A line as devices write it; every fourth has one or two characters."""
    way = pick.random()
    if pick.random() < 0.04:
        return " ".join(some_words(pick)[:12])
    if way < 0.27:
        one = pick.choice((*SHORT, *letters.ascii_uppercase, *letters.digits, *"LRLRLRLR"))
        if pick.random() < 0.35:
            one = "".join(pick.choice(letters.ascii_uppercase + letters.digits) for _ in range(2))
        return one if pick.random() < 0.93 else pick.choice(("%", "+", "?", "&", "#", "@", "°C", "µ", "cm", "mm", "s"))
    if way < 0.42:
        return pick.choice((*OWN, *OTHER, *HARMLESS))
    if way < 0.58:
        form = pick.choice(_FORMS)
        return "".join(
            pick.choice(letters.digits) if c == "#" else pick.choice(letters.ascii_uppercase) if c == "@" else c
            for c in form
        )
    count = pick.choice((1, 1, 1, 2, 2, 3, 4, 5))
    words = []
    for _ in range(count):
        length = pick.choice((2, 3, 3, 4, 5, 6, 7, 8, 9, 11))
        vowels, rest = "aeiouy", "bcdfghjklmnpqrstvwxz"
        word = "".join(pick.choice(vowels if (k + length) % 2 else rest) for k in range(length))
        style = pick.random()
        word = word.upper() if style < 0.45 else word.capitalize() if style < 0.75 else word
        if pick.random() < 0.15:
            word += pick.choice((":", ",", ".", "=", "/", "-", ")", "^", "_"))
        words.append(word)
    return " ".join(words)


def _foreign(pick: random.Random, alphabet: str) -> str:
    def letter() -> str:
        if alphabet:
            return pick.choice(alphabet)
        low, high = pick.choice(((0x4E00, 0x9000), (0x3041, 0x3090), (0x30A1, 0x30F0), (0xAC00, 0xD700)))
        return chr(pick.randrange(low, high))

    return (
        "".join(letter() if pick.random() > 0.12 else " " for _ in range(pick.choice((1, 2, 3, 4, 6, 8, 12)))).strip()
        or "–"
    )


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(path for folder in _FOLDERS for path in folder.rglob("*")):
        stem = path.name.removesuffix(".gz").rsplit(".", 1)[0]
        if path.suffix in (".ttf", ".otf", ".ttc", ".gz") and not any(word in stem for word in HELD_OUT):
            found.setdefault(stem, path)
    return found


def _path(name: str) -> Path | None:
    return _files().get(name)


@lru_cache(maxsize=4000)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


@lru_cache(maxsize=4000)
def _size(path: Path, height: int) -> int:
    """The size of a font at which a capital is ``height`` pixels high."""
    _, top, _, bottom = _font(path, 100).getbbox("H")
    return max(4, round(100 * height / max(10, bottom - top)))


def _drawn(path: Path, height: int, text: str, *, rough: bool = False) -> npt.NDArray[np.uint8] | None:
    font = _font(path, _size(path, height))
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 6, int(bottom - top) + 6))
    pen = ImageDraw.Draw(image)
    pen.fontmode = "1" if rough else "L"
    pen.text((3 - left, 3 - top), text, font=font, fill=255)
    return np.asarray(image)


@lru_cache(maxsize=400)
def _own_size(path: Path) -> ImageFont.FreeTypeFont:
    """A bitmap font in the one size that it has."""
    for size in range(4, 60):
        try:
            return ImageFont.truetype(str(path), size)
        except OSError:
            continue
    raise OSError(path.name)


@lru_cache(maxsize=400)
def _capital(path: Path) -> int:
    mask = _trimmed(_bitmap(path, "H"))
    return 7 if mask is None else mask.shape[0]


def _bitmap(path: Path, text: str) -> npt.NDArray[np.uint8]:
    font = _own_size(path)
    text = text.encode("latin-1", "replace").decode("latin-1")
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("1", (int(right - left) + 6, int(bottom - top) + 6))
    ImageDraw.Draw(image).text((3 - left, 3 - top), text, font=font, fill=1)
    return np.asarray(image, np.uint8) * 255
