"""Files that are the same instance: copies in one run are named, and a moved archive keeps what ocr found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.store import open_store
from support.corpus import package_file
from support.files import gradient, reference


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for name in ("a", "copy"):
        shutil.copyfile(package_file("MR_small.dcm"), folder / f"{name}.dcm")
    (folder / "b.dcm").write_bytes(reference(gradient()).data)
    return folder


@pytest.mark.parametrize(
    "words", [["redact", "--rect", "1,1,5,5", "-j", "1"], ["ocr", "--no-read", "--csv", "-", "-j", "1"]]
)
def test_two_files_of_one_instance_are_named(
    archive: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, str(archive)]) == Exit.GOOD
    told = capsys.readouterr().err
    assert f"{archive}/copy.dcm: it has the SOP Instance UID of {archive}/a.dcm" in told
    assert "1 file has the SOP Instance UID of another input" in told
    assert "b.dcm: it has" not in told
    assert "1.3.6.1.4" not in told, "a UID is a value of the file"
    (archive / "copy.dcm").unlink()
    for each in archive.glob("*.redacted.dcm"):
        each.unlink()
    assert main([*words, str(archive)]) == Exit.GOOD
    assert "SOP Instance UID" not in capsys.readouterr().err


def test_a_moved_archive_keeps_what_ocr_found(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (archive / "copy.dcm").unlink()
    words = ["--db", str(tmp_path / "db")]
    assert main([*words, "ocr", "--no-read", "-j", "1", str(archive)]) == Exit.GOOD
    with open_store(tmp_path / "db", user="tester") as store:
        before = {name.rpartition("/")[2]: len(store.rects(name)) for name in store.filenames()}
        assert all(store.identity(name) for name in store.filenames())
        assert before.keys() == {"a.dcm", "b.dcm"}
    moved = archive.rename(tmp_path / "moved")
    assert main([*words, "db", "adopt", str(moved)]) == Exit.GOOD
    with open_store(tmp_path / "db", user="tester") as store:
        assert {name: len(store.rects(f"{moved}/{name}")) for name in before} == before
    capsys.readouterr()
    assert main([*words, "ocr", "--no-read", "-j", "1", str(moved)]) == Exit.GOOD
    assert "2 done before" in capsys.readouterr().err
