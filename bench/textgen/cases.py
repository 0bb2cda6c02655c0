"""One case: a DICOM file, the strings in it, and which pixels of which plane are their ink."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from dcmaudit.model import FrameAddress, OverlayAddress, PlaneAddress
from support.files import Overlay, dataset, file_bytes
from textgen.backgrounds import FILES, background
from textgen.colour import KINDS as COLOUR_KINDS
from textgen.colour import coloured, shown, written
from textgen.fonts import faces
from textgen.legible import LEGIBLE, clearness
from textgen.strings import HEADER, String, some_string

HEIGHTS = (5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 30, 40, 60)
STYLES = ("white", "white", "grey", "outlined", "black", "low contrast", "own ground", "blended")
FINISHES = ("",) * 6 + ("jpeg", "noise", "blurred", "gamma 0.5", "gamma 2")
"""What happens to the picture after the strings were burned in."""
KINDS = (
    "8 bit", "8 bit", "MONOCHROME1", "RGB", "12 bit", "16 bit signed", "outside window", "few levels", "float",
    "PALETTE", "overlay",
    "embedded overlay", "one frame of a cine",
)  # fmt: skip
_VISIBLE = 10
"""Levels of 256 by which a pixel must differ from the background to count as ink."""


@dataclass
class Placed:
    """A string on a plane: its visible ink, and its classes."""

    string: String
    address: PlaneAddress
    ink: npt.NDArray[np.bool_]
    height: int
    font: str
    style: str
    turn: str
    contrast: int = 255
    """Levels of 256 between the ink and what is around it, in the middle of all its pixels."""
    legible: bool = True
    """Whether it can be read, by its contrast and the ground's roughness (``legible.py``)."""


@dataclass
class Case:
    """A file: its bytes, its strings, and the kind it is of."""

    name: str
    kind: str
    background: str
    data: bytes
    finish: str = ""
    placed: list[Placed] = field(default_factory=list)
    picture: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros((1, 1), np.uint8))
    """What was written into the file, before its way of storing it."""


def make_case(half: str, number: int, *, edge: int, strings: int, colour: bool = False) -> Case:
    """Case ``number`` of a half, always the same for the same arguments; ``strings`` 0 makes a clean one.

    ``colour`` makes the files in colour and compressed ones, which are a series of their own.
    """
    pick = random.Random(f"{half} {number} {strings} {edge}" + " colour" * colour)  # noqa: S311 - no secret
    names = list(FILES[half])
    name = names[number % len(names)]
    kind = KINDS[number % len(KINDS)] if strings else ("8 bit", "12 bit", "RGB")[number % 3]
    if colour:
        kind = COLOUR_KINDS[number % len(COLOUR_KINDS)]
    base = background(half, name, edge)
    ground = np.zeros_like(base) if "overlay" in kind else base
    picture, placed = _burn(half, ground, pick, strings, binary="overlay" in kind)
    finish = "" if "overlay" in kind or colour else pick.choice(FINISHES)
    if colour:
        return _in_colour(
            Case(f"{half}-{number}-{strings}-colour", kind, name, b"", finish, placed), base, picture, pick
        )
    picture, base = _finished(picture, finish, number), _finished(base, finish, number)
    placed = [one for one in placed if "overlay" in kind or _still_visible(one, picture, base)]
    case = Case(f"{half}-{number}-{strings}", kind, name, b"", finish, placed, picture)
    address = _write(case, kind, base, picture)
    for one in placed:
        one.address = address
    return case


def _in_colour(case: Case, base: npt.NDArray[np.uint8], picture: npt.NDArray[np.uint8], pick: random.Random) -> Case:
    ground, inked = coloured(base, picture, case.kind, pick)
    before, after = shown(ground, case.kind), shown(inked, case.kind)
    case.placed = [one for one in case.placed if _still_visible(one, after, before)]
    case.picture = inked
    case.data = written(inked, case.kind, dict(HEADER))
    return case


