"""The example files: each shows what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DicomError
from dcmaudit.examples import EXAMPLES, real_examples, write_examples
from dcmaudit.model import PlaneKind
from support.files import PathReference


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    write_examples(folder)
    return folder


def kinds(path: Path) -> dict[PlaneKind, int]:
    with open_instance(PathReference(path)) as instance:
        instance.scan_frames()
        found: dict[PlaneKind, int] = {}
        for plane in instance.all_planes():
            found[plane.kind] = found.get(plane.kind, 0) + 1
            if plane.kind is not PlaneKind.UNSHOWN:
                assert instance.read(plane.address).array.size
        return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cine-banner.dcm", {PlaneKind.FRAME: 24}),
        ("outside-window.dcm", {PlaneKind.FRAME: 1}),
        ("overlays.dcm", {PlaneKind.FRAME: 3, PlaneKind.OVERLAY: 3}),
        ("high-bits.dcm", {PlaneKind.FRAME: 1, PlaneKind.EMBEDDED_OVERLAY: 1, PlaneKind.STRAY_BIT: 1}),
        ("film-and-icon.dcm", {PlaneKind.FRAME: 1, PlaneKind.ICON: 1}),
        ("palette.dcm", {PlaneKind.FRAME: 1}),
        ("document.dcm", {PlaneKind.UNSHOWN: 1}),
    ],
)
def test_an_example_has_the_planes_it_is_there_for(folder: Path, name: str, expected: dict[PlaneKind, int]) -> None:
    assert kinds(folder / name) == expected


def test_every_example_is_tested_here(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {example.name for example in EXAMPLES} | {"damaged.dcm"}


def test_the_damaged_one_is_refused_or_names_what_is_missing(folder: Path) -> None:
    try:
        found = kinds(folder / "damaged.dcm")
    except DicomError as error:
        assert error.file
    else:
        assert found[PlaneKind.UNSHOWN]


def test_existing_examples_are_kept(folder: Path) -> None:
    path = folder / "palette.dcm"
    before = path.read_bytes()
    path.write_bytes(b"mine")
    write_examples(folder)
    assert path.read_bytes() == b"mine"
    path.write_bytes(before)


def test_real_examples_are_there() -> None:
    assert len(real_examples()) >= 5
