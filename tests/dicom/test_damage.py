"""A byte that was changed inside a compressed frame: noticed where it can be, and nothing whole taken for damage."""

from __future__ import annotations

import io
import logging
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from dcmaudit.codecs.jpeg import loops
from dcmaudit.dicom import open_instance
from dcmaudit.errors import DamagedError, DecodeError, DicomError
from dcmaudit.model import FrameAddress
from support.damage import scan, try_damages
from support.files import (
    DEFLATED_FRAMES,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_XL_LOSSLESS,
    RLE,
    MemoryReference,
    color_gradient,
    dataset,
    encode,
    file_bytes,
    gradient,
)

needs_loop = pytest.mark.skipif(loops.library() is None, reason="the package was built without a C compiler")


def read(picture: np.ndarray, codestream: bytes, syntax: str, **how: object) -> np.ndarray:
    data = dataset(picture, photometric="RGB" if picture.ndim == 3 else "MONOCHROME2", **how)
    with open_instance(MemoryReference("x", file_bytes(data, syntax, frames=[codestream]))) as instance:
        return instance.read(FrameAddress(0)).array


@needs_loop
@pytest.mark.parametrize(
    ("syntax", "bits", "least"),
    [
        (JPEG_LOSSLESS_SV1, 12, 0.4),
        (JPEG_LS, 12, 0.9),
        (JPEG_2000_LOSSLESS, 12, 0.85),
        (HTJ2K_LOSSLESS, 8, 0.3),
        (JPEG_XL_LOSSLESS, 8, 0.9),
        (DEFLATED_FRAMES, 8, 0.2),
        (JPEG_BASELINE, 8, 0.2),
    ],
)
def test_of_changed_bytes_a_share_is_noticed(syntax: str, bits: int, least: float) -> None:
    picture = scan(96, 100, bits=bits)
    found = try_damages(picture, encode(picture, syntax, bits_stored=bits), syntax, 60, bits=bits)
    assert found.share_noticed >= least


def rle_frame(*segments: bytes) -> bytes:
    starts, at = [], 64
    for segment in segments:
        starts.append(at)
        at += len(segment)
    return struct.pack("<16L", len(segments), *starts, *[0] * (15 - len(starts))) + b"".join(segments)


