"""New UIDs for all of a file's: in every element that holds one, at any depth, and nowhere else."""

from __future__ import annotations

import io
from collections.abc import Callable

import pydicom
import pytest
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset, FileDataset

from dcmaudit.model import Box
from dcmaudit.model.redaction import NewUids
from dcmaudit.pipeline.uids import uid_maker
from dcmaudit.redact.elements.uids import CLASSES
from dcmaudit.verify import prove
from dcmaudit.verify.uids import _NAMES_OF_KINDS
from support.files import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, MemoryReference, dataset, file_bytes, gradient
from support.redacting import asked, redacted

SYNTAXES = [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED]
NEW = uid_maker(b"k")
ROOT = "1.2.826.0.1.3680043.10.9"
WELL_KNOWN = "1.2.840.10008.1.4.1.1"  # Talairach Brain Atlas frame of reference
PRIVATE_CLASS = "1.3.12.2.1107.5.9.1"


def item(**values: object) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def rich(syntax: str, *, undefined: bool = False) -> MemoryReference:
    """A file with UIDs of every kind, and others that mean the same to everybody."""
    made = dataset(gradient(), big_endian=syntax == BIG_ENDIAN)
    made.FrameOfReferenceUID = f"{ROOT}.1"
    made.SynchronizationFrameOfReferenceUID = WELL_KNOWN
    made.IrradiationEventUID = [f"{ROOT}.2", f"{ROOT}.3"]
    made.DeviceUID = f"{ROOT}.4"
    made.ConcatenationUID = f"{ROOT}.5"
    made.InstanceCreatorUID = "1.2.840.10008.99.12345"  # under the root of DICOM, and none of PS3.6
    made.ContextGroupExtensionCreatorUID = "not a uid"
    made.AcquisitionUID = ""
    own = made.SOPInstanceUID
    made.SourceImageSequence = [
        item(ReferencedSOPClassUID=PRIVATE_CLASS, ReferencedSOPInstanceUID=uid,
             PurposeOfReferenceCodeSequence=[item(CodeValue="1", CodingSchemeUID=f"{ROOT}.6", ContextUID=f"{ROOT}.7")])
        for uid in (own, f"{ROOT}.8")
    ]  # fmt: skip
    made.DimensionOrganizationSequence = [item(DimensionOrganizationUID=f"{ROOT}.9")]
    made.ReferencedStudySequence = [item(ReferencedSOPInstanceUID=f"{ROOT}.10", TrackingUID=f"{ROOT}.1")]
    block = made.private_block(0x0029, "ACME 1", create=True)
    block.add_new(0x01, "UI", f"{ROOT}.8")
    block.add_new(0x02, "SQ", [item(ReferencedSOPInstanceUID=f"{ROOT}.8", RetrieveAETitle="AE")])
    block.add_new(0x03, "LO", "1.2.3 is a text")
    if undefined:
        for element in made.iterall():
            if element.VR == "SQ":
                element.is_undefined_length = True
                for one in element.value:
                    one.is_undefined_length_sequence_item = True
    return MemoryReference("rich.dcm", file_bytes(made, syntax))


def read(reference: MemoryReference) -> FileDataset:
    return pydicom.dcmread(io.BytesIO(reference.data))


def renewed(before: MemoryReference, *, black: bool) -> tuple[MemoryReference, object]:
    requests = [asked(Box(1, 2, 6, 9))] if black else []
    after, plan, _ = redacted(before, requests, new_uid=NEW, uids_of=NewUids.ALL, plain_meta=True)
    proof = prove(before, after, plan, new_uids=True)
    assert proof.passed, [str(finding) for finding in proof.findings]
    return after, plan


