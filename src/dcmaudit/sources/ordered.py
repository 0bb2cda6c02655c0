"""Sorting the names of one folder, soon and in little memory, however many there are."""

from __future__ import annotations

import heapq
import os
import re
import zlib
from collections.abc import Iterable, Iterator

RUN = 150_000
_BLOCK = 1_000
_FEW_SHAPES = 200
_FEW_STREAMS = 8

_DIGITS = re.compile(r"([0-9]+)")
_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")
# The longest number in a name that DICOM makes: a component of a UID made from a UUID (PS3.5 B.2).
_LONGEST = 39


def natural(name: str) -> tuple[str, str]:
    """The key that sorts as people count: IM2 before IM10; equal numbers with more zeros come after the text."""
    parts = _DIGITS.split(name)
    # Numbers of one length sort as text, without making integers of a hundred million names.
    parts[1::2] = [digits.zfill(_LONGEST) for digits in parts[1::2]]
    return "".join(parts), name


class OrderedNames:
    """Names that are put in in any order and come out in natural order, once.

    The natural key of a name costs more than everything else that is done with it. So names are first told apart
    by their shape (each digit as 0): in one shape plain order is natural order, and only merging the few shapes
    that a folder has needs keys, a name at a time. Of a folder with very many names, full runs are kept sorted and
    compressed (such names pack to a tenth). Names may hold anything but NUL.
    """

    def __init__(self, run: int = RUN) -> None:
        self._run = run
        self._shapes: dict[bytes, list[str]] = {}
        self._open = 0
        self._packed: list[list[bytes]] = []

    def add(self, name: str) -> None:
        """Put ``name`` in."""
        # Names that differ in digits alone sort quickly, for natural order is then the order of the text.
        self._shapes.setdefault(os.fsencode(name).translate(_AS_ZERO), []).append(name)
        self._open += 1
        if self._open >= self._run:
            streams = self._streams(most=_FEW_STREAMS)
            # Packed runs take a fraction of the strings: a folder of ten million files fits into memory.
            self._packed += [_packed(stream) for stream in streams]

    def drain(self) -> Iterator[str]:
        """All names in order; memory is let go as they are used up."""
        streams = [_used_up(stream) for stream in self._streams(most=_FEW_SHAPES)]
        streams += [_unpacked(blocks) for blocks in self._packed]
        self._packed = []
        if len(streams) == 1:
            yield from streams[0]
        else:
            yield from heapq.merge(*streams, key=natural)

    def _streams(self, *, most: int) -> list[list[str]]:
        """The open names in sorted lists, one a shape; in a single list where there are more than ``most`` shapes."""
        shapes, self._shapes, self._open = list(self._shapes.values()), {}, 0
        if len(shapes) > most:
            return [sorted((name for names in shapes for name in names), key=natural)]
        for names in shapes:
            names.sort()
        return shapes


def _used_up(names: list[str]) -> Iterator[str]:
    # Taken from the end, so that each name is let go as it is used.
    names.reverse()
    while names:
        yield names.pop()


def _packed(names: list[str]) -> list[bytes]:
    return [_pack(names[start : start + _BLOCK]) for start in range(0, len(names), _BLOCK)]


def _pack(names: Iterable[str]) -> bytes:
    return zlib.compress(os.fsencode("\0".join(names)), 1)


def _unpacked(blocks: list[bytes]) -> Iterator[str]:
    blocks.reverse()
    while blocks:
        yield from os.fsdecode(zlib.decompress(blocks.pop())).split("\0")
