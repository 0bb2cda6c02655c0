"""Rectangles in sequential JPEG: black as decoded by others, and nothing else changed."""

from __future__ import annotations

import io
import subprocess
import tempfile
import tracemalloc
from contextlib import contextmanager, nullcontext
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, generate_uid

from dcmaudit.codecs.jpeg import coefficients, loops, parse
from dcmaudit.errors import DecodeError, UsageError
from dcmaudit.model import Box
from dcmaudit.redact.jpeg.blocks import RedactedCodestream, redact_blocks
from dcmaudit.redact.jpeg.levels import black_levels
from dcmaudit.redact.jpeg.room import with_symbols
from support.jpegs import Jpeg, Table, blocks_of, picture, write
from support.programs import need

RGB_LIKE = {"colorspace": "RGB", "outcolorspace": "RGB"}


def pillow(array, **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, "JPEG", **options)
    return out.getvalue()


def made(sampling, scans, *, width=61, height=45, precision=8, **options) -> bytes:
    """A codestream of the support module's writer, with random flat-ish blocks."""
    rng = np.random.default_rng(len(sampling) + precision)
    shapes = blocks_of(width, height, sampling)
    planes = []
    for i, (rows, columns) in enumerate(shapes):
        block = rng.integers(-3, 4, (rows, columns, 64)).astype(np.int16)
        block[..., 20:] *= rng.random((rows, columns, 44)) < 0.05
        block[..., 0] = rng.integers(0, 300, (rows, columns)) * (16 if precision == 12 else 1) if i == 0 else 0
        planes.append(block)
    return write(Jpeg(width, height, planes, sampling, scans, precision, [3, 3], **options))


COLOUR = picture(101, 75)
GREY = picture(101, 75, 1)
STREAMS = {
    "grey": pillow(GREY, quality=85),
    "grey with tables of its own": pillow(GREY, quality=85, optimize=True),
    "4:4:4": pillow(COLOUR, quality=90, subsampling=0),
    "4:2:2": pillow(COLOUR, quality=90, subsampling=1),
    "4:2:0": pillow(COLOUR, quality=75, subsampling=2),
    "4:1:1": imagecodecs.jpeg8_encode(COLOUR, 80, subsampling="411"),
    "4:4:0": imagecodecs.jpeg8_encode(COLOUR, 80, subsampling="440"),
    "RGB with an Adobe segment": imagecodecs.jpeg8_encode(COLOUR, 85, **RGB_LIKE),
    "own tables": pillow(COLOUR, quality=60, optimize=True),
    "a restart interval each row": pillow(COLOUR, quality=85, restart_marker_rows=1),
    "a restart interval each three blocks": pillow(COLOUR, quality=85, restart_marker_blocks=3),
    "every coefficient": pillow(picture(64, 64, seed=3), quality=100, subsampling=0),
    "one pixel wide": pillow(picture(1, 33), quality=85),
    "smaller than a block": pillow(picture(3, 3), quality=85),
    "strongly quantised": pillow(COLOUR, quality=3),
    "one scan a component": made([(2, 1), (1, 1), (1, 1)], [[0], [1], [2]]),
    "one scan a component, 4:2:0, restarts": made([(2, 2), (1, 1), (1, 1)], [[0], [1], [2]], restart=5),
    "luminance alone, chrominance together": made([(2, 2), (1, 1), (1, 1)], [[0], [1, 2]]),
    "grey with sampling factors of two": made([(2, 2)], [[0]]),
    "no end-of-image marker": pillow(COLOUR, quality=85)[:-2],
    "half an end-of-image marker": pillow(COLOUR, quality=85)[:-1],
    "padded": pillow(COLOUR, quality=85) + b"\0",
    "no end-of-image marker, padded": pillow(GREY, quality=85)[:-2] + b"\0",
}


def decoded(stream: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(stream)).convert("RGB" if len(parse(stream).components) > 1 else "L"))


