"""A codestream has many places that no decoder looks at, pixel data have more: the original fits into none of them."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import encapsulate

from dcmaudit.model import Box, Everywhere, FrameAddress
from dcmaudit.redact.jpeg.blocks import redact_blocks
from support.files import HTJ2K_RPCL, JPEG_XL_LOSSLESS, MemoryReference, color_gradient, gradient, reference
from support.hiding import Hide, frames, original, pixels, reframed_raw, with_frame, written_frames
from support.proofcases import CASES, INNER
from support.proofs import Redacted, ask, redacted

Change = Callable[[bytes, bytes], bytes]
"""Makes another codestream of the redacted one and of bytes that are to be hidden."""


@cache
def jpeg_xl() -> Redacted:
    return redacted(reference(gradient(), JPEG_XL_LOSSLESS), ask(INNER, Everywhere.ALL_FRAMES))


@cache
def htj2k_rpcl() -> Redacted:
    return redacted(reference(color_gradient(), HTJ2K_RPCL, photometric="RGB"), ask(INNER, FrameAddress(0)))


MORE: dict[str, Callable[[], Redacted]] = {"jpeg_xl": jpeg_xl, "htj2k_rpcl": htj2k_rpcl}


def _in(number: int, change: Change, size: int | None = None) -> Hide:
    """Change one codestream; what is hidden is the original's codestream, or the first bytes of it."""

    def hide(found: Redacted) -> bytes:
        secret = frames(found)[number]
        one = written_frames(found)[number].rstrip(b"\0")
        one += b"\0" * (one[-2:-1] == b"\xff" and one[-1:] != b"\xd9")
        return with_frame(found, number, change(one, secret if size is None else secret[:size]))

    return hide


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _at(stream: bytes, marker: int) -> int:
    """Where the first segment of that kind begins."""
    at = 2
    while stream[at + 1] != marker:
        assert stream[at] == 0xFF
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return at


def _after(stream: bytes, marker: int) -> int:
    at = _at(stream, marker)
    return at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")


def _put(marker: int, body: Callable[[bytes], bytes], before: int = 0) -> Change:
    """A segment of one's own, in front of another one or as the first."""

    def change(stream: bytes, secret: bytes) -> bytes:
        at = _at(stream, before) if before else 2
        return stream[:at] + _segment(marker, body(secret)) + stream[at:]

    return change


def _raw(raw: Callable[[bytes], bytes], before: int = 0) -> Change:
    def change(stream: bytes, secret: bytes) -> bytes:
        at = _at(stream, before) if before else 2
        return stream[:at] + raw(secret) + stream[at:]

    return change


def _many(marker: int, size: int) -> Change:
    """As many short segments as it takes."""

    def change(stream: bytes, secret: bytes) -> bytes:
        pieces = [_segment(marker, secret[at : at + size]) for at in range(0, len(secret), size)]
        return stream[:2] + b"".join(pieces) + stream[2:]

    return change


def _longer(marker: int) -> Change:
    """A segment with bytes behind what it needs."""

    def change(stream: bytes, secret: bytes) -> bytes:
        at, end = _at(stream, marker), _after(stream, marker)
        return stream[:at] + _segment(marker, stream[at + 4 : end] + secret[:200]) + stream[end:]

    return change


def _huffman(number: int) -> Callable[[bytes], bytes]:
    def table(secret: bytes) -> bytes:
        return bytes([number]) + bytes([0] * 7 + [200] + [0] * 8) + secret[:200].ljust(200, b"x")

    return table


def _quantisation(secret: bytes) -> bytes:
    return b"\3" + bytes(one or 1 for one in secret[:64].ljust(64, b"x"))


def _dht_order(stream: bytes, secret: bytes) -> bytes:
    """Symbols of codes that the picture does not use, in another order."""
    at = _at(stream, 0xC4)
    data = bytearray(stream)
    counts = data[at + 5 : at + 21]
    place = at + 21 + sum(counts)
    data[place - 2 : place] = data[place - 2 : place][::-1]
    del secret
    return bytes(data)


def _fill_before(count: int) -> Change:
    return lambda stream, _: stream[:2] + b"\xff" * count + stream[2:]


