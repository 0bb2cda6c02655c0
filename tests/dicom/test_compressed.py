"""Encapsulated frames: every codec, every offset table, and no picture from half a codestream."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dcmaudit.cli import main
from dcmaudit.dicom import open_instance
from dcmaudit.errors import DecodeError, DicomError, HeaderError, TruncatedError
from dcmaudit.model import FrameAddress, PlaneKind
from support.files import (
    DEFLATED_FRAMES,
    EXPLICIT,
    HTJ2K,
    IMPLICIT,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_LS_NEAR,
    JPEG_XL,
    JPEG_XL_LOSSLESS,
    LOSSLESS_SYNTAXES,
    MPEG4,
    RLE,
    MemoryReference,
    color_gradient,
    dataset,
    encode,
    file_bytes,
    gradient,
    reference,
)

EXACT = (*LOSSLESS_SYNTAXES, DEFLATED_FRAMES, JPEG_XL_LOSSLESS)
LOSSY = (JPEG_BASELINE, JPEG_2000, JPEG_LS_NEAR, HTJ2K, JPEG_XL)


def soft(rows: int = 32, columns: int = 40, *, dtype: type = np.uint8, top: int = 255) -> np.ndarray:
    """A picture that lossy codecs keep well: two ramps."""
    y, x = np.mgrid[:rows, :columns]
    return ((y * columns + x) * top // (rows * columns)).astype(dtype)


@pytest.mark.parametrize("syntax", EXACT)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16], ids=["8", "16"])
def test_lossless_frames_come_back_exactly(syntax: str, dtype: type) -> None:
    frames = np.stack([gradient(dtype=dtype), gradient(dtype=dtype)[::-1]])
    with open_instance(reference(frames, syntax, frames=2)) as instance:
        for number in (1, 0):
            samples = instance.read(FrameAddress(number))
            assert samples.array.dtype == np.dtype(dtype)
            assert np.array_equal(samples.array, frames[number])


@pytest.mark.parametrize("syntax", EXACT)
def test_lossless_colour_comes_back_exactly(syntax: str) -> None:
    color = color_gradient()
    with open_instance(reference(color, syntax, photometric="RGB")) as instance:
        samples = instance.read(FrameAddress(0))
        assert samples.photometric == "RGB"
        assert np.array_equal(samples.array, color)


@pytest.mark.parametrize("syntax", LOSSY)
def test_lossy_frames_come_back_nearly(syntax: str) -> None:
    gray = soft()
    with open_instance(reference(gray, syntax)) as instance:
        array = instance.read(FrameAddress(0)).array
        assert np.abs(array.astype(int) - gray).max() <= 16


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS, RLE])
def test_signed_frames_come_back_exactly(syntax: str) -> None:
    values = np.clip(gradient(dtype=np.int16), -2048, 2047)
    made = dataset(values, bits_stored=12)
    codestream = encode(values.view(np.uint16), syntax)
    with open_instance(MemoryReference("x", file_bytes(made, syntax, frames=[codestream]))) as instance:
        samples = instance.read(FrameAddress(0))
        assert samples.signed
        assert np.array_equal(samples.array, values)


@pytest.mark.parametrize("interleave", [0, 1, 2])
def test_jpeg_ls_colour_in_every_interleave_mode(interleave: int) -> None:
    import jpeg_ls

    color = color_gradient()
    given = np.ascontiguousarray(np.moveaxis(color, 2, 0)) if interleave == 0 else color
    stream = bytes(jpeg_ls.encode_array(given, interleave_mode=interleave))
    made = dataset(color, photometric="RGB")
    with open_instance(MemoryReference("x", file_bytes(made, JPEG_LS, frames=[stream]))) as instance:
        assert np.array_equal(instance.read(FrameAddress(0)).array, color)


def test_a_twelve_bit_jpeg_is_read() -> None:
    values = soft(dtype=np.uint16, top=4095)
    made = dataset(values, bits_stored=12)
    data = file_bytes(made, JPEG_EXTENDED, frames=[encode(values, JPEG_EXTENDED, bits_stored=12, level=95)])
    with open_instance(MemoryReference("x", data)) as instance:
        assert np.abs(instance.read(FrameAddress(0)).array.astype(int) - values).max() < 80


def test_jpeg_colour_follows_the_codestream_and_then_the_header() -> None:
    import imagecodecs

    color = np.zeros((16, 16, 3), np.uint8)
    color[..., 0], color[..., 1], color[..., 2] = 200, 100, 30
    transformed = imagecodecs.jpeg8_encode(color, level=98)
    plain = imagecodecs.jpeg8_encode(color, level=98, colorspace="RGB", outcolorspace="RGB")
    for codestream, photometric in ((transformed, "YBR_FULL_422"), (transformed, "RGB"), (plain, "RGB")):
        made = dataset(color, photometric=photometric)
        with open_instance(MemoryReference("x", file_bytes(made, JPEG_BASELINE, frames=[codestream]))) as instance:
            samples = instance.read(FrameAddress(0))
            assert samples.photometric == "RGB"
            assert np.abs(samples.array.astype(int) - color).max() <= 4


@pytest.mark.parametrize("table", ["basic", "extended", "empty"])
@pytest.mark.parametrize("fragments", [1, 3])
@pytest.mark.parametrize("delimiter", [True, False])
def test_frames_are_found_with_and_without_a_table(table: str, fragments: int, delimiter: bool) -> None:
    frames = np.stack([np.roll(gradient(), k, axis=0) for k in range(5)])
    made = reference(frames, JPEG_2000_LOSSLESS, frames=5, table=table, fragments=fragments, delimiter=delimiter)
    with open_instance(made) as instance:
        assert len(instance.planes) == 5
        for number in (4, 0, 2):
            assert np.array_equal(instance.read(FrameAddress(number)).array, frames[number])


@pytest.mark.parametrize("syntax", EXACT)
def test_a_lost_delimiter_costs_no_frame(syntax: str) -> None:
    frames = np.stack([gradient(), gradient()[::-1]])
    with open_instance(reference(frames, syntax, frames=2, delimiter=False)) as instance:
        assert np.array_equal(instance.read(FrameAddress(1)).array, frames[1])


@pytest.mark.parametrize("table", [(0, 8, 16), (4, 400, 900), (0, 10**9, 2 * 10**9), (0, 0, 0), (0,), (7,)])
def test_a_wrong_offset_table_is_noticed_and_not_used(table: tuple[int, ...]) -> None:
    frames = np.stack([np.roll(gradient(), k, axis=0) for k in range(3)])
    with open_instance(reference(frames, JPEG_LS, frames=3, table=table, fragments=2)) as instance:
        assert any("offset table is wrong" in note for note in instance.notes)
        for number in range(3):
            assert np.array_equal(instance.read(FrameAddress(number)).array, frames[number])


def test_missing_and_extra_codestreams_are_counted() -> None:
    frames = np.stack([gradient()] * 3)
    streams = [encode(frame, JPEG_LS) for frame in frames]
    made = dataset(frames, frames=3, extra={"NumberOfFrames": "1000000000"})
    with open_instance(MemoryReference("x", file_bytes(made, JPEG_LS, frames=streams, table="empty"))) as instance:
        assert [plane.kind for plane in instance.planes] == [PlaneKind.FRAME] * 3 + [PlaneKind.UNSHOWN]
        assert "999999997 frames of 1000000000" in str(instance.planes[3].group.reason)
    made = dataset(frames, frames=3, extra={"NumberOfFrames": "2"})
    with open_instance(MemoryReference("x", file_bytes(made, JPEG_LS, frames=streams, table="empty"))) as instance:
        assert len(instance.planes) == 3
        assert any("NumberOfFrames is 2" in note for note in instance.notes)


@pytest.mark.parametrize("syntax", [*EXACT, JPEG_BASELINE])
def test_a_codestream_that_ends_early_is_refused_and_never_shown_half(syntax: str) -> None:
    values = gradient(40, 48) if syntax != JPEG_BASELINE else soft(40, 48)
    whole = encode(values, syntax)
    with open_instance(MemoryReference("x", file_bytes(dataset(values), syntax, frames=[whole]))) as instance:
        expected = instance.read(FrameAddress(0)).array
    for part in (0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        cut = whole[: int(len(whole) * part)]
        with open_instance(MemoryReference("x", file_bytes(dataset(values), syntax, frames=[cut]))) as instance:
            try:
                assert np.array_equal(instance.read(FrameAddress(0)).array, expected), part
            except DicomError as error:
                assert "x: frame 1: " in str(error)


@pytest.mark.parametrize("syntax", [*EXACT, JPEG_BASELINE])
def test_a_file_that_ends_early_shows_whole_frames_or_none(syntax: str) -> None:
    picture = gradient() if syntax != JPEG_BASELINE else soft()
    frames = np.stack([picture, picture[::-1], picture])
    data = reference(frames, syntax, frames=3, table="empty").data
    with open_instance(MemoryReference("x", data)) as instance:
        expected = [instance.read(FrameAddress(k)).array for k in range(3)]
    for end in range(len(data) - 400, len(data), 37):
        with open_instance(MemoryReference("x", data[:end])) as instance:
            for plane in instance.planes:
                try:
                    array = instance.read(plane.address).array
                except DicomError:
                    continue
                assert isinstance(plane.address, FrameAddress)
                assert np.array_equal(array, expected[plane.address.frame])


def test_a_jpeg_without_its_end_marker_is_shown_when_no_pixel_is_missing() -> None:
    whole = encode(soft(), JPEG_BASELINE).rstrip(b"\0")
    assert whole.endswith(b"\xff\xd9")
    data = file_bytes(dataset(soft()), JPEG_BASELINE, frames=[whole[:-2]])
    with open_instance(MemoryReference("x", data)) as instance:
        assert np.abs(instance.read(FrameAddress(0)).array.astype(int) - soft()).max() <= 12


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("syntax", [JPEG_BASELINE, JPEG_EXTENDED, JPEG_LOSSLESS_SV1])
def test_a_cut_jpeg_is_refused_also_where_somebody_put_an_end_marker_behind_the_cut(syntax: str, colour: bool) -> None:
    picture = color_gradient(96, 128) if colour else gradient(96, 128)
    whole = encode(picture, syntax)
    photometric = "RGB" if colour else "MONOCHROME2"
    for cut in range(len(whole) // 2, len(whole) - 40, len(whole) // 16):
        stream = whole[:cut].rstrip(b"\xff") + b"\xff\xd9"
        data = file_bytes(dataset(picture, photometric=photometric), syntax, frames=[stream])
        with open_instance(MemoryReference("x", data)) as instance, pytest.raises(DicomError):
            instance.read(FrameAddress(0))


def test_a_cut_progressive_jpeg_is_refused_and_a_whole_one_shown() -> None:
    written = io.BytesIO()
    Image.fromarray(gradient(96, 128)).save(written, "JPEG", progressive=True)
    whole = written.getvalue()
    for stream, shown in ((whole, True), (whole[: len(whole) * 9 // 10] + b"\xff\xd9", False)):
        data = file_bytes(dataset(gradient(96, 128)), "1.2.840.10008.1.2.4.55", frames=[stream])
        with open_instance(MemoryReference("x", data)) as instance:
            if shown:
                instance.read(FrameAddress(0))
                continue
            with pytest.raises(DecodeError, match=r"ends in the middle|pixels are missing"):
                instance.read(FrameAddress(0))


@pytest.mark.parametrize("compiled_loop", [True, False])
def test_a_jpeg_whose_restart_interval_got_lost_is_refused(
    monkeypatch: pytest.MonkeyPatch, compiled_loop: bool
) -> None:
    written = io.BytesIO()
    Image.fromarray(soft()).save(written, "JPEG", restart_marker_rows=1)
    whole = written.getvalue()
    first, second = whole.index(b"\xff\xd0"), whole.index(b"\xff\xd1")
    if not compiled_loop:
        monkeypatch.setattr("dcmaudit.codecs.jpeg.loops.library", lambda: None)
    for stream, shown in ((whole, True), (whole[:first] + whole[second:], False)):
        data = file_bytes(dataset(soft()), JPEG_BASELINE, frames=[stream])
        with open_instance(MemoryReference("x", data)) as instance:
            if shown:
                instance.read(FrameAddress(0))
                continue
            with pytest.raises(DecodeError, match="restart"):
                instance.read(FrameAddress(0))


def test_a_jpeg_changed_in_its_middle_is_refused() -> None:
    stream = bytearray(encode(gradient(96, 128), JPEG_BASELINE))
    stream[len(stream) // 2 : len(stream) // 2 + 60] = bytes(60)
    data = file_bytes(dataset(gradient(96, 128)), JPEG_BASELINE, frames=[bytes(stream)])
    with open_instance(MemoryReference("x", data)) as instance, pytest.raises(DecodeError, match="damaged"):
        instance.read(FrameAddress(0))


@pytest.mark.parametrize("syntax", [JPEG_BASELINE, JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS, JPEG_XL_LOSSLESS])
def test_a_codestream_of_another_size_is_refused_before_it_is_decoded(syntax: str) -> None:
    data = file_bytes(dataset(gradient(24, 32)), syntax, frames=[encode(gradient(48, 64), syntax)])
    with open_instance(MemoryReference("x", data)) as instance, pytest.raises(HeaderError, match="64 x 48 pixels"):
        instance.read(FrameAddress(0))


def test_a_jpeg_2000_header_with_a_huge_size_costs_no_memory() -> None:
    stream = bytearray(encode(gradient(), JPEG_2000_LOSSLESS))
    stream[8:16] = b"\x7f\xff\xff\xff\x7f\xff\xff\xff"
    data = file_bytes(dataset(gradient()), JPEG_2000_LOSSLESS, frames=[bytes(stream)])
    with open_instance(MemoryReference("x", data)) as instance, pytest.raises(HeaderError, match="2147483647"):
        instance.read(FrameAddress(0))


def test_an_rle_frame_that_cannot_hold_its_pixels_is_refused_before_memory_is_asked_for() -> None:
    tiny = encode(np.zeros((2, 2), np.uint8), RLE)
    made = dataset(np.zeros((2, 2), np.uint8), extra={"Rows": 20000, "Columns": 20000})
    with (
        open_instance(MemoryReference("x", file_bytes(made, RLE, frames=[tiny]))) as instance,
        pytest.raises(TruncatedError, match="cannot hold"),
    ):
        instance.read(FrameAddress(0))


@pytest.mark.parametrize("syntax", EXACT)
def test_noise_instead_of_a_codestream_is_refused(syntax: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, 400, np.uint8).tobytes()
    data = file_bytes(dataset(gradient()), syntax, frames=[noise])
    with (
        open_instance(MemoryReference("x", data)) as instance,
        pytest.raises((DecodeError, TruncatedError, HeaderError)),
    ):
        instance.read(FrameAddress(0))


def test_a_video_is_named_with_its_reason() -> None:
    data = file_bytes(dataset(gradient()), MPEG4, frames=[b"\0\0\1\xb3" * 40])
    with open_instance(MemoryReference("x", data)) as instance:
        (plane,) = instance.planes
        assert plane.title == "not audited: image frames"
        assert plane.group.reason == "its frames are a video"


def test_an_unknown_syntax_is_named_by_its_uid() -> None:
    data = file_bytes(dataset(gradient()), "1.2.3.4.5", frames=[b"abcd"])
    with open_instance(MemoryReference("x", data)) as instance:
        assert instance.planes[0].group.reason == "no decoder for transfer syntax 1.2.3.4.5"


def test_native_pixel_data_under_a_compressed_syntax_are_shown_with_a_note() -> None:
    data = file_bytes(dataset(gradient()), EXPLICIT).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    with open_instance(MemoryReference("x", data)) as instance:
        assert np.array_equal(instance.read(FrameAddress(0)).array, gradient())
        assert any("native" in note for note in instance.notes)


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS, RLE])
@pytest.mark.parametrize("label", [IMPLICIT, EXPLICIT])
def test_compressed_pixel_data_under_a_native_syntax_are_shown_and_not_redacted(
    syntax: str, label: str, tmp_path: Path
) -> None:
    frames = [encode(frame, syntax) for frame in (gradient(), gradient()[::-1].copy())]
    data = file_bytes(dataset(np.stack([gradient()] * 2), frames=2), label, frames=frames)
    with open_instance(MemoryReference("x", data)) as instance:
        assert [plane.address for plane in instance.all_planes()] == [FrameAddress(0), FrameAddress(1)]
        assert np.array_equal(instance.read(FrameAddress(1)).array, gradient()[::-1])
        assert any("although the transfer syntax is a native one" in note for note in instance.notes)
    path = tmp_path / "one.dcm"
    path.write_bytes(data)
    for more in (["--dry-run"], []):
        assert main(["redact", str(path), "--rect", "1,1,5,5", *more]) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_something_else_in_fragments_under_a_native_syntax_is_named() -> None:
    data = file_bytes(dataset(gradient()), EXPLICIT, frames=[b"no picture at all"])
    with open_instance(MemoryReference("x", data)) as instance:
        assert "encapsulated although" in str(instance.planes[0].group.reason)
