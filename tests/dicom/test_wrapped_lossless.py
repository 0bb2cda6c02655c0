"""Lossless JPEG whose differences are reduced modulo 2 to the precision: read as its encoder meant it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest

from dcmaudit.codecs.jpeg import loops
from dcmaudit.dicom import open_instance
from dcmaudit.errors import DicomError
from dcmaudit.model import FrameAddress, PlaneKind
from support.files import JPEG_LOSSLESS, MemoryReference, dataset, file_bytes
from support.lossless_jpeg import Residues, encode_lossless
from support.programs import need

needs_loop = pytest.mark.skipif(loops.library() is None, reason="the package was built without a C compiler")
Picture = npt.NDArray[Any]


def noise(precision: int, *, samples: int = 1, shape: tuple[int, int] = (24, 40)) -> Picture:
    """Every jump there can be, and black beside white: text on an ultrasound image."""
    made = np.random.default_rng(precision).integers(0, 1 << precision, (*shape, samples))
    made[4:12, 5:25] = 0
    made[6:9, 6:24:2] = (1 << precision) - 1
    return made.squeeze().astype(np.uint8 if precision <= 8 else np.uint16)


def lossless_file(picture: Picture, stream: bytes, precision: int) -> bytes:
    photometric = "RGB" if picture.ndim == 3 else "MONOCHROME2"
    return file_bytes(dataset(picture, photometric=photometric, bits_stored=precision), JPEG_LOSSLESS, frames=[stream])


def opened(picture: Picture, stream: bytes, precision: int) -> Any:
    return open_instance(MemoryReference("x", lossless_file(picture, stream, precision)))


@needs_loop
@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize(
    ("precision", "samples"), [(8, 1), (9, 1), (10, 1), (12, 1), (15, 1), (16, 1), (8, 3), (16, 3)]
)
@pytest.mark.parametrize("residues", [Residues.NEAR_ZERO, Residues.FAR])
def test_every_predictor_and_precision_is_read_as_it_was_meant(
    predictor: int, precision: int, residues: Residues, samples: int
) -> None:
    picture = noise(precision, samples=samples)
    stream = encode_lossless(picture, precision=precision, predictor=predictor, residues=residues)
    with opened(picture, stream, precision) as instance:
        assert np.array_equal(instance.read(FrameAddress(0)).array, picture)
        assert not any(group.kind is PlaneKind.STRAY_BIT for group in instance.scan_frames().groups)
        wraps = precision < 16
        assert any("leave the range" in note for note in instance.notes) is wraps
        assert any("another picture" in note for note in instance.notes) is (wraps and predictor >= 5)


@needs_loop
@pytest.mark.parametrize("predictor", [1, 4, 7])
def test_restart_intervals_begin_anew(predictor: int) -> None:
    picture = noise(8)
    stream = encode_lossless(picture, precision=8, predictor=predictor, residues=Residues.NEAR_ZERO, restart_lines=7)
    with opened(picture, stream, 8) as instance:
        assert np.array_equal(instance.read(FrameAddress(0)).array, picture)


@needs_loop
@pytest.mark.parametrize("predictor", range(1, 8))
def test_what_a_library_writes_has_no_such_remark(predictor: int) -> None:
    import imagecodecs

    picture = noise(8)
    stream = bytes(imagecodecs.jpeg8_encode(picture, lossless=True, predictor=predictor))
    with opened(picture, stream, 8) as instance:
        assert np.array_equal(instance.read(FrameAddress(0)).array, picture)
        assert not any("lossless JPEG" in note for note in instance.notes)


@needs_loop
@pytest.mark.parametrize("predictor", [1, 6])
def test_signed_values_that_are_wrapped_keep_their_sign(predictor: int) -> None:
    picture = noise(12)
    stream = encode_lossless(picture, precision=12, predictor=predictor, residues=Residues.NEAR_ZERO)
    with opened(picture.view(np.int16), stream, 12) as instance:
        expected = (picture.astype(np.int16) << 4) >> 4
        assert np.array_equal(instance.read(FrameAddress(0)).array, expected)
        assert not any(group.kind is PlaneKind.STRAY_BIT for group in instance.scan_frames().groups)


@needs_loop
@pytest.mark.judges
@pytest.mark.parametrize("predictor", [1, 2, 3, 4])
@pytest.mark.parametrize("precision", [8, 12])
def test_dcmtk_reads_the_same_where_the_predictor_is_a_sum(predictor: int, precision: int, tmp_path: Path) -> None:
    need("dcmdjpeg")
    picture = noise(precision)
    stream = encode_lossless(picture, precision=precision, predictor=predictor, residues=Residues.NEAR_ZERO)
    (tmp_path / "in.dcm").write_bytes(lossless_file(picture, stream, precision))
    subprocess.run(["dcmdjpeg", tmp_path / "in.dcm", tmp_path / "out.dcm"], check=True, capture_output=True, timeout=60)
    assert np.array_equal(pydicom.dcmread(tmp_path / "out.dcm").pixel_array, picture)


@needs_loop
@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_one_that_ends_early_is_still_refused(cut: float) -> None:
    picture = noise(8)
    stream = encode_lossless(picture, precision=8, residues=Residues.NEAR_ZERO)
    short = stream[: int(len(stream) * cut)] + b"\xff\xd9"
    with opened(picture, short, 8) as instance, pytest.raises(DicomError, match=r"ends|missing"):
        instance.read(FrameAddress(0))
