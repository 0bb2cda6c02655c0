"""``dcmaudit frames``: every plane as a file, or as a line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.codecs.samples import Array
from support.files import JPEG_BASELINE, Overlay, dataset, file_bytes, gradient, letter_bits, reference


def pixels(path: Path) -> Array:
    with Image.open(path) as image:
        return np.asarray(image)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.suffix in {".png", ".tiff"})


def icon() -> Dataset:
    small = dataset(gradient(8, 8))
    for name in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "PatientName"):
        delattr(small, name)
    return small


def stack() -> Array:
    """Two 12-bit frames, the first of which has a stray bit 13."""
    frames = np.stack([gradient(dtype=np.uint16), gradient(dtype=np.uint16)[::-1]])
    frames[0, 4:8, 4:8] |= 1 << 13
    return frames


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """Frames, an overlay of two frames, one in the pixel data, a stray bit and an icon, in one file."""
    overlays = [
        Overlay(np.stack([letter_bits(), letter_bits().T[:16, :16].repeat(2, 1)[:, :20]])),
        Overlay(np.stack([letter_bits(24, 32)] * 2), group=0x6002, embedded=12),
    ]
    path = tmp_path / "in" / "full.dcm"
    path.parent.mkdir()
    data = dataset(stack(), frames=2, bits_stored=12, overlays=overlays, extra={"IconImageSequence": [icon()]})
    path.write_bytes(file_bytes(data))
    return path


def good(path: Path, **how: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(reference(gradient(), **how).data)  # type: ignore[arg-type]
    return path


PLANES = ["f0001", "f0002", "o6000.0001", "o6000.0002", "o6002.0001", "o6002.0002", "b13.0001", "i0001"]


def test_every_plane_becomes_a_file_beside_the_input(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frames", "-x", str(full)]) == 0
    assert names(full.parent) == sorted(f"full.{plane}.png" for plane in PLANES)
    values = (stack()[1] & 0xFFF).astype(float)
    expected = np.floor((values - values.min()) * 255 / (values.max() - values.min()) + 0.5)
    assert (pixels(full.with_name("full.f0002.png")) == expected).all()
    assert (pixels(full.with_name("full.o6000.0001.png")) == letter_bits() * 255).all()
    assert (pixels(full.with_name("full.o6002.0002.png")) == letter_bits(24, 32) * 255).all()
    stray = np.zeros((24, 32))
    stray[4:8, 4:8] = 255
    assert (pixels(full.with_name("full.b13.0001.png")) == stray).all()
    assert pixels(full.with_name("full.i0001.png")).shape == (8, 8)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "1 input: 1 done" in captured.err
    assert not list(full.parent.glob(".*"))


def test_the_list_has_a_line_for_every_plane_and_writes_nothing(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frames", "-i", str(full)]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == [str(full)] * len(PLANES)
    assert [line[2] for line in lines] == ["32x24", "32x24", "20x16", "20x16", "32x24", "32x24", "32x24", "8x8"]
    assert [line[3] for line in lines] == ["frame"] * 2 + ["overlay"] * 2 + ["embedded overlay"] * 2 + [
        "stray bit",
        "icon",
    ]
    assert lines[1][1] == "frame 2/2"
    assert names(full.parent) == []


def test_the_list_as_json_has_one_object_an_input(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = full.with_name("missing.dcm")
    assert main(["frames", "-j", "1", "-i", "--json", str(full), str(missing)]) == 1
    found = {entry["file"]: entry for entry in map(json.loads, capsys.readouterr().out.splitlines())}
    assert set(found) == {str(full), str(missing)}
    assert found[str(full)]["outcome"] == "done"
    assert [plane["plane"] for plane in found[str(full)]["planes"]] == [
        "f0", "f1", "o6000.0", "o6000.1", "o6002.0", "o6002.1", "b13.0", "i0",
    ]  # fmt: skip
    assert found[str(missing)]["outcome"] == "failed"
    assert "no such file" in found[str(missing)]["reasons"][0]


def test_what_cannot_be_shown_is_listed_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(file_bytes(dataset(extra={"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.11", "Modality": "SR"})))
    assert main(["frames", "-i", str(path)]) == 1
    captured = capsys.readouterr()
    assert "\tnot audited: " in captured.out
    assert f"{path}: refused: " in captured.err
    assert "1 refused" in captured.err


def test_a_broken_frame_is_named_and_the_others_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = np.stack([gradient(64, 64)] * 3)
    whole = reference(frames, JPEG_BASELINE, frames=3).data
    # The second of three codestreams: its start of image is overwritten.
    second = whole.index(b"\xff\xd8", whole.index(b"\xff\xd8") + 2)
    path = tmp_path / "broken.dcm"
    path.write_bytes(whole[:second] + b"\0\0" + whole[second + 2 :])
    other = good(tmp_path / "good.dcm")
    assert main(["frames", "-j", "1", "-x", str(path), str(other)]) == 1
    assert names(tmp_path) == ["broken.f0001.png", "broken.f0003.png", "good.f0001.png"]
    err = capsys.readouterr().err
    assert f"{path}: partly audited: frame 2/3: " in err
    assert "2 inputs: 1 done, 1 partly audited" in err


def test_one_bad_input_never_stops_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "a.dcm"
    bad.write_bytes(b"no image in here")
    empty = tmp_path / "b.dcm"
    empty.write_bytes(b"")
    cut = good(tmp_path / "c.dcm")
    cut.write_bytes(cut.read_bytes()[:-300])
    fine = good(tmp_path / "d.dcm")
    assert main(["frames", "-j", "1", "-x", *map(str, (bad, empty, cut, fine))]) == 1
    assert names(tmp_path) == ["d.f0001.png"]
    err = capsys.readouterr().err
    for path in (bad, empty, cut):
        assert f"{path}: " in err
    assert "4 inputs: 1 done" in err


def test_existing_files_are_replaced_only_on_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = good(tmp_path / "x.dcm")
    there = tmp_path / "x.f0001.png"
    there.write_bytes(b"\x89PNG\r\n\x1a\nprecious")
    assert main(["frames", "-x", str(path)]) == 1
    assert there.read_bytes().endswith(b"precious")
    assert "exists already (--overwrite" in capsys.readouterr().err
    assert main(["frames", "-x", "--overwrite", str(path)]) == 0
    assert pixels(there).shape == (24, 32)


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    path = good(tmp_path / "x.dcm")
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "x.f0001.png").symlink_to(elsewhere)
    assert main(["frames", "-x", str(path)]) == 1
    assert main(["frames", "-x", "--overwrite", str(path)]) == 0
    assert not elsewhere.exists()


def test_inputs_of_one_name_never_share_a_file(tmp_path: Path) -> None:
    files = [good(tmp_path / folder / "x.dcm") for folder in ("one", "two")]
    out = tmp_path / "out"
    assert main(["frames", "-j", "1", "-x", "-o", str(out), *map(str, files)]) == 0
    written = names(out)
    assert len(written) == 2
    assert all(name.startswith("x.") and name.endswith(".f0001.png") for name in written)
    assert main(["frames", "-x", "-o", str(out), "--overwrite", str(files[1])]) == 0
    assert names(out) == written, "the name does not depend on what else is extracted"


def test_a_name_with_and_without_suffix_are_two_inputs(tmp_path: Path) -> None:
    files = [good(tmp_path / name) for name in ("x", "x.dcm")]
    assert main(["frames", "-j", "1", "-x", *map(str, files)]) == 0
    assert names(tmp_path) == ["x.dcm.f0001.png", "x.f0001.png"]


def test_the_folders_after_a_prefix_can_be_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = good(tmp_path / "archive" / "study" / "x.dcm")
    out = tmp_path / "out"
    options = ["-o", str(out), "--relative-path"]
    assert main(["frames", "-x", *options, str(tmp_path / "archive"), str(path)]) == 0
    assert (out / "study" / "x.f0001.png").exists()
    assert main(["frames", "-x", *options, str(tmp_path / "other"), str(path)]) == 1
    assert "is not below" in capsys.readouterr().err


def test_tiff_and_the_other_views_have_names_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = good(tmp_path / "x.dcm", extra={"WindowCenter": "100", "WindowWidth": "50"})
    plain = good(tmp_path / "plain.dcm")
    assert main(["frames", "-x", "-f", "tiff", str(path)]) == 0
    assert main(["frames", "-x", "--view", "voi", str(path)]) == 0
    assert main(["frames", "-x", "--view", "local", "--inverted", str(path)]) == 0
    assert names(tmp_path) == ["x.f0001.local.inverted.png", "x.f0001.tiff", "x.f0001.voi.png"]
    assert set(np.unique(pixels(tmp_path / "x.f0001.voi.png"))) >= {0, 255}
    capsys.readouterr()
    assert main(["frames", "-x", "-v", "--view", "voi", str(plain)]) == 0
    assert "shown in the full range: the file has no VOI window" in capsys.readouterr().out


def test_a_folder_is_read_with_its_subfolders_on_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good(tmp_path / "a.dcm")
    good(tmp_path / "deep" / "b.dcm")
    (tmp_path / "notes.txt").write_text("nothing")
    assert main(["frames", "-i", str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["frames", "-j", "1", "-i", "-r", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 2
    assert "1 not DICOM" in captured.err


def test_many_inputs_are_done_by_several_processes_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [good(tmp_path / f"{number:02}.dcm") for number in range(12)]
    assert main(["frames", "-x", "-v", "-j", "2", "--ordered", *map(str, files)]) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == list(map(str, files))
    assert len(names(tmp_path)) == 12


def test_ctrl_c_ends_it_with_whole_files_only(tmp_path: Path) -> None:
    first = good(tmp_path / "in" / "000.dcm")
    frames = np.stack([gradient(256, 256)] * 40)
    first.write_bytes(reference(frames, frames=40).data)
    for number in range(1, 60):
        (tmp_path / "in" / f"{number:03}.dcm").symlink_to(first)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "dcmaudit.cli", "frames", "-x", "-j", "2", "-o", str(out), str(tmp_path / "in")]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not names(out) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert 0 < len(names(out)) < 60 * 40
    assert not list(out.glob(".*"))
    assert all(pixels(out / name).shape == (256, 256) for name in names(out))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = good(tmp_path / "closed" / "x.dcm")
    path.parent.chmod(0o500)
    try:
        assert main(["frames", "-x", str(path)]) == 1
    finally:
        path.parent.chmod(0o700)
    assert "cannot be written" in capsys.readouterr().err


def test_a_file_in_the_place_of_the_output_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = good(tmp_path / "x.dcm")
    assert main(["frames", "-x", "-o", str(path), str(path)]) == 1
    assert "cannot be made" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["-o", "out"], ["--overwrite"], ["-x", "--relative-path", "a"], ["-j", "0"], ["-f", "bmp"], ["--view", "x"]],
)
def test_options_that_mean_nothing_are_refused(words: list[str], tmp_path: Path) -> None:
    assert main(["frames", *words, str(good(tmp_path / "x.dcm"))]) == 2
    assert names(tmp_path) == []


def test_no_value_of_a_person_is_printed(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["frames", "-x", "-v", "--json", str(full)])
    captured = capsys.readouterr()
    assert "Doe" not in captured.out + captured.err
    assert "4711" not in captured.out + captured.err


def test_a_name_with_control_characters_stays_on_its_own_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "a\nclean.dcm\tframe 1|1\t8x8\tframe\x1b[2K.dcm"
    (tmp_path / name).write_bytes(file_bytes(dataset(gradient())))
    (tmp_path / "b\nbad.dcm").write_bytes(b"no image at all")
    assert main(["frames", "-i", str(tmp_path)]) == Exit.NOT_ALL
    seen = capsys.readouterr()
    assert len(seen.out.splitlines()) == 1
    assert "\x1b" not in seen.out
    assert "\t8x8" not in seen.out
    assert "b\\nbad.dcm: failed" in seen.err
