"""From the database to rules, and back against the same database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.detect.rules import parse_rules
from dcmaudit.detect.rules.making import Example, make_rules
from dcmaudit.detect.rules.writing import script_text
from dcmaudit.errors import UsageError
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, OverlayAddress, Verdict
from dcmaudit.pipeline.rulemaking import effects, reviewed, written
from dcmaudit.store import NewRect, TagChange, open_store
from support import deid_answers
from support.corpus import shared_compat
from support.headers import dataset

US = DeviceFacts(modality="US", image_type=("ORIGINAL", "PRIMARY"), model="CX50", rows=480, columns=640)
TOP, FOOT = Box(0, 0, 640, 40), Box(0, 460, 640, 480)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "dcmaudit.sqlite.db"
    with open_store(path, user="tester") as store:
        for name, boxes, done in (("/a", (TOP,), True), ("/b", (TOP,), True), ("/c", (TOP, FOOT), False)):
            store.add_rects(name, [NewRect(box, FrameAddress(frame)) for box in boxes for frame in (0, 1)])
            if done:
                store.finish(name, US, change=TagChange(marked=False, comment=""))
        store.add_rects(
            "/b",
            [NewRect(FOOT, OverlayAddress(0x6000, 0)), NewRect(FOOT, Everywhere.ALL_FRAMES, verdict=Verdict.HARMLESS)],
        )
        store.add_rects("/b", [NewRect(None, FrameAddress(0), text="all of it")])
        store.add_rects("/d", [NewRect(FOOT, FrameAddress(0))])
        store.finish("/d", US, change=TagChange(marked=True, comment="look again"))
        store.finish("/e", replace(US, model="clean"), change=TagChange(marked=False, comment=""))
    return path


def test_only_marks_on_frames_of_files_that_are_done_count(database: Path) -> None:
    with open_store(database, user="tester", read_only=True) as store:
        found = reviewed(store)
    assert sorted((one.name, one.boxes) for one in found.examples) == [("/a", (TOP,)), ("/b", (TOP,)), ("/e", ())]
    assert (found.left.not_done, found.left.tagged, found.left.overlay_rows, found.left.unclear_rows) == (1, 1, 1, 0)


def test_the_effects_name_what_a_rule_misses_and_hits_without_need() -> None:
    examples = [Example(str(number), US, (TOP,)) for number in range(3)]
    examples += [
        Example("more", US, (TOP, FOOT)),
        Example("none", US),
        Example("other", replace(US, model="X"), (TOP,)),
    ]
    text = written(make_rules(examples[:4], share=0.5))
    found = effects(text, examples)
    (effect,) = found.rules.values()
    assert (effect.matched, effect.covered, effect.missed, effect.unmarked) == (5, 3, ["more"], 1)
    assert found.unmatched == ["other"]


def test_deid_gives_the_same_answer_to_a_made_rule(tmp_path: Path) -> None:
    other = replace(US, burned_in_annotation="YES")
    made = make_rules([Example("1", US, (TOP,)), Example("2", other, (FOOT,))])
    path = tmp_path / "deid.dicom.made"
    path.write_text(written(made))
    loaded = deid_answers.recipe(path)
    start = {
        "Modality": "US",
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "ManufacturerModelName": "CX50",
        "Rows": 480,
        "Columns": 640,
    }
    assert deid_answers.matches(loaded, dataset(**start)) == [("marked", 0)]
    assert deid_answers.matches(loaded, dataset(**start, BurnedInAnnotation="")) == [("marked", 0)]
    assert deid_answers.matches(loaded, dataset(**start, BurnedInAnnotation="YES")) == [("marked", 1)]
    assert deid_answers.matches(loaded, dataset(**start, BurnedInAnnotation="NO")) == []


def test_a_name_that_recipes_cannot_say_is_refused() -> None:
    made = make_rules([Example("1", replace(US, model="A + contains Modality US"), (TOP,))])
    with pytest.raises(UsageError, match="cannot be written as a recipe"):
        written(made)


@pytest.mark.parametrize("words", [[], ["--ctp"]])
def test_the_command_writes_rules_that_load_and_reports(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    output = tmp_path / "deid.dicom.made"
    call = ["rules", "make", "--db", str(database), "-o", str(output), *words]
    assert main(call) == 0
    err = capsys.readouterr().err
    assert "3 files are done, 2 of them have marks" in err
    assert "not used: 1 mark is on overlays" in err
    assert "matches 2 files; covers all marks of 2\n" in err
    assert "--check-files asks the files" in err
    (rule,) = parse_rules(output.read_text()).rules
    assert "CX50 640x480" in rule.label
    assert main(call) == 2
    assert "exists" in capsys.readouterr().err
    assert main([*call, "--overwrite"]) == 0


def test_marks_that_no_rule_covers_end_with_1(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(database, user="tester") as store:
        store.finish("/c", US, change=TagChange(marked=False, comment=""))
    assert main(["rules", "make", "--db", str(database)]) == 1
    out, err = capsys.readouterr()
    assert "coordinates 0,0,640,40" in out
    assert "coordinates 0,460" not in out
    assert "not all of 1 (/c)" in err
    assert "rectangle (0, 460) to (639, 479) is left out, 1 of 3 files has it" in err


def test_files_that_cannot_be_asked_are_counted(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "make", "--db", str(database), "--check-files"]) == 1
    assert "3 cannot be read" in capsys.readouterr().err


def test_a_database_of_the_original_tool_gives_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "make", "--db", str(shared_compat())]) == 0
    out, err = capsys.readouterr()
    assert "equals ManufacturerModelName Vivid7" in out
    assert "made from a single file" in err


def test_a_script_of_made_rules_matches_the_same_files() -> None:
    examples = [Example("1", US, (TOP,)), Example("2", replace(US, burned_in_annotation="YES"), (FOOT,))]
    made = make_rules(examples)
    for text in (written(made), script_text(one.rule for one in made.rules)):
        found = effects(text, examples)
        assert [(one.matched, one.covered) for one in found.rules.values()] == [(1, 1), (1, 1)]
