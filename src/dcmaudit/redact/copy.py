"""Bytes of the original into the new file, unchanged; and a data set deflated."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from typing import BinaryIO

from dcmaudit.dicom.bytesource import ByteSource, file_descriptor

_CHUNK = 4 << 20
_WORTH = 1 << 20
"""Bytes from which on the system is asked to copy them."""


def copy_bytes(body: ByteSource, start: int, end: int, out: BinaryIO) -> None:
    """Write the bytes of ``body`` from ``start`` to ``end``."""
    start += _copied_by_system(body, start, end, out)
    for at in range(start, end, _CHUNK):
        piece = body.read_at(at, min(_CHUNK, end - at))
        out.write(piece)
        if len(piece) < min(_CHUNK, end - at):
            # A value that the file cuts short was named before; it stays as short as it is.
            return


def _copied_by_system(body: ByteSource, start: int, end: int, out: BinaryIO) -> int:
    """Bytes that the system copied from file to file by itself; 0 where it cannot, or where they are few."""
    source, target = body.descriptor, file_descriptor(out)
    if source is None or target is None or end - start < _WORTH or not hasattr(os, "copy_file_range"):
        return 0
    # The system copies behind what the buffer still holds.
    out.flush()
    at, done = out.tell(), 0
    with suppress(OSError):  # other file systems, old kernels: the rest is copied here
        while piece := os.copy_file_range(source, target, end - start - done, start + done, at + done):
            done += piece
            if done == end - start:
                break
    out.seek(at + done)
    return done


def deflate(plain: BinaryIO, out: BinaryIO) -> None:
    """The data set as a raw deflate stream, padded to an even length (PS3.5 A.5)."""
    # level 6 is a third smaller at most, and takes four times as long
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    total = 0
    while piece := plain.read(_CHUNK):
        total += out.write(packer.compress(piece))
    total += out.write(packer.flush())
    out.write(b"\0" * (total % 2))