def _burn(
    half: str, base: npt.NDArray[np.uint8], pick: random.Random, count: int, *, binary: bool
) -> tuple[npt.NDArray[np.uint8], list[Placed]]:
    picture = base.astype(np.float32)
    taken = np.zeros(base.shape, bool)
    placed: list[Placed] = []
    for _ in range(40 * count):
        if len(placed) == count:
            break
        string, face, height = some_string(pick), pick.choice(faces(half)), pick.choice(HEIGHTS)
        turn = pick.choices(("0", "90", "180", "270", "mirrored", "tilted"), (75, 5, 5, 5, 5, 5))[0]
        style = "white" if binary else pick.choice(STYLES)
        mask = _turned(face.draw(string.text, height), turn, pick)
        rows, columns = mask.shape
        if rows >= base.shape[0] - 2 or columns >= base.shape[1] - 2:
            continue
        top, left = pick.randrange(base.shape[0] - rows), pick.randrange(base.shape[1] - columns)
        if pick.random() < 0.2:  # at the very border
            top, left = pick.choice(((0, left), (base.shape[0] - rows, left), (top, 0), (top, base.shape[1] - columns)))
        room = (slice(max(0, top - 8), top + rows + 8), slice(max(0, left - 8), left + columns + 8))
        if taken[room].any():
            continue
        here = (slice(top, top + rows), slice(left, left + columns))
        before = picture[here].copy()
        picture[here] = _inked(before, mask, style, pick, binary=binary)
        change = np.abs(picture[here] - before) >= (1 if binary else _VISIBLE)
        ink = np.zeros(base.shape, bool)
        ink[here] = (mask > (0.5 if binary else 0.3)) & change
        if ink.sum() < max(6, 0.5 * (mask > 0.5).sum()):
            picture[here] = before  # it cannot be seen here
            continue
        taken[room] = True
        contrast = int(np.median(np.abs(picture[here] - _around(picture, here))[ink[here]]))
        placed.append(Placed(string, FrameAddress(0), ink, height, face.name, style, turn, contrast))
    return np.clip(picture, 0, 255).astype(np.uint8), placed


def _around(picture: npt.NDArray[np.float32], here: tuple[slice, slice]) -> float:
    rows, columns = here
    return float(
        np.median(picture[max(0, rows.start - 3) : rows.stop + 3, max(0, columns.start - 3) : columns.stop + 3])
    )


def _finished(picture: npt.NDArray[np.uint8], finish: str, number: int) -> npt.NDArray[np.uint8]:
    match finish.split():
        case ["jpeg"]:
            packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
            return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
        case ["noise"]:
            noise = np.random.default_rng(number).normal(0, 6, picture.shape)
            return np.clip(picture + noise, 0, 255).astype(np.uint8)
        case ["blurred"]:
            return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), np.uint8)
        case ["gamma", power]:
            table = (np.linspace(0, 1, 256) ** float(power) * 255).astype(np.uint8)
            return np.asarray(cv2.LUT(picture, table), np.uint8)
        case _:
            return picture


def _still_visible(one: Placed, picture: npt.NDArray[np.uint8], base: npt.NDArray[np.uint8]) -> bool:
    """Whether half of the ink still stands out; the rest of it is no longer counted."""
    change = np.abs(picture.astype(np.int16) - base)
    seen = one.ink & ((change.max(axis=2) if change.ndim == 3 else change) >= _VISIBLE)
    if seen.sum() < 0.5 * one.ink.sum():
        return False
    one.ink = seen
    letters = len(one.string.text.replace(" ", ""))
    one.legible = clearness(seen, letters, one.height, picture, base) >= LEGIBLE
    return True


