"""Copies of what was blacked, in elements that the original has itself: kept byte by byte, and found nevertheless."""

from __future__ import annotations

import base64
from typing import Any

import imagecodecs
import numpy as np
import pytest

from dcmaudit.model import Everywhere
from support.files import DEFLATED, EXPLICIT, JPEG_BASELINE, JPEG_LS, RLE, encode, gradient, reference
from support.proofs import ask, redacted

BOX = (4, 6, 60, 40)
GUARD = "nothing of the original elsewhere"
Array = np.ndarray[Any, Any]


def _picture(dtype: Any = np.uint16, samples: int = 0) -> Array:
    shape = (64, 80, samples) if samples else (64, 80)
    top = 4096 if dtype == np.uint16 else 250
    return np.random.default_rng(8).integers(1, top, shape).astype(dtype)


def _inside(cells: Array) -> Array:
    return cells[BOX[1] : BOX[3], BOX[0] : BOX[2]]


def _guarded(cells: Array, copy: bytes, syntax: str = EXPLICIT, **how: Any) -> bool:
    """Whether the guard finds ``copy`` in an element that the original has itself and redaction keeps."""
    extra = {"TextValue": copy.decode("ascii")} if copy.isascii() else {"MAC": copy + bytes(len(copy) % 2)}
    found = redacted(reference(cells, syntax, extra=extra, **how), ask(BOX, Everywhere.ALL_FRAMES))
    return any(finding.check == GUARD for finding in found.proof().findings)


def _bytes(cells: Array) -> bytes:
    return np.ascontiguousarray(cells).tobytes()


GREY, EIGHT, COLOUR = _picture(), _picture(np.uint8), _picture(np.uint8, 3)
COPIES: dict[str, tuple[Array, bytes, dict[str, Any]]] = {
    "as it lies": (GREY, _bytes(GREY), {}),
    "the area alone": (GREY, _bytes(_inside(GREY)), {}),
    "bytes swapped": (GREY, _bytes(GREY.byteswap()), {}),
    "the high bits in bytes": (GREY, _bytes((GREY >> 4).astype(np.uint8)), {"bits_stored": 12}),
    "the high bytes": (GREY, _bytes((GREY >> 8).astype(np.uint8)), {}),
    "the low bytes": (GREY, _bytes(GREY.astype(np.uint8)), {}),
    "by columns": (EIGHT, _bytes(EIGHT.T), {}),
    "the high bits by columns": (GREY, _bytes((_inside(GREY) >> 4).astype(np.uint8).T), {"bits_stored": 12}),
    "in base64": (EIGHT, base64.b64encode(_bytes(EIGHT)), {}),
    "in base64 of another phase": (EIGHT, b"ab" + base64.b64encode(_bytes(EIGHT)), {}),
    "in hexadecimal digits": (EIGHT, _bytes(EIGHT).hex().encode(), {}),
    "colour by planes": (COLOUR, _bytes(np.moveaxis(COLOUR, 2, 0)), {"photometric": "RGB"}),
    "colour in another order": (COLOUR, _bytes(COLOUR[..., ::-1]), {"photometric": "RGB"}),
    "one row of it": (EIGHT, b"\x80" + _bytes(EIGHT[20, 4:40]), {}),
    "half a row of it": (EIGHT, b"\x80\x90\xa0" + _bytes(EIGHT[20, 21:55]), {}),
    "floats": (GREY.astype(np.float32), _bytes(GREY.astype(np.float32)), {}),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_of_what_was_blacked_is_found(name: str) -> None:
    cells, copy, how = COPIES[name]
    assert _guarded(cells, copy, **how)


@pytest.mark.parametrize("syntax", [RLE, JPEG_LS, DEFLATED])
def test_a_copy_is_found_beside_compressed_frames(syntax: str) -> None:
    assert _guarded(EIGHT, _bytes(EIGHT), syntax)


def test_a_copy_of_the_codestream_is_found_where_it_was_written_anew() -> None:
    assert _guarded(EIGHT, encode(EIGHT, JPEG_LS), JPEG_LS)


def test_what_a_lossy_frame_shows_is_found() -> None:
    stream = encode(EIGHT, JPEG_BASELINE)
    assert _guarded(EIGHT, _bytes(imagecodecs.jpeg8_decode(stream)), JPEG_BASELINE)


@pytest.mark.parametrize(
    "innocent",
    [
        bytes(4000),
        bytes(range(256)) * 4,
        np.arange(256, dtype="<u2").tobytes(),
        np.random.default_rng(9).integers(128, 256, 5000).astype(np.uint8).tobytes(),
    ],
    ids=["zeros", "a ramp", "a table", "something else"],
)
def test_what_has_nothing_to_do_with_the_picture_is_no_copy(innocent: bytes) -> None:
    picture = EIGHT.copy()
    picture[10:20] = np.arange(80, dtype=np.uint8)  # a scale beside the picture
    assert not _guarded(picture, innocent + b"\x80")
    assert not _guarded(gradient(64, 80), innocent + b"\x80")


def test_a_copy_of_what_stays_visible_is_none_of_its_business() -> None:
    assert not _guarded(EIGHT, _bytes(EIGHT[44:]))
