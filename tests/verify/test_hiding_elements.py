"""A redactor that wants to keep the original has the whole file to hide it in: here, around the pixels. None passes."""

from __future__ import annotations

import struct
import zlib
from functools import cache

import pytest
from pydicom.dataset import Dataset

from dcmaudit.model import Everywhere
from support.files import DEFLATED, gradient, reference
from support.hiding import (
    Hide,
    element,
    head,
    inserted,
    items,
    pixels,
    swapped,
    text,
    value_of,
    walk,
    with_meta,
)
from support.proofcases import CASES, INNER
from support.proofs import Redacted, ask, edited, redacted

PROCEDURE, DERIVATION, METHODS, PADDING = 0x00081032, 0x00082111, 0x00120064, 0xFFFCFFFC


def _sequence(found: Redacted, content: bytes, **how: object) -> bytes:
    """The procedure code sequence with another content; it is of defined length in the original."""
    return swapped(found.after, PROCEDURE, element(PROCEDURE, "SQ", items(content, **how)))


def _item(found: Redacted) -> bytes:
    return value_of(found.after, PROCEDURE)[8:]


def _undefined(found: Redacted) -> bytes:
    content = items(_item(found)) + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    return swapped(found.after, PROCEDURE, head(PROCEDURE, "SQ", 0xFFFFFFFF) + content)


def _first_long(found: Redacted, tag: int) -> int:
    """Where the reserved bytes behind the VR of an element stand."""
    return next(start for other, _, start, _, _ in walk(found.after) if other == tag) + 6


def _reserved(tag: int) -> Hide:
    def hide(found: Redacted) -> bytes:
        at = _first_long(found, tag)
        return found.after[:at] + pixels(found, 2) + found.after[at + 2 :]

    return hide


def _meta_reserved(found: Redacted) -> bytes:
    at = found.after.index(b"\x02\0\x01\0OB") + 6
    return found.after[:at] + b"ab" + found.after[at + 2 :]


def _described(words: bytes) -> Hide:
    return lambda found: swapped(found.after, DERIVATION, element(DERIVATION, "ST", words))


def _more_described(size: int, vr: str = "ST") -> Hide:
    def hide(found: Redacted) -> bytes:
        words = value_of(found.after, DERIVATION) + text(found, size)
        return swapped(found.after, DERIVATION, element(DERIVATION, vr, words))

    return hide


def _codes(more: bytes) -> Hide:
    """Something more inside the item of the method codes."""

    def hide(found: Redacted) -> bytes:
        content = value_of(found.after, METHODS)[8:]
        return swapped(found.after, METHODS, element(METHODS, "SQ", items(content + more)))

    return hide


def _uid(value: bytes) -> Hide:
    def hide(found: Redacted) -> bytes:
        padded = value + b"\0" * (len(value) % 2)
        data = swapped(found.after, 0x00080018, element(0x00080018, "UI", padded))
        return with_meta(data, 0x00020003, element(0x00020003, "UI", padded))

    return hide


def _type(value: bytes) -> Hide:
    return lambda found: swapped(found.after, 0x00080008, element(0x00080008, "CS", value))


def _meta(tag: int, vr: str, size: int) -> Hide:
    return lambda found: with_meta(found.after, tag, element(tag, vr, text(found, size)))


def _added(tag: int, vr: str, size: int) -> Hide:
    return lambda found: inserted(found.after, tag, element(tag, vr, pixels(found, size)))


def _in_icon(raw: bytes) -> Hide:
    """An element of one's own at the end of the icon's item."""

    def hide(found: Redacted) -> bytes:
        value = value_of(found.after, 0x00880200)
        assert value[:4] == b"\xfe\xff\x00\xe0"
        content = value[8:-8] if value[4:8] == b"\xff\xff\xff\xff" else value[8:]
        return swapped(found.after, 0x00880200, element(0x00880200, "SQ", items(content + raw)))

    return hide


def _icon_behind(found: Redacted) -> bytes:
    def put(data: Dataset) -> None:
        data.IconImageSequence[0].PixelData += pixels(found, 64)

    return edited(put)(found.after)


@cache
def deflated() -> Redacted:
    return redacted(reference(gradient(), DEFLATED), ask(INNER, Everywhere.ALL_FRAMES))


def _stream(found: Redacted) -> tuple[bytes, bytes]:
    """What stands before a deflated data set, and the data set."""
    at = 144 + struct.unpack("<L", found.after[140:144])[0]
    return found.after[:at], zlib.decompress(found.after[at:], -15)


def _packed(plain: bytes, level: int = 6, *, empty: int = 0) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    out = packer.compress(plain[:200])
    for _ in range(empty):
        out += packer.flush(zlib.Z_FULL_FLUSH)
    out += packer.compress(plain[200:]) + packer.flush()
    return out + b"\0" * (len(out) % 2)


