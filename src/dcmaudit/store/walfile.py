"""The write-ahead log beside a SQLite file, read by ourselves before SQLite reads it.

SQLite takes the first frame of the log that does not verify for the end of it, without a word: with one byte
changed, every later answered write is gone. What it should find is known from its own index of the log (the ``-shm``
file), which outlives a killed process, and else from frames behind the end that belong to the same log.
https://www.sqlite.org/fileformat2.html#the_write_ahead_log and https://www.sqlite.org/walformat.html
"""

from __future__ import annotations

import struct
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x377F0682
"""The last bit says in which byte order the words of checksums are read: set, big-endian."""
_HEADER, _FRAME_HEADER, _INDEX_HEADER = 32, 24, 48
_BATCH = 256
_TRIES, _PAUSE = 5, 0.1
_GENERATIONS = 1 << 16
"""A log is begun anew with a first salt that is larger by one; older frames may still lie behind its end."""

Words = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class _Index:
    """What the index of the log says: which log it is of, and how many of its frames are answered writes."""

    salts: bytes
    frames: int
    is_copied: bool
    """Whether all of them have been brought into the database file."""


def damage(database: Path) -> str | None:
    """A sentence about what is wrong with the log, None where nothing is. Other processes may be writing to it."""
    found = None
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE)  # another process may have been in the middle of a frame
        found = _damage(database)
        if found is None:
            return None
    return found


def _damage(database: Path) -> str | None:
    index = _index(Path(f"{database}-shm"))
    log = Path(f"{database}-wal")
    try:
        with log.open("rb") as file:
            head = file.read(_HEADER)
            return _judged(file, head, index, log.name) if head else _absent(index, log.name)
    except FileNotFoundError:
        return _absent(index, log.name)
    except OSError:
        return None  # SQLite itself says what it cannot read


def _absent(index: _Index | None, name: str) -> str | None:
    if index is None or not index.frames or index.is_copied:
        return None
    return f"its newest changes were in {name}, which is gone or empty"


def _judged(file: BinaryIO, head: bytes, index: _Index | None, name: str) -> str | None:
    if index is not None and not index.frames:
        return None  # nothing of the log counts
    magic, _, page, *_ = struct.unpack(">8I", head.ljust(_HEADER, b"\0"))
    is_big = bool(magic & 1)
    words = _words(head[:24], is_big=is_big)
    is_header = len(head) == _HEADER and magic & ~1 == _MAGIC and 512 <= page <= 65536 and page & (page - 1) == 0
    if not is_header or _chain((0, 0), words) != struct.unpack(">2I", head[24:]):
        return f"the header of {name}, which holds the newest changes, is damaged"
    salts = head[16:24]
    whole, answered, rest = _walk(file, page, salts, struct.unpack(">2I", head[24:]), is_big=is_big)
    is_of_it = index is not None and index.salts == salts
    is_lost = answered < index.frames if index is not None and is_of_it else _is_ours(rest, salts)
    return f"{name}, which holds the newest changes, is damaged behind its change {whole}" if is_lost else None


def _is_ours(rest: list[bytes], salts: bytes) -> bool:
    """Whether any frame behind the end belongs to this log, or to none that there was before it."""
    first = int.from_bytes(salts[:4], "big")
    older = (first - int.from_bytes(each[:4], "big") for each in rest)
    return any(each == salts for each in rest) or any(not 0 < age % 2**32 <= _GENERATIONS for age in older)


