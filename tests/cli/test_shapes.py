"""Shapes on the command line: asked for, stored, listed, taken in, redacted and proved; nothing drops one silently."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import dcmaudit
from dcmaudit.cli import main
from dcmaudit.dicom import open_instance
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, Size
from dcmaudit.model.records import shape_rect
from dcmaudit.model.shapes import parse_shape
from dcmaudit.store import NewRect, open_store
from support.files import PathReference, gradient, reference
from support.shapes import pixels

FAN = "keep fan 16,-6 2,20 30,20 16,2"
STAR = "polygon 4,3 28,5 9,21 12,2 26,20"
SIZE = Size(32, 24)
DEVICE = DeviceFacts("US", ("ORIGINAL", "PRIMARY"), "MADE UP 1", None, 24, 32)


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    """Two frames without a black pixel."""
    path = tmp_path / "in" / "cine.dcm"
    path.parent.mkdir()
    frames = np.stack([np.maximum(gradient(24, 32), 1), np.maximum(gradient(24, 32)[::-1], 1)])
    path.write_bytes(reference(frames, frames=2).data)
    return path


def black(path: Path) -> list[set[tuple[int, int]]]:
    """The black pixels of each frame."""
    with open_instance(PathReference(path)) as instance:
        found = []
        for frame in range(2):
            y, x = np.nonzero(instance.read(FrameAddress(frame)).array == 0)
            found.append(set(zip(x.tolist(), y.tolist(), strict=True)))
    return found


def wanted(*texts: str) -> set[tuple[int, int]]:
    return {pixel for text in texts for pixel in pixels(parse_shape(text).boxes(SIZE))}


def output(path: Path) -> Path:
    return path.with_name("cine.redacted.dcm")


def database(folder: Path, cine: Path, *rects: NewRect, done: bool = True) -> Path:
    with open_store(folder, user="anna") as store:
        store.add_rects(str(cine), rects)
        if done:
            store.mark_done(str(cine), DEVICE)
    return folder


def test_shapes_are_blacked_to_the_pixel_and_proved(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", str(cine), "--shape", f"{FAN}; {STAR}", "--frame", "1"]) == 0
    assert black(output(cine)) == [set(), wanted(FAN, STAR)]
    assert main(["verify", str(cine), str(output(cine)), "--shape", FAN, "--shape", STAR, "--frame", "1"]) == 0
    assert main(["verify", str(cine), str(output(cine)), "--shape", FAN, "--frame", "1"]) == 1
    assert main(["verify", str(cine), str(output(cine)), "--shape", f"{FAN};{STAR};polygon 9,9 12,9 9,12"]) == 1
    capsys.readouterr()


def test_the_plan_and_the_records_name_the_shape(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", str(cine), "--shape", FAN, "--dry-run"]) == 0
    assert FAN in capsys.readouterr().out
    assert main(["redact", str(cine), "--shape", FAN, "--json", "--sidecar", "--proof"]) == 0
    found = json.loads(capsys.readouterr().out)
    shape = f"{FAN} in 32x24"
    assert [one["shapes"] for one in found["proof"]["planes"]] == [[shape], [shape]]
    assert [one["shape"] for one in found["proof"]["rectangles"]] == [shape]
    side = json.loads(output(cine).with_suffix(".json").read_text())
    assert [one["shapes"] for one in side["redacted"]] == [[shape], [shape]]
    assert "corners" in side["points"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--shape", "circle 1,1 5,5"], "is no shape"),
        (["--shape", ""], "empty"),
        (["--shape", FAN, "--everywhere"], "--overlays same"),
        (["--shape", FAN, "--overlay", "all"], "--overlays same"),
    ],
)
def test_what_cannot_be_used_ends_with_2(
    cine: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["redact", str(cine), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not output(cine).exists()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("polygon 4,3 40,5 9,21", "reaches outside"),
        ("polygon 4,3 9,3 14,3", "holds no pixel"),
        ("keep rectangle 40,0 50,24", "keeps no pixel"),
        (f"{FAN} in 31x24", "was drawn on a plane of 31 x 24"),
    ],
)
def test_what_does_not_fit_the_plane_is_refused(
    cine: Path, capsys: pytest.CaptureFixture[str], shape: str, words: str
) -> None:
    assert main(["redact", str(cine), "--shape", shape]) == 1
    assert words in capsys.readouterr().err
    assert not output(cine).exists()


def test_what_keeps_everything_changes_nothing_and_says_so(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", str(cine), "--shape", "keep rectangle -5,-5 50,50", "--rect", "0,0,3,3"]) == 0
    assert "keeps all of the plane" in capsys.readouterr().err
    assert black(output(cine)) == [set(pixels((Box(0, 0, 4, 4),)))] * 2


def test_a_done_file_is_redacted_by_its_shapes(cine: Path, tmp_path: Path) -> None:
    marks = (
        shape_rect(parse_shape(FAN).on(SIZE), Everywhere.ALL_FRAMES, frames=2),
        NewRect(Box(14, 10, 16, 12), FrameAddress(0)),
    )
    place = database(tmp_path / "db", cine, *marks)
    assert main(["--db", str(place), "redact", str(cine), "--from-db"]) == 0
    kept = set(pixels((Box(14, 10, 16, 12),)))
    assert black(output(cine)) == [wanted(FAN) | kept, wanted(FAN)]


def test_a_shape_of_another_plane_size_or_a_broken_one_refuses_the_file(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sqlite3

    place = database(tmp_path / "db", cine, shape_rect(parse_shape(FAN).on(Size(30, 24)), FrameAddress(0)))
    assert main(["--db", str(place), "redact", str(cine), "--from-db"]) == 1
    assert "drawn on a plane of 30 x 24" in capsys.readouterr().err
    place = database(tmp_path / "db2", cine, shape_rect(parse_shape(STAR).on(SIZE), FrameAddress(0)))
    with closing(sqlite3.connect(place / "dcmaudit.sqlite.db")) as raw, raw:
        raw.execute("DELETE FROM DicomRects WHERE id = 1")
    assert main(["--db", str(place), "redact", str(cine), "--from-db"]) == 1
    assert "a shape" in capsys.readouterr().err
    assert not output(cine).exists()


def test_an_export_is_redacted_and_taken_in_as_shapes(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fan = shape_rect(parse_shape(FAN).on(SIZE), Everywhere.ALL_FRAMES, frames=2)
    place = database(tmp_path / "db", cine, fan, shape_rect(parse_shape(STAR).on(SIZE), FrameAddress(1)))
    assert main(["--db", str(place), "db", "export", str(tmp_path / "lists")]) == 0
    said = capsys.readouterr().err
    assert "2 shapes" in said
    assert "cover" in said
    lists = tmp_path / "lists" / "rects.csv"
    assert main(["redact", "--csv", str(lists)]) == 0
    assert black(output(cine)) == [wanted(FAN), wanted(FAN, STAR)]
    capsys.readouterr()
    assert main(["--db", str(tmp_path / "new"), "db", "import", str(lists)]) == 0
    assert "3 rectangles" in capsys.readouterr().out
    with open_store(tmp_path / "new", user="b", read_only=True) as store:
        assert [(row.shape and row.shape.text, row.scope) for row in store.rects(str(cine))] == [
            (f"{FAN} in 32x24", FrameAddress(0)),
            (f"{FAN} in 32x24", FrameAddress(1)),
            (f"{STAR} in 32x24", FrameAddress(1)),
        ]
    assert main(["--db", str(place), "db", "import", str(lists)]) == 0
    assert "0 rectangles" in capsys.readouterr().out, "they are there already"


def test_a_reader_that_knows_no_shapes_blacks_more_and_not_less(cine: Path, tmp_path: Path) -> None:
    """The original's scripts, and an older dcmaudit, read the other columns alone."""
    place = database(tmp_path / "db", cine, shape_rect(parse_shape(FAN).on(SIZE), Everywhere.ALL_FRAMES, frames=2))
    main(["--db", str(place), "db", "export", str(tmp_path / "lists")])
    with (tmp_path / "lists" / "rects.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    plain = tmp_path / "plain.csv"
    with plain.open("w", newline="") as stream:
        writer = csv.DictWriter(
            stream, [name for name in lines[0] if not name.startswith("dcmaudit")], extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(lines)
    assert main(["redact", "--csv", str(plain)]) == 0
    assert all(frame >= wanted(FAN) for frame in black(output(cine)))
    assert all(len(frame) < 32 * 24 for frame in black(output(cine)))


def test_info_and_dump_tell_of_shapes(cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = database(tmp_path / "db", cine, shape_rect(parse_shape(STAR).on(SIZE), FrameAddress(1)))
    assert main(["--db", str(place), "db", "info"]) == 0
    assert "shapes:            1 of these" in capsys.readouterr().out
    assert main(["--db", str(place), "db", "dump"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["shapes"][0]["shape"] == f"{STAR} in 32x24"
    assert "1 shape is" in said.err


def test_a_rule_can_only_hold_rectangles_and_says_so(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = database(tmp_path / "db", cine, shape_rect(parse_shape(STAR).on(SIZE), FrameAddress(1)))
    with open_store(place, user="anna") as store:
        store.add_rects("/archive/other.dcm", [NewRect(Box(0, 0, 9, 4), FrameAddress(0))])
        store.mark_done("/archive/other.dcm", DEVICE)
    assert main(["--db", str(place), "rules", "make"]) == 1
    said = capsys.readouterr()
    assert "1 file with shapes" in said.err
    assert "only hold rectangles" in said.err
    assert "0,0,9,4" in said.out.replace(" ", "") or "MADE UP" in said.out


def test_the_api_marks_plans_and_redacts_shapes(cine: Path, tmp_path: Path) -> None:
    request = dcmaudit.black_shape(FAN)
    with dcmaudit.open_store(tmp_path / "db", user="me") as store, dcmaudit.open(cine) as instance:
        instance.mark(store, [request, dcmaudit.black_shape(STAR, "f1")], done=True)
        assert [row.shape and row.shape.size for row in store.rects(instance.name)] == [SIZE, SIZE]
        assert {
            pixel for box in instance.plan([request]).boxes(instance.planes[0]) for pixel in pixels((box,))
        } == wanted(FAN)
    assert main(["--db", str(tmp_path / "db"), "redact", str(cine), "--from-db"]) == 0
    assert black(output(cine)) == [wanted(FAN), wanted(FAN, STAR)]
    with dcmaudit.open_store(tmp_path / "db", user="me", read_only=True) as store, dcmaudit.open(cine) as instance:
        assert instance.suggestions(store, "f0") == []