@pytest.mark.parametrize("black", [True, False], ids=["black", "untouched"])
@pytest.mark.parametrize("undefined", [False, True], ids=["lengths", "delimiters"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_uid_that_is_somebodys_is_a_new_one(syntax: str, undefined: bool, black: bool) -> None:
    before = rich(syntax, undefined=undefined)
    old = read(before)
    after, _ = renewed(before, black=black)
    new = read(after)
    assert new.file_meta.MediaStorageSOPInstanceUID == new.SOPInstanceUID == NEW(old.SOPInstanceUID)
    assert (new.StudyInstanceUID, new.SeriesInstanceUID) == (NEW(old.StudyInstanceUID), NEW(old.SeriesInstanceUID))
    assert new.FrameOfReferenceUID == NEW(f"{ROOT}.1") == new.ReferencedStudySequence[0].TrackingUID
    assert list(new.IrradiationEventUID) == [NEW(f"{ROOT}.2"), NEW(f"{ROOT}.3")]
    assert (new.DeviceUID, new.ConcatenationUID) == (NEW(f"{ROOT}.4"), NEW(f"{ROOT}.5"))
    assert new.InstanceCreatorUID == NEW("1.2.840.10008.99.12345")
    assert new.ContextGroupExtensionCreatorUID == NEW("not a uid")
    sources = new.SourceImageSequence
    assert [one.ReferencedSOPInstanceUID for one in sources] == [NEW(old.SOPInstanceUID), NEW(f"{ROOT}.8")]
    assert new.DimensionOrganizationSequence[0].DimensionOrganizationUID == NEW(f"{ROOT}.9")
    assert f"{ROOT}.8".encode() not in after.data if syntax != DEFLATED else True
    if syntax != IMPLICIT:  # there it is bytes for pydicom
        assert new[0x00291001].value == NEW(f"{ROOT}.8")
        assert new[0x00291002].value[0].ReferencedSOPInstanceUID == NEW(f"{ROOT}.8")
    # What means the same to everybody, and what is no UID, stays.
    assert (new.SOPClassUID, new.SynchronizationFrameOfReferenceUID) == (old.SOPClassUID, WELL_KNOWN)
    assert new.AcquisitionUID == ""
    code = sources[0].PurposeOfReferenceCodeSequence[0]
    assert (sources[0].ReferencedSOPClassUID, code.CodingSchemeUID, code.ContextUID) == (
        PRIVATE_CLASS, f"{ROOT}.6", f"{ROOT}.7",
    )  # fmt: skip
    assert str(new[0x00291003].value).strip("b' ") == "1.2.3 is a text"


def test_a_private_copy_of_an_own_uid_goes_along_though_nothing_says_what_it_is() -> None:
    before = rich(IMPLICIT)
    data = read(before)
    data.private_block(0x0029, "ACME 1").add_new(0x04, "UI", data.FrameOfReferenceUID)
    data.ReferencedStudySequence[0].private_block(0x0031, "ACME 2", create=True).add_new(1, "UI", data.SOPInstanceUID)
    before = MemoryReference("rich.dcm", file_bytes(data, IMPLICIT))
    after, _ = renewed(before, black=False)
    assert NEW(data.FrameOfReferenceUID).encode() in bytes(read(after)[0x00291004].value)
    assert data.SOPInstanceUID.encode() not in after.data
    assert data.FrameOfReferenceUID.encode() not in after.data


@pytest.mark.parametrize(
    ("value", "changes"),
    [(f"{ROOT}.8", True), (f"{ROOT}.8\\{ROOT}.9", True), ("1.2.3.4.5.6", True), ("10.0.1.17", False),
     (" 1.2.3.4.5.6", True), ("1.2.3.4.5", False),
     ("1.2.3.4.5.06", False), ("3.2.3.4.5.6", False), ("1.2.3.4.5.6 is a text", False),
     ("1.2.840.10008.5.1.4.1.1.7", False)],
)  # fmt: skip
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_what_nobody_knows_is_a_uid_where_it_looks_like_one(syntax: str, value: str, changes: bool) -> None:
    data = read(rich(syntax))
    data.add_new(0x00350010, "LO", "NOBODY")
    data.add_new(0x00351001, "UN", (value + " " * (len(value) % 2)).encode())
    before = MemoryReference("a.dcm", file_bytes(data, syntax))
    after, _ = renewed(before, black=False)
    assert (value.encode() not in bytes(read(after)[0x00351001].value)) == changes


def test_a_private_element_that_the_dictionary_knows_is_a_uid_without_a_vr_too() -> None:
    data = read(rich(EXPLICIT))
    data.ReferencedStudySequence[0].private_block(0x0009, "GEMS_IDEN_01", create=True).add_new(0xE3, "UI", f"{ROOT}.44")
    before = MemoryReference("a.dcm", file_bytes(data, IMPLICIT))
    after, _ = renewed(before, black=False)
    assert f"{ROOT}.44".encode() not in after.data


def test_the_file_meta_information_says_only_what_it_has_to() -> None:
    data = read(rich(EXPLICIT))
    data.file_meta.SourceApplicationEntityTitle = "WARD7"
    data.file_meta.PrivateInformationCreatorUID = f"{ROOT}.55"
    data.file_meta.PrivateInformation = b"abcd"
    out = io.BytesIO()
    data.save_as(out)
    before = MemoryReference("a.dcm", out.getvalue())
    after, plan = renewed(before, black=False)
    assert sorted(map(int, read(after).file_meta.keys())) == [
        0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013,
    ]  # fmt: skip
    kept = read(after)
    kept.file_meta.SourceApplicationEntityTitle = "WARD7"
    out = io.BytesIO()
    kept.save_as(out)
    proof = prove(before, MemoryReference("b.dcm", out.getvalue()), plan, new_uids=True)  # type: ignore[arg-type]
    assert any("was to be left out" in str(one) for one in proof.findings)


def put(data: object, **values: object) -> None:
    for name, value in values.items():
        setattr(data, name, value)


DAMAGE: dict[str, Callable[[FileDataset, FileDataset], None]] = {
    "an old frame of reference": lambda old, new: put(new, FrameOfReferenceUID=old.FrameOfReferenceUID),
    "an old event of two": lambda old, new: put(
        new, IrradiationEventUID=[new.IrradiationEventUID[0], old.IrradiationEventUID[1]]
    ),
    "an event less": lambda _old, new: put(new, IrradiationEventUID=new.IrradiationEventUID[0]),
    "an old reference in an item": lambda old, new: put(
        new.SourceImageSequence[1], ReferencedSOPInstanceUID=old.SourceImageSequence[1].ReferencedSOPInstanceUID
    ),
    "a reference to another new UID": lambda _old, new: put(
        new.SourceImageSequence[0], ReferencedSOPInstanceUID=NEW("x")
    ),
    "two that became one": lambda _old, new: put(new, DeviceUID=new.ConcatenationUID),
    "a UID that nobody made": lambda _old, new: put(new, DeviceUID="1.2.3"),
    "a class that changed": lambda _old, new: put(new.SourceImageSequence[0], ReferencedSOPClassUID=NEW(PRIVATE_CLASS)),
    "a well-known one that changed": lambda _old, new: put(new, SynchronizationFrameOfReferenceUID=NEW("y")),
    "an old private one": lambda old, new: put(new[0x00291001], value=old[0x00291001].value),
    "a new one where there was none": lambda _old, new: put(new, AcquisitionUID=NEW("z")),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_the_proof_notices(what: str) -> None:
    before = rich(EXPLICIT)
    after, plan = renewed(before, black=False)
    new = read(after)
    DAMAGE[what](read(before), new)
    out = io.BytesIO()
    new.save_as(out)
    proof = prove(before, MemoryReference("b.dcm", out.getvalue()), plan, new_uids=True)  # type: ignore[arg-type]
    assert any(one.check == "elements" for one in proof.findings), [str(one) for one in proof.findings]


def test_whatever_the_dictionary_calls_a_uid_is_new_or_a_name_of_a_kind() -> None:
    """By the names of PS3.6: classes, syntaxes, schemes and resources stay, and nothing else does."""
    words = ("Class UID", "SOP Class", "Transfer Syntax", "Coding Scheme", "Mapping Resource")
    names = {tag: entry[2] for tag, entry in DicomDictionary.items() if entry[0] == "UI" and tag >> 16}
    stay = {tag for tag, name in names.items() if any(word in name for word in words) or name == "Context UID"}
    stay -= {0x0018100B}  # Manufacturer's Device Class UID: action U in PS3.15 table E.1-1
    assert stay == CLASSES == _NAMES_OF_KINDS
