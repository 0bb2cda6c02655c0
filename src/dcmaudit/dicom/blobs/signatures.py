"""How files of pictures and of what may hold pictures begin, and pictures written as text."""

from __future__ import annotations

import base64
import binascii
import re
from enum import Enum
from math import log2


class Look(Enum):
    """What the first bytes of a value look like; the value is what people call it."""

    JPEG = "a JPEG picture"
    PNG = "a PNG picture"
    GIF = "a GIF picture"
    BMP = "a BMP picture"
    TIFF = "a TIFF picture"
    JPEG_2000 = "a JPEG 2000 picture"
    JPEG_XL = "a JPEG XL picture"
    WEBP = "a WebP picture or a RIFF video"
    HEIF = "a HEIF picture or a video"
    PNM = "a PNM picture"
    PSD = "a Photoshop picture"
    ICON = "a Windows icon"
    PDF = "a PDF document"
    DICOM = "a DICOM file"
    ARCHIVE = "compressed data"
    ENCODED = "data written as text"
    NUMBERS = "a list of numbers"


_STARTS: tuple[tuple[bytes, Look], ...] = (
    (b"\xff\xd8\xff", Look.JPEG),  # JPEG-LS and lossless JPEG as well
    (b"\x89PNG\r\n\x1a\n", Look.PNG),
    (b"\x8bJNG\r\n\x1a\n", Look.PNG),
    (b"GIF87a", Look.GIF),
    (b"GIF89a", Look.GIF),
    (b"\xff\x4f\xff\x51", Look.JPEG_2000),
    (b"\0\0\0\x0cjP  ", Look.JPEG_2000),
    (b"\0\0\0\x0cJXL ", Look.JPEG_XL),
    (b"II*\0", Look.TIFF),
    (b"MM\0*", Look.TIFF),
    (b"II+\0", Look.TIFF),
    (b"MM\0+", Look.TIFF),
    (b"8BPS\0", Look.PSD),
    (b"%PDF-", Look.PDF),
    (b"PK\3\4", Look.ARCHIVE),
    (b"\x1f\x8b\x08", Look.ARCHIVE),
    (b"BZh", Look.ARCHIVE),
    (b"\xfd7zXZ\0", Look.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Look.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Look.ARCHIVE),
)
_LONG_STARTS = {Look.PNG, Look.GIF, Look.JPEG_2000, Look.JPEG_XL, Look.PSD, Look.PDF}
"""Kinds that are known by so many bytes that these mean them wherever they stand."""
_JPEG_START = rb"\xff\xd8\xff[\xc0-\xfe]"
_INSIDE = re.compile(rb"\xff\xd8\xff[\xc0-\xcf\xdb\xe0-\xef\xf7\xfe]|\x89PNG\r\n\x1a\n|\xff\x4f\xff\x51\x00|GIF8[79]a")
_IN_BASE64 = rb"/9j/[24]|iVBORw0KGgo|R0lGODlh|R0lGODdh|/0//UQ|AAAADGpQICA"
"""JPEG, PNG, GIF and JPEG 2000."""
_LONG = [re.escape(start) for start, look in _STARTS if look in _LONG_STARTS]
_ANYWHERE = re.compile(b"|".join([_JPEG_START, b"RIFF....WEBP", _IN_BASE64, *_LONG]), re.DOTALL)
_BEGINNING = re.compile(rb"\s*(II\*\0|MM\0\*|BM....\0\0\0\0|\xff\x0a[\x01-\xff]|P[1-7]\s\d|SUkq|TU0AK|Qk0)", re.DOTALL)
"""TIFF, BMP, JPEG XL and PNM by few bytes, and the first three in base64: these count at the beginning alone."""
_PNM = re.compile(rb"P[1-6][\s#]+\d")
_TOKEN = re.compile(rb"[A-Za-z0-9+/_=-]{40,}")
_HEX = re.compile(rb"(?<![0-9A-Za-z])(?:0[xX])?[0-9A-Fa-f]{2}(?![0-9A-Za-z])")
_NUMBER = re.compile(rb"(?<![0-9A-Za-z.])[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?(?![0-9A-Za-z.])")
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1b\0")
_BMP_HEADERS = {bytes([length]) for length in (12, 40, 52, 56, 64, 108, 124)}
_MOST_OF_WRITING = 5.5
"""Bits a character: sentences have 4.3, XML at most 5.2; base64 has 6, base85 6.4."""
_SMALLEST = 48
"""Bytes below which no picture of these kinds exists that shows anything."""