def boxes_of(width: int, height: int) -> list[Box]:
    w, h = max(1, width // 4), max(1, height // 5)
    return [
        Box(0, 0, w, h),
        Box(width - w, 0, width, h),
        Box(0, height - h, w, height),
        Box(width - w, height - h, width, height),
        Box(width // 2, height // 2, width // 2 + 1, height // 2 + 1),
        Box(0, 0, width, height),
    ]


def outside(result: RedactedCodestream, ring: int = 1) -> np.ndarray:
    mask = np.ones((result.size.height, result.size.width), bool)
    for box in result.boxes:
        mask[max(0, box.top - ring) : box.bottom + ring, max(0, box.left - ring) : box.right + ring] = False
    return mask


def check_coefficients(before: bytes, result: RedactedCodestream, read=coefficients) -> None:
    """Outside the touched MCUs the same numbers; inside no AC and one DC."""
    stream = parse(before)
    for i, (old, new) in enumerate(zip(read(before), read(result.data), strict=True)):
        h, v = stream.factors(i)
        touched = np.repeat(np.repeat(result.touched, v, 0), h, 1)[: old.shape[0], : old.shape[1]]
        assert np.array_equal(old[~touched], new[~touched])
        own = stream.components[i]
        inside = new[: own.own_y, : own.own_x][touched[: own.own_y, : own.own_x]]
        assert not inside[:, 1:].any()
        assert len(set(inside[:, 0].tolist())) == 1


def by_libjpeg(stream: bytes) -> list[np.ndarray]:
    """Coefficients as libjpeg itself reads them, in the order of the frame header."""
    jpeglib = pytest.importorskip("jpeglib")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jpg"
        path.write_bytes(stream)
        read = jpeglib.read_dct(str(path))
    planes = [read.Y] if read.Cb is None else [read.Y, read.Cb, read.Cr]
    return [plane.reshape(*plane.shape[:2], 64) for plane in planes]


@contextmanager
def without_compiled_loop():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loops, "library", lambda: None)
        yield


@pytest.mark.skipif(loops.library() is None, reason="the package was built without a C compiler")
@pytest.mark.parametrize("name", STREAMS)
def test_the_loop_in_python_and_the_compiled_one_give_the_same_bytes(name):
    before = STREAMS[name]
    size = parse(before).size
    boxes = boxes_of(size.width, size.height)
    with without_compiled_loop():
        slow = [redact_blocks(before, [box]).data for box in boxes]
        numbers = coefficients(before)
    assert slow == [redact_blocks(before, [box]).data for box in boxes]
    assert all(np.array_equal(a, b) for a, b in zip(coefficients(before), numbers, strict=True))


@pytest.mark.parametrize("name", STREAMS)
def test_a_rectangle_is_black_for_other_decoders_and_nothing_else_changes(name):
    before = STREAMS[name]
    size = parse(before).size
    intact = before.rstrip(b"\0\xff") + b"\xff\xd9" if "no end" in name or "half" in name else before
    original = decoded(intact)
    for box in boxes_of(size.width, size.height):
        result = redact_blocks(before, [box])
        after = decoded(result.data)
        assert after[box.top : box.bottom, box.left : box.right].max() == 0
        same = outside(result)
        assert np.array_equal(after[same], original[same])
        check_coefficients(before, result)
        assert result.data.endswith(b"\xff\xd9")
        assert not result.recoded


@pytest.mark.parametrize("name", [n for n in STREAMS if "end-of-image" not in n and "padded" not in n])
def test_libjpeg_reads_the_same_coefficients_outside_and_the_same_as_we_do(name):
    before = STREAMS[name]
    size = parse(before).size
    for mine, theirs in zip(coefficients(before), by_libjpeg(before), strict=True):
        rows, columns = (min(a, b) for a, b in zip(mine.shape[:2], theirs.shape[:2], strict=True))
        assert np.array_equal(mine[:rows, :columns], theirs[:rows, :columns])
    for box in boxes_of(size.width, size.height)[:5]:
        check_coefficients(before, redact_blocks(before, [box]), by_libjpeg)


@pytest.mark.parametrize("seed", range(3))
def test_twelve_bits_are_redacted_in_extended_jpeg(seed):
    grey = picture(83, 60, 1, bits=12, seed=seed)
    colour = picture(83, 60, 3, bits=12, seed=seed)
    for array, options in ((grey, {}), (colour, RGB_LIKE)):
        before = imagecodecs.jpeg8_encode(array, 90, bitspersample=12, **options)
        original = imagecodecs.jpeg8_decode(before)
        for box in boxes_of(83, 60):
            result = redact_blocks(before, [box])
            after = imagecodecs.jpeg8_decode(result.data)
            assert after[box.top : box.bottom, box.left : box.right].max() == 0
            assert np.array_equal(after[outside(result, 0)], original[outside(result, 0)])
            check_coefficients(before, result)


def test_twelve_bit_ybr_gets_its_middle_chrominance():
    before = made([(2, 2), (1, 1), (1, 1)], [[0, 1, 2]], precision=12)
    result = redact_blocks(before, [Box(5, 5, 20, 20)])
    assert result.values == (0, 2048, 2048)
    check_coefficients(before, result)


def test_monochrome1_is_blackened_with_its_largest_value():
    before = STREAMS["grey"]
    result = redact_blocks(before, [Box(9, 9, 30, 30)], black=black_levels(parse(before), "MONOCHROME1"))
    assert decoded(result.data)[9:30, 9:30].min() == 255
    twelve = imagecodecs.jpeg8_encode(picture(40, 40, 1, bits=12), 50, bitspersample=12)
    result = redact_blocks(twelve, [Box(9, 9, 30, 30)], black=[4095])
    assert imagecodecs.jpeg8_decode(result.data)[9:30, 9:30].min() == 4095


def test_bits_before_the_first_and_intervals_without_a_rectangle_are_copied():
    before = STREAMS["a restart interval each row"]
    result = redact_blocks(before, [Box(40, 40, 60, 44)])
    old, new = parse(before), parse(result.data)
    row = 40 // old.mcu.height
    for number, (a, b) in enumerate(zip(old.scans[0].intervals, new.scans[0].intervals, strict=True)):
        same = before[a.start : a.end] == result.data[b.start : b.end]
        assert same == (number != row)
    assert before[: old.scans[0].intervals[row].start] == result.data[: new.scans[0].intervals[row].start]
    first = old.scans[0].intervals[row].start
    assert before[first : first + 8] == result.data[first : first + 8]


def test_only_the_mcus_under_the_grown_rectangle_change():
    assert redact_blocks(STREAMS["grey"], [Box(8, 8, 16, 16)]).boxes == (Box(8, 8, 16, 16),)
    assert redact_blocks(STREAMS["4:4:4"], [Box(8, 8, 16, 16)]).boxes == (Box(8, 8, 16, 16),)
    assert redact_blocks(STREAMS["4:2:2"], [Box(16, 8, 32, 16)]).boxes == (Box(0, 8, 48, 16),)
    assert redact_blocks(STREAMS["4:2:0"], [Box(17, 17, 31, 31)]).boxes == (Box(16, 16, 32, 32),)
    whole = redact_blocks(STREAMS["4:2:0"], [Box(0, 0, 101, 75)])
    assert whole.boxes == (Box(0, 0, 101, 75),)
    assert whole.area == 101 * 75


def test_several_rectangles_are_done_at_once_and_overlaps_count_once():
    boxes = [Box(0, 0, 10, 10), Box(5, 5, 30, 9), Box(80, 60, 101, 75)]
    result = redact_blocks(STREAMS["4:2:0"], boxes)
    after = decoded(result.data)
    assert not any(after[b.top : b.bottom, b.left : b.right].any() for b in boxes)
    assert result.area == result.touched.repeat(16, 0).repeat(16, 1)[:75, :101].sum()


def test_symbols_that_a_table_lacks_are_added_behind_the_present_codes():
    rng = np.random.default_rng(5)
    block = rng.integers(1, 4, (6, 8, 64)).astype(np.int16)  # every block runs to its 64th coefficient: no EOB
    block[..., 0] = 100
    before = write(Jpeg(64, 48, [block], [(1, 1)], [[0]], steps=[2]))
    result = redact_blocks(before, [Box(20, 20, 30, 30)])
    assert not result.recoded
    check_coefficients(before, result)
    assert not decoded(result.data)[20:30, 20:30].any()
    old, new = parse(before).scans[0].components[0], parse(result.data).scans[0].components[0]
    for a, b in ((old.dc, new.dc), (old.ac, new.ac)):
        assert a.spec.codes.items() < b.spec.codes.items()


def test_a_full_table_is_rebuilt_and_the_coefficients_stay():
    rng = np.random.default_rng(6)
    block = rng.integers(2, 4, (6, 8, 64)).astype(np.int16)
    block[..., 0] = 100
    before = write(Jpeg(64, 48, [block], [(1, 1)], [[0]], steps=[2], restart=11, full_tables=True))
    table = parse(before).scans[0].components[0].ac.spec
    assert with_symbols(table, frozenset({0})) is None
    result = redact_blocks(before, [Box(20, 20, 30, 30)])
    assert result.recoded
    check_coefficients(before, result)
    check_coefficients(before, result, by_libjpeg)
    assert not decoded(result.data)[20:30, 20:30].any()


@st.composite
def streams(draw) -> tuple[bytes, list[Box]]:
    sampling = draw(st.sampled_from([[(1, 1)], [(1, 1)] * 3, [(2, 1), (1, 1), (1, 1)], [(2, 2), (1, 1), (1, 1)],
                                     [(4, 1), (1, 1), (1, 1)], [(1, 2), (1, 1), (1, 1)]]))  # fmt: skip
    scans = [[0]] if len(sampling) == 1 else draw(st.sampled_from([[[0, 1, 2]], [[0], [1], [2]], [[1, 2], [0]]]))
    width, height = draw(st.integers(1, 70)), draw(st.integers(1, 50))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    density, reach = draw(st.sampled_from([0.02, 0.3, 1.0])), draw(st.sampled_from([1, 30, 1000]))
    planes = []
    for rows, columns in blocks_of(width, height, sampling):
        block = rng.integers(-reach, reach + 1, (rows, columns, 64))
        block *= rng.random((rows, columns, 64)) < density
        block[..., 0] = rng.integers(-1000, 1001, (rows, columns))
        planes.append(block.astype(np.int16))
    restart = draw(st.sampled_from([0, 1, 2, 7]))
    stream = write(Jpeg(width, height, planes, sampling, scans, 8, [draw(st.sampled_from([1, 2, 7, 255]))],
                        restart))  # fmt: skip
    boxes = []
    for _ in range(draw(st.integers(1, 3))):
        left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        boxes.append(Box(left, top, draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))))
    return stream, boxes


