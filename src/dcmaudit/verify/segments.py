"""The segments of JPEG, lossless JPEG and JPEG-LS codestreams, by a parser of the proof's own (ITU-T T.81 B, T.87 C).

Nothing of the rewriter is used. A codestream is taken apart into tables, headers and entropy-coded data, so that two of
them can be compared piece by piece; what is in a codestream beside its pieces (fill bytes, lengths that are too long,
bytes behind the end) is told apart as waste.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from dcmaudit.errors import DecodeError

SOF = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7})
DHT, DQT, DRI, SOS, EOI, LSE, COM, APP0, APP8, APP14 = 0xC4, 0xDB, 0xDD, 0xDA, 0xD9, 0xF8, 0xFE, 0xE0, 0xE8, 0xEE
_OTHERS = frozenset({0xCC, 0xDC, 0xDE, 0xDF})
"""Arithmetic conditioning, number of lines, hierarchical: parts of the picture that are compared as they are."""
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_LS_MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_FILLED = re.compile(rb"\xff{2,}")
LOSSLESS, LS, PROGRESSIVE = 0xC3, 0xF7, frozenset({0xC2, 0xC6, 0xCA, 0xCE})


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a codestream: ``kind`` is its marker's second byte, 0 for entropy-coded data.

    A segment with several tables is as many pieces. ``number`` is that of a table (class and place of DHT, precision
    and place of DQT), ``body`` what its content needs.
    """

    kind: int
    body: bytes
    number: int = 0

    @property
    def is_jfif(self) -> bool:
        """Whether it says that the file is JFIF."""
        return self.kind == APP0 and self.body[:5] == b"JFIF\0" and len(self.body) >= 14

    @property
    def is_adobe(self) -> bool:
        """Whether it names a colour transform in Adobe's way."""
        return self.kind == APP14 and self.body[:5] == b"Adobe" and len(self.body) >= 12

    @property
    def is_mrfx(self) -> bool:
        """Whether it names a colour transform of JPEG-LS."""
        return self.kind == APP8 and self.body[:4] == b"mrfx" and len(self.body) >= 5

    @property
    def is_extra(self) -> bool:
        """Whether it is a comment or an application segment that decides nothing about the picture."""
        if self.kind == LSE:
            return self.body[:1] != b"\x01"
        named = self.is_jfif or self.is_adobe or self.is_mrfx
        return self.kind == COM or (0xE0 <= self.kind <= 0xEF and not named)


SAID_RGB = Piece(APP14, b"Adobe\0\x64\0\0\0\0\0")
"""By which a codestream that names no colours says that its three components are red, green and blue."""


@dataclass(slots=True)
class Segments:
    """The pieces of a codestream in their order; ``waste`` says in words what else is in it."""

    pieces: list[Piece] = field(default_factory=list)
    waste: list[str] = field(default_factory=list)
    has_end: bool = False

    @property
    def frame(self) -> Piece:
        """The frame header; DecodeError where there is none."""
        found = [piece for piece in self.pieces if piece.kind in SOF]
        if len(found) != 1:
            raise DecodeError(f"the codestream has {len(found)} frame headers")
        return found[0]

    def unused(self) -> frozenset[int]:
        """The places among ``pieces`` of tables that no scan uses."""
        tables: dict[tuple[int, int], int] = {}
        used: set[int] = set()
        frame = self.frame
        for place, piece in enumerate(self.pieces):
            if piece.kind == DHT:
                tables[DHT, piece.number] = place
            elif piece.kind == DQT:
                tables[DQT, piece.number & 15] = place
            elif piece.kind == SOS:
                used |= {tables[key] for key in _named(frame, piece.body) if key in tables}
        return frozenset(n for n, piece in enumerate(self.pieces) if piece.kind in {DHT, DQT} and n not in used)


def _named(frame: Piece, scan: bytes) -> set[tuple[int, int]]:
    """The tables that a scan reads."""
    count, kind = scan[0], frame.kind
    first, refined = scan[1 + 2 * count], scan[3 + 2 * count] >> 4
    found: set[tuple[int, int]] = set()
    steps = {frame.body[i]: frame.body[i + 2] for i in range(6, len(frame.body) - 2, 3)}
    for i in range(1, 1 + 2 * count, 2):
        dc, ac = scan[i + 1] >> 4, scan[i + 1] & 15
        if kind == LOSSLESS:
            found.add((DHT, dc))
            continue
        if kind not in PROGRESSIVE:
            found |= {(DHT, dc), (DHT, 0x10 | ac)}
        elif first or not refined:
            found.add((DHT, 0x10 | ac) if first else (DHT, dc))
        found.add((DQT, steps.get(scan[i], 0)))
    return found