def _before_end(raw: Callable[[bytes], bytes]) -> Change:
    def change(stream: bytes, secret: bytes) -> bytes:
        at = stream.rindex(b"\xff\xd9")
        return stream[:at] + raw(secret) + stream[at:]

    return change


def _stuffed(secret: bytes) -> bytes:
    return secret.replace(b"\xff", b"\xff\0")


def _flat(box: tuple[int, int, int, int], level: tuple[int, ...]) -> Change:
    """Another level in blocks of the box."""
    return lambda stream, _: redact_blocks(stream, [Box(*box)], black=level).data


def _last_bits(stream: bytes, _: bytes) -> bytes:
    """The bits that fill up the last byte of the coded data."""
    at = stream.rindex(b"\xff\xd9") - 1
    at -= stream[at - 1] == 0xFF
    return stream[:at] + bytes([stream[at] ^ 1]) + stream[at + 1 :]


def _renamed(stream: bytes, _: bytes) -> bytes:
    """Another name of the one component, in both headers."""
    frame, scan = _at(stream, 0xC3) + 10, _at(stream, 0xDA) + 5
    return stream[:frame] + b"\x5a" + stream[frame + 1 : scan] + b"\x5a" + stream[scan + 1 :]


def _scan_header(stream: bytes, _: bytes) -> bytes:
    end = _after(stream, 0xDA)
    return stream[: end - 2] + b"\x2a" + stream[end - 1 :]


def _exif(secret: bytes) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0" + secret[:60000]


def _jfif(secret: bytes) -> bytes:
    return b"JFIF\0\1\1\0\0\1\0\1\x10\x10" + secret[:768].ljust(768, b"x")


def _jfif_in_place(stream: bytes, secret: bytes) -> bytes:
    """The JFIF segment that the encoder writes, with a thumbnail."""
    at, end = _at(stream, 0xE0), _after(stream, 0xE0)
    return stream[:at] + _segment(0xE0, _jfif(secret)) + stream[end:]


def _jfif_density(stream: bytes, _: bytes) -> bytes:
    at = _at(stream, 0xE0)
    return stream[: at + 12] + b"\x7a\x69\x41\x42" + stream[at + 16 :]


# JPEG 2000 and HTJ2K


def _tile_part(change: Callable[[bytes, bytes], bytes]) -> Change:
    """The body of the one tile-part changed, Psot and TLM true to it."""

    def made(stream: bytes, secret: bytes) -> bytes:
        at = _at(stream, 0x90)
        end = stream.rindex(b"\xff\xd9")
        part = change(stream[at + 12 : end], secret)
        head = bytearray(stream[:at])
        if b"\xff\x55" in head:
            place = _at(stream, 0x55)
            head[place + 6 : place + 10] = struct.pack(">L", len(part) + 12)
        return bytes(head) + stream[at : at + 6] + struct.pack(">L", len(part) + 12) + stream[at + 10 : at + 12] \
            + part + stream[end:]  # fmt: skip

    return made


def _sod(raw: Callable[[bytes], bytes]) -> Change:
    """Segments in the tile-part's header."""
    return _tile_part(lambda part, secret: raw(secret) + part)


def _another_part(number: int, parts: int, *, tile: int = 0) -> Change:
    def change(stream: bytes, secret: bytes) -> bytes:
        at = stream.rindex(b"\xff\xd9")
        sot = b"\xff\x90" + struct.pack(">HHLBB", 10, tile, 14 + len(secret), number, parts)
        return stream[:at] + sot + b"\xff\x93" + secret + stream[at:]

    return change


def _psot(add: int) -> Change:
    def change(stream: bytes, secret: bytes) -> bytes:
        at = _at(stream, 0x90)
        length = int.from_bytes(stream[at + 6 : at + 10], "big") + add
        return stream[: at + 6] + struct.pack(">L", length) + stream[at + 10 :] + secret[:0]

    return change


def _psot_hides(stream: bytes, secret: bytes) -> bytes:
    """Psot as it was, and bytes behind the tile-part before the end marker."""
    at = stream.rindex(b"\xff\xd9")
    return stream[:at] + _segment(0x64, b"\0\0" + secret) + stream[at:]


def _jp2(stream: bytes, secret: bytes) -> bytes:
    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content) + 8) + kind + content

    return box(b"jP  ", b"\r\n\x87\n") + box(b"uuid", secret) + box(b"jp2c", stream)