@settings(max_examples=60, deadline=None)
@given(streams())
def test_any_rectangle_in_any_layout(example):
    before, boxes = example
    with without_compiled_loop():
        slow = redact_blocks(before, boxes).data
    result = redact_blocks(before, boxes)
    assert result.data == slow
    check_coefficients(before, result)
    after, original = decoded(result.data), decoded(before)
    for box in boxes:
        assert after[box.top : box.bottom, box.left : box.right].max() == 0
    same = outside(result, 2)  # libjpeg's interpolation reaches one pixel, twice where both axes are subsampled
    assert np.array_equal(after[same], original[same])


def test_the_most_extreme_dc_values_of_twelve_bits_are_coded():
    block = np.zeros((4, 4, 64), np.int16)
    block[..., 0] = 16383
    before = write(Jpeg(32, 32, [block], [(1, 1)], [[0]], 12))
    result = redact_blocks(before, [Box(9, 9, 12, 12)])
    check_coefficients(before, result)
    assert imagecodecs.jpeg8_decode(result.data)[9:12, 9:12].max() == 0


def test_comments_and_thumbnails_stay_for_the_cleaning_that_follows():
    before = pillow(GREY, quality=85, comment=b"words", exif=b"Exif\0\0" + b"x" * 40)
    kept = redact_blocks(before, [Box(0, 0, 5, 5)])
    assert b"words" in kept.data
    assert b"Exif" in kept.data


