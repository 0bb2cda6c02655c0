"""Files with something changed in them, redacted: what comes out is black for other readers, too."""

from __future__ import annotations

import copy
import random
import struct
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
from pydicom.dataset import Dataset

from dcmaudit.model import Box
from support import files as made
from support.attacks.judge import require_black, run_here
from support.corpus import corpus

BOX = Box(2, 2, 12, 10)
RECT = "2,2,11,9"
_LARGEST = 300_000
_DIRECTORY = b"1.2.840.10008.1.3.10"
"""Media Storage Directory Storage: a DICOMDIR."""


@cache
def seeds() -> dict[str, tuple[Dataset, str, tuple[bytes, ...]]]:
    """Small images of every kind: data set, transfer syntax, and codestreams (none for native ones)."""
    found: dict[str, tuple[Dataset, str, tuple[bytes, ...]]] = {}
    grey, deep, colour = made.gradient(), made.gradient().astype(np.uint16) * 15, made.color_gradient()
    for syntax in (made.EXPLICIT, made.IMPLICIT, made.BIG_ENDIAN, made.DEFLATED):
        big = syntax == made.BIG_ENDIAN
        for name, array in (("8", grey), ("12", deep), ("rgb", colour)):
            photometric = "RGB" if name == "rgb" else "MONOCHROME2"
            bits = 12 if name == "12" else None
            data = made.dataset(array, photometric=photometric, bits_stored=bits, big_endian=big)
            found[f"{syntax} {name}"] = data, syntax, ()
    found["signed"] = made.dataset(deep.astype(np.int16) - 900, bits_stored=12), made.EXPLICIT, ()
    found["inverse"] = made.dataset(deep, photometric="MONOCHROME1", bits_stored=12), made.EXPLICIT, ()
    found["frames"] = made.dataset(np.stack([grey, grey[::-1]]), frames=2), made.EXPLICIT, ()
    for syntax in (
        made.JPEG_BASELINE, made.JPEG_EXTENDED, made.JPEG_LOSSLESS, made.JPEG_LOSSLESS_SV1, made.JPEG_LS,
        made.JPEG_LS_NEAR, made.JPEG_2000_LOSSLESS, made.JPEG_2000, made.HTJ2K_LOSSLESS, made.RLE,
        made.DEFLATED_FRAMES, made.JPEG_XL_LOSSLESS,
    ):  # fmt: skip
        if syntax != made.JPEG_EXTENDED:
            found[f"{syntax} grey"] = made.dataset(grey), syntax, (made.encode(grey, syntax),)
        if syntax not in {made.JPEG_BASELINE, made.JPEG_XL_LOSSLESS, made.HTJ2K_LOSSLESS}:
            stream = made.encode(deep, syntax, bits_stored=12)
            found[f"{syntax} deep"] = made.dataset(deep, bits_stored=12), syntax, (stream,)
        if syntax not in {made.JPEG_EXTENDED, made.JPEG_BASELINE}:
            found[f"{syntax} colour"] = made.dataset(colour, photometric="RGB"), syntax, (made.encode(colour, syntax),)
    for syntax in (made.EXPLICIT, made.RLE, made.JPEG_LOSSLESS_SV1, made.JPEG_LS, made.JPEG_2000_LOSSLESS):
        stream = () if syntax == made.EXPLICIT else (made.encode(colour, syntax),)
        found[f"{syntax} ybr"] = made.dataset(colour, photometric="YBR_FULL"), syntax, stream
    for sampling in ("444", "422", "420"):
        stream = bytes(imagecodecs.jpeg8_encode(colour, level=90, subsampling=sampling))
        data = made.dataset(colour, photometric="YBR_FULL_422")
        found[f"jpeg {sampling}"] = data, made.JPEG_BASELINE, (stream,)
    return found


def _seed(chance: random.Random) -> tuple[Dataset, str, tuple[bytes, ...]]:
    data, syntax, streams = seeds()[chance.choice(sorted(seeds()))]
    return copy.deepcopy(data), syntax, streams  # elements would be shared otherwise


def _write(data: Dataset, syntax: str, streams: tuple[bytes, ...]) -> bytes:
    return made.file_bytes(data, syntax, frames=list(streams) if streams else None)


def _redacted(folder: Path, content: bytes) -> None:
    """Redact ``BOX`` on all frames; whatever is called proved is black for other readers."""
    (folder / "in.dcm").write_bytes(content)
    ran = run_here(["redact", "--rect", RECT, "-o", folder / "out", folder / "in.dcm"])
    ran.require_honest(1)
    output = folder / "out" / "in.redacted.dcm"
    assert output.exists() == ("proved" in ran.err), ran.err
    assert (folder / "in.dcm").read_bytes() == content, "the input was changed"
    if output.exists():
        require_black(output, BOX)
    again = run_here(["redact", "--dry-run", "--rect", RECT, "-o", folder / "again", folder / "in.dcm"])
    assert again.code == ran.code or not output.exists(), f"a dry run says {again.code}, the run {ran.code}"
    if again.code == 0:
        assert ran.code == 0, f"a dry run promised what was refused: {ran.err}"


