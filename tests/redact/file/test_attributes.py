"""What else of a file changes, and what never does."""

from __future__ import annotations

import io
import struct

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DicomError, RedactionError, UnsupportedError
from dcmaudit.model import Box, FrameAddress
from dcmaudit.model.redaction import OverlayPolicy, PrivatePolicy
from dcmaudit.verify import prove
from support.files import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_BASELINE,
    JPEG_LS,
    MemoryReference,
    Overlay,
    color_gradient,
    dataset,
    encode,
    file_bytes,
    gradient,
    letter_bits,
    reference,
)
from support.redacting import asked, elements, proved, redacted, unchanged

BOX = Box(3, 1, 12, 9)
PRIVATE = 0x00110010


def read(data: MemoryReference) -> FileDataset:
    return pydicom.dcmread(io.BytesIO(data.data))


def test_the_image_is_derived_and_says_why() -> None:
    extra = {"ImageType": ["ORIGINAL", "PRIMARY", "M"], "DerivationDescription": "cropped"}
    after = read(proved(reference(gradient(), extra=extra), [asked(BOX)]))
    assert after.ImageType == ["DERIVED", "PRIMARY", "M"]
    assert after.DerivationDescription == "cropped; Areas of the pixels were blacked out by dcmaudit"
    assert after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID == "1.2.826.0.1.3680043.10.1.1"
    assert after.PatientName == "Doe^Jane"


def test_a_file_of_which_no_pixel_changes_is_not_derived() -> None:
    extra = {"ImageType": ["ORIGINAL", "PRIMARY"]}
    after = read(proved(reference(gradient(), extra=extra), [], overlays=OverlayPolicy.REMOVE, assert_clean=True))
    assert after.ImageType == ["ORIGINAL", "PRIMARY"]
    assert "DerivationDescription" not in after


def test_what_the_old_pixels_made_true_goes() -> None:
    extra = {"SmallestImagePixelValue": 0, "LargestImagePixelValue": 255, "LossyImageCompression": "01"}
    data = dataset(gradient(), extra=extra)
    data.add_new(0x4FFE0001, "SQ", Sequence([Dataset()]))
    data.add_new(0xFFFAFFFA, "SQ", Sequence([Dataset()]))
    after = read(proved(MemoryReference("a.dcm", file_bytes(data)), [asked(BOX)]))
    assert "SmallestImagePixelValue" not in after
    assert 0x4FFE0001 not in after
    assert 0xFFFAFFFA not in after
    assert after.LossyImageCompression == "01"


def test_only_the_operator_calls_a_file_clean() -> None:
    extra = {"BurnedInAnnotation": "YES"}
    before = reference(gradient(), extra=extra, overlays=[Overlay(letter_bits())])
    silent = read(proved(before, [asked(BOX)]))
    assert silent.BurnedInAnnotation == "YES"
    assert "DeidentificationMethodCodeSequence" not in silent
    after = read(proved(before, [asked(BOX)], assert_clean=True))
    assert after.BurnedInAnnotation == "NO"
    assert [item.CodeValue for item in after.DeidentificationMethodCodeSequence] == ["113101", "113103"]
    assert "PatientIdentityRemoved" not in after


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED])
def test_method_codes_join_those_that_are_there_once(syntax: str) -> None:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "113100", "DCM", "Basic Profile"
    data = dataset(gradient(), extra={"DeidentificationMethodCodeSequence": [item]}, big_endian=syntax == BIG_ENDIAN)
    after = proved(MemoryReference("a.dcm", file_bytes(data, syntax)), [asked(BOX)], assert_clean=True)
    codes = [item.CodeValue for item in read(after).DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113101"]
    again = proved(after, [asked(BOX)], assert_clean=True)
    assert elements(again)[0x00120064] == elements(after)[0x00120064]


def test_a_new_uid_is_that_of_the_meta_information_too() -> None:
    after, _, _ = redacted(reference(gradient()), [asked(BOX)], new_uid=lambda old: old + ".9")
    found = read(after)
    assert found.SOPInstanceUID == found.file_meta.MediaStorageSOPInstanceUID == "1.2.826.0.1.3680043.10.1.1.9"


def private(size: int, *, nested: str = "") -> MemoryReference:
    data = dataset(gradient())
    data.add_new(PRIVATE, "LO", "SOMEBODY")
    if nested:
        item = Dataset()
        item.add_new(PRIVATE, "LO", "SOMEBODY")
        item.add_new(0x00111001, "OB", bytes(size))
        data.add_new(0x00111002 if nested == "private" else 0x00081140, "SQ", Sequence([item]))
    else:
        data.add_new(0x00111001, "OB", bytes(size))
    return MemoryReference("private.dcm", file_bytes(data))


def test_private_elements_that_could_hold_a_picture_go_and_small_ones_stay() -> None:
    large, small = private(576), private(574)
    assert 0x00111001 not in elements(proved(large, [asked(BOX)]))
    assert 0x00111001 in elements(proved(large, [asked(BOX)], private=PrivatePolicy.KEEP))
    unchanged(small, proved(small, [asked(BOX)]))
    with pytest.raises(UnsupportedError, match=r"\(0011,1001\)"):
        redacted(large, [asked(BOX)], private=PrivatePolicy.REFUSE)


def test_what_is_kept_as_asked_is_said_to_be_not_audited() -> None:
    _, _, written = redacted(private(576), [asked(BOX)], private=PrivatePolicy.KEEP)
    assert any("NOT AUDITED" in note and "(0011,1001), 576 bytes" in note for note in written.notes)


@pytest.mark.parametrize("nested", ["private", "standard"])
def test_a_private_element_inside_a_sequence_goes_and_the_sequence_stays(nested: str) -> None:
    before = private(65536, nested=nested)
    after = proved(before, [asked(BOX)])
    sequence = read(after)[0x00111002 if nested == "private" else 0x00081140].value
    assert [int(element.tag) for element in sequence[0]] == [PRIVATE]


def test_a_file_without_meta_information_gets_it() -> None:
    before = MemoryReference("bare", file_bytes(dataset(gradient()), EXPLICIT, preamble=False))
    after = proved(before, [asked(BOX)])
    assert after.data[128:132] == b"DICM"
    assert read(after).file_meta.TransferSyntaxUID == EXPLICIT


def test_an_element_that_occurs_twice_is_refused() -> None:
    data = file_bytes(dataset(gradient()))
    patient = data.index(b"\x10\x00\x10\x00PN")
    twice = data[:patient] + data[patient : patient + 16] + data[patient:]
    with pytest.raises(RedactionError, match=r"\(0010,0010\) occurs twice"):
        redacted(MemoryReference("twice.dcm", twice), [asked(BOX)])


def test_zero_bytes_behind_the_data_set_are_no_part_of_it() -> None:
    before = reference(gradient())
    padded = MemoryReference("padded.dcm", before.data + bytes(700))
    assert redacted(padded, [asked(BOX)])[0].data == redacted(before, [asked(BOX)])[0].data


def test_values_of_odd_length_stay_as_they_are() -> None:
    data = dataset(gradient(5, 5))
    raw = file_bytes(data)
    at = raw.index(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 26))
    odd = raw[:at] + struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 25) + raw[at + 12 : at + 37]
    after, _, _ = redacted(MemoryReference("odd.dcm", odd), [asked(Box(1, 1, 3, 3))])
    with open_instance(after) as instance:
        left = instance.read(FrameAddress(0)).array
    expected = gradient(5, 5)
    expected[1:3, 1:3] = 0
    assert np.array_equal(left, expected)


