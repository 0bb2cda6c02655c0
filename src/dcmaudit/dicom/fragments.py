"""Encapsulated pixel data (PS3.5 A.4): where the fragments lie, and which of them make up a frame."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.errors import HeaderError

_ITEM, _DELIMITER = 0xFFFEE000, 0xFFFEE0DD
_HEAD = struct.Struct("<HHL")
_CHUNK = 1 << 16
_GLANCE = 64
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\xff\x0a", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  ")
"""First bytes of a JPEG or JPEG-LS, JPEG 2000, JPEG XL codestream, and of the JPEG XL and JP2 containers."""


@dataclass(slots=True)
class Fragments:
    """Every fragment: ``offsets`` of the values in the body, and their ``lengths``. The basic offset table apart.

    ``end`` is the position behind the element; ``cut`` says that the file ended or went wrong inside it.
    """

    first_item: int
    table: tuple[int, ...]
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    lengths: array[int] = field(default_factory=lambda: array("Q"))
    end: int = 0
    cut: bool = False
    short: bool = False
    """Whether the last fragment is not wholly there."""
    trusted: int = 0
    """How many fragments, from the first on, were not walked: they are what lies between the table's entries, one a
    frame or several, and are looked at when their frame is read."""
    extended: bool = False
    """Whether they were taken from the Extended Offset Table."""
    offset: int = 0
    """Where the first item, the table, begins."""


def extended_places(table: bytes) -> tuple[int, ...]:
    """The entries of an Extended Offset Table (7FE0,0001), PS3.3 C.7.6.3."""
    return struct.unpack(f"<{len(table) // 8}Q", table[: len(table) // 8 * 8])


def walk_fragments(
    body: ByteSource, offset: int, *, extended: Sequence[int] = (), trusting: bool | None = None
) -> Fragments:
    """Index the items from ``offset`` on, in one pass that reads small fragments through and skips large ones.

    ``trusting`` (default: where the source is remote) takes the places of all frames but the last from an offset
    table that can be right (``extended``, else the Basic one), instead of walking through the whole element:
    ``Fragments.trusted``.
    """
    window = _Window(body)
    tag, length = window.item(offset)
    table: tuple[int, ...] = ()
    position = offset
    # The first item is the Basic Offset Table, also where it is empty (PS3.5 A.4).
    if tag == _ITEM:
        data = body.read_at(offset + 8, length)
        table = struct.unpack(f"<{len(data) // 4}L", data[: len(data) // 4 * 4])
        position = offset + 8 + length
    found = Fragments(position, table, offset=offset)
    # On a disk the walk is cheap and finds a wrong table at once; over a network it would fetch the whole object.
    if body.is_remote if trusting is None else trusting:
        position = _trust(found, body, window, tuple(extended) or table)
        found.extended = bool(extended and found.trusted)
    position = _step_over_large(found, body, position)
    while True:
        tag, length = window.item(position)
        if tag == _DELIMITER:
            found.end = position + 8
            return found
        # No delimiter and no item: the file ends here, or what follows is damaged.
        if tag != _ITEM:
            found.end, found.cut = min(position, body.size), True
            return found
        found.offsets.append(position + 8)
        found.lengths.append(min(length, max(0, body.size - position - 8)))
        # The last fragment is cut: the frame that it belongs to is named and not shown.
        if position + 8 + length > body.size:
            found.end, found.cut, found.short = body.size, True, True
            return found
        position += 8 + length


def _step_over_large(found: Fragments, body: ByteSource, position: int) -> int:
    """Take in whole fragments of a file that are larger than the window, up to the first item that is anything else;
    where that is. A long cine has thousands of them, and somebody waits for its first frame."""
    offsets, lengths, size, unpack = found.offsets, found.lengths, body.size, _HEAD.unpack
    with (
        suppress(OSError, ValueError, struct.error),
        body.heads() as head_at,
    ):  # what cannot be read the walk reads again, and says so
        while head_at is not None and position + 8 <= size:
            group, number, length = unpack(head_at(position))
            # Small fragments lie close together: reading through them is quicker than asking for each.
            if (group, number) != (0xFFFE, 0xE000) or length <= _CHUNK or position + 8 + length > size:
                break
            offsets.append(position + 8)
            lengths.append(length)
            position += 8 + length
    return position


def _trust(found: Fragments, body: ByteSource, window: _Window, table: tuple[int, ...]) -> int:
    """Take in what the table says of all frames but the last; where the walk has to begin."""
    first = found.first_item
    # The first frame begins at offset 0, behind the table (PS3.5 A.4); eight bytes are the head of an item.
    rising = len(table) > 1 and table[0] == 0 and all(b - a >= 8 for a, b in pairwise(table))
    if not rising or first + table[-1] + 8 > body.size or window.item(first + table[-1])[0] != _ITEM:
        return first
    for start, end in pairwise(table):
        found.offsets.append(first + start + 8)
        found.lengths.append(end - start - 8)
    found.trusted = len(table) - 1
    return first + table[-1]


class _Window:
    """Item headers through one buffer, so that a thousand small fragments cost a few reads."""

    def __init__(self, body: ByteSource) -> None:
        self._body = body
        self._start = 0
        self._data = b""

    def item(self, position: int) -> tuple[int, int]:
        at = position - self._start
        if at < 0 or at + 8 > len(self._data):
            # a far jump needs its eight bytes only; what lies close is read through
            near = 0 <= at <= len(self._data) + _CHUNK
            self._start, at = position, 0
            self._data = self._body.read_at(position, _CHUNK) if near else self._body.glance_at(position, _GLANCE)
        head = self._data[at : at + 8]
        if len(head) < 8:
            return 0, 0
        group, number, length = _HEAD.unpack(head)
        return group << 16 | number, length


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Which fragments make up each frame: frame k is fragments ``starts[k]`` up to ``starts[k + 1]``."""

    fragments: Fragments
    starts: Sequence[int]
    notes: tuple[str, ...] = ()
    body: ByteSource | None = None
    """Where fragments that were taken on trust are looked at."""

    def __len__(self) -> int:
        return len(self.starts)

    def spans(self, frame: int) -> list[tuple[int, int]]:
        """Offset and length of each fragment of a frame; HeaderError where a table that was trusted is wrong."""
        first = self.starts[frame]
        # Only now it is looked at what lies between two entries of a table that was taken on trust.
        if first < self.fragments.trusted and self.body is not None:
            return self._looked_at(self.body, first)
        last = self.starts[frame + 1] if frame + 1 < len(self.starts) else len(self.fragments.offsets)
        return [(self.fragments.offsets[i], self.fragments.lengths[i]) for i in range(first, last)]

    def _looked_at(self, body: ByteSource, number: int) -> list[tuple[int, int]]:
        window, position = _Window(body), self.fragments.offsets[number] - 8
        end, spans = position + 8 + self.fragments.lengths[number], list[tuple[int, int]]()
        while position < end:
            tag, length = window.item(position)
            if tag != _ITEM or position + 8 + length > end:
                hint = "copy the file to this machine: there its frames are found without the table"
                raise HeaderError("the offset table is wrong", file=body.name, hint=hint)
            spans.append((position + 8, length))
            position += 8 + length
        return spans

    def is_cut(self, frame: int) -> bool:
        """Whether the file ended before this frame did."""
        return self.fragments.short and frame == len(self.starts) - 1


