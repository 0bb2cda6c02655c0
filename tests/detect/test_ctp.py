"""CTP DicomPixelAnonymizer scripts: what they mean, and what is refused where."""

from __future__ import annotations

import pytest

from dcmaudit.detect.rules import parse_rules, suggest_by_rules
from dcmaudit.detect.rules.ctp import ScriptParser
from dcmaudit.dicom.header_view import HeaderView
from dcmaudit.model import Box, Size
from support.headers import PlainHeader, dataset, header, ultrasound

SIZE = Size(640, 480)
SCRIPT = """Known burned-in names (kept by the imaging group)

GE
 CT dose
  { [0008,0104].containsIgnoreCase("IEC Body") * Rows.equals("512") }
  (0,0,512,200)
 IU22
  { Modality.equals("US") * // the model is enough
    ManufacturerModelName.containsIgnoreCase("iU22") }
  (0,0,640,47) (600,400,40,80)
  anything
  { Modality.equals("US") }
  (0,0,640,10)
"""


def applies(expression: str, **elements: object) -> bool:
    rules = parse_rules(f"{{ {expression} }} (0,0,1,1)", "a.script")
    return bool(suggest_by_rules(rules, header(**elements), SIZE).matches)


def boxes(script: str, size: Size = SIZE, **elements: object) -> list[Box]:
    return [one.box for one in suggest_by_rules(parse_rules(script, "a.script"), header(**elements), size).regions]


def test_a_script_gives_the_rectangles_of_the_first_signature_that_fits_only() -> None:
    found = suggest_by_rules(
        parse_rules(SCRIPT, "us.script"), header(Modality="US", ManufacturerModelName="IU22 x"), SIZE
    )
    assert [one.box for one in found.regions] == [Box(0, 0, 640, 47), Box(600, 400, 640, 480)]
    assert [(one.label, one.line, one.group) for one in found.matches] == [("IU22", 8, "CTP")]
    assert found.regions[0].reason == "rule 'IU22' (us.script, line 8)"
    assert boxes(SCRIPT, Modality="US") == [Box(0, 0, 640, 10)]
    assert boxes(SCRIPT, Modality="CT") == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('Modality.equals("US")', True),
        ('Modality.equals("us")', False),
        ('Modality.equalsIgnoreCase("us")', True),
        ('[0008,0060].equals("US")', True),
        ('Manufacturer.contains("Medical")', True),
        ('Manufacturer.contains("medical")', False),
        ('Manufacturer.containsIgnoreCase("medical")', True),
        ('Manufacturer.startsWith("GE")', True),
        ('Manufacturer.startsWith("E")', False),
        ('Manufacturer.startsWithIgnoreCase("ge m")', True),
        ('Manufacturer.endsWith("l")', True),
        ('Manufacturer.endsWithIgnoreCase("CAL")', True),
        ('Manufacturer.endsWith("CAL")', False),
        ('Manufacturer.matches("GE M.*")', True),
        ('Manufacturer.matches("GE")', False),
        ('Manufacturer.matchesIgnoreCase("ge m.*")', True),
        ('Rows.equals("480")', True),
        (r'ImageType.equals("ORIGINAL\PRIMARY")', True),
        ('ImageType.contains("PRIMARY")', True),
        ('StudyDescription.equals("")', True),
        ('!StudyDescription.equals("")', False),
        ("true.", True),
        ("false.", False),
        ("!false.", True),
        ("!!true.", True),
        ("true. + true. * false.", True),
        ("(true. + true.) * false.", False),
        ("false. * false. + true.", True),
        ("!true. + true.", True),
        ("!(true. + true.)", False),
        ("true.*true.", True),
    ],
)
def test_an_expression_means_what_it_means_to_ctp(expression: str, *, expected: bool) -> None:
    elements = {"Modality": "US", "Manufacturer": "GE Medical", "Rows": 480, "ImageType": ["ORIGINAL", "PRIMARY"]}
    assert applies(expression, **elements) is expected


@pytest.mark.parametrize(
    "expression",
    [
        'SeqOfUltrasoundRegions::RegionLocationMinY0.equals("60")',
        '[0018,6011]::[0018,601A].equals("60")',
        'SequenceOfUltrasoundRegions::[0018,601A].equals("60")',
    ],
)
def test_a_chain_asks_the_first_item_of_a_sequence(expression: str) -> None:
    rules = parse_rules(f"{{ {expression} }} (0,0,1,1)", "a.script")
    assert suggest_by_rules(rules, ultrasound((0, 60, 5, 70), (0, 1, 2, 3)), SIZE).matches
    assert not suggest_by_rules(rules, ultrasound((0, 61, 5, 70), (0, 60, 2, 63)), SIZE).matches
    assert not suggest_by_rules(rules, header(Modality="US"), SIZE).matches


def test_a_private_element_is_found_by_its_creator() -> None:
    made = dataset(Modality="US")
    made.private_block(0x0009, "MAKER", create=True).add_new(0x01, "LO", "SCREEN")
    rules = parse_rules('{ [0009,[MAKER]01].equals("SCREEN") } (0,0,1,1)', "a.script")
    assert suggest_by_rules(rules, HeaderView(made), SIZE).matches


