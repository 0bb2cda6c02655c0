"""Telling DICOM from everything else by one small read."""

from __future__ import annotations

import os
import struct
from enum import Enum

from dcmaudit.model.vrs import LONG_VR_CODES, VR_CODES
from dcmaudit.plainfile import READING, require_regular

HEAD = 512
"""Bytes that are read of each file: the preamble, the prefix and the start of the file meta information."""

DICOMDIR_CLASS = b"1.2.840.10008.1.3.10"

_ARCHIVES = (
    b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b", b"\x1f\x9d", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf'\x1c",
    b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18",
)  # fmt: skip
_ARCHIVE_SUFFIXES = (".zip", ".tar", ".iso", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
DICOM_SUFFIXES = (".dcm", ".dicom", ".ima", ".dic")
_APPLE_DOUBLE = b"\x00\x05\x16\x07"


class Content(Enum):
    """What the first bytes of a file say that it is."""

    DICOM = "DICOM"
    DICOMDIR = "DICOMDIR"
    DATABASE = "SQLite database"
    ARCHIVE = "archive"
    EMPTY = "empty file"
    OTHER = "something else"


def read_head(path: str, *, regular: bool = False) -> bytes:
    """The first ``HEAD`` bytes of a regular file, fewer where it is shorter; OSError as ``open_regular``.

    ``regular`` says that the folder already named it a regular file, which saves a question to the file system.
    """
    # Opening a pipe would wait for its other end, and opening a device may do something.
    if not regular:
        require_regular(os.stat(path))
    descriptor = os.open(path, READING)
    try:
        head = os.read(descriptor, HEAD)
        # A pipe that took the file's place gives nothing; a file system may answer with less than was asked for.
        while 0 < len(head) < HEAD:
            more = os.read(descriptor, HEAD - len(head))
            if not more:
                break
            head += more
        return head
    finally:
        os.close(descriptor)


def recognise(head: bytes, name: str = "") -> Content:
    """What a file is that begins with ``head`` (its first ``HEAD`` bytes) and is called ``name``.

    DICOM is a file with the prefix ``DICM`` behind the preamble (PS3.10 7.1), or without the preamble, or a plain
    data set that begins with group 0002 or 0008 in any of the three uncompressed encodings (PS3.5 7.1).
    """
    if not head:
        return Content.EMPTY
    # The preamble may hold anything, even the mark of a TIFF (PS3.10 7.1); only the prefix behind it counts.
    if head[128:132] == b"DICM":
        return Content.DICOMDIR if _media_storage_class(head[132:]) == DICOMDIR_CLASS else Content.DICOM
    # Without a preamble, or a bare data set, as old modalities and ACR-NEMA programs write them.
    if head[:4] == b"DICM" or _is_data_set(head):
        return Content.DICOMDIR if os.path.basename(name).upper() == "DICOMDIR" else Content.DICOM
    if head.startswith(b"SQLite format 3\x00"):
        return Content.DATABASE
    # A tar has its mark at byte 257; an ISO image has none within what is read, so that its name decides.
    if head.startswith(_ARCHIVES) or head[257:262] == b"ustar" or name.lower().endswith(_ARCHIVE_SUFFIXES):
        return Content.ARCHIVE
    return Content.OTHER


def promises_dicom(name: str, head: bytes) -> bool:
    """Whether a file that holds no DICOM says by its name that it does: a transfer that broke, not a bystander."""
    # macOS writes a companion "._NAME" beside each file on foreign volumes: it is no image and was never one.
    is_companion = os.path.basename(name).startswith("._") and head.startswith(_APPLE_DOUBLE)
    return name.lower().endswith(DICOM_SUFFIXES) and not is_companion


def _media_storage_class(meta: bytes) -> bytes | None:
    # Only a directory's own class identifier asks for the walk through the elements.
    if DICOMDIR_CLASS not in meta:
        return None
    place = 0
    while place + 8 <= len(meta):
        group, element, vr, length = struct.unpack_from("<HH2sH", meta, place)
        place += 8
        if vr in LONG_VR_CODES:
            if place + 4 > len(meta):
                return None
            (length,) = struct.unpack_from("<I", meta, place)
            place += 4
        if group != 0x0002:
            return None
        if element == 0x0002:
            return meta[place : place + length].rstrip(b"\x00 ")
        place += length
    return None


def _is_data_set(head: bytes) -> bool:
    return any(_chain(head, order, explicit=explicit) for order, explicit in (("<", True), ("<", False), (">", True)))


def _chain(head: bytes, order: str, *, explicit: bool) -> bool:
    """Whether ``head`` is a run of elements with rising tags, as far as it goes, from group 0002 or 0008 on."""
    place, before, elements = 0, (0, -1), 0
    while place + 8 <= len(head):
        tag, length, value = _element(head, place, order, explicit=explicit)
        if length is None or tag <= before or (elements == 0 and tag[0] not in {0x0002, 0x0008}):
            return False
        # Meta information is little endian in every file (PS3.10 7.1).
        if tag[0] == 0x0002 and order == ">":
            return False
        elements, before = elements + 1, tag
        if length == 0xFFFFFFFF:
            # A sequence of undefined length: its items are not followed, what came before decides.
            break
        place = value + length
    return elements > 0


def _element(head: bytes, place: int, order: str, *, explicit: bool) -> tuple[tuple[int, int], int | None, int]:
    """The tag, the length (None where this cannot be an element) and the place of the value."""
    tag = struct.unpack_from(order + "HH", head, place)
    if not explicit:
        (length,) = struct.unpack_from(order + "I", head, place + 4)
        odd = length % 2 and length != 0xFFFFFFFF
        # Nothing at the start of a data set is large, and it is even (PS3.5 7.1.1).
        return tag, None if odd or (length > 0x10000 and length != 0xFFFFFFFF) else length, place + 8
    vr = head[place + 4 : place + 6]
    if vr not in VR_CODES:
        return tag, None, place
    if vr not in LONG_VR_CODES:
        (length,) = struct.unpack_from(order + "H", head, place + 6)
        return tag, length, place + 8
    # What was read ends within this element: what came before decides.
    if place + 12 > len(head):
        return tag, 0, len(head)
    (length,) = struct.unpack_from(order + "I", head, place + 8)
    return tag, length, place + 12
