from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.store import NewRect, open_store
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
    with open_store(db, user="anna") as store:
        store.mark_done(drawn[-1]["filename"], DeviceFacts())
        store.add_rects(drawn[0]["filename"], [NewRect(Box(0, 0, 3, 3), FrameAddress(0))])
    assert main(["--db", str(db), "sample", "conclude", str(listed)]) == 0
    assert "text in 1 of 8" in capsys.readouterr().out


def test_a_list_that_is_none_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("filename\nx\n")
    assert main(["--db", str(tmp_path), "sample", "conclude", str(tmp_path / "l.csv")]) == 1
    assert main(["sample", "draw", str(tmp_path / "nothing")]) == 2