def test_negative_positions_count_from_the_right_and_bottom_edge() -> None:
    assert boxes("{ true. } (-40,-80,40,80)") == [Box(600, 400, 640, 480)]
    assert boxes("{ true. } (-40,-80,40,80)", Size(100, 90)) == [Box(60, 10, 100, 90)]
    assert boxes("{ true. } (-4000,0,40,80)") == [Box(0, 0, 40, 80)]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("words only", (1, 1), "no signature"),
        ("{ true. ", (1, 1), "{ without }"),
        ("{ true. } (0,0,1,1) }", (1, 21), "} without {"),
        ("GE\n  { }\n (0,0,1,1)", (2, 5), "expected identifier"),
        ("{ Modality }", (1, 3), "not part of an expression"),
        ('{ Modality.equals(US) }', (1, 3), "not part of an expression"),
        ('{ Modality.equels("US") }', (1, 12), "no such method"),
        ('{ Modality.matches("(") }', (1, 21), "regular expression"),
        ('{ true. true. }', (1, 9), "expected * or +"),
        ('{ (true. }', (1, 10), "expected )"),
        ('{ true. * }', (1, 11), "expected identifier"),
        ('{ [0008,0x60].equals("US") }', (1, 3), "[gggg,eeee]"),
        ('{ [000800601].equals("US") }', (1, 3), "[gggg,eeee]"),
        ('{ 8:60.equals("US") }', (1, 3), "not part of an expression"),
        ('{ Rows.isGreaterThan("many") }', (1, 23), "no number"),
        ('{ Rows.isGreaterThen("1") }', (1, 8), "isLessThan and isGreaterThan"),
        ("{ true. }\n(0,0,512)", (2, 1), "four whole numbers"),
        ("{ true. }\n(0,0,0,5)", (2, 1), "holds none"),
        ("{ true. }\n(0,0,5,-5)", (2, 1), "holds none"),
        ("{ true. }\n(0,0,9999999,5)", (2, 1), "beyond"),
        ("{ true. }\n(0,0,99999999,5)", (2, 1), "four whole numbers"),
        ("{ true. }\n(0,0,5,5", (2, 1), "( without )"),
        ("{ true. }\n(0,0,5,5\n(0,0,5,5)", (2, 1), "( without )"),
        ("(0,0,5,5) { true. }", (1, 1), "before any signature"),
    ],
)  # fmt: skip
def test_an_error_is_refused_at_its_line_and_column(text: str, place: tuple[int, int], words: str) -> None:
    parser = ScriptParser(text)
    parser.parse()
    fault = parser.faults[0]
    assert words in fault.message
    assert (fault.line, fault.column) == place


def test_brackets_nested_without_end_are_refused() -> None:
    for text in ("{ " + "(" * 5000 + "true." + ")" * 5000 + " } (0,0,1,1)", "{ " + "!" * 5000 + "true. } (0,0,1,1)"):
        parser = ScriptParser(text)
        parser.parse()
        assert "at most 100" in parser.faults[0].message


def test_brackets_with_words_are_a_comment_and_noted() -> None:
    parser = ScriptParser("{ true. } (0,0,1,1) Siemens (old ones)\n{ false. } (0,0,2,2)")
    assert [len(one.marks) for one in parser.parse()] == [1, 1]
    assert parser.faults == []
    assert "comment" in parser.notes[0].message


def test_a_signature_without_rectangles_ends_the_search_and_is_noted() -> None:
    script = '{ Modality.equals("CT") } none\n{ true. } (0,0,1,1)'
    assert boxes(script, Modality="CT") == []
    assert boxes(script, Modality="US") == [Box(0, 0, 1, 1)]
    parser = ScriptParser(script)
    parser.parse()
    assert "names no rectangle" in parser.notes[0].message


def test_a_header_without_pydicom_is_enough() -> None:
    rules = parse_rules('{ Modality.equals("US") } (0,0,1,1)', "a.script")
    assert suggest_by_rules(rules, PlainHeader({"Modality": ("US",)}), SIZE).matches


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('Rows.isGreaterThan("400")', True),
        ('Rows.isGreaterThan("480")', False),
        ('Rows.isLessThan("480.5")', True),
        ('Rows.isLessThan("480")', False),
        ('Rows.isGreaterThan("1e")', True),
        ('Columns.isLessThan("1")', False),
        ('Columns.isGreaterThan("1")', False),
        ('SliceThickness.isGreaterThan("2.5 mm")', True),
        ('InstanceNumber.isLessThan("4")', False),
        ('Modality.isGreaterThan("0")', False),
        ('SoftwareVersion.contains("VB")', True),
        ('SoftwareVersions.startsWithIgnoreCase("vb")', True),
        ('SoftwareVersion.endsWithIgnoreCase("0c")', True),
        ('OperatorName.equalsIgnoreCase("doe^ann")', True),
        ('[00280010].equals("480")', True),
        ('00280010.equals("480")', True),
        ('[28,10].equals("480")', True),
    ],
)
def test_numbers_names_and_tags(expression: str, *, expected: bool) -> None:
    known = {
        "Rows": 480, "SliceThickness": "3.0", "InstanceNumber": "-5", "Modality": "US", "SoftwareVersions": "VB20C",
        "OperatorsName": "Doe^Ann",
    }  # fmt: skip
    assert applies(expression, **known) is expected
