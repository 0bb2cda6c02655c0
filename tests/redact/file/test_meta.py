"""File meta information with elements of any value representation, also of those with lengths of four bytes."""

from __future__ import annotations

import struct

import pytest
from pydicom import valuerep

from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.model import Box
from dcmaudit.model.vrs import LONG_VRS, SHORT_VRS, VR_CODES, padded
from dcmaudit.verify import vrs as of_the_proof
from dcmaudit.verify.envelope import read_envelope
from support.files import DEFLATED, EXPLICIT, IMPLICIT, JPEG_BASELINE, MemoryReference, gradient, reference
from support.redacting import asked, proved

ADDRESS = 0x00020026
"""Source Presentation Address, the first standard element of file meta information with a VR of UR (PS3.10 7.1)."""
VALUES = {"UR": b"dicom://ae.example:104/a", "UT": b"words and words", "UC": b"one\\two", "SH": b"AE"}


def with_element(syntax: str, vr: str, value: bytes, tag: int = ADDRESS) -> MemoryReference:
    """A built file with one more element of group 0002, in its place, and the group's length made right."""
    data = reference(gradient(32, 32), syntax).data
    length = struct.unpack_from("<L", data, 140)[0]
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    size = b"\0\0" + struct.pack("<L", len(value)) if vr in LONG_VRS else struct.pack("<H", len(value))
    group = data[144 : 144 + length] + head + size + value
    return MemoryReference("meta.dcm", data[:140] + struct.pack("<L", len(group)) + group + data[144 + length :])


@pytest.mark.parametrize("vr", sorted((LONG_VRS | SHORT_VRS) - {"SQ"}))
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED, JPEG_BASELINE])
def test_an_element_of_any_vr_stays_as_it_was(syntax: str, vr: str) -> None:
    value = padded(VALUES.get(vr, bytes(range(1, 9))), vr)
    before = with_element(syntax, vr, value)
    after = proved(before, [asked(Box(0, 0, 16, 16))])
    with after.open() as stream, before.open() as other:
        data, old = stream.read(), other.read()
    assert value in old
    written = "UR" if vr == "UN" else vr  # what the dictionary knows is written by its name (PS3.5 6.2.2)
    start = data.index(struct.pack("<HH", 2, 0x26) + written.encode())
    size = 12 if written in LONG_VRS else 8
    assert data[start + size : start + size + len(value)] == value


@pytest.mark.parametrize("vr", ["UR", "UT", "UN", "OB"])
def test_an_element_that_could_hold_a_picture_is_left_out_and_the_rest_is_read(vr: str) -> None:
    after = proved(with_element(EXPLICIT, vr, b"x" * 2000), [asked(Box(0, 0, 16, 16))])
    with after.open() as stream:
        assert b"x" * 2000 not in stream.read()


def test_the_table_of_the_program_is_that_of_the_standard() -> None:
    assert {str(vr) for vr in valuerep.EXPLICIT_VR_LENGTH_32} == LONG_VRS
    assert {str(vr) for vr in valuerep.EXPLICIT_VR_LENGTH_16} == SHORT_VRS
    assert {vr.encode() for vr in LONG_VRS | SHORT_VRS} == VR_CODES


def test_the_proofs_own_table_is_equal() -> None:
    assert of_the_proof.LONG == LONG_VRS
    assert of_the_proof.SHORT == SHORT_VRS
    assert {code.decode() for code in of_the_proof.LONG_CODES} == LONG_VRS


@pytest.mark.parametrize("vr", sorted(LONG_VRS))
def test_the_proofs_envelope_ends_where_the_data_set_begins(vr: str) -> None:
    before = with_element(EXPLICIT, vr, bytes(8))
    with before.open() as stream:
        envelope = read_envelope(ByteSource(stream, name="meta.dcm"))
    assert envelope.length_is_right
    assert envelope.meta[ADDRESS] == bytes(8)
