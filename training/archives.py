"""Volumes and pictures inside of packages that were downloaded but not installed: wheels, tar archives, Debian's."""

from __future__ import annotations

import fnmatch
import gzip
import io
import lzma
import tarfile
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Volume = npt.NDArray[Any]
Spacing = tuple[float, float, float]
EVEN = (1.0, 1.0, 1.0)
_TYPES = {
    "short": "<i2", "unsigned char": "u1", "uint8": "u1", "float": "<f4", "double": "<f8",
    "MET_SHORT": "<i2", "MET_USHORT": "<u2", "MET_UCHAR": "u1", "MET_FLOAT": "<f4", "MET_DOUBLE": "<f8",
}  # fmt: skip
_NIFTI = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2"}


class ArchiveError(Exception):
    """An archive, or a file in it, that cannot be read; the message says which and why."""


def members(archive: Path, patterns: Collection[str]) -> dict[str, list[bytes]]:
    """For each pattern the files whose names fit it, sorted by name, of a wheel, ``.tar.gz``, ``.tgz`` or ``.deb``.

    An archive is unpacked once, in memory. Raises ArchiveError for a file that is no such archive.
    """
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as box:
                names = sorted(box.namelist())
                return {pattern: [box.read(name) for name in fnmatch.filter(names, pattern)] for pattern in patterns}
        plain = _debian(archive) if archive.suffix == ".deb" else gzip.decompress(archive.read_bytes())
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
            inside = {one.name: one for one in tar if one.isfile()}
            names = sorted(inside)
            return {
                pattern: [_content(tar, inside[name]) for name in fnmatch.filter(names, pattern)]
                for pattern in patterns
            }
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error) as fault:
        raise ArchiveError(f"cannot be read: {fault}") from fault


def _content(tar: tarfile.TarFile, one: tarfile.TarInfo) -> bytes:
    opened = tar.extractfile(one)
    return opened.read() if opened is not None else b""


def _debian(archive: Path) -> bytes:
    """The inner archive of a Debian package, unpacked: an ``ar`` of three files, heads of 60 bytes."""
    data, place = archive.read_bytes(), 8
    while place + 60 <= len(data):
        name, size = data[place : place + 16].strip().rstrip(b"/"), int(data[place + 48 : place + 58])
        if name == b"data.tar.xz":
            return lzma.decompress(data[place + 60 : place + 60 + size])
        place += 60 + size + size % 2
    raise ValueError("no data.tar.xz in it")


def volume(reader: str, files: Sequence[bytes], options: dict[str, Any]) -> tuple[Volume, Spacing]:
    """The samples and the distances between them along the first three axes.

    The axes are (slice, row, column), head first and front first where the file says so, or (frame, row, column, 3)
    in RGB. Readers: ``nrrd``, ``mha``, ``nifti``, ``dicom`` (a file or a series), ``video`` (every ``step``-th frame),
    ``image`` (8 bits, RGB) and ``deep image`` (as many bits as the file has, grey). Raises ArchiveError.
    """
    readers = {"nrrd": _nrrd, "mha": _mha, "nifti": _nifti}
    try:
        if reader in readers:
            return readers[reader](files[0])
        if reader == "dicom":
            return _dicom(files)
        if reader == "video":
            return _video(files[0], int(options["step"])), EVEN
        if reader in ("image", "deep image"):
            return _image(files[0], deep=reader == "deep image"), EVEN
    except (ValueError, KeyError, IndexError, OSError, EOFError, zlib.error) as fault:
        raise ArchiveError(f"{type(fault).__name__}: {fault}") from fault
    raise ArchiveError(f"no reader of the name {reader}")


