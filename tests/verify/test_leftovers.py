from __future__ import annotations

import zlib

import numpy as np
import pytest

from dcmaudit.dicom.layout import PixelLayout
from dcmaudit.dicom.syntaxes import Codestream
from dcmaudit.verify.leftovers import left_behind
from support.files import JPEG_BASELINE, JPEG_LS, RLE, encode, gradient

LAYOUT = PixelLayout(24, 32, 1, "MONOCHROME2", 8, 8, 7, signed=False, planar=False, floating=False)


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


STREAMS = {
    Codestream.JPEG: encode(gradient(), JPEG_BASELINE),
    Codestream.JPEG_LS: encode(gradient(), JPEG_LS),
    Codestream.RLE: encode(gradient(), RLE),
    Codestream.DEFLATED_FRAME: _deflated(gradient().tobytes()),
    Codestream.PLAIN: gradient().tobytes(),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_a_codestream_alone_or_with_its_padding_is_clean(kind: Codestream) -> None:
    stream = STREAMS[kind]
    assert left_behind(kind, stream, stream, LAYOUT) is None
    if kind is not Codestream.RLE:  # whose segments are padded themselves
        assert left_behind(kind, stream + b"\0", stream, LAYOUT) is None


@pytest.mark.parametrize("kind", STREAMS)
def test_bytes_behind_a_codestream_are_found(kind: Codestream) -> None:
    stream = STREAMS[kind]
    assert left_behind(kind, stream + b"left behind", stream, LAYOUT) is not None
    assert left_behind(kind, stream + stream, stream, LAYOUT) is not None


def test_more_pixels_than_a_frame_has_are_found() -> None:
    twice = _deflated(gradient().tobytes() * 2)
    assert left_behind(Codestream.DEFLATED_FRAME, twice, twice, LAYOUT) is not None


def test_segments_of_the_original_may_stay_and_new_ones_may_not() -> None:
    stream = STREAMS[Codestream.JPEG]
    noted = stream[:2] + b"\xff\xfe\x01\x02" + bytes(np.arange(256, dtype=np.uint8)) + stream[2:]
    assert left_behind(Codestream.JPEG, noted, noted, LAYOUT) is None
    assert left_behind(Codestream.JPEG, noted, stream, LAYOUT) is not None


def test_a_codestream_without_an_end_is_found() -> None:
    stream = STREAMS[Codestream.JPEG]
    assert left_behind(Codestream.JPEG, stream[:-2], stream, LAYOUT) is not None