def _inked(
    part: npt.NDArray[np.float32], mask: npt.NDArray[np.float32], style: str, pick: random.Random, *, binary: bool
) -> npt.NDArray[Any]:
    if binary:
        return np.where(mask > 0.5, 255.0, part)
    mean = float(part.mean())
    if style == "blended":
        mask = mask * 0.5
    level = {"white": 255.0, "blended": 255.0, "grey": 170.0, "outlined": 255.0, "black": 0.0, "own ground": 230.0}.get(
        style
    )
    if level is None:
        step = pick.uniform(18, 40)
        level = mean + step if mean < 150 else mean - step
    if style == "outlined":
        dark = cv2.dilate(mask, np.ones((3, 3), np.float32))
        part = part * (1 - dark)
    if style == "own ground":
        part = np.full_like(part, 20.0)
    return part * (1 - mask) + level * mask


def _turned(mask: npt.NDArray[np.float32], turn: str, pick: random.Random) -> npt.NDArray[np.float32]:
    if turn == "tilted":
        angle = pick.choice((-1, 1)) * pick.uniform(2, 8)
        more = int(mask.shape[1] * abs(np.sin(np.deg2rad(angle))) / 2) + 2
        padded = np.pad(mask, ((more, more), (4, 4)))
        centre = (padded.shape[1] / 2, padded.shape[0] / 2)
        matrix = cv2.getRotationMatrix2D(centre, angle, 1.0)
        return np.asarray(cv2.warpAffine(padded, matrix, padded.shape[::-1]), np.float32)
    if turn == "mirrored":
        return np.ascontiguousarray(mask[:, ::-1])
    return np.ascontiguousarray(np.rot90(mask, int(turn) // 90))


def _write(  # noqa: C901, PLR0912 - one branch a kind of file
    case: Case, kind: str, base: npt.NDArray[np.uint8], picture: npt.NDArray[np.uint8]
) -> PlaneAddress:
    extra: dict[str, Any] = dict(HEADER)
    bits = (picture > 127).astype(np.uint8)
    address: PlaneAddress = FrameAddress(0)
    match kind:
        case "MONOCHROME1":
            made = dataset(255 - picture, photometric="MONOCHROME1", extra=extra)
        case "RGB":
            colour = np.stack([picture, (picture * 0.9).astype(np.uint8), (picture * 0.7).astype(np.uint8)], axis=2)
            made = dataset(colour, photometric="RGB", extra=extra)
        case "12 bit":
            made = dataset(picture.astype(np.uint16) * 16, bits_stored=12, extra=extra)
        case "16 bit signed":
            made = dataset((picture.astype(np.int16) - 128) * 8, extra=extra)
        case "outside window":
            # The file asks for a window in which everything burned in is white on white or black on black.
            extra |= {"WindowCenter": "30000", "WindowWidth": "400"}
            made = dataset(picture.astype(np.uint16) * 16, bits_stored=16, extra=extra)
        case "few levels":
            # One very bright pixel leaves the rest of the range a few of 256 levels.
            cells = picture.astype(np.uint16)
            cells[-1, -1] = 12000
            extra |= {"WindowCenter": "128", "WindowWidth": "256"}
            made = dataset(cells, bits_stored=16, extra=extra)
        case "float":
            made = dataset(picture.astype(np.float32) / 1000.0 - 0.1, extra=extra)
        case "PALETTE":
            made = dataset(picture, photometric="PALETTE COLOR", extra=extra)
            for name, scale in (("Red", 257), ("Green", 220), ("Blue", 180)):
                table = (np.arange(256) * scale).clip(0, 65535).astype("<u2").tobytes()
                setattr(made, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
                setattr(made, f"{name}PaletteColorLookupTableData", table)
        case "overlay":
            made, address = dataset(base, overlays=[Overlay(bits)], extra=extra), OverlayAddress(0x6000, 0)
        case "embedded overlay":
            cells = base.astype(np.uint16) * 16
            made = dataset(cells, bits_stored=12, overlays=[Overlay(bits, embedded=13)], extra=extra)
            address = OverlayAddress(0x6000, 0)
        case "one frame of a cine":
            frames = np.stack([base, np.roll(base, 3, axis=1), picture, np.roll(base, 6, axis=0)])
            made, address = dataset(frames, frames=4, extra=extra), FrameAddress(2)
        case _:
            made = dataset(picture, extra=extra)
    case.data = file_bytes(made)
    return address
