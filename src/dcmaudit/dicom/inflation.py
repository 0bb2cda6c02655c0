"""A deflated data set inflated into a temporary file (PS3.5 A.5)."""

from __future__ import annotations

import tempfile
import zlib
from typing import Any, cast

from dcmaudit.dicom.bytesource import ByteSource, is_zero_from
from dcmaudit.errors import DicomError, HeaderError, TruncatedError

INFLATED_LIMIT = 4 << 30
"""What a deflated data set may grow to: the longest value a 32-bit length can announce. It is spooled to disk."""
_SPOOL_IN_MEMORY = 16 << 20


def inflated(source: ByteSource, position: int) -> tuple[ByteSource, int]:
    """The data set behind ``position`` inflated (PS3.5 A.5) into a temporary file that holds nothing else.

    The number is how many bytes of the file lie behind it, 0 where they are zeros.
    """
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY)  # noqa: SIM115 - lives as long as the instance
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    try:
        while not unpacker.eof:
            chunk = unpacker.unconsumed_tail or source.read_at(position, 1 << 16)
            if not unpacker.unconsumed_tail:
                position += len(chunk)
            if not chunk:
                raise TruncatedError("its deflated data set ends early", file=source.name)
            piece = unpacker.decompress(chunk, 1 << 20)
            total += len(piece)
            if total > INFLATED_LIMIT:
                raise HeaderError(f"its deflated data set grows beyond {INFLATED_LIMIT >> 30} GiB", file=source.name)
            spool.write(piece)
    except zlib.error as error:
        spool.close()
        raise HeaderError("its deflated data set is damaged", file=source.name) from error
    except DicomError:
        spool.close()
        raise
    behind = position - len(unpacker.unused_data)
    # A second stream, or anything else, could follow where no reader looks.
    left = 0 if is_zero_from(source, behind) else source.size - behind
    return ByteSource(cast("Any", spool), name=source.name), left
