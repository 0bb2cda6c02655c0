"""Names of a million files in little memory."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections import OrderedDict
from pathlib import PurePosixPath

from dcmaudit.model.texts import printable

BLOCK = 1024
_KEPT = 16
_SHOWN = 3
"""Parts of a long name that are shown."""


class NameList:
    """A list of texts that only grows, kept in compressed blocks.

    Neighbouring names share nearly all of their letters, so a block packs to about a tenth. Safe to read from
    several threads while one thread appends.
    """

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._open: list[str] = []
        self._unpacked: OrderedDict[int, list[str]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._blocks) * BLOCK + len(self._open)

    def append(self, name: str) -> int:
        """Add ``name`` and return its place, from 0."""
        with self._lock:
            place = len(self._blocks) * BLOCK + len(self._open)
            self._open.append(name)
            if len(self._open) == BLOCK:
                # File names may hold bytes that are no text (surrogates) and line breaks, but never a NUL.
                self._blocks.append(zlib.compress("\0".join(self._open).encode("utf-8", "surrogateescape"), 1))
                self._open = []
            return place

    def __getitem__(self, place: int) -> str:
        with self._lock:
            number, offset = divmod(place, BLOCK)
            if place < 0 or place >= len(self._blocks) * BLOCK + len(self._open):
                raise IndexError(place)
            if number == len(self._blocks):
                return self._open[offset]
            block = self._unpacked.get(number)
            if block is None:
                block = zlib.decompress(self._blocks[number]).decode("utf-8", "surrogateescape").split("\0")
                self._unpacked[number] = block
                if len(self._unpacked) > _KEPT:
                    self._unpacked.popitem(last=False)
            self._unpacked.move_to_end(number)
            return block[offset]


def mark_of(name: str) -> str:
    """By what a name is known again without being said: 16 letters that differ for different names."""
    return hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def short_name(name: str) -> str:
    """The last three parts of a name; one that has no more of them, and the address of a server or object, whole.

    Without its first slash a path from the root would look like one from somewhere else. Characters that cannot be
    seen are written out.
    """
    path = PurePosixPath(name)
    parts = path.parts[1:] if path.is_absolute() else path.parts
    if "://" in name or len(parts) <= _SHOWN:
        return printable(name)
    return printable("/".join(parts[-_SHOWN:]))
