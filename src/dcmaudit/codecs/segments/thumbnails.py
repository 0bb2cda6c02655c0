"""Thumbnails inside codestreams: JFIF, JFXX (ITU-T T.871), EXIF (JEITA CP-3451), Photoshop, JPEGs behind the frame."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.codestreams import ends_with_eoi, jpeg_header
from dcmaudit.codecs.layout import FRAME_LIMIT
from dcmaudit.codecs.samples import Samples
from dcmaudit.codecs.segments.jpeg import jpeg_pieces
from dcmaudit.codecs.segments.pieces import APPLICATION, BEHIND, BOX, Piece
from dcmaudit.codecs.segments.tiff import Directory, directories
from dcmaudit.errors import DecodeError, DicomError, TruncatedError
from dcmaudit.model import Size

Bytes = npt.NDArray[np.uint8]
_JPEG_START = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]")
_UNCOMPRESSED, _OLD_JPEG, _JPEG = 1, 6, 7


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One thumbnail: what it is called, its size, the bytes that it takes, and how it is decoded.

    ``problem`` says why it cannot be shown; ``size`` and ``decode`` are None then.
    """

    source: str
    size: Size | None
    taken: int
    decode: Callable[[], Samples] | None
    problem: str | None = None

    def samples(self) -> Samples:
        """Its stored values; DecodeError where it cannot be decoded to the size that it says it has."""
        if self.decode is None or self.size is None:
            raise DecodeError(self.problem or "it cannot be decoded")
        found = self.decode()
        if found.array.shape[:2] != (self.size.height, self.size.width):
            raise DecodeError("the thumbnail has another size than it says")
        return found


def thumbnails_in(piece: Piece) -> list[Thumbnail]:
    """The thumbnails in one part of a codestream, in order; those that are cut or damaged with their problem."""
    data, number = piece.data, piece.number
    found: list[Thumbnail] = []
    # EXIF stands in APP1, and in boxes of its own in JPEG XL and JP2.
    if piece.what in {APPLICATION, BOX} and data.startswith(b"Exif\0"):
        found = list(_exif(data[6:]))
    elif number == 0:
        found = list(_jfif(data))
    elif number == 13 and data.startswith(b"Photoshop 3.0\0"):
        found = list(_photoshop(data))
    return found or list(_embedded(piece))


def _embedded(piece: Piece) -> Iterator[Thumbnail]:
    """JPEG files that simply stand in a segment or behind the picture, each up to the next."""
    starts = [found.start() for found in _JPEG_START.finditer(piece.data)]
    start = starts[0] if starts else None
    while start is not None:
        one = _jpeg("JPEG", piece.data[start:])
        # Where a header can be read, the JPEG goes up to its own EOI: the next start may lie within it, as its
        # thumbnail.
        if one.size is not None:
            end = _end_of_jpeg(piece.data, start)
            yield _jpeg("JPEG", piece.data[start:end])
            start = next((at for at in starts if at >= end), None)
        else:
            start = next((at for at in starts if at > start), None)


def _end_of_jpeg(data: bytes, start: int) -> int:
    """The position behind the EOI marker of the JPEG file at ``start``, which has one."""
    behind = next((piece.data for piece in jpeg_pieces(data[start:]) if piece.what == BEHIND), b"")
    return len(data) - len(behind)


def _made(source: str, taken: int, make: Callable[[], Thumbnail]) -> Thumbnail:
    try:
        return make()
    except DicomError as error:
        return Thumbnail(source, None, taken, None, error.message)


def _raw(source: str, array: Callable[[], Bytes], size: Size, taken: int, photometric: str = "RGB") -> Thumbnail:
    return Thumbnail(source, size, taken, lambda: Samples(array(), photometric, 8))


def _jpeg(source: str, data: bytes) -> Thumbnail:
    return _made(source, len(data), lambda: _whole_jpeg(source, data))


def _whole_jpeg(source: str, data: bytes) -> Thumbnail:
    header = jpeg_header(data)
    if not ends_with_eoi(data) and b"\xff\xd9" not in data:
        raise TruncatedError("its JPEG codestream is cut")
    if not header.rows or not header.columns or header.rows * header.columns * 3 > FRAME_LIMIT:
        raise DecodeError(f"its JPEG codestream says it has {header.columns} x {header.rows} pixels")
    return Thumbnail(source, Size(header.columns, header.rows), len(data), lambda: _decoded(data))


def _decoded(data: bytes) -> Samples:
    import imagecodecs

    try:
        array = np.asarray(imagecodecs.jpeg_decode(data))
    except Exception as error:
        raise DecodeError(f"the thumbnail's JPEG codestream cannot be decoded ({type(error).__name__})") from error
    # CMYK of four components is met in Photoshop's JPEGs; it is named and not guessed.
    if array.ndim == 3 and array.shape[2] not in {1, 3}:
        raise DecodeError(f"the thumbnail has {array.shape[2]} samples a pixel")
    array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    return Samples(array, "RGB" if array.ndim == 3 else "MONOCHROME2", 8 * array.dtype.itemsize)


def _jfif(data: bytes) -> Iterator[Thumbnail]:
    if data.startswith(b"JFIF\0") and len(data) >= 14:
        width, height = data[12:14]
        # 0 x 0: a JFIF segment without a thumbnail (T.871).
        if width and height:
            yield _rgb("JFIF", data[14:], Size(width, height))
    elif data.startswith(b"JFXX\0") and len(data) >= 6:
        kind, body = data[5], data[6:]
        # 10 is a JPEG, 11 a palette of 256 colours with an index a pixel, 13 three bytes a pixel (T.871).
        if kind == 0x10:
            yield _jpeg("JFXX", body)
        elif len(body) < 2 or kind not in {0x11, 0x13}:
            yield Thumbnail("JFXX", None, len(body), None, f"its extension code is {kind:02X}")
        elif kind == 0x13:
            yield _rgb("JFXX", body[2:], Size(body[0], body[1]))
        else:
            yield _made("JFXX", len(body), lambda: _palette(body))


