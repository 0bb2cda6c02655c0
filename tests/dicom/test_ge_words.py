"""GE's private transfer syntax: Implicit VR Little Endian but for the words of the pixel data."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dcmaudit.cli import main
from dcmaudit.dicom import open_instance
from dcmaudit.errors import UnsupportedError
from dcmaudit.model import FrameAddress, UnshownAddress
from support.files import MemoryReference, Overlay, dataset, file_bytes, gradient, letter_bits
from support.programs import need

IMPLICIT, GE = b"1.2.840.10008.1.2\0", b"1.2.840.113619.5.2"


def ge_file(cells: np.ndarray, **how: object) -> bytes:
    data = dataset(cells, **how)  # type: ignore[arg-type]
    words = np.frombuffer(data.PixelData, "<u2")
    data.PixelData = words.astype(">u2").tobytes()
    made = file_bytes(data, IMPLICIT.decode().rstrip("\0"))
    assert made.count(IMPLICIT) == 1
    return made.replace(IMPLICIT, GE)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_the_words_are_read_as_they_lie(dtype: type) -> None:
    cells = gradient(48, 64, dtype=dtype)
    with open_instance(MemoryReference("ge.dcm", ge_file(cells))) as instance:
        assert (instance.read(FrameAddress(0)).array == cells).all()


def test_overlays_beside_and_in_the_words_are_found() -> None:
    inside = np.zeros((48, 64), np.uint8)
    inside[5:21, 7:27] = letter_bits()
    overlays = [Overlay(letter_bits()), Overlay(inside, group=0x6002, embedded=13)]
    made = ge_file(gradient(48, 64, dtype=np.uint16), bits_stored=12, overlays=overlays)
    with open_instance(MemoryReference("ge.dcm", made)) as instance:
        instance.scan_frames()
        shown = [instance.read(plane.address).array for plane in instance.first_planes][1:]
        assert [bits.shape for bits in shown] == [(16, 20), (48, 64)]
        assert (shown[0].astype(bool) == letter_bits().astype(bool)).all()
        assert (shown[1].astype(bool) == inside.astype(bool)).all()


def test_samples_of_bytes_are_refused_and_not_guessed() -> None:
    made = ge_file(gradient(48, 64))
    with open_instance(MemoryReference("ge.dcm", made)) as instance:
        (plane,) = instance.planes
        assert isinstance(plane.address, UnshownAddress)
        with pytest.raises(UnsupportedError, match="order that programs read differently"):
            instance.read(plane.address)


def test_what_is_redacted_is_proved_and_another_program_reads_the_same(tmp_path: Path) -> None:
    need("dcmconv")
    cells = gradient(48, 64, dtype=np.uint16)
    before = tmp_path / "ge.dcm"
    before.write_bytes(ge_file(cells))
    assert main(["redact", "--rect", "2,2,20,10", "-o", str(tmp_path / "out"), str(before)]) == 0
    after = tmp_path / "out" / "ge.redacted.dcm"
    assert main(["verify", "--rect", "2,2,20,10", str(before), str(after)]) == 0
    plain = tmp_path / "plain.dcm"
    subprocess.run(["dcmconv", "+te", str(after), str(plain)], check=True, timeout=30)
    wanted = cells.copy()
    wanted[2:11, 2:21] = 0
    assert (pydicom.dcmread(plain).pixel_array == wanted).all()
