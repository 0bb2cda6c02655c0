"""Rules and ultrasound regions are shown, blackened and applied as the options say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from dcmaudit.review import ReviewApp
from support.apps import do, ready, services_of, state, tables, write_cine

RULE = """FORMAT dicom

%filter graylist

LABEL Test Scanner writes a name at the top
contains ManufacturerModelName Test Scanner
coordinates 0,0,64,8
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with one deid rule."""
    folder = tmp_path / "smi" / "data" / "deid"
    folder.mkdir(parents=True)
    (folder / "deid.dicom.site").write_text(RULE)
    return tmp_path / "smi"


def region(left: int, top: int, right: int, bottom: int) -> Dataset:
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMinY0 = left, top
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = right, bottom
    return item


def test_a_matching_rule_is_shown_black_but_is_not_stored(
    open_app: Callable[..., ReviewApp], files: list[Path], site: Path, database: Path
) -> None:
    session = ready(open_app(files, smi_root=site))
    rects = state(session)["rects"]
    assert [(rect["box"], rect["source"], rect["applied"], rect["stored"]) for rect in rects] == [
        ([0, 0, 64, 8], "rules", True, False)
    ]
    assert "Test Scanner writes a name" in rects[0]["reason"]
    assert rects[0]["scope"] == "all frames"
    assert do(session, "go-plane", key="o6000.0")["rects"] == []
    assert tables(database) == {}


def test_the_options_switch_blackening_and_highlighting_apart(
    open_app: Callable[..., ReviewApp], files: list[Path], site: Path
) -> None:
    session = ready(open_app(files, smi_root=site))
    after = do(session, "set-option", name="redact-rules", value=False)
    assert [(rect["source"], rect["applied"]) for rect in after["rects"]] == [("rules", False)]
    after = do(session, "set-option", name="show-rules", value=False)
    assert after["rects"] == []
    after = do(session, "set-option", name="redact-rules", value=True)
    assert [(rect["applied"], rect["highlighted"]) for rect in after["rects"]] == [(True, False)]


def test_applying_stores_the_rectangle_of_a_rule(
    open_app: Callable[..., ReviewApp], files: list[Path], site: Path, database: Path
) -> None:
    session = ready(open_app(files, smi_root=site))
    after = do(session, "apply-all")
    assert [(rect["source"], rect["stored"]) for rect in after["rects"]] == [("stored", True)]
    assert [row[2:8] for row in tables(database)["DicomRects"]] == [(0, 7, 0, 63, frame, -1) for frame in range(4)]
    assert [row[2] for row in tables(database)["dcmaudit_rects"]] == ["all frames"]


def test_what_lies_outside_the_ultrasound_regions_is_suggested(
    open_app: Callable[..., ReviewApp], tmp_path: Path, site: Path
) -> None:
    file = write_cine(tmp_path / "us.dcm", ManufacturerModelName="Other",
                      SequenceOfUltrasoundRegions=[region(0, 8, 63, 47)])  # fmt: skip
    session = ready(open_app([file], smi_root=site))
    assert state(session)["rects"] == [], "they mostly repeat what a rule says, so they are off at first"
    rects = do(session, "set-option", name="show-ultrasound", value=True)["rects"]
    assert [(rect["box"], rect["source"], rect["applied"]) for rect in rects] == [([0, 0, 64, 8], "ultrasound", False)]
    after = do(session, "set-option", name="redact-ultrasound", value=True)
    assert [rect["applied"] for rect in after["rects"]] == [True]


def test_rules_that_cannot_be_read_are_reported_and_the_file_is_still_shown(
    open_app: Callable[..., ReviewApp], files: list[Path], site: Path
) -> None:
    (site / "data" / "deid" / "deid.dicom.site").write_text("LABEL without a filter\n")
    session = ready(open_app(files, smi_root=site))
    after = state(session)
    assert after["plane"]["key"] == "f0"
    told = [note for note in after["file"]["notes"] if note.startswith("the deid rules cannot be used")]
    assert len(told) == 1
    assert "deid.dicom.site: line 1, column 1" in told[0]


def test_rules_that_can_never_apply_are_told_with_every_file(
    open_app: Callable[..., ReviewApp], files: list[Path], site: Path
) -> None:
    rules = site / "data" / "deid" / "deid.dicom.site"
    rules.write_text("FORMAT dicom\n%filter graylist\nLABEL a\n  contains Manfacturer GE\n  coordinates 0,0,9,9\n")
    session = ready(open_app(files, smi_root=site))
    notes = state(session)["file"]["notes"]
    assert any("line 4, column 1: no element is called Manfacturer" in note for note in notes)


def test_a_rule_that_denies_a_file_is_told(open_app: Callable[..., ReviewApp], files: list[Path], site: Path) -> None:
    rules = site / "data" / "deid" / "deid.dicom.site"
    rules.write_text("FORMAT dicom\n%filter blacklist\nLABEL no scans\n  present Rows\n")
    notes = state(ready(open_app(files, smi_root=site)))["file"]["notes"]
    assert (
        "the rule 'no scans' (deid.dicom.site, line 3) of %filter blacklist denies this file: redacting by these rules"
        in str(notes)
    )


def test_regions_that_cannot_be_used_are_noted(open_app: Callable[..., ReviewApp], tmp_path: Path) -> None:
    file = write_cine(tmp_path / "us.dcm", SequenceOfUltrasoundRegions=[region(50, 40, 10, 10)])
    notes = state(ready(open_app([file])))["file"]["notes"]
    assert any(note.startswith("ultrasound region 1 of 1 is not kept") for note in notes)


def test_suggestions_are_being_looked_for_until_the_last_search_has_ended(
    open_app: Callable[..., ReviewApp], files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ready(open_app(files))
    file, suggestions = session.opened(), services_of(session).suggestions
    jobs: list[Callable[[], None]] = []
    monkeypatch.setattr(services_of(session).background, "soon", jobs.append)
    file.change(searched=frozenset())
    suggestions.begin(session, file)
    suggestions.begin(session, file)
    first, last = jobs
    first()
    assert state(session)["file"]["suggesting"]
    last()
    assert not state(session)["file"]["suggesting"]
