"""New UIDs in the place of old ones, wherever an element holds them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dcmaudit.dicom.dictionary import is_registered, private_vr, standard_vr
from dcmaudit.errors import UnsupportedError
from dcmaudit.model.redaction import NewUids
from dcmaudit.model.texts import tag_text
from dcmaudit.redact.elements.spans import Span

CLASSES = frozenset({
    0x00020002, 0x00020010, 0x00020012, 0x00020032, 0x00041510, 0x00041512, 0x0004151A, 0x00080016, 0x0008001A,
    0x0008001B, 0x00080062, 0x0008010C, 0x00080117, 0x00080118, 0x0008040E, 0x00081150, 0x0008115A, 0x00083002,
    0x00340003, 0x04000010, 0x04000510, 0x30100052, 0x30100053,
})  # fmt: skip
"""Elements whose UIDs name a class, a transfer syntax, a coding scheme or a resource, and nothing of anybody's."""
_LONGEST = 1 << 20
_LONGEST_SHORT = 0xFFFE
_LONGEST_UNKNOWN = 1024
_UID = rb"[0-2](?:\.(?:0|[1-9][0-9]*)){5,}"
_UIDS = re.compile(rb"%b(?:\\%b)*" % (_UID, _UID))
"""Six numbers and more: fewer are as likely a version or an address."""

Read = Callable[[Span], bytes]


@dataclass(slots=True)
class UidEdits:
    """What becomes of the UIDs of one file. ``new_uid`` None: they stay.

    ``own`` are the UIDs of the top level with the new ones, and ``used`` whatever was replaced anywhere.
    """

    new_uid: Callable[[str], str] | None
    kind: NewUids
    own: dict[bytes, bytes] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)

    @property
    def takes_all(self) -> bool:
        """Whether UIDs change in every element that holds one."""
        return self.new_uid is not None and self.kind is NewUids.ALL

    def of_top_level(self, spans: Mapping[int, Span], read: Read) -> dict[int, bytes]:
        """The new values of elements of the top level, by tag, without padding."""
        if self.new_uid is None:
            return {}
        found: dict[int, bytes] = {}
        for tag in self.kind.tags:
            if tag in spans and (old := _bare(read(spans[tag]))):
                found[tag] = self._new(old)
                self.own[old] = found[tag]
        # The file's own UIDs alone, wherever they stand.
        if self.kind is not NewUids.ALL:
            return found
        level = list(spans.values())
        for tag, span in spans.items():
            if tag not in found and self.is_uid(span, level, read):
                values = _parts(read(span))
                if any(self._changes(value) for value in values):
                    self.own |= {value: self._new(value) for value in values if self._changes(value)}
                    found[tag] = self._joined(span, values)
        for tag, span in spans.items():
            if tag not in found and (new := self.copied(span, read)) is not None:
                found[tag] = new
        return found

    def inside(self, span: Span, level: Iterable[Span], read: Read) -> bytes | None:
        """The new value of an element in an item, None where it stays; ``level`` are the elements of the item."""
        if self.new_uid is None:
            return None
        if self.takes_all and self.is_uid(span, level, read):
            values = _parts(read(span))
            return self._joined(span, values) if any(self._changes(value) for value in values) else None
        return self.copied(span, read)

    def is_uid(self, span: Span, level: Iterable[Span], read: Read) -> bool:
        """Whether an element holds UIDs that are somebody's: by its VR, by what the dictionaries say of it, or, where
        nobody knows, by what it holds."""
        if span.tag in CLASSES or span.length > _LONGEST:
            return False
        if span.vr not in {None, b"UN"}:
            return span.vr == b"UI"
        known = standard_vr(span.tag) if not span.tag >> 16 & 1 else self._private_vr(span, level, read)
        # A dictionary knows the element, whatever the writer did.
        if known is not None and known != "UN":
            return known == "UI"
        return span.length <= _LONGEST_UNKNOWN and _UIDS.fullmatch(_bare(read(span))) is not None

    @staticmethod
    def _private_vr(span: Span, level: Iterable[Span], read: Read) -> str | None:
        creator = span.tag & 0xFFFF0000 | (span.tag & 0xFFFF) >> 8
        names = [read(one).strip(b" \0").decode("latin-1") for one in level if one.tag == creator and one.length <= 64]
        return private_vr(span.tag, names[0]) if names else None

    def copied(self, span: Span, read: Read) -> bytes | None:
        """The new value of an element that holds one of the file's own UIDs and nothing else."""
        if span.vr not in {None, b"UI", b"UN"} or span.length > 1024 or not self.own:
            return None
        return self.own.get(_bare(read(span)))

    def _changes(self, value: bytes) -> bool:
        return bool(value) and (value in self.own or not is_registered(value.decode("ascii", "replace")))

    def _new(self, old: bytes) -> bytes:
        if self.new_uid is None:
            return old
        text = old.decode("ascii", "replace")
        new = self.used[text] = self.new_uid(text)
        return new.encode("ascii")

    def _joined(self, span: Span, values: list[bytes]) -> bytes:
        new = b"\\".join(self._new(value) if self._changes(value) else value for value in values)
        # UI has a length of two bytes (PS3.5 7.1.2).
        if span.vr is not None and span.vr != b"UN" and len(new) > _LONGEST_SHORT:
            raise UnsupportedError(f"the new UIDs of {tag_text(span.tag)} are too many for one element")
        return new


def _bare(value: bytes) -> bytes:
    return value.strip(b" \0")


def _parts(value: bytes) -> list[bytes]:
    return [_bare(part) for part in value.split(b"\\")]
