"""Pictures to PNG and TIFF, read back by Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dcmaudit.errors import UsageError
from dcmaudit.render import encode, encode_png, encode_tiff


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1), (33, 47), (1, 1, 3), (20, 31, 3)])
@pytest.mark.parametrize("writer", [encode_png, encode_tiff])
@pytest.mark.parametrize("isal", [True, False])
def test_another_reader_gets_back_every_level(shape, writer, isal, monkeypatch) -> None:
    if not isal:
        monkeypatch.setattr(encode, "isal_zlib", None)
    picture = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    with Image.open(io.BytesIO(writer(picture))) as image:
        assert image.mode == ("RGB" if len(shape) == 3 else "L")
        assert (np.asarray(image) == picture).all()


def test_pieces_of_larger_pictures_can_be_written() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (40, 40, 3), dtype=np.uint8)[5:30:2, ::-1]
    with Image.open(io.BytesIO(encode_png(picture))) as image:
        assert (np.asarray(image) == picture).all()


@pytest.mark.parametrize(
    "array", [np.zeros((2, 2), np.uint16), np.zeros((2, 2, 4), np.uint8), np.zeros((0, 2), np.uint8)]
)
def test_what_is_no_picture_is_refused(array) -> None:
    for writer in (encode_png, encode_tiff):
        with pytest.raises(UsageError, match="cannot be written"):
            writer(array)
