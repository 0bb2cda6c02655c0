"""Which packages training may use and which are for reporting only, and pictures out of the latter."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""(rows, columns) or (rows, columns, 3) in RGB order."""

_SPLIT = Path(__file__).with_name("packages.json")


@dataclass(frozen=True)
class Ground:
    """A real picture without text: where it is from, what it shows."""

    name: str
    kind: str
    picture: Picture


@cache
def split() -> dict[str, list[str]]:
    """Names of packages as ``registry:name``: those of the half ``training`` and those of the half ``reporting``."""
    told = json.loads(_SPLIT.read_text(encoding="utf-8"))
    return {half: told[half] for half in ("training", "reporting")}


def wheel_of(folder: Path, package: str) -> zipfile.ZipFile | None:
    """The wheel of that name and version in ``folder``, None where it is not there."""
    name = package.replace("-", "_").replace(".", "_").lower()
    found = [path for path in folder.glob("*.whl") if path.name.lower().startswith(f"{name}-")]
    return zipfile.ZipFile(found[0]) if found else None


def grounds(folder: Path | None) -> Iterator[Ground]:
    """Every real picture whose package is in ``folder``; SystemExit for other bytes than those that were seen."""
    if folder is None:
        return
    for one in json.loads(_SPLIT.read_text(encoding="utf-8"))["pictures"]:
        wheel = wheel_of(folder, one["package"])
        if wheel is None:
            continue
        data = wheel.read(one["member"])
        if hashlib.sha256(data).hexdigest() != one["sha256"]:
            raise SystemExit(f"{one['member']} of {one['package']} is another one than was looked at")
        for number, picture in enumerate(READERS[one["reader"]](data, one)):
            yield Ground(f"{one['package']} {one['member'].split('/')[-1]} {number}", one["kind"], picture)


def _image(data: bytes, one: dict[str, Any]) -> Iterator[Picture]:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    colour = cv2.cvtColor(np.asarray(decoded, np.uint8), cv2.COLOR_BGR2RGB)
    yield np.asarray(colour if one.get("colour") else cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)


def _raw(data: bytes, one: dict[str, Any]) -> Iterator[Picture]:
    yield np.frombuffer(bz2.decompress(data), np.uint8).reshape(one["shape"])


def _array(data: bytes, one: dict[str, Any]) -> Iterator[Picture]:
    array = np.load(io.BytesIO(data), allow_pickle=False)
    yield _stretched(np.rot90(array) if one.get("turned") else array)


def _volume(data: bytes, one: dict[str, Any]) -> Iterator[Picture]:
    """Slices of an uncompressed NIfTI-1 volume, along the axes and at the places of ``slices``."""
    volume = _nifti(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    for axis, place in one["slices"]:
        yield _stretched(np.rot90(np.take(volume, place, axis=axis)))


def _nifti(data: bytes) -> npt.NDArray[Any]:
    head = np.frombuffer(data[:348], np.uint8)
    order = "<" if int.from_bytes(data[:4], "little") == 348 else ">"
    shape = np.frombuffer(head[40:56].tobytes(), f"{order}i2")
    code = int(np.frombuffer(head[70:72].tobytes(), f"{order}i2")[0])
    kind = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2"}[code]
    offset = int(np.frombuffer(head[108:112].tobytes(), f"{order}f4")[0])
    edges = [int(edge) for edge in shape[1 : 1 + int(shape[0])]]
    count = int(np.prod(edges[:3]))
    cells = np.frombuffer(data, f"{order}{kind}", count, offset)
    return cells.reshape(edges[:3], order="F")


def _dicom(data: bytes, one: dict[str, Any]) -> Iterator[Picture]:
    import pydicom

    made = pydicom.dcmread(io.BytesIO(data)).pixel_array
    yield _stretched(made[int(one.get("frame", 0))] if made.ndim == 3 else made)


def _stretched(array: npt.NDArray[Any]) -> Picture:
    values = np.asarray(array, np.float64)
    low, high = np.percentile(values, (0.5, 99.8))
    levels = np.clip((values - low) / max(1e-9, high - low), 0, 1) * 255
    return np.asarray(levels, np.uint8)


READERS: dict[str, Callable[[bytes, dict[str, Any]], Iterator[Picture]]] = {
    "image": _image,
    "raw": _raw,
    "array": _array,
    "volume": _volume,
    "dicom": _dicom,
}