def test_bytes_behind_the_end_are_dropped():
    result = redact_blocks(STREAMS["grey"] + b"a name", [Box(0, 0, 5, 5)])
    assert result.data.endswith(b"\xff\xd9")
    assert b"a name" not in result.data


@pytest.mark.judges
@pytest.mark.parametrize("name", ["grey", "4:2:2", "4:2:0", "RGB with an Adobe segment", "own tables"])
def test_dcmtk_sees_black_and_no_other_change(name, tmp_path):
    need("dcmdjpeg")
    before = STREAMS[name]
    result = redact_blocks(before, [Box(70, 50, 95, 70)])
    old, new = (by_dcmtk(stream, tmp_path) for stream in (before, result.data))
    assert new[50:70, 70:95].max() == 0
    assert np.array_equal(old[outside(result)], new[outside(result)])


def by_dcmtk(stream: bytes, folder: Path) -> np.ndarray:
    shape = parse(stream)
    colour = len(shape.components) == 3
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", generate_uid()
    ds.Rows, ds.Columns, ds.SamplesPerPixel = shape.size.height, shape.size.width, 3 if colour else 1
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ybr = shape.adobe_transform != 0
    ds.PhotometricInterpretation = ("YBR_FULL_422" if ybr else "RGB") if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    ds.PixelData = encapsulate([stream])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    source, target = folder / "in.dcm", folder / "out.dcm"
    ds.save_as(source, enforce_file_format=True)
    subprocess.run(["dcmdjpeg", "+px", source, target], check=True, capture_output=True)
    import pydicom

    read = pydicom.dcmread(target)
    assert read.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    shape3 = (read.Rows, read.Columns, 3) if colour else (read.Rows, read.Columns)
    return np.frombuffer(read.PixelData, np.uint8)[: int(np.prod(shape3))].reshape(shape3)


