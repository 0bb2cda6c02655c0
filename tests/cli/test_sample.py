from __future__ import annotations

import csv
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.model.records import Looked
from dcmaudit.store import NewRect, open_store
from dcmaudit.store.finishing import TagChange
from support.files import EXPLICIT, dataset, file_bytes


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for modality, series in (("CT", 12), ("US", 4)):
        for one in range(series):
            for image in range(3):
                data = dataset(np.zeros((8, 8), np.uint8))
                data.Modality = modality
                data.SeriesInstanceUID = f"1.2.{len(modality)}.{ord(modality[0])}.{one}"
                (folder / f"{modality}{one}-{image}.dcm").write_bytes(file_bytes(data, EXPLICIT))
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "plan", "--bound", "1%"]) == 0
    assert capsys.readouterr().out.startswith("299 series")
    assert main(["sample", "plan", "--bound", "2"]) == 2


def test_from_a_folder_to_a_conclusion(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (archive / "broken.dcm").write_bytes(b"nothing")
    listed, db = tmp_path / "list.csv", tmp_path / "db"
    words = ["sample", "draw", str(archive), "--by", "Modality", "--size", "8", "--seed", "3", "-j", "1"]
    assert main([*words, "-o", str(listed)]) == 1  # the broken one is named
    assert "broken.dcm" in capsys.readouterr().err
    drawn = rows(listed)
    assert [row["stratum"] for row in drawn] == ["CT"] * 6 + ["US"] * 2
    assert len({row["series"] for row in drawn}) == 8
    assert {row["series_in_stratum"] for row in drawn} == {"12", "4"}
    assert main([*words, "-o", str(listed)]) == 2
    assert main([*words, "-o", str(tmp_path / "again.csv")]) == 1
    assert rows(tmp_path / "again.csv") == drawn

    db.mkdir()
    with open_store(db, user="anna") as store:
        for row in drawn[:-1]:
            store.mark_done(row["filename"], DeviceFacts())
    capsys.readouterr()
    assert main(["--db", str(db), "sample", "conclude", str(listed)]) == 1
    said = capsys.readouterr()
    assert "1 of 8 images are not done" in said.err
    assert "text in 0 of 7" in said.out
    assert "CT: 0 of 6 series looked at have text; at most " in said.out
    with open_store(db, user="anna") as store:
        store.mark_done(drawn[-1]["filename"], DeviceFacts())
        store.add_rects(drawn[0]["filename"], [NewRect(Box(0, 0, 3, 3), FrameAddress(0))])
    assert main(["--db", str(db), "sample", "conclude", str(listed)]) == 0
    assert "text in 1 of 8" in capsys.readouterr().out


@pytest.fixture
def drawn(archive: Path, tmp_path: Path) -> list[str]:
    """The lines of a list of eight images, and its titles first."""
    listed = tmp_path / "list.csv"
    words = ["sample", "draw", str(archive), "--by", "Modality", "--size", "8", "--seed", "3", "-j", "1"]
    assert main([*words, "-o", str(listed)]) == 0
    return listed.read_text().splitlines()


def concluded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["--db", str(tmp_path / "db"), "sample", "conclude", str(tmp_path / "list.csv")])
    return code, *capsys.readouterr()


