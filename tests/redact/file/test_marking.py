"""What a file says of how it was cleaned: behind what it said before, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from dcmaudit.model import Box
from dcmaudit.model.redaction import Marking, NewUids, RedactionPlan
from dcmaudit.pipeline.uids import uid_maker
from dcmaudit.redact.elements.marking import MEANINGS
from dcmaudit.verify import prove
from dcmaudit.verify.grammar import CODES
from support.files import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, MemoryReference, dataset, file_bytes, gradient
from support.redacting import asked, redacted

SYNTAXES = [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED]
MARKING = Marking("dcmaudit 1.0; policy house", "1.0", ("113107",), is_clean=True)
NEW = uid_maker(b"k")


def code(value: str, meaning: str) -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, "DCM", meaning
    return made


def marked_before(syntax: str, *, undefined: bool) -> MemoryReference:
    """A file that two programs cleaned, one of which says that it is clean."""
    data = dataset(gradient(), big_endian=syntax == BIG_ENDIAN)
    data.DeidentificationMethod = ["Per DICOM PS3.15", "with care"]
    data.DeidentificationMethodCodeSequence = Sequence([code("113107", "Retain Longitudinal"), code("113100", "Basic")])
    machine = Dataset()
    machine.Manufacturer = "ACME"
    machine.DeviceUID = "1.2.3.4.5"
    machine.PurposeOfReferenceCodeSequence = Sequence([code("109102", "Processing Equipment")])
    data.ContributingEquipmentSequence = Sequence([machine])
    data.BurnedInAnnotation = "YES"
    if undefined:
        for element in data.iterall():
            if element.VR == "SQ":
                element.is_undefined_length = True
                for one in element.value:
                    one.is_undefined_length_sequence_item = True
    return MemoryReference("marked.dcm", file_bytes(data, syntax))


def read(reference: MemoryReference) -> FileDataset:
    return pydicom.dcmread(io.BytesIO(reference.data))


def marked(before: MemoryReference, marking: Marking = MARKING) -> tuple[MemoryReference, RedactionPlan]:
    after, plan, _ = redacted(before, [asked(Box(1, 2, 6, 9))], marking=marking, new_uid=NEW, uids_of=NewUids.ALL)
    proof = prove(before, after, plan, new_uids=True)
    assert proof.passed, [str(finding) for finding in proof.findings]
    return after, plan


@pytest.mark.parametrize("undefined", [False, True], ids=["lengths", "delimiters"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_was_said_stays_in_front_and_is_not_said_twice(syntax: str, undefined: bool) -> None:
    before = marked_before(syntax, undefined=undefined)
    after, _ = marked(before)
    data = read(after)
    assert list(data.DeidentificationMethod) == ["Per DICOM PS3.15", "with care", "dcmaudit 1.0; policy house"]
    codes = [(one.CodeValue, one.CodeMeaning) for one in data.DeidentificationMethodCodeSequence]
    assert codes == [
        ("113107", "Retain Longitudinal"), ("113100", "Basic"), ("113101", "Clean Pixel Data Option"),
    ]  # fmt: skip
    first, own = data.ContributingEquipmentSequence
    assert (first.Manufacturer, first.DeviceUID) == ("ACME", NEW("1.2.3.4.5"))
    assert (own.Manufacturer, own.ManufacturerModelName, own.SoftwareVersions) == ("dcmaudit", "dcmaudit", "1.0")
    (purpose,) = own.PurposeOfReferenceCodeSequence
    assert (purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning) == (
        "109104", "DCM", "De-identifying Equipment",
    )  # fmt: skip
    assert data.BurnedInAnnotation == "NO"
    assert "PatientIdentityRemoved" not in data
    again, _ = marked(after)
    for keyword in ("DeidentificationMethod", "DeidentificationMethodCodeSequence"):
        assert read(again)[keyword] == data[keyword]
    assert len(read(again).ContributingEquipmentSequence) == 2


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_file_that_said_nothing_says_what_was_done_and_no_more(syntax: str) -> None:
    before = MemoryReference("a.dcm", file_bytes(dataset(gradient(), big_endian=syntax == BIG_ENDIAN), syntax))
    data = read(marked(before, Marking("dcmaudit 1.0; policy house", "1.0"))[0])
    assert data.DeidentificationMethod == "dcmaudit 1.0; policy house"
    assert len(data.ContributingEquipmentSequence) == 1
    for keyword in ("DeidentificationMethodCodeSequence", "BurnedInAnnotation", "PatientIdentityRemoved"):
        assert keyword not in data


def put(data: object, **values: object) -> None:
    for name, value in values.items():
        setattr(data, name, value)


DAMAGE: dict[str, Callable[[Any], object]] = {
    "another method": lambda d: put(d, DeidentificationMethod=[*d.DeidentificationMethod, "and more"]),
    "an old method gone": lambda d: put(d, DeidentificationMethod=list(d.DeidentificationMethod)[1:]),
    "no method of ours": lambda d: put(d, DeidentificationMethod=list(d.DeidentificationMethod)[:2]),
    "a code more": lambda d: d.DeidentificationMethodCodeSequence.append(code("113111", "Retain Safe Private Option")),
    "a code gone": lambda d: d.DeidentificationMethodCodeSequence.pop(0),
    "no code of ours": lambda d: d.DeidentificationMethodCodeSequence.pop(),
    "an old code changed": lambda d: put(d.DeidentificationMethodCodeSequence[1], CodeMeaning="Other"),
    "another meaning": lambda d: put(d.DeidentificationMethodCodeSequence[2], CodeMeaning="Anonymised"),
    "no equipment of ours": lambda d: d.ContributingEquipmentSequence.pop(),
    "an old device": lambda d: put(d.ContributingEquipmentSequence[0], DeviceUID="1.2.3.4.5"),
    "a name in the equipment": lambda d: put(d.ContributingEquipmentSequence[1], InstitutionName="Ward 7"),
    "another version": lambda d: put(d.ContributingEquipmentSequence[1], SoftwareVersions="2.0"),
    "burned in after all": lambda d: put(d, BurnedInAnnotation="YES"),
    "called anonymous": lambda d: put(d, PatientIdentityRemoved="YES"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_the_proof_notices(what: str) -> None:
    before = marked_before(EXPLICIT, undefined=False)
    after, plan = marked(before)
    data = read(after)
    DAMAGE[what](data)
    out = io.BytesIO()
    data.save_as(out)
    proof = prove(before, MemoryReference("b.dcm", out.getvalue()), plan, new_uids=True)
    assert any(one.check == "elements" for one in proof.findings), [str(one) for one in proof.findings]


def test_writer_and_proof_mean_the_same_codes() -> None:
    assert {key.encode(): value.encode() for key, value in MEANINGS.items()} == CODES
    assert all(len(meaning) <= 64 for meaning in CODES.values())