def patched(stream: bytes, marker: int) -> bytes:
    at = stream.index(b"\xff\xc0")
    return stream[: at + 1] + bytes([marker]) + stream[at + 2 :]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (pillow(GREY, progressive=True), "progressive"),
        (patched(STREAMS["grey"], 0xC9), "arithmetic"),
        (patched(STREAMS["grey"], 0xC5), "hierarchical"),
        (imagecodecs.jpeg8_encode(GREY, lossless=True, predictor=1, bitspersample=8), "lossless"),
        (imagecodecs.jpegls_encode(GREY), "JPEG-LS"),
        (b"no jpeg", "SOI"),
        (STREAMS["grey"][:-300], "ends"),
        (STREAMS["a restart interval each row"][:-300], "intervals|ends"),
        (STREAMS["grey"][:400], "Huffman|header|ends"),
        (STREAMS["one scan a component"][:-1200], "components|ends"),
        (STREAMS["grey"].replace(b"\xff\xc4", b"\xff\xdc", 1), "DNL"),
        (STREAMS["grey"][:-2] + b"left over" + b"\xff\xd9", "left over"),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_exactly_is_refused_with_its_reason(stream, reason):
    with pytest.raises(DecodeError, match=reason):
        redact_blocks(stream, [Box(0, 0, 2, 2)])


def test_a_height_given_later_is_refused():
    at = STREAMS["grey"].index(b"\xff\xc0") + 5
    with pytest.raises(DecodeError, match="DNL"):
        redact_blocks(STREAMS["grey"][:at] + b"\0\0" + STREAMS["grey"][at + 2 :], [Box(0, 0, 2, 2)])


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(["grey", "4:2:0", "a restart interval each three blocks", "own tables"]), st.data())
def test_damage_anywhere_gives_a_codestream_or_a_decode_error(name, data):
    stream = bytearray(STREAMS[name])
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(2, len(stream) - 1))] = data.draw(st.integers(0, 255))
    outcomes = []
    for context in (nullcontext(), without_compiled_loop()):
        with context:
            try:
                found = [plane.tobytes() for plane in coefficients(bytes(stream))]
                outcomes.append((found, redact_blocks(bytes(stream), [Box(0, 0, 1, 1)]).data))
            except DecodeError:
                outcomes.append(None)
    assert outcomes[0] == outcomes[1]


def test_a_header_that_lies_about_the_size_costs_no_memory():
    at = STREAMS["grey"].index(b"\xff\xc0") + 5
    huge = STREAMS["grey"][:at] + b"\xff\xf0\xff\xf0" + STREAMS["grey"][at + 4 :]
    tracemalloc.start()
    for work in (coefficients, lambda stream: redact_blocks(stream, [Box(0, 0, 5, 5)])):
        with pytest.raises(DecodeError, match="ends before"):
            work(huge)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_code_that_does_not_exist_is_damage():
    block = np.zeros((4, 4, 64), np.int16)
    table = Table([0, 2] + [0] * 14, [0, 1])
    good = write(Jpeg(32, 32, [block], [(1, 1)], [[0]], tables={(0, 0): table, (1, 0): table}))
    at = parse(good).scans[0].intervals[0].start
    coefficients(good)
    with pytest.raises(DecodeError, match="no such"):
        coefficients(good[: at + 1] + b"\xf0" + good[at + 2 :])


def test_rectangles_and_levels_that_do_not_fit_are_refused():
    for boxes in ([], [Box(-1, 0, 5, 5)], [Box(0, 0, 102, 5)]):
        with pytest.raises(UsageError):
            redact_blocks(STREAMS["grey"], boxes)
    for black in ([0, 128, 128], [256], [-1]):
        with pytest.raises(UsageError):
            redact_blocks(STREAMS["grey"], [Box(0, 0, 5, 5)], black=black)
    with pytest.raises(UsageError):
        black_levels(parse(STREAMS["grey"]), "PALETTE COLOR")


def test_the_colour_space_is_taken_from_the_codestream_and_then_from_the_attribute():
    assert black_levels(parse(STREAMS["4:2:0"])) == (0, 128, 128)
    assert black_levels(parse(STREAMS["RGB with an Adobe segment"])) == (0, 0, 0)
    assert black_levels(parse(STREAMS["one scan a component"]), "RGB") == (0, 128, 128)  # of different sampling
    bare = parse(made([(1, 1), (1, 1), (1, 1)], [[0, 1, 2]]))
    assert black_levels(bare, "RGB") == (0, 0, 0)
    assert black_levels(bare, "YBR_FULL_422") == (0, 128, 128)
    assert black_levels(bare) == (0, 128, 128)
