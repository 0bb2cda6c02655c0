"""The deid package and dcmaudit must give the same answer; where they do not, the table below says why."""

from __future__ import annotations

import contextlib
import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset

from dcmaudit.detect.rules import RuleSet, Suggestions, load_rules, parse_rules, suggest_by_rules
from dcmaudit.dicom.header_view import HeaderView
from dcmaudit.errors import RuleError
from dcmaudit.model import Size
from support import deid_answers
from support.corpus import CorpusFile, corpus
from support.headers import dataset, region

ROWS, COLUMNS = 24, 32
SIZE = Size(COLUMNS, ROWS)


def ours(rules: RuleSet, header: Dataset, size: Size = SIZE) -> Suggestions:
    return suggest_by_rules(rules, HeaderView(header), size)


def mask(found: Suggestions, rows: int = ROWS, columns: int = COLUMNS) -> npt.NDArray[np.bool_]:
    black = np.zeros((rows, columns), bool)
    for one in found.regions:
        black[one.box.top : one.box.bottom, one.box.left : one.box.right] = True
    return black


def with_whole_regions(found: dict[str, Any]) -> dict[str, Any]:
    """deid's answer with the last column and row of every ultrasound region in it (the first known difference)."""
    for result in found["results"]:
        for coordinates in result["coordinates"]:
            if isinstance(coordinates[1], list):
                edges = [[int(edge) for edge in one.split(",")] for one in coordinates[1]]
                coordinates[1] = [f"{x0},{y0},{x1 + 1},{y1 + 1}" for x0, y0, x1, y1 in edges]
    return found


@pytest.fixture(scope="module")
def headers() -> list[tuple[CorpusFile, Dataset]]:
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in corpus():
            with contextlib.suppress(Exception):
                found.append((file, pydicom.dcmread(file.path, stop_before_pixels=True, force=True)))
    assert len(found) > 200
    return [*found, *made_headers()]


def made_headers() -> list[tuple[CorpusFile, Dataset]]:
    """Headers for the recipe that hardly any real file of the packages fits."""
    kinds = {
        "chest": {"Modality": "DX", "BodyPartExamined": "CHEST"},
        "described": {"Modality": "CR", "StudyDescription": "DX CHEST PA"},
        "ankle": {"Modality": "DX", "StudyDescription": "ANKLE"},
        "fluoroscopy": {"Modality": "RF", "BodyPartExamined": "ABDOMEN"},
    }
    return [
        (CorpusFile("made", Path(name), name), dataset(Rows=ROWS, Columns=COLUMNS, **tags))
        for name, tags in kinds.items()
    ]


@pytest.mark.parametrize("path", deid_answers.BUNDLED, ids=lambda path: path.name)
def test_every_rule_of_the_bundled_recipes_applies_to_the_same_real_files(
    path: Path, headers: list[tuple[CorpusFile, Dataset]]
) -> None:
    theirs, rules = deid_answers.recipe(path), load_rules([path])
    by_group: dict[str, list[Any]] = defaultdict(list)
    for rule in rules.rules:
        by_group[rule.group].append(rule)
    assert {group: len(items) for group, items in theirs.get_filters().items()} == {
        group: len(items) for group, items in by_group.items()
    }
    matched = 0
    for file, header in headers:
        found = ours(rules, header).matches
        places = [(rule.group, by_group[rule.group].index(rule)) for rule in found]
        assert places == deid_answers.matches(theirs, header), file.id
        matched += len(places)
    assert matched >= (1 if path.name.endswith("chest") else 20)


