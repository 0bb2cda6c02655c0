"""``dcmaudit rules check``: which rules match which files, and which devices none."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main
from support.files import EXPLICIT, dataset, file_bytes
from support.headers import region

RECIPE = """FORMAT dicom
# what comes first

%filter graylist
LABEL top line
  contains ManufacturerModelName iU22
  coordinates 0,0,10,4
  coordinates 8,0,40,4
LABEL flag
  contains Modality US
LABEL nobody
  contains Manufacturer ATL
  coordinates 0,0,1,1
LABEL regions
  present SequenceOfUltrasoundRegions
  keepcoordinates from:SequenceOfUltrasoundRegions
"""


def image(path: Path, **elements: object) -> Path:
    made = dataset(np.zeros((10, 20), np.uint8))
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    path.write_bytes(file_bytes(made, EXPLICIT))
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("SMI_ROOT", raising=False)
    (tmp_path / "deid.dicom.site").write_text(RECIPE)
    image(tmp_path / "a.dcm", Modality="US", Manufacturer="Philips", ManufacturerModelName="iU22")
    image(tmp_path / "b.dcm", Modality="CT", Manufacturer="GE", ManufacturerModelName="LightSpeed")
    return tmp_path


def check(folder: Path, *words: str) -> int:
    return main(["rules", "check", *words, "--deid-rules", str(folder / "deid.dicom.site"), "-j", "1"])


def test_files_rules_and_devices_without_a_rule_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(folder, str(folder / "a.dcm"), str(folder / "b.dcm")) == 0
    out, err = capsys.readouterr()
    assert f"{folder}/a.dcm: 2 rectangles, 40.0% of the image" in out
    assert "  top line (deid.dicom.site, line 5, graylist)" in out
    assert "  flag (deid.dicom.site, line 9, graylist, no coordinates)" in out
    assert "line 8, from" not in out
    assert "line 8, reaches outside the image of 20 x 10 pixels; clipped to it" in out
    assert f"{folder}/b.dcm: no rule" in out
    assert "no rule for 1 of 1 file of CT GE LightSpeed, 20 x 10" in out
    assert "2 of 4 rules match a file" in out
    assert "deid.dicom.site: 4 rules\n" in err
    assert "2 answered, 1 matched by no rule" in err


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            "Manufacturer ATL",
            "Manfacturer ATL",
            "line 12, column 1: no element is called Manfacturer, perhaps Manufact",
        ),
        ("# what", "%header\nREMOVE PatientID # what", "line 2, column 1: a %header section is not about pixels"),
        ("LABEL nobody", "LABEL nothing\nLABEL nobody", "line 11, column 1: a rule with neither criteria nor coordin"),
        ("Manufacturer ATL", "OverlayRows 9", "line 12, column 1: OverlayRows is in each of several groups; write the"),
    ],
)
def test_a_part_that_can_never_do_anything_is_named_and_ends_with_1(
    folder: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, words: str
) -> None:
    (folder / "deid.dicom.site").write_text(RECIPE.replace(before, after))
    assert check(folder, str(folder / "a.dcm")) == 1
    out, err = capsys.readouterr()
    assert "top line (deid.dicom.site" in out
    assert f"redact --deid and the reviewer refuse these rules: {folder}/deid.dicom.site: {words}" in err
    if "%header" in after:
        assert "4 rules; not used: %header" in err
        assert check(folder, str(folder / "a.dcm"), "--ignore-sections") == 0
    elif "Manfacturer" in after:
        assert check(folder, str(folder / "a.dcm"), "--ignore-sections") == 1


def test_a_rule_that_denies_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "deid.dicom.site").write_text(RECIPE.replace("graylist", "blacklist"))
    assert check(folder, str(folder / "a.dcm")) == 0
    assert (
        "flag (deid.dicom.site, line 9, blacklist, no coordinates: redact refuses the file)" in capsys.readouterr().out
    )
    check(folder, str(folder / "a.dcm"), "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[0])["denied"] is True


def test_strict_ends_with_1_where_a_file_has_no_rule(folder: Path) -> None:
    assert check(folder, str(folder / "a.dcm"), "--strict") == 0
    assert check(folder, str(folder / "b.dcm"), "--strict") == 1


def test_the_table_has_a_line_a_file_and_rule(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "broken.dcm").write_bytes(b"\0" * 200)
    assert check(folder, *(str(folder / name) for name in ("a.dcm", "b.dcm", "broken.dcm", "gone.dcm")), "--csv") == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(Path(row["filename"]).name, row["rule"], row["coordinates"]) for row in rows[:3]] == [
        ("a.dcm", "top line", "2"), ("a.dcm", "flag", "0"), ("b.dcm", "", ""),
    ]  # fmt: skip
    assert rows[0]["model"] == "iU22"
    assert rows[0]["rule_line"] == "5"
    assert {Path(row["filename"]).name for row in rows[3:]} == {"broken.dcm", "gone.dcm"}
    assert all(row["problem"] for row in rows[3:])


def test_json_has_an_object_a_file_and_a_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image(folder / "c.dcm", Modality="US", SequenceOfUltrasoundRegions=[region(0, 2, 19, 9)])
    assert check(folder, str(folder / "a.dcm"), str(folder / "c.dcm"), "--json") == 0
    first, second, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert [one["label"] for one in first["rules"]] == ["top line", "flag"]
    assert first["rules"][0] == {
        "label": "top line",
        "file": "deid.dicom.site",
        "line": 5,
        "group": "graylist",
        "coordinates": 2,
        "denies": False,
    }
    assert (second["rectangles"], second["covered"], second["undecided"]) == (1, 0.2, False)
    assert last["summary"]["files"] == 2
    assert last["summary"]["devices"]["US Philips iU22, 20 x 10"] == {"files": 1, "matched": 1}


def test_a_rule_that_cannot_be_answered_is_named_and_ends_with_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image(folder / "c.dcm", Modality="US", SequenceOfUltrasoundRegions=[region(9, 9, 1, 1)])
    assert check(folder, str(folder / "c.dcm")) == 1
    out, err = capsys.readouterr()
    assert "! rule 'regions' (deid.dicom.site, line 14), line 16: the image has no usable ultrasound region" in out
    assert "1 undecided" in err


def test_a_rule_file_with_an_error_ends_with_2_before_any_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "deid.dicom.site").write_text(RECIPE.replace("contains Modality US", "contians Modality US"))
    assert check(folder, str(folder / "a.dcm")) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "deid.dicom.site: line 10, column 3: expected a criterion" in err


def test_the_sites_rules_are_used_by_default_and_our_own_without_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "check", str(folder / "a.dcm")]) == 0
    assert "deid.dicom.default: 1 rule" in capsys.readouterr().err
    site = folder / "site" / "data" / "deid"
    site.mkdir(parents=True)
    (folder / "deid.dicom.site").rename(site / "deid.dicom.site")
    monkeypatch.setenv("SMI_ROOT", str(folder / "site"))
    assert main(["rules", "check", str(folder / "a.dcm")]) == 0
    assert "data/deid/deid.dicom.site: 4 rules" in capsys.readouterr().err


def test_nothing_to_check_is_not_success(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    assert check(folder, str(folder / "empty")) == 1
    assert "no file to check" in capsys.readouterr().err


def test_usage_mistakes_end_with_2(folder: Path) -> None:
    assert main(["rules"]) == 2
    assert main(["rules", "check"]) == 2
    assert check(folder, str(folder / "a.dcm"), "--csv", "--json") == 2
    assert main(["rules", "check", str(folder / "a.dcm"), "--deid-rules", str(folder / "nowhere")]) in {1, 2}
    assert main(["rules", "check", str(folder / "a.dcm"), "-j", "0"]) == 2


def test_two_processes_give_the_same_answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [str(image(folder / f"{number}.dcm", Modality="US")) for number in range(5)]
    assert main(["rules", "check", *names, "--deid-rules", str(folder / "deid.dicom.site"), "-j", "2"]) == 0
    assert capsys.readouterr().out.count("  flag (") == 5
