"""Bytes of one input, read by position from any thread, never more than there are."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from dcmaudit.dicom.mark import Mark, mark_of
from dcmaudit.errors import SourceUnreadableError

_DIRECT = 1 << 16
"""Bytes from which on a read of a file goes to the system itself: small reads near each other want a buffer."""


class ByteSource:
    """A seekable stream with a known size. ``read_at`` may be called from several threads.

    A length field of a file that lies can ask for 4 GiB; here a read is cut to what the stream holds *before*
    memory is asked for.
    """

    def __init__(self, stream: BinaryIO, *, name: str = "") -> None:
        self._stream = stream
        self._lock = threading.Lock()
        # Of a file that is only read: what is still in the buffer of a writer the system does not know.
        is_read = isinstance(stream, (io.BufferedReader, io.FileIO))
        self._is_file = is_read and hasattr(os, "pread") and file_descriptor(stream) is not None
        self.name = name
        self.mark: Mark | None = mark_of(stream)
        """That of the bytes when they were opened; None where another process cannot tell that it has the same."""
        self.is_remote = bool(getattr(getattr(stream, "raw", stream), "is_remote", False))
        """Whether each read may be a request over a network, so that reading everything once is to be avoided."""
        try:
            self.size = stream.seek(0, io.SEEK_END)
        except OSError as error:
            raise SourceUnreadableError(f"its bytes cannot be reached: {error.strerror or 'seek failed'}",
                                        file=name) from error  # fmt: skip

    def glance_at(self, offset: int, length: int) -> bytes:
        """As ``read_at``, for a few bytes that lie alone: over a network nothing around them is fetched."""
        glance = getattr(getattr(self._stream, "raw", None), "glance", None)
        # Only readers of objects offer it: for a file a small read is one anyway.
        if glance is None or not 0 <= offset < self.size:
            return self.read_at(offset, length)
        with self._lock:
            return bytes(glance(offset, length))

    @contextmanager
    def heads(self) -> Iterator[Callable[[int], bytes] | None]:
        """A function for the eight bytes at an offset, fewer at the end, which raises OSError; None where the bytes
        are not those of a file.

        For somebody who needs thousands of them that lie far apart: nobody else reads meanwhile.
        """
        if not self._is_file:
            yield None
            return
        with self._lock:
            descriptor, pread = self._stream.fileno(), os.pread
            yield lambda offset: pread(descriptor, 8, offset)

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from ``offset`` on: ``length`` of them, or fewer where the stream ends.

        Raises SourceUnreadableError where the system cannot read, or the input was closed meanwhile.
        """
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        try:
            with self._lock:
                parts = [self._read(offset, length)]
                missing = length - len(parts[0])
                while missing and parts[-1]:  # the system or a raw stream may answer with less than asked
                    parts.append(self._read(offset + length - missing, missing))
                    missing -= len(parts[-1])
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "read failed"
            raise SourceUnreadableError(f"its bytes cannot be read: {reason}", file=self.name) from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read(self, offset: int, length: int) -> bytes:
        if self._is_file and length >= _DIRECT:
            # Past the buffer of the stream; asking a closed stream for its number raises, as reading it does.
            return os.pread(self._stream.fileno(), length, offset)
        self._stream.seek(offset)
        return self._stream.read(length)

    @property
    def descriptor(self) -> int | None:
        """The system's number of the file, where the bytes are those of a file; None elsewhere."""
        return file_descriptor(self._stream)

    def close(self) -> None:
        """Close the stream."""
        with self._lock:
            self._stream.close()


def file_descriptor(stream: BinaryIO) -> int | None:
    """The system's number of the file behind a stream, None where there is none (memory, network)."""
    return stream.fileno() if isinstance(getattr(stream, "raw", stream), io.FileIO) else None


def is_zero_from(body: ByteSource, start: int) -> bool:
    """Whether nothing but zeros stands between ``start`` and the end; over a network not more than 64 MiB are read."""
    step, most = 1 << 20, (64 << 20) if body.is_remote else body.size
    if body.size - start > most:
        return False
    return not any(body.read_at(at, step).strip(b"\0") for at in range(start, body.size, step))


class Cursor:
    """A reading position in a source, in the shape that pydicom's element generator wants."""

    def __init__(self, source: ByteSource, position: int = 0) -> None:
        self.source = source
        self.position = position
        self.cut_head = 0
        """How many bytes the last read got where the eight of an element's head were asked for; else 0."""

    @property
    def remaining(self) -> int:
        """Bytes between the position and the end."""
        return max(0, self.source.size - self.position)

    def read(self, length: int = -1) -> bytes:
        """The next bytes, fewer at the end."""
        data = self.source.read_at(self.position, self.remaining if length < 0 else length)
        self.position += len(data)
        self.cut_head = len(data) if length == 8 > len(data) else 0
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; a position behind the end is allowed and reads as nothing."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.source.size}[whence]
        self.position = max(0, base + offset)
        return self.position

    def tell(self) -> int:
        """The position."""
        return self.position
