"""Frames with one byte changed, and whether the decoders notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DicomError
from dcmaudit.model import FrameAddress
from support import files


@dataclass
class Damages:
    """How often one changed byte was noticed, changed no pixel, or was shown as if nothing had been.

    Noticed is what is refused, and what is shown with a remark that the whole frame has not.

    ``wrong`` has for each of the last kind the share of pixels that are other than they were.
    """

    noticed: int = 0
    harmless: int = 0
    wrong: list[float] = field(default_factory=list)

    @property
    def tried(self) -> int:
        """All changed bytes."""
        return self.noticed + self.harmless + len(self.wrong)

    @property
    def share_noticed(self) -> float:
        """Of those that change what is seen, the share that is noticed."""
        return self.noticed / max(1, self.noticed + len(self.wrong))

    def add(self, other: Damages) -> None:
        """Take in the counts of another."""
        self.noticed += other.noticed
        self.harmless += other.harmless
        self.wrong += other.wrong


def scan(rows: int = 192, columns: int = 200, *, bits: int = 12) -> np.ndarray:
    """Something like a scan: a textured disc on black, and a few letters' worth of strokes in a corner."""
    y, x = np.mgrid[:rows, :columns]
    noise = np.random.default_rng(7).normal(0, 0.02, (rows, columns))
    picture = np.clip(0.4 + 0.3 * np.sin(x / 31) * np.cos(y / 23) + noise, 0, 1)
    picture = np.where((x - columns / 2) ** 2 + (y - rows / 2) ** 2 < (0.45 * columns) ** 2, picture, 0.0)
    picture[6:14, 8:60:5] = 1.0
    return (picture * ((1 << bits) - 1)).astype(np.uint8 if bits <= 8 else np.uint16)


def damaged(codestream: bytes, count: int, *, seed: int = 1) -> Iterator[bytes]:
    """The codestream ``count`` times, each time with another byte changed to another value."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        broken = bytearray(codestream)
        broken[int(random.integers(len(broken)))] ^= int(random.integers(1, 256))
        yield bytes(broken)


def try_damages(picture: np.ndarray, codestream: bytes, syntax: str, count: int, *, bits: int = 12) -> Damages:
    """Change a byte of one frame's codestream again and again, and read the frame each time."""
    data = files.dataset(picture, bits_stored=bits)
    good, remarks = _read(files.file_bytes(data, syntax, frames=[codestream]))
    found = Damages()
    for broken in damaged(codestream, count):
        try:
            array, notes = _read(files.file_bytes(data, syntax, frames=[broken]))
        except DicomError:
            found.noticed += 1
            continue
        if np.array_equal(array, good):
            found.harmless += 1
        elif notes != remarks:
            found.noticed += 1
        else:
            found.wrong.append(float(np.mean(array != good)))
    return found


def _read(data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    with open_instance(files.MemoryReference("damaged.dcm", data)) as instance:
        return instance.read(FrameAddress(0)).array, instance.notes
