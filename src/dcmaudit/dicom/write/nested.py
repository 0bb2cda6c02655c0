"""Values inside sequences, changed: the sequence is put together again around them, every other byte as it was."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from dcmaudit.dicom.header import Header
from dcmaudit.dicom.write.spans import LONG_VRS, UNDEFINED, Span, Walker

FRAME_TYPE = 0x00089007
_CHUNK = 1 << 20


class NestedValues:
    """Changes values at any depth inside the sequences of one data set.

    ``uids`` maps old UIDs to new ones, wherever they are the whole value of an element. ``derived``: value 1 of
    each FrameType becomes DERIVED (PS3.3 C.8.16.1.1), in as many bytes as it had.
    """

    def __init__(self, header: Header, walker: Walker, uids: Mapping[str, str], *, derived: bool) -> None:
        self._body, self._walker = header.body, walker
        self._order = "<" if header.syntax.little_endian else ">"
        self._uids = {old.encode(): new.encode() for old, new in uids.items()}
        self._derived = derived
        self._marks = list(self._uids)
        if derived:
            self._marks.append(struct.pack(f"{self._order}HH", FRAME_TYPE >> 16, FRAME_TYPE & 0xFFFF))

    def changed(self, span: Span) -> bytes | None:
        """The whole element with its new values, None where it stays as it is."""
        if not self._marks or not self._walker.is_sequence(span) or not self._may_hold(span):
            return None
        return self._element(span, implicit=span.vr is None)

    def _may_hold(self, span: Span) -> bool:
        longest = max(map(len, self._marks))
        pieces = (self._body.read_at(at, min(_CHUNK + longest, span.end - at))
                  for at in range(span.start, span.end, _CHUNK))  # fmt: skip
        return any(mark in piece for piece in pieces for mark in self._marks)

    def _element(self, span: Span, *, implicit: bool) -> bytes | None:
        if not self._walker.is_sequence(span):
            new = self._value(span)
            return None if new is None else self._head(span, len(new), implicit=implicit) + new
        inside = implicit or span.vr == b"UN"
        found = [self._item(span, start, end, implicit=inside) for start, end in self._walker.items(span)]
        if all(new is None for new, _ in found):
            return None
        content = b"".join(old if new is None else new for new, old in found)
        tail = self._body.read_at(span.value_end, span.end - span.value_end)
        return self._head(span, len(content), implicit=implicit) + content + tail

    def _item(self, span: Span, start: int, end: int, *, implicit: bool) -> tuple[bytes | None, bytes]:
        """One item with its head and delimiter: changed (None where it is not), and as it is."""
        head = self._body.read_at(start - 8, 8)
        is_open = struct.unpack(f"{self._order}L", head[4:])[0] == UNDEFINED
        stop = end + 8 if is_open else end
        old = head + self._body.read_at(start, stop - start)
        inner = list(self._walker.elements(span, start, end))
        news = [self._element(one, implicit=implicit) for one in inner]
        if all(new is None for new in news):
            return None, old
        content = b"".join(
            self._body.read_at(one.start, one.end - one.start) if new is None else new
            for one, new in zip(inner, news, strict=True)
        )
        if is_open:
            return head + content + self._body.read_at(end, 8), old
        return head[:4] + struct.pack(f"{self._order}L", len(content)) + content, old

    def _head(self, span: Span, length: int, *, implicit: bool) -> bytes:
        head = self._body.read_at(span.start, span.value - span.start)
        if span.length == UNDEFINED:
            return head
        short = not implicit and span.vr is not None and span.vr not in LONG_VRS
        return head[:-2] + struct.pack(f"{self._order}H", length) if short else \
            head[:-4] + struct.pack(f"{self._order}L", length)  # fmt: skip

    def _value(self, span: Span) -> bytes | None:
        if span.length > 1024:
            return None
        value = self._body.read_at(span.value, span.end - span.value)
        bare = value.strip(b" \0")
        if span.vr in {None, b"UI", b"UN"} and bare in self._uids:
            new = self._uids[bare]
            return new + b"\0" * (len(new) % 2)
        if self._derived and span.tag == FRAME_TYPE and bare:
            first, *others = bare.split(b"\\")
            new = b"\\".join([b"DERIVED", *others])
            return None if first.strip() == b"DERIVED" else new + b" " * max(len(new) % 2, len(value) - len(new))
        return None
