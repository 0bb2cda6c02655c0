"""A search for what was blacked in all bytes of the written file that no plane shows: the last guard of the proof.

Everything else is compared with what the plan allows. This looks the other way: for copies of the original's values, in
whatever element the original itself may have had them.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.model import Box
from dcmaudit.verify.record import Record

GUARD = "nothing of the original elsewhere"
RUN, DISTINCT = 32, 8
"""Bytes in a row of which that many are different: less says nothing of a picture."""
SAMPLE = 4 << 20
"""Cells of blacked areas that are searched for. Of larger ones every n-th frame is taken."""
_PIECE = 8 << 20
_LEAST_WIDTH = 64
_MOST_AREAS = 64
"""Of more boxes than these, as shapes have, all are searched for together."""
_MOST_HITS = 4096
_LETTERS = re.compile(rb"[A-Za-z0-9+/=_\r\n-]{44,}")
_DIGITS = re.compile(rb"(?:[0-9A-Fa-f]{2}[ \r\n]?){32,}")

Bytes = npt.NDArray[np.uint8]


_Shape = tuple[tuple[int, ...], str, PixelLayout | None]
_TOGETHER = 1 << 19
"""Bytes of areas that are searched for at once."""


@dataclass(frozen=True, slots=True)
class GuardFound:
    """How many areas were searched for, and where the first was found that should be nowhere, with its length."""

    count: int
    first: tuple[str, int] | None


@dataclass(slots=True)
class Guard:
    """Searches for what was blacked while frames are compared. ``step``: of so many frames one is taken.

    ``prepare`` comes first, ``finish`` last; between them any thread may say what it saw, and what was found in a run
    of frames is ``taken`` and added by ``add``, in this guard or in another one of the same file.
    """

    step: int = 1
    _indexes: list[tuple[str, _Index]] = field(default_factory=list)
    _areas: dict[_Shape, list[npt.NDArray[Any]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _size: int = 0
    _count: int = 0
    _found: tuple[str, int] | None = None
    _all: int = 0
    _first: tuple[str, int] | None = None

    @classmethod
    def for_frames(cls, frames: int, area: int) -> Guard:
        """A guard for a file in which ``area`` cells are blacked in each of ``frames`` frames."""
        return cls(max(1, -(-frames * area // SAMPLE)))

    def prepare(self, pieces: Iterable[tuple[str, bytes]]) -> None:
        """Take in the bytes that no plane shows, with their places in words."""
        self._indexes = [
            (where, _Index(np.frombuffer(hay, np.uint8)))
            for where, data in pieces
            for at in range(0, len(data), _PIECE)
            for hay in _readings(data[at : at + _PIECE + RUN])
            if len(hay) >= RUN
        ]

    def see(self, frame: int, cells: npt.NDArray[Any], layout: PixelLayout, boxes: Iterable[Box]) -> None:
        """Take in the original's cells (rows, columns[, samples]) of the boxes that are blacked in one frame."""
        # Nothing is left that no plane shows: then there is nothing to search.
        if frame % self.step or not self._indexes:
            return
        wide = [_widened(box, cells.shape[1]) for box in boxes]
        if len(wide) <= _MOST_AREAS:
            for box in wide:
                area = cells[max(0, box.top) : max(0, box.bottom), box.left : box.right]
                self._add(area.copy(), replace(layout, rows=1, columns=1))
            return
        mask = np.zeros(cells.shape[:2], np.bool_)
        for box in wide:
            mask[max(0, box.top) : max(0, box.bottom), box.left : box.right] = True
        # Of a shape all rows one behind the other, and all columns: what lies elsewhere lies in runs of these.
        for line in (cells[mask], cells.swapaxes(0, 1)[mask.T]):
            self._add(line[np.newaxis], replace(layout, rows=1, columns=1))

    def see_bytes(self, frame: int, data: bytes) -> None:
        """Take in the original codestream of a frame that was written anew."""
        if not frame % self.step and self._indexes:
            self._add(np.frombuffer(data, np.uint8), None)

    def taken(self) -> GuardFound:
        """What was found since the last time."""
        with self._lock:
            self._search()
            found = GuardFound(self._count, self._found)
            self._count, self._found = 0, None
        return found

    def add(self, found: GuardFound) -> None:
        """Take in what was found in a run of frames, behind those that were added before."""
        self._all += found.count
        self._first = self._first or found.first

    def finish(self, record: Record) -> None:
        """Tell what was found."""
        if self._all:
            record.checks[GUARD] += self._all
        if self._first is not None:
            where, length = self._first
            record.fail(GUARD, where, f"{length} bytes in a row are the original's where it was blacked")

    def _add(self, area: npt.NDArray[Any], layout: PixelLayout | None) -> None:
        with self._lock:
            if not area.nbytes:
                return
            self._areas.setdefault((area.shape, area.dtype.str, layout), []).append(area)
            self._size += area.nbytes
            self._count += 1
            if self._size >= _TOGETHER:
                self._search()

    def _search(self) -> None:
        """Search for the areas that wait; those of one shape together, which is quicker."""
        areas, self._areas, self._size = self._areas, {}, 0
        for (_, _, layout), alike in areas.items():
            for order in _orders(np.stack(alike), layout) if layout is not None else iter(alike):
                for where, index in self._indexes:
                    if self._found is None:
                        length = next(index.runs_of(order), 0)
                        self._found = (where, length) if length else None


