"""Whatever a rule file holds: rules come out, or one error with line and column."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from dcmaudit.detect.rules import parse_rules, suggest_by_rules
from dcmaudit.errors import RuleError
from dcmaudit.model import Size
from support.headers import header

WORDS = (
    "FORMAT dicom|%filter a|%header|%|LABEL x|LABEL|contains Modality US|contains |missing Rows|+ | + |0x|"
    "equals 0x00280010 5|"
    '(0009,"A",01)|coordinates |keepcoordinates |all|0,0,5,5|9,9,1,1|-1,0,5,5|from:SequenceOfUltrasoundRegions|#|'
    " # c|\n|\n|\n|\r\n|"
    '{|}|(|)|(0,0,5,5)|(-5,0,5,5)|Modality.equals("US")|.matches(|"|true.|!|*|::|[0008,0060]|[0009,[A]01]|//|'
    "\t| |a|\0|é|"
    "(a+)+b|[[|{2}|\\|REMOVE X|ctpcoordinates 1,1,2,2"
)
pieces = st.sampled_from([*WORDS.split("|"), "||", " || "])
starts = st.sampled_from(
    [
        "",
        "FORMAT dicom\n%filter a\nLABEL x\n",
        "FORMAT dicom\n%filter a\nLABEL x\ncontains Modality ",
        "{ ",
        "{ true. }",
    ]
)
texts = st.builds("".join, st.lists(st.one_of(pieces, st.text(max_size=3)), max_size=20))


@given(st.builds(str.__add__, starts, texts))
@example("FORMAT dicom\n%filter a\nLABEL x\ncontains Modality [[a]b]")
@example("{ true. } (0,0,5,5) )(")
@example("FORMAT dicom\n%filter a\nLABEL x\n+")
@example("FORMAT dicom\n%filter a\nLABEL x\n + contains Modality a + ")
def test_any_text_gives_rules_or_one_error_with_its_place(text: str) -> None:
    try:
        rules = parse_rules(text, "any")
    except RuleError as error:
        assert re.match(r"any: line \d+, column \d+: ", str(error))
        return
    found = suggest_by_rules(rules, header(Modality="US", Rows=5), Size(20, 10))
    assert all(region.box.is_inside(Size(20, 10)) for region in found.regions)
    assert all(region.reason for region in found.regions)
