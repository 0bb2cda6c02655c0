"""What stays the same when a file is moved: its SOP Instance UID and a digest of its pixel data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from dcmaudit.dicom.header import Header
from dcmaudit.model import Identity

_CHUNK = 1 << 20


def identity_of(header: Header) -> Identity:
    """UID and digest; the pixel data are read once, in pieces, and nothing is decoded.

    The digest covers the value of the first pixel data element: native bytes as they are, or the items of
    encapsulated data (offset table included, sequence delimiter not).
    """
    uid = header.attributes.code(0x00080018)
    if not header.pixels:
        return Identity(uid)
    digest = hashlib.sha256()
    for piece in _pieces(header):
        digest.update(piece)
    return Identity(uid, f"sha256:{digest.hexdigest()}")


def pixel_md5(header: Header) -> str | None:
    """The MD5 of the value of the first pixel data element, in hexadecimal, as answer keys of others give it; None
    where there is no such element. Not for anything that must not be forged."""
    if not header.pixels:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    for piece in _pieces(header):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(header: Header) -> Iterator[bytes]:
    element = header.pixels[0]
    end = element.offset + element.length
    if element.fragments is not None and not element.fragments.cut:
        # Without the sequence delimiter, which a copy may have to add.
        end -= 8
    for start in range(element.offset, end, _CHUNK):
        yield header.body.read_at(start, min(_CHUNK, end - start))
