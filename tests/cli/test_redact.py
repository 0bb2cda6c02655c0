"""``dcmaudit redact`` from outside: what goes in, what comes out, what is refused and how that is said."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main
from dcmaudit.dicom import open_instance
from dcmaudit.examples import write_examples
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, HowSeen, IconAddress, OverlayAddress, Verdict
from dcmaudit.store import NewRect, TagChange, open_store
from support.files import (
    JPEG_BASELINE,
    JPEG_LS,
    Overlay,
    PathReference,
    dataset,
    encode,
    file_bytes,
    gradient,
    reference,
)
from support.stored import put_seen
from support.thumbnails import with_thumbnail

FRAMES = np.stack([gradient(), gradient()[::-1]])


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    """Two frames and an overlay of two frames, all bits of which are on."""
    path = tmp_path / "in" / "cine.dcm"
    path.parent.mkdir()
    ones = np.ones((2, 16, 20), np.uint8)
    path.write_bytes(reference(FRAMES, frames=2, overlays=[Overlay(ones)]).data)
    return path


def output(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".dcm") + ".redacted.dcm")


def black(path: Path) -> dict[str, list[int] | None]:
    """For each plane the box of what is 0 and was not: left, top, right, bottom, inclusive."""
    found: dict[str, list[int] | None] = {}
    source = PathReference(path.with_name(path.name.replace(".redacted.dcm", ".dcm")))
    with open_instance(PathReference(path)) as after, open_instance(source) as before:
        for plane in after.scan_frames():
            new, old = after.read(plane.address).array, before.read(plane.address).array
            y, x = np.nonzero((new == 0) & (old != 0))
            found[plane.address.key] = [int(n) for n in (x.min(), y.min(), x.max(), y.max())] if len(x) else None
    return found


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> None:
    text = capsys.readouterr().err
    for word in words:
        assert word in text, text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--rect", "1,2,6,9"], {"f0": [1, 2, 6, 9], "f1": [1, 2, 6, 9]}),
        (["--rect", "(1,2,+6,+8)"], {"f0": [1, 2, 6, 9], "f1": [1, 2, 6, 9]}),
        (["--rect", "[1,2,3,9];4,2,6,9", "--frame", "1"], {"f1": [1, 2, 6, 9]}),
        (["--rect", "1,2,3,9", "--rect", "4,2,6,9", "--frame", "0"], {"f0": [1, 2, 6, 9]}),
        (["--rect", "1,2,6,9", "--overlay", "0", "--frame", "1"], {"o6000.1": [1, 2, 6, 9]}),
        (["--rect", "1,2,6,9", "--overlay", "6000", "--frame", "0"], {"o6000.0": [1, 2, 6, 9]}),
        (["--rect", "1,2,6,9", "--overlay", "all"], {"o6000.0": [1, 2, 6, 9], "o6000.1": [1, 2, 6, 9]}),
        (["--whole", "--overlay", "all"], {"o6000.0": [0, 0, 19, 15], "o6000.1": [0, 0, 19, 15]}),
        (
            ["--rect", "1,2,6,9", "--everywhere"],
            {"f0": [1, 2, 6, 9], "f1": [1, 2, 6, 9], "o6000.0": [1, 2, 6, 9], "o6000.1": [1, 2, 6, 9]},
        ),
        (
            ["--rect", "1,2,6,9", "--frame", "1", "--overlays", "same"],
            {"f1": [1, 2, 6, 9], "o6000.1": [1, 2, 6, 9]},
        ),
    ],
)
def test_rectangles_of_the_command_line(cine: Path, arguments: list[str], expected: dict[str, list[int]]) -> None:
    assert main(["redact", str(cine), *arguments]) == 0
    empty = dict.fromkeys(("f0", "f1", "o6000.0", "o6000.1"))
    assert black(output(cine)) == {**empty, **expected}


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_a_csv_list_with_its_columns_in_any_order(cine: Path, tmp_path: Path, order: slice) -> None:
    rows = [
        {"filename": str(cine), "frame": 1, "overlay": -1, "left": 1, "top": 2, "right": 6, "bottom": 9, "note": "x"},
        {"filename": str(cine), "frame": 0, "overlay": 0, "left": 0, "top": 0, "right": 3, "bottom": 3, "note": "y"},
        {"filename": str(cine), "frame": 0, "overlay": -1, "left": -1, "top": -1, "right": -1, "bottom": -1,
         "note": "the whole text"},
    ]  # fmt: skip
    table = tmp_path / "list.csv"
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0])[order])
        writer.writeheader()
        writer.writerows(rows)
    assert main(["redact", "--csv", str(table)]) == 0
    expected = {"f0": None, "f1": [1, 2, 6, 9], "o6000.0": [0, 0, 3, 3], "o6000.1": None}
    assert black(output(cine)) == expected


def test_a_csv_list_that_names_a_missing_file_is_not_done(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "list.csv"
    head = "filename,frame,overlay,left,top,right,bottom\n"
    table.write_text(f"{head}{cine},0,-1,1,2,6,9\n{tmp_path}/none.dcm,0,-1,1,2,6,9\n")
    assert main(["redact", "--csv", str(table)]) == 1
    assert output(cine).exists()
    refused(capsys, "none.dcm", "1 failed")


def test_a_csv_list_with_a_column_twice_is_refused(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "list.csv"
    table.write_text(f"filename,frame,overlay,left,top,right,bottom,frame\n{cine},0,-1,1,2,6,9,1\n")
    assert main(["redact", "--csv", str(table)]) == 1
    assert not output(cine).exists()
    refused(capsys, "the column frame is there twice")


def test_two_lists_are_refused_and_none_is_passed_over(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"filename,frame,overlay,left,top,right,bottom\n{cine},0,-1,1,2,6,9\n")
    words = ["redact", "--csv", str(tmp_path / "a.csv"), "--csv", str(tmp_path / "b.csv")]
    assert main(words) == 2
    assert not output(cine).exists()
    refused(capsys, "it is there twice, with different values")
    assert main([*words[:-1], str(tmp_path / "a.csv")]) == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0,-1,6,2,1,9", "holds no pixel"),
        ("0,-1,1,2,40,9", "reaches outside the plane of 32 x 24"),
        ("7,-1,1,2,6,9", "no such plane"),
        ("0,9,1,2,6,9", "no such plane"),
        ("-1,3,1,2,6,9", "is no plane"),
        ("0,-1,1,2,6,x", "bottom is no whole number"),
    ],
)
def test_a_row_that_cannot_be_done_keeps_its_file_from_being_written(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    table = tmp_path / "list.csv"
    table.write_text(f"filename,frame,overlay,left,top,right,bottom\n{cine},0,-1,1,2,6,9\n{cine},{line}\n")
    assert main(["redact", "--csv", str(table)]) == 1
    assert not output(cine).exists()
    refused(capsys, words, "1 refused")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rect", "1,2,32,9"], "reaches outside the plane of 32 x 24"),
        (["--rect=-1,2,6,9"], "reaches outside"),
        (["--rect", "1,2,6,9", "--frame", "2"], "no such plane"),
        (["--rect", "1,2,6,9", "--overlay", "3", "--frame", "0"], "no such plane"),
        ([], "in the database the file is not known by this name"),
        (["--ultrasound"], "nothing is asked for it"),
    ],
)
def test_what_cannot_be_done_is_refused(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    open_store(tmp_path, user="me").close()
    assert main(["redact", "--db", str(tmp_path), str(cine), *arguments]) == 1
    assert not output(cine).exists()
    refused(capsys, words, "1 refused")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rect", "6,2,1,9"],
        ["--rect", "1,2,+0,+5"],
        ["--rect", "1,2,3"],
        ["--rect", ";"],
        ["--frame", "1", "--whole", "--everywhere"],
        ["--frame", "1"],
        ["--rect", "1,1,2,2", "--overlay", "0"],
        ["--rect", "1,1,2,2", "--overlay", "6001", "--frame", "0"],
        ["--rect", "1,1,2,2", "--relative-path", "/x"],
        ["--rect", "1,1,2,2", "--deid-rules", "x"],
        ["--rect", "1,1,2,2", "--resume", "--overwrite"],
        ["--rect", "1,1,2,2", "--jobs", "0"],
        ["--rect", "1,1,2,2", "--include-unreviewed"],
        ["--rect", "1,1,2,2", "--moved"],
        ["--rect", "1,1,2,2", "--jobs", "2", "--dask", "tcp://127.0.0.1:9"],
    ],
)
def test_wrong_usage_begins_nothing(cine: Path, arguments: list[str]) -> None:
    assert main(["redact", str(cine), *arguments]) == 2
    assert not output(cine).exists()


def stored(folder: Path, path: Path, *, done: bool = True, marked: bool = False) -> None:
    with open_store(folder, user="me") as store:
        rects = [
            NewRect(Box(1, 2, 7, 10), FrameAddress(1)),
            NewRect(Box(0, 0, 4, 4), OverlayAddress(0x6000, 0)),
            NewRect(Box(20, 20, 32, 24), Everywhere.ALL_FRAMES),
        ]
        store.add_rects(str(path), rects)
        if done:
            store.finish(str(path), DeviceFacts(), change=TagChange(marked=marked, comment=""))


def test_the_database_of_what_is_done(cine: Path, tmp_path: Path) -> None:
    stored(tmp_path, cine)
    assert main(["redact", "--db", str(tmp_path)]) == 0
    found = black(output(cine))
    assert found == {"f0": [20, 20, 31, 23], "f1": [1, 2, 31, 23], "o6000.0": [0, 0, 3, 3], "o6000.1": None}


@pytest.mark.parametrize(
    ("how", "words"), [({"done": False}, "marked but not done"), ({"marked": True}, "another look")]
)
def test_files_that_are_not_done_are_redacted_only_when_asked(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: dict[str, bool], words: str
) -> None:
    stored(tmp_path, cine, **how)
    assert main(["redact", "--db", str(tmp_path), str(cine)]) == 1
    refused(capsys, words)
    assert not output(cine).exists()
    assert main(["redact", "--db", str(tmp_path), str(cine), "--from-db", "--include-unreviewed"]) == 0


def test_deid_rules_and_ultrasound_regions(tmp_path: Path) -> None:
    from support.files import Dataset

    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 4, 6
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 31, 23
    extra = {"SequenceOfUltrasoundRegions": [region], "Modality": "US"}
    path = tmp_path / "us.dcm"
    path.write_bytes(file_bytes(dataset(FRAMES, frames=2, extra=extra)))
    assert main(["redact", str(path), "--ultrasound"]) == 0
    with open_instance(PathReference(output(path))) as instance:
        for frame in (0, 1):
            left = instance.read(FrameAddress(frame)).array
            assert not left[:6].any()
            assert not left[:, :4].any()
            assert np.array_equal(left[6:, 4:], FRAMES[frame][6:, 4:])
    rules = tmp_path / "deid.dicom.test"
    rules.write_text(
        "FORMAT dicom\n\n%filter graylist\n\nLABEL corner\n  contains Modality US\n  coordinates 0,0,5,5\n"
    )
    output(path).unlink()
    assert main(["redact", str(path), "--deid", "--deid-rules", str(rules)]) == 0
    with open_instance(PathReference(output(path))) as instance:
        for frame in (0, 1):
            left, expected = instance.read(FrameAddress(frame)).array, FRAMES[frame].copy()
            expected[:5, :5] = 0
            assert np.array_equal(left, expected)


def test_the_plan_is_printed_and_nothing_written(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", str(cine), "--rect", "1,2,6,9", "--dry-run", "--overlays", "same"]) == 0
    assert capsys.readouterr().out == (
        f"{cine}: can be redacted\n"
        "  every plane of frames: 1,2,6,9: command line: --rect\n"
        "  every plane of overlay 6000: 1,2,6,9: command line: --rect\n"
        f"  output: {output(cine)}\n"
    )
    assert not output(cine).exists()
    assert main(["redact", str(cine), "--rect", "1,2,32,9", "-n"]) == 1
    assert "cannot be done: 1,2,32,9 on all frames (command line): it reaches outside" in capsys.readouterr().out


def test_what_cannot_be_done_of_a_list_names_its_line(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "marks.csv"
    lines = [f"{cine},0,-1,1,2,6,9", f"{cine},7,-1,1,2,6,9"]
    listed.write_text("\n".join(["filename,frame,overlay,left,top,right,bottom", *lines]))
    assert main(["redact", "--csv", str(listed), "-n"]) == 1
    told = capsys.readouterr().out
    assert "cannot be done: 1,2,6,9 on frame 8 (7 in lists) (marks.csv line 3): the file has no such plane" in told


def test_the_plan_names_overlays_that_are_removed_and_bits_that_are_cleared(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["redact", str(cine), "--overlays", "remove", "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        f"{cine}: can be redacted\n"
        "  every plane of overlay 6000: removed: --overlays remove\n"
        f"  output: {output(cine)}\n"
    )
    write_examples(tmp_path / "examples")
    assert (
        main(["redact", str(tmp_path / "examples" / "high-bits.dcm"), "--remove-high-bit-overlays", "--dry-run"]) == 0
    )
    assert ": cleared: --remove-high-bit-overlays\n" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["redact", "verify"])
@pytest.mark.parametrize("option", [["--deid-rules", "rules"], ["--ignore-sections"]])
def test_options_about_rules_are_refused_where_no_rules_are_used(
    cine: Path, capsys: pytest.CaptureFixture[str], command: str, option: list[str]
) -> None:
    files = [str(cine)] if command == "redact" else [str(cine), str(cine)]
    assert main([command, *files, "--rect", "1,2,6,9", *option]) == 2
    assert f"{option[0]} means nothing without --deid" in capsys.readouterr().err


def test_a_value_that_begins_with_a_minus_is_told_how_it_is_written(
    cine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["redact", str(cine), "--rect", "-5,0,9,9"]) == 2
    assert "--rect: expected one argument (a value that begins with - is joined by =" in capsys.readouterr().err


def test_a_dry_run_finds_what_only_the_encoders_know(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = encode(gradient(), JPEG_LS)
    path = tmp_path / "bad.dcm"
    path.write_bytes(file_bytes(dataset(FRAMES, frames=2), JPEG_LS, frames=[good, good[:45] + good[-4:]]))
    assert main(["redact", str(path), "--rect", "1,2,6,9", "--frame", "0", "-n"]) == 1
    said = capsys.readouterr()
    assert "frame 2: " in said.err
    assert f"{path}: refused\n  cannot be done: frame 2: " in said.out
    assert "1 input (planned, nothing written): 1 refused" in said.err


def test_an_existing_output_is_refused_resumed_or_replaced(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["redact", str(cine), "--rect", "1,2,6,9"]
    output(cine).write_text("something")
    assert main(arguments) == 1
    assert main([*arguments, "--dry-run"]) == 1
    refused(capsys, "exists already")
    assert output(cine).read_text() == "something"
    assert main([*arguments, "--resume"]) == 1
    refused(capsys, "is there and is not what is asked for now")
    assert main([*arguments, "--overwrite"]) == 0
    assert black(output(cine))["f0"] == [1, 2, 6, 9]
    assert main([*arguments, "--resume"]) == 0
    refused(capsys, "1 done before")


def test_a_second_run_over_a_folder_leaves_its_outputs_alone(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["redact", str(cine.parent), "--rect", "1,2,6,9"]
    assert main(arguments) == 0
    assert main([*arguments, "--resume"]) == 0
    refused(capsys, "1 done before", "1 named like outputs")
    assert sorted(path.name for path in cine.parent.iterdir()) == ["cine.dcm", "cine.redacted.dcm"]
    assert main(["redact", str(output(cine)), "--rect", "1,2,6,9"]) == 0
    assert (cine.parent / "cine.redacted.redacted.dcm").exists()


def test_two_inputs_never_share_an_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / name / "same.dcm" for name in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(reference(gradient()).data)
    arguments = ["redact", *map(str, paths), "--rect", "1,2,6,9", "-o", str(tmp_path / "out")]
    assert main([*arguments, "--overwrite"]) == 1
    refused(capsys, "is also that of")
    assert main([*arguments, "--relative-path", str(tmp_path)]) == 0
    assert sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.dcm")) == [
        "a/same.redacted.dcm", "b/same.redacted.dcm", "same.redacted.dcm",
    ]  # fmt: skip
    assert main([*arguments, "--relative-path", str(tmp_path / "a"), "--overwrite"]) == 1
    refused(capsys, f"not below {tmp_path / 'a'}")


def test_overwriting_never_touches_an_input(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output of the first is the second input; a link makes the output of the third the third itself."""
    second, third = output(cine), cine.with_name("third.dcm")
    second.write_bytes(cine.read_bytes())
    third.write_bytes(cine.read_bytes())
    output(third).symlink_to(third)
    files = [cine, second, third]
    before = [path.read_bytes() for path in files]
    assert main(["redact", *map(str, files), "--rect", "1,2,6,9", "--overwrite"]) == 1
    refused(capsys, "inputs are never replaced", "2 refused")
    assert [path.read_bytes() for path in files] == before