def looks_like(data: bytes) -> Look | None:
    """What ``data`` look like by how they begin, None where they look like nothing that is known here."""
    # Some writers put zeros or blanks before an embedded file; the boxes of JP2 and JPEG XL begin with zeros
    # themselves.
    head = data[:160].lstrip(b"\0 ") if data[:1] in {b"\0", b" "} and data[4:8] not in {b"jP  ", b"JXL "} else data
    found = next((look for start, look in _STARTS if head.startswith(start)), None)
    if found is not None:
        return found
    others = {
        Look.WEBP: head[:4] == b"RIFF" and head[8:12] in {b"WEBP", b"AVI "},
        Look.HEIF: data[4:8] == b"ftyp",
        Look.BMP: head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and head[14:15] in _BMP_HEADERS,
        Look.DICOM: data[128:132] == b"DICM",
        Look.PNM: _PNM.match(head) is not None,
        Look.ICON: _is_icon(data),
    }
    return next((look for look, is_it in others.items() if is_it), None)


def _is_icon(data: bytes) -> bool:
    """Whether it is an ICO or CUR file: the first entry of its directory leads into it."""
    if data[:4] not in {b"\0\0\1\0", b"\0\0\2\0"} or len(data) < 22:
        return False
    count = int.from_bytes(data[4:6], "little")
    size, offset = int.from_bytes(data[14:18], "little"), int.from_bytes(data[18:22], "little")
    return 0 < count < 64 and offset == 6 + 16 * count and 0 < size <= len(data) - offset


def has_signature(value: bytes) -> bool:
    """Whether a value holds the first bytes of a picture, as they are or as base64, however short it is."""
    return _ANYWHERE.search(value) is not None or _BEGINNING.match(value) is not None


def small_picture(data: bytes) -> Look | None:
    """What a short value looks like: at its start, somewhere inside, or written as text; None for anything else."""
    if len(data) < _SMALLEST:
        return None
    look = looks_like(data)
    if look is None and (found := _INSIDE.search(data)) is not None:
        look = looks_like(data[found.start() :])
    return look or encoded_picture(data)


def encoded_picture(text: bytes) -> Look | None:
    """What stands in ``text`` as base64 or as hexadecimal digits, by the first bytes it decodes to."""
    start = text.find(b"base64,")
    # Base64 has no blanks, unless it is broken into lines.
    if start < 0 and b" " in text[:24].strip():
        return None  # writing
    plain = bytes(byte for byte in text[start + 7 if start >= 0 else 0 :][:400] if byte not in b" \t\r\n\0\\\"'")
    for decode in (_from_base64, _from_hex):
        decoded = decode(plain[:256])
        look = looks_like(decoded) if len(decoded) >= _SMALLEST // 2 else None
        if look is not None:
            return look
    return None


def _from_base64(text: bytes) -> bytes:
    text = text.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except binascii.Error:
        return b""


def _from_hex(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text[: len(text) // 2 * 2].decode("ascii"))
    except ValueError:
        return b""


def text_that_is_none(text: bytes, least: int) -> Look | None:
    """What a value that calls itself text is, where ``least`` bytes or numbers of it are something else; else None.

    Words and sentences pass, of whatever length. Runs of 40 and more letters and digits (base64, hexadecimal), tables
    of numbers, and control characters do not.
    """
    look = looks_like(text) or encoded_picture(text)
    if look is not None:
        return look
    body = text.rstrip(b"\0 ")
    if sum(len(run) for run in _TOKEN.findall(body)) >= least:
        return Look.ENCODED
    # A stray control character is a fault of a device; one in a hundred is no text.
    if len(body) - len(body.translate(None, _CONTROLS)) > max(8, len(body) // 100) or b"\0" in body:
        return Look.ENCODED
    if len(_HEX.findall(body)) >= least or len(_NUMBER.findall(body)) >= least:
        return Look.NUMBERS
    return Look.ENCODED if _is_no_writing(body) or _is_dense(body) else None


def _is_dense(body: bytes) -> bool:
    """Whether plain ASCII says more with each character than any writing does."""
    counts = [body.count(bytes([code])) for code in range(32, 127)]
    total = sum(counts)
    # Text in other alphabets is judged by ``_is_no_writing``.
    if total * 20 < len(body) * 19:
        return False
    return -sum(count / total * log2(count / total) for count in counts if count) > _MOST_OF_WRITING


def _is_no_writing(body: bytes) -> bool:
    """Whether so many bytes lie beyond ASCII that it is no text in any encoding of letters."""
    high = sum(byte >= 0x80 for byte in body)
    if high * 4 < len(body) or b"\x1b" in body:  # ISO 2022 writes its escape sequences
        return False
    for encoding in ("utf-8", "gb18030", "shift_jis", "euc_kr"):
        try:
            decoded = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return sum(char.isalpha() or char.isspace() for char in decoded) * 2 < len(decoded)
    letters = sum(chr(byte).isalpha() for byte in body)  # Latin-1, and by chance most of Cyrillic and Greek
    return letters * 4 < len(body) * 3