@pytest.mark.parametrize("table", ["basic", "extended", "empty", [0, 6]])
@pytest.mark.parametrize("fragments", [1, 3])
def test_offset_tables_are_true_afterwards_whatever_they_were(table: str | list[int], fragments: int) -> None:
    cells = np.stack([gradient(), gradient()[::-1]])
    how = {"table": table, "fragments": fragments}
    before = reference(cells, JPEG_LS, frames=2, **how)
    after, _, _ = redacted(before, [asked(BOX, FrameAddress(0))])
    found = read(after)
    assert "ExtendedOffsetTable" not in found
    assert len(list(pydicom.encaps.generate_frames(found.PixelData, number_of_frames=2))) == 2
    with open_instance(after) as instance:
        assert np.array_equal(instance.read(FrameAddress(1)).array, cells[1])
        assert not instance.notes


def progressive(frame: np.ndarray) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=90, progressive=True)
    return out.getvalue()


@pytest.mark.parametrize("colour", [False, True])
def test_progressive_jpeg_in_any_frame_makes_the_whole_file_lossless_jpeg(colour: bool) -> None:
    """Neither the first nor the last frame need be the progressive one."""
    frame = color_gradient() if colour else gradient()
    frames = [encode(frame, JPEG_BASELINE), progressive(frame), encode(frame, JPEG_BASELINE)]
    kind = "YBR_FULL_422" if colour else "MONOCHROME2"
    data = dataset(np.stack([frame] * 3), frames=3, photometric=kind)
    before = MemoryReference("p.dcm", file_bytes(data, JPEG_BASELINE, frames=frames))
    after = proved(before, [asked(BOX, FrameAddress(1))])
    found = read(after)
    assert found.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.70"
    assert found.LossyImageCompression == "01"
    assert found.PhotometricInterpretation == ("RGB" if colour else "MONOCHROME2")
    untouched = redacted(before, [asked(BOX, FrameAddress(0))])[0]
    assert read(untouched).file_meta.TransferSyntaxUID == JPEG_BASELINE


def test_a_frame_that_no_decoder_reads_keeps_the_whole_file_from_being_written() -> None:
    """Nobody can have looked at it, wherever the rectangles are."""
    good = encode(gradient(), JPEG_LS)
    data = dataset(np.stack([gradient()] * 3), frames=3)
    before = MemoryReference("bad.dcm", file_bytes(data, JPEG_LS, frames=[good, good[:40] + good[-4:], good]))
    with pytest.raises(DicomError, match="frame 2: "):
        redacted(before, [asked(BOX, FrameAddress(0))])


def test_text_in_jpeg_segments_is_dropped_and_said_to_have_been_there() -> None:
    frame = encode(gradient(), JPEG_BASELINE)
    comment = b"\xff\xfe" + struct.pack(">H", 12) + b"Doe^Jane  "
    before = MemoryReference(
        "c.dcm", file_bytes(dataset(gradient()), JPEG_BASELINE, frames=[frame[:2] + comment + frame[2:]])
    )
    dropped, plan, written = redacted(before, [asked(BOX)])
    assert any("COM" in note for note in written.notes)
    assert not any("Doe" in note for note in written.notes)
    assert b"Doe^Jane  " not in dropped.data
    assert prove(before, dropped, plan).passed
