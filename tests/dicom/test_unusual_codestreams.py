"""Codestreams that other readers take although they are not as the standard has them: shown, redacted and proved."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest

from dcmaudit.cli import main
from dcmaudit.codecs import j2k_watch
from dcmaudit.dicom import open_instance
from dcmaudit.model import FrameAddress, PlaneKind
from support.files import (
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LS,
    JPEG_LS_NEAR,
    RLE,
    MemoryReference,
    Overlay,
    color_gradient,
    dataset,
    encode,
    file_bytes,
    gradient,
    rle_encode,
)

Picture = npt.NDArray[Any]


def opened(data: bytes) -> Any:
    return open_instance(MemoryReference("x", data))


def frames_of(data: bytes) -> list[Picture]:
    with opened(data) as instance:
        frames = next(group for group in instance.planes.groups if group.kind is PlaneKind.FRAME)
        return [instance.read(FrameAddress(number)).array for number in frames.frames]


def require_proved(data: bytes, folder: Path) -> None:
    """A corner of the first frame is blacked and proved."""
    (folder / "in.dcm").write_bytes(data)
    assert main(["redact", "--rect", "0,0,3,3", "-o", str(folder / "out"), str(folder / "in.dcm")]) == 0
    with opened((folder / "out" / "in.redacted.dcm").read_bytes()) as instance:
        assert not instance.read(FrameAddress(0)).array[:4, :4].any()


# RLE ------------------------------------------------------------------------------------------------------------


def pictures(count: int, dtype: type = np.uint8) -> list[Picture]:
    return [np.roll(gradient().astype(dtype), 7 * number) for number in range(count)]


@pytest.mark.parametrize("frames", [1, 2, 5])
@pytest.mark.parametrize("fragments", [2, 3, 7])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rle_frames_in_several_fragments_are_joined(frames: int, fragments: int, dtype: type, tmp_path: Path) -> None:
    made = pictures(frames, dtype)
    data = file_bytes(
        dataset(np.stack(made), frames=frames), RLE, frames=[rle_encode(one) for one in made], fragments=fragments,
        table="empty",
    )  # fmt: skip
    assert all(np.array_equal(a, b) for a, b in zip(frames_of(data), made, strict=True))
    with opened(data) as instance:
        assert any("several fragments" in note for note in instance.notes)
    require_proved(data, tmp_path)


@pytest.mark.parametrize("padding", [b"\x00", b"\x20", b"\xff", b"\x80"])
@pytest.mark.parametrize("samples", [1, 3])
def test_an_odd_rle_frame_is_padded_with_any_byte(padding: bytes, samples: int, tmp_path: Path) -> None:
    picture = np.arange(7 * 9 * samples, dtype=np.uint8).reshape((7, 9, samples)).squeeze()
    planes = picture.reshape(7, 9, samples)
    # literal runs: 63 pixels take 64 bytes, and one byte that says nothing makes the last segment odd
    segments = [bytes([62]) + planes[..., i].tobytes() for i in range(samples)]
    segments[-1] = bytes([128]) + segments[-1]
    starts = [64 + sum(len(one) for one in segments[:i]) for i in range(samples)]
    frame = struct.pack("<16L", samples, *starts, *[0] * (15 - samples)) + b"".join(segments)
    assert len(frame) % 2
    photometric = "RGB" if samples == 3 else "MONOCHROME2"
    data = file_bytes(dataset(picture, photometric=photometric), RLE, frames=[frame + padding])
    assert np.array_equal(frames_of(data)[0], picture)
    require_proved(data, tmp_path)


@pytest.mark.parametrize("place", [1, 3])
def test_an_empty_fragment_more_than_there_are_frames_is_no_frame(place: int, tmp_path: Path) -> None:
    made = pictures(3)
    streams = [rle_encode(one) for one in made]
    streams.insert(place, b"")
    data = file_bytes(dataset(np.stack(made), frames=3), RLE, frames=streams, table="empty")
    assert all(np.array_equal(a, b) for a, b in zip(frames_of(data), made, strict=True))
    with opened(data) as instance:
        assert any("is empty" in note for note in instance.notes)
    require_proved(data, tmp_path)


def test_an_empty_fragment_in_the_place_of_a_frame_is_a_frame_that_is_not_there() -> None:
    made = pictures(3)
    streams = [rle_encode(made[0]), b"", rle_encode(made[2])]
    with opened(file_bytes(dataset(np.stack(made), frames=3), RLE, frames=streams, table="empty")) as instance:
        assert np.array_equal(instance.read(FrameAddress(2)).array, made[2])


@pytest.mark.parametrize("packed", [True, False], ids=["eight pixels a byte", "a byte a pixel"])
@pytest.mark.parametrize("shape", [(16, 16), (13, 11)])
def test_rle_of_single_bits(packed: bool, shape: tuple[int, int], tmp_path: Path) -> None:
    picture = (np.random.default_rng(3).random(shape) > 0.5).astype(np.uint8)
    picture[:4, :4] = 1
    stored = np.packbits(picture, bitorder="little")[np.newaxis] if packed else picture
    data = file_bytes(dataset(picture, bits_allocated=1), RLE, frames=[rle_encode(stored)])
    assert np.array_equal(frames_of(data)[0], picture)
    require_proved(data, tmp_path)


# Lossy values above BitsStored -----------------------------------------------------------------------------------


def text_at_the_top(top: int) -> Picture:
    """Strokes of the largest value on something in between: lossy coding overshoots beside them."""
    y, x = np.mgrid[:64, :96]
    picture = (top * (0.4 + 0.2 * np.sin(x / 9) * np.cos(y / 7))).astype(np.uint16)
    picture[8:20, 10:60:4] = top
    return picture


def lossy(picture: Picture, syntax: str) -> bytes:
    if syntax == JPEG_EXTENDED:
        return bytes(imagecodecs.jpeg8_encode(picture, level=60, bitspersample=12))
    if syntax == JPEG_LS_NEAR:
        return bytes(imagecodecs.jpegls_encode(picture + np.uint16(2), level=3))
    return bytes(imagecodecs.jpeg2k_encode(picture, level=45, codecformat="j2k", reversible=False, bitspersample=12))


@pytest.mark.parametrize("syntax", [JPEG_EXTENDED, JPEG_LS_NEAR, JPEG_2000])
@pytest.mark.parametrize("stored", [8, 10, 11])
def test_lossy_values_above_bits_stored_do_not_turn_black(syntax: str, stored: int, tmp_path: Path) -> None:
    top = (1 << stored) - 1
    picture = text_at_the_top(top)
    data = file_bytes(dataset(picture, bits_stored=stored), syntax, frames=[lossy(picture, syntax)])
    with opened(data) as instance:
        array = instance.read(FrameAddress(0)).array
        assert int(array.max()) > top
        assert np.abs(array.astype(int) - picture).max() < 0.7 * top  # nothing turns over
        assert not any(group.kind is PlaneKind.STRAY_BIT for group in instance.scan_frames().groups)
        assert any("BitsStored" in note for note in instance.notes)
    require_proved(data, tmp_path)


def test_a_bit_that_an_overlay_claims_stays_an_overlay_in_lossy_data() -> None:
    picture = text_at_the_top(1023)
    data = dataset(
        picture, bits_stored=10, overlays=[Overlay(group=0x6000, bits=np.zeros((64, 96), np.uint8), embedded=11)]
    )
    stream = bytes(imagecodecs.jpeg8_encode(picture, level=95, bitspersample=12))
    with opened(file_bytes(data, JPEG_EXTENDED, frames=[stream])) as instance:
        assert instance.read(FrameAddress(0)).bits_stored == 10


def test_stray_bits_of_exact_codestreams_are_planes_as_before() -> None:
    picture = text_at_the_top(1023)
    picture[30:40, 30:60] |= 1 << 11
    stream = encode(picture, JPEG_LS)
    with opened(file_bytes(dataset(picture, bits_stored=10), JPEG_LS, frames=[stream])) as instance:
        assert any(group.kind is PlaneKind.STRAY_BIT and group.number == 11 for group in instance.scan_frames().groups)


# Colour ----------------------------------------------------------------------------------------------------------


def without_markers(stream: bytes) -> bytes:
    """A JPEG without its JFIF and Adobe segments."""
    out, at = bytearray(b"\xff\xd8"), 2
    while stream[at + 1] != 0xDA:
        length = 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if not 0xE0 <= stream[at + 1] <= 0xEF:
            out += stream[at : at + length]
        at += length
    return bytes(out) + stream[at:]


@pytest.mark.parametrize("subsampling", ["420", "422", "440", "411"])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422"])
def test_a_subsampled_jpeg_is_no_rgb_whatever_its_header_says(
    subsampling: str, photometric: str, tmp_path: Path
) -> None:
    picture = color_gradient()
    stream = bytes(imagecodecs.jpeg8_encode(picture, level=95, subsampling=subsampling))
    expected = np.asarray(imagecodecs.jpeg8_decode(stream)).astype(int)
    data = file_bytes(dataset(picture, photometric=photometric), JPEG_BASELINE, frames=[without_markers(stream)])
    assert np.abs(frames_of(data)[0].astype(int) - expected).max() <= 2
    require_proved(data, tmp_path)


# JPEG 2000 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("made_up", "refused"), [(4, False), (6, False), (11, False), (33, False), (65, True)])
def test_a_few_made_up_bytes_are_a_remark(made_up: int, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoders end their code-blocks in different ways, and all decoders read the same."""
    picture = gradient()
    data = file_bytes(dataset(picture), JPEG_2000_LOSSLESS, frames=[encode(picture, JPEG_2000_LOSSLESS)])
    heard = [f"PTERM check failure: {made_up} synthesized 0xFF markers read"]

    class Heard:
        def __enter__(self) -> list[str]:
            return heard

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(j2k_watch, "heard_from_decoders", Heard)
    with opened(data) as instance:
        if refused:
            with pytest.raises(Exception, match="code-block"):
                instance.read(FrameAddress(0))
            return
        assert np.array_equal(instance.read(FrameAddress(0)).array, picture)
        assert any("may be damaged" in note for note in instance.notes) is (made_up > j2k_watch.MOST_MADE_UP)