def _walk(
    file: BinaryIO, page: int, salts: bytes, sums: tuple[int, int], *, is_big: bool
) -> tuple[int, int, list[bytes]]:
    """How many frames verify, how many of them belong to finished changes, and the salts of the frames behind."""
    size = _FRAME_HEADER + page
    whole = answered = 0
    rest: list[bytes] = []
    broken = False
    while block := file.read(size * _BATCH):
        count = len(block) // size  # what is left is a frame that was never finished
        frames = np.frombuffer(block[: count * size], np.uint8).reshape(count, size)
        for number, through in enumerate(_through(frames[:, _FRAME_HEADER:], is_big=is_big)):
            header = frames[number, :_FRAME_HEADER].tobytes()
            if not broken:
                sums = _after_page(_chain(sums, _words(header[:8], is_big=is_big)), page // 8, through)
                broken = header[8:16] != salts or sums != struct.unpack(">2I", header[16:24])
            if broken:
                rest.append(header[8:16])
                continue
            whole += 1
            if header[4:8] != b"\0\0\0\0":  # the size of the database: the last frame of a change
                answered = whole
    return whole, answered, rest


# --- checksums ----------------------------------------------------------------------------------------------------
# For each two words x, y: s0 += x + s1, s1 += y + s0, modulo 2**32. That is linear, so that a page's part can be
# computed for many pages at once.


def _words(data: bytes, *, is_big: bool) -> list[int]:
    return [int(word) for word in np.frombuffer(data[: len(data) // 8 * 8], ">u4" if is_big else "<u4")]


def _chain(sums: tuple[int, int], words: list[int]) -> tuple[int, int]:
    first, second = sums
    for x, y in zip(words[::2], words[1::2], strict=True):
        first = (first + x + second) & 0xFFFFFFFF
        second = (second + y + first) & 0xFFFFFFFF
    return first, second


def _through(pages: NDArray[np.uint8], *, is_big: bool) -> list[tuple[int, int]]:
    """What each page adds to the two sums; ``pages`` is (pages, bytes)."""
    words = np.ascontiguousarray(pages).view(">u4" if is_big else "<u4").astype(np.uint32)
    first, second = _weights(words.shape[1] // 2)
    return [
        (int((row * first).sum(dtype=np.uint32)), int((row * second).sum(dtype=np.uint32)))
        for row in words
    ]  # fmt: skip


def _after_page(sums: tuple[int, int], pairs: int, through: tuple[int, int]) -> tuple[int, int]:
    a, b, c, d = _power(pairs)
    first, second = sums
    return (a * first + b * second + through[0]) & 0xFFFFFFFF, (c * first + d * second + through[1]) & 0xFFFFFFFF


@lru_cache(maxsize=8)
def _weights(pairs: int) -> tuple[Words, Words]:
    """By how much each word of a page counts in the first and in the second sum."""
    first, second = np.zeros(2 * pairs, np.uint32), np.zeros(2 * pairs, np.uint32)
    a, b, c, d = 1, 0, 0, 1
    for pair in reversed(range(pairs)):
        # A pair adds (x, x + y) at its turn.
        first[2 * pair], first[2 * pair + 1] = (a + b) & 0xFFFFFFFF, b
        second[2 * pair], second[2 * pair + 1] = (c + d) & 0xFFFFFFFF, d
        a, b, c, d = (a + b) & 0xFFFFFFFF, (a + 2 * b) & 0xFFFFFFFF, (c + d) & 0xFFFFFFFF, (c + 2 * d) & 0xFFFFFFFF
    return first, second


@lru_cache(maxsize=8)
def _power(pairs: int) -> tuple[int, int, int, int]:
    a, b, c, d = 1, 0, 0, 1
    for _ in range(pairs):
        a, b, c, d = (a + b) & 0xFFFFFFFF, (a + 2 * b) & 0xFFFFFFFF, (c + d) & 0xFFFFFFFF, (c + 2 * d) & 0xFFFFFFFF
    return a, b, c, d


# --- the index of the log -----------------------------------------------------------------------------------------


def _index(path: Path) -> _Index | None:
    """What the index says, None where there is none that can be believed."""
    try:
        with path.open("rb") as file:
            data = file.read(2 * _INDEX_HEADER + 4)
    except OSError:
        return None
    if len(data) < 2 * _INDEX_HEADER + 4:
        return None
    one, other = data[:_INDEX_HEADER], data[_INDEX_HEADER : 2 * _INDEX_HEADER]
    is_made, frames = one[12], int.from_bytes(one[16:20], sys.byteorder)
    sums = _chain((0, 0), _words(one[:40], is_big=sys.byteorder == "big"))
    if one != other or not is_made or sums != struct.unpack("=2I", one[40:48]):
        return None
    return _Index(one[32:40], frames, int.from_bytes(data[96:100], sys.byteorder) >= frames)
