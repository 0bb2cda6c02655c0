"""A redacted file: every byte of the original that does not have to change, and exactly the plan's changes.

The data set is not parsed and encoded again: each element is copied as it lies in the file, but for those that
differ, the pixel data, overlays and icons. So an element that nothing here understands comes out as it went in.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO, cast

from dcmaudit.dicom.instance import Instance
from dcmaudit.errors import PlanRefusedError, UnsupportedError
from dcmaudit.model.redaction import RedactionPlan, RemovalReason
from dcmaudit.model.texts import tag_text
from dcmaudit.redact.copy import copy_bytes, deflate
from dcmaudit.redact.draft import Draft, Written
from dcmaudit.redact.element_edits import ChangedElements, spans_of
from dcmaudit.redact.elements.attributes import (
    NewValue,
    element_bytes,
    element_head,
)
from dcmaudit.redact.elements.meta import file_meta, needless, roomy
from dcmaudit.redact.elements.spans import UNDEFINED, Span
from dcmaudit.redact.frames.codestreams import FrameWork
from dcmaudit.redact.frames.overlays import patch_overlays
from dcmaudit.redact.frames.pixels import patch_native, write_fragments
from dcmaudit.redact.longwriting import Divide, Division, FrameRuns, WrittenRun
from dcmaudit.redact.paint import Painter

_SPOOL = 64 << 20


def write_redacted(
    instance: Instance,
    plan: RedactionPlan,
    out: BinaryIO,
    painter: Painter,
    *,
    new_uid: Callable[[str], str] | None = None,
    divide: Divide | None = None,
) -> Written:
    """Write the redacted file to ``out``, which is open for reading and writing and empty.

    ``plan`` must have no problems, else PlanRefusedError. Frames are worked on one at a time; ``divide``: who has the
    codestreams of a long file made run by run, where another process can tell that it has the same bytes open. What is
    written is the same whoever makes them. Raises RedactionError, UnsupportedError or DecodeError where a plane cannot
    be changed exactly, HeaderError where the data set is too damaged to be copied; ``out`` then
    holds rubbish. Nothing is proved here.
    """
    if plan.problems:
        raise PlanRefusedError("; ".join(map(str, plan.problems)), file=plan.name)
    if instance.parts.header.is_mended:
        raise UnsupportedError(
            "its data set has delimiters or items where none belong, so that it can be shown and not be copied",
            hint="have another program write it anew first",
        )
    image = instance.parts.image
    # Mislabelled frames can be shown; which of the two is wrong only a person can say.
    if image is not None and image.index is not None and not instance.parts.header.syntax.encapsulated:
        raise UnsupportedError(
            f"its frames are {image.syntax.codestream.value} and its transfer syntax is native",
            hint="correct the transfer syntax first",
        )
    division = Division(instance, plan, painter, divide)
    return _Writer(Draft.of(instance, plan, painter, new_uid), division).write(out)


class _Writer:
    def __init__(self, draft: Draft, division: Division) -> None:
        self.draft, self.division = draft, division
        self.header = draft.header
        self.spans = spans_of(draft.header)
        self.elements = ChangedElements(draft, self.spans)

    def write(self, out: BinaryIO) -> Written:
        draft, written = self.draft, self.draft.written
        # An empty preamble: the original's 128 bytes could hold anything (PS3.10 7.1).
        out.write(bytes(128) + b"DICM")
        without, instance = self._meta_without(), self.elements.sop_instance
        out.write(file_meta(self.header, written.transfer_syntax_uid, instance, without=without))
        if self.header.syntax.deflated:
            with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as plain:
                self._data_set(cast("BinaryIO", plain))
                plain.seek(0)
                deflate(cast("BinaryIO", plain), out)
        else:
            self._data_set(out)
        _tell(draft)
        return written

    def _meta_without(self) -> list[int]:
        """Elements of the file meta information that are left out."""
        without = [tag for tag, *_ in needless(self.header)] if self.draft.plan.options.plain_meta else []
        if self.draft.stripper is None or not self.draft.stripper.whole:
            return without
        found = roomy(self.header)
        for tag, vr, length in found:
            self.draft.stripper.count((tag,), vr, length, RemovalReason.META)
        return [*without, *(tag for tag, *_ in found)]

    def _data_set(self, out: BinaryIO) -> None:
        spans, changed = self.spans, self.elements.changes
        placed: dict[int, int] = {}
        new_tags = {tag for tag, value in changed.items() if value is not None}
        for tag in sorted({*spans, *new_tags}):
            span = spans.get(tag)
            if tag in changed:
                value = changed[tag]
                if value is not None:
                    out.write(element_bytes(tag, _kept_vr(value, span), self.header.syntax))
            elif tag in self.elements.rewritten:
                out.write(self.elements.rewritten[tag])
            elif span is not None:
                placed[tag] = out.tell() + span.value - span.start
                self._element(out, span)
        for tag, cleared in patch_overlays(out, placed, self.draft.parts, self.draft.plan).items():
            if self.draft.stripper is not None:
                self.draft.stripper.count((tag,), "OW", cleared, RemovalReason.OVERLAY)
        out.seek(0, 2)

    def _element(self, out: BinaryIO, span: Span) -> None:
        pixels = self.draft.image_element
        if pixels is None or span.tag != pixels.tag:
            copy_bytes(self.header.body, span.start, span.end, out)
        elif pixels.fragments is None:
            self._native(out, span)
        else:
            self._encapsulated(out, span)

    def _native(self, out: BinaryIO, span: Span) -> None:
        if self.draft.work is None:
            return
        at = out.tell() + span.value - span.start
        copy_bytes(self.header.body, span.start, span.end, out)
        patch_native(out, at, self.draft.work, self.draft.edits, blacks=self.draft.plan.blacks)
        out.seek(0, 2)

    def _encapsulated(self, out: BinaryIO, span: Span) -> None:
        draft, work = self.draft, self.draft.work
        if work is None:
            return
        only_reads = not draft.plan.blacks and not draft.transcode
        runs = self._runs(work, FrameRuns(work, draft.edits, draft.transcode, only_reads))
        if only_reads:
            deque(runs, 0)
            copy_bytes(self.header.body, span.start, span.end, out)
            return
        # Encapsulated pixel data are OB (PS3.5 A.4); what the original wrote stays.
        vr = "OB" if span.vr is None else span.vr.decode()
        out.write(element_head(span.tag, vr, UNDEFINED, self.header.syntax))
        write_fragments(out, work.reader.count, chain.from_iterable(run.codestreams for run in runs))

    def _runs(self, work: FrameWork, frames: FrameRuns) -> Iterator[WrittenRun]:
        for run in self.division.runs(frames):
            work.extras.update(run.extras)
            yield run


def _tell(draft: Draft) -> None:
    """Put what the frames and elements told into the notes."""
    stripper, work, written = draft.stripper, draft.work, draft.written
    if stripper is not None:
        written.removals = stripper.removals
        for path, length in stripper.left.items():
            where = " in ".join(map(tag_text, reversed(path)))
            written.notes.append(f"NOT AUDITED, kept as asked (--private keep): {where}, {length} bytes")
    gone = ", ".join(sorted(work.extras)) if work is not None else ""
    if gone:
        written.notes.append(f"left out of the frames' codestreams: {gone}")


def _kept_vr(value: NewValue, span: Span | None) -> NewValue:
    """In the VR that the element had: an odd writer's LT instead of ST is no reason for a change."""
    if span is None or span.vr is None or value.vr == "SQ":
        return value
    pad = b"\0" if value.vr == "UI" else b" "  # by what it is, not by the UN or OB that it is written as
    return NewValue(span.vr.decode("ascii", "replace"), value.data + pad * (len(value.data) % 2))


__all__ = ["Written", "write_redacted"]