_VALUES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("PlanarConfiguration", (0, 1, 2)),
    ("PhotometricInterpretation", ("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT",
                                   "YBR_ICT", "PALETTE COLOR")),
    ("SamplesPerPixel", (0, 1, 2, 3, 4)),
    ("BitsStored", (1, 7, 8, 9, 10, 11, 12, 13, 15, 16)),
    ("HighBit", (0, 7, 8, 11, 12, 14, 15)),
    ("BitsAllocated", (1, 8, 12, 16, 24, 32)),
    ("PixelRepresentation", (0, 1)),
    ("Rows", (1, 15, 16, 31, 48, 64, 65535)),
    ("Columns", (1, 15, 16, 31, 48, 64, 65535)),
    ("NumberOfFrames", ("0", "1", "2", "7", "99999999", "-1")),
    ("ImageType", ("", "ORIGINAL\\PRIMARY", "DERIVED")),
    ("SOPInstanceUID", ("", "1.2", "x")),
    ("RescaleSlope", ("-1", "0", "1e300", "x")),
    ("RescaleIntercept", ("-1024", "1e300")),
    ("WindowCenter", ("0", "x", "1e9")),
    ("LossyImageCompression", ("00", "01")),
    ("PresentationLUTShape", ("INVERSE", "IDENTITY")),
    ("SpecificCharacterSet", ("ISO_IR 192", "ISO 2022 IR 87", "x")),
    ("PixelAspectRatio", ("0\\0", "1\\2")),
)  # fmt: skip


def mutated_header(chance: random.Random, folder: Path) -> None:
    """One to three attributes of another value, or gone."""
    data, syntax, streams = _seed(chance)
    for keyword, values in chance.sample(_VALUES, chance.randint(1, 3)):
        if keyword in data and chance.random() < 0.15:
            del data[keyword]
            continue
        with warnings.catch_warnings(), suppress(Exception):  # some values pydicom does not take at all
            warnings.simplefilter("ignore")
            setattr(data, keyword, chance.choice(values))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = _write(data, syntax, streams)
    except Exception:
        return  # what pydicom cannot write
    _redacted(folder, content)


def _flip(data: bytes, chance: random.Random) -> bytes:
    broken = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        broken[chance.randrange(len(broken))] ^= chance.randint(1, 255)
    return bytes(broken)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _grown(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randint(1, 64)) + data[at:]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.randint(1, 256)]
    at = chance.randrange(len(data) + 1)
    return data[:at] + piece + data[at:]


def _segment(data: bytes, chance: random.Random) -> bytes:
    """A marker segment more, behind the first marker."""
    body = chance.randbytes(chance.randint(0, 64))
    marker = bytes([0xFF, chance.choice([0xE0, 0xE1, 0xEE, 0xFE, 0xDD, 0xC4, 0xDB, 0x64, 0x63])])
    return data[:2] + marker + struct.pack(">H", len(body) + 2) + body + data[2:]


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _flip, _cut, _grown, _doubled, _segment)


def mutated_codestream(chance: random.Random, folder: Path) -> None:
    """A codestream with bytes changed, lost or added."""
    while True:
        data, syntax, streams = _seed(chance)
        if streams:
            break
    broken = tuple(chance.choice(_CHANGES)(one, chance) for one in streams)
    _redacted(folder, _write(data, syntax, tuple(one + b"\0" * (len(one) % 2) for one in broken)))


def mutated_bytes(chance: random.Random, folder: Path) -> None:
    """A whole file with bytes changed, lost or added anywhere."""
    content = _write(*_seed(chance))
    _redacted(folder, chance.choice((_flip, _cut, _grown, _doubled))(content, chance))


def mutated_real_file(chance: random.Random, folder: Path) -> None:
    """A file of the test packages, as it is or with a few bytes changed in its header."""
    small = [file for file in corpus() if file.path.stat().st_size < _LARGEST]
    content = chance.choice(small).path.read_bytes()
    if _DIRECTORY in content[:2000]:
        return  # many inputs, not one
    if chance.random() < 0.7 and len(content) > 200:
        head = min(len(content), 4096)
        content = _flip(content[:head], chance) + content[head:]
    _redacted(folder, content)


def plain_files(folder: Path, count: int) -> list[Path]:
    """Small images that all can be redacted, with SOP Instance UIDs of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        data = made.dataset(made.gradient(), extra={"SOPInstanceUID": f"1.2.826.0.1.3680043.10.7.{number + 1}"})
        path = folder / f"IM{number:03d}.dcm"
        path.write_bytes(made.file_bytes(data))
        paths.append(path)
    return paths


def is_readable(path: Path) -> bool:
    """Whether another reader takes it for a whole file."""
    try:
        pydicom.dcmread(path)
    except Exception:
        return False
    return True
