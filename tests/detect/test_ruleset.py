"""Rules of all files together: which rectangles follow, why, and what is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmaudit.detect.problems import ProblemKind
from dcmaudit.detect.rules import default_rules, load_rules, parse_rules, rule_files, suggest_by_rules
from dcmaudit.dicom.header_view import unknown_element
from dcmaudit.errors import RuleError, SourceUnreadableError
from dcmaudit.model import Box, Everywhere, Origin, Size
from support.headers import header, ultrasound

SIZE = Size(640, 480)
HEAD = "FORMAT dicom\n%filter graylist\n"


def rule(label: str, *lines: str) -> str:
    return "\n".join([f"LABEL {label}", *lines]) + "\n"


def test_a_rectangle_is_for_every_frame_and_names_its_rule_and_line_but_no_value() -> None:
    rules = parse_rules(
        HEAD + rule("top line # (me)", "contains PatientName SMITH", "coordinates 0,0,640,40"), "deid.dicom.us"
    )
    found = suggest_by_rules(rules, header(PatientName="SMITH^JOHN"), SIZE)
    (region,) = found.regions
    assert (region.box, region.scope, region.origin) == (Box(0, 0, 640, 40), Everywhere.ALL_FRAMES, Origin.RULE)
    assert region.reason == "rule 'top line' (deid.dicom.us, line 3)"
    assert region.text is None
    assert found.is_complete


def test_a_rule_without_coordinates_matches_and_gives_no_rectangle() -> None:
    found = suggest_by_rules(parse_rules(HEAD + rule("flag", "present Rows")), header(Rows=1), SIZE)
    assert ([one.label for one in found.matches], found.regions, found.is_complete) == (["flag"], (), True)


def test_lines_are_painted_in_order_over_all_rules() -> None:
    text = (
        HEAD
        + rule("all", "coordinates all")
        + rule("keep", "keepcoordinates 10,10,20,20")
        + rule("name", "coordinates 12,12,14,14")
    )
    found = suggest_by_rules(parse_rules(text), header(Rows=1), Size(30, 30))
    covered = {
        (x, y)
        for one in found.regions
        for x in range(one.box.left, one.box.right)
        for y in range(one.box.top, one.box.bottom)
    }
    assert len(covered) == 900 - 100 + 4
    assert (12, 12) in covered
    assert (11, 12) not in covered
    assert any(
        "'all' (rules, line 3), less what rule 'keep' (rules, line 5) keeps" in one.reason for one in found.regions
    )


def test_a_rule_that_only_keeps_redacts_everything_else_without_touching_what_is_kept() -> None:
    found = suggest_by_rules(
        parse_rules(HEAD + rule("k", "present Rows", "keepcoordinates 10,20,630,470")), header(Rows=1), SIZE
    )
    assert [one.box for one in found.regions] == [
        Box(0, 0, 640, 20), Box(0, 20, 10, 470), Box(630, 20, 640, 470), Box(0, 470, 640, 480),
    ]  # fmt: skip
    assert found.regions[0].reason == "outside of what rule 'k' (rules, line 3) keeps"


def test_several_lines_that_keep_are_kept_together() -> None:
    text = HEAD + rule("k", "keepcoordinates 0,0,320,480", "keepcoordinates 320,0,640,480")
    assert suggest_by_rules(parse_rules(text), header(Rows=1), SIZE).regions == ()


def test_a_rectangle_beyond_the_edge_is_clipped_and_named_and_nothing_is_missing() -> None:
    found = suggest_by_rules(parse_rules(HEAD + rule("wide", "coordinates 600,0,1150,60")), header(Rows=1), SIZE)
    assert [one.box for one in found.regions] == [Box(600, 0, 640, 60)]
    assert [one.kind for one in found.problems] == [ProblemKind.CLIPPED]
    assert "'wide' (rules, line 3), line 4," in found.problems[0].message
    assert found.is_complete


def test_a_rectangle_wholly_outside_is_a_blocking_problem() -> None:
    found = suggest_by_rules(parse_rules(HEAD + rule("far", "coordinates 640,0,1150,60")), header(Rows=1), SIZE)
    assert found.regions == ()
    assert [one.kind for one in found.problems] == [ProblemKind.OUTSIDE]
    assert not found.is_complete


def test_a_pattern_that_takes_too_long_leaves_its_rule_undecided_and_the_others_answered() -> None:
    text = (
        HEAD
        + rule("slow", "contains SeriesDescription (a|aa)+(a|aaa)+c?!", "coordinates all")
        + rule("b", "coordinates 0,0,1,1")
    )
    found = suggest_by_rules(parse_rules(text), header(SeriesDescription="a" * 60 + "b!"), SIZE)
    assert [one.label for one in found.matches] == ["b"]
    assert [one.kind for one in found.problems] == [ProblemKind.UNDECIDED]
    assert "'slow'" in found.problems[0].message
    assert "aaa" not in found.problems[0].message
    assert not found.is_complete


def test_the_same_rectangle_of_two_rules_is_one_with_both_reasons() -> None:
    text = HEAD + rule("a", "coordinates 0,0,9,9") + rule("b", "coordinates 0,0,9,9")
    (region,) = suggest_by_rules(parse_rules(text), header(Rows=1), SIZE).regions
    assert region.reason == "rule 'a' (rules, line 3); rule 'b' (rules, line 5)"


def test_the_default_rules_redact_outside_the_ultrasound_regions() -> None:
    rules = load_rules([default_rules()])
    found = suggest_by_rules(rules, ultrasound((0, 60, 639, 479)), SIZE)
    assert [one.box for one in found.regions] == [Box(0, 0, 640, 60)]
    assert found.is_complete
    assert suggest_by_rules(rules, header(Modality="CT"), SIZE).regions == ()
    assert suggest_by_rules(rules, ultrasound(), SIZE).matches == ()


def test_regions_to_keep_that_cannot_be_used_are_a_blocking_problem() -> None:
    found = suggest_by_rules(load_rules([default_rules()]), ultrasound((9, 9, 1, 1)), SIZE)
    assert found.regions == ()
    assert [one.kind for one in found.problems] == [ProblemKind.REGION_IGNORED, ProblemKind.NO_REGIONS]
    assert not found.is_complete


def test_coordinates_all_with_no_usable_region_redacts_the_whole_image() -> None:
    text = HEAD + rule("all", "coordinates all", "keepcoordinates from:SequenceOfUltrasoundRegions")
    found = suggest_by_rules(parse_rules(text), header(Rows=1), SIZE)
    assert [one.box for one in found.regions] == [Box.whole(SIZE)]
    assert [one.kind for one in found.problems] == [ProblemKind.NO_REGIONS]


def test_a_recipe_does_not_take_away_what_a_ctp_script_adds(tmp_path: Path) -> None:
    (tmp_path / "deid.dicom").write_text(HEAD + rule("k", "keepcoordinates 0,0,640,480"))
    (tmp_path / "x.script").write_text("{ true. } (0,0,640,40)")
    found = suggest_by_rules(load_rules(rule_files(tmp_path)), header(Rows=1), SIZE)
    assert [one.box for one in found.regions] == [Box(0, 0, 640, 40)]


# Files -----------------------------------------------------------------------------------------------------------


def test_the_rules_are_looked_for_where_the_guide_says(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "deid"
    folder.mkdir(parents=True)
    for name in ("deid.dicom.us", "deid.dicom.ct", "deid.dicom.us~", "deid.dicom.ct.bak", "notes.txt", "old.script"):
        (folder / name).write_text(HEAD)
    (folder / "notes.txt").write_text("Who wrote which rule\n")
    (folder / "deid.dicom.folder").mkdir()
    assert [path.name for path in rule_files(smi_root=tmp_path)] == ["deid.dicom.ct", "deid.dicom.us", "old.script"]
    assert rule_files(smi_root=tmp_path / "absent") == []
    assert rule_files() == []
    assert rule_files(folder / "notes.txt") == [folder / "notes.txt"]


def test_rules_that_were_asked_for_and_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuleError):
        rule_files(tmp_path / "absent")
    with pytest.raises(RuleError):
        rule_files(tmp_path)
    with pytest.raises(RuleError):
        load_rules([tmp_path / "absent"])
    with pytest.raises(SourceUnreadableError):
        load_rules([tmp_path])


def test_a_file_named_twice_is_loaded_once_and_a_circle_of_links_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "deid.dicom.a"
    path.write_text(HEAD + rule("a", "present Rows"))
    (tmp_path / "deid.dicom.b").symlink_to(path)
    assert len(load_rules([path, path, tmp_path / "deid.dicom.b"])) == 1
    (tmp_path / "deid.dicom.c").symlink_to(tmp_path / "deid.dicom.d")
    (tmp_path / "deid.dicom.d").symlink_to(tmp_path / "deid.dicom.c")
    with pytest.raises(SourceUnreadableError):
        load_rules([tmp_path / "deid.dicom.c"])


def test_same_named_filters_of_two_files_are_both_used(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(HEAD + rule(name, "present Rows"))
    found = suggest_by_rules(load_rules([tmp_path / "a", tmp_path / "b"]), header(Rows=1), SIZE)
    assert [(one.label, one.file) for one in found.matches] == [("a", "a"), ("b", "b")]


def test_one_error_in_one_file_refuses_all_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "deid.dicom.a").write_text(HEAD + rule("a", "present Rows"))
    (tmp_path / "deid.dicom.b").write_text(HEAD + rule("b", "presnt Rows") + rule("c", "coordinates 1,2,3"))
    with pytest.raises(
        RuleError, match=r"deid.dicom.b: line 4, column 1: expected a criterion.*; more errors in line 6"
    ):
        load_rules(rule_files(tmp_path))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"FORMAT dicom\n%filter x\nLABEL \x81", "line 3, column 7: not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"just words", "line 1, column 1: neither"),
        (b"", "neither"),
        (b"%filter x\n" + b"#" * (17 << 20), "larger than 16 MiB"),
    ],
)
def test_a_file_that_is_no_text_of_rules_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "deid.dicom").write_bytes(data)
    with pytest.raises(RuleError, match=words):
        load_rules([tmp_path / "deid.dicom"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("site.dicom", "anything"),
        ("us.recipe", "anything"),
        ("rules.txt", HEAD + "LABEL a\n  present Rows\n"),
        ("ctp.txt", 'GE { Modality.equals("US") } (0,0,512,10)'),
        ("US.SCRIPT", 'GE { Modality.equals("US") } (0,0,512,10)'),
    ],
)
def test_rules_under_a_name_that_is_not_read_are_an_error(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "deid.dicom").write_text(HEAD)
    (tmp_path / name).write_text(text)
    with pytest.raises(RuleError, match=rf"{name}: a file of rules that would not be read \(rules are in files named"):
        rule_files(tmp_path)
    (tmp_path / name).rename(tmp_path / f"{name}.bak")
    assert len(rule_files(tmp_path)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_rules_in_the_encodings_of_editors(tmp_path: Path, encoding: str) -> None:
    recipe, script = tmp_path / "deid.dicom", tmp_path / "a.script"
    recipe.write_bytes((HEAD + "LABEL Röntgen – oben\n  present Rows\n").encode(encoding))
    script.write_bytes('Röntgen\n{ Modality.equals("US") } // für alle\n(0,0,9,9)'.encode(encoding))
    assert [rule.label for rule in load_rules([recipe, script]).rules] == ["Röntgen – oben", "Röntgen"]


def test_a_part_that_can_never_do_anything_is_an_error_where_that_is_asked(tmp_path: Path) -> None:
    script = tmp_path / "a.script"
    script.write_text('one\n{ Modality.equals("US") +\n  Manfacturer.equals("GE") }\n(0,0,9,9)')
    assert len(load_rules([script])) == 1
    words = r"a.script: line 3, column 3: no element is called Manfacturer, perhaps Manufacturer is meant"
    with pytest.raises(RuleError, match=words):
        load_rules([script], unknown=unknown_element)
    recipe = tmp_path / "deid.dicom"
    recipe.write_text(HEAD + rule("a", "present Rows") + "%header\nREMOVE PatientID\n")
    with pytest.raises(RuleError, match=r"a %header section is not about pixels.*--ignore-sections"):
        load_rules([recipe], unknown=unknown_element)
    assert len(load_rules([recipe], unknown=unknown_element, ignore_sections=True)) == 1


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "deid.dicom").write_bytes(b"\xef\xbb\xbf" + HEAD.encode() + rule("a", "present Rows").encode())
    assert len(load_rules([tmp_path / "deid.dicom"])) == 1


def test_the_elements_that_rules_ask_for_are_known() -> None:
    rules = parse_rules(HEAD + rule("a", "contains Manfacturer GE || present 0x00100010"))
    assert rules.fields == {"Manfacturer", 0x00100010}


PIECES = st.lists(
    st.sampled_from(["scan", "Scanner", " 7", "$", "^", ".", "x*", "(a|b)", "|", "[0-9]", "\\d", "US", "é", "(?i)q"]),
    min_size=1, max_size=4,
).map("".join)  # fmt: skip
VALUES = st.sampled_from(["scanner 7", "Scanner 17", "US", "scan", "", "xx a 3", "éq", "Sc\u0130an", "usus"])
CRITERIA = st.tuples(
    st.sampled_from(["contains", "equals", "notequals", "notcontains"]),
    st.sampled_from(["Modality", "ManufacturerModelName"]),
    PIECES,
    st.sampled_from(["  + equals Modality US", "  || equals Modality US", "present Rows", ""]),
)


@given(st.lists(CRITERIA, min_size=1, max_size=8), VALUES, VALUES)
@settings(max_examples=150, deadline=None)
def test_a_rule_that_is_ruled_out_without_asking_would_not_have_applied(
    criteria: list[tuple[str, str, str, str]], modality: str, model: str
) -> None:
    lines = [rule(f"r{n}", f"{what} {name} {value}", more, "coordinates 1,1,5,5")
             for n, (what, name, value, more) in enumerate(criteria)]  # fmt: skip
    try:
        rules = parse_rules(HEAD + "".join(lines))
    except RuleError:
        return
    (file,) = rules.files
    asking = replace(rules, files=(replace(file, rules=tuple(replace(one, needs=None) for one in file.rules)),))
    image = header(Modality=modality, ManufacturerModelName=model, Rows=10)
    assert suggest_by_rules(rules, image, SIZE).matches == suggest_by_rules(asking, image, SIZE).matches


def test_rules_about_other_devices_are_not_asked() -> None:
    rules = parse_rules(HEAD + rule("a", "contains ManufacturerModelName Scanner 7$", "coordinates 1,1,5,5"))
    (one,) = rules.rules
    assert one.needs == ("ManufacturerModelName", "scanner 7")
    other = replace(one, condition=lambda _lookup: pytest.fail("asked"))
    asked = replace(rules, files=(replace(rules.files[0], rules=(other,)),))
    assert suggest_by_rules(asked, header(ManufacturerModelName="Scanner 8"), SIZE).matches == ()
