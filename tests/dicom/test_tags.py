"""The table of elements, and what identifies an instance."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.dicom import TagRow, open_instance
from dcmaudit.errors import DcmauditError
from support.corpus import corpus
from support.files import (
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_LS,
    MemoryReference,
    PathReference,
    dataset,
    encapsulated,
    encode,
    file_bytes,
    gradient,
    reference,
)


def rows_of(made: Dataset, syntax: str = EXPLICIT, limit: int = 120) -> list[TagRow]:
    with open_instance(MemoryReference("x", file_bytes(made, syntax))) as instance:
        return instance.tag_rows(limit)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED])
def test_file_meta_values_private_elements_and_pixels_have_their_rows(syntax: str) -> None:
    made = dataset(gradient())
    made.add_new(0x00190010, "LO", "GEMS_ACQU_01")
    made.add_new(0x00191002, "SL", 5)
    made.add_new(0x001910FE, "OB", b"\1\2\3\4")
    rows = {row.tag: row for row in rows_of(made, syntax)}
    assert rows["(0002,0010)"].value == syntax
    assert rows["(0010,0010)"] == TagRow(0, "(0010,0010)", "Patient's Name", "PN", "Doe^Jane")
    assert rows["(0019,0010)"].name == "Private Creator"
    assert "Detector" in rows["(0019,1002)"].name
    assert rows["(0019,10FE)"].value == "4 bytes"
    assert rows["(7FE0,0010)"].value == f"{24 * 32} bytes"
    tags = [row.tag for row in rows_of(made, syntax)]
    assert tags == sorted(tags)


def test_nested_items_follow_their_sequence_one_step_deeper() -> None:
    inner, outer = Dataset(), Dataset()
    inner.CodeValue = "113100"
    outer.ConceptCodeSequence = [inner]
    rows = rows_of(dataset(extra={"ContentSequence": [outer, Dataset()], "InstanceNumber": 3}))
    start = next(i for i, row in enumerate(rows) if row.tag == "(0040,A730)")
    assert [(row.depth, row.tag, row.value) for row in rows[start : start + 6]] == [
        (0, "(0040,A730)", "2 items"),
        (1, "(FFFE,E000)", ""),
        (1, "(0040,A168)", "1 item"),
        (2, "(FFFE,E000)", ""),
        (2, "(0008,0100)", "113100"),
        (1, "(FFFE,E000)", ""),
    ]


@pytest.mark.parametrize("limit", [120, 10, 1])
def test_long_values_are_cut_and_say_so(limit: int) -> None:
    rows = rows_of(dataset(extra={"ImageComments": "a" * 500, "PatientID": "short"}), limit=limit)
    value = next(row.value for row in rows if row.tag == "(0020,4000)")
    assert len(value) == limit
    assert value.endswith("…")


def test_several_values_and_other_alphabets() -> None:
    made = dataset(
        extra={"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Jürgen", "ImageType": ["A", "B"]}
    )
    rows = {row.tag: row.value for row in rows_of(made)}
    assert rows["(0010,0010)"] == "Müller^Jürgen"
    assert rows["(0008,0008)"] == "A\\B"


def test_asking_for_the_table_changes_nothing_else() -> None:
    with open_instance(
        reference(gradient(dtype=np.uint16), extra={"WindowCenter": [1, 2], "WindowWidth": [3, 4]})
    ) as one:
        before = one.read(one.planes[0].address).windows
        one.tag_rows()
        assert one.read(one.planes[0].address).windows == before


def test_every_real_file_has_a_table() -> None:
    for file in corpus():
        try:
            instance = open_instance(PathReference(file.path))
        except DcmauditError:
            continue
        with instance:
            rows = instance.tag_rows()
            assert rows
            assert all(len(row.value) <= 120 for row in rows)


def test_the_digest_is_that_of_the_value_as_it_lies_in_the_file() -> None:
    made = reference(gradient())
    with open_instance(made) as instance:
        identity = instance.identity()
    assert identity.sop_instance_uid == "1.2.826.0.1.3680043.10.1.1"
    assert identity.pixel_digest == "sha256:" + hashlib.sha256(gradient().tobytes()).hexdigest()
    stream = encode(gradient(), JPEG_LS)
    with open_instance(MemoryReference("y", file_bytes(dataset(gradient()), JPEG_LS, frames=[stream]))) as compressed:
        value = encapsulated([stream])[0][:-8]
        assert compressed.identity().pixel_digest == "sha256:" + hashlib.sha256(value).hexdigest()
    with open_instance(reference()) as none:
        assert none.identity().pixel_digest is None


def test_the_digest_does_not_depend_on_the_name_or_other_attributes() -> None:
    with (
        open_instance(reference(gradient(), name="a", extra={"PatientID": "1"})) as one,
        open_instance(reference(gradient(), name="b", extra={"PatientID": "22"})) as other,
        open_instance(reference(gradient()[::-1].copy())) as third,
    ):
        assert one.identity() == other.identity()
        assert one.identity() != third.identity()
