"""Pictures to PNG and TIFF bytes, both without loss.

The PNG writer is ours because that of Pillow is much slower for the same picture, and a held key waits for it.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np

from dcmaudit.codecs.samples import Array
from dcmaudit.errors import UsageError
from dcmaudit.render.tables import Levels

isal_zlib: Any
try:
    from isal import isal_zlib
except ImportError:  # pragma: no cover - a platform without a wheel of isal
    isal_zlib = None

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2
_GREY, _RGB = 0, 2


def encode_png(array: Array) -> bytes:
    """A PNG file of a uint8 picture, (rows, columns) or (rows, columns, 3) in RGB order.

    Each row is stored as its difference from the row above (the filter "up"), which is one subtraction for the
    whole picture and packs medical images about as well as the choice a general writer makes row by row.
    UsageError for another dtype or other axes.
    """
    picture = _checked(array)
    rows, columns = picture.shape[:2]
    colour = _RGB if picture.ndim == 3 else _GREY
    flat = picture.reshape(rows, -1)
    lines = np.empty((rows, flat.shape[1] + 1), dtype=np.uint8)
    # Rows of medical images resemble the row above: the difference deflates well, and one filter for all is quick.
    lines[:, 0] = _UP
    lines[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=lines[1:, 1:])
    header = struct.pack(">IIBBBBB", columns, rows, 8, colour, 0, 0, 0)
    return b"".join(
        (_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", deflated(lines)), _chunk(b"IEND", b"")),
    )


def encode_tiff(array: Array) -> bytes:
    """A TIFF file, deflated, of a picture as ``encode_png`` takes it; UsageError as there."""
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(_checked(array)).save(target, format="TIFF", compression="tiff_adobe_deflate")
    return target.getvalue()


def encode_jpeg(array: Array, within: tuple[int, int], quality: int = 75) -> bytes:
    """A JPEG file of a picture as ``encode_png`` takes it, made to fit ``within`` (width, height) if larger.

    A pixel is the mean of all that it stands for. Much is lost: such a picture is for passing by, never for judging.
    """
    from PIL import Image

    picture = Image.fromarray(_checked(array))
    part = min(1.0, within[0] / picture.width, within[1] / picture.height)
    size = (max(1, round(picture.width * part)), max(1, round(picture.height * part)))
    target = io.BytesIO()
    picture.resize(size, Image.Resampling.BOX).save(target, format="JPEG", quality=quality)
    return target.getvalue()


def _checked(array: Array) -> Levels:
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
    if array.dtype != np.uint8 or not fits or array.size == 0:
        raise UsageError(
            f"a picture of {array.dtype} with the axes {array.shape} cannot be written",
            hint="allowed are uint8 pictures of (rows, columns) or (rows, columns, 3)",
        )
    return np.ascontiguousarray(array)


def deflated(data: Levels | bytes) -> bytes:
    """``data`` as a zlib stream, quickly."""
    if isal_zlib is not None:
        packed: bytes = isal_zlib.compress(data, 1)
        return packed
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    return packer.compress(memoryview(data.tobytes() if isinstance(data, np.ndarray) else data)) + packer.flush()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))
