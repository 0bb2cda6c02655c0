"""The files that a DICOMDIR names (PS3.3 F, PS3.10 8): a reader of its directory records and nothing else.

Ours because pydicom holds every record of a DICOMDIR at once, and because this room knows no DICOM library.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from dcmaudit.errors import ListError
from dcmaudit.model.texts import with_bytes_told
from dcmaudit.model.vrs import LONG_VR_CODES
from dcmaudit.plainfile import open_regular
from dcmaudit.sources.listed import Listed

_REFERENCED_FILE_ID = (0x0004, 0x1500)
_RECORDS = (0x0004, 0x1220)
_ITEM = (0xFFFE, 0xE000)
_ITEM_END = (0xFFFE, 0xE00D)
_SEQUENCE_END = (0xFFFE, 0xE0DD)
_UNDEFINED = 0xFFFFFFFF
_EXPLICIT_LITTLE, _IMPLICIT_LITTLE, _EXPLICIT_BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
_FILE_ID_LIMIT = 8 * 17
_DEPTH = 16


def dicomdir_names(path: str) -> Iterator[Listed]:
    """The files of every directory record that references one, in the order of the records in the file.

    Inactive records are read too: the file may still be there. File IDs are relative to the DICOMDIR's folder; a
    component is taken as written, else in whatever case the file system has it. Records whose file ID leads out
    of that folder come out with an ``error``. ListError where the bytes end early, contradict themselves, or use
    an encoding that PS3.10 8.6 does not allow and no known writer uses; OSError where the file cannot be read.
    """
    name = with_bytes_told(path)
    folder = os.path.dirname(path)
    _by_lower_case.cache_clear()
    with open_regular(path) as stream:
        reader = _Reader(stream, name)
        for number, file_id in enumerate(reader.file_ids(), start=1):
            where = f"{name} file {number}"
            # The components of a file ID are the values of one CS element, divided by backslashes and padded (PS3.10
            # 8.2).
            parts = [part.strip(" \x00") for part in file_id.split("\\")]
            # A DICOMDIR comes with a disc from anywhere: what it names must lie below it.
            if any(part in {"", ".", ".."} or "/" in part or "\0" in part for part in parts):
                error = ListError("a file ID that is empty or leads out of the folder of the DICOMDIR", file=where)
                yield Listed(name, where, error)
            else:
                yield Listed(_in_any_case(folder, parts), where)


def _in_any_case(folder: str, parts: list[str]) -> str:
    exact = os.path.join(folder, *parts)
    if os.path.lexists(exact):
        return exact
    place = folder
    for part in parts:
        entries = _by_lower_case(place)
        # Drivers of ISO 9660 show lower case, a version, or the dot of an empty extension; the standard's IDs are
        # capitals.
        names = (part.lower(), part.lower() + ";1", part.lower() + ".;1")
        # The part as it stands where nothing fits: the error then names what the DICOMDIR says.
        place = os.path.join(place, next((entries[name] for name in names if name in entries), part))
    return place if os.path.lexists(place) else exact


@lru_cache(maxsize=32)
def _by_lower_case(folder: str) -> dict[str, str]:
    """The entries of a folder by their names in lower case; nothing where it cannot be listed.

    Discs are mounted and copied in lower case, or with the version suffix of ISO 9660.
    """
    try:
        return {name.lower(): name for name in sorted(os.listdir(folder), reverse=True)}
    except OSError:
        return {}


@dataclass(frozen=True, slots=True)
class _Element:
    tag: tuple[int, int]
    length: int
    is_sequence: bool


class _Reader:
    """Walks the elements one after the other; values that are not wanted are skipped, never read."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._size = os.fstat(stream.fileno()).st_size
        self._order, self._explicit = "<", True

    def file_ids(self) -> Iterator[str]:
        self._start()
        while self._stream.tell() < self._size:
            element = self._element()
            if element.tag == _RECORDS:
                yield from self._items(element.length)
                return
            self._skip(element)

    def _start(self) -> None:
        head = self._stream.read(132)
        if head[128:132] != b"DICM":
            # Written without its preamble, or without any meta information, by old programs.
            self._stream.seek(4 if head[:4] == b"DICM" else 0)
            self._guess_encoding()
            return
        syntax = self._transfer_syntax()
        if syntax not in {_EXPLICIT_LITTLE, _IMPLICIT_LITTLE, _EXPLICIT_BIG}:
            hint = "allowed: explicit VR little endian; also read: implicit VR, and explicit VR big endian"
            raise ListError("a DICOMDIR in a transfer syntax that is not allowed", file=self._name, hint=hint)
        self._guess_encoding()

    def _transfer_syntax(self) -> str:
        syntax = ""
        # The length in (0002,0000) is often wrong or missing; the group number of each element is not.
        while self._peek_group() == 0x0002:
            element = self._element()
            if element.tag == (0x0002, 0x0010) and element.length <= 64:
                syntax = self._bytes(element.length).rstrip(b"\x00 ").decode("ascii", "replace")
            else:
                self._skip(element)
        return syntax

    def _guess_encoding(self) -> None:
        # What the data set looks like is surer than what the meta information says of it.
        place = self._stream.tell()
        start = self._stream.read(6)
        self._stream.seek(place)
        if len(start) < 6:
            return
        # The first group of a data set is 0004 or 0008: in the wrong byte order it is 0400 or 0800.
        self._order = "<" if struct.unpack("<H", start[:2])[0] < 0x0100 else ">"
        # Capitals there are a VR; in implicit VR they would be the length of the first element, which is small.
        self._explicit = start[4:6].isalpha() and start[4:6].isupper()

    def _peek_group(self) -> int | None:
        place = self._stream.tell()
        start = self._stream.read(2)
        self._stream.seek(place)
        return int.from_bytes(start, "little") if len(start) == 2 else None

    def _items(self, length: int) -> Iterator[str]:
        """The file IDs of the directory records in a sequence whose value starts here."""
        end = self._end(length)
        while self._stream.tell() < end:
            item = self._element()
            # Only a sequence of undefined length has this item (PS3.5 7.5.2).
            if item.tag == _SEQUENCE_END:
                return
            if item.tag != _ITEM:
                raise self._damaged("something between the items of the directory records")
            item_end = self._end(item.length)
            while self._stream.tell() < item_end:
                element = self._element()
                # Only an item of undefined length is ended by it (PS3.5 7.5.1).
                if element.tag == _ITEM_END:
                    break
                # A record without a file (patient, study, series) has the element empty or not at all (PS3.3
                # F.3.2.2).
                if element.tag == _REFERENCED_FILE_ID and 0 < element.length <= _FILE_ID_LIMIT:
                    # Not only the characters of a CS are met there, and a byte more must not end the reading.
                    yield self._bytes(element.length).decode("latin-1").rstrip("\x00 ")
                else:
                    self._skip(element)

    def _end(self, length: int) -> int:
        # An undefined length ends where its delimiter stands, at the latest with the file.
        return self._size if length == _UNDEFINED else self._stream.tell() + length

    def _element(self) -> _Element:
        group, element = struct.unpack(self._order + "HH", self._bytes(4))
        tag = (group, element)
        # Items and delimiters have no VR in any transfer syntax (PS3.5 7.5).
        if group == 0xFFFE or not self._explicit:
            (length,) = struct.unpack(self._order + "I", self._bytes(4))
            return self._checked(_Element(tag, length, length == _UNDEFINED))
        vr = self._bytes(2)
        if vr in LONG_VR_CODES:
            # Two reserved bytes stand between these VRs and their 32-bit length (PS3.5 7.1.2).
            self._bytes(2)
            (length,) = struct.unpack(self._order + "I", self._bytes(4))
        else:
            (length,) = struct.unpack(self._order + "H", self._bytes(2))
        return self._checked(_Element(tag, length, vr == b"SQ" or length == _UNDEFINED))

    def _checked(self, element: _Element) -> _Element:
        # Records and their items are walked into: what is there of them is read before the missing rest is told.
        is_walked = element.tag in {_RECORDS, _ITEM}
        if element.length != _UNDEFINED and not is_walked and self._stream.tell() + element.length > self._size:
            group, number = element.tag
            raise self._damaged(f"({group:04X},{number:04X}) says {element.length} bytes, more than there are")
        return element

    def _skip(self, element: _Element, depth: int = 0) -> None:
        if element.length != _UNDEFINED:
            self._stream.seek(element.length, os.SEEK_CUR)
            return
        # A file that was made to nest for ever must not end the program by its stack.
        if depth > _DEPTH:
            raise self._damaged("sequences nested too deeply")
        ends = {_SEQUENCE_END, _ITEM_END}
        while (inner := self._element()).tag not in ends:
            self._skip(inner, depth + 1)

    def _bytes(self, count: int) -> bytes:
        read = self._stream.read(count)
        if len(read) < count:
            raise self._damaged("it ends in the middle of an element")
        return read

    def _damaged(self, what: str) -> ListError:
        hint = "files named after this point are missing; name the folder itself, recursively, to find them"
        return ListError(f"a damaged DICOMDIR: {what}", file=self._name, hint=hint)
