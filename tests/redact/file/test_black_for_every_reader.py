"""Where a header and its codestreams contradict each other, the box is black for those who trust either."""

from __future__ import annotations

import io
import subprocess
import warnings
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import generate_frames

from dcmaudit.model import Everywhere, FrameAddress
from support.files import (
    EXPLICIT,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    RLE,
    MemoryReference,
    color_gradient,
    dataset,
    encode,
    file_bytes,
)
from support.programs import need
from support.proofs import Redacted, ask, redacted

BOX = (16, 8, 40, 32)
INSIDE = (slice(8, 32), slice(16, 40))
PICTURE = color_gradient(40, 48)


def without_application_segments(stream: bytes) -> bytes:
    out, at = stream[:2], 2
    while True:
        marker, end = stream[at + 1], at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if not 0xE0 <= marker <= 0xEF:
            out += stream[at:end]
        at = end
        if marker == 0xDA:
            return out + stream[at:]


def jpeg(sampling: str = "444", *, rgb: bool = False) -> bytes:
    space = {"colorspace": "RGB", "outcolorspace": "RGB"} if rgb else {"subsampling": sampling}
    return bytes(imagecodecs.jpeg8_encode(PICTURE, level=90, **space))


def renumbered(stream: bytes) -> bytes:
    """Component identifiers 1, 2, 3, which say nothing about colour."""
    out = bytearray(stream)
    frame, scan = stream.index(b"\xff\xc0"), stream.index(b"\xff\xda")
    for number in range(3):
        out[frame + 10 + 3 * number] = out[scan + 5 + 2 * number] = number + 1
    return bytes(out)


SEQUENTIAL = {
    "JFIF 4:4:4": jpeg(),
    "JFIF 4:2:0": jpeg("420"),
    "Adobe RGB": jpeg(rgb=True),
    "4:4:4 without a word": without_application_segments(jpeg()),
    "4:2:0 without a word": without_application_segments(jpeg("420")),
    "RGB without a word": renumbered(without_application_segments(jpeg(rgb=True))),
}


def file_of(stream: bytes, syntax: str, photometric: str, planar: int) -> MemoryReference:
    data = dataset(PICTURE, photometric=photometric, planar=planar)
    return MemoryReference("a.dcm", file_bytes(data, syntax, frames=[stream]))


def proved(before: MemoryReference) -> Redacted:
    found = redacted(before, ask(BOX, Everywhere.ALL_FRAMES))
    proof = found.proof()
    assert proof.passed, [str(finding) for finding in proof.findings]
    return found