@pytest.mark.parametrize("path", deid_answers.BUNDLED, ids=lambda path: path.name)
def test_the_bundled_recipes_blacken_the_same_pixels_of_real_files(
    path: Path, headers: list[tuple[CorpusFile, Dataset]]
) -> None:
    theirs, rules = deid_answers.recipe(path), load_rules([path])
    compared = 0
    for file, header in headers:
        rows, columns = header.get("Rows"), header.get("Columns")
        if not rows or not columns or rows * columns > 4_000_000:
            continue
        found = with_whole_regions(deid_answers.answer(theirs, header))
        if not any(result["coordinates"] for result in found["results"]):
            assert ours(rules, header, Size(columns, rows)).regions == (), file.id
            continue
        black = mask(ours(rules, header, Size(columns, rows)), rows, columns)
        assert np.array_equal(black, deid_answers.blackened(found, rows, columns)), file.id
        compared += 1
    assert compared > 2 or path.name.endswith("chest")


# Generated headers and recipes ---------------------------------------------------------------------------------

TEXT_FIELDS = ("Modality", "Manufacturer", "ManufacturerModelName", "SeriesDescription", "BodyPartExamined")
WORDS = ("US", "CT", "Siemens", "Sensation 64", "ge", "GE Medical", "A+", "x.y", "None", "CHEST", "", "64")
texts = st.sampled_from(WORDS)
generated_headers = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(TEXT_FIELDS, texts),
        "ImageType": st.lists(st.sampled_from(["ORIGINAL", "DERIVED", "SECONDARY", "SCREEN SAVE", ""]), max_size=3),
        "Rows": st.sampled_from([24, 480, None]),
        "Columns": st.sampled_from([32, 640]),
        "WindowWidth": st.sampled_from(["1", "350.5", ["1", "2"], None]),
        "SequenceOfUltrasoundRegions": st.lists(
            st.builds(
                lambda x, y, width, height: region(x, y, x + width, y + height),
                st.integers(0, 20), st.integers(0, 15), st.integers(1, 25), st.integers(1, 20),
            ),
            min_size=1, max_size=3,
        ),
    },
)  # fmt: skip
fields = st.sampled_from([*TEXT_FIELDS, "ImageType", "Rows", "Columns", "WindowWidth", "NoSuchKeyword"])
patterns = st.sampled_from(
    ["US", "CT|MR", "sens", "^GE", "64$", "SAVE", "DERIVED.*SECONDARY", "[a-c]t", "4|6", "none", "640", r"x\.y", "A+"]
)
with_value = st.one_of(
    st.tuples(st.sampled_from(["contains", "notcontains"]), fields, patterns),
    st.tuples(st.sampled_from(["equals", "notequals"]), fields, st.sampled_from(["CT", "ge", "480", "1", "SIEMENS"])),
).map(" ".join)
without_value = st.tuples(st.sampled_from(["missing", "present", "empty"]), fields).map(" ".join)
# Criteria with and without a value never share a line: see "values shift on a line".
criteria_lines = st.one_of(
    *(
        st.lists(st.tuples(st.sampled_from([" + ", " || "]), one), min_size=1, max_size=3).map(
            lambda parts: parts[0][1] + "".join(sign + criterion for sign, criterion in parts[1:])
        )
        for one in (with_value, without_value)
    )
)
boxes = st.builds(
    lambda x, y, width, height: f"{x},{y},{x + width},{y + height}",
    st.integers(0, 31), st.integers(0, 23), st.integers(1, 40), st.integers(1, 30),
)  # fmt: skip
coordinates = st.one_of(
    boxes.map("coordinates {}".format),
    boxes.map("keepcoordinates {}".format),
    st.just("coordinates all"),
    st.builds(lambda x, y, w, h: f"ctpcoordinates {x},{y},{w},{h}", *[st.integers(1, 30)] * 4),
    st.builds(lambda x, y, w, h: f"ctpkeepcoordinates {x},{y},{w},{h}", *[st.integers(1, 30)] * 4),
    st.just("keepcoordinates from:SequenceOfUltrasoundRegions"),
    st.just("coordinates from:SequenceOfUltrasoundRegions"),
)
rules_text = st.builds(
    lambda lines, signs, marks: "\n".join(
        ["LABEL generated", *(f"  {sign}{line}" for sign, line in zip(signs, lines, strict=False)), *marks]
    ),
    st.lists(criteria_lines, min_size=1, max_size=3),
    st.lists(st.sampled_from(["", "+ ", "|| "]), min_size=3, max_size=3),
    st.lists(coordinates, max_size=3),
)
recipes = st.lists(
    st.tuples(st.sampled_from(["graylist", "blacklist"]), st.lists(rules_text, min_size=1, max_size=3)),
    min_size=1, max_size=2, unique_by=lambda pair: pair[0],
).map(
    lambda parts: "\n".join(["FORMAT dicom", *(f"%filter {name}\n" + "\n".join(rules) for name, rules in parts)])
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipes, generated_headers)
def test_generated_recipes_and_headers_get_the_same_answer(tmp_path: Path, text: str, elements: dict[str, Any]) -> None:
    # "coordinates all" comes first wherever something is kept: see "keepcoordinates alone".
    text = text.replace(
        "FORMAT dicom", "FORMAT dicom\n%filter first\nLABEL whole\n  notequals Modality XX\n  coordinates all"
    )
    path = tmp_path / "deid.dicom"
    path.write_text(text)
    header = dataset(**elements)
    try:
        theirs = deid_answers.recipe(path)
    except deid_answers.DeidFailedError:
        with pytest.raises(RuleError):
            load_rules([path])
        return
    found = with_whole_regions(deid_answers.answer(theirs, header))
    answer = ours(load_rules([path]), header)
    assert len(answer.matches) == len(found["results"])
    assert [rule.group for rule in answer.matches] == [result["group"] for result in found["results"]]
    assert np.array_equal(mask(answer), deid_answers.blackened(found, ROWS, COLUMNS))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipes.filter(lambda text: "keepcoordinates" not in text), generated_headers)
