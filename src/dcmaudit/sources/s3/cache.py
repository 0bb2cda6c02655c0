"""Blocks of objects in memory: bounded, shared by all readers of the process, never on disk."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

BLOCK = 64 * 1024
"""One request for so much costs hardly more than one for a byte, and most headers are in it whole."""
CACHE_BYTES = 96 * 2**20
"""A few images of usual size: going back and forth between them asks the server nothing."""


@dataclass(frozen=True, slots=True)
class Version:
    """One state of one object. Blocks of a replaced object are never taken for those of the new one."""

    name: str
    etag: str
    size: int


class BlockCache:
    """The blocks that were used last, up to ``limit`` bytes. Safe to use from several threads."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit = limit
        self._blocks: OrderedDict[tuple[Version, int], bytes] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._held

    def get(self, version: Version, number: int) -> bytes | None:
        """The block, None where it is not held."""
        with self._lock:
            block = self._blocks.get((version, number))
            if block is not None:
                self._blocks.move_to_end((version, number))
            return block

    def put(self, version: Version, number: int, block: bytes) -> None:
        """Hold the block; the ones unused longest make room."""
        with self._lock:
            # Two readers may have fetched the same block at the same time.
            former = self._blocks.pop((version, number), None)
            self._held += len(block) - (len(former) if former is not None else 0)
            self._blocks[version, number] = block
            # The newest one stays even where it is larger than the limit: whoever put it is about to use it.
            while self._held > self._limit and len(self._blocks) > 1:
                _key, dropped = self._blocks.popitem(last=False)
                self._held -= len(dropped)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._blocks.clear()
            self._held = 0


shared = BlockCache()
"""The cache of this process."""
