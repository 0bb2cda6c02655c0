"""``dcmaudit score``: what any tool hid, against the answer keys of three programs."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from dcmaudit.cli import main
from dcmaudit.report.jsonlines import problems
from support.files import dataset, file_bytes

EDGES = (20, 10, 99, 29)
"""Where the string is, inclusive."""


def picture(seed: int, letters: bool = True) -> np.ndarray:
    """A grey picture with something like six letters, 80 x 20 pixels, at the place."""
    array = np.random.default_rng(seed).integers(40, 60, (80, 160), np.uint8)
    if letters:
        chance = np.random.default_rng(seed + 100)
        for letter in range(6):
            cells = chance.integers(0, 2, (5, 3)).astype(bool)
            cells[0, 0] = cells[4, 2] = True
            cells[2, 1] = False
            x = 22 + 13 * letter
            array[11:26, x : x + 9][np.kron(cells, np.ones((3, 3), bool))] = 230
    return array


class Archive:
    """Originals, and a folder for what a tool makes of them."""

    def __init__(self, folder: Path) -> None:
        self.before, self.after, self.key = folder / "in", folder / "out", folder / "key.csv"
        self.before.mkdir()
        self.after.mkdir()
        self.rows: list[str] = []

    def add(self, name: str, array: np.ndarray, *, named: bool = True, frame: int = 0, **options: object) -> Path:
        frames = {"frames": len(array)} if array.ndim == 3 and "photometric" not in options else {}
        data = dataset(array, **frames, **options)
        data.SOPInstanceUID = f"1.2.3.{len(list(self.before.iterdir())) + 1}"
        path = self.before / name
        path.write_bytes(file_bytes(data))
        if named:
            self.rows.append(",".join(map(str, (path, frame, -1, *EDGES))))
        return path

    def write(self, path: Path, change: object = None, name: str | None = None) -> Path:
        """What the tool made of an original: ``change(pixels)`` in place."""
        data = dcmread(path)
        pixels = data.pixel_array.copy()
        if change is not None:
            change(pixels)  # type: ignore[operator]
        data.PixelData = pixels.tobytes()
        target = self.after / (name or path.name)
        data.save_as(target)
        return target

    def score(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, object]]]:
        if not any(word == "--key" for word in words):
            self.key.write_text("\n".join(["filename,frame,overlay,left,top,right,bottom", *self.rows]) + "\n")
            words = ("--key", str(self.key), *words)
        code = main(["score", str(self.before), str(self.after), "--json", "-j", "1", *words])
        lines = capsys.readouterr().out.splitlines()
        assert [found for line in lines if (found := problems(line))] == []
        return code, [json.loads(line) for line in lines]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def black(pixels: np.ndarray) -> None:
    pixels[..., 10:30, 20:100] = 0


def states(lines: list[dict[str, object]]) -> dict[str, list[str]]:
    return {
        Path(str(line["file"])).name: [one["state"] for one in line["strings"]]  # type: ignore[index,attr-defined]
        for line in lines[:-1]
    }


def half(pixels: np.ndarray) -> None:
    pixels[..., 10:30, 20:60] = 0


def blur(pixels: np.ndarray) -> None:
    part = pixels[..., 10:30, 20:100].astype(float)
    mean = sum(np.roll(part, (y, x), (-2, -1)) for y in range(-2, 3) for x in range(-2, 3)) / 25
    pixels[..., 10:30, 20:100] = mean.astype(pixels.dtype)


def pale(pixels: np.ndarray) -> None:
    pixels[..., 10:30, 20:100] = pixels[..., 10:30, 20:100] // 8


def noise(pixels: np.ndarray) -> None:
    part = pixels[..., 10:30, 20:100]
    part[:] = np.random.default_rng(5).integers(0, 256, part.shape, pixels.dtype)


def invert(pixels: np.ndarray) -> None:
    pixels[..., 10:30, 20:100] = 255 - pixels[..., 10:30, 20:100]


def other_text(pixels: np.ndarray) -> None:
    """A made-up name in another size, as tools do that replace names."""
    pixels[..., 10:30, 20:100] = 50
    cells = np.random.default_rng(9).integers(0, 2, (5, 26)).astype(bool)
    pixels[..., 14:24, 24:76][..., np.kron(cells, np.ones((2, 2), bool))] = 230


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (black, "hidden"), (noise, "hidden"), (other_text, "hidden"),
        (None, "left"), (pale, "left"), (blur, "left"), (invert, "left"), (half, "in part"),
    ],
)  # fmt: skip
def test_a_string_is_hidden_where_nothing_has_its_shape(
    archive: Archive, capsys: pytest.CaptureFixture[str], change: object, state: str
) -> None:
    archive.write(archive.add("a.dcm", picture(1)), change)
    code, lines = archive.score(capsys)
    assert states(lines) == {"a.dcm": [state]}
    assert code == (0 if state == "hidden" else 1)
    summary = lines[-1]["summary"]
    assert (summary["strings"], summary["hidden"]) == (1, int(state == "hidden"))  # type: ignore[index]
    assert summary["pixels_kept"] == 1  # type: ignore[index]


def test_a_missing_output_counts_as_not_hidden(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    archive.write(archive.add("a.dcm", picture(1)), black)
    archive.add("b.dcm", picture(2))
    (archive.after / "c.dcm").write_bytes(b"nothing" * 50)
    archive.add("c.dcm", picture(3))
    code, lines = archive.score(capsys)
    assert states(lines) == {"a.dcm": ["hidden"], "b.dcm": ["no output"], "c.dcm": ["no output"]}
    summary = lines[-1]["summary"]
    assert code == 1
    assert (summary["missing"], summary["recall"]) == (2, 0.333333)  # type: ignore[index]


def test_every_frame_is_judged(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    path = archive.add("cine.dcm", np.stack([picture(n) for n in range(5)]), named=False)
    archive.rows += [",".join(map(str, (path, frame, -1, *EDGES))) for frame in range(5)]
    archive.write(path, lambda pixels: black(pixels[:3]))
    code, lines = archive.score(capsys)
    assert states(lines) == {"cine.dcm": ["hidden"] * 3 + ["left"] * 2}
    assert code == 1


def test_frames_that_are_missing_are_no_success(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    path = archive.add("cine.dcm", np.stack([picture(n) for n in range(3)]), named=False)
    archive.rows += [",".join(map(str, (path, frame, -1, *EDGES))) for frame in range(3)]
    data = dcmread(path)
    pixels = data.pixel_array[:2].copy()
    black(pixels)
    data.PixelData, data.NumberOfFrames = pixels.tobytes(), 2
    data.save_as(archive.after / "cine.dcm")
    code, lines = archive.score(capsys)
    assert states(lines) == {"cine.dcm": ["hidden", "hidden", "no output"]}
    assert code == 1


def test_what_else_was_changed_is_counted(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    archive.write(archive.add("a.dcm", picture(1)), lambda pixels: pixels.__setitem__(slice(0, 40), 0))
    archive.write(archive.add("clean.dcm", picture(2, letters=False), named=False))
    archive.write(archive.add("spoilt.dcm", picture(3, letters=False), named=False), black)
    code, lines = archive.score(capsys)
    summary = lines[-1]["summary"]
    assert code == 0
    kept = 3 * 80 * 160 - 80 * 20 - (40 * 160 - 80 * 20) - 80 * 20
    assert summary["pixels_kept"] == round(kept / (3 * 80 * 160 - 80 * 20), 6)  # type: ignore[index]
    assert (summary["clean_files"], summary["clean_files_kept"], summary["planes_unchanged"]) == (2, 1, 1)  # type: ignore[index]


def test_outputs_are_found_by_uid_and_by_a_list_of_new_ones(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = archive.add("a.dcm", picture(1)), archive.add("b.dcm", picture(2))
    archive.write(one, black, "0001")
    renamed = dcmread(archive.write(two, black, "0002"))
    renamed.SOPInstanceUID = "9.9.9"
    renamed.save_as(archive.after / "0002")
    assert states(archive.score(capsys)[1]) == {"a.dcm": ["hidden"], "b.dcm": ["no output"]}
    (tmp_path / "uids.csv").write_text("id_old,id_new\n1.2.3.2,9.9.9\n")
    code, lines = archive.score(capsys, "--uid-map", str(tmp_path / "uids.csv"))
    assert (code, states(lines)) == (0, {"a.dcm": ["hidden"], "b.dcm": ["hidden"]})


def test_presidios_key(archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive.write(archive.add("a.dcm", picture(1), named=False), black)
    archive.write(archive.add("b.dcm", picture(2), named=False))
    box = {"label": "MADE^UP", "left": 20, "top": 10, "width": 80, "height": 20}
    key = tmp_path / "truth.json"
    key.write_text(json.dumps({"a.dcm": [box], "b": [box], "gone.dcm": [box]}))
    code, lines = archive.score(capsys, "--key", str(key))
    assert (code, states(lines)) == (1, {"a.dcm": ["hidden"], "b.dcm": ["left"]})


def midi_b(path: Path, rows: dict[str, dict[str, dict[str, str]]]) -> Path:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("create table answer_data (StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, AnswerData)")
        for uid, answers in rows.items():
            base.execute("insert into answer_data values ('1', '1.1', ?, ?)", (uid, json.dumps(answers)))
    base.close()
    return path


def test_the_key_of_midi_b(archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clean = archive.add("a.dcm", picture(1, letters=False), named=False)
    spoilt = archive.add("b.dcm", picture(2, letters=False), named=False)
    archive.write(clean)
    archive.write(spoilt, black)
    archive.write(archive.add("c.dcm", picture(3), named=False), black)
    digests = [hashlib.md5(dcmread(path).PixelData, usedforsecurity=False).hexdigest() for path in (clean, spoilt)]
    key = midi_b(tmp_path / "key.db", {
        "1.2.3.1": {"0": {"action": "<pixels_retained>", "action_text": f"<{digests[0]}>"}},
        "1.2.3.2": {"0": {"action": "<pixels_retained>", "action_text": f"<{digests[1]}>"}},
        "1.2.3.3": {"0": {"action": "<pixels_hidden>", "action_text": "<MADE^UP>"}, "1": {"action": "<tag_retained>"}},
    })  # fmt: skip
    code, lines = archive.score(capsys, "--key", str(key))
    summary = lines[-1]["summary"]
    assert (summary["digests"], summary["digests_kept"], summary["not_judged"]) == (2, 1, 1)  # type: ignore[index]
    assert code == 1  # a string that nobody judged is no success
    assert "MADE" not in json.dumps(lines)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("k.json", '{"a.dcm": [{"left": 1, "top": 2}]}', "no left, top, width and height"),
        ("k.json", '{"a.dcm": [{"left": 1, "top": 2, "width": 0, "height": 3}]}', "holds no pixel"),
        ("k.json", '{"a.dcm": ', "cannot be read as JSON"),
        ("k.json", "{}", "names no file"),
        ("k.csv", "filename,frame,overlay,left,top,right,bottom\na.dcm,0,-1,5,5,1,1\n", "holds no pixel"),
        ("k.csv", "filename,frame,overlay,left,top,right,bottom\n,0,-1,1,1,5,5\n", "names no file"),
        ("k.csv", "name,box\n", "no column"),
        ("k.db", "SQLite format 3\0 and then nothing", "cannot be read as a key of MIDI-B"),
    ],
)
def test_a_key_that_cannot_be_used_to_its_end_is_refused(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, said: str
) -> None:
    archive.write(archive.add("a.dcm", picture(1)), black)
    (tmp_path / name).write_text(text)
    code = main(["score", str(archive.before), str(archive.after), "--key", str(tmp_path / name)])
    assert code in {1, 2}
    assert said in capsys.readouterr().err


def test_a_key_that_names_other_files_is_no_success(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    archive.write(archive.add("a.dcm", picture(1)), black)
    archive.rows.append(",".join(map(str, ("elsewhere.dcm", 0, -1, *EDGES))))
    assert archive.score(capsys)[0] == 1


@pytest.mark.parametrize("row", ["0,0,20,10,99,29", "5,-1,20,10,99,29", "0,-1,500,10,599,29"])
def test_a_place_that_no_plane_shows_is_no_success(
    row: str, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """An overlay or a frame that the original does not have, a place outside of it: the key means something else."""
    path = archive.add("a.dcm", picture(0, letters=False), named=False)
    archive.rows.append(f"{path},{row}")
    archive.write(path)
    code, (one, total) = archive.score(capsys)
    assert (code, one["not_judged"], total["summary"]["not_judged"]) == (1, 1, 1)  # type: ignore[index]


def test_the_table_for_people(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    archive.write(archive.add("a.dcm", picture(1)), black)
    archive.write(archive.add("b.dcm", picture(2)), half)
    archive.key.write_text("\n".join(["filename,frame,overlay,left,top,right,bottom", *archive.rows]) + "\n")
    code = main(["score", str(archive.before), str(archive.after), "--key", str(archive.key), "-j", "1"])
    said = capsys.readouterr()
    assert code == 1
    assert "hidden           1 (50.00 %; 95 % interval 9.5 to 90.5 %)" in said.out
    assert "b.dcm: f0 20,10,99,29: in part" in said.err
    assert "a.dcm" not in said.err
