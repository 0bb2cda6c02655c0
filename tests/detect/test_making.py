"""Rules from marks: few criteria, no invention, and every mark accounted for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.detect.rules.making import Example, MadeRule, make_rules, merged
from dcmaudit.detect.rules.syntax import Recipe
from dcmaudit.detect.rules.writing import recipe_text, script_text
from dcmaudit.errors import UsageError
from dcmaudit.model import Box, DeviceFacts

US = DeviceFacts(modality="US", image_type=("ORIGINAL", "PRIMARY"), model="CX50", rows=480, columns=640)
TOP, FOOT = Box(0, 0, 640, 40), Box(0, 460, 640, 480)


def examples(count: int, device: DeviceFacts, *boxes: Box) -> list[Example]:
    return [Example(f"/archive/{device.model}/{device.image_type}/{number}", device, boxes) for number in range(count)]


def lines(made: MadeRule) -> list[str]:
    text = recipe_text(Recipe((made.rule,)))
    return [line.strip() for line in text.splitlines()[4:]]


def test_one_layout_of_a_model_needs_model_and_size_only() -> None:
    (made,) = make_rules(examples(3, US, TOP)).rules
    assert lines(made) == [
        "LABEL CX50 640x480 (3 files)",
        "equals ManufacturerModelName CX50",
        "+ equals Columns 640",
        "+ equals Rows 480",
        "coordinates 0,0,640,40",
    ]
    assert (made.files, made.support, made.left_out) == (3, (3,), ())


def test_as_few_elements_as_tell_layouts_apart_are_asked_for() -> None:
    derived = replace(US, image_type=("DERIVED",), burned_in_annotation="YES")
    found = make_rules([*examples(2, US, TOP), *examples(2, derived)]).rules
    (made,) = found
    assert "+ equals ImageType ['ORIGINAL', 'PRIMARY']" in lines(made)
    assert not any("Burned" in line or "Modality" in line for line in lines(made))


def test_an_absent_value_that_tells_layouts_apart_is_asked_for_as_absent() -> None:
    found = make_rules([*examples(2, US, TOP), *examples(2, replace(US, burned_in_annotation="YES"), FOOT)]).rules
    assert ["+ missing BurnedInAnnotation || empty BurnedInAnnotation" in lines(made) for made in found] == [
        True,
        False,
    ]
    assert "+ equals BurnedInAnnotation YES" in lines(found[1])


def test_several_values_of_one_layout_share_a_rule() -> None:
    kinds = [replace(US, image_type=(name,)) for name in ("A", "B", "C")]
    (made,) = make_rules([*examples(1, kinds[0], TOP), *examples(1, kinds[1], TOP), *examples(1, kinds[2])]).rules
    assert "+ equals ImageType A || equals ImageType B" in lines(made)
    assert made.files == 2


def test_the_same_model_in_another_size_is_another_rule() -> None:
    found = make_rules([*examples(2, US, TOP), *examples(2, replace(US, rows=600, columns=800), TOP)]).rules
    assert [made.rule.label for made in found] == ["CX50 640x480 (2 files)", "CX50 800x600 (2 files)"]


def test_a_rule_from_a_single_file_says_so() -> None:
    (made,) = make_rules(examples(1, US, TOP)).rules
    assert made.rule.label == "CX50 640x480 (one file only)"


def test_a_rectangle_that_few_files_have_is_left_out_and_named() -> None:
    (made,) = make_rules([*examples(9, US, TOP), Example("/archive/odd", US, (TOP, FOOT))]).rules
    assert [mark.area for mark in made.rule.marks] == [TOP]
    assert made.left_out == ((FOOT, 1),)
    (every,) = make_rules([*examples(9, US, TOP), Example("/archive/odd", US, (TOP, FOOT))], share=0.1).rules
    assert every.support == (10, 1)


def test_files_without_marks_count_against_a_rectangle() -> None:
    assert make_rules([*examples(9, US), *examples(1, US, TOP)]).rules == ()


def test_marked_files_without_a_model_or_size_are_named() -> None:
    nameless = [Example("/a", replace(US, model=None), (TOP,)), Example("/b", replace(US, rows=None), (TOP,))]
    found = make_rules([*nameless, Example("/c", replace(US, model=None))])
    assert (found.rules, found.unnamed) == ((), ("/a", "/b"))


def test_labels_are_unique_and_hold_no_comment_sign() -> None:
    kinds = [replace(US, model="A#1"), replace(US, model="A  1")]
    labels = [made.rule.label for kind in kinds for made in make_rules(examples(2, kind, TOP)).rules]
    both = [made.rule.label for made in make_rules([*examples(2, kinds[0], TOP), *examples(2, kinds[1], TOP)]).rules]
    assert labels[0] == labels[1]
    assert sorted(both) == ["A 1 640x480 (2 files)", "A 1 640x480 (2 files) (2)"]


def test_near_boxes_merge_into_their_union_and_far_ones_stay() -> None:
    assert merged([Box(0, 0, 100, 40), Box(2, 1, 104, 38), Box(0, 0, 105, 40)]) == [
        (Box(0, 0, 104, 40), 2),
        (Box(0, 0, 105, 40), 1),
    ]


def test_a_rectangle_inside_another_is_dropped() -> None:
    (made,) = make_rules(examples(2, US, TOP, Box(10, 10, 20, 20))).rules
    assert [mark.area for mark in made.rule.marks] == [TOP]


def test_a_script_says_the_same_and_refuses_what_it_cannot_say() -> None:
    found = make_rules([*examples(2, US, TOP), *examples(2, replace(US, burned_in_annotation="YES"), FOOT)]).rules
    text = script_text(made.rule for made in found)
    assert 'BurnedInAnnotation.equalsIgnoreCase("")' in text
    assert "(0,460,640,20)" in text
    (odd,) = make_rules(examples(2, replace(US, model='12" monitor'), TOP)).rules
    with pytest.raises(UsageError, match="cannot be written as a CTP script"):
        script_text([odd.rule])


values = st.sampled_from([None, "A", "B"])
devices = st.builds(
    DeviceFacts,
    modality=values,
    image_type=st.sampled_from([None, ("A",), ("A", "B"), ("B",)]),
    model=st.sampled_from(["M", "N", None]),
    burned_in_annotation=values,
    rows=st.sampled_from([100, 200]),
    columns=st.sampled_from([100]),
)
places = st.sampled_from([Box(0, 0, 100, 20), Box(0, 60, 50, 80), Box(30, 30, 40, 40)])
archives = st.lists(st.tuples(devices, st.sets(places)), max_size=12).map(
    lambda found: [Example(str(number), device, tuple(boxes)) for number, (device, boxes) in enumerate(found)]
)


@given(archives)
def test_with_a_tiny_share_every_mark_of_every_named_file_is_in_a_rule(found: list[Example]) -> None:
    made = make_rules(found, share=0.001)
    marked = [example for example in found if example.boxes]
    assert len(made.unnamed) == sum(not example.device.model for example in marked)
    covered = {mark.area for one in made.rules for mark in one.rule.marks}
    assert {box for example in marked if example.device.model for box in example.boxes} <= covered
    assert len({one.rule.label for one in made.rules}) == len(made.rules)