def test_generated_recipes_that_only_redact_blacken_the_same_pixels(
    tmp_path: Path, text: str, elements: dict[str, Any]
) -> None:
    path = tmp_path / "deid.dicom"
    path.write_text(text)
    header = dataset(**elements)
    try:
        theirs = deid_answers.recipe(path)
    except deid_answers.DeidFailedError:
        assume(False)
    found = with_whole_regions(deid_answers.answer(theirs, header))
    assert np.array_equal(mask(ours(load_rules([path]), header)), deid_answers.blackened(found, ROWS, COLUMNS))


# The known differences ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A recipe and a header to which the two answer differently. ``deid`` None: it has no answer at all."""

    name: str
    recipe: str
    header: Callable[[], Dataset]
    deid: bool | None
    dcmaudit: bool | None


def _meta() -> Dataset:
    made = dataset(Modality="US")
    made.file_meta = FileMetaDataset()
    made.file_meta.ImplementationVersionName = "MINDRAY_1"
    return made


def _private() -> Dataset:
    made = dataset(Modality="US")
    made.private_block(0x0009, "MAKER", create=True).add_new(0x01, "LO", "SCREEN")
    return made


DIFFERENCES = (
    Difference("values shift on a line", "missing PatientSpeciesDescription + contains Modality US",
               lambda: dataset(Modality="US"), False, True),
    Difference("classes in capitals", r"contains SeriesDescription ^\D+$",
               lambda: dataset(SeriesDescription="abc"), False, True),
    Difference("a zero is a value", "empty InstanceNumber", lambda: dataset(InstanceNumber="0"), True, False),
    Difference("a tag means its keyword", "equals 0x00080060 US", lambda: dataset(Modality="US"), False, True),
    Difference("a tag means its keyword", "contains 0x00080060 modality", lambda: dataset(Modality="US"), True, False),
    Difference("file meta information", "contains ImplementationVersionName MINDRAY", _meta, False, True),
    Difference("only elements are looked up", "contains walk method", lambda: dataset(Modality="US"), True, False),
    Difference("blanks between words", "contains  Modality  US", lambda: dataset(Modality="US"), False, True),
    Difference("words after a field", "missing Modality US", lambda: dataset(Modality="US"), True, None),
    Difference("unknown lines", "contians Modality US\n  present Rows", lambda: dataset(Rows=1), True, None),
    Difference("unknown lines", "notempty Modality\n  present Rows", lambda: dataset(Modality="US"), False, False),
    Difference("criteria in capitals after a sign", "contains Modality CT || CONTAINS Modality MR",
               lambda: dataset(Modality="XA"), True, None),
    Difference("private creators", '(0009,"MAKER",01) x', _private, None, None),
    Difference("private creators", 'equals (0009,"MAKER",01) SCREEN', _private, False, True),
    Difference("invalid patterns", "contains Modality (", lambda: dataset(Modality="US"), None, None),
    Difference("limits of patterns", "contains Modality (a+)+b", lambda: dataset(Modality="US"), False, False),
)  # fmt: skip