def _second_stream(found: Redacted) -> bytes:
    before, plain = _stream(found)
    return before + _packed(plain).rstrip(b"\0") + _packed(pixels(found))


def _empty_blocks(found: Redacted) -> bytes:
    before, plain = _stream(found)
    return before + _packed(plain, empty=40)


def _stored_bits(found: Redacted) -> bytes:
    """Stored blocks, with something in the bits that fill up to a byte."""
    before, plain = _stream(found)
    out = b""
    for at in range(0, len(plain), 100):
        piece = plain[at : at + 100]
        final = at + 100 >= len(plain)
        out += bytes([0b10101000 | final]) + struct.pack("<HH", len(piece), 0xFFFF ^ len(piece)) + piece
    return before + out + b"\0" * (len(out) % 2)


def _deflated_tail(found: Redacted) -> bytes:
    return found.after + pixels(found, 64)


def _group_lengths(found: Redacted) -> bytes:
    length = element(0x00080000, "UL", b"\x07\x55\x33\x11")
    return _sequence(found, length + _item(found))


HIDDEN: dict[str, tuple[str, Hide]] = {
    "a preamble": ("native", lambda f: pixels(f, 128) + f.after[128:]),
    "private information of the file meta": ("native", _meta(0x00020102, "OB", 60000)),
    "private information and its creator": ("native", lambda f: with_meta(with_meta(
        f.after, 0x00020100, element(0x00020100, "UI", b"1.2\0")), 0x00020102, element(0x00020102, "OB", pixels(f)))),
    "a source application entity": ("native", _meta(0x00020016, "AE", 16)),
    "another source application entity of 40 kB": ("native", _meta(0x00020016, "AE", 40000)),
    "an unknown element of the file meta": ("native", _meta(0x00020077, "UN", 3000)),
    "a large unknown element of the file meta": ("native", _meta(0x00020077, "OB", 100000)),
    "the name of the implementation": ("native", _meta(0x00020013, "SH", 16)),
    "a long name of the implementation": ("native", _meta(0x00020013, "SH", 2000)),
    "the UID of the implementation": ("native", lambda f: with_meta(f.after, 0x00020012, element(
        0x00020012, "UI", b"1.2." + str(int.from_bytes(pixels(f, 24), "little")).encode() + b"1"))),
    "a long UID of the implementation": ("native", _meta(0x00020012, "UI", 800)),
    "the version of the file meta": ("native", lambda f: with_meta(f.after, 0x00020001, element(
        0x00020001, "OB", pixels(f, 500)))),
    "the class in the file meta with something behind it": ("native", lambda f: with_meta(f.after, 0x00020002, element(
        0x00020002, "UI", b"1.2.840.10008.5.1.4.1.1.7\0" + b"\0 \0 \0\0 \0" * 50))),
    "padding behind the transfer syntax": ("native", lambda f: with_meta(f.after, 0x00020010, element(
        0x00020010, "UI", b"1.2.840.10008.1.2.1" + b"\0 \0\0  \0" * 31))),
    "padding behind the SOP instance in the file meta": ("native", lambda f: with_meta(f.after, 0x00020003, element(
        0x00020003, "UI", b"1.2.826.0.1.3680043.10.1.1" + b"\0 \0\0  \0" * 32))),
    "reserved bytes in the file meta": ("native", _meta_reserved),
    "a file meta element twice": ("native", lambda f: f.after[:140] + struct.pack(
        "<L", struct.unpack("<L", f.after[140:144])[0] + 24) + f.after[144:158]
        + element(0x00020001, "OB", pixels(f, 12)) + f.after[158:]),
    "a derivation description of 53 kB": ("native", _more_described(53000)),
    "a derivation description of 4 MB": ("native", _more_described(4 << 20, "UT")),
    "a derivation description of 40 bytes more": ("native", _more_described(40)),
    "blanks behind the derivation description": ("native", lambda f: swapped(f.after, DERIVATION, element(
        DERIVATION, "ST", value_of(f.after, DERIVATION) + b" \0 \0\0\0  " * 60))),
    "blanks before the derivation description": ("native", lambda f: swapped(f.after, DERIVATION, element(
        DERIVATION, "ST", b"\0 \0 \0\0\0  " * 60 + value_of(f.after, DERIVATION)))),
    "another sentence in the derivation description": ("native", _described(b"Coded again by another program")),
    "the derivation description as another VR": ("native", lambda f: swapped(f.after, DERIVATION, element(
        DERIVATION, "UT", value_of(f.after, DERIVATION)))),
    "reserved bytes of the derivation description": ("native", lambda f: swapped(f.after, DERIVATION, element(
        DERIVATION, "UT", value_of(f.after, DERIVATION), pixels(f, 2)))),
    "more values of ImageType": ("native", _type(b"DERIVED\\PRIMARY\\AXIAL\\8F3A77")),
    "many values of ImageType": ("native", lambda f: _type(b"DERIVED\\PRIMARY\\" + text(f, 30000))(f)),
    "blanks behind ImageType": ("native", _type(b"DERIVED\\PRIMARY " + b" \0\0 \0 " * 40)),
    "blanks inside ImageType": ("native", _type(b"DERIVED \\PRIMARY")),
    "blanks behind a description": ("native", lambda f: swapped(f.after, 0x00081030, element(
        0x00081030, "LO", b"words" + b" \0 \0\0\0 " * 71))),
    "a lossy ratio that is new": ("native", lambda f: inserted(f.after, 0x00282112, element(
        0x00282112, "DS", b"8.12345678901234"))),
    "a lossy ratio with more values": ("jpeg", lambda f: swapped(f.after, 0x00282112, element(
        0x00282112, "DS", b"8\\1.2345678"))),
    "the lossy flag padded": ("jpeg", lambda f: swapped(f.after, 0x00282110, element(0x00282110, "CS", b"01  "))),
    "a lossy method that is new": ("native", _added(0x00282114, "CS", 400)),
    "pixel padding value": ("native", _added(0x00280120, "US", 2)),
    "a comment on the image": ("native", _added(0x00204000, "LT", 9000)),
    "data set trailing padding": ("native", _added(PADDING, "OB", 90000)),
    "a short data set trailing padding": ("native", _added(PADDING, "OB", 48)),
    "an ICC profile": ("native", _added(0x00282000, "OB", 3144)),
    "a selector value": ("native", _added(0x00720066, "UN", 2000)),
    "LUT data": ("native", _added(0x00283006, "OW", 512)),
    "a red palette beside grey": ("native", _added(0x00281201, "OW", 512)),
    "a segmented palette beside grey": ("native", _added(0x00281221, "OW", 512)),
    "a palette's UID": ("native", _added(0x00281199, "UI", 64)),
    "retired pixel data": ("native", _added(0x7FE00020, "OW", 2000)),
    "float pixel data beside": ("native", _added(0x7FE00008, "OF", 2048)),
    "an icon of one's own": ("native", lambda f: inserted(f.after, 0x00880200, element(0x00880200, "SQ", items(
        element(0x7FE00010, "OW", pixels(f)))))),
    "an overlay of 65 kB": ("native", _added(0x60103000, "OW", 65536)),
    "private elements of less than 64 kB": ("native", lambda f: inserted(
        f.after, 0x00990010, element(0x00990010, "LO", b"NOBODY") + element(0x00991001, "OB", pixels(f, 1500)))),
    "a private sequence": ("native", lambda f: inserted(f.after, 0x00991001, element(0x00991001, "SQ", items(
        element(0x00991002, "UN", pixels(f)))))),
    "an encapsulated document": ("native", _added(0x00420011, "OB", 4000)),
    "a sequence of the standard that is new": ("native", lambda f: inserted(f.after, 0x00082112, element(
        0x00082112, "SQ", items(element(0x00081155, "UI", text(f, 64)))))),
    "a group length that is none": ("native", _added(0x00080000, "UL", 4)),
    "a large group length": ("native", _added(0x00200000, "UL", 4000)),
    "a group length inside an item": ("native", _group_lengths),
    "many group lengths inside an item": ("native", lambda f: _sequence(f, b"".join(
        element(group << 16, "UL", pixels(f, 4)) for group in range(2, 8, 2)) + _item(f))),
    "a large group length inside an item": ("native", lambda f: _sequence(f, element(
        0x00080000, "UL", pixels(f, 4000)) + _item(f))),
    "a private element inside an item": ("native", lambda f: _sequence(f, _item(f) + element(
        0x00990010, "LO", b"NOBODY") + element(0x00991001, "OB", pixels(f, 400)))),
    "another element inside an item": ("native", lambda f: _sequence(
        f, _item(f) + element(0x00080119, "UC", pixels(f)))),
    "a value inside an item that is padded": ("native", lambda f: _sequence(f, _item(f).replace(
        b"LO\x0a\0one thing ", b"LO\x10\0one thing \0\0 \0  "))),
    "a sequence of undefined length": ("native", _undefined),
    "an item of undefined length": ("native", lambda f: _sequence(f, _item(f), undefined=True)),
    "an item delimiter with a length": ("native", lambda f: _sequence(
        f, _item(f), undefined=True, delimiter=0x11223344)),
    "a sequence delimiter with a length": ("native", lambda f: _undefined(f).replace(
        struct.pack("<HHL", 0xFFFE, 0xE0DD, 0), struct.pack("<HHL", 0xFFFE, 0xE0DD, 0x41424344), 1)),
    "an item more": ("native", lambda f: swapped(f.after, PROCEDURE, element(PROCEDURE, "SQ", items(
        _item(f), element(0x00080104, "LO", text(f, 64)))))),
    "an empty item more": ("native", lambda f: swapped(f.after, PROCEDURE, element(
        PROCEDURE, "SQ", items(_item(f), b"")))),
    "bytes behind the last item": ("native", lambda f: swapped(f.after, PROCEDURE, element(
        PROCEDURE, "SQ", value_of(f.after, PROCEDURE) + b"\x80\x91\xa2\xb3\xc4\xd5"))),
    "many bytes behind the last item": ("native", lambda f: swapped(f.after, PROCEDURE, element(
        PROCEDURE, "SQ", value_of(f.after, PROCEDURE) + pixels(f)))),
    "bytes behind the last element of an item": ("native", lambda f: _sequence(f, _item(f) + b"\x80\x91\xa2\xb3")),
    "reserved bytes of a sequence": ("native", _reserved(PROCEDURE)),
    "reserved bytes of the pixel data": ("native", _reserved(0x7FE00010)),
    "reserved bytes of encapsulated pixel data": ("rle", _reserved(0x7FE00010)),
    "reserved bytes of an overlay": ("native", _reserved(0x60003000)),
    "reserved bytes of an icon": ("icon", _reserved(0x00880200)),
    "a private item in the method codes": ("asserted", _codes(
        element(0x00990010, "LO", b"NOBODY") + element(0x00991001, "OB", bytes(range(200))))),
    "a long code meaning in the method codes": ("asserted", _codes(element(0x00080119, "UC", bytes(range(200)) * 9))),
    "a second item in the method codes": ("asserted", lambda f: swapped(f.after, METHODS, element(
        METHODS, "SQ", value_of(f.after, METHODS) + items(element(0x00080104, "LO", text(f, 60)))))),
    "a wrong meaning in the method codes": ("asserted", lambda f: f.after.replace(
        b"Clean Pixel Data Option ", b"8F3A77C0DE8F3A77C0DE8F3A")),
    "padding in the method codes": ("asserted", lambda f: swapped(f.after, METHODS, element(METHODS, "SQ", items(
        value_of(f.after, METHODS)[8:].replace(b"SH\x04\0DCM ", b"SH\x0a\0DCM \0 \0\0  "))))),
    "bytes behind the method codes": ("asserted", lambda f: swapped(f.after, METHODS, element(
        METHODS, "SQ", value_of(f.after, METHODS) + b"\x80\x91\xa2\xb3"))),
    "blanks behind the assertion": ("asserted", lambda f: swapped(f.after, 0x00280301, element(
        0x00280301, "CS", b"NO" + b" \0\0 " * 90))),
    "a new UID that is a number of 60 digits": ("new_uid", _uid(b"2.25." + b"9" * 59)),
    "a new UID under a root of one's own": ("new_uid", _uid(b"1.2.826.0.1.3680043.2.629.12345678901234567890")),
    "a new UID of many parts": ("new_uid", _uid(b"2.25.11.22.33.44.55.66.77.88.99.11.22.33.44.55.66.77")),
    "a new UID with blanks": ("new_uid", _uid(b"2.25.1234" + b"\0 \0\0 \0" * 8)),
    "bytes behind an icon's frame": ("icon", _icon_behind),
    "an element more in an icon": ("icon", _in_icon(element(0x7FE10010, "LO", b"NOBODY"))),
    "an icon in the icon": ("icon", _in_icon(element(0x00880200, "SQ", items(element(0x7FE00010, "OB", bytes(64)))))),
    "a second deflate stream": ("deflated", _second_stream),
    "bytes behind the deflate stream": ("deflated", _deflated_tail),
    "empty blocks in the deflate stream": ("deflated", _empty_blocks),
    "bits between stored blocks": ("deflated", _stored_bits),
    "bytes behind the data set": ("native", lambda f: f.after + pixels(f)),
    "zeros and ones behind the data set": ("native", lambda f: f.after + b"\0\1\0\0\1\1\0\1"),
    "zeros behind the data set": ("native", lambda f: f.after + bytes(512)),
}  # fmt: skip
MORE = {"deflated": deflated}


@pytest.mark.parametrize("name", HIDDEN)
def test_nothing_is_hidden_around_the_pixels(name: str) -> None:
    case, hide = HIDDEN[name]
    found = (CASES | MORE)[case]()
    damaged = hide(found)
    assert damaged != found.after, "the damage did nothing"
    assert not found.proof(damaged).passed


@pytest.mark.parametrize("case", MORE)
def test_the_files_that_are_damaged_here_pass(case: str) -> None:
    assert MORE[case]().proof().findings == ()
