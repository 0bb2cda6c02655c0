"""Which outputs a user's runs have proved, kept for the run that goes on: seals alone, of which nothing can be read.

They lie in the user's own state folder, one file for each folder of outputs and what was asked for it, so that nothing
lies among outputs that is none. Who goes on elsewhere, or as somebody else, has the outputs proved again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
import platformdirs

SIZE = 8
"""Bytes of a seal."""

_MOST_WAITING = 256
_MOST_SECONDS = 2.0
KEPT_DAYS = 400
"""So long notes are kept that no run has added to."""

_ALIGNED = SIZE - 1


def notes_path(asked: bytes, folder: str) -> Path:
    """Where the seals of outputs in ``folder`` are, by what was asked for them; it need not exist."""
    name = blake2b(asked + os.fsencode(folder), digest_size=16).hexdigest()
    return platformdirs.user_state_path("dcmaudit", appauthor=False) / "outputs" / name


class OutputNotes:
    """The seals of one run and of those before it that asked the same for the same folder.

    Where they cannot be read or written, nothing is known: the outputs are proved again.
    """

    def __init__(self, path: Path, *, reads: bool, writes: bool) -> None:
        self._path, self._writes = path, writes
        self._known = _read(path) if reads else np.empty(0, "<u8")
        self._waiting: list[bytes] = []
        self._written = time.monotonic()

    def __contains__(self, seal: bytes) -> bool:
        value = np.uint64(int.from_bytes(seal, "little"))
        place = int(np.searchsorted(self._known, value))
        return place < len(self._known) and bool(self._known[place] == value)

    def add(self, seal: bytes) -> None:
        """Note an output that was proved; it is on its way to the disk within two seconds, or with the next ones."""
        self._waiting.append(seal)
        if len(self._waiting) >= _MOST_WAITING or time.monotonic() - self._written > _MOST_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting, self._written = self._waiting, [], time.monotonic()
        if self._writes and waiting:
            with suppress(OSError):
                self._append(waiting)

    def _append(self, seals: Sequence[bytes]) -> None:
        folder = self._path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._path.exists():
            _forget_old(folder)
        number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            # A run that was killed while it wrote may have left half a seal.
            torn = os.fstat(number).st_size & _ALIGNED
            os.write(number, (b"\0" * (SIZE - torn) if torn else b"") + b"".join(seals))
        finally:
            os.close(number)


def _read(path: Path) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    return np.sort(np.frombuffer(data[: len(data) & ~_ALIGNED], "<u8"))


def _forget_old(folder: Path) -> None:
    """Take away what no run has added to for more than a year: its outputs would only be proved again."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
