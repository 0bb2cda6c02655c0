"""A header as texts, numbers and items."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from dcmaudit.dicom import open_instance
from dcmaudit.dicom.header_view import HeaderView, header_view, is_known
from support.corpus import CorpusFile, corpus
from support.files import EXPLICIT, reference
from support.headers import dataset, header, region


def test_absent_empty_and_filled_elements_are_told_apart() -> None:
    view = header(
        Modality="US", Manufacturer="", PatientName="", Rows=None, ImageType=["A", "", "B"], WindowWidth="1.50"
    )
    assert view.get("StudyDate") is None
    assert view.get("NoSuchKeyword") is None
    assert (view.get("Manufacturer"), view.get("PatientName"), view.get("Rows")) == ((), (), ())
    assert view.get("ImageType") == ("A", "", "B")
    assert view.get("WindowWidth") == ("1.50",)
    assert (view.text("Modality"), view.text("Manufacturer"), view.text("Rows")) == ("US", "", None)
    assert view.text("ImageType") == "['A', '', 'B']"


def test_an_element_is_found_by_keyword_tag_and_private_creator() -> None:
    made = dataset(Modality="US")
    made.private_block(0x0009, "MAKER", create=True).add_new(0x01, "LO", "SCREEN")
    view = HeaderView(made)
    assert view.get("Modality") == view.get(0x00080060) == ("US",)
    assert view.get((0x0009, "MAKER", 0x01)) == view.get(0x00091001) == ("SCREEN",)
    assert view.get((0x0009, "OTHER", 0x01)) is None
    assert view.get((0x0008, "MAKER", 0x01)) is None
    assert view.get(-1) is None
    assert view.get(1 << 40) is None


def test_a_private_text_written_as_bytes_is_compared_as_text() -> None:
    made = Dataset()
    made.add_new(0x00090010, "LO", "MAKER")
    made.add_new(0x00091001, "UN", b"SCREEN \0")
    made.add_new(0x00091002, "UN", b"\xff\x01")
    made.add_new(0x00091003, "UN", b"")
    view = HeaderView(made)
    assert view.get(0x00091001) == ("SCREEN",)
    assert view.get(0x00091002) == (r"b'\xff\x01'",)
    assert view.get(0x00091003) == ()


def test_file_meta_information_is_part_of_the_header() -> None:
    made = dataset(Modality="US")
    made.file_meta = FileMetaDataset()
    made.file_meta.ImplementationVersionName = "MINDRAY_1"
    assert HeaderView(made).get("ImplementationVersionName") == ("MINDRAY_1",)
    assert HeaderView(dataset(Modality="US"), meta=made.file_meta).get(0x00020013) == ("MINDRAY_1",)
    assert header(Modality="US").get("ImplementationVersionName") is None


def test_items_and_whole_numbers() -> None:
    view = header(
        SequenceOfUltrasoundRegions=[region(1, 2, 3, 4)], WindowWidth="350.0", Modality="US", PixelSpacing=["0.5", "1"]
    )
    (item,) = view.items("SequenceOfUltrasoundRegions")
    assert item.integer("RegionLocationMaxY1") == 4
    assert view.get("SequenceOfUltrasoundRegions") == ("",)
    assert view.items("Modality") == view.items("StudyDate") == ()
    assert (view.integer("WindowWidth"), view.integer("Modality"), view.integer("PixelSpacing")) == (350, None, None)
    assert header(ContentSequence=Sequence()).get("ContentSequence") == ()


def test_a_value_that_does_not_fit_its_vr_is_given_as_its_bytes() -> None:
    made = Dataset()
    made[0x00280010] = RawDataElement(Tag(0x00280010), "US", 3, b"480", 0, False, True)
    assert HeaderView(made).get("Rows") == ("480",)
    assert HeaderView(made).integer("Rows") == 480


@pytest.mark.parametrize("field", ["Modality", 0x00080060, 0x00091001, 0x60000010, (9, "A", 1)])
def test_elements_of_the_dictionary_private_ones_and_overlays_are_known(
    field: str | int | tuple[int, str, int],
) -> None:
    assert is_known(field)


@pytest.mark.parametrize("field", ["Manfacturer", 0x00080FFF])
def test_misspelt_elements_are_not_known(field: str | int) -> None:
    assert not is_known(field)


def test_pixel_data_that_stay_in_the_file_are_present_and_the_view_outlives_the_instance() -> None:
    with open_instance(reference(np.zeros((4, 5), np.uint8), EXPLICIT)) as instance:
        view = header_view(instance)
    assert view.get("PixelData") == ("",)
    assert view.text("PixelData") == ""
    assert view.integer("Rows") == 4
    assert view.text("TransferSyntaxUID") == EXPLICIT


@pytest.mark.parametrize("file", corpus(), ids=lambda file: file.id)
def test_every_element_of_a_real_file_can_be_asked_for_without_warning(file: CorpusFile) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = pydicom.dcmread(io.BytesIO(file.path.read_bytes()), force=True, stop_before_pixels=True)
        except Exception:  # whether a file can be read at all is tested elsewhere
            return
        tags = list(made.keys())
    view = HeaderView(made)
    for tag in tags:
        values, text = view.get(int(tag)), view.text(int(tag))
        assert values is not None
        assert text is not None or values == ()
        view.integer(int(tag))
        view.items(int(tag))