def by_header(data: bytes) -> np.ndarray:
    """What pydicom shows by default."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(io.BytesIO(data)).pixel_array


def codestream(data: bytes) -> bytes:
    return next(generate_frames(dcmread(io.BytesIO(data)).PixelData, number_of_frames=1))


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("name", SEQUENTIAL)
def test_jpeg_is_black_by_its_header_and_by_itself(name: str, photometric: str, planar: int) -> None:
    after = proved(file_of(SEQUENTIAL[name], JPEG_BASELINE, photometric, planar)).after
    assert not by_header(after)[INSIDE].any()
    assert not imagecodecs.jpeg8_decode(codestream(after))[INSIDE].any()
    assert dcmread(io.BytesIO(after)).PlanarConfiguration == 0


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_RCT", "YBR_ICT", "YBR_FULL"])
@pytest.mark.parametrize("transformed", [False, True])
def test_jpeg_2000_is_black_by_its_header(transformed: bool, photometric: str, planar: int) -> None:
    stream = bytes(imagecodecs.jpeg2k_encode(PICTURE, 0, codecformat="j2k", reversible=True, mct=transformed))
    after = proved(file_of(stream, JPEG_2000_LOSSLESS, photometric, planar)).after
    assert not by_header(after)[INSIDE].any()
    assert dcmread(io.BytesIO(after)).PlanarConfiguration == 0


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("syntax", [JPEG_LS, RLE, JPEG_LOSSLESS_SV1])
def test_other_colour_is_black_by_its_header(syntax: str, photometric: str, planar: int) -> None:
    after = proved(file_of(encode(PICTURE, syntax), syntax, photometric, planar)).after
    assert dcmread(io.BytesIO(after)).PlanarConfiguration == (planar if syntax == RLE else 0)
    if syntax != JPEG_LOSSLESS_SV1:  # pydicom has no decoder for it here
        assert not by_header(after)[INSIDE].any()


def test_the_plan_says_which_readers_saw_what() -> None:
    from dcmaudit.dicom import open_instance
    from dcmaudit.pipeline.painter import BlackPainter
    from dcmaudit.redact import make_plan, write_redacted

    before = file_of(SEQUENTIAL["JFIF 4:2:0"], JPEG_BASELINE, "RGB", 1)
    with open_instance(before) as instance:
        plan = make_plan("a", instance.scan_frames(), [ask(BOX, Everywhere.ALL_FRAMES)])
        notes = " ".join(write_redacted(instance, plan, io.BytesIO(), BlackPainter()).notes)
    assert "PlanarConfiguration was 1 and becomes 0" in notes
    assert "PhotometricInterpretation was RGB and becomes YBR_FULL_422" in notes
    assert "programs that go by the header" in notes


def test_frames_of_different_colour_spaces_fit_no_header_and_are_refused() -> None:
    from dcmaudit.errors import UnsupportedError

    data = dataset(np.stack([PICTURE] * 2), frames=2, photometric="RGB")
    streams = [SEQUENTIAL["JFIF 4:2:0"], SEQUENTIAL["Adobe RGB"]]
    before = MemoryReference("a.dcm", file_bytes(data, JPEG_BASELINE, frames=streams))
    with pytest.raises(UnsupportedError, match="different colour spaces"):
        redacted(before, ask(BOX, FrameAddress(0)))


@pytest.mark.parametrize("high_bits", [False, True])
@pytest.mark.parametrize("stored", [12, 13, 16])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_jpeg_2000_of_another_sign_than_the_header_gets_the_headers(
    photometric: str, stored: int, high_bits: bool
) -> None:
    from dcmaudit.codecs.codestreams import j2k_header
    from dcmaudit.model.redaction import RedactionOptions

    grey = (PICTURE[..., 0].astype(np.uint16) * 257) & ((1 << stored) - 1)
    stream = encode(grey, JPEG_2000_LOSSLESS, bits_stored=stored)
    data = dataset(grey, bits_stored=stored, photometric=photometric, signed=True)
    before = MemoryReference("a.dcm", file_bytes(data, JPEG_2000_LOSSLESS, frames=[stream]))
    options = RedactionOptions(remove_high_bits=high_bits)
    found = redacted(before, ask(BOX, Everywhere.ALL_FRAMES), options=options)
    proof = found.proof()
    assert proof.passed, [str(finding) for finding in proof.findings]
    assert not j2k_header(stream).signed
    assert j2k_header(codestream(found.after)).signed
    assert j2k_header(codestream(found.after)).precision == stored
    end = (1 << stored - 1) - 1 if photometric == "MONOCHROME1" else -(1 << stored - 1)
    assert set(np.unique(by_header(found.after)[INSIDE])) == {end}


def test_a_sign_in_another_bit_than_the_headers_is_refused() -> None:
    from dcmaudit.errors import UnsupportedError

    grey = PICTURE[..., 0].astype(np.uint16)
    data = dataset(grey, bits_stored=12, signed=True)
    stream = encode(grey, JPEG_2000_LOSSLESS, bits_stored=14)
    before = MemoryReference("a.dcm", file_bytes(data, JPEG_2000_LOSSLESS, frames=[stream]))
    with pytest.raises(UnsupportedError, match="14 bits of another sign"):
        redacted(before, ask(BOX, Everywhere.ALL_FRAMES))


@pytest.mark.parametrize(("photometric", "signed"), [("MONOCHROME1", False), ("MONOCHROME2", True)])
def test_black_that_fewer_bits_than_stored_cannot_say_is_refused(photometric: str, signed: bool) -> None:
    from dcmaudit.errors import UnsupportedError

    grey = PICTURE[..., 0]
    data = dataset(grey.astype(np.uint16), bits_stored=12, photometric=photometric, signed=signed)
    before = MemoryReference("a.dcm", file_bytes(data, JPEG_BASELINE, frames=[encode(grey, JPEG_BASELINE)]))
    with pytest.raises(UnsupportedError, match="BitsStored is 12"):
        redacted(before, ask(BOX, Everywhere.ALL_FRAMES))


@pytest.mark.parametrize("photometric", ["YBR_RCT", "YBR_ICT"])
@pytest.mark.parametrize("sampling", ["444", "422"])
def test_a_label_of_jpeg_2000_beside_jpeg_becomes_true(photometric: str, sampling: str, tmp_path: Path) -> None:
    after = proved(file_of(jpeg(sampling), JPEG_BASELINE, photometric, 0)).after
    (tmp_path / "a.dcm").write_bytes(after)
    data = dcmread(tmp_path / "a.dcm")
    assert data.PhotometricInterpretation == ("YBR_FULL" if sampling == "444" else "YBR_FULL_422")
    assert data.pixel_array[INSIDE].max() <= 2


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE, JPEG_LS])
@pytest.mark.parametrize(("stored", "high"), [(7, 7), (1, 7), (4, 5)])
def test_chroma_above_the_lowest_bits_is_refused(syntax: str, stored: int, high: int) -> None:
    from dcmaudit.errors import UnsupportedError

    data = dataset(PICTURE, photometric="YBR_FULL", bits_stored=stored, high_bit=high)
    frames = None if syntax == EXPLICIT else [encode(PICTURE, syntax)]
    before = MemoryReference("a.dcm", file_bytes(data, syntax, frames=frames))
    with pytest.raises(UnsupportedError, match=f"HighBit is {high}"):
        redacted(before, ask(BOX, Everywhere.ALL_FRAMES))


@pytest.mark.parametrize("stored", [1, 6, 7])
@pytest.mark.parametrize("sampling", ["444", "422", "420"])
def test_chroma_that_bits_stored_would_cut_is_refused(stored: int, sampling: str) -> None:
    from dcmaudit.errors import UnsupportedError

    data = dataset(PICTURE, photometric="YBR_FULL_422", bits_stored=stored)
    before = MemoryReference("a.dcm", file_bytes(data, JPEG_BASELINE, frames=[jpeg(sampling)]))
    with pytest.raises(UnsupportedError, match=f"BitsStored is {stored}"):
        redacted(before, ask(BOX, Everywhere.ALL_FRAMES))


@pytest.mark.parametrize("name", SEQUENTIAL)
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422"])
def test_dcmtk_shows_black(name: str, photometric: str, tmp_path: Path) -> None:
    need("dcmj2pnm")
    path, picture = tmp_path / "a.dcm", tmp_path / "a.ppm"
    path.write_bytes(proved(file_of(SEQUENTIAL[name], JPEG_BASELINE, photometric, 1)).after)
    subprocess.run(["dcmj2pnm", "+op", str(path), str(picture)], check=True, capture_output=True)
    pixels = np.frombuffer(picture.read_bytes()[-PICTURE.size :], np.uint8).reshape(PICTURE.shape)
    assert not pixels[INSIDE].any()
