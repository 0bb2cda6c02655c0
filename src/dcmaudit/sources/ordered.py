"""Sorting the names of one folder in little memory, however many there are."""

from __future__ import annotations

import heapq
import os
import re
import zlib
from collections.abc import Iterator

RUN = 50_000
_BLOCK = 2_000

_DIGITS = re.compile(r"\d+")


def natural(name: str) -> tuple[str, str]:
    """The key that sorts as people count: IM2 before IM10."""
    # Each number is preceded by how many digits it has, so that plain text comparison puts it right.
    return _DIGITS.sub(_sized, name), name


def _sized(found: re.Match[str]) -> str:
    digits = found[0].lstrip("0") or "0"
    return f"{len(digits):03d}{digits}"


class OrderedNames:
    """Names that are put in in any order and come out in natural order, once.

    Full runs are kept sorted and compressed (file names of one folder pack to a tenth), so that a folder of a
    million files costs megabytes, not hundreds of them. Names may hold anything but NUL.
    """

    def __init__(self, run: int = RUN) -> None:
        self._run = run
        self._open: list[str] = []
        self._runs: list[list[bytes]] = []
        self.count = 0

    def add(self, name: str) -> None:
        """Put ``name`` in."""
        self._open.append(name)
        self.count += 1
        if len(self._open) >= self._run:
            self._runs.append(_packed(sorted(self._open, key=natural)))
            self._open = []

    def drain(self) -> Iterator[str]:
        """All names in order; each run is let go as it is used up."""
        last = sorted(self._open, key=natural)
        self._open = []
        if not self._runs:
            last.reverse()
            while last:
                yield last.pop()
            return
        runs, self._runs = [*self._runs, _packed(last)], []
        yield from heapq.merge(*(_unpacked(run) for run in runs), key=natural)


def _packed(names: list[str]) -> list[bytes]:
    return [
        zlib.compress(os.fsencode("\0".join(names[start : start + _BLOCK])), 1)
        for start in range(0, len(names), _BLOCK)
    ]


def _unpacked(blocks: list[bytes]) -> Iterator[str]:
    blocks.reverse()
    while blocks:
        yield from os.fsdecode(zlib.decompress(blocks.pop())).split("\0")