def _widened(box: Box, columns: int) -> Box:
    """Of a narrow box no row would be long enough to be found: what is beside it is taken with it."""
    width = max(_LEAST_WIDTH, box.width)
    left = max(0, min(box.left - (width - box.width) // 2, columns - width))
    return Box(left, box.top, left + width, box.bottom)


class _Index:
    """The eight bytes from each byte on, to be looked up quickly."""

    def __init__(self, hay: Bytes) -> None:
        self._hay = hay
        parts = [hay[o : o + (len(hay) - o) // 8 * 8].view("<u8") for o in range(8)]
        places = [np.arange(o, o + 8 * len(part), 8) for o, part in enumerate(parts)]
        words = np.concatenate(parts)
        order = np.argsort(words, kind="stable")
        self._words, self._places = words[order], np.concatenate(places)[order]
        self._bits = max(12, min(24, len(words).bit_length() + 4))
        self._seen = np.zeros(1 << self._bits, np.bool_)
        self._seen[self._hashed(words)] = True

    def _hashed(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        with np.errstate(over="ignore"):
            found: npt.NDArray[np.uint64] = (words * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - self._bits)
        return found

    def runs_of(self, area: Bytes) -> Iterator[int]:
        """Lengths of runs of ``area`` that are in the hay and say something."""
        words = area[: len(area) // 8 * 8].view("<u8")
        maybe = np.flatnonzero(self._seen[self._hashed(words)])
        chosen = words[maybe]
        turned = (chosen >> np.uint64(8)) | (chosen << np.uint64(56))
        # A word that is the same when turned by a byte is one byte repeated.
        maybe = maybe[chosen != turned]  # eight equal bytes say nothing
        if not len(maybe):
            return
        first = np.searchsorted(self._words, words[maybe], "left")
        last = np.searchsorted(self._words, words[maybe], "right")
        there = first < last  # most of what the hashes let through is not
        maybe, first, last = maybe[there], first[there], last[there]
        seen: set[int] = set()
        for start, low, high in zip((8 * maybe).tolist(), first.tolist(), last.tolist(), strict=True):
            for place in self._places[low : min(high, low + 16)].tolist():
                if place - start not in seen and len(seen) < _MOST_HITS:
                    length = self._length(area, start, place)
                    if length:
                        yield length
                    seen.add(place - start)

    def _length(self, area: Bytes, start: int, place: int) -> int:
        """The length of the run around a hit, 0 where it is short or says nothing."""
        back, ahead = min(start, place, 256), min(len(area) - start, len(self._hay) - place, 256)
        one, other = area[start - back : start + ahead], self._hay[place - back : place + ahead]
        differs = np.flatnonzero(one != other)
        before, after = differs[differs < back], differs[differs >= back]
        low, high = (int(before[-1]) + 1 if len(before) else 0), (int(after[0]) if len(after) else len(one))
        run = one[low:high]
        return len(run) if len(run) >= RUN and len(np.unique(run)) >= DISTINCT and not _is_ramp(run) else 0


def _is_ramp(run: Bytes) -> bool:
    """Whether bytes only rise or fall evenly, as tables do: that is the same in any two of them."""
    steps = [np.diff(run), *(np.diff(run[o : o + (len(run) - o) // 2 * 2].view("<u2")) for o in (0, 1))]
    return any(len(np.unique(step)) <= 2 for step in steps)


def _orders(areas: npt.NDArray[Any], layout: PixelLayout) -> Iterator[Bytes]:
    """The bytes of areas, axes (frames, rows, columns[, samples]), in the orders and depths in which copies may lie."""
    if layout.floating:
        for turned in (areas, areas.swapaxes(1, 2)):
            yield from _raw(turned)
        return
    cells = areas.view(f"u{areas.itemsize}")
    pictures = [cells]
    if cells.ndim == 4:
        # RGB, BGR, and each colour for itself, as planes lie.
        pictures = [cells, cells[..., ::-1], *(cells[..., n] for n in range(cells.shape[3]))]
    for picture in pictures:
        for one in (picture, picture.swapaxes(1, 2)):
            yield from _raw(one)
            for shift in _shifts(layout) if cells.itemsize > 1 else ():
                # Eight bits of deeper cells, as previews are made.
                yield (one >> one.dtype.type(shift)).astype(np.uint8).ravel()


def _shifts(layout: PixelLayout) -> list[int]:
    wanted = {0, 4, 8, layout.low, max(0, layout.low + layout.bits_stored - 8)}
    return sorted(shift for shift in wanted if shift < layout.bits_allocated)


def _raw(area: npt.NDArray[Any]) -> Iterator[Bytes]:
    little = np.ascontiguousarray(area.astype(area.dtype.newbyteorder("<"), copy=False))
    yield little.view(np.uint8).ravel()
    # The other byte order.
    if area.itemsize > 1:
        yield np.ascontiguousarray(little.byteswap()).view(np.uint8).ravel()


def _readings(data: bytes) -> Iterator[bytes]:
    """The bytes themselves, and what letters and digits in them stand for."""
    yield data
    for found in _LETTERS.finditer(data):
        text = found.group().translate(None, b"\r\n=").translate(bytes.maketrans(b"-_", b"+/"))
        # Nobody knows where in the run of letters base64 begins.
        for phase in range(4):
            whole = text[phase : phase + (len(text) - phase) // 4 * 4]
            yield base64.b64decode(whole)
    for found in _DIGITS.finditer(data):
        text = found.group().translate(None, b" \r\n")
        yield binascii.unhexlify(text[: len(text) // 2 * 2])
