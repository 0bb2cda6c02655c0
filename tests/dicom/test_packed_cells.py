"""BitsAllocated 12 and 24: cells without gaps between them, as ACR-NEMA wrote them, and in codestreams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from dcmaudit.cli import main
from dcmaudit.dicom import open_instance
from dcmaudit.model import FrameAddress
from support.files import EXPLICIT, IMPLICIT, JPEG_LOSSLESS_SV1, RLE, MemoryReference, dataset, encode, file_bytes

Cells = npt.NDArray[Any]


def packed(cells: Cells, width: int) -> bytes:
    """The value of PixelData, cell behind cell, the lowest bit first."""
    value = 0
    for place, cell in enumerate(cells.ravel().tolist()):
        value |= cell << (width * place)
    data = value.to_bytes(-(-width * cells.size // 8), "little")
    return data + b"\0" * (len(data) % 2)


def packed_file(cells: Cells, width: int, syntax: str = EXPLICIT, *, frames: int | None = None) -> bytes:
    data = dataset(cells, frames=frames, bits_stored=min(width, 8 * cells.dtype.itemsize))
    data.BitsAllocated, data.BitsStored, data.HighBit = width, width, width - 1
    data.PixelData = packed(cells, width)
    return file_bytes(data, syntax)


def noise(width: int, shape: tuple[int, ...]) -> Cells:
    dtype = np.uint16 if width == 12 else np.uint32
    return np.random.default_rng(width).integers(0, 1 << width, shape).astype(dtype)


@pytest.mark.parametrize("width", [12, 24])
@pytest.mark.parametrize("shape", [(8, 10), (7, 9), (1, 1), (33, 51)])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_cells_without_gaps_are_read(width: int, shape: tuple[int, int], syntax: str) -> None:
    cells = noise(width, shape)
    with open_instance(MemoryReference("x", packed_file(cells, width, syntax))) as instance:
        assert np.array_equal(instance.read(FrameAddress(0)).array, cells)


@pytest.mark.parametrize("width", [12, 24])
def test_a_frame_that_begins_inside_a_byte_is_read(width: int) -> None:
    cells = noise(width, (3, 5, 7))
    with open_instance(MemoryReference("x", packed_file(cells, width, frames=3))) as instance:
        for number in range(3):
            assert np.array_equal(instance.read(FrameAddress(number)).array, cells[number])


@pytest.mark.parametrize("width", [12, 24])
def test_native_ones_are_refused_and_not_written(width: int, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "in.dcm").write_bytes(packed_file(noise(width, (20, 20)), width))
    for more in ([], ["--dry-run"]):
        assert main(["redact", "--rect", "0,0,3,3", "-o", str(tmp_path / "out"), *more, str(tmp_path / "in.dcm")]) == 1
        assert f"native cells of {width} bits are shown and not written" in capsys.readouterr().err


@pytest.mark.parametrize("syntax", [RLE, JPEG_LOSSLESS_SV1])
def test_a_codestream_under_12_bits_allocated_is_read_and_redacted(syntax: str, tmp_path: Path) -> None:
    cells = noise(12, (24, 20))
    data = dataset(cells, bits_stored=12)
    data.BitsAllocated = 12
    (tmp_path / "in.dcm").write_bytes(file_bytes(data, syntax, frames=[encode(cells, syntax, bits_stored=12)]))
    assert main(["redact", "--rect", "0,0,3,3", "-o", str(tmp_path / "out"), str(tmp_path / "in.dcm")]) == 0
    with open_instance(MemoryReference("x", (tmp_path / "out" / "in.redacted.dcm").read_bytes())) as instance:
        after = instance.read(FrameAddress(0)).array
    assert not after[:4, :4].any()
    assert np.array_equal(after[4:], cells[4:])
