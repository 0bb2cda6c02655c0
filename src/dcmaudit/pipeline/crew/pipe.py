"""The parent's end of the pipe to a process: all that is there is taken from the system in one call."""

from __future__ import annotations

import os
import struct
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any

_AT_ONCE = 1 << 18
_LENGTH, _LONG = struct.Struct("!i"), struct.Struct("!Q")
"""What ``Connection.send_bytes`` puts before a message: its length, or -1 and then its length."""


class Pipe:
    """``Connection`` with a memory of what came behind the message that was asked for.

    ``Connection`` asks the system twice for a message, and once more whether there is another one: of small files
    that is most of what an answer costs. Whoever waits for the pipe itself (``select``) takes every message that
    ``has_more`` tells of, for the system knows nothing of those.
    """

    def __init__(self, end: Connection) -> None:
        self._end = end
        self._came = bytearray()
        self._next: int | None = None
        """The length of the message at the beginning, once that is known."""

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._end.fileno()

    def send(self, said: Any) -> None:
        """Say something, pickled."""
        self._end.send(said)

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    @property
    def has_more(self) -> bool:
        """Whether a whole message has come already."""
        if self._next is None:
            self._next = self._take_length()
        return self._next is not None and len(self._came) >= self._next

    def poll(self, seconds: float = 0.0) -> bool:
        """Whether something comes within that time: a message, a part of one, or the end."""
        return self.has_more or bool(connection.wait([self._end], seconds))

    def recv_bytes(self) -> bytes:
        """The next message, waited for; EOFError where the other end is closed before it is whole."""
        while not self.has_more:
            came = os.read(self._end.fileno(), _AT_ONCE)
            if not came:
                raise EOFError
            self._came += came
        size, self._next = self._next or 0, None
        data = bytes(memoryview(self._came)[:size])
        del self._came[:size]
        return data

    def _take_length(self) -> int | None:
        """Take the length of the next message off; None where not all of it has come."""
        came = self._came
        if len(came) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(came)
        taken = _LENGTH.size
        if size < 0:
            if len(came) < _LENGTH.size + _LONG.size:
                return None
            (size,) = _LONG.unpack_from(came, taken)
            taken += _LONG.size
        del came[:taken]
        return int(size)
