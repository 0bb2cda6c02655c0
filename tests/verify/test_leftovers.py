from __future__ import annotations

import zlib

import numpy as np
import pytest

from dcmaudit.codecs.encode import EncodeSpec, Target, encode_frame
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.errors import DicomError
from dcmaudit.verify.leftovers import fault_of_kept, fault_of_rewritten
from support.files import JPEG_BASELINE, JPEG_LS, RLE, encode, gradient

LAYOUT = PixelLayout(24, 32, 1, "MONOCHROME2", 8, 8, 7, signed=False, planar=False, floating=False)


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


STREAMS = {
    "lossless JPEG": (Codestream.JPEG, encode_frame(gradient(), EncodeSpec(Target.JPEG_LOSSLESS_SV1, 8))),
    "JPEG-LS": (Codestream.JPEG_LS, encode(gradient(), JPEG_LS)),
    "JPEG 2000": (Codestream.JPEG_2000, encode_frame(gradient(), EncodeSpec(Target.JPEG_2000_LOSSLESS, 8))),
    "HTJ2K": (Codestream.JPEG_2000, encode_frame(gradient(), EncodeSpec(Target.HTJ2K_LOSSLESS, 8))),
    "JPEG XL": (Codestream.JPEG_XL, encode_frame(gradient(), EncodeSpec(Target.JPEG_XL_LOSSLESS, 8))),
    "RLE": (Codestream.RLE, encode(gradient(), RLE)),
    "deflated": (Codestream.DEFLATED_FRAME, _deflated(gradient().tobytes())),
    "plain": (Codestream.PLAIN, gradient().tobytes()),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_codestream_alone_or_with_its_padding_is_clean(name: str) -> None:
    kind, stream = STREAMS[name]
    if kind is Codestream.JPEG_2000:  # whose encoders leave their names behind, which the writer takes out
        at = stream.index(b"\xff\x64")
        stream = stream[:at] + stream[at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big") :]
    if name == "JPEG-LS":  # whose writer here puts a SPIFF header in, which is an application segment
        stream = encode_frame(gradient(), EncodeSpec(Target.JPEG_LS, 8))
    assert fault_of_rewritten(kind, stream + b"\0" * (len(stream) % 2), LAYOUT) is None


def _is_found(kind: Codestream, stream: bytes, before: bytes) -> bool:
    found = []
    for judge in (
        lambda: fault_of_rewritten(kind, stream, LAYOUT),
        lambda: fault_of_kept(kind, before, stream, LAYOUT),
    ):
        try:
            found.append(judge() is not None)
        except DicomError:
            found.append(True)
    return all(found)


@pytest.mark.parametrize("name", STREAMS)
def test_bytes_behind_a_codestream_are_found(name: str) -> None:
    kind, stream = STREAMS[name]
    for more in (b"\0\0", b"\1", b"left behind", stream):
        assert _is_found(kind, stream + more, stream)


def test_more_pixels_than_a_frame_has_are_found() -> None:
    twice = _deflated(gradient().tobytes() * 2)
    assert fault_of_rewritten(Codestream.DEFLATED_FRAME, twice, LAYOUT) is not None


def test_segments_of_the_original_may_stay_or_go_and_new_ones_may_not_come() -> None:
    stream = encode(gradient(), JPEG_BASELINE)
    noted = stream[:2] + b"\xff\xfe\x01\x02" + bytes(np.arange(256, dtype=np.uint8)) + stream[2:]
    assert fault_of_kept(Codestream.JPEG, noted, noted, LAYOUT) is None
    assert fault_of_kept(Codestream.JPEG, noted, stream, LAYOUT) is None
    assert fault_of_kept(Codestream.JPEG, stream, noted, LAYOUT) is not None


def test_a_codestream_without_an_end_is_found() -> None:
    stream = encode(gradient(), JPEG_BASELINE)
    assert fault_of_kept(Codestream.JPEG, stream, stream[:-2], LAYOUT) is not None