def index_frames(
    body: ByteSource,
    fragments: Fragments,
    *,
    declared: int,
    extended: Sequence[int] = (),
    one_each: bool = False,
    segments: int | None = None,
) -> FrameIndex:
    """Assign fragments to frames.

    ``declared`` is NumberOfFrames, ``extended`` the Extended Offset Table. A table is used only when it has one
    entry a declared frame, begins at the first fragment, rises, and every entry is the start of a fragment; it is
    mentioned in ``notes`` when it is wrong. Without a usable table: a fragment a frame where the numbers agree
    (or ``one_each``: deflated and native frames), all fragments where there is one frame, and otherwise a new frame
    wherever a fragment begins like a codestream. ``segments`` says that the frames are RLE and how many segments each
    has: some writers divide them into several fragments, against PS3.5 A.4.2, and a frame then begins where an RLE
    header (G.5) does. Fragments without a byte hold no frame where there are more fragments than frames. The result
    can have more or fewer frames than declared.
    """
    # A table that does not fit NumberOfFrames is none that can be trusted.
    if fragments.trusted and (fragments.trusted + 1 != declared or bool(extended) != fragments.extended):
        fragments = walk_fragments(body, fragments.offset, trusting=False)
    count = len(fragments.offsets)
    notes: list[str] = []
    # The extended table wins: a Basic one beside it is to be empty (PS3.3 C.7.6.3).
    for title, table in (("extended", extended), ("basic", fragments.table)):
        starts = _starts_of_table(fragments, table, declared) if table else None
        if starts is not None:
            return FrameIndex(fragments, starts, tuple(notes), body)
        if table:
            notes.append(f"the {title} offset table is wrong and was not used")
    # An RLE frame has one fragment (PS3.5 A.4.2), and no marker by which it could be told.
    if segments is not None:
        return FrameIndex(fragments, _rle_starts(body, fragments, declared, segments, notes), tuple(notes))
    # Some writers put an empty item before or behind a frame.
    if count > declared and (filled := _filled(fragments)) and (one_each or len(filled) == declared):
        notes.extend(_emptiness(count - len(filled)))
        return FrameIndex(fragments, filled, tuple(notes))
    if one_each or count == declared:
        return FrameIndex(fragments, range(count), tuple(notes))
    begins = _begins_with_codestream(body, fragments)
    starts = [i for i in range(count) if i == 0 or begins(i)]
    # One frame whose first bytes are unknown: later fragments only look like beginnings.
    if declared == 1 and len(starts) > 1 and not begins(0):
        starts = [0]
    return FrameIndex(fragments, starts, tuple(notes))