def test_a_blacklist_without_coordinates_flags_the_file_and_cleans_nothing_to_deid_too(tmp_path: Path) -> None:
    text = "FORMAT dicom\n%filter blacklist\nLABEL a\n  present Rows\nLABEL b\n  present Rows\n  coordinates 0,0,5,5\n"
    (tmp_path / "deid.dicom").write_text(text)
    file = dataset(Rows=480)
    theirs = deid_answers.answer(deid_answers.recipe(tmp_path / "deid.dicom"), file)
    mine = ours(parse_rules(text), file)
    assert [(one["group"], len(one["coordinates"])) for one in theirs["results"]] == [
        ("blacklist", 0),
        ("blacklist", 1),
    ]
    assert [rule.label for rule in mine.matches] == ["a", "b"]
    assert [rule.label for rule in mine.denials] == ["a"]
    assert len(mine.regions) == 1


@pytest.mark.parametrize("one", DIFFERENCES, ids=lambda one: one.name)
def test_a_known_difference_is_still_one(one: Difference, tmp_path: Path) -> None:
    text = f"FORMAT dicom\n%filter graylist\nLABEL one\n  {one.recipe}\n  coordinates 0,0,5,5\n"
    path = tmp_path / "deid.dicom"
    path.write_text(text)
    try:
        theirs: bool | None = bool(deid_answers.answer(deid_answers.recipe(path), one.header())["flagged"])
    except deid_answers.DeidFailedError:
        theirs = None
    try:
        mine: bool | None = bool(ours(parse_rules(text), one.header()).matches)
    except RuleError:
        mine = None
    assert (theirs, mine) == (one.deid, one.dcmaudit)


def written(tmp_path: Path, *rules: str, name: str = "deid.dicom") -> Path:
    path = tmp_path / name
    path.write_text("FORMAT dicom\n%filter graylist\n" + "".join(f"LABEL a\n{rule}\n" for rule in rules))
    return path


def black_of_deid(path: Path, header: Dataset) -> npt.NDArray[np.bool_]:
    return deid_answers.blackened(deid_answers.answer(deid_answers.recipe(path), header), ROWS, COLUMNS)


REGIONS = "  coordinates all\n  keepcoordinates from:SequenceOfUltrasoundRegions"


def the_last_column_and_row_of_a_region(tmp_path: Path) -> None:
    path = written(tmp_path, "  contains Modality US\n" + REGIONS)
    header = dataset(Modality="US", SequenceOfUltrasoundRegions=[region(0, 10, 31, 23)])
    assert black_of_deid(path, header)[10:, 31].all()
    assert not mask(ours(load_rules([path]), header))[10:].any()


