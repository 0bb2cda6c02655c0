"""The file meta information of a file that we wrote (PS3.10 7.1)."""

from __future__ import annotations

import struct
from collections.abc import Collection

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.header import Header
from dcmaudit.model.limits import LEAST_OF_A_PICTURE
from dcmaudit.model.vrs import LONG_VRS, padded

IMPLEMENTATION = "2.25.224012331466403266107938103287187540913"
"""The implementation class of dcmaudit: one of the UIDs that anybody may make from a UUID (PS3.5 B.2)."""
VERSION = "DCMAUDIT"

PRIVATE = frozenset({0x00020100, 0x00020102})
NEEDED = frozenset({0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013})
"""What a file has to say, or says of its writer."""


def roomy(header: Header) -> list[tuple[int, str, int]]:
    """Tag, VR and length of elements in which a picture could hide: private information, and what is long."""
    return [(tag, vr, length) for tag, vr, length in _lengths(header) if tag in PRIVATE or length >= LEAST_OF_A_PICTURE]


def needless(header: Header) -> list[tuple[int, str, int]]:
    """Tag, VR and length of elements that a file can do without."""
    return [(tag, vr, length) for tag, vr, length in _lengths(header) if tag not in NEEDED]


def _lengths(header: Header) -> list[tuple[int, str, int]]:
    meta = Attributes(header.meta)
    return [(tag, meta.vr(tag) or "UN", len(meta.raw(tag) or meta.code(tag) or "")) for tag in meta.tags()]


def file_meta(header: Header, syntax_uid: str, sop_instance: bytes | None, *, without: Collection[int] = ()) -> bytes:
    """The whole group 0002, its length first.

    What the original had is kept, but for the transfer syntax, a new SOP Instance UID, and the implementation, which
    names the writer of the file, and for what ``without`` names. A file without meta information gets the elements that
    PS3.10 requires.
    """
    values: dict[int, tuple[str, bytes]] = {}
    meta = Attributes(header.meta)
    for tag in set(meta.tags()) - set(without):
        data, vr = meta.raw(tag), meta.vr(tag)
        if data is None:
            text = meta.code(tag)
            # pydicom has converted it already.
            data = None if text is None else text.encode("ascii", "replace")
        if data is not None and vr is not None:
            values[tag] = (vr, data)
    attributes = header.attributes
    values[0x00020001] = ("OB", b"\0\1")
    for tag, source in ((0x00020002, 0x00080016), (0x00020003, 0x00080018)):
        uid = attributes.code(source)
        if tag not in values and uid:
            values[tag] = ("UI", uid.encode("ascii", "replace"))
    if sop_instance is not None:
        values[0x00020003] = ("UI", sop_instance)
    values[0x00020010] = ("UI", syntax_uid.encode())
    values[0x00020012] = ("UI", IMPLEMENTATION.encode())
    values[0x00020013] = ("SH", VERSION.encode())
    # Its length is that of what is written now.
    values.pop(0x00020000, None)
    body = b"".join(_element(tag, vr, data) for tag, (vr, data) in sorted(values.items()))
    return _element(0x00020000, "UL", struct.pack("<L", len(body))) + body


def _element(tag: int, vr: str, data: bytes) -> bytes:
    data = padded(data, vr)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    if vr in LONG_VRS:
        return head + b"\0\0" + struct.pack("<L", len(data)) + data
    return head + struct.pack("<H", len(data)) + data
