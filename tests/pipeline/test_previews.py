"""A batch never writes less than what was black on the reviewer's screen, unless somebody says so."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.cli import main
from dcmaudit.dicom import open_instance
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.review import Session
from dcmaudit.store import NewRect, open_store
from support.apps import MODEL, do, make_app, paint_all, ready, write_cine
from support.files import PathReference, dataset, file_bytes

ROWS, COLUMNS, FRAMES = 48, 64, 4
RULES = """FORMAT dicom

%filter graylist

LABEL a name at the top
contains ManufacturerModelName Test Scanner
coordinates 0,0,64,8
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "smi" / "data" / "deid" / "deid.dicom.site"
    path.parent.mkdir(parents=True)
    path.write_text(RULES)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A cine without a black pixel."""
    path = tmp_path / "in" / "cine.dcm"
    path.parent.mkdir()
    cells = np.random.default_rng(1).integers(40, 250, (FRAMES, ROWS, COLUMNS)).astype(np.uint8)
    path.write_bytes(file_bytes(dataset(cells, frames=FRAMES, extra=MODEL)))
    return path


def reviewed(tmp_path: Path, file: Path, *commands: str, **settings: Any) -> None:
    """A reviewer looks at everything, and finishes the file after these commands."""
    app = make_app(tmp_path, [file], smi_root=tmp_path / "smi", **settings)
    session: Session = ready(app)
    for command in commands:
        do(session, command)
    paint_all(session)
    do(session, "done-next")
    app.close()


def redact(tmp_path: Path, *options: object) -> int:
    return main(["redact", "--from-db", "--db", str(tmp_path), "-o", str(tmp_path / "out"), *map(str, options)])


def black_rows(tmp_path: Path) -> list[list[int]]:
    """For each frame of the output the rows that are wholly black."""
    with open_instance(PathReference(tmp_path / "out" / "cine.redacted.dcm")) as instance:
        arrays = [instance.read(FrameAddress(frame)).array for frame in range(FRAMES)]
    return [[row for row in range(ROWS) if not array[row].any()] for array in arrays]


BANNER = [list(range(8))] * FRAMES


@pytest.mark.parametrize("options", [(), ("--copy-clean",)])
def test_what_was_black_as_a_preview_is_written(
    tmp_path: Path, file: Path, rules: Path, options: tuple[str, ...]
) -> None:
    reviewed(tmp_path, file)
    rules.unlink()  # the batch needs no rules for it
    assert redact(tmp_path, *options) == 0
    assert black_rows(tmp_path) == BANNER


@pytest.mark.parametrize("options", [(), ("--copy-clean",)])
def test_what_was_left_is_refused_and_named(
    tmp_path: Path, file: Path, rules: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    reviewed(tmp_path, file, "previews-leave")
    assert redact(tmp_path, *options) == 1
    said = capsys.readouterr().err
    assert "all 4 frames: 0,0,63,7: black on the reviewer's screen" in said
    assert "--allow-unstored-previews" in said
    assert "a name at the top" not in said
    assert not (tmp_path / "out" / "cine.redacted.dcm").exists()


def test_the_same_rules_in_the_batch_write_it(tmp_path: Path, file: Path, rules: Path) -> None:
    reviewed(tmp_path, file, "previews-leave")
    assert redact(tmp_path, "--deid", "--deid-rules", rules) == 0
    assert black_rows(tmp_path) == BANNER


def test_areas_are_compared_and_not_the_names_of_options(
    tmp_path: Path, file: Path, rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviewed(tmp_path, file, "previews-leave")
    rules.write_text(RULES.replace("0,0,64,8", "0,0,64,7"))
    assert redact(tmp_path, "--deid", "--deid-rules", rules) == 1
    assert "all 4 frames: 0,0,63,7" in capsys.readouterr().err


def test_the_operator_can_leave_it_on_purpose(
    tmp_path: Path, file: Path, rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del rules
    reviewed(tmp_path, file, "previews-leave")
    assert redact(tmp_path, "--copy-clean", "--allow-unstored-previews") in {0, 1}
    assert "left as it is, as asked" in capsys.readouterr().err


def test_a_mark_on_some_frames_only_is_not_enough(
    tmp_path: Path, file: Path, rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del rules
    reviewed(tmp_path, file)
    with open_store(tmp_path, user="other") as store:
        (row,) = store.rects(str(file))
        store.remove_rects([row.id])
        store.add_rects(str(file), [NewRect(Box(0, 0, 64, 9), FrameAddress(0))])
    assert redact(tmp_path) == 1
    assert "3 of 4 frames, first 2: 0,0,63,7" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "expected"), [((), 1), (("--deid",), 0), (("--allow-unstored-previews",), 0)])
def test_a_file_finished_without_a_record_is_refused_for_what_rules_show_black(
    tmp_path: Path,
    file: Path,
    rules: Path,
    options: tuple[str, ...],
    expected: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DCMAUDIT_DEID_RULES", str(rules))
    with open_store(tmp_path, user="before") as store:
        store.add_rects(str(file), [NewRect(Box(0, 20, 9, 29), FrameAddress(0))])
        store.mark_done(str(file), DeviceFacts())
    assert redact(tmp_path, *options) == expected
    said = capsys.readouterr().err
    assert ("all 4 frames: 0,0,63,7: perhaps black" in said) == ("--deid" not in options)


def test_the_option_means_nothing_without_the_database(tmp_path: Path, file: Path) -> None:
    assert main(["redact", str(file), "--rect", "0,0,1,1", "--allow-unstored-previews"]) == 2
    assert not list(tmp_path.glob("**/*.redacted.dcm"))


MARKS: list[tuple[str, dict[str, Any]]] = [
    ("f1", {"box": [1, 20, 30, 29]}),
    ("f0", {"box": [40, 40, 64, 48], "scope": "all frames"}),
    ("f2", {"box": [5, 20, 25, 30], "scope": "all planes"}),
    ("o6000.1", {"box": [10, 10, 14, 14]}),
    ("o6002.0", {"box": [0, 0, 3, 3], "scope": "all overlays"}),
    ("b13.2", {"box": [9, 9, 20, 30]}),
    ("i0", {"box": [0, 0, 2, 2]}),
]


def full(path: Path) -> Path:
    """Frames, overlays, a stray bit and an icon in one file."""
    write_cine(path)
    import pydicom

    data = pydicom.dcmread(path)
    cells = np.random.default_rng(2).integers(50, 4000, (FRAMES, ROWS, COLUMNS)).astype(np.uint16)
    cells[2] |= np.uint16(1 << 13)
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.PixelData = cells.tobytes()
    small = dataset(np.full((6, 8), 9, np.uint8))
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if keyword in small:
            delattr(small, keyword)
    data.IconImageSequence = [small]
    data.save_as(path)
    return path


def test_the_exported_list_gives_the_plan_and_the_file_that_the_database_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rules: Path
) -> None:
    del rules
    file = full(tmp_path / "all.dcm")
    app = make_app(tmp_path, [file], smi_root=tmp_path / "smi")
    session = ready(app)
    for key, arguments in MARKS:
        do(session, "go-plane", key=key)
        do(session, "mark", **arguments)
    paint_all(session)
    do(session, "done-next", confirm=True)
    app.close()
    assert main(["db", "export", str(tmp_path / "lists"), "--db", str(tmp_path)]) == 0
    listed = ["--csv", str(tmp_path / "lists" / "rects.csv")]
    plans, digests = [], []
    for number, options in enumerate((["--from-db", "--db", str(tmp_path)], listed)):
        capsys.readouterr()
        assert main(["redact", *options, "--dry-run", "--json", "-o", str(tmp_path / "no")]) == 0
        plan = json.loads(capsys.readouterr().out)["plan"]
        plans.append([re.match(r"(.*?: [\d,]+): ", line).group(1) for line in plan if ": " in line and "," in line])  # type: ignore[union-attr]
        assert main(["redact", *options, "-o", str(tmp_path / f"out{number}")]) == 0
        (output,) = (tmp_path / f"out{number}").glob("*.dcm")
        digests.append(hashlib.sha256(output.read_bytes()).hexdigest())
    assert plans[0] == plans[1]
    assert len(plans[0]) > len(MARKS)
    assert digests[0] == digests[1]


def test_the_list_of_a_rectangle_whose_rows_were_deleted_is_refused_as_the_database_is(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str], rules: Path
) -> None:
    del rules
    reviewed(tmp_path, file)
    with open_store(tmp_path, user="other") as store, store._database.writing() as other:
        other.connection.exec_driver_sql('DELETE FROM "DicomRects" WHERE frame = 1')
    assert redact(tmp_path) == 1
    assert "deleted or changed by another program" in capsys.readouterr().err
    assert main(["db", "export", str(tmp_path / "lists"), "--db", str(tmp_path)]) == 0
    assert main(["redact", "--csv", str(tmp_path / "lists" / "rects.csv"), "-o", str(tmp_path / "out")]) == 1
    assert "rows are missing" in capsys.readouterr().err
