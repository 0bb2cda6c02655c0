from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dcmaudit.sources.recognise import HEAD, Content, recognise
from support.corpus import corpus, package_file
from support.files import gradient, reference


def test_every_example_file_with_the_prefix_is_dicom() -> None:
    heads = {file.id: file.path.read_bytes()[:HEAD] for file in corpus()}
    marked = {name for name, head in heads.items() if head[128:132] == b"DICM"}
    assert len(marked) > 100
    assert all(recognise(heads[name], name) in {Content.DICOM, Content.DICOMDIR} for name in marked)


@pytest.mark.parametrize("name", ["ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm", "rtstruct.dcm"])
def test_data_sets_without_file_meta_information_are_dicom(name: str) -> None:
    assert recognise(package_file(name).read_bytes()[:HEAD]) is Content.DICOM


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_built_data_set_is_dicom_with_and_without_its_head(syntax: str) -> None:
    data = reference(gradient(8, 8), syntax).data
    assert recognise(data[:HEAD]) is Content.DICOM
    assert recognise(data[128 : 128 + HEAD]) is Content.DICOM
    length = struct.unpack_from("<I", data, 140)[0]
    assert recognise(data[144 + length :][:HEAD]) is Content.DICOM


@pytest.mark.parametrize("name", ["rtplan.dump", "test1.json", "zipMR.gz", "crayons.icc", "README.txt"])
def test_what_lies_beside_dicom_files_is_something_else(name: str) -> None:
    path = next(file for file in package_file("CT_small.dcm").parent.iterdir() if file.name == name)
    assert recognise(path.read_bytes()[:HEAD]) in {Content.OTHER, Content.ARCHIVE}


def test_a_dicomdir_is_told_by_its_class_and_without_one_by_its_name() -> None:
    path = package_file("CT_small.dcm").parent / "dicomdirtests" / "DICOMDIR"
    head = path.read_bytes()[:HEAD]
    assert recognise(head, "anything") is Content.DICOMDIR
    bare = reference(gradient(8, 8), ImplicitVRLittleEndian).data[128:]
    assert recognise(bare[:HEAD], "/disc/dicomdir") is Content.DICOMDIR


def test_a_directory_class_mentioned_elsewhere_does_not_make_a_dicomdir() -> None:
    data = reference(gradient(8, 8), extra={"InstanceCreatorUID": "1.2.840.10008.1.3.10"}).data
    assert b"1.2.840.10008.1.3.10" in data[:1024]
    assert recognise(data[:1024]) is Content.DICOM


@pytest.mark.parametrize(
    ("head", "content"),
    [
        (b"", Content.EMPTY),
        (b"SQLite format 3\x00", Content.DATABASE),
        (b"PK\x03\x04", Content.ARCHIVE),
        (b"\0" * 257 + b"ustar", Content.ARCHIVE),
        (b"\0" * HEAD, Content.OTHER),
        (b"\xff" * HEAD, Content.OTHER),
        (b"\x08", Content.OTHER),
        (b"\x08\x00\x05\x00", Content.OTHER),
        (b"II*\0\x08\0\0\0", Content.OTHER),
        (b"MZ\x90\0\x03\0\0\0", Content.OTHER),
    ],
)
def test_small_and_foreign_heads(head: bytes, content: Content) -> None:
    assert recognise(head, "x") is content


@given(st.binary(max_size=HEAD))
def test_any_bytes_are_told_without_an_error(head: bytes) -> None:
    assert isinstance(recognise(head, "x"), Content)


@given(st.text(min_size=8, max_size=200))
def test_text_is_never_taken_for_dicom(text: str) -> None:
    if ord(text[0]) >= 9:
        assert recognise(text.encode("utf-8", "surrogatepass")[:HEAD]) in {Content.OTHER, Content.ARCHIVE}
