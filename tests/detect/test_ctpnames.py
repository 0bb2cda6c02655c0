"""The names that CTP has for elements, and the ways in which its scripts write tags."""

from __future__ import annotations

import pytest
from pydicom.datadict import dictionary_has_tag, tag_for_keyword

from dcmaudit.detect.rules import load_rules, suggest_by_rules
from dcmaudit.detect.rules.ctpnames import element, table
from dcmaudit.dicom import open_instance
from dcmaudit.dicom.header_view import header_view, unknown_element
from dcmaudit.model import Box, Size
from support.corpus import SHARED
from support.files import PathReference

CASES = SHARED / "cases"

ANOTHER_ELEMENT = {
    "ColumnPositionInTotalImagePixelMatrix", "RowPositionInTotalImagePixelMatrix", "DataSetType",
    "DopplerSampleVolumeXPosition", "DopplerSampleVolumeYPosition", "ImageOrientation", "ImagePosition",
    "TMLinePositionX0", "TMLinePositionX1", "TMLinePositionY0", "TMLinePositionY1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("SoftwareVersion", 0x00181020),
        ("OperatorName", 0x00081070),
        ("EchoNumber", 0x00180086),
        ("ImagePosition", 0x00200032),
        ("ImageOrientation", 0x00200037),
        ("OverlayDescription", 0x60000022),
        ("OverlayRows", 0x60000010),
        ("OverlayData", 0x60003000),
        ("CurveData", 0x50003000),
        ("RefSOPInstanceUID", 0x00081155),
        ("RefImageSeq", 0x00081140),
        ("[0028,0010]", 0x00280010),
        ("[28,10]", 0x00280010),
        ("[ 0028 , 0010 ]", 0x00280010),
        ("[00280010]", 0x00280010),
        ("[00080060]", 0x00080060),
        ("00280010", 0x00280010),
        ("[7FE0,0010]", 0x7FE00010),
        ("[7fe00010]", 0x7FE00010),
        ("[Modality]", "Modality"),
        ("Modality", "Modality"),
        ("SeqOfUltrasoundRegions", "SequenceOfUltrasoundRegions"),
        ("ModalityLUTSeq", "ModalityLUTSequence"),
        ("0x00280010", None),
        ("[0028,0010,1]", None),
        ("[]", None),
    ],
)
def test_a_name_or_tag_means_what_it_means_to_ctp(name: str, tag: int | str | None) -> None:
    found = element(name)
    assert (f"{found:08X}" if isinstance(found, int) else found) == (f"{tag:08X}" if isinstance(tag, int) else tag)


def test_the_table_has_names_that_differ_from_the_standard_and_no_other() -> None:
    names = table()
    assert len(names) > 500
    for name, tag in names.items():
        assert tag_for_keyword(name) != tag, name
        assert element(name) == tag
    assert {name for name in names if tag_for_keyword(name) is not None} == ANOTHER_ELEMENT
    standard = [tag for tag in names.values() if dictionary_has_tag(tag)]
    assert len(standard) > 450


def test_keywords_of_the_standard_are_known_and_others_are_not() -> None:
    assert unknown_element("SoftwareVersions") is None
    assert unknown_element(0x00091001) is None
    assert unknown_element("Modalitie") == "no element is called Modalitie, perhaps Modality is meant"
    assert unknown_element("Xyzzy") == "no element is called Xyzzy"


@pytest.mark.parametrize(
    "name", ["c03_greater", "c03_hex8", "c03_keyword", "c03_softwareversion", "c04_cp1252_comment"]
)
def test_scripts_that_were_given_as_examples_apply(name: str) -> None:
    script, image = CASES / f"{name}.script", CASES / "c03_overlay.dcm"
    if not script.exists() or not image.exists():
        pytest.skip("the examples are not here")
    rules = load_rules([script], unknown=unknown_element)
    with open_instance(PathReference(image)) as instance:
        device = instance.facts.device
        found = suggest_by_rules(rules, header_view(instance), Size(device.columns or 0, device.rows or 0))
    assert [region.box for region in found.regions] == [Box(0, 0, 640, 40)]
