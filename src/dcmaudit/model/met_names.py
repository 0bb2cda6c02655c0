"""Which inputs a run has met, in at most sixteen bytes each, and none taken for another.

A name is kept as ten bytes of its BLAKE2b digest. Two different names have the same with a chance of n^2 / 2^81 among
n names: one run in 240 million of 10^8 names. Eight bytes (``known_names``) would do where a second meeting is told;
an input that is passed over as a duplicate is only counted.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b

SIZE = 10
"""Bytes of a digest."""

_FEW = 4096
"""So many are a plain set: most runs are named less, and tables take room from the start."""
_PARTS = 1024
_FIRST = 8
_FULL = 0.8
_GROWTH = 1.25
"""A part grows by a quarter, so that between 64 and 80 % of its places are taken: 12.5 to 15.6 bytes a name."""

Part = tuple["array[int]", "array[int]"]
"""The first eight bytes and the last two of each digest, at the same place; 0 and 0 mark a free one."""


def digest_of(name: bytes) -> bytes:
    """What a name is known by."""
    return blake2b(name, digest_size=SIZE).digest()


class MetNames:
    """Digests that were met."""

    def __init__(self) -> None:
        self._few: set[bytes] = set()
        # Many small tables: while one grows, the others need no second copy.
        self._parts: list[Part] = []
        self._taken = array("L", bytes(array("L").itemsize * _PARTS))
        self._count = 0

    def __len__(self) -> int:
        return len(self._few) + self._count

    def __contains__(self, digest: bytes) -> bool:
        if not self._parts:
            return digest in self._few
        first, last = _values(digest)
        part = self._parts[first % _PARTS]
        place = _place(part, first, last)
        return part[0][place] == first and part[1][place] == last

    def add(self, digest: bytes) -> None:
        """Keep it, where it is not kept yet."""
        if self._parts:
            self._keep(digest)
            return
        self._few.add(digest)
        if len(self._few) > _FEW:
            self._parts = [_empty(_FIRST) for _ in range(_PARTS)]
            few, self._few = self._few, set()
            for one in few:
                self._keep(one)

    def _keep(self, digest: bytes) -> None:
        first, last = _values(digest)
        number = first % _PARTS
        part = self._parts[number]
        if _put(part, first, last):
            self._count += 1
            self._taken[number] += 1
            if self._taken[number] > _FULL * len(part[0]):
                self._parts[number] = _grown(part)


def _values(digest: bytes) -> tuple[int, int]:
    # The last one is never 0, which costs one bit of eighty for one digest in 65,536.
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little") or 1


def _empty(size: int) -> Part:
    return array("Q", bytes(8 * size)), array("H", bytes(2 * size))


def _place(part: Part, first: int, last: int) -> int:
    """Where the two are, or the free place in which they belong."""
    firsts, lasts = part
    size = len(firsts)
    place = (first // _PARTS) % size
    while (kept := lasts[place]) and not (kept == last and firsts[place] == first):
        place = (place + 1) % size
    return place


def _put(part: Part, first: int, last: int) -> bool:
    """Whether they are new, and now kept."""
    place = _place(part, first, last)
    if part[1][place]:
        return False
    part[0][place], part[1][place] = first, last
    return True


def _grown(part: Part) -> Part:
    size = len(part[0])
    grown = _empty(max(size + _FIRST, int(size * _GROWTH)))
    for first, last in zip(*part, strict=True):
        if last:
            _put(grown, first, last)
    return grown
