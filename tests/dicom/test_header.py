"""Opening: what is no DICOM, what is damaged, and what is merely unusual."""

from __future__ import annotations

import io
import logging
import struct
import threading
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.dicom import Instance, inflation, open_instance
from dcmaudit.dicom.header_view import header_view
from dcmaudit.errors import (
    DicomError,
    HeaderError,
    NotDicomError,
    SourceNotFoundError,
    SourceUnreadableError,
    TruncatedError,
    UnsupportedError,
)
from dcmaudit.model import FrameAddress, PlaneKind
from support.corpus import package_file
from support.files import (
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_LS,
    MemoryReference,
    PathReference,
    dataset,
    file_bytes,
    gradient,
    reference,
)


def opened(data: bytes) -> Instance:
    return open_instance(MemoryReference("the file", data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 4096,
        b"\xff" * 4096,
        b"hello, this is a text file\n" * 50,
        b"%PDF-1.7\n" + b"x" * 500,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 300,
        b"filename,frame,overlay\n/a/b.dcm,0,-1\n",
        b"SQLite format 3\0" + b"\0" * 500,
        b"PK\3\4" + b"\0" * 200,
        b"\x08\0",
        b"\x08\0\x05\0CS\x0a\0ISO_IR 100",
        bytes(range(256)) * 20,
    ],
    ids=["empty", "zeros", "ones", "text", "pdf", "png", "csv", "sqlite", "zip", "stub", "charset only", "ramp"],
)
def test_what_is_no_dicom_is_refused(data: bytes) -> None:
    with pytest.raises((NotDicomError, TruncatedError)) as caught:
        opened(data)
    assert caught.value.file == "the file"


def test_noise_is_never_taken_for_a_data_set() -> None:
    rng = np.random.default_rng(7)
    for _ in range(300):
        with pytest.raises(DicomError):
            opened(rng.integers(0, 256, 2000, np.uint8).tobytes())


def test_a_magic_word_with_nothing_behind_it_is_no_instance() -> None:
    with pytest.raises(TruncatedError):
        opened(b"\0" * 128 + b"DICM")
    whole = file_bytes(dataset(gradient()))
    end_of_meta = 132 + 12 + struct.unpack("<L", whole[140:144])[0]
    with pytest.raises(TruncatedError, match="ends after its file meta information"):
        opened(whole[:end_of_meta])


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED, JPEG_LS])
def test_an_end_anywhere_before_the_pixels_is_an_error_of_the_tree(syntax: str) -> None:
    data = reference(gradient(8, 8), syntax).data
    for end in range(0, len(data) - 40, 3):
        try:
            with opened(data[:end]) as instance:
                assert all(plane.kind is not PlaneKind.FRAME or syntax == JPEG_LS for plane in instance.planes)
        except DicomError as error:
            assert error.file == "the file"


def test_a_dicomdir_is_a_list() -> None:
    with pytest.raises(UnsupportedError, match="DICOMDIR"):
        open_instance(PathReference(package_file("DICOMDIR")))


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="folder"):
        open_instance(PathReference(tmp_path))
    with pytest.raises(SourceNotFoundError):
        open_instance(PathReference(tmp_path / "nothing.dcm"))


def test_a_source_that_fails_later_is_an_error_of_the_tree() -> None:
    class Failing(io.BytesIO):
        broken = False

        def read(self, size: int | None = -1) -> bytes:
            if self.broken:
                raise OSError(5, "Input/output error")
            return super().read(size)

    stream = Failing(reference(gradient()).data)

    class Reference:
        name = "s3://bucket/key"

        def open(self) -> BinaryIO:
            return stream

    with open_instance(Reference()) as instance:
        stream.broken = True
        with pytest.raises(SourceUnreadableError, match="Input/output error"):
            instance.read(FrameAddress(0))


def test_a_closed_instance_says_so() -> None:
    instance = open_instance(reference(gradient()))
    instance.close()
    instance.close()
    with pytest.raises(SourceUnreadableError):
        instance.read(FrameAddress(0))


def test_a_length_that_lies_asks_for_no_memory() -> None:
    made = dataset(gradient())
    data = file_bytes(made)
    at = data.index(b"PN\x08\0Doe^Jane")
    lying = data[:at] + b"UN\0\0\xf0\xff\xff\xff" + data[at + 4 :]
    with pytest.raises(TruncatedError, match=r"ends inside \(0010,0010\)"):
        opened(lying)


def test_sequences_without_end_are_refused() -> None:
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    nested = (struct.pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + item) * 5000
    with pytest.raises(DicomError):
        opened(file_bytes(dataset()) + nested)


def test_what_follows_the_pixel_data_is_read_and_garbage_is_named() -> None:
    made = dataset(gradient(4, 4))
    made.add_new(0x7FE10010, "LO", "VENDOR")
    made.add_new(0x7FE11001, "OB", b"\1" * 70000)
    with opened(file_bytes(made)) as instance:
        assert [plane.kind for plane in instance.planes] == [PlaneKind.FRAME, PlaneKind.UNSHOWN]
        assert instance.planes[1].title == "not audited: private element (7FE1,1001)"
    with opened(file_bytes(dataset(gradient(4, 4))) + b"\0" * 100) as padded:
        assert len(padded.planes) == 1
    with opened(file_bytes(dataset(gradient(4, 4))) + bytes(3 << 20)) as longer:
        assert len(longer.planes) == 1
    with opened(file_bytes(dataset(gradient(4, 4))) + bytes(3 << 20) + b"x") as hidden:
        assert "no DICOM elements" in str(hidden.planes[1].group.reason)
    with opened(file_bytes(dataset(gradient(4, 4))) + b"another image, perhaps") as odd:
        assert odd.planes[1].group.reason == "22 bytes behind the data set are no DICOM elements"


