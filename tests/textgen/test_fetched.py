"""Pictures in packages that are downloaded, not installed: only those that were looked at, and of none for training."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))
sys.path.append(str(Path(__file__).resolve().parents[2]))

from foreign.packages import split
from textgen.fetched import Folder, is_fetched

from textgen import fetched, reality, realplanes

PLANES = reality.real_planes()


def test_what_is_fetched_is_text_that_is_boxed_or_planes_without_any() -> None:
    boxed = {plane.file: plane for plane in PLANES if is_fetched(plane.file)}
    for one in fetched.files().values():
        assert (one.id in boxed) != bool(one.planes), one.id
        assert len(set(one.planes)) == len(one.planes)
        assert one.reader in {"dicom", "image", "array", "inv3", "nifti"}
        if one.id in boxed:
            assert (boxed[one.id].group, boxed[one.id].file_digest) == (one.group, one.sha256)
    assert set(boxed) <= set(fetched.files())
    assert {one.package for one in fetched.files().values()} == set(fetched.packages())


def test_no_package_that_is_fetched_is_one_that_training_uses() -> None:
    assert set(fetched.packages()) <= set(split()["reporting"])
    assert all(plane.is_unseen for plane in PLANES if is_fetched(plane.file))
    assert not {one.group for one in fetched.files().values()} & {what.group for what in reality.shown().values()}


def archive_in(folder: Path, name: str, content: dict[str, bytes]) -> None:
    with tarfile.open(folder / name, "w:gz") as tar:
        for member, data in content.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A folder with one package of a picture and a volume, and a list of it and of a package that is not there."""
    picture = np.zeros((12, 20, 3), np.uint8)
    picture[4:8, 5:9] = (255, 0, 0)
    content = {
        "package/one.png": cv2.imencode(".png", picture[..., ::-1])[1].tobytes(),
        "package/two.npy": _npy(np.arange(3 * 12 * 20, dtype=np.uint16).reshape(3, 12, 20)),
    }
    archive_in(tmp_path, "made-1.0.tgz", content)
    files = {
        f"npm:made:{member}": fetched.Fetched(
            f"npm:made:{member}", "npm:made", member, hashlib.sha256(data).hexdigest(), reader, "made", member, planes
        )
        for (member, data), reader, planes in zip(
            content.items(), ("image", "array"), (("f0",), ("a0.1", "a2.19")), strict=True
        )
    }
    both = {name: fetched.Package(name, "1.0", f"{name[4:]}-1.0.tgz") for name in ("npm:made", "npm:missing")}
    for module in (fetched, realplanes):
        monkeypatch.setattr(module, "files", lambda: files)
        monkeypatch.setattr(module, "packages", lambda: both)
    monkeypatch.setattr(realplanes, "clean_planes", list)
    return Folder(tmp_path)


def _npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def test_planes_of_a_package_in_a_folder_are_read_as_ocr_gets_them(made: Folder) -> None:
    found = {(file, key): samples.array for file, key, _, samples in realplanes.without_text(made)}
    assert [(file[-7:], key) for file, key in found] == [("one.png", "f0"), ("two.npy", "a0.1"), ("two.npy", "a2.19")]
    assert found["npm:made:package/one.png", "f0"][5, 6].tolist() == [255, 0, 0]
    assert found["npm:made:package/two.npy", "a0.1"].squeeze().tolist() == np.arange(240, 480).reshape(12, 20).tolist()
    assert found["npm:made:package/two.npy", "a2.19"].shape[:2] == (3, 12)


def test_packages_that_are_not_in_the_folder_are_named(made: Folder) -> None:
    assert realplanes.absent(made)[-1] == "npm:missing 1.0 (missing-1.0.tgz)"
    assert made.read_all("npm:missing") == {}
    assert Folder(None).read_all("npm:made") == {}


def test_another_file_than_was_looked_at_is_refused(made: Folder) -> None:
    assert made.path is not None
    (made.path / "made-1.0.tgz").unlink()
    fetched._content.cache_clear()
    archive_in(made.path, "made-1.0.tgz", {"package/one.png": b"other", "package/two.npy": b"other"})
    with pytest.raises(SystemExit, match=r"npm:made:package/one\.png in made-1\.0\.tgz is not the file"):
        made.read_all("npm:made")
