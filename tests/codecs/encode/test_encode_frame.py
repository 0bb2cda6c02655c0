"""Frames go into every lossless transfer syntax and come back from other decoders, bit for bit."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import openjpeg.utils
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders import RLELosslessDecoder
from pydicom.uid import RLELossless, generate_uid

from dcmaudit.codecs.encode import EncodeSpec, Family, Progression, Target, encode_frame, frames, original_parameters
from dcmaudit.codecs.encode import needed_precision as needed
from dcmaudit.errors import RedactionError, UnsupportedError
from support.programs import need

J2K = {t for t in Target if "2000" in t.name or "HTJ2K" in t.name}
HIGH = {t for t in Target if "HTJ2K" in t.name}
JPEG = {Target.JPEG_LOSSLESS, Target.JPEG_LOSSLESS_SV1}
LS = {Target.JPEG_LS, Target.JPEG_LS_NEAR}


def cells_of(bits: int, samples: int = 1, *, signed: bool = False, shape=(37, 53), seed: int = 0, wide: bool = False):
    """Random cells that use every one of their bits, smooth in one half."""
    rng = np.random.default_rng(seed + bits)
    values = rng.integers(0, 1 << bits, (*shape, samples))
    values[: shape[0] // 2] = (np.arange(shape[1]) * 3 % (1 << bits))[:, None]
    values[0, 0], values[-1, -1] = 0, (1 << bits) - 1
    dtype = np.dtype("u2" if bits > 8 or wide else "u1")
    if signed:
        values = values - (1 << (bits - 1))
    cells = values.astype(f"i{dtype.itemsize}").view(dtype) if signed else values.astype(dtype)
    return cells[..., 0].copy() if samples == 1 else cells


def by_another(target: Target, data: bytes, like: np.ndarray) -> np.ndarray:
    """Decoded by a library that neither encoded it nor was its check, where one more is installed."""
    if target in JPEG:
        found = imagecodecs.ljpeg_decode(data) if like.ndim == 2 else imagecodecs.jpeg8_decode(data)
    elif target in LS:
        found = imagecodecs.jpegls_decode(data)
    elif target in HIGH:
        found = imagecodecs.htj2k_decode(data, planar=False)
    elif target in J2K:
        found = imagecodecs.jpeg2k_decode(data)
    elif target is Target.JPEG_XL_LOSSLESS:
        found = imagecodecs.jpegxl_decode(data)
    elif target is Target.RLE:
        found = imagecodecs.dicomrle_decode(data, dtype=like.dtype.newbyteorder("<"))
        flat = np.frombuffer(found, like.dtype) if isinstance(found, bytes) else np.asarray(found).ravel()
        return flat.reshape(like.shape) if like.ndim == 2 else flat.reshape(3, *like.shape[:2]).transpose(1, 2, 0)
    else:
        found = np.frombuffer(zlib.decompress(data, -15), like.dtype)
    found = np.asarray(found)
    if found.dtype.kind == "i":
        found = found.astype(f"i{like.dtype.itemsize}").view(like.dtype)
    return found.reshape(like.shape).astype(like.dtype)


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("bits", [2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
@pytest.mark.parametrize("target", Target)
def test_every_depth_comes_back_from_a_decoder_that_did_not_check_it(target, bits, samples):
    for wide in (False, True):
        cells = cells_of(bits, samples, wide=wide)
        data = encode_frame(cells, EncodeSpec(target, bits))
        assert np.array_equal(by_another(target, data, cells), cells)


@pytest.mark.parametrize("bits", [2, 7, 8, 12, 15, 16])
@pytest.mark.parametrize("target", sorted(J2K, key=lambda t: t.value))
def test_signed_codestreams_of_jpeg_2000_come_back_and_say_that_they_are(target, bits):
    cells = cells_of(bits, signed=True, wide=True)
    data = encode_frame(cells, EncodeSpec(target, bits, signed=True))
    assert np.array_equal(by_another(target, data, cells), cells)
    said = original_parameters(data)
    assert (said.signed, said.precision, said.reversible) == (True, bits, True)


@pytest.mark.parametrize("mct", [False, True])
@pytest.mark.parametrize("target", sorted(J2K, key=lambda t: t.value))
def test_the_colour_transform_is_used_exactly_when_asked_for(target, mct):
    cells = cells_of(8, 3)
    data = encode_frame(cells, EncodeSpec(target, 8, mct=mct))
    assert original_parameters(data).mct is mct
    assert np.array_equal(by_another(target, data, cells), cells)


@pytest.mark.parametrize("shape", [(5, 7), (64, 64), (300, 5000), (4100, 30)])
def test_rpcl_syntax_has_its_order_its_lengths_and_a_small_lowest_resolution(shape):
    said = original_parameters(encode_frame(cells_of(12, shape=shape), EncodeSpec(Target.HTJ2K_LOSSLESS_RPCL, 12)))
    assert said.family is Family.HTJ2K
    assert said.progression is Progression.RPCL
    assert said.has_tlm
    assert max(shape) / 2**said.levels <= 64


@pytest.mark.parametrize("target", [Target.RLE, Target.DEFLATED_FRAME])
@pytest.mark.parametrize("dtype", ["u4", "u2", "u1", ">u4"])
def test_cells_of_any_width_go_into_rle_and_deflate(target, dtype):
    cells = np.random.default_rng(1).integers(0, 255, (31, 17)).astype(dtype) * np.dtype(dtype).type(3)
    data = encode_frame(cells, EncodeSpec(target, 8 * cells.dtype.itemsize))
    assert np.array_equal(by_another(target, data, cells.astype(cells.dtype.newbyteorder("="))), cells)


def test_rle_segments_are_even_and_its_rows_are_packed_one_by_one():
    cells = np.zeros((3, 5), np.uint8)
    data = encode_frame(cells, EncodeSpec(Target.RLE, 8))
    assert data[64:] == b"\xfc\x00" * 3
    decoder = RLELosslessDecoder
    array, _ = decoder.as_array(
        encapsulate([data]), rows=3, columns=5, samples_per_pixel=1, photometric_interpretation="MONOCHROME2",
        pixel_representation=0, bits_allocated=8, bits_stored=8, number_of_frames=1, pixel_keyword="PixelData",
        transfer_syntax_uid=RLELossless, decoding_plugin="pydicom",
    )  # fmt: skip
    assert not array.any()


def test_single_bits_are_packed_before_deflating():
    cells = np.random.default_rng(2).integers(0, 2, (13, 11)).astype(np.uint8)
    raw = zlib.decompress(encode_frame(cells, EncodeSpec(Target.DEFLATED_FRAME, 1)), -15)
    assert len(raw) == (13 * 11 + 7) // 8
    assert np.array_equal(np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[: 13 * 11], cells.ravel())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(Target)), st.integers(2, 16), st.sampled_from([1, 3]), st.integers(1, 40),
       st.integers(1, 40), st.integers(0, 1000))  # fmt: skip
def test_any_size_and_depth(target, bits, samples, rows, columns, seed):
    cells = cells_of(bits, samples, shape=(rows, columns), seed=seed)
    if target in LS and rows * columns < 150 and bits not in {8, 16}:
        return  # a handful of pixels: refused, see below
    assert np.array_equal(by_another(target, encode_frame(cells, EncodeSpec(target, bits)), cells), cells)


def test_frames_of_a_few_pixels_go_into_jpeg_ls_or_are_refused():
    for shape in ((1, 1), (2, 3), (9, 9)):
        for bits in (8, 16):
            cells = cells_of(bits, shape=shape)
            data = encode_frame(cells, EncodeSpec(Target.JPEG_LS, bits))
            assert original_parameters(data).precision == bits
            assert b"SPIFF" not in data
            assert np.array_equal(by_another(Target.JPEG_LS, data, cells), cells)
    with pytest.raises(UnsupportedError, match="1 x 1 pixels of 12 bits"):
        encode_frame(cells_of(12, shape=(1, 1)), EncodeSpec(Target.JPEG_LS, 12))


@pytest.mark.parametrize("target", sorted(set(Target) - {Target.RLE, Target.DEFLATED_FRAME}, key=lambda t: t.value))
def test_bits_above_the_precision_are_refused_and_kept_at_full_precision(target):
    cells = cells_of(12)
    cells[5, 5] |= 1 << 14  # an overlay's bit
    with pytest.raises(UnsupportedError, match="above the 12"):
        encode_frame(cells, EncodeSpec(target, 12))
    data = encode_frame(cells, EncodeSpec(target, 16))
    assert np.array_equal(by_another(target, data, cells), cells)


def test_an_original_tells_how_it_wants_to_be_rewritten():
    rng = np.random.default_rng(3)
    colour = rng.integers(0, 255, (20, 20, 3)).astype(np.uint8)
    deep = cells_of(12)
    lossless = original_parameters(imagecodecs.jpeg8_encode(deep, lossless=True, predictor=4, bitspersample=12))
    assert (lossless.family, lossless.sof, lossless.precision) == (Family.JPEG_LOSSLESS, 0xC3, 12)
    assert lossless.predictor == 4
    again = original_parameters(encode_frame(deep, EncodeSpec.like(Target.JPEG_LOSSLESS, lossless)))
    assert again == lossless
    assert EncodeSpec.like(Target.JPEG_LOSSLESS_SV1, lossless).predictor == 1
    near = original_parameters(imagecodecs.jpegls_encode(colour, level=3))
    assert (near.near, near.samples) == (3, 3)
    for interleave in (0, 1, 2):
        spec = EncodeSpec(Target.JPEG_LS, 8, interleave=interleave)
        said = original_parameters(encode_frame(colour, spec))
        assert (said.near, said.interleave, said.precision) == (0, interleave, 8)
        assert EncodeSpec.like(Target.JPEG_LS, said) == spec
    lossy = original_parameters(imagecodecs.jpeg2k_encode(colour, 30, codecformat="J2K", reversible=False))
    assert (lossy.family, lossy.reversible, lossy.mct) == (Family.JPEG_2000, False, True)
    boxed = original_parameters(imagecodecs.jpeg2k_encode(colour, 0, codecformat="JP2", reversible=True))
    assert (boxed.reversible, boxed.rows, boxed.columns) == (True, 20, 20)
    baseline = original_parameters(imagecodecs.jpeg8_encode(colour, 80, subsampling="420"))
    assert (baseline.sof, baseline.sampling) == (0xC0, ((2, 2), (1, 1), (1, 1)))
    layered = openjpeg.utils.encode_array(deep, bits_stored=12, add_tlm=True)
    assert (original_parameters(layered).has_tlm, original_parameters(layered).progression) == (True, Progression.LRCP)


def test_colour_in_jpeg_lossless_keeps_or_leaves_out_the_adobe_segment():
    cells = cells_of(8, 3)
    for adobe in (True, False):
        data = encode_frame(cells, EncodeSpec(Target.JPEG_LOSSLESS, 8, adobe=adobe))
        assert (b"Adobe" in data) is adobe
        assert np.array_equal(imagecodecs.jpeg8_decode(data), cells)


@pytest.mark.parametrize("junk", [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff\xc0\0\3", b"\xff\x4f\xff\x51\0", b"words"])
def test_headers_that_end_early_are_an_error_of_ours(junk):
    from dcmaudit.errors import DecodeError

    with pytest.raises(DecodeError):
        original_parameters(junk)


def test_what_an_encoder_does_wrong_is_found(monkeypatch):
    cells = cells_of(8)
    encode, decode = frames._CODECS[Target.JPEG_LS]

    def lossy(values, spec):
        return encode(values ^ np.uint8(values.size > 5), spec)

    monkeypatch.setitem(frames._CODECS, Target.JPEG_LS, (lossy, decode))
    with pytest.raises(RedactionError, match="did not give back"):
        encode_frame(cells, EncodeSpec(Target.JPEG_LS, 8))

    def broken(values, spec):
        raise OSError("inside the library")

    monkeypatch.setitem(frames._CODECS, Target.JPEG_LS, (broken, decode))
    with pytest.raises(RedactionError, match="OSError"):
        encode_frame(cells, EncodeSpec(Target.JPEG_LS, 8))


@pytest.mark.parametrize(
    ("cells", "spec"),
    [
        (np.zeros((4, 4), np.int16), EncodeSpec(Target.RLE, 16)),
        (np.zeros((4, 4), np.float32), EncodeSpec(Target.RLE, 32)),
        (np.zeros((4, 4, 2), np.uint8), EncodeSpec(Target.RLE, 8)),
        (np.zeros((4, 4, 3), np.uint64), EncodeSpec(Target.RLE, 64)),
        (np.zeros((4, 4), np.uint32), EncodeSpec(Target.JPEG_2000, 20)),
        (np.zeros((4, 4), np.uint8), EncodeSpec(Target.JPEG_LS, 12)),
        (np.zeros((4, 4), np.uint8), EncodeSpec(Target.JPEG_2000, 8, mct=True)),
    ],
)
def test_what_a_syntax_cannot_hold_is_refused(cells, spec):
    with pytest.raises(UnsupportedError):
        encode_frame(cells, spec)


def test_the_needed_precision_counts_bits_as_they_lie():
    assert needed(np.array([[0, 4095]], np.uint16), signed=False) == 12
    assert needed(np.zeros((2, 2), np.uint16), signed=False) == 1
    assert needed(np.array([-2048, 2047], np.int16).view(np.uint16), signed=True) == 12
    assert needed(np.array([-2049], np.int16).view(np.uint16), signed=True) == 13
    assert needed(np.array([-1], np.int8).view(np.uint8), signed=True) == 1


JUDGES = {
    Target.RLE: ["dcmdrle"],
    Target.JPEG_LOSSLESS: ["dcmdjpeg"],
    Target.JPEG_LOSSLESS_SV1: ["dcmdjpeg"],
    Target.JPEG_LS: ["dcmdjpls"],
    Target.JPEG_LS_NEAR: ["dcmdjpls"],
    Target.JPEG_2000_LOSSLESS: ["gdcmconv", "--raw"],
    Target.JPEG_2000: ["gdcmconv", "--raw"],
}


@pytest.mark.judges
@pytest.mark.parametrize("target", JUDGES)
@pytest.mark.parametrize(("bits", "samples"), [(8, 1), (8, 3), (12, 1), (16, 1)])
def test_dcmtk_and_gdcm_read_the_same_cells(target, bits, samples, tmp_path: Path):
    need(JUDGES[target][0])
    cells = cells_of(bits, samples, shape=(38, 54))
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = target.value
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", generate_uid()
    ds.Rows, ds.Columns, ds.SamplesPerPixel = 38, 54, samples
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8 * cells.dtype.itemsize, bits, bits - 1
    ds.PixelRepresentation = 0
    ds.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        ds.PlanarConfiguration = 0
    ds.PixelData = encapsulate([encode_frame(cells, EncodeSpec(target, bits))])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    source, out = tmp_path / "in.dcm", tmp_path / "out.dcm"
    ds.save_as(source, enforce_file_format=True)
    subprocess.run([*JUDGES[target], source, out], check=True, capture_output=True)
    read = pydicom.dcmread(out)
    assert not read.file_meta.TransferSyntaxUID.is_compressed
    flat = np.frombuffer(read.PixelData, cells.dtype)[: cells.size]
    planar = samples == 3 and read.PlanarConfiguration == 1
    assert np.array_equal(flat.reshape(3, 38, 54).transpose(1, 2, 0) if planar else flat.reshape(cells.shape), cells)
