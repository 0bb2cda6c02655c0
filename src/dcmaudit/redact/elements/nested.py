"""Sequences with values inside that change or go: put together again around them, every other byte as it was."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence

from dcmaudit.dicom.dictionary import standard_vr
from dcmaudit.dicom.header import Header
from dcmaudit.errors import UnsupportedError
from dcmaudit.model.limits import LEAST_OF_A_PICTURE
from dcmaudit.model.redaction import RemovalReason
from dcmaudit.model.texts import tag_text
from dcmaudit.model.vrs import LONG_VR_CODES
from dcmaudit.redact.elements.spans import UNDEFINED, Readable, Span, Walker, Window
from dcmaudit.redact.elements.strip import Level, Stripper
from dcmaudit.redact.elements.uids import UidEdits

FRAME_TYPE = 0x00089007
_CHUNK = 1 << 20
_IN_MEMORY = 256 << 20


class NestedValues:
    """Changes values at any depth inside the sequences of one data set, and leaves elements out.

    ``uids`` has new UIDs for old ones. ``derived``: value 1 of
    each FrameType becomes DERIVED (PS3.3 C.8.16.1.1), in as many bytes as it had. ``values`` are new values of
    elements by the place of the old ones in the body. ``stripper`` decides what of each item goes.
    """

    def __init__(
        self,
        header: Header,
        uids: UidEdits,
        *,
        derived: bool,
        values: Mapping[int, bytes] | None = None,
        stripper: Stripper | None = None,
    ) -> None:
        self._header = header
        self._body: Readable = header.body
        self._outer = self._walker = Walker(header)
        self._order = "<" if header.syntax.little_endian else ">"
        self._uids = uids
        self._siblings: Sequence[Span] = ()
        self._derived = derived
        self._values = values or {}
        self._stripper = stripper
        self._marks = list(uids.own)
        if derived:
            self._marks.append(struct.pack(f"{self._order}HH", FRAME_TYPE >> 16, FRAME_TYPE & 0xFFFF))

    def changed(self, span: Span) -> bytes | None:
        """The whole element with its new values, None where it stays as it is.

        UnsupportedError where it would have to change and its items cannot be read to their ends.
        """
        # Values of the top level are changed by whoever asks for it.
        if not self._outer.is_sequence(span):
            return None
        is_patched = any(span.value <= at < span.end for at in self._values)
        is_plain = self._stripper is None and not is_patched and not self._uids.takes_all
        if is_plain and not (self._marks and self._may_hold(span)):
            return None
        self._read_whole(span)
        is_loose = bool(span.tag >> 16 & 1) or span.end - span.value < LEAST_OF_A_PICTURE
        if self._uids.takes_all:  # what is named a sequence holds UIDs, however small it is
            is_loose = span.vr != b"SQ" and standard_vr(span.tag) != "SQ"
        if is_loose and not is_patched and not self._walker.fills(span):
            return None  # a value that only begins like a sequence was judged as a value
        return self._element(span, (), implicit=span.vr is None, private=False)

    def level(self, spans: Sequence[Span], path: tuple[int, ...] = (), *, private: bool = False) -> Level:
        """Elements of one level, as the stripper looks at them."""
        return Level(spans, path, self._raw, self._items, self._walks, self._order, private)

    def _read_whole(self, span: Span) -> None:
        """Look at the bytes of one element in memory: there may be 10,000 items in it."""
        size = span.end - span.start
        self._body = self._header.body
        if size <= _IN_MEMORY:
            self._body = Window(self._body.name, span.start, self._body.read_at(span.start, size))
        self._walker = Walker(self._header, self._body)

    def _raw(self, span: Span) -> bytes:
        window = self._body
        is_inside = not isinstance(window, Window) or window.start <= span.start < window.size
        return (window if is_inside else self._header.body).read_at(span.value, span.value_end - span.value)

    def _items(self, span: Span) -> Iterator[Sequence[Span]]:
        for start, end in self._walker.items(span):
            yield list(self._walker.elements(span, start, end))

    def _walks(self, span: Span) -> bool:
        return self._walker.is_sequence(span) and self._walker.fills(span)

    def _may_hold(self, span: Span) -> bool:
        longest = max(map(len, self._marks))
        pieces = (self._body.read_at(at, min(_CHUNK + longest, span.end - at))
                  for at in range(span.start, span.end, _CHUNK))  # fmt: skip
        return any(mark in piece for piece in pieces for mark in self._marks)

    def _element(self, span: Span, path: tuple[int, ...], *, implicit: bool, private: bool) -> bytes | None:
        if not self._walker.is_sequence(span) or (private and not self._walker.fills(span)):
            new = self._value(span)
            return None if new is None else self._head(span, len(new), implicit=implicit) + new
        inside, path = implicit or span.vr == b"UN", (*path, span.tag)
        private |= bool(span.tag >> 16 & 1)
        parts: list[bytes] = []
        any_new, at = False, span.value
        for start, end in self._walker.items(span):
            new, old = self._item(span, start, end, path, implicit=inside, private=private)
            any_new |= new is not None
            parts.append(old if new is None else new)
            at = self._walker.item_end(start, end)
        rest = self._body.read_at(at, span.value_end - at)
        # Bytes that belong to no item: they stay where nothing was blacked.
        if rest and self._stripper is None:
            parts.append(rest)
        elif rest and self._stripper is not None:
            any_new = True
            place = Span(span.tag, span.vr, at, at, len(rest), at + len(rest))
            self._stripper.note(self.level((), path[:-1]), place, RemovalReason.ITEMS)
        if not any_new:
            return None
        content = b"".join(parts)
        tail = self._body.read_at(span.value_end, span.end - span.value_end)
        return self._head(span, len(content), implicit=implicit) + content + tail

    def _item(
        self, span: Span, start: int, end: int, path: tuple[int, ...], *, implicit: bool, private: bool
    ) -> tuple[bytes | None, bytes]:
        """One item with its head and delimiter: changed (None where it is not), and as it is."""
        head = self._body.read_at(start - 8, 8)
        stop = self._walker.item_end(start, end)
        old = head + self._body.read_at(start, stop - start)
        inner = list(self._walker.elements(span, start, end))
        # What cannot be walked cannot be searched, and so must not pass.
        if inner and inner[-1].end != end and self._stripper is not None:
            raise UnsupportedError(
                f"an item of the sequence {tag_text(span.tag)} cannot be read to its end: nothing can be left out of it"
            )
        edits = {} if self._stripper is None else self._stripper.edits(self.level(inner, path, private=private))
        news: list[bytes | None] = []
        outer = self._siblings
        for one in inner:
            edit, self._siblings = edits.get(one.start), inner
            if edit is None:
                news.append(self._element(one, path, implicit=implicit, private=private))
            else:
                news.append(edit and self._head(one, len(edit), implicit=implicit) + edit)
        self._siblings = outer
        if all(new is None for new in news):
            return None, old
        content = b"".join(
            self._body.read_at(one.start, one.end - one.start) if new is None else new
            for one, new in zip(inner, news, strict=True)
            if one.tag & 0xFFFF  # a length of a group would not be true any more (retired, PS3.5 7.2)
        )
        # An item of undefined length keeps its delimiter.
        if stop != end:
            return head + content + self._body.read_at(end, 8), old
        return head[:4] + struct.pack(f"{self._order}L", len(content)) + content, old

    def _head(self, span: Span, length: int, *, implicit: bool) -> bytes:
        head = self._body.read_at(span.start, span.value - span.start)
        # The head says nothing of how long it is.
        if span.length == UNDEFINED:
            return head
        short = not implicit and span.vr is not None and span.vr not in LONG_VR_CODES
        return head[:-2] + struct.pack(f"{self._order}H", length) if short else \
            head[:-4] + struct.pack(f"{self._order}L", length)  # fmt: skip

    def _value(self, span: Span) -> bytes | None:
        if span.value in self._values:
            return self._values[span.value]
        new = self._uids.inside(span, self._siblings, self._raw)
        if new is not None:
            return new + b"\0" * (len(new) % 2)
        # FrameType is short; nothing else is changed here.
        if span.length > 1024:
            return None
        value = self._body.read_at(span.value, span.end - span.value)
        bare = value.strip(b" \0")
        if self._derived and span.tag == FRAME_TYPE and bare:
            first, *others = bare.split(b"\\")
            new = b"\\".join([b"DERIVED", *others])
            return None if first.strip() == b"DERIVED" else new + b" " * max(len(new) % 2, len(value) - len(new))
        return None