@pytest.mark.parametrize("compiled_loop", [True, False])
@pytest.mark.parametrize(
    ("segment", "problem"),
    [
        (bytes([256 - 7, 5, 256 - 8, 6]), "goes on beyond"),  # 8 + 9 pixels
        (bytes([256 - 7, 5, 256 - 6, 6]), "ends before"),  # 8 + 7
        (bytes([256 - 7, 5, 7, 1, 2, 3, 4, 5, 6, 7]), "ends before"),  # 7 of 8 bytes as they are
        (bytes([256 - 7, 5, 256 - 7, 6, 256 - 3, 6]), "2 bytes are left over"),
    ],
)
def test_an_rle_segment_unpacks_to_exactly_its_pixels(
    segment: bytes, problem: str, compiled_loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not compiled_loop:
        monkeypatch.setattr("dcmaudit.codecs.rle.library", lambda: None)
    with pytest.raises(DicomError, match=problem):
        read(np.zeros((4, 4), np.uint8), rle_frame(segment), RLE)


@pytest.mark.parametrize("compiled_loop", [True, False])
def test_padding_and_bytes_that_say_nothing_are_no_damage(compiled_loop: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled_loop:
        monkeypatch.setattr("dcmaudit.codecs.rle.library", lambda: None)
    segment = bytes([128, 256 - 7, 5, 7, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0])
    array = read(np.zeros((4, 4), np.uint8), rle_frame(segment), RLE)
    assert array.ravel().tolist() == [5] * 8 + [1, 2, 3, 4, 5, 6, 7, 8]


@needs_loop
@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("color", [False, True], ids=["grey", "colour"])
def test_a_whole_lossless_jpeg_of_every_predictor_is_sound(predictor: int, color: bool) -> None:
    import imagecodecs

    from dcmaudit.codecs.jpeg import walk_over

    space = {"colorspace": "RGB", "outcolorspace": "RGB"} if color else {}
    picture = color_gradient() if color else gradient()
    stream = bytes(imagecodecs.jpeg8_encode(picture, lossless=True, predictor=predictor, **space))
    walked = walk_over(stream)
    assert (walked.sound, walked.wrapped, walked.predictors) == (True, False, (predictor,))
    assert np.array_equal(read(picture, stream, JPEG_LOSSLESS_SV1), picture)


@needs_loop
def test_a_lossless_jpeg_with_bytes_left_over_is_damaged() -> None:
    stream = encode(gradient(), JPEG_LOSSLESS_SV1)
    end = stream.rindex(b"\xff\xd9")
    with pytest.raises(DamagedError, match="left over"):
        read(gradient(), stream[:end] + b"\x51\x52\x53" + stream[end:], JPEG_LOSSLESS_SV1)


@needs_loop
def test_a_jpeg_whose_blocks_are_darker_than_black_is_damaged() -> None:
    """A wrong DC difference moves all blocks behind it; where the picture is black that cannot be."""
    from support.jpegs import Jpeg, blocks_of, write

    (shape,) = blocks_of(32, 32, [(1, 1)])
    blocks = np.zeros((*shape, 64), np.int16)
    blocks[..., 0] = -64
    steps = Jpeg(32, 32, [blocks], [(1, 1)], [[0]], 8, [16])
    read(np.zeros((32, 32), np.uint8), write(steps), JPEG_BASELINE)  # -64 * 16: black
    blocks[2:, :, 0] = -70
    with pytest.raises(DamagedError, match="beyond black"):
        read(np.zeros((32, 32), np.uint8), write(steps), JPEG_BASELINE)


def j2k(picture: np.ndarray, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG2000", no_jp2=True, **options)
    return out.getvalue()


@pytest.mark.parametrize("irreversible", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality_mode": "rates", "quality_layers": [60]},
        {"quality_mode": "rates", "quality_layers": [40, 10, 3]},
        {"quality_mode": "dB", "quality_layers": [30, 40]},
        {"tile_size": (64, 64)},
        {"codeblock_size": (4, 4), "progression": "RPCL"},
        {"num_resolutions": 1},
    ],
    ids=str,
)
def test_whole_jpeg_2000_codestreams_are_not_taken_for_damaged(options: dict[str, object], irreversible: bool) -> None:
    lossless = not irreversible and "quality_mode" not in options
    for picture in (scan(bits=8), np.zeros((64, 64), np.uint8), color_gradient()):
        stream = j2k(picture, irreversible=irreversible, **options)
        array = read(picture, stream, JPEG_2000_LOSSLESS if lossless else JPEG_2000)
        if lossless:
            assert np.array_equal(array, picture)


def test_a_code_block_that_leaves_bytes_unread_is_damage() -> None:
    picture = scan(bits=8)
    stream = bytearray(j2k(picture))
    stream[len(stream) // 2] ^= 0x10
    with pytest.raises(DamagedError, match="code-block"):
        read(picture, bytes(stream), JPEG_2000_LOSSLESS)


def test_what_decoders_say_is_heard_by_nobody_else(capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[logging.LogRecord] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record)

    ear, root = Ear(), logging.getLogger()
    root.addHandler(ear)
    try:
        picture = scan(bits=8)
        stream = bytearray(j2k(picture))
        stream[len(stream) // 2] ^= 0x10
        with pytest.raises(DamagedError):
            read(picture, bytes(stream), JPEG_2000_LOSSLESS)
    finally:
        root.removeHandler(ear)
    assert not heard
    assert capfd.readouterr() == ("", "")


def test_htj2k_that_two_decoders_show_differently_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    import imagecodecs

    picture = gradient()
    stream = encode(picture, HTJ2K_LOSSLESS)
    assert np.array_equal(read(picture, stream, HTJ2K_LOSSLESS), picture)
    other = picture.copy()
    other[3, 3] ^= 1
    monkeypatch.setattr(imagecodecs, "htj2k_decode", lambda *_: other)
    with pytest.raises(DamagedError, match="two decoders"):
        read(picture, stream, HTJ2K_LOSSLESS)


def deflated(native: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = packer.compress(native) + packer.flush()
    return data + b"\0" * (len(data) % 2)


def test_a_deflated_frame_ends_with_its_last_pixel() -> None:
    picture = gradient()
    native = picture.tobytes()
    assert np.array_equal(read(picture, deflated(native), DEFLATED_FRAMES), picture)
    odd = picture[:3, :5]
    assert np.array_equal(read(odd, deflated(odd.tobytes() + b"\0"), DEFLATED_FRAMES), odd)
    for wrong in (deflated(native + b"\1"), deflated(native + bytes(9)), deflated(native) + b"\7\7"):
        with pytest.raises(DecodeError, match="deflated frame is damaged"):
            read(picture, wrong, DEFLATED_FRAMES)


def test_an_rle_header_that_leaves_bytes_out_or_points_at_more_segments_is_damage() -> None:
    picture = np.full((4, 4), 5, np.uint8)
    segment = bytes([256 - 15, 5])
    whole = rle_frame(segment)
    assert np.array_equal(read(picture, whole, RLE), picture)
    shifted = struct.pack("<16L", 1, 68, *[0] * 14) + b"text" + segment
    with pytest.raises(DamagedError, match="4 bytes between"):
        read(picture, shifted, RLE)
    with pytest.raises(DamagedError, match="more segments"):
        read(picture, struct.pack("<16L", 1, 64, 66, *[0] * 13) + segment, RLE)


def tile_parts(stream: bytes) -> list[tuple[int, int]]:
    """Start and end of each tile-part of a JPEG 2000 codestream."""
    found, at = [], stream.index(b"\xff\x90")
    while stream[at : at + 2] == b"\xff\x90":
        end = at + struct.unpack(">L", stream[at + 6 : at + 10])[0]
        found.append((at, end))
        at = end
    return found


@pytest.mark.parametrize("high_throughput", [False, True])
def test_a_tile_that_is_missing_is_noticed(high_throughput: bool) -> None:
    """With its end marker and all lengths right: decoders show such a tile as a plain area."""
    picture = scan(96, 100, bits=8)
    if high_throughput:
        stream, syntax = encode(picture, HTJ2K_LOSSLESS), HTJ2K_LOSSLESS
    else:
        stream, syntax = j2k(picture, tile_size=(64, 64)), JPEG_2000_LOSSLESS
        assert len(tile_parts(stream)) == 4
    assert np.array_equal(read(picture, stream, syntax), picture)
    for start, end in tile_parts(stream):
        with pytest.raises(DicomError, match=r"lacks|out of order"):
            read(picture, stream[:start] + stream[end:], syntax)
    start, end = tile_parts(stream)[-1]
    with pytest.raises(DicomError, match="out of order"):
        read(picture, stream[:end] + stream[start:], syntax)  # the same part twice
    with pytest.raises(DicomError):
        read(picture, stream[:-2], syntax)  # no end marker
    with pytest.raises(DicomError):
        read(picture, stream[: len(stream) // 2], syntax)
    at = start + 6
    for wrong in (1, -1, 1000):
        length = struct.pack(">L", struct.unpack(">L", stream[at : at + 4])[0] + wrong)
        with pytest.raises(DicomError):
            read(picture, stream[:at] + length + stream[at + 4 :], syntax)
