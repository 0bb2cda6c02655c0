"""Reading one object by ranges, as a stream."""

from __future__ import annotations

import io
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dcmaudit.errors import SourceUnreadableError
from dcmaudit.sources.s3.cache import BLOCK, BlockCache, Version, shared
from dcmaudit.sources.s3.client import is_missing, is_precondition, require_obstore, status_of, translated
from dcmaudit.sources.s3.waiting import waited

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from dcmaudit.sources.s3.client import Client

READ_AHEAD = 2 * 2**20
_SEQUENTIAL = 3
_ATTEMPTS = 3
_PAUSE = 0.2
_EPOCH = datetime.fromtimestamp(0, UTC)


class ObjectReader(io.RawIOBase):
    """A seekable reader over one object, which stays the object that it was when this was made.

    Reads fetch whole blocks of 64 KiB that are not in the cache, neighbouring ones in one request. A reader that
    goes straight on is served ahead, up to 2 MiB at a time. An object that was replaced meanwhile is noticed by
    its ETag: SourceUnreadableError. A connection that breaks is taken up again; SourceUnreadableError where that
    does not help. ``fetched`` and ``requests`` count what it cost. One thread at a time.
    """

    is_remote = True
    """Says to whoever reads that skipping bytes is worth some thought."""

    def __init__(self, store: Client, key: str, name: str, *, cache: BlockCache = shared) -> None:
        super().__init__()
        self._store, self._key, self._name, self._cache = store, key, name, cache
        self._position = 0
        self._next = 0
        self._run = 0
        self._lock = threading.Lock()
        self.fetched = 0
        self.requests = 0
        self._is_tagged = False
        self.modified_ns: int | None = None
        """When the object was written, in nanoseconds since 1970, as far as the server says (S3: whole seconds)."""
        self._version = self._first()

    @property
    def mark(self) -> tuple[str | int, ...] | None:
        """What tells another process that it has the same object open; None where the server has no ETags."""
        return (self._version.etag, self._version.size) if self._is_tagged else None

    @property
    def version(self) -> Version:
        """Which state of the object this reads."""
        return self._version

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is fetched. ValueError before the start."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._version.size}[whence]
        # As files do; beyond the end is allowed there, and reads nothing.
        if base + offset < 0:
            raise ValueError(f"no position before the start: {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill ``buffer`` from the position on; fewer bytes only at the end."""
        if self.closed:
            raise ValueError("the reader is closed")
        view = memoryview(buffer).cast("B")
        with self._lock:
            wanted = min(len(view), max(0, self._version.size - self._position))
            done = 0
            while done < wanted:
                number, offset = divmod(self._position, BLOCK)
                last = (self._position + wanted - done - 1) // BLOCK
                part = self._block(number, last)[offset : offset + wanted - done]
                view[done : done + len(part)] = part
                done += len(part)
                self._position += len(part)
            return done

    def glance(self, position: int, length: int) -> bytes:
        """``length`` bytes at ``position``, fewer at the end, and none besides where they are in no block held yet.

        For heads that lie far apart, whose surroundings nobody wants; the position stays. SourceUnreadableError as
        for reading.
        """
        stop = min(position + length, self._version.size)
        if position >= stop:
            return b""
        with self._lock:
            parts, number = list[bytes](), position // BLOCK
            while number * BLOCK < stop:
                block = self._cache.get(self._version, number)
                # A glance is at one small place of many: fetching the block around each would fetch the whole object.
                if block is None:
                    return self._get(position, stop)
                parts.append(block)
                number += 1
            start = position - position // BLOCK * BLOCK
            return b"".join(parts)[start : start + stop - position]

    # Fetching

    def _first(self) -> Version:
        """The first block and what the server says of the object, in one request."""
        try:
            result, data = self._asked({"range": (0, BLOCK)})
        except Exception as error:
            if status_of(error) != 416:  # no range of an empty object can be had
                raise translated(error, self._name) from None
            result, data = head_of(self._store, self._key, self._name), b""
        meta = result.meta if hasattr(result, "meta") else result
        version = Version(self._name, _etag_of(meta), int(meta["size"]))
        self._is_tagged = bool(meta["e_tag"])
        self.modified_ns = modified_ns_of(meta)
        # A proxy on the way may cut an answer short without an error.
        if len(data) != min(BLOCK, version.size):
            raise SourceUnreadableError("the server sent less than it promised", file=self._name, hint="try again")
        if data:
            self._cache.put(version, 0, data)
            self._next = 1
        return version

    def _block(self, number: int, last: int) -> bytes:
        block = self._cache.get(self._version, number)
        if block is not None:
            return block
        end = number + 1
        while end <= last and self._cache.get(self._version, end) is None:
            end += 1
        # A run of blocks that are missing is asked for at once: a request costs more than its bytes.
        end = max(end, number + self._ahead(number))
        blocks = self._fetch(number, min(end, -(-self._version.size // BLOCK)))
        self._next = number + len(blocks)
        for place, data in enumerate(blocks):
            self._cache.put(self._version, number + place, data)
        return blocks[0]

    def _ahead(self, number: int) -> int:
        """How many blocks to fetch at once: one, and more the longer the reading goes straight on."""
        self._run = self._run + 1 if number == self._next else 0
        return 1 if self._run < _SEQUENTIAL else min(2 ** (self._run - _SEQUENTIAL + 1), READ_AHEAD // BLOCK)

    def _fetch(self, first: int, end: int) -> list[bytes]:
        data = self._get(first * BLOCK, min(end * BLOCK, self._version.size))
        return [data[place : place + BLOCK] for place in range(0, len(data), BLOCK)]

    def _get(self, start: int, stop: int) -> bytes:
        """These bytes of the object that was opened; asked for again where the connection breaks."""
        for attempt in range(_ATTEMPTS):
            try:
                result, data = self._asked({"range": (start, stop), "if_match": self._version.etag or None})
            except Exception as error:
                # Half of one image and half of another must never be put together.
                if is_precondition(error) or is_missing(error):
                    raise _replaced(self._name) from None
                # A server that answered will answer the same again; only a broken connection is worth another try.
                if attempt == _ATTEMPTS - 1 or status_of(error):
                    raise translated(error, self._name) from None
            else:
                # A server that does not know If-Match says here which object it sent.
                if _etag_of(result.meta) != self._version.etag or int(result.meta["size"]) != self._version.size:
                    raise _replaced(self._name)
                if len(data) == stop - start:
                    return data
            time.sleep(_PAUSE * (attempt + 1))
        raise SourceUnreadableError("the server sent less than it promised", file=self._name, hint="try again")

    def _asked(self, options: dict[str, Any]) -> tuple[Any, bytes]:
        self.requests += 1
        result, data = waited(lambda: _got(self._store, self._key, options))
        self.fetched += len(data)
        return result, data


def head_of(store: Client, key: str, name: str) -> Any:
    """What the server says of the object, without its content; SourceNotFoundError or SourceUnreadableError."""
    try:
        return waited(lambda: require_obstore().head(store, key))
    except Exception as error:
        raise translated(error, name) from None


def _got(store: Any, key: str, options: dict[str, Any]) -> tuple[Any, bytes]:
    result = require_obstore().get(store, key, options=options)
    # The library's own buffer is no bytes object: pydicom could not use it.
    return result, bytes(result.bytes())


def _etag_of(meta: Any) -> str:
    # A server without ETags still tells when the object was written.
    return str(meta["e_tag"] or meta["last_modified"])


def modified_ns_of(meta: Any) -> int | None:
    """When the object was written, in nanoseconds since 1970; None where the server does not say."""
    written = meta["last_modified"]
    # In whole microseconds, which a number of seconds with a fraction is not exactly.
    return None if written is None else (written - _EPOCH) // timedelta(microseconds=1) * 1000


def _replaced(name: str) -> SourceUnreadableError:
    return SourceUnreadableError(
        "the object was replaced or deleted while it was read", file=name, hint="open it again to see what is there now"
    )