def _filled(fragments: Fragments) -> list[int]:
    """The fragments that hold a byte, the first of them with all empty ones before it."""
    found = [i for i, length in enumerate(fragments.lengths) if length]
    return [0, *found[1:]] if found else []


def _emptiness(count: int) -> list[str]:
    what = "1 fragment of the pixel data is" if count == 1 else f"{count} fragments of the pixel data are"
    return [f"{what} empty"] if count else []


def _rle_starts(
    body: ByteSource, fragments: Fragments, declared: int, segments: int, notes: list[str]
) -> Sequence[int]:
    """The fragments with which RLE frames begin; says in ``notes`` what is not one fragment a frame."""
    count = len(fragments.offsets)
    filled = _filled(fragments)
    if len(filled) <= declared or not filled:
        if count <= declared:
            return range(count)
        notes.extend(_emptiness(count - len(filled)))
        return filled
    begins = _begins_with_rle_header(body, fragments, segments)
    starts = [i for i in filled if i == 0 or begins(i)]
    if len(starts) != len(filled):
        notes.append("frames are divided into several fragments, which RLE does not allow; they were joined")
    notes.extend(_emptiness(count - len(filled)))
    return starts


def _begins_with_rle_header(body: ByteSource, fragments: Fragments, segments: int) -> Callable[[int], bool]:
    """Whether a fragment begins with an RLE header of ``segments`` segments: offsets that rise, and zeros (G.5)."""

    def begins(i: int) -> bool:
        head = body.read_at(fragments.offsets[i], min(64, fragments.lengths[i]))
        if len(head) < 64:
            return False
        number, *offsets = struct.unpack("<16L", head)
        rising = all(a < b for a, b in pairwise(offsets[:segments]))
        return bool(number == segments and offsets[0] >= 64 and rising and not any(offsets[segments:]))

    return begins


def _starts_of_table(fragments: Fragments, table: Sequence[int], declared: int) -> list[int] | None:
    if len(table) != declared or table[0] != 0:
        return None
    # Offsets count from the first byte behind the table to the tag of an item (PS3.5 A.4).
    places = {offset - 8 - fragments.first_item: i for i, offset in enumerate(fragments.offsets)}
    starts = [places.get(offset, -1) for offset in table]
    rising = all(a < b for a, b in pairwise(starts))
    return starts if rising and starts[0] == 0 else None


def _begins_with_codestream(body: ByteSource, fragments: Fragments) -> Callable[[int], bool]:
    def begins(i: int) -> bool:
        return body.read_at(fragments.offsets[i], min(16, fragments.lengths[i])).startswith(_STARTS)

    return begins