def _rgb(source: str, data: bytes, size: Size) -> Thumbnail:
    def make() -> Thumbnail:
        _require(data, 3 * size.area, size)
        return _raw(source, lambda: _array(data, size, 3), size, 3 * size.area)

    return _made(source, len(data), make)


def _palette(body: bytes) -> Thumbnail:
    size = Size(body[0], body[1])
    _require(body, 2 + 768 + size.area, size)
    colours = np.frombuffer(body, np.uint8, 768, 2).reshape(256, 3)
    return _raw("JFXX", lambda: colours[_array(body[770:], size, 1)], size, 768 + size.area)


def _require(data: bytes, needed: int, size: Size) -> None:
    if not size.area:
        raise DecodeError(f"it has {size.width} x {size.height} pixels")
    if len(data) < needed:
        raise TruncatedError(f"it has {len(data)} bytes, {needed} are needed for {size.width} x {size.height} pixels")


def _array(data: bytes, size: Size, samples: int) -> Bytes:
    flat = np.frombuffer(data, np.uint8, size.area * samples)
    shape = (size.height, size.width) if samples == 1 else (size.height, size.width, samples)
    return flat.reshape(shape)


def _photoshop(data: bytes) -> Iterator[Thumbnail]:
    """Image resources 1033 and 1036: 28 bytes about the thumbnail, then a JPEG file."""
    at = data.find(b"8BIM")
    while 0 <= at <= len(data) - 12:
        number, name = struct.unpack_from(">HB", data, at + 4)
        # The name is a Pascal string, padded to an even length.
        start = at + 6 + (name + 2) // 2 * 2
        length = int.from_bytes(data[start : start + 4], "big")
        if number in {1033, 1036} and length > 28:
            yield _jpeg("Photoshop", data[start + 32 : start + 4 + length])
        at = data.find(b"8BIM", max(start, at + 4))


def _exif(data: bytes) -> Iterator[Thumbnail]:
    for directory in directories(data):
        start, length = directory.number(0x0201), directory.number(0x0202)
        # JPEGInterchangeFormat and its length: a JPEG as it stands.
        if length:
            body = data[start : start + length]
            if len(body) < length:
                yield Thumbnail("EXIF", None, len(body), None, f"it has {len(body)} of its {length} bytes")
            else:
                yield _jpeg("EXIF", body)
        # StripOffsets and StripByteCounts: uncompressed, or a JPEG in one strip.
        elif 0x0111 in directory.numbers and 0x0117 in directory.numbers:
            strips = _strips(data, directory)
            yield _made("EXIF", len(strips), lambda d=directory, s=strips: _from_strips(d, s))  # type: ignore[misc]


def _strips(data: bytes, directory: Directory) -> bytes:
    offsets, lengths = directory.numbers[0x0111], directory.numbers[0x0117]
    return b"".join(data[offset : offset + length] for offset, length in zip(offsets, lengths, strict=False))


def _from_strips(directory: Directory, data: bytes) -> Thumbnail:
    compression = directory.number(0x0103, _UNCOMPRESSED)
    if compression in {_OLD_JPEG, _JPEG}:
        return _whole_jpeg("EXIF", data)
    size = Size(directory.number(0x0100), directory.number(0x0101))
    photometric, samples = directory.number(0x0106), directory.number(0x0115, 1)
    if compression != _UNCOMPRESSED or set(directory.numbers.get(0x0102, (8,))) != {8}:
        raise DecodeError(f"its compression {compression} or its bits are not read here")
    # PlanarConfiguration 2, and photometric interpretations that EXIF does not allow for thumbnails.
    if directory.number(0x011C, 1) != 1 or (photometric, samples) not in {(0, 1), (1, 1), (2, 3), (6, 3)}:
        raise DecodeError(f"its photometric interpretation {photometric} with {samples} samples is not read here")
    if photometric == 6:
        return _subsampled(directory, data, size)
    _require(data, size.area * samples, size)
    words = "RGB" if samples == 3 else ("MONOCHROME2" if photometric else "MONOCHROME1")
    return _raw("EXIF", lambda: _array(data, size, samples), size, size.area * samples, words)


def _subsampled(directory: Directory, data: bytes, size: Size) -> Thumbnail:
    """YCbCr in units of one chroma sample each: across x down luma samples, then Cb and Cr (TIFF 6.0, section 21)."""
    across, down = (*directory.numbers.get(0x0212, (2, 2)), 1)[:2]
    if across not in {1, 2, 4} or down not in {1, 2, 4}:
        raise DecodeError(f"its chroma subsampling is {across} x {down}")
    columns, rows, unit = -(-size.width // across), -(-size.height // down), across * down + 2
    _require(data, columns * rows * unit, size)

    def decode() -> Bytes:
        units = np.frombuffer(data, np.uint8, columns * rows * unit).reshape(rows, columns, unit)
        out = np.empty((rows, down, columns, across, 3), np.uint8)
        out[..., 0] = units[..., :-2].reshape(rows, columns, down, across).transpose(0, 2, 1, 3)
        out[..., 1] = units[:, None, :, None, -2]
        out[..., 2] = units[:, None, :, None, -1]
        return np.ascontiguousarray(out.reshape(rows * down, columns * across, 3)[: size.height, : size.width])

    return _raw("EXIF", decode, size, columns * rows * unit, "YBR_FULL")