def test_a_second_pixel_data_element_is_named() -> None:
    made = dataset(gradient(4, 4, dtype=np.uint32))
    made.FloatPixelData = np.zeros(16, np.float32).tobytes()
    with opened(file_bytes(made)) as instance:
        assert any("more pixel data" in plane.title for plane in instance.planes)


def test_a_deflated_data_set_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflation, "INFLATED_LIMIT", 1 << 20)
    data = reference(np.zeros((2000, 2000), np.uint8), DEFLATED).data
    assert len(data) < 10000
    with pytest.raises(HeaderError, match="grows beyond"):
        opened(data)


def test_nothing_of_a_value_is_logged_or_warned(caplog: pytest.LogCaptureFixture) -> None:
    made = dataset(gradient(), extra={"SpecificCharacterSet": "ISO_IR 100"})
    data = file_bytes(made).replace(b"Doe^Jane", b"Doe^J\xe9ne").replace(b"ISO_IR 100", b"SECRET_SET")
    with caplog.at_level(logging.DEBUG), opened(data) as instance:
        instance.tag_rows()
        instance.read(FrameAddress(0))
    assert not caplog.records


def test_a_header_holds_no_pixels_in_memory() -> None:
    made = reference(np.zeros((64, 256, 256), np.uint16), frames=64)
    with open_instance(made) as instance:
        held = [element for element in instance._header.dataset._dict.values() if len(element.value or b"") > 65536]
        assert held == []


def test_one_instance_serves_several_threads() -> None:
    frames = np.stack([np.roll(gradient(dtype=np.uint16), k, axis=1) for k in range(24)])
    with open_instance(reference(frames, JPEG_LS, frames=24, table="empty")) as instance:
        wrong: list[int] = []

        def walk(step: int) -> None:
            for k in range(24):
                frame = (k * step) % 24
                if not np.array_equal(instance.read(FrameAddress(frame)).array, frames[frame]):
                    wrong.append(frame)

        threads = [threading.Thread(target=walk, args=(step,)) for step in (1, 5, 7, 11)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


def test_the_facts_are_those_of_the_header() -> None:
    extra = {
        "Modality": "US",
        "ImageType": ["ORIGINAL", "PRIMARY", "", "0001"],
        "Manufacturer": "ACME",
        "SoftwareVersions": ["1.0", "2"],
        "BurnedInAnnotation": "YES",
    }
    with open_instance(reference(gradient(dtype=np.uint16), bits_stored=12, extra=extra)) as instance:
        facts = instance.facts
        assert facts.device.modality == "US"
        assert facts.device.image_type == ("ORIGINAL", "PRIMARY", "", "0001")
        assert facts.device.model == "ACME 1.0\\2"
        assert facts.device.burned_in_annotation == "YES"
        assert (facts.device.rows, facts.device.columns) == (24, 32)
        assert (facts.bits_allocated, facts.bits_stored, facts.high_bit, facts.signed) == (16, 12, 11, False)
        assert facts.number_of_frames == 1
    with open_instance(reference(gradient(), extra={"ManufacturerModelName": "M1", "Manufacturer": "A"})) as named:
        assert named.facts.device.model == "M1"


def test_a_nested_icon_of_a_compressed_file_may_be_native() -> None:
    icon = dataset(gradient(5, 7))
    holder = Dataset()
    holder.IconImageSequence = [icon]
    made = dataset(gradient(), extra={"ReferencedImageSequence": [holder]})
    from support.files import encode

    data = file_bytes(made, JPEG_LS, frames=[encode(gradient(), JPEG_LS)])
    with opened(data) as instance:
        assert [plane.kind for plane in instance.planes] == [PlaneKind.FRAME, PlaneKind.ICON]
        assert np.array_equal(instance.read(instance.planes[1].address).array, gradient(5, 7))


def test_what_lies_behind_a_deflated_data_set_is_named() -> None:
    data = file_bytes(dataset(gradient()), DEFLATED)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    second = packer.compress(np.random.default_rng(1).bytes(2000)) + packer.flush()
    with opened(data) as plain, opened(data + bytes(5000)) as padded, opened(data + b"checksum") as summed:
        assert len(plain.planes) == len(padded.planes) == len(summed.planes) == 1
        assert "bytes behind the deflated data set" in str(summed.notes)
    assert len(second) >= 576
    with opened(data + second) as odd:
        assert "bytes behind the deflated data set" in str(odd.planes[1].group.reason)


def test_private_elements_are_converted_by_nobody_who_only_opens_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    from pydicom import dataset as pydicom_dataset

    data = dataset(gradient())
    data.add_new(0x00290010, "LO", "A MAKER")
    for number in range(20):
        data.add_new(0x00291000 + number, "LO", f"value {number}")
    converted: list[int] = []
    convert = pydicom_dataset.convert_raw_data_element

    def noted(raw: Any, **how: Any) -> Any:
        converted.append(int(raw.tag))
        return convert(raw, **how)

    monkeypatch.setattr(pydicom_dataset, "convert_raw_data_element", noted)
    with open_instance(MemoryReference("a.dcm", file_bytes(data, EXPLICIT))) as instance:
        instance.read(instance.planes[0].address)
        assert [tag for tag in converted if tag >> 16 & 1] == []
        view = header_view(instance)
        assert view.text((0x0029, "A MAKER", 0x03)) == "value 3"
