"""A small writer of lossless JPEG (ITU-T T.81, annex H), for codestreams that no library writes.

Some devices reduce each difference modulo 2 to the precision; decoders add modulo 2 to the 16 (H.1.2.1) and read them
all the same. ``Residues`` says which representative of a difference is written.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int64]


class Residues(Enum):
    """Which number, of those that are equal modulo 2 to the precision, is written for a difference."""

    PLAIN = "the difference itself"
    NEAR_ZERO = "from -half to half - 1"
    FAR = "the other one: above 0 where the difference is below, and the other way round"


def encode_lossless(
    picture: npt.NDArray[np.unsignedinteger],
    *,
    precision: int,
    predictor: int = 1,
    residues: Residues = Residues.PLAIN,
    restart_lines: int = 0,
) -> bytes:
    """A codestream of ``picture``, axes (rows, columns) or (rows, columns, components), SOF3, one interleaved scan."""
    samples = np.atleast_3d(picture).astype(np.int64)
    rows, columns, count = samples.shape
    kept = restart_lines or rows
    differences = np.concatenate(
        [_differences(samples[top : top + kept], precision, predictor) for top in range(0, rows, kept)]
    )
    differences = _residues(differences, precision, residues)
    out = bytearray(b"\xff\xd8")
    out += _segment(0xC3, bytes([precision]) + _two(rows) + _two(columns) + bytes([count])
                    + b"".join(bytes([c + 1, 0x11, 0]) for c in range(count)))  # fmt: skip
    # one table for all: 17 codes of 5 bits, for the 17 sizes a difference can have
    out += _segment(0xC4, bytes([0]) + bytes([0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17)))
    if restart_lines:
        out += _segment(0xDD, _two(restart_lines * columns))
    out += _segment(0xDA, bytes([count]) + b"".join(bytes([c + 1, 0]) for c in range(count)) + bytes([predictor, 0, 0]))
    for number, top in enumerate(range(0, rows, kept)):
        if number:
            out += bytes([0xFF, 0xD0 + (number - 1) % 8])
        out += _coded(differences[top : top + kept].reshape(-1))
    return bytes(out + b"\xff\xd9")


def _differences(samples: Samples, precision: int, predictor: int) -> Samples:
    """Sample less prediction, axes as in ``samples`` (H.1.2.1, table H.1)."""
    left = np.zeros_like(samples)
    left[:, 1:] = samples[:, :-1]
    up = np.zeros_like(samples)
    up[1:] = samples[:-1]
    corner = np.zeros_like(samples)
    corner[1:, 1:] = samples[:-1, :-1]
    guess = {
        1: left,
        2: up,
        3: corner,
        4: left + up - corner,
        5: left + ((up - corner) >> 1),
        6: up + ((left - corner) >> 1),
        7: (left + up) >> 1,
    }[predictor].copy()
    guess[0] = left[0]
    guess[:, 0] = up[:, 0]
    guess[0, 0] = 1 << (precision - 1)
    return samples - guess


def _residues(differences: Samples, precision: int, residues: Residues) -> Samples:
    whole, half = 1 << precision, 1 << (precision - 1)
    if residues is Residues.NEAR_ZERO:
        return (differences + half) % whole - half
    if residues is Residues.FAR:
        return np.where(differences > 0, differences - whole, np.where(differences < 0, differences + whole, 0))
    return differences


def _coded(differences: Samples) -> bytes:
    """The entropy-coded bytes of one restart interval, stuffed, the last byte filled with ones."""
    bits = []
    for wide in differences.tolist():
        value = (wide + 32768) % 65536 - 32768  # modulo 2 to the 16, H.1.2.1
        if value == -32768:
            bits.append(f"{16:05b}")  # 32768, which has no bits behind its code (H.1.2.2)
            continue
        size = abs(value).bit_length()
        low = value if value > 0 else value + (1 << size) - 1
        bits.append(f"{size:05b}" + (f"{low:0{size}b}" if size else ""))
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + _two(len(body) + 2) + body


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")
