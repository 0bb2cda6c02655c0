"""Palettes, modality transformations, windows and tables as the header has them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.dicom import Lut, Samples, Window, open_instance
from dcmaudit.errors import HeaderError
from dcmaudit.model import FrameAddress, Rendering, View
from dcmaudit.render import render, shown_as
from support.corpus import package_file
from support.files import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    MemoryReference,
    PathReference,
    dataset,
    file_bytes,
    gradient,
    reference,
)


def palette_file(descriptor: list[int], data: bytes, *, segmented: bool = False, signed: bool = False) -> Dataset:
    values = gradient(4, 4, dtype=np.int8 if signed else np.uint8, top=15)
    made = dataset(values, photometric="PALETTE COLOR")
    for name in ("Red", "Green", "Blue"):
        made.add_new(f"{name}PaletteColorLookupTableDescriptor", "SS" if signed else "US", descriptor)
        kind = "Segmented" if segmented else ""
        made.add_new(f"{kind}{name}PaletteColorLookupTableData", "OW", data)
    return made


def first(made: Dataset, syntax: str = EXPLICIT) -> Samples:
    with open_instance(MemoryReference("x", file_bytes(made, syntax))) as instance:
        return instance.read(FrameAddress(0))


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_a_palette_of_16_bit_words(syntax: str) -> None:
    palette = first(palette_file([16, 3, 16], (np.arange(16, dtype="<u2") * 4096).tobytes()), syntax).palette
    assert palette is not None
    assert (palette.red.first, palette.red.bits, palette.red.data[15]) == (3, 16, 61440)


def test_a_palette_of_bytes() -> None:
    palette = first(palette_file([16, 0, 8], bytes(range(0, 160, 10)))).palette
    assert palette is not None
    assert palette.green.data.tolist() == list(range(0, 160, 10))
    assert palette.green.bits == 8


def test_a_palette_of_bytes_that_calls_itself_16_bit() -> None:
    palette = first(palette_file([16, 0, 16], bytes(range(0, 160, 10)))).palette
    assert palette is not None
    assert palette.red.data.tolist() == list(range(0, 160, 10))
    assert palette.red.bits == 8


def test_a_palette_may_begin_at_a_negative_value() -> None:
    palette = first(palette_file([16, -8, 16], bytes(32), signed=True)).palette
    assert palette is not None
    assert palette.red.first == -8


def test_zero_entries_mean_65536() -> None:
    palette = first(palette_file([0, 0, 16], np.arange(65536, dtype="<u2").tobytes())).palette
    assert palette is not None
    assert len(palette.red.data) == 65536


def test_segmented_palettes_are_written_out() -> None:
    words = [0, 3, 10, 20, 30, 1, 4, 70, 0, 1, 5]
    expected = [10, 20, 30, 40, 50, 60, 70, 5]
    palette = first(palette_file([8, 0, 16], struct.pack(f"<{len(words)}H", *words), segmented=True)).palette
    assert palette is not None
    assert palette.red.data.tolist() == expected


def test_indirect_segments_repeat_earlier_ones() -> None:
    words = [0, 2, 10, 20, 1, 2, 40, 2, 2, 0, 0]
    palette = first(palette_file([8, 0, 16], struct.pack(f"<{len(words)}H", *words), segmented=True)).palette
    assert palette is not None
    assert palette.red.data.tolist() == [10, 20, 30, 40, 10, 20, 30, 40]


@pytest.mark.parametrize(
    ("descriptor", "data"), [([16, 0, 16], bytes(20)), ([16], bytes(32)), ([60000, 0, 16], bytes(32))]
)
def test_a_palette_that_contradicts_its_descriptor_is_refused(descriptor: list[int], data: bytes) -> None:
    with pytest.raises(HeaderError, match="x: frame 1: the Red Palette"):
        first(palette_file(descriptor, data))


def test_real_segmented_palettes_agree_with_pydicom() -> None:
    import pydicom
    from pydicom.pixels.processing import apply_color_lut

    for name in ("gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"):
        path = package_file(name)
        source = pydicom.dcmread(path)
        with open_instance(PathReference(path)) as instance:
            samples = instance.read(FrameAddress(0))
        palette = samples.palette
        assert palette is not None
        luts = (palette.red, palette.green, palette.blue)
        index = np.clip(samples.array.astype(int) - palette.red.first, 0, len(palette.red.data) - 1)
        ours = np.stack([lut.data[index] for lut in luts], axis=-1)
        assert np.array_equal(ours, apply_color_lut(source.pixel_array, source))


def test_rescale_and_windows() -> None:
    extra = {
        "RescaleSlope": "2",
        "RescaleIntercept": "-1024",
        "WindowCenter": [40, 300],
        "WindowWidth": [400, 1500],
        "VOILUTFunction": "SIGMOID",
    }
    with open_instance(reference(gradient(dtype=np.uint16), extra=extra)) as instance:
        samples = instance.read(FrameAddress(0))
    assert samples.modality == (2.0, -1024.0)
    assert samples.windows == (Window(40, 400, "SIGMOID"), Window(300, 1500, "SIGMOID"))


@pytest.mark.parametrize(
    ("width", "function", "problem"),
    [
        (0, "LINEAR", "Window Width 0 is less than 1"),
        (0.5, "LINEAR", "Window Width 0.5 is less than 1"),
        (-3, "LINEAR_EXACT", "Window Width -3 is not greater than 0"),
        (0, "SIGMOID", "Window Width 0 is not greater than 0"),
        (9, "CURVED", "VOI LUT Function is not one of"),
        (0.5, "LINEAR_EXACT", None),
        (1, "LINEAR", None),
    ],
)
def test_a_window_that_cannot_be_applied_is_named(width: float, function: str, problem: str | None) -> None:
    extra = {"WindowCenter": [40, 50], "WindowWidth": [width, 10], "VOILUTFunction": function}
    with open_instance(reference(gradient(), extra=extra)) as instance:
        samples = instance.read(FrameAddress(0))
        assert samples.windows == (Window(40, width, function), Window(50, 10, function))
        reason = shown_as(samples, View(Rendering.VOI)).reason
        assert (reason is None) == (problem is None)
        notes = [note for note in instance.notes if "the VOI view shows the full range" in note]
        assert len(notes) == (problem is not None)
        if problem is not None:
            assert notes[0].startswith(problem)
            assert reason is not None
            assert reason.startswith(problem)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE", None])
def test_a_presentation_lut_shape_that_contradicts_the_photometric_interpretation_is_named(
    photometric: str, shape: str | None
) -> None:
    extra = {"PresentationLUTShape": shape} if shape else {}
    with open_instance(reference(gradient(), photometric=photometric, extra=extra)) as instance:
        named = [note for note in instance.notes if "PresentationLUTShape" in note]
        contradicts = (photometric, shape) in {("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")}
        assert bool(named) == contradicts


def test_a_plane_without_any_number_says_so() -> None:
    nothing = np.full((4, 4), np.nan, np.float32)
    for values, said in ((nothing, True), (np.where(np.eye(4) > 0, 1, nothing).astype(np.float32), False)):
        with open_instance(reference(values)) as instance:
            samples = instance.read(FrameAddress(0))
            shown = shown_as(samples, View())
            assert (shown.reason is not None and "NaN" in shown.reason) == said
            assert bool(render(samples).any()) != said


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_modality_and_voi_tables(syntax: str) -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [4, 1, 12])
    item.add_new("LUTData", "US", [0, 100, 200, 4000])
    extra = {"ModalityLUTSequence": [item], "VOILUTSequence": [item]}
    with open_instance(reference(gradient(), syntax, extra=extra)) as instance:
        samples = instance.read(FrameAddress(0))
    assert isinstance(samples.modality, Lut)
    for lut in (samples.modality, *samples.voi_luts):
        assert (lut.first, lut.bits, lut.data.tolist()) == (1, 12, [0, 100, 200, 4000])


@pytest.mark.parametrize("undefined", [True, False])
def test_functional_groups_give_each_frame_its_own_window(undefined: bool) -> None:
    def item(center: int | None) -> Dataset:
        out, voi, rescale = Dataset(), Dataset(), Dataset()
        if center is not None:
            voi.WindowCenter, voi.WindowWidth = center, 10
            out.FrameVOILUTSequence = [voi]
        rescale.RescaleSlope, rescale.RescaleIntercept = 3, center or 7
        out.PixelValueTransformationSequence = [rescale]
        return out

    shared, voi = Dataset(), Dataset()
    voi.WindowCenter, voi.WindowWidth = 99, 98
    shared.FrameVOILUTSequence = [voi]
    made = dataset(np.zeros((3, 4, 4), np.uint16), frames=3)
    made.SharedFunctionalGroupsSequence = [shared]
    made.PerFrameFunctionalGroupsSequence = [item(1), item(2), item(None)]
    made["PerFrameFunctionalGroupsSequence"].is_undefined_length = undefined
    with open_instance(MemoryReference("x", file_bytes(made))) as instance:
        samples = [instance.read(FrameAddress(number)) for number in range(3)]
    assert [s.windows for s in samples] == [(Window(1, 10),), (Window(2, 10),), (Window(99, 98),)]
    assert [s.modality for s in samples] == [(3.0, 1.0), (3.0, 2.0), (3.0, 7.0)]