def test_what_nobody_saw_all_of_and_what_was_replaced_since_is_not_counted(
    drawn: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [row["filename"] for row in rows(tmp_path / "list.csv")]
    (tmp_path / "db").mkdir()
    with open_store(tmp_path / "db", user="anna") as store:
        for name in names:
            looked = Looked(30, 30 if name != names[0] else 1, 0, 0, is_searched=True)
            store.finish(name, DeviceFacts(), change=TagChange(), looked=looked)
    code, said, told = concluded(tmp_path, capsys)
    assert (code, "text in 0 of 7 series" in said) == (1, True)
    assert "1 of 8 images are done with planes that nobody saw" in told
    assert "not done yet" not in told
    with sqlite3.connect(tmp_path / "db" / "dcmaudit.sqlite.db") as connection:
        connection.execute("UPDATE dcmaudit_done SET replaced_at = done_at WHERE filename = ?", (names[1],))
    code, said, told = concluded(tmp_path, capsys)
    assert (code, "text in 0 of 6 series" in said) == (1, True)
    assert "1 of 8 images are not done yet" in told
    # Text that was marked is text, however much of the rest was seen; so is a mark that cannot be read any more.
    with open_store(tmp_path / "db", user="anna") as store:
        store.add_rects(names[0], [NewRect(Box(0, 0, 3, 3), FrameAddress(0))])
    with sqlite3.connect(tmp_path / "db" / "dcmaudit.sqlite.db") as connection:
        connection.execute('UPDATE "DicomRects" SET "right" = -7')
    assert "text in 1 of 7 series" in concluded(tmp_path, capsys)[1]


@pytest.mark.parametrize("edit", ["a line twice", "another size", "more than there are"])
def test_a_list_that_no_draw_writes_is_refused(
    drawn: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: str
) -> None:
    lines = {
        "a line twice": [*drawn, drawn[1]],
        "another size": [*drawn[:-1], drawn[-1].replace(",4,", ",400,")],
        "more than there are": [line.replace(",4,", ",1,") for line in drawn],
    }
    assert lines[edit] != drawn
    (tmp_path / "db").mkdir()
    open_store(tmp_path / "db", user="anna").close()
    (tmp_path / "list.csv").write_text("\n".join(lines[edit]) + "\n")
    code, _, told = concluded(tmp_path, capsys)
    assert code == 1
    assert "no list that dcmaudit sample draw wrote" in told


def test_kinds_that_nobody_looked_at_are_said_to_be_unknown(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed, db = tmp_path / "list.csv", tmp_path / "db"
    assert main(["sample", "draw", str(archive), "--by", "Modality", "--size", "8", "-j", "1", "-o", str(listed)]) == 0
    with open_store(db, user="anna") as store:
        for row in rows(listed)[6:]:
            store.mark_done(row["filename"], DeviceFacts())
            store.add_rects(row["filename"], [NewRect(Box(0, 0, 3, 3), FrameAddress(0))])
    capsys.readouterr()
    assert main(["--db", str(db), "sample", "conclude", str(listed)]) == 1
    told = capsys.readouterr().out
    assert "CT: none of 12 series was looked at; nothing is known of them\n" in told
    assert "US: 2 of 2 series looked at have text; at most 100 % of 4\n" in told


@pytest.mark.parametrize("by", ["Modalty", "Modality,ManufacturersModelName", "0x00080060"])
def test_attributes_that_no_file_can_have_are_refused(
    archive: Path, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    assert main(["sample", "draw", str(archive), "--by", by, "--size", "2"]) == 2
    assert f"--by {by.rpartition(',')[2]}: no element is called" in capsys.readouterr().err


def test_a_list_that_is_none_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("filename\nx\n")
    assert main(["--db", str(tmp_path), "sample", "conclude", str(tmp_path / "l.csv")]) == 1
    assert main(["sample", "draw", str(tmp_path / "nothing")]) == 2


# --- parts --------------------------------------------------------------------------------------------------------

PARTS = 3
SPLIT = ["--by", "Modality", "--seed", "3", "-j", "1"]


@pytest.fixture
def parts(archive: Path, tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"part {number}.json" for number in range(1, PARTS + 1)]
    for number, path in enumerate(made, 1):
        words = ["sample", "draw", str(archive), *SPLIT, "--shard", f"{number}/{PARTS}", "-o", str(path)]
        assert main(words) == 0
    return made


def test_a_draw_from_all_parts_is_the_draw_from_everything(
    archive: Path, parts: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--size", "9", "--least", "3"]
    assert main(["sample", "draw", str(archive), *SPLIT, *sizes, "-o", str(tmp_path / "whole.csv")]) == 0
    told = capsys.readouterr().err.splitlines()[-3:]
    assert main(["sample", "merge", *map(str, reversed(parts)), *sizes, "-o", str(tmp_path / "merged.csv")]) == 0
    assert capsys.readouterr().err.splitlines() == told
    assert (tmp_path / "merged.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert len(rows(tmp_path / "whole.csv")) == 9
    assert main(["sample", "merge", *map(str, parts), *sizes]) == 0
    assert capsys.readouterr().out == (tmp_path / "whole.csv").read_text()


def test_what_a_part_could_not_read_is_told_again(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (archive / "broken.dcm").write_bytes(b"nothing")
    made = [tmp_path / f"{number}.json" for number in (1, 2)]
    codes = [
        main(["sample", "draw", str(archive), *SPLIT, "--shard", f"{number}/2", "-o", str(path)])
        for number, path in enumerate(made, 1)
    ]
    assert sorted(codes) == [0, 1]
    capsys.readouterr()
    assert main(["sample", "merge", *map(str, made)]) == 1
    assert "1 input could not be read" in capsys.readouterr().err


def test_a_part_without_an_input_counts_as_made(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [tmp_path / f"{number}.json" for number in range(1, 8)]
    for number, path in enumerate(made, 1):
        one = str(archive / "CT0-0.dcm")
        assert main(["sample", "draw", one, *SPLIT, "--shard", f"{number}/7", "-o", str(path)]) == 0
    assert "none of the 1 input" in capsys.readouterr().err
    assert main(["sample", "merge", *map(str, made)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_parts_that_do_not_belong_together_are_refused(
    archive: Path, parts: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*names: Path) -> str:
        capsys.readouterr()
        assert main(["sample", "merge", *map(str, names), "-o", str(tmp_path / "none.csv")]) in {1, 2}
        assert not (tmp_path / "none.csv").exists()
        return capsys.readouterr().err

    def other(*words: str) -> Path:
        path = tmp_path / "other.json"
        assert main(["sample", "draw", str(archive), "-j", "1", *words, "--overwrite", "-o", str(path)]) == 0
        return path

    assert f"these parts are missing: 2/{PARTS}" in refused(parts[0], parts[2])
    assert "name every part once" in refused(*parts, parts[1])
    assert "with the seed 3" in refused(*parts[:2], other("--by", "Modality", "--seed", "4", "--shard", "3/3"))
    assert "by Modality" in refused(*parts[:2], other("--by", "PatientID", "--seed", "3", "--shard", "3/3"))
    assert "in as many parts 3" in refused(*parts[:2], other("--by", "Modality", "--seed", "3", "--shard", "3/4"))
    shutil.copy(archive / "CT0-0.dcm", archive / "later.dcm")
    later = other("--by", "Modality", "--seed", "3", "--shard", "3/3")
    assert "inputs of all parts, and" in refused(*parts[:2], later)
    (archive / "CT0-0.dcm").unlink()
    renamed = other("--by", "Modality", "--seed", "3", "--shard", "3/3")
    assert "inputs with other names" in refused(*parts[:2], renamed)
    lines = parts[1].read_bytes().splitlines(keepends=True)
    for wrong in (lines[:-1], [*lines, lines[-1]], [*lines[:-1], lines[-1][:-4]], lines[1:], [], [b"no part\n"]):
        path = tmp_path / "wrong.json"
        path.write_bytes(b"".join(wrong))
        assert "no whole part" in refused(parts[0], path, parts[2])
    path.write_bytes(b"".join([*lines[:-1], parts[0].read_bytes().splitlines(keepends=True)[1]]))
    assert "not in part 2/3" in refused(parts[0], path, parts[2])
    assert "cannot be read" in refused(parts[0], tmp_path / "absent", parts[2])


def test_a_part_says_what_it_cannot_do(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = ["sample", "draw", str(archive), "--shard", "1/2"]
    assert main(draw) == 2
    assert "one seed" in capsys.readouterr().err
    for more in (["--size", "4"], ["--least", "2"], ["--bound", "1%"], ["--confidence", "90%"]):
        assert main([*draw, "--seed", "1", *more]) == 2
        assert f"{more[0]} says nothing" in capsys.readouterr().err
