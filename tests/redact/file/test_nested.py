"""Values inside sequences that have to go along: the file's own UIDs, and the types of its frames."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pydicom
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from dcmaudit.model import Box
from dcmaudit.model.redaction import NewUids
from dcmaudit.verify import prove
from support.files import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    MemoryReference,
    dataset,
    file_bytes,
    gradient,
)
from support.redacting import asked, redacted

SYNTAXES = [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED]
OWN = ("1.2.826.0.1.3680043.10.1.1", "1.2.826.0.1.3680043.10.1.3", "1.2.826.0.1.3680043.10.1.2")
"""SOP Instance, Series Instance and Study Instance UID of every built file."""
OTHER = "1.2.826.0.1.3680043.10.77"


def new_uid(old: str) -> str:
    return f"2.25.{sum(map(ord, old))}"


def item(**values: object) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def enhanced(syntax: str, *, undefined: bool) -> MemoryReference:
    """Two frames that refer to their own instance and to another, three sequences deep."""
    frames = np.stack([gradient(), gradient()[::-1]])
    made = dataset(frames, frames=2, big_endian=syntax == BIG_ENDIAN)
    made.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    made.ReferencedSeriesSequence = [
        item(
            SeriesInstanceUID=OWN[1],
            StudyInstanceUID=OWN[2],
            ReferencedInstanceSequence=[item(ReferencedSOPInstanceUID=uid) for uid in (OWN[0], OTHER)],
        )
    ]
    types = (["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], ["DERIVED", "PRIMARY", "VOLUME", "NONE"])
    made.PerFrameFunctionalGroupsSequence = [
        item(
            MRImageFrameTypeSequence=[item(FrameType=kind)],
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, n])],
        )
        for n, kind in enumerate(types)
    ]
    if undefined:
        for element in made.iterall():
            if element.VR == "SQ":
                element.is_undefined_length = True
                for one in element.value:
                    one.is_undefined_length_sequence_item = True
    return MemoryReference("enhanced.dcm", file_bytes(made, syntax))


def read(reference: MemoryReference) -> FileDataset:
    return pydicom.dcmread(io.BytesIO(reference.data))


def walked(data: Dataset, keyword: str) -> list[object]:
    return [element.value for element in data.iterall() if element.keyword == keyword]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined", [False, True], ids=["lengths", "delimiters"])
@pytest.mark.parametrize("level", [NewUids.INSTANCE, NewUids.SERIES, NewUids.STUDY])
def test_references_of_a_file_to_itself_follow_its_new_uids(syntax: str, undefined: bool, level: NewUids) -> None:
    before = enhanced(syntax, undefined=undefined)
    after, plan, _ = redacted(before, [asked(Box(1, 2, 6, 9))], new_uid=new_uid, uids_of=level)
    proof = prove(before, after, plan, new_uids=True)
    assert proof.passed, [str(finding) for finding in proof.findings]
    data = read(after)
    count = len(level.tags)
    instance, series, study = (new_uid(uid) if n < count else uid for n, uid in enumerate(OWN))
    assert (data.SOPInstanceUID, data.SeriesInstanceUID, data.StudyInstanceUID) == (instance, series, study)
    assert data.file_meta.MediaStorageSOPInstanceUID == instance
    assert walked(data, "ReferencedSOPInstanceUID") == [instance, OTHER]
    assert walked(data, "SeriesInstanceUID") == [series, series]
    assert walked(data, "StudyInstanceUID") == [study, study]
    assert [float(position[2]) for position in walked(data, "ImagePositionPatient")] == [0, 1]  # type: ignore[index]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_frames_of_a_derived_image_are_derived(syntax: str) -> None:
    before = enhanced(syntax, undefined=False)
    after, plan, _ = redacted(before, [asked(Box(1, 2, 6, 9))])
    assert prove(before, after, plan).passed
    kinds = walked(read(after), "FrameType")
    assert [list(kind) for kind in kinds] == [["DERIVED", "PRIMARY", "VOLUME", "NONE"]] * 2  # type: ignore[call-overload]
    assert walked(read(after), "ReferencedSOPInstanceUID") == [OWN[0], OTHER]


def test_a_file_of_which_no_pixel_changes_keeps_the_types_of_its_frames() -> None:
    before = enhanced(EXPLICIT, undefined=False)
    after, plan, _ = redacted(before, [])
    assert prove(before, after, plan).passed
    assert [kind[0] for kind in walked(read(after), "FrameType")] == ["ORIGINAL", "DERIVED"]  # type: ignore[index]


def damaged(reference: MemoryReference, change: Callable[[Dataset], None]) -> MemoryReference:
    data = read(reference)
    change(data)
    out = io.BytesIO()
    data.save_as(out)
    return MemoryReference("damaged.dcm", out.getvalue())


def old_reference(data: Dataset) -> None:
    data.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID = OWN[0]


def other_reference(data: Dataset) -> None:
    data.ReferencedSeriesSequence[0].ReferencedInstanceSequence[1].ReferencedSOPInstanceUID = "1.2.3"


def original_frame(data: Dataset) -> None:
    group = data.PerFrameFunctionalGroupsSequence[0]
    group.MRImageFrameTypeSequence[0].FrameType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]


def other_frame(data: Dataset) -> None:
    group = data.PerFrameFunctionalGroupsSequence[0]
    group.MRImageFrameTypeSequence[0].FrameType = ["DERIVED", "PRIMARY", "OTHER", "NONE"]


def old_study(data: Dataset) -> None:
    data.StudyInstanceUID = OWN[2]


@pytest.mark.parametrize("change", [old_reference, other_reference, original_frame, other_frame, old_study])
def test_the_proof_notices_what_did_not_go_along(change: Callable[[Dataset], None]) -> None:
    before = enhanced(EXPLICIT, undefined=False)
    after, plan, _ = redacted(before, [asked(Box(1, 2, 6, 9))], new_uid=new_uid, uids_of=NewUids.STUDY)
    assert prove(before, after, plan, new_uids=True).passed
    proof = prove(before, damaged(after, change), plan, new_uids=True)
    assert any(finding.check == "elements" for finding in proof.findings), [str(one) for one in proof.findings]


def test_an_icon_beside_a_reference_to_itself_is_blacked_and_follows() -> None:
    small = dataset(gradient(6, 8))
    for name in ("SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "PatientName", "PatientID"):
        delattr(small, name)
    made = dataset(gradient(), extra={"IconImageSequence": Sequence([small])})
    before = MemoryReference("icon.dcm", file_bytes(made))
    after, plan, _ = redacted(before, [asked(Box(1, 2, 6, 9))], new_uid=lambda _: "2.25.1")
    item = dcmread(io.BytesIO(after.data)).IconImageSequence[0]
    assert item.SOPInstanceUID == "2.25.1"
    assert item.PixelData != small.PixelData
    proof = prove(before, after, plan, new_uids=True)
    assert proof.passed, [str(one) for one in proof.findings]
