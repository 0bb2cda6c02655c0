"""Further pictures for the training: only those that were looked at, and none that the network is scored by."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import re
import sys
import tarfile
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from support.files import IMPLICIT, dataset, file_bytes

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from training.alike import ALIKE, agreement, cells, scored  # noqa: E402
from training.archives import ArchiveError, members, volume  # noqa: E402
from training.extra import Cut, Source, cut, digest, listed, make  # noqa: E402

RNG = np.random.default_rng(5)
BODY = np.cumsum(RNG.integers(-3, 4, (6, 120, 110)), axis=2).astype("<i2")


def _nrrd(array: npt.NDArray[np.int16]) -> bytes:
    sizes = " ".join(str(one) for one in array.shape[::-1])
    head = f"NRRD0004\n# by hand\ntype: short\nsizes: {sizes}\nencoding: gzip\n"
    head += "space directions: (0.5,0,0) (0,0.5,0) (0,0,1)\n\n"
    return head.encode() + gzip.compress(array.tobytes(), mtime=0)


def _nifti(array: npt.NDArray[np.int16]) -> bytes:
    head = bytearray(352)
    head[0:4] = (348).to_bytes(4, "little")
    head[40:56] = np.array([3, *array.shape[::-1], 1, 1, 1, 1], "<i2").tobytes()
    head[70:72] = np.array([4], "<i2").tobytes()
    head[76:108] = np.array([1, 0.5, 0.5, 1, 0, 0, 0, 0], "<f4").tobytes()
    head[108:112] = np.array([352], "<f4").tobytes()
    return gzip.compress(bytes(head) + array.tobytes(), mtime=0)


def _mha(array: npt.NDArray[np.int16]) -> bytes:
    sizes = " ".join(str(one) for one in array.shape[::-1])
    head = f"CompressedData = True\nElementSpacing = 0.5 0.5 1\nDimSize = {sizes}\nElementType = MET_SHORT\n"
    head += "ElementDataFile = LOCAL\n"
    return head.encode() + zlib.compress(array.tobytes())


def _tar(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def _package(folder: Path, kind: str, name: str, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    if kind == "whl":
        path = folder / "some-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as box:
            box.writestr("other.txt", "x")
            box.writestr(name, content)
    elif kind == "deb":
        path = folder / "some_1.0-1_all.deb"
        parts = [
            ("debian-binary", b"2.0\n"),
            ("control.tar.xz", b"odd"),
            ("data.tar.xz", lzma.compress(_tar(name, content))),
        ]
        heads = [
            f"{title:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data for title, data in parts
        ]
        path.write_bytes(b"!<arch>\n" + b"".join(one + b"\n" * (len(one) % 2) for one in heads))
    else:
        path = folder / f"some-1.0.{kind}"
        path.write_bytes(gzip.compress(_tar(name, content)))
    return path


def _source(archive: str = "some-1.0-py3-none-any.whl", **other: object) -> Source:
    content = _nrrd(BODY)
    one = Cut("a_body__01.png", "axial", 2, (-20.0, 20.0), None, "")
    picture = cut(*volume("nrrd", [content], {}), one)
    one = replace(one, sha256=digest(picture))
    found = Source(
        "a_body", "train", "CT", "pypi", "some", "1.0", "MIT", archive, "some/data.nrrd",
        hashlib.sha256(content).hexdigest(), "nrrd", {}, (one,),
    )  # fmt: skip
    return replace(found, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["whl", "tar.gz", "tgz", "deb"])
def test_files_are_found_in_every_kind_of_package(tmp_path: Path, kind: str) -> None:
    path = _package(tmp_path, kind, "some/data.nrrd", b"content")
    assert members(path, ["*/data.*", "nothing"]) == {"*/data.*": [b"content"], "nothing": []}
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ArchiveError):
        members(path, ["*"])


def test_volumes_are_read_head_first_with_their_spacing() -> None:
    for reader, made, turned in (
        ("nrrd", _nrrd, BODY[::-1]),
        ("mha", _mha, BODY),
        ("nifti", _nifti, BODY[::-1, ::-1]),
    ):
        array, spacing = volume(reader, [made(BODY)], {})
        assert (array == turned).all(), reader
        assert spacing == (1.0, 0.5, 0.5)
        with pytest.raises(ArchiveError):
            volume(reader, [made(BODY)[:90]], {})
    with pytest.raises(ArchiveError, match="no reader"):
        volume("unheard", [b""], {})


def test_a_series_is_sorted_from_the_head_down_and_rescaled() -> None:
    files = []
    for number, place in enumerate((10.0, 30.0, 20.0)):
        more = {
            "ImagePositionPatient": [0, 0, place],
            "PixelSpacing": [0.7, 0.7],
            "RescaleSlope": 2,
            "RescaleIntercept": -1,
        }
        files.append(file_bytes(dataset(np.full((4, 5), number, np.uint16), extra=more)))
    array, spacing = volume("dicom", files, {})
    assert [float(plane[0, 0]) for plane in array] == [1.0, 3.0, -1.0]
    assert spacing == (10.0, 0.7, 0.7)


def test_frames_and_files_without_a_head() -> None:
    film = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    assert (volume("dicom", [file_bytes(dataset(film, frames=3))], {})[0] == film).all()
    bare = file_bytes(dataset(film[0]), IMPLICIT, preamble=False)
    assert (volume("dicom", [bare], {})[0] == film[:1]).all()


def test_slices_projections_and_parts() -> None:
    array = np.zeros((4, 10, 20), np.int16)
    array[1, 3, 5] = 100
    spacing = (2.0, 1.0, 1.0)
    axial = cut(array, spacing, Cut("", "axial", 1, (0.0, 100.0), None, ""))
    assert axial.shape == (10, 20)
    assert axial[3, 5] == 255
    assert axial.sum() == 255
    coronal = cut(array, spacing, Cut("", "coronal", 3, (0.0, 100.0), None, ""))
    assert coronal.shape == (8, 20)  # square pixels
    assert coronal[:, 5].tolist() == [0, 64, 191, 191, 64, 0, 0, 0]
    brightest = cut(array, (1.0, 1.0, 1.0), Cut("", "sagittal", (0, 20, "max"), (0.0, 100.0), None, ""))
    mean = cut(array, (1.0, 1.0, 1.0), Cut("", "sagittal", (0, 20, "mean"), (0.0, 5.0), None, ""))
    assert brightest[1, 3] == mean[1, 3] == 255
    assert cut(array, spacing, Cut("", "axial", 1, (0.0, 100.0), (2, 5, 4, 9), "")).shape == (3, 5)


def test_pictures_are_written_where_they_belong(tmp_path: Path) -> None:
    _package(tmp_path / "packages", "whl", "some/data.nrrd", _nrrd(BODY))
    judge = _source(use="judge", group="b", pictures=(replace(_source().pictures[0], name="b__01.png"),))
    assert make(tmp_path, tmp_path / "packages", [_source(), judge], []) == []
    wanted = cut(*volume("nrrd", [_nrrd(BODY)], {}), _source().pictures[0])
    for path in (tmp_path / "extra" / "a_body__01.png", tmp_path / "judged" / "b__01.png"):
        assert (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) == wanted).all()


def test_what_is_no_longer_on_the_list_does_not_stay(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    _package(packages, "whl", "some/data.nrrd", _nrrd(BODY))
    assert make(tmp_path, packages, [_source()], []) == []
    assert make(tmp_path, packages, [_source(use="judge")], []) == []  # never on both sides
    assert [path.parent.name for path in tmp_path.glob("*/a_body__01.png")] == ["judged"]
    stray = tmp_path / "judged" / "b__01.png"
    stray.write_bytes((tmp_path / "judged" / "a_body__01.png").read_bytes())
    assert make(tmp_path, packages, [_source(use="judge")], []) == [f"{stray}: not on the list; remove it"]


def test_another_file_or_picture_than_the_one_looked_at_is_left_out(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    _package(packages, "whl", "some/data.nrrd", _nrrd(BODY + 1))
    assert make(tmp_path, packages, [_source()], []) == ["some: some/data.nrrd: not the file that was looked at"]
    _package(packages, "whl", "some/data.nrrd", _nrrd(BODY))
    other = _source(pictures=(replace(_source().pictures[0], index=3),))
    faults = make(tmp_path, packages, [other], [])
    assert len(faults) == 1
    assert faults[0].startswith("a_body__01.png: not the picture that was looked at")
    assert not list((tmp_path / "extra").iterdir())


@pytest.mark.parametrize("turn", range(4))
def test_a_picture_that_scores_the_network_is_refused_and_removed(tmp_path: Path, turn: int) -> None:
    packages = tmp_path / "packages"
    _package(packages, "whl", "some/data.nrrd", _nrrd(BODY))
    assert make(tmp_path, packages, [_source()], []) == []
    picture = cut(*volume("nrrd", [_nrrd(BODY)], {}), _source().pictures[0])
    scoring = np.ascontiguousarray(np.rot90(255 - (255 - picture[:, ::-1]) // 2, turn))
    faults = make(tmp_path, packages, [_source()], [("a scored file", cells(scoring))])
    assert faults == ["a_body__01.png: looks like a scored file, which is for scoring only"]
    assert not list((tmp_path / "extra").iterdir())


def test_missing_packages_are_named_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    sources = [
        _source(),
        _source("some-1.0-cp37-cp37m-manylinux1_x86_64.whl"),
        _source("some-1.0.tar.gz", options={"pip": " --no-build-isolation"}),
        _source("some-1.0.tgz", registry="npm"),
        _source("some_*_all.deb", registry="debian"),
    ]
    wheel = "missing: pip download --no-deps --only-binary :all:"
    assert make(tmp_path, tmp_path / "nowhere", sources, []) == [
        "missing: apt-get download some",
        "missing: npm pack some@1.0",
        "missing: pip download --no-deps --no-binary :all: --no-build-isolation some==1.0",
        f"{wheel} --python-version 37 --platform manylinux1_x86_64 some==1.0",
        f"{wheel} some==1.0",
    ]


def test_every_picture_of_the_half_for_scoring_is_known_again() -> None:
    ours = list(scored())
    assert len({name for name, _ in ours if not name.startswith("shared:")}) >= 10
    assert all(agreement(one, np.rot90(one)[:, ::-1]) >= ALIKE for _, one in ours if one.any())


def test_the_list_is_whole() -> None:
    sources = listed()
    names = [one.name for source in sources for one in source.pictures]
    assert len(names) == len(set(names)) >= 400
    uses: dict[str, set[str]] = {}
    for source in sources:
        uses.setdefault(source.group, set()).add(source.use)
        assert all(one.name.partition("__")[0] == source.group for one in source.pictures)
        assert all(re.fullmatch("[0-9a-f]{64}", one.sha256) for one in source.pictures)
        assert source.registry in ("pypi", "npm", "debian")
        assert re.match("MIT|BSD|Apache", source.licence)
    assert all(one in ({"train"}, {"judge"}) for one in uses.values())  # no patient or device on both sides
    assert sum(one == {"judge"} for one in uses.values()) >= 6
    assert "http" not in json.dumps(json.loads((ROOT / "training" / "extra.json").read_text()))