def test_a_dangling_link_in_the_place_of_an_output_is_not_followed(cine: Path, tmp_path: Path) -> None:
    output(cine).symlink_to(tmp_path / "elsewhere")
    assert main(["redact", str(cine), "--rect", "1,2,6,9"]) == 1
    assert main(["redact", str(cine), "--rect", "1,2,6,9", "--overwrite"]) == 0
    assert not (tmp_path / "elsewhere").exists()
    assert not output(cine).is_symlink()


def test_a_folder_that_is_a_file_refuses_the_output(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("a file")
    assert main(["redact", str(cine), "--rect", "1,2,6,9", "-o", str(tmp_path / "out")]) == 1
    refused(capsys, "cannot be written")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_refuses_the_output(cine: Path) -> None:
    cine.parent.chmod(0o555)
    assert main(["redact", str(cine), "--rect", "1,2,6,9"]) == 1
    cine.parent.chmod(0o755)


def test_a_file_known_under_another_name_gets_its_marks_only_when_asked(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(tmp_path, cine)
    with open_instance(PathReference(cine)) as instance, open_store(tmp_path, user="me") as store:
        store.put_identity(str(cine), instance.identity())
    moved = cine.rename(tmp_path / "moved.dcm")
    arguments = ["redact", "--db", str(tmp_path), str(moved)]
    assert main(arguments) == 1
    assert not output(moved).exists()
    refused(capsys, "not known by this name", "--moved", "db adopt")
    assert main([*arguments, "--moved"]) == 0
    assert black(output(moved))["f0"] == [20, 20, 31, 23]
    with open_store(tmp_path, user="me") as store:
        assert store.rects(str(cine))  # the database is as it was
        assert not store.rects(str(moved))
        for name in ("/other", str(cine)):
            store.finish(name, DeviceFacts(), change=TagChange(marked=False, comment=""))
        with open_instance(PathReference(moved)) as instance:
            store.put_identity("/other", instance.identity())
    output(moved).unlink()
    assert main([*arguments, "--moved"]) == 1
    refused(capsys, "2 other names are the same image", "--from")


def test_files_with_nothing_to_redact_are_copied_as_they_are_when_asked_and_seen(cine: Path, tmp_path: Path) -> None:
    with open_store(tmp_path, user="me") as store, open_instance(PathReference(cine)) as instance:
        store.finish(str(cine), DeviceFacts(), change=TagChange(marked=False, comment=""))
        status, seen = cine.stat(), next(how for how in HowSeen if how.is_seen)
        store.put_identity(str(cine), instance.identity(), size=status.st_size, modified_ns=status.st_mtime_ns)
        put_seen(store, str(cine), seen, [plane.address for plane in instance.planes])
    arguments = ["redact", "--db", str(tmp_path), str(cine)]
    assert main(arguments) == 1
    assert main([*arguments, "--copy-clean"]) == 0
    assert output(cine).read_bytes() == cine.read_bytes()


def test_side_files_are_there_with_the_output_or_none_is(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["redact", str(cine), "--rect", "1,2,6,9", "--sidecar", "--proof"]
    taken = cine.with_name("cine.redacted.proof.json")
    taken.write_text("{}")
    assert main(arguments) == 1
    refused(capsys, "cine.redacted.proof.json exists already")
    assert sorted(path.name for path in cine.parent.iterdir()) == ["cine.dcm", "cine.redacted.proof.json"]
    taken.unlink()
    assert main(arguments) == 0
    side = json.loads(cine.with_name("cine.redacted.json").read_text())
    assert side["redacted"] == [{"plane": f"f{n}", "boxes": [[1, 2, 6, 9]]} for n in (0, 1)]
    assert json.loads(taken.read_text())["passed"] is True
    assert not any("Doe" in path.read_text() or "4711" in path.read_text() for path in cine.parent.glob("*.json"))


def test_json_tells_every_file(cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "in" / "broken.dcm"
    text.write_bytes(cine.read_bytes()[:700])
    assert main(["redact", str(cine), str(text), "--rect", "1,2,6,9", "--json", "--ordered"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["outcome"] for line in lines] == ["done", "refused"]
    assert lines[0]["proof"]["passed"] is True


def test_one_bad_file_never_stops_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(6):
        data = reference(gradient()).data
        (tmp_path / f"{number}.dcm").write_bytes(data[:900] if number == 2 else data)
    assert main(["redact", str(tmp_path), "--rect", "1,2,6,9", "-j", "2"]) == 1
    assert len(list(tmp_path.glob("*.redacted.dcm"))) == 5
    refused(capsys, "6 inputs: 5 redacted and proved, 1 refused")


def test_new_uids_differ_from_the_old_and_from_each_other(tmp_path: Path) -> None:
    uids = set()
    for number in range(2):
        path = tmp_path / f"{number}.dcm"
        extra = {"SOPInstanceUID": f"1.2.3.{number}"}
        path.write_bytes(reference(gradient(), extra=extra).data)
    assert main(["redact", str(tmp_path), "--rect", "1,2,6,9", "--new-uids"]) == 0
    for path in tmp_path.glob("*.redacted.dcm"):
        with open_instance(PathReference(path)) as instance:
            uids.add(instance.identity().sop_instance_uid)
    assert len(uids) == 2
    assert all(str(uid).startswith("2.25.") for uid in uids)


def test_a_kill_in_the_middle_leaves_no_half_file(tmp_path: Path) -> None:
    """A real process, killed while it writes; whatever has its name is whole."""
    frames = np.zeros((40, 1024, 1024), np.uint8)
    for number in range(6):
        (tmp_path / f"{number}.dcm").write_bytes(reference(frames, frames=40).data)
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "dcmaudit",
        "redact",
        str(tmp_path),
        "--rect",
        "1,2,600,900",
        "-o",
        str(out),
        "-j",
        "1",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 60
        while not out.exists() or not list(out.iterdir()):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.005)
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    size = (tmp_path / "0.dcm").stat().st_size
    written = [path for path in out.iterdir() if path.name.endswith(".redacted.dcm")]
    assert 0 < len(written) < 6
    for path in written:
        assert path.stat().st_size >= size
        with open_instance(PathReference(path)) as instance:
            assert not instance.read(FrameAddress(39)).array.any()
    assert main(["redact", str(tmp_path), "--rect", "1,2,600,900", "-o", str(out), "--resume", "-j", "1"]) == 0
    assert len([path for path in out.iterdir() if path.name.endswith(".redacted.dcm")]) == 6


def write_rules(folder: Path, text: str) -> str:
    path = folder / "deid.dicom.site"
    path.write_text(f"FORMAT dicom\n{text}")
    return str(path)


@pytest.mark.parametrize("command", ["redact", "verify"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "%filter graylist\nLABEL a\n  contains Manfacturer X\n  coordinates 0,0,5,5\n",
            "line 4, column 1: no element",
        ),
        ("%header\nREMOVE PatientID\n%filter x\nLABEL a\n  present Rows\n", "line 2, column 1: a %header section"),
        ("%filter graylist\nLABEL a\nLABEL b\n  present Rows\n", "line 3, column 1: a rule with neither"),
    ],
)
def test_rules_that_can_never_do_anything_end_the_run(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, text: str, words: str
) -> None:
    rules = write_rules(tmp_path, text)
    files = [str(cine)] if command == "redact" else [str(cine), str(cine)]
    assert main([command, *files, "--deid", "--deid-rules", rules]) == 2
    assert f"{rules}: {words}" in capsys.readouterr().err
    assert not output(cine).exists()
    if "%header" in text:
        assert main([command, *files, "--deid", "--deid-rules", rules, "--ignore-sections"]) != 2


def test_rules_in_a_folder_under_a_name_that_is_not_read_end_the_run(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    rule = "%filter graylist\nLABEL a\n  present Rows\n  coordinates 0,0,5,5\n"
    write_rules(folder, rule)
    (folder / "site.dicom").write_text(f"FORMAT dicom\n{rule}")
    assert main(["redact", str(cine), "--deid", "--deid-rules", str(folder)]) == 2
    assert "site.dicom: a file of rules that would not be read" in capsys.readouterr().err
    assert not output(cine).exists()


def test_a_blacklist_rule_without_coordinates_refuses_the_file_and_one_with_them_blackens(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = write_rules(tmp_path, "%filter blacklist\nLABEL no scans\n  present Rows\n")
    for more in ([], ["--whole"]):
        assert main(["redact", str(cine), "--deid", "--deid-rules", rules, *more]) == 1
        told = capsys.readouterr().err
        assert "the rule 'no scans' (deid.dicom.site, line 3) of %filter blacklist denies the file" in told
        assert not output(cine).exists()
    (tmp_path / "other").mkdir()
    rule = "%filter blacklist\nLABEL no scans\n  present Rows\n  coordinates 0,0,5,5\n"
    rules = write_rules(tmp_path / "other", rule)  # rules are read once a process
    assert main(["redact", str(cine), "--deid", "--deid-rules", rules]) == 0
    assert black(output(cine))["f0"] == [0, 0, 4, 4]


def test_the_list_that_ocr_writes_names_icons_and_thumbnails_by_their_keys(tmp_path: Path) -> None:
    made = dataset(gradient(64, 64), extra={"IconImageSequence": [dataset(gradient(32, 32))]})
    path = tmp_path / "one.dcm"
    path.write_bytes(file_bytes(made, JPEG_BASELINE, frames=[with_thumbnail(gradient(64, 64))]))
    lines = [f"{path},0,{key},1,2,6,9" for key in ("i0", "t0.0")]
    table = tmp_path / "list.csv"
    table.write_text("\n".join(["filename,frame,overlay,left,top,right,bottom", *lines]))
    assert main(["redact", "--csv", str(table)]) == 0
    with open_instance(PathReference(output(path))) as after:
        assert [plane.address.key for plane in after.all_planes()] == ["f0", "i0"]
        assert not after.read(IconAddress(0)).array[2:10, 1:7].any()
    table.write_text(table.read_text().replace("t0.0", "t0.7"))
    assert main(["redact", "--csv", str(table), "--overwrite"]) == 1


# What was judged harmless


def test_rectangles_with_harmless_text_are_black_unless_others_are_asked_for(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(Box(1, 2, 7, 10), Verdict.HARMLESS), (Box(8, 2, 14, 10), Verdict.UNKNOWN),
            (Box(1, 12, 7, 15), Verdict.IDENTIFYING)]  # fmt: skip
    with open_store(tmp_path, user="anna") as store:
        store.add_rects(str(cine), [NewRect(box, FrameAddress(0), verdict=verdict) for box, verdict in rows])
        store.mark_done(str(cine), DeviceFacts("OT"))
    out = tmp_path / "out"
    assert main(["redact", "--db", str(tmp_path), str(cine), "--from-db", "-o", str(out), "--proof"]) == 0
    assert len(rectangles(out)) == 3
    words = ["--black", "identifying,unknown", "--overwrite"]
    assert main(["redact", "--db", str(tmp_path), str(cine), "--from-db", "-o", str(out), "--proof", *words]) == 0
    assert rectangles(out) == [[1, 12, 6, 14], [8, 2, 13, 9]]
    assert "1 rectangle with harmless text left as asked (--black)" in capsys.readouterr().err


def rectangles(folder: Path) -> list[list[int]]:
    (record,) = folder.glob("*.proof.json")
    return sorted(one["box"] for one in json.loads(record.read_text())["rectangles"])


@pytest.mark.parametrize("column", ["is_sensitive", "nerpii"])
def test_a_list_may_say_what_is_harmless(
    column: str, cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(
        f"filename,frame,overlay,left,top,right,bottom,{column}\n{cine},0,-1,1,2,6,9,0\n{cine},0,-1,8,2,13,9,-1\n"
        f"{cine},0,-1,1,12,6,14,1\n{cine},0,-1,9,11,12,14,\n"
    )
    out = tmp_path / "out"
    words = ["redact", "--csv", str(listed), "-o", str(out), "--proof"]
    assert main([*words, "--black", "identifying,unknown"]) == 0
    assert rectangles(out) == [[1, 12, 6, 14], [8, 2, 13, 9], [9, 11, 12, 14]]
    assert "1 rectangle with harmless text" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
    assert len(rectangles(out)) == 4


def test_two_verdicts_that_contradict_each_other_leave_nothing(cine: Path, tmp_path: Path) -> None:
    listed, out = tmp_path / "list.csv", tmp_path / "out"
    listed.write_text(
        f"filename,frame,overlay,left,top,right,bottom,nerpii,is_sensitive\n{cine},0,-1,1,2,6,9,0,1\n"
        f"{cine},0,-1,8,2,13,9,1,0\n{cine},0,-1,1,12,6,14,0,0\n{cine},0,-1,9,11,12,14,0,\n"
    )
    assert main(["redact", "--csv", str(listed), "-o", str(out), "--proof", "--black", "identifying,unknown"]) == 0
    assert rectangles(out) == [[1, 2, 6, 9], [8, 2, 13, 9]]


def test_a_file_with_harmless_text_alone_is_not_passed_off_as_done(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"filename,frame,overlay,left,top,right,bottom,nerpii\n{cine},0,-1,1,2,6,9,0\n")
    words = ["redact", "--csv", str(listed), "-o", str(tmp_path / "out"), "--black", "identifying,unknown"]
    assert main(words) == 1
    assert "nothing is asked for it" in capsys.readouterr().err


RECTS = "filename,frame,overlay,left,top,right,bottom"


def redacted(listed: Path, text: str) -> int:
    listed.write_text(text)
    out = str(listed.parent / "out")
    return main(["redact", "--csv", str(listed), "-o", out, "--black", "identifying,unknown"])


@pytest.mark.parametrize(
    "line", ["DOE, 0,0,1", "DOE,1,0,1", "DOE, JANE,0,0,1", "DOE"], ids=["verdict", "field too many", "two", "too few"]
)
def test_a_line_with_more_or_fewer_fields_than_titles_is_never_read_from_other_columns(
    line: str, cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = f"{cine},0,-1,1,12,6,14,X,-1,1\n"
    assert redacted(tmp_path / "list.csv", f"{RECTS},ocrtext,nerengine,nerpii\n{good}{cine},0,-1,1,2,6,9,{line}\n") == 1
    said = capsys.readouterr().err
    assert "line 3: it has" in said
    assert "and there are 10 titles" in said
    assert "DOE" not in said
    assert not list(tmp_path.glob("out/*.dcm"))


def test_a_quote_that_is_not_closed_swallows_no_rectangle(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = f'{cine},0,-1,1,2,6,9,"DOE\n{cine},0,-1,8,2,13,9,JANE\n'
    assert redacted(tmp_path / "list.csv", f"{RECTS},ocrtext\n{lines}") != 0
    assert "the quotes do not match" in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*.dcm"))


def test_two_columns_of_verdicts_of_one_name_are_refused(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert redacted(tmp_path / "list.csv", f"{RECTS},nerpii,nerPII\n{cine},0,-1,1,2,6,9,1,0\n") != 0
    assert "the column nerpii is there twice" in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*.dcm"))


def test_black_means_nothing_without_rectangles_that_were_judged(
    cine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["redact", "--rect", "1,1,5,5", "--black", "identifying,unknown", str(cine)]) == 2
    refused(capsys, "--black means nothing")