def _nrrd(data: bytes) -> tuple[Volume, Spacing]:
    end = data.index(b"\n\n")
    lines = [line.partition(":") for line in data[:end].decode().splitlines() if not line.startswith("#")]
    field = {key.strip(): value.strip() for key, _, value in lines}
    body = data[end + 2 :]
    if field["encoding"] in ("gz", "gzip"):
        body = gzip.decompress(body)
    vectors = [one.strip("()").split(",") for one in field["space directions"].split()]
    steps = [float(np.linalg.norm([float(part) for part in one])) for one in vectors]
    return _shaped(body, field["type"], field["sizes"])[::-1], (steps[2], steps[1], steps[0])


def _mha(data: bytes) -> tuple[Volume, Spacing]:
    end = data.index(b"\n", data.index(b"ElementDataFile")) + 1
    lines = [line.partition("=") for line in data[:end].decode().splitlines()]
    field = {key.strip(): value.strip() for key, _, value in lines}
    body = zlib.decompress(data[end:]) if field.get("CompressedData") == "True" else data[end:]
    steps = [float(one) for one in field.get("ElementSpacing", "1 1 1").split()]
    return _shaped(body, field["ElementType"], field["DimSize"]), (steps[2], steps[1], steps[0])


def _shaped(body: bytes, kind: str, sizes: str) -> Volume:
    shape = [int(one) for one in sizes.split()][::-1]
    return np.frombuffer(body, _TYPES[kind], int(np.prod(shape))).reshape(shape)


def _nifti(data: bytes) -> tuple[Volume, Spacing]:
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    order = "<" if int.from_bytes(data[:4], "little") == 348 else ">"
    sizes, steps = np.frombuffer(data, order + "i2", 8, 40), np.frombuffer(data, order + "f4", 8, 76)
    kind = order + _NIFTI[int(np.frombuffer(data, order + "i2", 1, 70)[0])]
    start = int(np.frombuffer(data, order + "f4", 1, 108)[0])
    shape = [int(one) for one in sizes[3:0:-1]]
    array = np.frombuffer(data, kind, int(np.prod(shape)), start).reshape(shape)
    return array[::-1, ::-1], (float(steps[3]), float(steps[2]), float(steps[1]))


def _dicom(files: Sequence[bytes]) -> tuple[Volume, Spacing]:
    import pydicom

    with warnings.catch_warnings():  # of odd character sets and colour spaces: what comes out was looked at
        warnings.simplefilter("ignore")
        return _stacked([pydicom.dcmread(io.BytesIO(one), force=True) for one in files])


def _stacked(sets: list[Any]) -> tuple[Volume, Spacing]:
    import pydicom

    if len(sets) > 1:
        sets.sort(key=lambda one: -float(one.ImagePositionPatient[2]))
    planes = []
    for one in sets:
        if "TransferSyntaxUID" not in one.file_meta:  # old files without a head: the default of PS3.5 10.1
            one.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        stored = one.pixel_array
        if one.SamplesPerPixel == 1:
            stored = stored * float(one.get("RescaleSlope", 1)) + float(one.get("RescaleIntercept", 0))
        planes.append(stored)
    frames = len(sets) == 1 and int(sets[0].get("NumberOfFrames", 1)) > 1
    row, column = (float(one) for one in sets[0].get("PixelSpacing", (1, 1)))
    tops = [float(one.ImagePositionPatient[2]) for one in sets[:2]] if len(sets) > 1 else [row, 0.0]
    return planes[0] if frames else np.stack(planes), (tops[0] - tops[1], row, column)


def _video(data: bytes, step: int) -> Volume:
    frames, number = [], 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        path.write_bytes(data)
        film = cv2.VideoCapture(str(path))
        while film.grab():
            if number % step == 0:
                frames.append(film.retrieve()[1][..., ::-1])
            number += 1
        film.release()
    return np.stack(frames)


def _image(data: bytes, *, deep: bool) -> Volume:
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYDEPTH if deep else cv2.IMREAD_COLOR)
    if read is None:
        raise ValueError("not a picture that OpenCV reads")
    return np.asarray(read if deep else read[..., ::-1])[np.newaxis]
