"""Icons are planes; what cannot be a plane is named."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.dicom import examine, open_instance
from dcmaudit.errors import UnsupportedError
from dcmaudit.model import IconAddress, Outcome, PlaneKind, Size, UnshownAddress
from support.corpus import package_file, shared_file
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    MemoryReference,
    Overlay,
    PathReference,
    dataset,
    file_bytes,
    gradient,
    letter_bits,
    reference,
)


def icon_with_palette() -> Dataset:
    icon = dataset(gradient(6, 8, top=15), photometric="PALETTE COLOR")
    for number, name in enumerate(("Red", "Green", "Blue")):
        setattr(icon, f"{name}PaletteColorLookupTableDescriptor", [16, 0, 16])
        setattr(icon, f"{name}PaletteColorLookupTableData", (np.arange(16, dtype="<u2") * 4096 + number).tobytes())
    return icon


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_icons_at_any_depth_with_their_own_palette(syntax: str) -> None:
    inner = Dataset()
    inner.IconImageSequence = [icon_with_palette()]
    made = dataset(
        gradient(), extra={"IconImageSequence": [dataset(gradient(4, 4))], "ReferencedImageSequence": [inner]}
    )
    with open_instance(MemoryReference("x", file_bytes(made, syntax))) as instance:
        icons = [plane for plane in instance.planes if plane.kind is PlaneKind.ICON]
        assert {plane.size for plane in icons} == {Size(8, 6), Size(4, 4)}
        nested = instance.read(IconAddress(0 if icons[0].size == Size(8, 6) else 1))
        assert nested.photometric == "PALETTE COLOR"
        assert nested.palette is not None
        assert nested.palette.blue.data[3] == 3 * 4096 + 2


def test_an_icon_of_a_big_endian_file() -> None:
    icon = dataset(gradient(4, 4, dtype=np.uint16), big_endian=True)
    made = dataset(gradient(), extra={"IconImageSequence": [icon]}, big_endian=True)
    with open_instance(MemoryReference("x", file_bytes(made, BIG_ENDIAN))) as instance:
        assert np.array_equal(instance.read(IconAddress(0)).array, gradient(4, 4, dtype=np.uint16))


def test_an_icon_that_cannot_be_shown_is_named() -> None:
    icon = dataset(gradient(4, 4), extra={"Rows": 400})
    with open_instance(reference(gradient(), extra={"IconImageSequence": [icon]})) as instance:
        assert instance.planes[1].title == "not audited: icon 1"


def _with(**attributes: object) -> Dataset:
    return dataset(extra=attributes)


def _annotated() -> Dataset:
    text = Dataset()
    text.UnformattedTextValue = "name of a person"
    annotation = Dataset()
    annotation.TextObjectSequence = [text]
    return dataset(extra={"GraphicAnnotationSequence": [annotation]})


def _curve() -> Dataset:
    made = dataset(gradient())
    made.add_new(0x50000005, "US", 2)
    made.add_new(0x50003000, "OW", b"\1" * 100000)
    return made


@pytest.mark.parametrize(
    ("made", "title", "reason"),
    [
        (_with(EncapsulatedDocument=b"%PDF" + b"x" * 100000), "encapsulated document", "PDF"),
        (_with(ContentSequence=[Dataset()]), "structured report", "text and codes"),
        (_with(WaveformSequence=[Dataset()]), "waveform", "not drawn"),
        (_with(PixelDataProviderURL="http://host/path"), "remote pixel data", "kept elsewhere"),
        (_annotated(), "graphic annotations", "1 text object and"),
        (_curve(), "curve 5000", "vector graphics"),
        (_with(), "the whole instance", "no pixel data"),
        (_with(Rows=5, Columns=5), "image frames", "no pixel data"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_thing_that_cannot_be_shown_has_its_entry(made: Dataset, title: str, reason: str) -> None:
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        last = instance.planes[len(instance.planes) - 1]
        assert last.title == f"not audited: {title}"
        assert reason in str(last.group.reason)
        with pytest.raises(UnsupportedError, match=r"x: not audited"):
            instance.read(last.address)


@pytest.mark.parametrize(("length", "named"), [(570, False), (576, True), (65534, True), (65536, True)])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_large_private_binary_elements_are_named(syntax: str, length: int, named: bool) -> None:
    made = dataset(gradient())
    made.add_new(0x00190010, "LO", "VENDOR")
    made.add_new(0x00191001, "OB", b"\1" * length)
    with open_instance(MemoryReference("x", file_bytes(made, syntax))) as instance:
        titles = [plane.title for plane in instance.planes]
        assert ("not audited: private element (0019,1001)" in titles) == named


def test_examine_counts_and_gives_every_reason_once() -> None:
    frames = np.zeros((3, 24, 32), np.uint16)
    frames[1] |= letter_bits(24, 32).astype(np.uint16) << 14
    made = reference(frames, frames=3, bits_stored=12, overlays=[Overlay(letter_bits())])
    found = examine(made)
    assert found.result.outcome is Outcome.DONE
    assert found.planes == {PlaneKind.FRAME: 3, PlaneKind.OVERLAY: 1, PlaneKind.STRAY_BIT: 1}
    assert examine(MemoryReference("x", b"text")).result.outcome is Outcome.REFUSED
    assert examine(MemoryReference("x", made.data[:400])).result.outcome is Outcome.FAILED


def test_a_video_and_a_broken_image_end_differently() -> None:
    from support.files import JPEG_LS, MPEG4

    video = MemoryReference("x", file_bytes(dataset(gradient()), MPEG4, frames=[b"video!"]))
    broken = MemoryReference("x", file_bytes(dataset(gradient()), JPEG_LS, frames=[b"broken"]))
    assert examine(video).result.outcome is Outcome.REFUSED
    assert examine(broken).result.outcome is Outcome.FAILED


def test_real_files_without_pixels_are_named() -> None:
    for name in ("rtplan.dcm", "test-SR.dcm", "waveform_ecg.dcm"):
        with open_instance(PathReference(package_file(name))) as instance:
            assert isinstance(instance.planes[0].address, UnshownAddress)


def test_a_real_file_with_curves_names_them() -> None:
    with open_instance(PathReference(shared_file("HasFragmentSequence.dcm"))) as instance:
        assert instance.planes[96].title == "not audited: curve 5000"
