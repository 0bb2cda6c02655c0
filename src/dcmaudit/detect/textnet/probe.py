"""A picture and the answer to it: whether this processor computes what the weights were checked with.

Whole numbers are added up in sixteen bits by some processors, and what does not fit is cut off: the maps are then
others, above all on bright grounds, and nothing else shows it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_LARGEST = 1 << 20
"""Bytes of a probe's picture at most."""


@dataclass(frozen=True, slots=True)
class Probe:
    """``picture``: (rows, columns, 3) of uint8, edges multiples of 16. ``answer``: the SHA-256 of both maps of it,
    which are (1, 2, rows / 2, columns / 2) of float32 in little-endian order."""

    picture: npt.NDArray[np.uint8]
    answer: str

    @classmethod
    def parsed(cls, text: Any) -> Probe:
        """From what stands in the description of the weights; ValueError where that is no probe."""
        try:
            rows, columns = (int(edge) for edge in text["size"])
            data = zlib.decompressobj().decompress(base64.b64decode(text["picture"], validate=True), _LARGEST)
            picture = np.frombuffer(data, np.uint8).reshape(rows, columns, 3)
            return cls(picture, str(text["answer"]))
        except (KeyError, TypeError, binascii.Error, zlib.error) as error:
            raise ValueError("no probe") from error

    def text(self) -> dict[str, Any]:
        """For the description of the weights."""
        packed = base64.b64encode(zlib.compress(self.picture.tobytes(), 9)).decode("ascii")
        return {"size": list(self.picture.shape[:2]), "picture": packed, "answer": self.answer}

    def is_answered(self, maps: npt.NDArray[np.float32]) -> bool:
        """Whether ``maps`` are the expected ones, to the last bit."""
        return digest(maps) == self.answer


def digest(maps: npt.NDArray[np.float32]) -> str:
    """The SHA-256 of maps, whatever the order of bytes of the processor."""
    return hashlib.sha256(np.ascontiguousarray(maps, "<f4").tobytes()).hexdigest()
