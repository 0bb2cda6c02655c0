"""The beginning of a header says what the whole of it says, of every kind of file; what is odd is opened as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dcmaudit.dicom import head as module
from dcmaudit.dicom import open_instance
from dcmaudit.dicom.head import head_of
from dcmaudit.dicom.header_view import header_view
from dcmaudit.errors import DcmauditError, UnsupportedError
from support.corpus import CorpusFile, corpus
from support.files import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_BASELINE,
    MemoryReference,
    PathReference,
    dataset,
    encode,
    file_bytes,
    gradient,
)

FIELDS = (
    "Modality",
    "ImageType",
    "ManufacturerModelName",
    "BodyPartExamined",
    "PatientName",
    "Rows",
    "TransferSyntaxUID",
)


def whole(reference: PathReference | MemoryReference) -> tuple[list[tuple[str, ...] | None], str | None]:
    with open_instance(reference) as instance:
        view = header_view(instance)
        return [view.get(field) for field in FIELDS], instance.facts.series_uid


def beginning(reference: PathReference | MemoryReference) -> tuple[list[tuple[str, ...] | None], str | None]:
    view, series = head_of(reference, FIELDS)
    return [view.get(field) for field in FIELDS], series


@pytest.mark.parametrize("file", corpus(), ids=lambda file: file.id)
def test_the_beginning_says_what_the_whole_header_says(file: CorpusFile) -> None:
    reference = PathReference(Path(file.path))
    try:
        wanted = whole(reference)
    except DcmauditError:
        return  # the beginning may be read where the whole may not
    assert beginning(reference) == wanted


@pytest.fixture
def no_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise AssertionError("the whole header was read")

    monkeypatch.setattr(module, "open_instance", refuse)


def made(syntax: str = EXPLICIT, change: Callable[[object], None] | None = None) -> MemoryReference:
    data = dataset(gradient())
    data.SeriesInstanceUID, data.Modality, data.ManufacturerModelName = "1.2.3", "US", "Model 1"
    data.SpecificCharacterSet, data.PatientName = "ISO_IR 100", "M\xfcller"
    if change is not None:
        change(data)
    frames = {"frames": [encode(gradient(), JPEG_BASELINE)]} if syntax == JPEG_BASELINE else {}
    return MemoryReference("a", file_bytes(data, syntax, **frames))  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_whole")
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN, JPEG_BASELINE])
def test_an_ordinary_file_is_read_to_the_last_attribute_asked_for(syntax: str) -> None:
    values, series = beginning(made(syntax))
    assert series == "1.2.3"
    assert values[0] == ("US",)
    assert values[4] == ("Müller",)
    assert values[6] == (syntax,)


@pytest.mark.usefixtures("no_whole")
def test_a_sequence_and_long_values_before_it_keep_nothing_from_being_read() -> None:
    from pydicom.dataset import Dataset

    def change(data: object) -> None:
        item = Dataset()
        item.ReferencedSOPInstanceUID = "1.2"
        data.ReferencedImageSequence = [item] * 400  # type: ignore[attr-defined]
        data["ReferencedImageSequence"].is_undefined_length = True  # type: ignore[index]
        data.add_new(0x00091010, "OB", bytes(20_000))  # type: ignore[attr-defined]

    assert beginning(made(change=change))[1] == "1.2.3"


def test_what_is_not_ordinary_is_opened_as_a_whole() -> None:
    good = made().data
    for data in (good[132:], made(DEFLATED).data):
        assert beginning(MemoryReference("a", data)) == whole(MemoryReference("a", data))
    for data in (b"", b"no DICOM" * 50, good[:150], good[:400]):
        with pytest.raises(DcmauditError) as one:
            whole(MemoryReference("a", data))
        with pytest.raises(DcmauditError) as other:
            beginning(MemoryReference("a", data))
        assert str(one.value) == str(other.value)


def test_a_directory_is_no_image() -> None:
    from pydicom.data import get_testdata_file

    path = get_testdata_file("DICOMDIR")
    with pytest.raises(UnsupportedError):
        beginning(PathReference(Path(str(path))))


def test_a_field_behind_the_pixels_or_of_no_name_reads_the_whole() -> None:
    view, series = head_of(made(), ["Modality", "NoSuchField", "DataSetTrailingPadding"])
    assert (view.get("Modality"), view.get("NoSuchField"), series) == (("US",), None, "1.2.3")
