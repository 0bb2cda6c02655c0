"""Outputs that lie below their originals: nothing counts as both, and it is said what counts as which."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from support.files import dataset, file_bytes, gradient

RECT = ("--rect", "0,0,15,7")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two originals in ``scans`` with what was made of them in ``scans/out``; the working directory is ``scans``."""
    scans = tmp_path / "scans"
    scans.mkdir()
    monkeypatch.chdir(scans)
    for name in ("a", "b"):
        image = dataset(gradient(16, 64))
        image.SOPInstanceUID = f"1.2.3.{ord(name)}"
        Path(f"{name}.dcm").write_bytes(file_bytes(image))
    assert main(["redact", "-q", "-j", "1", *RECT, "-o", "out", "."]) == Exit.GOOD
    Path("../key.csv").write_text("filename,frame,overlay,left,top,right,bottom\na.dcm,0,-1,0,0,15,7\n")
    return scans


def score(capsys: pytest.CaptureFixture[str], before: str, after: str) -> tuple[int, list[str], str]:
    """The exit code, the originals that were scored, and what was said."""
    code = main(["score", "-j", "1", "--json", before, after, "--key", "../key.csv"])
    out, said = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    return code, sorted(os.path.relpath(line["file"]) for line in lines if "file" in line), said


def test_outputs_below_their_originals_are_no_originals(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, scored, said = score(capsys, ".", "out")
    assert (code, scored) == (Exit.GOOD, ["a.dcm", "b.dcm"])
    assert "out lies below .: each of its 2 files counts as an output alone" in said
    assert main(["verify", "-j", "1", *RECT, ".", "out"]) == Exit.GOOD
    assert "counts as an output alone" in capsys.readouterr().err


def test_links_hide_no_output(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").rename("../elsewhere")
    Path("linked").symlink_to("../elsewhere")
    assert score(capsys, ".", "../elsewhere")[:2] == (Exit.GOOD, ["a.dcm", "b.dcm"])
    assert main(["verify", "-j", "1", *RECT, ".", "../elsewhere"]) == Exit.GOOD
    assert "counts as an output alone" in capsys.readouterr().err


def test_originals_below_the_outputs_are_no_outputs(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("originals").mkdir()
    for name in ("a", "b"):
        Path(f"{name}.dcm").rename(f"originals/{name}.dcm")
        Path(f"out/{name}.redacted.dcm").rename(f"{name}.dcm")
    code, scored, said = score(capsys, "originals", ".")
    assert (code, scored) == (Exit.GOOD, ["originals/a.dcm", "originals/b.dcm"])
    assert "each of its 2 files counts as an original alone" in said
    assert main(["verify", "-j", "1", *RECT, "originals", "."]) == Exit.GOOD


def test_one_folder_for_both_is_told_apart_by_name(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        Path(f"out/{name}.redacted.dcm").rename(f"{name}.redacted.dcm")
    shutil.rmtree("out")
    code, scored, said = score(capsys, ".", ".")
    assert (code, scored) == (Exit.GOOD, ["a.dcm", "b.dcm"])
    assert ". is both folders" in said
    assert main(["verify", "-j", "1", *RECT, ".", "."]) == Exit.GOOD
    Path("a.redacted.dcm").unlink()
    # An original is no output of itself, whatever was asked for.
    assert main(["verify", "-j", "1", ".", "."]) == Exit.NOT_ALL
    assert "no redacted file" in capsys.readouterr().err


def test_folders_beside_each_other_need_no_words(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").rename("../out")
    assert score(capsys, ".", "../out")[2].count("counts as") == 0


def test_a_redaction_into_a_folder_of_its_inputs_takes_no_output_for_an_input(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["redact", "-j", "1", *RECT, "--resume", "-o", "out", "-r", "."]) == Exit.GOOD
    assert "2 named like outputs" in capsys.readouterr().err
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.redacted.dcm", "b.redacted.dcm"]


def test_a_release_into_its_inputs_is_refused(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--held", "../held", "--key", "../key", "--eyes", "none", "-o", "leaves"]
    assert main(["release", "-j", "1", *words, "."]) == Exit.USAGE
    assert "lie in each other" in capsys.readouterr().err