def _comment(words: bytes, kind: int = 1) -> Callable[[bytes], bytes]:
    return lambda _: struct.pack(">H", kind) + words


def _tlm(stream: bytes, secret: bytes) -> bytes:
    at = _at(stream, 0x90)
    return stream[:at] + _segment(0x55, b"\0\x40" + secret[:40]) + stream[at:]


def _packet_bits(stream: bytes, _: bytes) -> bytes:
    """The bit that fills up the first packet header: an empty one is a bit and seven to spare."""
    return _tile_part(lambda part, __: part[:-1] + b"\0\1" if part.endswith(b"\0") else part + b"\x7f")(stream, b"")


# RLE


def _rle(change: Callable[[list[bytes], bytes], list[bytes]], more: bytes = b"") -> Change:
    """The segments of an RLE frame changed, their offsets true."""

    def made(stream: bytes, secret: bytes) -> bytes:
        count, *offsets = struct.unpack("<16L", stream[:64])
        bounds = [*offsets[:count], len(stream)]
        parts = change([stream[a:b] for a, b in pairwise(bounds)], secret)
        starts = [64 + sum(map(len, parts[:i])) for i in range(len(parts))]
        spare = list(struct.unpack(f"<{len(more) // 4}L", more))
        table = [len(parts), *starts, *spare, *[0] * (15 - len(starts) - len(spare))]
        return struct.pack("<16L", *table) + b"".join(parts)

    return made