def segments(data: bytes) -> Segments:
    """The pieces of a codestream; DecodeError where it cannot be taken apart."""
    if data[:2] != b"\xff\xd8":
        raise DecodeError("the codestream does not begin with SOI (FFD8)")
    found, at, is_ls = Segments(), 2, False
    while at < len(data):
        start = at
        while data[at : at + 1] == b"\xff":
            at += 1
        if at == start or at == len(data):
            break
        if at - start > 1:
            found.waste.append(f"{at - start - 1} fill bytes")
        marker, at = data[at], at + 1
        if marker == EOI:
            found.has_end = True
            break
        is_ls |= marker == LS
        at = _segment(found, data, at, marker)
        if marker == SOS:
            at = _entropy(found, data, at, is_ls=is_ls)
    rest = data[at:]
    if rest.strip(b"\0\xff") and not found.has_end:
        raise DecodeError(f"byte {at} of the codestream begins no segment")
    if rest not in {b"", b"\0"} or (rest and len(data) % 2):
        found.waste.append(f"{len(rest)} bytes behind its end")
    return found


def _segment(found: Segments, data: bytes, at: int, marker: int) -> int:
    """Take in the segment of a marker; where it ends."""
    known = marker in SOF or marker in {DHT, DQT, DRI, SOS, LSE, COM} or marker in _OTHERS or 0xE0 <= marker <= 0xEF
    length = int.from_bytes(data[at : at + 2], "big")
    if not known or length < 2 or at + length > len(data):
        raise DecodeError(f"the codestream has a marker FF{marker:02X} that no decoder needs, or of length {length}")
    body, end = data[at + 2 : at + length], at + length
    if marker in {DHT, DQT}:
        _tables(found, marker, body)
        return end
    need = _needed(marker, body)
    if need > len(body):
        raise DecodeError(f"the segment FF{marker:02X} of the codestream ends early")
    if need < len(body):
        found.waste.append(f"{len(body) - need} bytes in segment FF{marker:02X} that nothing needs")
    found.pieces.append(Piece(marker, body[:need]))
    return end


def _needed(marker: int, body: bytes) -> int:
    """How long a segment's body is by its own content."""
    if marker in SOF:
        return 6 + 3 * body[5] if len(body) > 5 else 6
    if marker == SOS:
        return 4 + 2 * body[0] if body else 4
    if marker == DRI:
        return 2
    if marker == LSE and body[:1] == b"\x01":
        return 11
    return len(body)


def _tables(found: Segments, marker: int, body: bytes) -> None:
    at = 0
    while at < len(body):
        size = 17 + sum(body[at + 1 : at + 17]) if marker == DHT else 129 if body[at] >> 4 else 65
        end = at + size
        if end > len(body):
            raise DecodeError("a table of the codestream ends early")
        found.pieces.append(Piece(marker, body[at + 1 : end], body[at]))
        at = end


def _entropy(found: Segments, data: bytes, at: int, *, is_ls: bool) -> int:
    """Take in entropy-coded data, restart markers included; where the next marker's first FF stands."""
    place = (_LS_MARKER if is_ls else _MARKER).search(data, at)
    end = len(data) if place is None else place.start()
    coded = data[at:end]
    if place is None and not is_ls:
        coded = coded.rstrip(b"\0") if coded.endswith(b"\0") and not coded.endswith(b"\xff\0") else coded
    bare = coded.rstrip(b"\xff")
    if len(bare) < len(coded):
        found.waste.append(f"{len(coded) - len(bare)} fill bytes behind a scan")
    clean = _FILLED.sub(b"\xff", bare) if b"\xff\xff" in bare else bare
    if len(clean) < len(bare):
        found.waste.append(f"{len(bare) - len(clean)} fill bytes inside a scan")
    found.pieces.append(Piece(0, clean))
    return end


