"""The network that sees burned-in text: its weights, and its two maps of a picture of any size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.detect import inference
from dcmaudit.detect.textnet.probe import Probe
from dcmaudit.detect.vision import cv2
from dcmaudit.errors import EngineError, ProcessorError

Picture = npt.NDArray[np.uint8]
"""(rows, columns) or (rows, columns, 3) in RGB order."""

Map = npt.NDArray[np.float32]

FOLDER = Path(__file__).parent
WEIGHTS, DESCRIPTION = "weights.onnx", "weights.json"

ALIGN = 16
"""The network halves its picture four times: edges of what it is given are multiples of this."""

WIDE, HIGH = 2320, 1920
"""Columns and rows of what is looked at in one go, at most: memory grows with it, 32 MB a megapixel."""

WHOLE = WIDE * HIGH
"""Pixels of a picture up to which it is no tiles."""

MARGIN = 176
"""Pixels around the part of a tile that counts: what is this near to the edge of a tile is judged in the next one.

No cell's value depends on a pixel farther away: the maps of tiles are those of the whole picture, to the last bit.
"""

_WAYS: tuple[dict[str, str], ...] = ({}, {"session__x64quantprecision": "1"})
"""How the network may be run, the quickest first. Some x86 processors (AVX2 or AVX-512 without VNNI) cut sums off in
the first, and take two to three times as long for the second: so it is for them alone. Both give the same maps."""

_HINT = "install dcmaudit again; nothing is ever loaded from the network"


@dataclass(frozen=True, slots=True)
class TextMaps:
    """What the network sees in a picture of (rows, columns): two maps of half its size, rounded up, from 0 to 1.

    ``ink``: strokes of letters. ``region``: the middle of lines of text, so that neighbouring lines lie apart.
    """

    ink: Map
    region: Map

    def copy(self) -> TextMaps:
        """Maps of their own."""
        return TextMaps(self.ink.copy(), self.region.copy())


class TextNet:
    """The network, loaded once; not to be used from two threads at once. ``threads`` work on one picture."""

    def __init__(self, threads: int, folder: Path | None = None) -> None:
        """Load the weights of ``folder`` (None: those of the package) and see that they answer as they should.

        EngineError where they are missing, damaged or cannot be used; ProcessorError where this processor computes
        other maps than those that the weights were checked with, whichever way it is asked to.
        """
        weights, probe = _checked(folder or FOLDER)
        self._session, self.is_quickest = _answering(weights, probe, threads)
        self.pixels_seen = 0
        """Pixels that the network was given so far: what its work is measured by."""

    def maps(self, picture: Picture) -> TextMaps:
        """Both maps of the whole picture; EngineError where the network fails, MemoryError as numpy raises it.

        Large pictures are looked at in tiles that overlap by twice the margin, of each of which the middle counts,
        so that the maps are those of the whole picture. A picture without pixels has empty maps.
        """
        rows, columns = picture.shape[:2]
        half = -(-rows // 2), -(-columns // 2)
        if not picture.size:
            return TextMaps(np.zeros(half, np.float32), np.zeros(half, np.float32))
        if rows * columns <= WHOLE:
            found = self._run(picture)
            return TextMaps(found[0], found[1])
        out = np.zeros((2, *half), np.float32)
        for down in spans(rows, HIGH):
            for across in spans(columns, WIDE):
                part = self._run(picture[down.start : down.stop, across.start : across.stop])
                (t0, t1), (l0, l1) = down.kept(), across.kept()
                out[:, t0 // 2 : -(-t1 // 2), l0 // 2 : -(-l1 // 2)] = part[
                    :,
                    (t0 - down.start) // 2 : -(-(t1 - down.start) // 2),
                    (l0 - across.start) // 2 : -(-(l1 - across.start) // 2),
                ]
        return TextMaps(out[0], out[1])

    def _run(self, part: Picture) -> Map:
        """Both maps of one part, cut to half its size, rounded up."""
        rows, columns = part.shape[:2]
        self.pixels_seen += rows * columns
        filled = part
        if rows % ALIGN or columns % ALIGN:
            # Repeated, not black: an edge that is not there is no stroke.
            filled = cv2.copyMakeBorder(part, 0, -rows % ALIGN, 0, -columns % ALIGN, cv2.BORDER_REPLICATE)
        try:
            (maps,) = self._session.run(["maps"], {"cells": cells_of(filled)})
        except Exception as error:
            raise EngineError(f"the text detector failed on a picture ({type(error).__name__})") from error
        if maps.shape != (1, 2, filled.shape[0] // 2, filled.shape[1] // 2):
            raise EngineError(f"the text detector gave maps of the shape {maps.shape}", hint=_HINT)
        if not np.isfinite(maps).all():
            # Never a silent "nothing": a map without numbers says nothing about the picture.
            raise EngineError("the text detector gave no numbers for a picture", hint=_HINT)
        return np.asarray(maps[0, :, : -(-rows // 2), : -(-columns // 2)], np.float32)


def _answering(weights: bytes, probe: Probe, threads: int) -> tuple[Any, bool]:
    """The network in the quickest of the ways to run it that give the maps that the weights were checked with, and
    whether that is the quickest there is."""
    for way in _WAYS:
        try:
            # Threads that spin while they wait take the time of whoever reads and decodes meanwhile.
            session = inference.session(weights, threads, session__intra_op__allow_spinning="0", **way)
            if _is_other(session):
                break
            (maps,) = session.run(["maps"], {"cells": cells_of(probe.picture)})
        except EngineError:
            raise
        except Exception as error:  # onnxruntime has its own tree of errors, and their words name paths
            raise EngineError(f"the text detector cannot be started ({type(error).__name__})", hint=_HINT) from error
        if probe.is_answered(maps):
            return session, not way
    else:
        raise ProcessorError(
            "this processor gives another answer than the text detector was checked with",
            hint="look on another machine, or with --finder rapidocr; no map of the own detector can be used here",
        )
    raise EngineError("the weights of the text detector are of another kind of network", hint=_HINT)


def _is_other(session: Any) -> bool:
    names = [one.name for one in session.get_inputs()], [one.name for one in session.get_outputs()]
    return names != (["cells"], ["maps"])


def cells_of(picture: Picture) -> Picture:
    """What the network is given: (1, rows / 2, columns / 2, 12), of each 2 x 2 pixels row by row their R, G, B.

    The picture's edges are even. In this order the first convolution runs over memory without a stride.
    """
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    if picture.ndim == 2:
        # Two neighbours in a row are two bytes, which are moved as one; then every level comes three times.
        few = np.empty((rows, columns, 2), np.uint16)
        few[:, :, 0], few[:, :, 1] = np.swapaxes(_pairs(picture, np.dtype(np.uint16)), 0, 1)
        seen = cv2.cvtColor(few.view(np.uint8).reshape(rows, columns * 4), cv2.COLOR_GRAY2RGB)
        return np.asarray(seen, np.uint8).reshape(1, rows, columns, 12)
    out = np.empty((1, rows, columns, 12), np.uint8)
    squares = out.view("V6").reshape(rows, columns, 2)
    squares[:, :, 0], squares[:, :, 1] = np.swapaxes(_pairs(picture, np.dtype("V6")), 0, 1)
    return out


def _pairs(picture: Picture, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Every two pixels of a row as one of ``kind``: (rows / 2, 2, columns / 2)."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    return np.ascontiguousarray(picture).reshape(rows, 2, -1).view(kind).reshape(rows, 2, columns)


@dataclass(frozen=True, slots=True)
class Span:
    """A tile along one axis: pixels from ``start`` to ``stop``, of which all but the margins at inner ends count."""

    start: int
    stop: int
    first: bool
    last: bool

    def kept(self) -> tuple[int, int]:
        """The pixels that count."""
        return self.start + (0 if self.first else MARGIN), self.stop - (0 if self.last else MARGIN)


def spans(length: int, most: int) -> list[Span]:
    """Tiles of ``most`` pixels at most that cover ``length`` so that the parts of them that count cover every pixel."""
    return list(_spans(length, most))


def _spans(length: int, most: int) -> Iterator[Span]:
    if length <= most:
        yield Span(0, length, first=True, last=True)
        return
    # As few tiles as can be, all of the same length: what overlaps is looked at twice.
    count = -(-(length - 2 * MARGIN) // (most - 2 * MARGIN))
    edge = _aligned(-(-(length + 2 * MARGIN * (count - 1)) // count))
    for number in range(count - 1):
        start = number * (edge - 2 * MARGIN)
        yield Span(start, start + edge, first=number == 0, last=False)
    yield Span(_aligned(length - edge), length, first=False, last=True)


def _aligned(length: int) -> int:
    """The next length at which the network's steps lie alike."""
    return -(-length // ALIGN) * ALIGN


def _checked(folder: Path) -> tuple[bytes, Probe]:
    """The bytes of the weights, which are those that the description beside them was written for, and its probe."""
    try:
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        weights = (folder / WEIGHTS).read_bytes()
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise EngineError(f"{name} of the text detector is missing in {folder}", hint=_HINT) from None
    except OSError as error:
        raise EngineError(f"the text detector cannot be read: {error.strerror}", hint=_HINT) from error
    except ValueError:
        raise EngineError(f"{folder / DESCRIPTION} is damaged", hint=_HINT) from None
    wanted = described.get("sha256") if isinstance(described, dict) else None
    if hashlib.sha256(weights).hexdigest() != wanted:
        # Damaged weights would find less and say nothing.
        raise EngineError(f"the text detector {folder / WEIGHTS} is damaged or of another version", hint=_HINT)
    try:
        return weights, Probe.parsed(described.get("probe"))
    except ValueError:
        raise EngineError(f"{folder / DESCRIPTION} is damaged", hint=_HINT) from None


def weights_digest() -> str:
    """The SHA-256 of the weights, by the description beside them; "" where there is none that can be read."""
    try:
        described = json.loads((Path(__file__).parent / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""  # whoever looks with them is told
    return str(described.get("sha256", "")) if isinstance(described, dict) else ""