def _no_ops(parts: list[bytes], secret: bytes) -> list[bytes]:
    return [b"\x80" * (len(secret) // 2) + parts[0], *parts[1:]]


def _gap(stream: bytes, secret: bytes) -> bytes:
    count, *offsets = struct.unpack("<16L", stream[:64])
    moved = [one + len(secret) for one in offsets[:count]]
    return struct.pack("<16L", count, *moved, *[0] * (15 - count)) + secret + stream[64:]


def _deflated(make: Callable[[bytes, bytes], bytes]) -> Hide:
    def hide(found: Redacted) -> bytes:
        plain = zlib.decompress(written_frames(found)[0], -15)
        return with_frame(found, 0, make(plain, pixels(found)))

    return hide


def _pack(*parts: bytes, flush: int = zlib.Z_FULL_FLUSH) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(packer.compress(part) + packer.flush(flush) for part in parts) + packer.flush()


def _reframed(change: Callable[[list[bytes], bytes], list[bytes]], **how: bytes) -> Hide:
    return lambda found: reframed_raw(found.after, change(written_frames(found), pixels(found)), **how)


def _behind_frame(number: int) -> Hide:
    """Fragments that no frame uses."""

    def hide(found: Redacted) -> bytes:
        new = written_frames(found)
        table, at = [], 0
        for one in new:
            table.append(at)
            at += 8 + len(one)
        new.insert(number, pixels(found))
        return reframed_raw(found.after, new, table=struct.pack(f"<{len(table)}L", *table))

    return hide


HIDDEN: dict[str, tuple[str, Hide]] = {
    "the codestream in a comment of a JPEG": ("jpeg", _in(0, _put(0xFE, lambda s: s))),
    "it in an application segment of a JPEG": ("jpeg", _in(0, _put(0xE5, lambda s: s))),
    "half of it in a comment of a JPEG": ("jpeg", _in(0, _put(0xFE, lambda s: s[len(s) // 2 :]))),
    "it in the comment of another frame": ("jpeg", _in(1, _put(0xFE, lambda s: s))),
    "short comments of a JPEG": ("jpeg", _in(0, _many(0xFE, 40))),
    "short application segments of a JPEG": ("jpeg", _in(0, _many(0xED, 60))),
    "a comment of one byte": ("jpeg", _in(0, _put(0xFE, lambda s: s[:1]))),
    "an empty comment": ("jpeg", _in(0, _put(0xFE, lambda _: b""))),
    "empty comments as digits": ("jpeg", _in(1, _many(0xFE, 1), 60)),
    "an EXIF thumbnail": ("jpeg", _in(0, _put(0xE1, _exif))),
    "an EXIF thumbnail in another frame": ("jpeg", _in(1, _put(0xE1, _exif))),
    "a JFIF thumbnail": ("jpeg", _in(1, _put(0xE0, _jfif))),
    "a second JFIF segment": ("jpeg", _in(0, _put(0xE0, _jfif, 0xC0))),
    "a JFIF extension": ("jpeg", _in(0, _put(0xE0, lambda s: b"JFXX\0\x10" + s))),
    "an ICC profile in a JPEG": ("jpeg", _in(0, _put(0xE2, lambda s: b"ICC_PROFILE\0\1\1" + s))),
    "flags of an Adobe segment": ("jpeg", _in(0, _put(0xEE, lambda _: b"Adobe\0\x64\x12\x34\x56\x78\1"))),
    "a Huffman table that nothing uses": ("jpeg", _in(0, _put(0xC4, _huffman(0x13), 0xDA))),
    "a Huffman table that is defined again": ("jpeg", _in(0, _put(0xC4, _huffman(0x11)))),
    "a quantisation table that nothing uses": ("jpeg", _in(0, _put(0xDB, _quantisation, 0xDA))),
    "a quantisation table that is defined again": ("jpeg", _in(0, _put(0xDB, lambda s: b"\0" + _quantisation(s)[1:]))),
    "symbols of a Huffman table in another order": ("jpeg", _in(0, _dht_order)),
    "a table in another frame": ("jpeg", _in(1, _put(0xC4, _huffman(0x13), 0xDA))),
    "a restart interval that is 0": ("jpeg", _in(0, _put(0xDD, lambda _: b"\0\0", 0xDA))),
    "restart intervals as digits": ("jpeg", _in(0, _raw(lambda s: b"".join(
        _segment(0xDD, s[i : i + 2]) for i in range(0, 80, 2)) + _segment(0xDD, b"\0\0"), 0xDA))),
    "the marker FF02": ("jpeg", _in(0, _raw(lambda s: _segment(0x02, s), 0xDA))),
    "the marker FFF0": ("jpeg", _in(0, _raw(lambda s: _segment(0xF0, s), 0xDA))),
    "the marker FF01": ("jpeg", _in(0, _raw(lambda _: b"\xff\x01" * 40))),
    "the marker FFDC": ("jpeg", _in(0, _put(0xDC, lambda s: s[:2], 0xDA))),
    "fill bytes": ("jpeg", _in(0, _fill_before(77))),
    "fill bytes of another frame": ("jpeg", _in(1, _fill_before(3))),
    "fill bytes before the end": ("jpeg", _in(0, _before_end(lambda _: b"\xff" * 50))),
    "bytes behind the last block": ("jpeg", _in(0, _before_end(_stuffed))),
    "zeros and ones behind the last block": ("jpeg", _in(0, _before_end(
        lambda s: b"".join(b"\xff\0" if one & 1 else b"\0" for one in s)))),
    "bytes of another frame behind its last block": ("jpeg", _in(1, _before_end(_stuffed))),
    "the bits behind the last block": ("jpeg", _in(0, _last_bits)),
    "bytes behind the end of another frame": ("jpeg", _in(1, lambda one, s: one + s)),
    "the frame header longer than it needs": ("jpeg", _in(0, _longer(0xC0))),
    "the scan header longer than it needs": ("jpeg", _in(0, _longer(0xDA))),
    "the scan header with other numbers": ("jpeg", _in(0, _scan_header)),
    "levels of blocks inside the box": ("jpeg", _in(0, _flat((20, 20, 24, 24), (9, 128, 128)))),
    "chroma of blocks inside the box": ("jpeg", _in(0, _flat((20, 20, 24, 24), (0, 90, 170)))),
    "the codestream in a comment of a JPEG-LS": ("jpeg_ls", _in(0, _put(0xFE, lambda s: s))),
    "short comments of a JPEG-LS": ("jpeg_ls", _in(0, _many(0xFE, 30))),
    "a SPIFF segment of a JPEG-LS": ("jpeg_ls", _in(0, _put(0xE8, lambda s: b"SPIFF\0" + s))),
    "a mapping table of a JPEG-LS": ("jpeg_ls", _in(0, _put(0xF8, lambda s: b"\2\1\1" + s[:250], 0xDA))),
    "preset parameters of a JPEG-LS": ("jpeg_ls", _in(0, _put(0xF8, lambda s: b"\1" + s[:10], 0xDA))),
    "bytes behind the last sample of a JPEG-LS": ("jpeg_ls", _in(0, _before_end(
        lambda s: s.replace(b"\xff", b"\xff\x7f")))),
    "the marker FFF0 of a JPEG-LS": ("jpeg_ls", _in(0, _raw(lambda s: _segment(0xF0, s)))),
    "fill bytes of a JPEG-LS": ("jpeg_ls", _in(0, _fill_before(40))),
    "the codestream in a comment of a lossless JPEG": ("jpeg_lossless", _in(0, _put(0xFE, lambda s: s))),
    "short comments of a lossless JPEG": ("jpeg_lossless", _in(0, _many(0xFE, 50))),
    "an application segment of a lossless JPEG": ("jpeg_lossless", _in(0, _put(0xE9, lambda s: s))),
    "a thumbnail in the JFIF segment of a lossless JPEG": ("jpeg_lossless", _in(0, _jfif_in_place)),
    "the density of a lossless JPEG": ("jpeg_lossless", _in(0, _jfif_density)),
    "a Huffman table of a lossless JPEG": ("jpeg_lossless", _in(0, _put(0xC4, _huffman(1), 0xDA))),
    "a quantisation table of a lossless JPEG": ("jpeg_lossless", _in(0, _put(0xDB, _quantisation))),
    "bytes behind the last sample of a lossless JPEG": ("jpeg_lossless", _in(0, _before_end(_stuffed))),
    "fill bits of a lossless JPEG": ("jpeg_lossless", _in(0, _last_bits)),
    "fill bytes of a lossless JPEG": ("jpeg_lossless", _in(0, _fill_before(9))),
    "the codestream in a J2K comment": ("j2k", _in(0, _put(0x64, lambda s: b"\0\0" + s, 0x90))),
    "short J2K comments": ("j2k", _in(0, _many(0x64, 40))),
    "an encoder's name that is none": ("j2k", _in(0, _put(
        0x64, _comment(b"Created by 8F3A77C0DE version 2.5.4"), 0x90))),
    "a second name of an encoder": ("j2k", _in(0, _put(0x64, _comment(b"Created by OpenJPEG version 2.5.4"), 0x5C))),
    "a name of an encoder with long numbers": ("j2k", _in(0, _put(
        0x64, _comment(b"OpenJPH Ver 0.26.31234567."), 0x90))),
    "an unknown marker of J2K": ("j2k", _in(0, _put(0x70, lambda s: s, 0x90))),
    "CRG": ("j2k", _in(0, _put(0x63, lambda s: s[:4], 0x90))),
    "PLM": ("j2k", _in(0, _put(0x57, lambda s: b"\0" + s, 0x90))),
    "PPM": ("j2k", _in(0, _put(0x60, lambda s: b"\0" + s, 0x90))),
    "PLT": ("j2k", _in(0, _sod(lambda s: _segment(0x58, b"\0" + s)))),
    "PPT": ("j2k", _in(0, _sod(lambda s: _segment(0x61, b"\0" + s)))),
    "a comment in a tile-part": ("j2k", _in(0, _sod(lambda s: _segment(0x64, b"\0\0" + s)))),
    "TLM that is not true": ("j2k", _in(0, _tlm)),
    "Psot 0": ("j2k", _in(0, lambda one, s: _before_end(lambda _: s[:90].replace(b"\xff", b""))(_psot(-int.from_bytes(
        one[_at(one, 0x90) + 6 : _at(one, 0x90) + 10], "big"))(one, s), s))),
    "Psot that is longer": ("j2k", _in(0, _psot(2))),
    "a segment behind the tile-part": ("j2k", _in(0, _psot_hides)),
    "a tile-part more": ("j2k", _in(0, _another_part(1, 0))),
    "a tile more": ("j2k", _in(0, _another_part(0, 1, tile=1))),
    "bytes behind the last packet": ("j2k", _in(0, _tile_part(lambda part, s: part + s))),
    "two bytes behind the last packet": ("j2k", _in(0, _tile_part(lambda part, _: part + b"\0\0"))),
    "bytes behind the end of J2K": ("j2k", _in(0, lambda one, s: one + s)),
    "boxes around J2K": ("j2k", _in(0, _jp2)),
    "a comment in another J2K frame": ("j2k", _in(1, _put(0x64, lambda s: b"\0\0" + s, 0x90))),
    "bytes behind the packets of another J2K frame": ("j2k", _in(1, _tile_part(lambda part, s: part + s))),
    "a longer size segment": ("j2k", _in(0, _longer(0x51))),
    "a longer style segment": ("j2k", _in(0, _longer(0x52))),
    "a longer quantisation segment": ("j2k", _in(0, _longer(0x5C))),
    "a comment in HTJ2K": ("htj2k", _in(0, _put(0x64, lambda s: b"\0\0" + s, 0x90))),
    "bytes behind the last packet of HTJ2K": ("htj2k", _in(0, _tile_part(lambda part, s: part + s))),
    "bytes behind the last packet of HTJ2K in RPCL": ("htj2k_rpcl", _in(0, _tile_part(lambda part, s: part + s))),
    "a longer list of tile-part lengths": ("htj2k_rpcl", _in(0, _longer(0x55))),
    "longer capabilities": ("htj2k", _in(0, _longer(0x50))),
    "bytes behind JPEG XL": ("jpeg_xl", _in(0, lambda one, s: one + s)),
    "one byte behind JPEG XL": ("jpeg_xl", _in(0, lambda one, _: one + b"\1")),
    "boxes around JPEG XL": ("jpeg_xl", _in(0, lambda one, s: b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl "
                                            + struct.pack(">L", len(s) + 8) + b"Exif" + s
                                            + struct.pack(">L", len(one) + 8) + b"jxlc" + one)),
    "RLE runs that say nothing": ("rle", _in(1, _rle(_no_ops))),
    "one RLE run that says nothing": ("rle", _in(1, _rle(lambda parts, _: [b"\x80" + parts[0], *parts[1:]]))),
    "RLE runs that say nothing in another frame": ("rle", _in(0, _rle(_no_ops))),
    "bytes behind an RLE segment": ("rle", _in(1, _rle(lambda parts, s: [parts[0] + s, *parts[1:]]))),
    "zeros behind an RLE segment": ("rle", _in(1, _rle(lambda parts, _: [parts[0] + bytes(300), *parts[1:]]))),
    "bytes behind the last RLE segment": ("rle", _in(1, _rle(lambda parts, s: [*parts[:-1], parts[-1] + s]))),
    "bytes before the first RLE segment": ("rle", _in(1, _gap)),
    "zeros before the first RLE segment": ("rle", _in(1, lambda one, _: _gap(one, bytes(64)))),
    "offsets beyond the RLE segments": ("rle", _in(1, _rle(lambda parts, _: parts, b"8F3A77C0DE8F"))),
    "an RLE segment more": ("rle", _in(1, _rle(lambda parts, s: [*parts, s]))),
    "a second stream behind a deflated frame": ("deflated_frames", _deflated(lambda plain, s: _pack(plain) + _pack(s))),
    "more than the frame in a deflated frame": ("deflated_frames", _deflated(lambda plain, s: _pack(plain + s))),
    "one byte more in a deflated frame": ("deflated_frames", _deflated(lambda plain, _: _pack(plain + b"\0"))),
    "empty blocks in a deflated frame": ("deflated_frames", _deflated(lambda plain, _: _pack(plain, *[b""] * 50))),
    "empty blocks between in a deflated frame": ("deflated_frames", _deflated(
        lambda plain, _: _pack(*[plain[i : i + 9] for i in range(0, len(plain), 9)]))),
    "a fragment behind the last": ("rle", _reframed(lambda new, s: [*new, s])),
    "a fragment that no frame uses": ("rle", _behind_frame(3)),
    "a fragment between the frames": ("rle", _behind_frame(1)),
    "a fragment behind J2K": ("j2k", _behind_frame(2)),
    "a fragment between J2K frames": ("j2k", _behind_frame(1)),
    "a fragment of a JPEG that no frame uses": ("jpeg", _behind_frame(1)),
    "empty fragments": ("rle", _reframed(lambda new, _: [*new, *[b""] * 8])),
    "an offset table with something in it": ("rle", lambda f: reframed_raw(
        f.after, written_frames(f), table=pixels(f, 400))),
    "an offset table of one frame with something in it": ("jpeg_ls", lambda f: reframed_raw(
        f.after, written_frames(f), table=bytes(4) + pixels(f, 396))),
    "bytes in a delimiter of the pixel data": ("rle", lambda f: f.after[:-4] + pixels(f, 4)),
    "bytes behind the delimiter of the pixel data": ("rle", lambda f: f.after + pixels(f)),
    "frames cut into many fragments": ("rle", _reframed(lambda new, _: [one[i : i + 64] for one in new
                                                                      for i in range(0, len(one), 64)])),
    "one frame cut into fragments": ("jpeg_ls", lambda f: reframed_raw(f.after, [
        written_frames(f)[0][i : i + 50] for i in range(0, len(written_frames(f)[0]), 50)], table=b"")),
    "names of components": ("jpeg_lossless", _in(0, _renamed)),
    "capabilities of J2K": ("j2k", _in(0, lambda one, _: one[:6] + b"\x12\x34" + one[8:])),
    "capabilities of HTJ2K": ("htj2k", _in(0, lambda one, _: one[: _at(one, 0x50) + 4] + b"\x12\x36\x12\x34\x56\x78"
                                           + one[_at(one, 0x50) + 10 :])),
    "a fragment padded with more": ("jpeg_ls", _in(0, lambda one, _: one + bytes(7))),
}  # fmt: skip


@pytest.mark.parametrize("number", [0, 1])
def test_a_thumbnail_that_the_original_has_itself_may_not_stay(number: int) -> None:
    """A careless redactor keeps EXIF segments, of the frame that it changed or of another one."""
    found = CASES["jpeg"]()
    data = original(found)
    streams = frames(found)
    thumbnail = _segment(0xE1, _exif(pixels(found, 9000)))
    streams[number] = streams[number][:2] + thumbnail + streams[number][2:]
    data.PixelData = encapsulate(streams)
    out = io.BytesIO()
    data.save_as(out)
    before = MemoryReference("built.dcm", out.getvalue())
    honest = redacted(before, ask((20, 20, 30, 28), FrameAddress(0)))
    assert honest.proof().findings == ()
    kept = written_frames(honest)
    kept[number] = kept[number][:2] + thumbnail + kept[number][2:]
    proof = honest.proof(reframed_raw(honest.after, [one.rstrip(b"\0") for one in kept]))
    assert any("FFE1" in finding.text for finding in proof.findings)


@pytest.mark.parametrize("case", sorted({case for case, _ in HIDDEN.values()}))
def test_frames_that_are_only_put_in_again_pass(case: str) -> None:
    """So what is found below is found for itself."""
    found = (CASES | MORE)[case]()
    again = with_frame(found, 0, written_frames(found)[0].rstrip(b"\0") if case == "jpeg" else written_frames(found)[0])
    assert found.proof(again).findings == ()


@pytest.mark.parametrize("case", MORE)
def test_the_files_that_are_damaged_here_pass(case: str) -> None:
    assert MORE[case]().proof().findings == ()


@pytest.mark.parametrize("name", HIDDEN)
def test_nothing_is_hidden_in_the_frames(name: str) -> None:
    case, hide = HIDDEN[name]
    found = (CASES | MORE)[case]()
    damaged = hide(found)
    assert damaged != found.after, "the damage did nothing"
    assert not found.proof(damaged).passed


def test_the_damages_would_work() -> None:
    """Decoders read the damaged codestreams as if nothing were in them: that is why they have to be found."""
    found = CASES["j2k"]()
    wanted = imagecodecs.jpeg2k_decode(written_frames(found)[0])
    change = _in(0, _tile_part(lambda part, s: part + s))
    at = change(found)
    assert base64.b64encode(frames(found)[0][:60]) in base64.b64encode(at[at.index(frames(found)[0][:60]) :])
    one = _tile_part(lambda part, s: part + s)(written_frames(found)[0].rstrip(b"\0"), frames(found)[0])
    assert np.array_equal(imagecodecs.jpeg2k_decode(one), wanted)
    assert original(found).Rows == wanted.shape[0]
