"""Lists of names and rectangles as people and programs write them, and names from a pipe."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.cli import main
from dcmaudit.model import Box, FrameAddress
from dcmaudit.store import NewRect, OcrEngine, open_store
from support.files import dataset, file_bytes, gradient

RECTS = "filename,frame,overlay,left,top,right,bottom"


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "in"
    folder.mkdir()
    paths = [folder / name for name in ("a.dcm", "b b.dcm", "c é.dcm")]
    for path in paths:
        path.write_bytes(file_bytes(dataset(gradient())))
    return paths


def listed(names: list[Path], how: str) -> bytes:
    text = {
        "lines": "".join(f"{name}\n" for name in names),
        "windows lines": "".join(f"{name}\r\n" for name in names),
        "no last end": "\n".join(map(str, names)),
        "empty lines": "".join(f"\n{name}\n\n" for name in names),
        "nul": "".join(f"{name}\0" for name in names),
        "csv": "filename\n" + "".join(f'"{name}"\n' for name in names),
        "semicolons": "Nr;DicomFilePath\n" + "".join(f"1;{name}\n" for name in names),
    }
    if how.startswith("utf-16"):
        return text["lines"].encode(how)
    if how == "bom":
        return text["lines"].encode("utf-8-sig")
    if how == "cp1252":
        return text["lines"].encode("cp1252")
    return text[how].encode()


HOWS = ["lines", "windows lines", "no last end", "empty lines", "nul", "csv", "semicolons", "utf-16", "bom", "cp1252"]


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    class Standard(io.TextIOWrapper):
        pass

    monkeypatch.setattr(sys, "stdin", Standard(io.BytesIO(data)))


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("way", ["files-from", "standard input", "-"])
def test_every_name_of_a_list_is_an_input(
    images: list[Path], how: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    data = listed(images, how)
    (tmp_path / "names").write_bytes(data)
    if way != "files-from":
        feed(monkeypatch, data)
    words = {
        "files-from": ["--files-from", str(tmp_path / "names")],
        "standard input": ["--files-from", "-"],
        "-": ["-"],
    }
    assert main(["frames", "-i", *words[way]]) == 0
    out = capsys.readouterr().out
    assert all(path.name in out for path in images)


@pytest.mark.parametrize("how", ["lines", "windows lines", "nul", "bom"])
def test_a_text_file_with_a_name_a_line_is_a_list_without_being_called_one(
    images: list[Path], how: str, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "names.txt").write_bytes(listed(images, how))
    assert main(["frames", "-i", str(tmp_path / "names.txt")]) == 0
    assert "3 inputs: 3 done" in capsys.readouterr().err


def test_a_text_that_is_no_list_is_not_repeated(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "letter.txt").write_text("Dear Mrs Doe\nyour image of 1 May shows nothing\n")
    assert main(["frames", "-i", str(tmp_path / "letter.txt")]) == 1
    said = capsys.readouterr().err
    assert "Doe" not in said
    assert "May" not in said


def test_a_list_that_names_a_list_says_so(images: list[Path], tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "names.txt").write_text(f"{images[0]}\n")
    (tmp_path / "outer.csv").write_text(f"filename\n{tmp_path / 'names.txt'}\n")
    assert main(["frames", "-i", str(tmp_path / "outer.csv")]) == 1
    assert "a list inside a list is not read: name it itself" in capsys.readouterr().err


def test_a_name_that_is_not_there_is_told_with_its_line(images: list[Path], tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "names").write_text(f"{images[0]}\n/nowhere/x.dcm\n")
    assert main(["frames", "-i", "--files-from", str(tmp_path / "names")]) == 1
    assert "names line 2" in capsys.readouterr().err


def test_standard_input_is_read_once(capsys: Any) -> None:
    assert main(["frames", "-i", "-", "--files-from", "-"]) == 2
    assert "can be read once" in capsys.readouterr().err


def test_no_name_at_all_is_a_mistake(capsys: Any) -> None:
    for command in (
        ["frames", "-i"],
        ["ocr"],
        ["rules", "check"],
        ["sample", "draw"],
        ["db", "identify"],
        ["db", "merge"],
    ):
        assert main(command) == 2
        assert "no file is named" in capsys.readouterr().err


def test_a_pipe_of_find_reaches_every_process(images: list[Path], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dcmaudit", "redact", "-", "--rect", "0,0,3,3", "-o", str(tmp_path / "out"), "-j", "2"],
        input=listed(images, "nul"), capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert len(list((tmp_path / "out").iterdir())) == 3


@pytest.mark.parametrize(
    ("mark", "encoding", "number"),
    [
        (",", "utf-8", "2.0"),
        (",", "utf-8", " 2 "),
        (";", "cp1252", "2,0"),
        (";", "utf-8-sig", "+2"),
        ("\t", "utf-16", "2"),
    ],
)
def test_rectangles_are_read_as_names_are(
    images: list[Path], mark: str, encoding: str, number: str, tmp_path: Path
) -> None:
    rows = [mark.join([str(path), "0", "-1", number, "2", "9", "9"]) for path in images]
    text = "\r\n".join([RECTS.replace(",", mark), *rows])
    (tmp_path / "list.csv").write_bytes(text.encode(encoding))
    assert main(["redact", "--csv", str(tmp_path / "list.csv"), "-o", str(tmp_path / "out"), "-j", "1"]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 3


@pytest.mark.parametrize("value", ["2.5", "1e3", "x", "", "99999999999999999999", "0x10"])
def test_a_number_that_is_none_is_refused_with_its_line(
    images: list[Path], value: str, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "list.csv").write_text(f"{RECTS}\n{images[0]},0,-1,{value},2,9,9\n")
    assert main(["redact", "--csv", str(tmp_path / "list.csv"), "-o", str(tmp_path / "out"), "-j", "1"]) == 1
    assert "line 2: left is no whole number" in capsys.readouterr().err


def test_an_inverted_rectangle_is_named_as_it_was_given(images: list[Path], tmp_path: Path, capsys: Any) -> None:
    assert main(["redact", "--rect", "20,21,10,11", "-o", str(tmp_path / "out"), str(images[0])]) == 2
    assert "the rectangle 20,21,10,11 holds no pixel" in capsys.readouterr().err
    (tmp_path / "list.csv").write_text(f"{RECTS}\n{images[0]},0,-1,20,21,10,11\n")
    assert main(["redact", "--csv", str(tmp_path / "list.csv"), "-o", str(tmp_path / "out"), "-j", "1"]) == 1
    assert "the rectangle 20,21,10,11 holds no pixel" in capsys.readouterr().err


def test_one_input_can_have_an_output_of_its_own_name(images: list[Path], tmp_path: Path, capsys: Any) -> None:
    target = tmp_path / "made" / "mine.dcm"
    assert main(["redact", "--rect", "0,0,3,3", "-o", str(target), str(images[0])]) == 0
    assert target.is_file()
    assert [path.name for path in target.parent.iterdir()] == ["mine.dcm"]
    assert main(["redact", "--rect", "0,0,3,3", "-o", str(target), *map(str, images)]) == 2
    assert "is the name of one file" in capsys.readouterr().err
    folder = tmp_path / "folder.dcm"
    folder.mkdir()
    assert main(["redact", "--rect", "0,0,3,3", "-o", str(folder), str(images[0])]) == 0
    assert (folder / "a.redacted.dcm").is_file()


def test_two_folders_are_compared_file_by_file(images: list[Path], tmp_path: Path, capsys: Any) -> None:
    before, after = images[0].parent, tmp_path / "out"
    assert main(["redact", "--rect", "0,0,3,3", "-o", str(after), *map(str, images), "-j", "1"]) == 0
    assert main(["verify", str(before), str(after), "--rect", "0,0,3,3", "-j", "1"]) == 0
    assert "3 of 3 passed" in capsys.readouterr().err
    (after / "a.redacted.dcm").unlink()
    shutil.copyfile(after / "b b.redacted.dcm", after / "strange.redacted.dcm")
    assert main(["verify", str(before), str(after), "--rect", "0,0,3,3", "-j", "1"]) == 1
    said = capsys.readouterr().err
    assert "a.dcm: not proved: no redacted file of it" in said
    assert "strange.redacted.dcm: not proved: no original of it" in said
    assert "2 of 4 passed" in said


def test_a_list_of_pairs_is_proved(images: list[Path], tmp_path: Path, capsys: Any) -> None:
    after = tmp_path / "out"
    assert main(["redact", "--rect", "0,0,3,3", "-o", str(after), *map(str, images), "-j", "1"]) == 0
    rows = [f"{path};{after / (path.stem + '.redacted.dcm')}" for path in images]
    (tmp_path / "pairs.csv").write_text("\n".join(["Before;After", *rows]))
    assert main(["verify", "--pairs", str(tmp_path / "pairs.csv"), "--rect", "0,0,3,3", "-j", "1"]) == 0
    (tmp_path / "pairs.csv").write_text(f"Before;After\n{images[0]};\n")
    assert main(["verify", "--pairs", str(tmp_path / "pairs.csv"), "-j", "1"]) == 1
    assert "line 2: this line names no pair" in capsys.readouterr().err


NAMED = [
    ["db", "history"], ["db", "forget"], ["db", "recount"], ["db", "merge"], ["verify"], ["s3", "get"],
]  # fmt: skip


@pytest.fixture
def marked(images: list[Path], tmp_path: Path) -> Path:
    """A database with recognised text in two of the three files."""
    database = tmp_path / "db"
    with open_store(database, user="reader") as store:
        for path in images[:2]:
            store.add_rects(str(path), [NewRect(Box(1, 2, 9, 9), FrameAddress(0), OcrEngine.RAPIDOCR, "SMITH")])
    return database


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("way", ["files-from", "-"])
def test_the_database_is_asked_about_every_name_of_a_list(
    images: list[Path], marked: Path, how: str, way: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    data = listed(images, how)
    (marked / "names").write_bytes(data)
    if way == "-":
        feed(monkeypatch, data)
    words = {"files-from": ["--files-from", str(marked / "names")], "-": ["-"]}[way]
    assert main(["--db", str(marked), "db", "history", *words]) == 0
    out, said = capsys.readouterr()
    assert [line.rpartition("/")[2] for line in out.splitlines()] == ["a.dcm", "b b.dcm"]
    assert "c é.dcm: nothing was done" in said


def test_names_of_a_list_may_start_at_the_folder_of_the_archive(
    images: list[Path], marked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "names").write_text("in/a.dcm\n")
    monkeypatch.setenv("PACS_ROOT", str(tmp_path))
    monkeypatch.chdir("/")
    assert main(["--db", str(marked), "db", "history", "--files-from", str(tmp_path / "names")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_text_of_listed_files_is_forgotten_and_a_name_without_any_is_told(
    images: list[Path], marked: Path, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "names").write_text(f"{images[0]}\n{images[1]}\n")
    words = ["--db", str(marked), "db", "forget", "--files-from", str(tmp_path / "names")]
    assert main(words) == 0
    assert "forgotten: 2 texts of rectangles" in capsys.readouterr().out
    assert main(["--db", str(marked), "db", "history", "--json"]) == 0
    noted = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["file"], one["count"]) for one in noted if "forgotten" in one["action"]] == [
        (str(images[1]), 1), (str(images[0]), 1),
    ]  # fmt: skip
    assert main(words) == 1
    assert "a.dcm: nothing was found under this name" in capsys.readouterr().err


def test_one_wrong_name_among_good_ones_is_told(images: list[Path], marked: Path, capsys: Any) -> None:
    assert main(["--db", str(marked), "db", "forget", str(images[0]), "/typed/wrong.dcm"]) == 1
    said = capsys.readouterr()
    assert "forgotten: 1 text of" in said.out
    assert "/typed/wrong.dcm: nothing was found under this name" in said.err


@pytest.mark.parametrize("content", ["", "filename\n\n", "filename,n\n,2\n"])
def test_a_list_that_names_nothing_is_not_the_same_as_no_list(
    marked: Path, content: str, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "names").write_text(content)
    for words in NAMED:
        assert main(["--db", str(marked), *words, "--files-from", str(tmp_path / "names")]) == 1, words
        said = capsys.readouterr()
        assert "names no file" in said.err, words
        assert not said.out, words


def test_a_list_that_is_not_there_is_named(marked: Path, tmp_path: Path, capsys: Any) -> None:
    for words in NAMED:
        assert main(["--db", str(marked), *words, "--files-from", str(tmp_path / "nowhere")]) == 1, words
        assert "nowhere: it cannot be read" in capsys.readouterr().err, words


def test_other_databases_are_named_by_a_list(marked: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "names").write_text(f"{marked}\n")
    words = ["--db", str(tmp_path / "all"), "db", "merge"]
    assert main([*words, str(marked), str(tmp_path / "nowhere")]) == 1
    assert f"{tmp_path / 'nowhere'}: no database here" in capsys.readouterr().err
    assert not (tmp_path / "all").exists()
    # As the page about clusters has it: the parts are put into a database that is not there yet.
    assert main([*words, "--files-from", str(tmp_path / "names")]) == 0
    said = capsys.readouterr()
    assert "2 files taken" in said.out
    assert "a new database was made" in said.err
    assert main([*words, str(marked)]) == 0
    said = capsys.readouterr()
    assert "0 files taken, 2 known already" in said.out
    assert "a new database was made" not in said.err


@pytest.mark.parametrize("way", ["files-from", "-", "pairs -"])
def test_originals_and_outputs_are_named_in_turn(
    images: list[Path], way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    after = tmp_path / "out"
    assert main(["redact", "--rect", "0,0,3,3", "-o", str(after), *map(str, images), "-j", "1"]) == 0
    pairs = [(path, after / f"{path.stem}.redacted.dcm") for path in images]
    data = listed([one for pair in pairs for one in pair], "lines")
    if way == "pairs -":
        data = "\n".join(["before,after", *(f"{one},{other}" for one, other in pairs)]).encode()
    (tmp_path / "names").write_bytes(data)
    feed(monkeypatch, data)
    words = {"files-from": ["--files-from", str(tmp_path / "names")], "-": ["-"], "pairs -": ["--pairs", "-"]}[way]
    capsys.readouterr()
    assert main(["verify", *words, "--rect", "0,0,3,3", "-j", "1"]) == 0
    assert "3 of 3 passed" in capsys.readouterr().err
    (tmp_path / "names").write_bytes(listed([images[0], *pairs[1]], "lines"))
    assert main(["verify", "--files-from", str(tmp_path / "names"), "--rect", "0,0,3,3", "-j", "1"]) == 2
    assert "there are 3 names" in capsys.readouterr().err


def test_where_nothing_is_found_the_next_step_is_said(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for words in (["frames"], ["ocr", "--no-read"], ["redact", "--rect", "0,0,1,1"], ["rules", "check"]):
        assert main(["--db", str(tmp_path / "db"), *words, str(tmp_path / "in")]) == 1
        assert "-r looks into it" in capsys.readouterr().err, words
    assert main(["--db", str(tmp_path / "db"), "redact", "--from-db", "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "no file has marks in this database" in said
    assert "--db names another" in said


def test_many_names_have_the_same_history_as_few(images: list[Path], marked: Path, tmp_path: Path, capsys: Any) -> None:
    few = [str(path) for path in images]
    assert main(["--db", str(marked), "db", "history", *few]) == 0
    told = capsys.readouterr()
    many = [*few, *(f"/nowhere/{number}.dcm" for number in range(200))]
    (tmp_path / "names").write_text("\n".join(many))
    assert main(["--db", str(marked), "db", "history", "--files-from", str(tmp_path / "names")]) == 0
    again = capsys.readouterr()
    assert again.out == told.out
    assert again.err.startswith(told.err)
    assert again.err.count("nothing was done") == 201