def regions_belong_to_their_file(tmp_path: Path) -> None:
    path = written(tmp_path, "  contains Modality US\n" + REGIONS)
    first = dataset(Modality="US", SequenceOfUltrasoundRegions=[region(0, 0, 31, 23)])
    second = dataset(Modality="US", SequenceOfUltrasoundRegions=[region(0, 20, 31, 23)])
    loaded, rules = deid_answers.recipe(path), load_rules([path])
    for header in (first, second):
        with_the_same_recipe = deid_answers.has_burned_pixels(deid_answers.file_dataset(header), deid=loaded)
        ours(rules, header)
    assert not deid_answers.blackened(with_the_same_recipe, ROWS, COLUMNS)[:20, :31].any()
    assert mask(ours(rules, second))[:20].all()


def same_named_filters_of_several_files(tmp_path: Path) -> None:
    paths = [written(tmp_path, "  present Modality", name=name) for name in ("deid.a", "deid.b")]
    loaded = deid_answers.DeidRecipe([str(path) for path in paths])
    assert len(deid_answers.answer(loaded, dataset(Modality="US"))["results"]) == 1
    assert len(ours(load_rules(paths), dataset(Modality="US")).matches) == 2


def keepcoordinates_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "  contains Modality US\n  keepcoordinates 0,10,32,24")
    header = dataset(Modality="US")
    assert not black_of_deid(path, header).any()
    black = mask(ours(load_rules([path]), header))
    assert black[:10].all()
    assert not black[10:].any()


def a_rule_without_criteria_comes_first(tmp_path: Path) -> None:
    path = written(tmp_path, "  coordinates 0,0,5,5")
    with pytest.raises(deid_answers.DeidFailedError):
        deid_answers.answer(deid_answers.recipe(path), dataset(Modality="US"))
    assert len(ours(load_rules([path]), dataset(Modality="US")).regions) == 1


def comments_after_coordinates(tmp_path: Path) -> None:
    path = written(tmp_path, "  contains Modality US\n  coordinates 0,0,5,5 # the name")
    with pytest.raises(ValueError, match="invalid literal"):
        black_of_deid(path, dataset(Modality="US"))
    assert len(ours(load_rules([path]), dataset(Modality="US")).regions) == 1


def rectangles_that_hold_no_pixel(tmp_path: Path) -> None:
    for coordinates in ("coordinates 5,5,1,9", "ctpcoordinates 0,0,0,9", "coordinates -4,0,-1,9"):
        path = written(tmp_path, f"  contains Modality US\n  {coordinates}")
        deid_answers.recipe(path)
        with pytest.raises(RuleError):
            load_rules([path])


def long_binary_values(tmp_path: Path) -> None:
    path = written(tmp_path, "  contains EncapsulatedDocument needle")
    header = dataset(EncapsulatedDocument=b"x" * 2000 + b"needle")
    assert deid_answers.answer(deid_answers.recipe(path), header)["flagged"]
    assert not ours(load_rules([path]), header).matches


OTHER_DIFFERENCES = (
    the_last_column_and_row_of_a_region,
    regions_belong_to_their_file,
    same_named_filters_of_several_files,
    keepcoordinates_alone,
    a_rule_without_criteria_comes_first,
    comments_after_coordinates,
    rectangles_that_hold_no_pixel,
    long_binary_values,
)


@pytest.mark.parametrize("check", OTHER_DIFFERENCES, ids=lambda check: check.__name__)
def test_another_known_difference_is_still_one(check: Callable[[Path], None], tmp_path: Path) -> None:
    check(tmp_path)


def test_every_known_difference_is_on_the_page_with_its_reason_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
    table = page.split("## Where the answer differs from deid", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1:4] for line in table.splitlines() if line.startswith("| ") and "---" not in line]
    listed = {cells[0].strip().lower() for cells in rows[1:]}
    assert all(len(cells[2].strip()) > 20 for cells in rows[1:])
    tested = {one.name for one in DIFFERENCES} | {one.__name__.replace("_", " ") for one in OTHER_DIFFERENCES}
    assert listed == tested
