from __future__ import annotations

import os
import shutil
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from dcmaudit.errors import ListError
from dcmaudit.sources import Passing
from dcmaudit.sources.dicomdir import dicomdir_names
from support.places import found_in, names, passed, problems, put

TESTS = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"
VARIANTS = ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nopatient", "DICOMDIR-reordered"]


@pytest.fixture(scope="module", params=[*VARIANTS, "TINY_ALPHA/DICOMDIR"])
def example(request: pytest.FixtureRequest) -> Path:
    return TESTS / str(request.param)


@pytest.mark.filterwarnings("ignore")
def test_the_files_are_those_that_pydicom_reads_from_the_records(example: Path) -> None:
    records = pydicom.dcmread(example).DirectoryRecordSequence
    ids = [record.ReferencedFileID for record in records if record.get("ReferencedFileID")]
    wanted = [example.parent.joinpath(*([part] if isinstance(part, str) else part)) for part in ids]
    assert len(wanted) > 20
    assert names(found_in(example)) == [str(path) for path in wanted]


def test_the_files_open(example: Path) -> None:
    for found in found_in(example):
        with found.open() as stream:  # type: ignore[union-attr]
            assert stream.read(132)[128:] == b"DICM"


def test_a_dicomdir_without_files_says_so() -> None:
    (problem,) = problems(found_in(TESTS / "DICOMDIR-empty.dcm"))
    assert "names no file" in str(problem)


def test_a_dicomdir_that_ends_early_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    shutil.copytree(TESTS, tmp_path / "disc")
    path = tmp_path / "disc" / "DICOMDIR"
    path.write_bytes(path.read_bytes()[:5000])
    found = found_in(path)
    assert 0 < len(names(found)) < 31
    (problem,) = problems(found)
    assert isinstance(problem.error, ListError)
    assert "recursively" in str(problem)


def test_in_a_folder_it_is_passed_over_by_name(tmp_path: Path) -> None:
    shutil.copytree(TESTS / "TINY_ALPHA", tmp_path / "disc")
    found = found_in(tmp_path, recursive=True)
    assert ("DICOMDIR", Passing.INDEX) in passed(found)
    assert len(names(found)) == 50


def test_discs_that_were_copied_in_lower_case_are_found(tmp_path: Path) -> None:
    shutil.copytree(TESTS / "TINY_ALPHA", tmp_path / "disc")
    for folder, folders, files in os.walk(tmp_path / "disc", topdown=False):
        for name in [*folders, *files]:
            Path(folder, name).rename(Path(folder, name.lower()))
    found = found_in(tmp_path / "disc" / "dicomdir")
    assert len(names(found)) == 50
    assert not problems(found)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    shutil.copy(TESTS / "DICOMDIR", tmp_path)
    found = found_in(tmp_path / "DICOMDIR")
    assert len(problems(found)) == 31
    assert problems(found)[0].where == f"{tmp_path}/DICOMDIR file 1"


def written(path: Path, records: list[Dataset], *, implicit: bool = False) -> Path:
    data = Dataset()
    data.DirectoryRecordSequence = records
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    data.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else "1.2.840.10008.1.2.1"
    data.save_as(path, enforce_file_format=True)
    return path


def record(*parts: str, **more: object) -> Dataset:
    item = Dataset()
    item.DirectoryRecordType = "IMAGE"
    item.ReferencedFileID = list(parts)
    for name, value in more.items():
        setattr(item, name, value)
    return item


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("parts", [("..", "..", "etc", "passwd"), ("A", "..", "B"), ("A", ""), ("A\0B",)])
def test_a_file_id_that_leads_out_of_the_disc_is_refused(tmp_path: Path, parts: tuple[str, ...]) -> None:
    path = written(tmp_path / "DICOMDIR", [record(*parts)])
    (problem,) = problems(found_in(path))
    assert "leads out" in str(problem)


@pytest.mark.parametrize("implicit", [False, True])
def test_sequences_within_records_are_skipped(tmp_path: Path, *, implicit: bool) -> None:
    inner = Dataset()
    inner.ReferencedFileID = ["WRONG"]
    icon = Dataset()
    icon.ReferencedImageSequence = [inner]
    icon["ReferencedImageSequence"].is_undefined_length = True
    item = record("A", "B", IconImageSequence=[icon])
    item["IconImageSequence"].is_undefined_length = True
    item.is_undefined_length_sequence_item = True
    image = put(tmp_path / "A" / "B")
    path = written(tmp_path / "DICOMDIR", [item, record("A", "B")], implicit=implicit)
    assert [entry.name for entry in dicomdir_names(str(path))] == [str(image)] * 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(st.data())
def test_whatever_the_bytes_the_reader_ends_with_names_or_a_list_error(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray((TESTS / "DICOMDIR").read_bytes()[:6000])
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(132, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "DICOMDIR"
    path.write_bytes(whole)
    try:
        found = list(dicomdir_names(str(path)))
    except ListError as error:
        assert error.file == str(path)
    else:
        assert len(found) < 1000
