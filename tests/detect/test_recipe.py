"""The deid recipe language: what it means, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.detect.rules.recipe import RecipeParser
from dcmaudit.detect.rules.syntax import Action, CriteriaLine, Criterion, Join, Mark, Named, Recipe, RecipeRule
from dcmaudit.detect.rules.writing import recipe_text
from dcmaudit.model import Box


def parsed(text: str) -> Recipe:
    parser = RecipeParser()
    recipe = parser.parse(text)
    assert [(fault.line, fault.column, fault.message) for fault in parser.faults] == []
    return recipe


def rule(*lines: str) -> RecipeRule:
    (found,) = parsed("\n".join(["FORMAT dicom", "%filter graylist", "LABEL one # (me)", *lines])).rules
    return found


def test_a_rule_has_its_label_group_criteria_coordinates_and_line() -> None:
    found = rule("  contains Modality US", "  + equals Rows 480 || missing Manufacturer", "  coordinates 0,0,512,121")
    assert found == RecipeRule(
        "one",
        "graylist",
        (
            CriteriaLine((Criterion(Action.CONTAINS, "Modality", "US"),)),
            CriteriaLine(
                (Criterion(Action.EQUALS, "Rows", "480"), Criterion(Action.MISSING, "Manufacturer")),
                (Join.OR,),
                Join.AND,
            ),
        ),
        (Mark(Box(0, 0, 512, 121)),),
    )
    assert found.line == 3
    assert [line.line for line in found.lines] == [4, 5]


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("coordinates 450,0,672, 85", Mark(Box(450, 0, 672, 85))),
        ("coordinates 0,0,5,5 # the name", Mark(Box(0, 0, 5, 5))),
        ("coordinates all", Mark(Named.WHOLE)),
        ("Coordinates ALL", Mark(Named.WHOLE)),
        ("keepcoordinates 1,2,3,4", Mark(Box(1, 2, 3, 4), keep=True)),
        ("ctpcoordinates 10,20,100,30", Mark(Box(10, 20, 110, 50))),
        ("ctpkeepcoordinates 10,20,100,30", Mark(Box(10, 20, 110, 50), keep=True)),
        ("keepcoordinates from:SequenceOfUltrasoundRegions", Mark(Named.REGIONS, keep=True)),
    ],
)
def test_every_kind_of_coordinates_is_read(line: str, mark: Mark) -> None:
    assert rule("present Rows", line).marks == (mark,)


@pytest.mark.parametrize(
    ("line", "criterion"),
    [
        ("contains DeviceID SOMATOM Definition AS+", ("contains", "DeviceID", "SOMATOM Definition AS+")),
        ("CONTAINS Modality CT|MR", ("contains", "Modality", "CT|MR")),
        ("equals 0x00280010 512", ("equals", 0x00280010, "512")),
        ("present 0x0009100A", ("present", 0x0009100A, "")),
        ('notempty (0009,"GEMS IDEN 01",0a)', ("notempty", (9, "GEMS IDEN 01", 10), "")),
        ("contains SeriesDescription a || b", ("contains", "SeriesDescription", "a || b")),
        ("contains\tModality\tUS", ("contains", "Modality", "US")),
    ],
)  # fmt: skip
def test_every_kind_of_criterion_is_read(line: str, criterion: tuple[str, object, str]) -> None:
    (found,) = rule(line).lines
    action, field, value = criterion
    assert found.criteria == (Criterion(Action(action), field, value),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("FORMAT nifti", (1, 1), "FORMAT must be followed by dicom"),
        ("contains Modality US", (1, 1), "before the first section"),
        ("FORMAT dicom\n%filter", (2, 1), "needs a name"),
        ("FORMAT dicom\n  %fliter x", (2, 4), "no section of that name"),
        ("%filter x\n contains Modality US", (2, 2), "expected LABEL"),
        ("%filter x\nLABELS one", (2, 1), "expected LABEL"),
        ("%filter x\nLABEL a\n  contians Modality US", (3, 3), "expected a criterion"),
        ("%filter x\nLABEL a\n  contains Modality", (3, 20), "needs a field and a value"),
        ("%filter x\nLABEL a\n  missing", (3, 10), "needs a field"),
        ("%filter x\nLABEL a\n  missing Modality US", (3, 20), "no value"),
        ("%filter x\nLABEL a\n  equals 0x0008 US", (3, 10), "eight hexadecimal digits"),
        ("%filter x\nLABEL a\n  equals Mod-ality US", (3, 10), "no field"),
        ("%filter x\nLABEL a\n  + contains Modality US || contains Rows (", (3, 43), "regular expression"),
        ("%filter x\nLABEL a\n  contains Modality A+B || contains Rows 1", (3, 23), "must be the last one"),
        ("%filter x\nLABEL a\n  contains Modality CT + CONTAINS Rows 1", (3, 24), "small letters"),
        ("%filter x\nLABEL a\n  coordinates 0,0,10", (3, 15), "3 numbers"),
        ("%filter x\nLABEL a\n  coordinates 0,0,x,10", (3, 15), "no coordinates"),
        ("%filter x\nLABEL a\n  coordinates -1,0,5,10", (3, 15), "no coordinates"),
        ("%filter x\nLABEL a\n  coordinates 0,0,99999999,10", (3, 15), "no coordinates"),
        ("%filter x\nLABEL a\n  coordinates 0,0,1000001,10", (3, 15), "no coordinates"),
        ("%filter x\nLABEL a\n  coordinates 10,0,10,10", (3, 15), "holds no pixel"),
        ("%filter x\nLABEL a\n  coordinates 10,20,5,30", (3, 15), "holds no pixel"),
        ("%filter x\nLABEL a\n  ctpcoordinates 10,20,0,30", (3, 18), "holds no pixel"),
        ("%filter x\nLABEL a\n  coordinates from:PatientName", (3, 15), "from nothing else"),
        ("%filter x\nLABEL a\n  coordinates", (3, 14), "no coordinates"),
        ("FORMAT dicom\ninclude other.file", (2, 1), "before the first section"),
    ],
)
def test_an_error_is_refused_at_its_line_and_column(text: str, place: tuple[int, int], words: str) -> None:
    parser = RecipeParser()
    parser.parse(text)
    fault = parser.faults[0]
    assert (fault.line, fault.column) == place
    assert words in fault.message


def test_every_error_of_a_file_is_found_but_not_endless_ones() -> None:
    parser = RecipeParser()
    parser.parse("%filter x\nLABEL a\n" + "nonsense\n" * 1000)
    assert len(parser.faults) == 20


def test_sections_about_the_header_are_recognised_ignored_and_named() -> None:
    found = parsed(
        "FORMAT dicom\n%header # c\nREMOVE PatientID\nADD X var:y\n"
        "%fields names\nFIELD PatientID\n%filter f\nLABEL a\npresent Rows\n"
    )
    assert found.ignored == ("%header", "%fields names")
    assert len(found.rules) == 1


def test_comments_blank_lines_and_windows_line_ends_are_fine() -> None:
    found = parsed(
        "\r\n# text\r\nFORMAT dicom # c\r\n%filter f # c\r\n\r\nLABEL a\r\n # c\r\n + # c\r\n present Rows\r\n"
    )
    assert found.rules[0].line == 6
    assert len(found.rules[0].lines) == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["contains Modality US", "|| contains Rows 1"], "joined with 'and'"),
        (["contains SeriesDescription Dose # all of them"], "part of the value"),
        ([], "never applies"),
    ],
)
def test_what_is_read_otherwise_than_it_looks_gets_a_note(lines: list[str], words: str) -> None:
    (note,) = parsed("\n".join(["%filter f", "LABEL a", *lines])).notes
    assert words in note.message


keywords = st.from_regex(r"[A-Z][A-Za-z]{2,8}", fullmatch=True)
fields = st.one_of(
    keywords,
    st.integers(0, 0xFFFFFFFF),
    st.tuples(st.integers(0, 0xFFFF), st.from_regex(r"[A-Z][A-Z 0-9.]{0,10}", fullmatch=True), st.integers(0, 0xFF)),
)
values = st.from_regex(r"[A-Za-z0-9.^|_-]([A-Za-z0-9 .^|_-]{0,10}[A-Za-z0-9.^|_-])?", fullmatch=True).filter(
    lambda text: "||" not in text and not any(action.value in text for action in Action)
)
criteria = st.one_of(
    st.builds(Criterion, st.sampled_from([action for action in Action if action.takes_value]), fields, values),
    st.builds(Criterion, st.sampled_from([action for action in Action if not action.takes_value]), fields),
)
lines = st.lists(criteria, min_size=1, max_size=4).flatmap(
    lambda made: st.builds(
        CriteriaLine,
        st.just(tuple(made)),
        st.lists(st.sampled_from(Join), min_size=len(made) - 1, max_size=len(made) - 1).map(tuple),
        st.sampled_from([None, *Join]),
    )
)
marks = st.builds(
    Mark,
    st.one_of(
        st.sampled_from(Named),
        st.builds(
            lambda x, y, w, h: Box(x, y, x + w, y + h),
            st.integers(0, 9999), st.integers(0, 9999), st.integers(1, 9999), st.integers(1, 9999),
        ),
    ),
    st.booleans(),
)  # fmt: skip
labels = st.from_regex(r"([A-Za-z(][A-Za-z0-9 ()]{0,20}[A-Za-z0-9)])?", fullmatch=True)
recipes = st.lists(
    st.builds(
        RecipeRule,
        labels,
        st.sampled_from(["graylist", "black list"]),
        st.lists(lines, max_size=3).map(tuple),
        st.lists(marks, max_size=3).map(tuple),
    ),
    max_size=5,
).map(lambda rules: Recipe(tuple(rules)))


@given(recipes)
def test_a_written_recipe_is_read_back_as_the_same(recipe: Recipe) -> None:
    assert parsed(recipe_text(recipe)) == recipe
