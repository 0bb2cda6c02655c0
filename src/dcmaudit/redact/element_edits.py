"""Which elements of one file become others: everything that asks for a change, put together."""

from __future__ import annotations

import struct

from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.header import Header
from dcmaudit.errors import RedactionError, UnsupportedError
from dcmaudit.model.redaction import RemovalReason
from dcmaudit.model.texts import tag_text
from dcmaudit.redact.draft import Draft
from dcmaudit.redact.elements.attributes import (
    DERIVATION,
    LOSSY,
    PHOTOMETRIC,
    Changes,
    NewValue,
    changes,
    transcoding_changes,
)
from dcmaudit.redact.elements.marking import METHOD, added_items, method_value
from dcmaudit.redact.elements.nested import NestedValues
from dcmaudit.redact.elements.spans import UNDEFINED, Span, Walker, data_set_start
from dcmaudit.redact.elements.strip import Stripper
from dcmaudit.redact.elements.uids import UidEdits
from dcmaudit.redact.frames.icons import icon_values
from dcmaudit.redact.frames.labels import true_labels


def spans_of(header: Header) -> dict[int, Span]:
    """Where each top-level element lies, in the order of their tags.

    RedactionError where an element occurs twice, HeaderError as of ``Walker.data_set``.
    """
    spans: dict[int, Span] = {}
    for span in Walker(header).data_set(data_set_start(header)):
        if span.tag in spans:
            raise RedactionError(
                f"the element {tag_text(span.tag)} occurs twice",
                file=header.body.name,
                hint="which of the two is shown differs from program to program",
            )
        spans[span.tag] = span
    return dict(sorted(spans.items()))


class ChangedElements:
    """What becomes of the elements of a draft.

    ``changes`` are new values of top-level elements, or None for those that are left out; ``rewritten`` are whole
    sequences inside which something changes, as they are written. Whatever is in neither is copied.
    """

    def __init__(self, draft: Draft, spans: dict[int, Span]) -> None:
        self._draft = draft
        self._header: Header = draft.header
        self._spans = spans
        self.rewritten: dict[int, bytes] = {}
        self.changes = self._found()

    @property
    def sop_instance(self) -> bytes | None:
        """The new SOP Instance UID, None where it stays."""
        value = self.changes.get(0x00080018)
        return None if value is None else value.data

    def _raw(self, tag: int) -> bytes | None:
        span = self._spans.get(tag)
        return None if span is None else self._read(span)

    def _read(self, span: Span) -> bytes:
        return self._header.body.read_at(span.value, span.value_end - span.value)

    def _found(self) -> Changes:
        spans, raw, draft = self._spans, self._raw, self._draft
        changed = changes(self._header, raw, draft.plan, strips=draft.edits.strips)
        uids = UidEdits(draft.new_uid, draft.plan.options.uids_of)
        changed |= {tag: NewValue("UI", new) for tag, new in uids.of_top_level(spans, self._read).items()}
        method = method_value(raw, draft.plan)
        changed |= {} if method is None else {METHOD: method}
        changed |= self._of_frames()
        changed |= {tag: None for tag in spans if tag & 0xFFFF == 0}  # group lengths (retired, PS3.5 7.2)
        nested = self._nested(uids, changed, icon_values(draft.parts, draft.plan, draft.painter, spans))
        if draft.stripper is not None:
            self._strip(draft.stripper, nested, spans, changed)
        for tag, span in spans.items():
            rewritten = None if tag in changed else nested.changed(span)
            if rewritten is not None:
                self.rewritten[tag] = rewritten
        for tag, items in added_items(raw, draft.plan, self._header.syntax).items():
            self._append(tag, items, changed)
        draft.written.uids = uids.used
        return changed

    def _append(self, tag: int, items: bytes, changed: Changes) -> None:
        """Put items behind those of a sequence, which is written in the form that it had."""
        span = self._spans.get(tag)
        if span is None or (tag in changed and changed[tag] is None):
            changed[tag] = NewValue("SQ", items)
            return
        # Items behind the bytes of another type would be no items.
        if span.vr not in {None, b"SQ"}:
            raise UnsupportedError(f"the sequence {tag_text(tag)} is written as another type of element")
        element = self.rewritten.get(tag)
        if element is None:
            element = self._header.body.read_at(span.start, span.end - span.start)
        size = span.value - span.start
        head, content, tail = element[:size], element[size:], b""
        if span.length == UNDEFINED:
            # New items go before the sequence delimiter.
            content, tail = content[:-8], content[-8:]
        else:
            order = "<" if self._header.syntax.little_endian else ">"
            head = head[:-4] + struct.pack(f"{order}L", len(content) + len(items))
        self.rewritten[tag] = head + content + items + tail

    def _of_frames(self) -> Changes:
        """What the header has to say of frames that are coded in another way, or always were."""
        draft, work, found = self._draft, self._draft.work, Changes()
        if work is None:
            return found
        reader = work.reader
        # See PS3.3 C.7.6.1.1.5: 01 stays with an image for ever.
        if reader.widened and any(draft.edits.touched(reader.count)):
            # what is coded exactly from now on was lossy once, and its values show it
            found[LOSSY] = NewValue("CS", b"01")
        if draft.transcode:
            found |= transcoding_changes(self._header, colour=reader.layout.samples == 3)
            note = "its JPEG process cannot be written again, so every frame is stored as lossless JPEG"
            draft.written.notes.append(note)
        elif draft.plan.blacks:
            labels, notes = true_labels(reader)
            found |= labels
            draft.written.notes += notes
        return found | self._label()

    def _strip(self, stripper: Stripper, nested: NestedValues, spans: dict[int, Span], changed: Changes) -> None:
        """Put into ``changed`` which top-level elements go, or are cut, because something could hide in them."""
        there = [span for tag, span in spans.items() if tag not in changed]
        edits = stripper.edits(nested.level(there))
        for span in there:
            edit = edits.get(span.start)
            if edit is not None:
                changed[span.tag] = NewValue((span.vr or b"UN").decode("latin-1"), edit) if edit else None
        end = max((span.end for span in spans.values()), default=0)
        # Bytes behind the last element are not copied; that they were there is told.
        if stripper.whole and end < self._header.body.size:
            rest = Span(0xFFFFFFFF, None, end, end, self._header.body.size - end, self._header.body.size)
            stripper.note(nested.level(()), rest, RemovalReason.BEHIND)

    def _label(self) -> Changes:
        """YBR_ICT becomes YBR_RCT where no frame is coded irreversibly any more (PS3.5 8.2.4)."""
        work = self._draft.work
        if work is None or work.reader.index is None or work.reader.syntax.codestream is not Codestream.JPEG_2000:
            return {}
        if work.reader.layout.photometric != "YBR_ICT" or not any(self._draft.edits.touched(work.reader.count)):
            return {}
        if work.is_reversible_after(self._draft.edits):
            return {PHOTOMETRIC: NewValue("CS", b"YBR_RCT")}
        self._draft.written.notes.append(
            "its photometric interpretation stays YBR_ICT, as the frames that did not change are coded; those that "
            "changed are coded reversibly, and say so themselves"
        )
        return {}

    def _nested(self, uids: UidEdits, changed: Changes, icons: dict[int, bytes]) -> NestedValues:
        """What changes inside of sequences: UIDs, types of frames, icons."""
        return NestedValues(
            self._header, uids, derived=DERIVATION in changed, values=icons, stripper=self._draft.stripper
        )