def fault_of_segments(found: Segments) -> str | None:  # noqa: PLR0911 - one return a rule
    """In words what a codestream that was written anew has and does not need, None for nothing."""
    if found.waste:
        return f"it has {found.waste[0]}"
    if not found.has_end:
        return "it has no end marker"
    for piece in found.pieces:
        if piece.is_extra:
            name = "a comment" if piece.kind == COM else f"an application or preset segment FF{piece.kind:02X}"
            return f"it has {name} of {len(piece.body)} bytes"
        if not _is_named_plainly(piece):
            return f"its segment FF{piece.kind:02X} says more than it has to"
    kinds = [piece.kind for piece in found.pieces]
    if any(DRI in kinds[place + 1 :][: kinds[place + 1 :].index(SOS)] for place, kind in enumerate(kinds) if kind == DRI
           and SOS in kinds[place + 1 :]) or kinds.count(DRI) > kinds.count(SOS):  # fmt: skip
        return "it defines restart intervals that no scan uses"
    names = bytes(found.frame.body[6::3])
    if names not in {bytes(range(1, 1 + len(names))), bytes(range(len(names))), b"RGB"}:
        return "its components have names of their own"
    unused = found.unused()
    return f"it has {len(unused)} tables that nothing uses" if unused else None


def _is_named_plainly(piece: Piece) -> bool:
    """Whether a segment that names the colours says that and nothing else."""
    if piece.is_jfif:
        return piece.body in {b"JFIF\0\1" + version + b"\0\0\1\0\1\0\0" for version in (b"\1", b"\2")}
    if piece.is_adobe:
        return piece.body[:11] == b"Adobe\0\x64\0\0\0\0" and len(piece.body) == 12 and piece.body[11] <= 2
    if piece.is_mrfx:
        return len(piece.body) == 5
    return True


def fault_of_kept(
    before: Segments, after: Segments, may_be: Callable[[Piece, Piece], bool] = operator.eq
) -> str | None:
    """In words what a codestream of which nothing was asked has other than its original, None for nothing.

    Comments, application segments, tables that nothing uses, fill bytes and bytes behind the end may be gone. All else
    must be there, in the same order; nothing may be new. ``may_be`` says whether a piece may have become another one.
    """
    if after.waste:
        return f"it has {after.waste[0]}"
    if not after.has_end:
        return "it has no end marker"
    unused, left = before.unused(), list(enumerate(before.pieces))
    unnamed = not any(piece.is_adobe or piece.is_jfif for piece in before.pieces)
    for place, piece in enumerate(after.pieces):
        if unnamed and not place and piece == SAID_RGB:
            continue
        if not any(may_be(old, piece) or _is_kept(old, piece) for _, old in left):
            return f"{name_of(piece)} is new"
        while left and not (may_be(left[0][1], piece) or _is_kept(left[0][1], piece)):
            number, old = left.pop(0)
            if not (old.is_extra or number in unused or (old.is_jfif and number)):
                return f"{name_of(old)} is missing or changed"
        left.pop(0)
    for place, old in left:
        if not (old.is_extra or place in unused):
            return f"{name_of(old)} is missing"
    return None


def left_over(found: Segments) -> str | None:
    """In words what no decoder needs of a codestream, its own original's or not; None for nothing."""
    extras = [name_of(piece) for piece in found.pieces if piece.is_extra]
    return next(iter([*extras, *found.waste]), None)


def _is_kept(old: Piece, new: Piece) -> bool:
    if (old.is_jfif and new.is_jfif) or (old.is_adobe and new.is_adobe and old.body[11] == new.body[11]):
        short = old.body[:12] + b"\0\0" if old.is_jfif else old.body[:12]  # without the thumbnail
        return _is_named_plainly(new) or new.body == short
    return old.is_mrfx and new.is_mrfx and _is_named_plainly(new) and old.body[4] == new.body[4]


def name_of(piece: Piece) -> str:
    """A piece in words, with its size."""
    if piece.kind == 0:
        return "entropy-coded data"
    what = {COM: "a comment", DHT: "a Huffman table", DQT: "a quantisation table"}
    return f"{what.get(piece.kind, f'a segment FF{piece.kind:02X}')} of {len(piece.body)} bytes"
