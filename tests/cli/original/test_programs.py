"""The original tool's programs by their names, with the options of its guide and documentation."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw

from dcmaudit.cli import original
from dcmaudit.cli.original.differences import DIFFERENCES, table
from dcmaudit.cli.rectangles import read_csv
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, IconAddress, StrayBitAddress
from dcmaudit.store import NewRect, open_store
from support.files import dataset, file_bytes, gradient

ROOT = Path(__file__).parents[3]
PROGRAMS: dict[str, Callable[..., int]] = {
    "dcmaudit": original.dcmaudit,
    "dicom_ocr": original.dicom_ocr,
    "dicom_redact": original.dicom_redact,
    "pydicom_images": original.pydicom_images,
    "dbrects_to_deid_rules": original.dbrects_to_deid_rules,
    "dicom_pixel_anon": original.dicom_pixel_anon,
}


def lettering(width: int = 256, height: int = 128) -> np.ndarray:
    image = Image.new("L", (width, height), 20)
    ImageDraw.Draw(image).text((12, 10), "MUSTERFRAU ERIKA", fill=240, font_size=20)
    return np.asarray(image)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "plain.dcm"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(file_bytes(dataset(gradient())))
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "text.dcm"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(file_bytes(dataset(lettering())))
    return path


def marked(database: Path, *files: Path, done: bool = True) -> None:
    device = DeviceFacts("US", ("ORIGINAL",), "MADE UP 1", None, 24, 32)
    with open_store(database, user="anna") as store:
        for file in files:
            store.add_rects(str(file), [NewRect(Box(0, 0, 8, 4), FrameAddress(0))])
            if done:
                store.mark_done(str(file), device)


def frame(path: Path) -> np.ndarray:
    return pydicom.dcmread(path).pixel_array


def test_every_program_has_a_script_of_both_spellings() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert {name for name in scripts if name != "dcmaudit"} | {"dcmaudit"} == set(PROGRAMS)
    assert {path.stem for path in (ROOT / "packaging" / "original").glob("*.py")} == set(PROGRAMS)
    assert not [name for name in scripts if name.endswith(".py")]
    assert len({path.read_bytes() for path in (ROOT / "packaging" / "original").glob("*.py")}) == 1


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_help_says_what_is_not_the_same(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert PROGRAMS[name](["--help"]) == 0
    out = capsys.readouterr().out
    assert f"usage: {name}" in out
    for one in DIFFERENCES:
        if one.program == name != "dcmaudit":
            assert one.here in " ".join(out.split()), one


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_short_help_fits_a_screen_and_speaks_of_the_program(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert PROGRAMS[name](["-h"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith(f"usage: {name} ")
    assert [line for line in lines if f"  dcmaudit {name}" in line] == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_unknown_option_is_one_line_that_names_the_help_of_the_program(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert PROGRAMS[name](["--no-such-option"]) == 2
    got = capsys.readouterr()
    assert (got.out, got.err.count("\n")) == ("", 1)
    assert f"see {name} --help" in got.err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dicom_ocr", ["--csv", "a.csv", "--csv", "b.csv", "x.dcm"]),
        ("dicom_redact", ["--csv", "a.csv", "--csv=b.csv"]),
        ("dicom_redact", ["--deid-rules", "a", "--deid-rules", "b", "--dicom", "x.dcm"]),
        ("pydicom_images", ["-f", "png", "--format", "tiff", "x.dcm"]),
        ("dbrects_to_deid_rules", ["-o", "a", "--output", "b", "db"]),
        ("dbrects_to_deid_rules", ["--db", "a", "b"]),
        ("dicom_pixel_anon", ["-D", "a", "--db=b", "x.dcm"]),
        ("dcmaudit", ["--db", "a", "--db", "b", "--dump-database"]),
    ],
)
def test_no_value_replaces_another_without_a_word(
    name: str,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert PROGRAMS[name](words) == 2
    assert re.search("there twice, with different values|two databases are named", capsys.readouterr().err)


def test_the_last_number_of_processes_counts(plain: Path) -> None:
    assert original.pydicom_images(["-j", "1", "-i", "-j", "2", str(plain)]) == 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_scripts_that_end_in_py_start_the_program_of_their_environment(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "share" / "dcmaudit" / "original"
    folder.mkdir(parents=True)
    for script in (ROOT / "packaging" / "original").glob("*.py"):
        (folder / script.name).write_bytes(script.read_bytes())
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(folder / f"{name}.py"), "--help"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"usage: {name}" in done.stdout


def test_a_script_without_its_environment_says_so(tmp_path: Path) -> None:
    script = ROOT / "packaging" / "original" / "dicom_ocr.py"
    (tmp_path / "dicom_ocr.py").write_bytes(script.read_bytes())
    done = subprocess.run([sys.executable, str(tmp_path / "dicom_ocr.py")], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no environment with dcmaudit" in done.stderr


def test_redact_takes_files_with_dicom_and_rectangles_with_r(plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["-v", "--dicom", str(plain), "-o", str(out), "-r", "(0,0,7,3);(10,10,+4,+2)", "20,0,21,1"]
    assert original.dicom_redact(words) == 0
    pixels, before = frame(out / "plain.redacted.dcm"), frame(plain)
    black = np.zeros(before.shape, bool)
    black[0:4, 0:8] = black[10:12, 10:14] = black[0:2, 20:22] = True
    assert not pixels[black].any()
    assert (pixels[~black] == before[~black]).all()


def test_no_file_is_passed_over_where_dicom_is_there_twice(plain: Path, tmp_path: Path) -> None:
    other = plain.with_name("other.dcm")
    other.write_bytes(plain.read_bytes())
    words = ["--dicom", str(plain), f"--dicom={other}", "-r", "0,0,7,3", "-o", str(tmp_path / "out")]
    assert original.dicom_redact(words) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"plain.redacted.dcm", "other.redacted.dcm"}


def test_a_file_among_the_rectangles_is_named(plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert original.dicom_redact(["-o", str(tmp_path / "out"), "-r", "0,0,7,3", str(plain)]) == 2
    assert f"{plain}: it stands among the rectangles of -r" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_redact_of_a_database_takes_done_files_and_says_so(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marked(tmp_path / "db", plain)
    words = ["--db", str(tmp_path / "db"), "--dicom", str(plain), "--output", str(tmp_path / "one.dcm")]
    assert original.dicom_redact(words) == 0
    assert not frame(tmp_path / "one.dcm")[:4, :8].any()
    assert "--db: Files that are not marked done are refused" in capsys.readouterr().err
    other = plain.with_name("other.dcm")
    other.write_bytes(plain.read_bytes())
    marked(tmp_path / "db", other, done=False)
    assert original.dicom_redact(["-q", "--db", str(tmp_path / "db"), "--dicom", str(other)]) == 1
    assert "not done" in capsys.readouterr().err
    assert not other.with_name("other.redacted.dcm").exists()


def test_redact_by_a_list_takes_all_its_files_or_those_that_are_named(plain: Path, tmp_path: Path) -> None:
    other = plain.with_name("other.dcm")
    other.write_bytes(plain.read_bytes())
    rects = tmp_path / "rects.csv"
    rects.write_text(
        "filename,frame,overlay,left,top,right,bottom,more\n"
        f"{plain},0,-1,0,0,7,3,x\n{other},0,-1,0,0,7,3,x\n{other},0,-1,-1,-1,-1,-1,whole text\n"
    )
    assert original.dicom_redact(["--csv", str(rects), "--dicom", str(plain), "-o", str(tmp_path / "a")]) == 0
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["plain.redacted.dcm"]
    assert original.dicom_redact(["--csv", str(rects), "-o", str(tmp_path / "b")]) == 0
    assert len(list((tmp_path / "b").iterdir())) == 2


def test_redact_around_ultrasound_regions(tmp_path: Path) -> None:
    from pydicom.data import get_testdata_file

    found = get_testdata_file("US1_UNCR.dcm", download=False) or get_testdata_file("examples_rgb_color.dcm")
    assert found is not None
    words = ["--remove-ultrasound-regions", "--dicom", str(found), "-o", str(tmp_path / "out.dcm")]
    code = original.dicom_redact(words)
    has_regions = "SequenceOfUltrasoundRegions" in pydicom.dcmread(str(found))
    assert (code == 0) == has_regions == (tmp_path / "out.dcm").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rename", "_x.dcm", "--dicom", "a.dcm", "-r", "0,0,1,1"], "NAME.redacted.dcm"),
        (["-r", "0,0,1,1"], "--dicom"),
        (["--deid"], "--dicom"),
    ],
)
def test_redact_refuses_what_it_cannot_do(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert original.dicom_redact(words) == 2
    assert said in capsys.readouterr().err


def test_options_that_change_nothing_say_so(plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--compress", "--dicom", str(plain), "-r", "0,0,1,1", "-o", str(tmp_path / "o")]
    assert original.dicom_redact(words) == 0
    assert "--compress: Outputs keep the transfer syntax" in capsys.readouterr().err
    assert original.dicom_redact([*words[:-1], str(tmp_path / "p"), "--quiet"]) == 0
    assert "--compress" not in capsys.readouterr().err


def test_ocr_without_rects_gives_one_line_a_plane(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert original.dicom_ocr(["-v", "--csv", "stdout", str(text)]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert len(rows) == 1
    assert rows[0]["left"] == "-1"
    assert "MUSTERFRAU" in rows[0]["ocr_text"]
    assert original.dicom_ocr(["--rects", "--csv", "stdout", "--no-csv-header", str(text)]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 1


def test_ocr_into_the_database_and_a_judge_that_is_not_there(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--db", str(tmp_path / "db"), "--rects", "--pii", "ocr_allowlist", "--forms"]
    assert original.dicom_ocr([*words, "--use-ultrasound-regions", "--no-overlays", "--review", str(text)]) == 0
    with open_store(tmp_path / "db", user="x", read_only=True) as store:
        assert any(row.box is not None for row in store.rects(str(text)))
    assert "--forms: Scanned forms are always looked for" in capsys.readouterr().err
    assert original.dicom_ocr(["--pii", "flair", str(text)]) == 2
    assert "flair" in capsys.readouterr().err


def test_images_are_tiff_unless_another_format_is_named(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert original.pydicom_images(["-v", "-x", str(plain)]) == 0
    assert plain.with_name("plain.f0001.tiff").exists()
    assert original.pydicom_images(["-x", "-f", "png", str(plain)]) == 0
    assert plain.with_name("plain.f0001.png").exists()
    capsys.readouterr()
    assert original.pydicom_images(["-i", str(plain)]) == 0
    assert "32x24" in capsys.readouterr().out


def test_images_that_are_read_give_the_lines_of_ocr(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert original.pydicom_images(["--ocr", "rapidocr", "--csv", "--rects", "--no-overlays", str(text)]) == 0
    got = capsys.readouterr()
    assert got.out.startswith("filename,frame,overlay,")
    assert "MUSTERFRAU" in got.out
    assert "--ocr: Reading is the work of dicom_ocr" in got.err
    assert original.pydicom_images(["--rects", str(text)]) == 2
    assert original.pydicom_images(["-x", "--ocr", "rapidocr", str(text)]) == 2


@pytest.mark.parametrize("file", [False, True])
def test_rules_are_made_of_the_database_that_is_named_first(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, file: bool
) -> None:
    marked(tmp_path / "db", plain)
    place = tmp_path / "db" / "dcmaudit.sqlite.db" if file else tmp_path / "db"
    assert original.dbrects_to_deid_rules([str(place)]) == 0
    assert "coordinates 0,0,8,4" in capsys.readouterr().out
    assert original.dbrects_to_deid_rules(["-o", str(tmp_path / "deid.dicom.x"), str(place)]) == 0
    assert (tmp_path / "deid.dicom.x").exists()
    assert original.dbrects_to_deid_rules([str(tmp_path / "nowhere")]) == 1


def test_one_step_reads_and_redacts(text: Path, plain: Path, tmp_path: Path) -> None:
    out, rects = tmp_path / "out", tmp_path / "rectangles.csv"
    words = ["-o", str(out), "-r", str(text.parent), "-D", str(tmp_path / "db"), "--write-csv", str(rects)]
    assert original.dicom_pixel_anon([*words, str(text), str(plain)]) == 0
    pixels, before = frame(out / "text.redacted.dcm"), frame(text)
    assert (before > 200).any()
    assert not (pixels > 200).any()
    assert len(list(out.iterdir())) == 2
    lines = rects.read_text().splitlines()
    assert lines[0] == "filename,left,top,right,bottom,frame,overlay"
    assert lines[1].startswith(str(text))
    assert "MUSTERFRAU" not in rects.read_text()
    assert original.dicom_pixel_anon([*words, str(text)]) == 2  # the list is there already


def test_one_step_says_in_its_list_where_each_rectangle_is_also_on_planes_without_numbers(
    plain: Path, tmp_path: Path
) -> None:
    scopes = [FrameAddress(0), IconAddress(0), StrayBitAddress(12, 0), Everywhere.ALL_OVERLAYS]
    with open_store(tmp_path / "db", user="ada") as store:
        store.add_rects(str(plain), [NewRect(Box(1, 1, 4, 4), scope) for scope in scopes])
    rects = tmp_path / "rectangles.csv"
    words = ["-o", str(tmp_path / "out"), "-D", str(tmp_path / "db"), "--write-csv", str(rects), str(plain)]
    original.dicom_pixel_anon(words)
    found = [row.request.scope for row in read_csv(rects) if row.request is not None]
    assert set(scopes) <= set(found)


def test_one_step_keeps_no_database_and_writes_nothing_that_was_not_looked_at(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    broken = text.with_name("broken.dcm")
    broken.write_bytes(text.read_bytes()[:-3000])
    out = tmp_path / "out"
    assert original.dicom_pixel_anon(["-c", "-f", "-o", str(out), str(text.parent)]) == 1
    assert [path.name for path in out.iterdir()] == ["text.redacted.dcm"]
    err = capsys.readouterr().err
    assert "broken.dcm: not redacted" in err
    assert "-c: Outputs keep" in err
    assert "dcmaudit-onestep" not in err  # nobody asked for it, and it is gone
    assert list(temporary.iterdir()) == []


def test_the_page_for_people_who_come_from_the_original_has_the_table() -> None:
    page = (ROOT / "docs" / "from-the-original.md").read_text("utf-8")
    assert table() in page


def test_no_program_is_shadowed_by_the_scripts_that_end_in_py(tmp_path: Path) -> None:
    """Whoever puts the folder on the PATH still gets our package, wherever it is started."""
    for script in (ROOT / "packaging" / "original").glob("*.py"):
        (tmp_path / script.name).write_bytes(script.read_bytes())
    folders = [str(tmp_path), os.environ.get("PATH", "")]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "dcmaudit", "--version"],
        cwd=tmp_path, env={**os.environ, "PATH": os.pathsep.join(folders)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
