"""Which names a run has met, in some ten bytes a name: an archive has a hundred million of them.

A name is kept as eight bytes of its BLAKE2b digest. Two different names have the same with a chance of n^2 / 2^65 among
n names: one run in 370,000 of 10^7 names, one in 3,700 of 10^8. Whoever asks must therefore *say* what a second
meeting led to and never pass over an input for it in silence. The names of the first inputs are kept as well, so that
a message can tell which one was met first.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from hashlib import blake2b

NAMED = 100_000
"""So many first names are kept whole."""

_PARTS = 4096
_FIRST = 8
_FULL = 0.8
_GROWTH = 1.25
"""A part grows by a quarter, so that between 64 and 80 % of its places are taken: 10 to 12.5 bytes a name."""


class KnownNames:
    """Keys met before, each with the name that brought it, as far as that is kept."""

    def __init__(self, named: int = NAMED) -> None:
        self._named = named
        self._names: dict[bytes, str] = {}
        # Many small tables: while one grows, the others need no second copy.
        self._parts = [array("Q", bytes(8 * _FIRST)) for _ in range(_PARTS)]
        self._taken = array("L", bytes(array("L").itemsize * _PARTS))
        self.count = 0

    def meet(self, key: str | bytes, name: str) -> str | None:
        """None where the key is new; else the name that brought it, "" where that is not kept any more."""
        digest = _digest(key)
        return None if self._keep(digest, name) else self._names.get(digest, "")

    def meet_new(self, keys: Sequence[str], name: str) -> bool:
        """Whether all of the keys are new, which then were brought by ``name``; where one is not, nothing is kept."""
        digests = [_digest(key) for key in keys]
        if any(self._knows(digest) for digest in digests):
            return False
        for digest in digests:
            self._keep(digest, name)
        return True

    def first(self, key: str | bytes) -> str:
        """The name that brought the key, "" where it was not met or the name is not kept."""
        return self._names.get(_digest(key), "")

    def __contains__(self, key: str | bytes) -> bool:
        return self._knows(_digest(key))

    def _knows(self, digest: bytes) -> bool:
        value = _value(digest)
        part = self._parts[value % _PARTS]
        return part[_place(part, value)] == value

    def _keep(self, digest: bytes, name: str) -> bool:
        """Whether it is new."""
        # 64 bits of a digest: among a hundred million names two meet by chance once in some four thousand runs.
        if not self._add(_value(digest)):
            return False
        if len(self._names) < self._named:
            self._names[digest] = name
        self.count += 1
        return True

    def _add(self, value: int) -> bool:
        number = value % _PARTS
        part = self._parts[number]
        place = _place(part, value)
        if part[place] == value:
            return False
        part[place] = value
        self._taken[number] += 1
        if self._taken[number] > _FULL * len(part):
            self._parts[number] = _grown(part)
        return True


def _digest(key: str | bytes) -> bytes:
    return blake2b(key if isinstance(key, bytes) else key.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _value(digest: bytes) -> int:
    return int.from_bytes(digest, "little") or 1  # 0 marks a free place


def _place(part: array[int], value: int) -> int:
    """Where the value is, or the free place in which it belongs."""
    size = len(part)
    place = (value // _PARTS) % size
    while (kept := part[place]) and kept != value:
        # Linear probing: the next place is in the same line of the processor's cache.
        place = (place + 1) % size
    return place


def _grown(part: array[int]) -> array[int]:
    size = max(len(part) + _FIRST, int(len(part) * _GROWTH))
    grown = array("Q", bytes(8 * size))
    for value in part:
        if value:
            grown[_place(grown, value)] = value
    return grown
