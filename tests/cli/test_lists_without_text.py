"""Lists of ``ocr`` that name files without text: those have lines too, and nothing of them goes without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from support.files import dataset, file_bytes, gradient

TITLES = "filename,frame,overlay,left,top,right,bottom\n"


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files; the list has a rectangle of one, and of the other that it was looked at."""
    monkeypatch.chdir(tmp_path)
    for name in ("text", "clean"):
        image = dataset(gradient(16, 64))
        image.SOPInstanceUID = f"1.2.3.{len(name)}"
        Path(f"{name}.dcm").write_bytes(file_bytes(image))
    listed = tmp_path / "found.csv"
    listed.write_text(f"{TITLES}text.dcm,0,-1,0,0,15,7\nclean.dcm,0,-1,-1,-1,-1,-1\n")
    return listed


def test_a_file_without_text_must_be_a_copy(found: Path) -> None:
    assert main(["verify", "-j", "1", "--csv", "found.csv", "clean.dcm", "clean.dcm"]) == Exit.GOOD
    assert main(["verify", "-j", "1", "--csv", "found.csv", "clean.dcm", "text.dcm"]) == Exit.NOT_ALL
    assert main(["verify", "-j", "1", "--csv", "found.csv", "other.dcm", "text.dcm"]) == Exit.USAGE


def test_files_of_a_list_that_get_no_output_are_counted(found: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", "-j", "1", "--csv", "found.csv", "-o", "out"]) == Exit.GOOD
    assert "1 file of found.csv without a rectangle there" in capsys.readouterr().err
    assert [path.name for path in Path("out").iterdir()] == ["text.redacted.dcm"]
    assert main(["redact", "-j", "1", "--csv", "found.csv", "-o", "named", "text.dcm"]) == Exit.GOOD
    assert "without a rectangle" not in capsys.readouterr().err


def test_listed_files_without_text_are_copied_where_asked_and_known(
    found: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["redact", "-j", "1", "--db", "known", "--csv", "found.csv", "--copy-clean"]
    assert main([*words, "-o", "unknown"]) == Exit.NOT_ALL
    said = capsys.readouterr()
    assert "clean.dcm: refused: nobody is known to have looked at every plane" in said.out + said.err
    assert [path.name for path in Path("unknown").iterdir()] == ["text.redacted.dcm"]
    assert main(["ocr", "--no-read", "-j", "1", "--db", "known", "text.dcm", "clean.dcm"]) == Exit.GOOD
    assert main([*words, "-o", "out"]) == Exit.GOOD
    assert len(list(Path("out").iterdir())) == 2
    assert any(path.read_bytes() == Path("clean.dcm").read_bytes() for path in Path("out").iterdir())


@pytest.mark.parametrize(
    ("line", "more"),
    [
        ("clean.dcm,0,-1,-1,-1,-1,-1", []),
        ("gone.dcm,0,-1,0,0,3,3", ["--copy-clean"]),
        ("gone.dcm,0,-1,-1,-1,-1,-1", ["--copy-clean"]),
        ("", ["--copy-clean"]),
    ],
)
def test_a_list_that_asks_for_nothing_leads_to_no_file_of_the_database(line: str, more: list[str], found: Path) -> None:
    assert main(["ocr", "--no-read", "-j", "1", "--db", "known", "text.dcm", "clean.dcm"]) == Exit.GOOD
    found.write_text(f"{TITLES}{line}\n")
    words = ["redact", "-j", "1", "--db", "known", "--csv", "found.csv", *more, "-o", "out"]
    assert main(words) == Exit.NOT_ALL
    assert not Path("out").exists()


def test_each_part_answers_for_its_own_names_that_lead_to_no_file(
    found: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = "".join(f"{name}.dcm,0,-1,0,0,3,3\n" for name in ("gone", "lost", "./gone", "away"))
    found.write_text(f"{TITLES}text.dcm,0,-1,0,0,15,7\n{gone}")
    parts = ["1.jsonl", "2.jsonl"]
    for number, part in enumerate(parts, 1):
        capsys.readouterr()
        main(["redact", "-j", "1", "--csv", "found.csv", "-o", "out", "--json", "--shard", f"{number}/2"])
        Path(part).write_text(capsys.readouterr().out)
    assert main(["report", "join", *parts, "-o", "all.jsonl"]) == Exit.NOT_ALL
    names = [json.loads(line)["file"] for line in Path("all.jsonl").read_text().splitlines()]
    assert sorted(Path(name).name for name in names) == ["away.dcm", "gone.dcm", "lost.dcm", "text.dcm"]
