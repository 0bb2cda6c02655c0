"""A redacted file: every byte of the original that does not have to change, and exactly the plan's changes.

The data set is not parsed and encoded again: each element is copied as it lies in the file, but for those that
differ, the pixel data, overlays and icons. So an element that nothing here understands comes out as it went in.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.blobs import is_safe_private
from dcmaudit.dicom.bytesource import ByteSource, file_descriptor
from dcmaudit.dicom.header import Header, Kept, PixelElement
from dcmaudit.dicom.instance import Instance
from dcmaudit.dicom.overlays import ClassicOverlay
from dcmaudit.dicom.parts import Parts
from dcmaudit.errors import PlanRefusedError, RedactionError, UnsupportedError
from dcmaudit.model import OverlayAddress, PlaneKind
from dcmaudit.model.redaction import OverlayPolicy, RedactionPlan, Removal, RemovalReason
from dcmaudit.model.texts import tag_text
from dcmaudit.redact.edits import FrameEdits
from dcmaudit.redact.elements.attributes import (
    DERIVATION,
    LOSSY,
    METHODS,
    PHOTOMETRIC,
    Changes,
    NewValue,
    Raw,
    changes,
    element_bytes,
    element_head,
    transcoding_changes,
)
from dcmaudit.redact.elements.meta import file_meta, roomy
from dcmaudit.redact.elements.nested import NestedValues
from dcmaudit.redact.elements.spans import UNDEFINED, Span, Walker, data_set_start
from dcmaudit.redact.elements.strip import Stripper
from dcmaudit.redact.frames.codestreams import TRANSCODED, FrameWork
from dcmaudit.redact.frames.icons import icon_values
from dcmaudit.redact.frames.labels import true_labels
from dcmaudit.redact.frames.native import clear_behind, clear_overlay, patch_frame, put_rows, shared_chroma
from dcmaudit.redact.frames.pixels import named_frame, write_fragments
from dcmaudit.redact.paint import Painter

_CHUNK = 4 << 20
_WORTH = 1 << 20
"""Bytes from which on the system is asked to copy them."""
_SPOOL = 64 << 20


@dataclass(slots=True)
class Written:
    """What the writer did beside the plan: ``notes`` in words for the report, ``removals`` what it left out."""

    transfer_syntax_uid: str
    notes: list[str] = field(default_factory=list)
    removals: tuple[Removal, ...] = ()


def write_redacted(
    instance: Instance,
    plan: RedactionPlan,
    out: BinaryIO,
    painter: Painter,
    *,
    new_uid: Callable[[str], str] | None = None,
) -> Written:
    """Write the redacted file to ``out``, which is open for reading and writing and empty.

    ``plan`` must have no problems, else PlanRefusedError. Frames are worked on one at a time. Raises RedactionError,
    UnsupportedError or DecodeError where a plane cannot be changed exactly, HeaderError where the data set is too
    damaged to be copied; ``out`` then holds rubbish. Nothing is proved here.
    """
    if plan.problems:
        raise PlanRefusedError("; ".join(map(str, plan.problems)), file=plan.name)
    if instance.parts.header.is_mended:
        raise UnsupportedError(
            "its data set has delimiters or items where none belong, so that it can be shown and not be copied",
            hint="have another program write it anew first",
        )
    image = instance.parts.image
    if image is not None and image.index is not None and not instance.parts.header.syntax.encapsulated:
        raise UnsupportedError(
            f"its frames are {image.syntax.codestream.value} and its transfer syntax is native",
            hint="correct the transfer syntax first",
        )
    return _Writer(instance, plan, painter, new_uid).write(out)


class _Writer:
    def __init__(
        self, instance: Instance, plan: RedactionPlan, painter: Painter, new_uid: Callable[[str], str] | None
    ) -> None:
        self.parts: Parts = instance.parts
        self.header: Header = self.parts.header
        self.plan = plan
        self.new_uid = new_uid
        self.walker = Walker(self.header)
        self.painter = painter
        self.edits = FrameEdits(self.parts, plan)
        self.stripper = _stripper(plan)
        self.rewritten: dict[int, bytes] = {}
        """Sequences inside which something changes, as they are written."""
        image, self.transcode = self.parts.image, False
        self.work: FrameWork | None = None
        if image is not None:
            self.work = FrameWork(image, self.header, painter, self.parts.overlays, clean=plan.blacks)
            self.transcode = self.work.needs_transcoding(self.edits.touched(image.count))
        uid = TRANSCODED.value if self.transcode else self.header.syntax.uid
        self.written = Written(uid)

    def write(self, out: BinaryIO) -> Written:
        spans = self._spans()
        changed = self._changes(spans)
        out.write(bytes(128) + b"DICM")
        without = self._meta_without()
        out.write(file_meta(self.header, self.written.transfer_syntax_uid, _sop_instance(changed), without=without))
        if not self.header.syntax.deflated:
            self._data_set(out, spans, changed)
            self._tell()
            return self.written
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as plain:
            self._data_set(cast("BinaryIO", plain), spans, changed)
            plain.seek(0)
            _deflate(cast("BinaryIO", plain), out)
        self._tell()
        return self.written

    def _meta_without(self) -> list[int]:
        """Elements of the file meta information that are left out."""
        if self.stripper is None or not self.stripper.whole:
            return []
        found = roomy(self.header)
        for tag, vr, length in found:
            self.stripper.count((tag,), vr, length, RemovalReason.META)
        return [tag for tag, *_ in found]

    def _tell(self) -> None:
        """Put what the frames and elements told into the notes."""
        if self.stripper is not None:
            self.written.removals = self.stripper.removals
            for path, length in self.stripper.left.items():
                where = " in ".join(map(tag_text, reversed(path)))
                self.written.notes.append(f"NOT AUDITED, kept as asked (--private keep): {where}, {length} bytes")
        gone = ", ".join(sorted(self.work.extras)) if self.work is not None else ""
        if gone:
            self.written.notes.append(f"left out of the frames' codestreams: {gone}")

    def _spans(self) -> dict[int, Span]:
        spans: dict[int, Span] = {}
        for span in self.walker.data_set(data_set_start(self.header)):
            if span.tag in spans:
                raise RedactionError(
                    f"the element {tag_text(span.tag)} occurs twice",
                    file=self.plan.name,
                    hint="which of the two is shown differs from program to program",
                )
            spans[span.tag] = span
        return dict(sorted(spans.items()))

    def _changes(self, spans: dict[int, Span]) -> Changes:
        body = self.header.body

        def raw(tag: int) -> bytes | None:
            span = spans.get(tag)
            return None if span is None else body.read_at(span.value, span.value_end - span.value)

        changed = changes(self.header, raw, self.plan, new_uid=self.new_uid, strips=self.edits.strips)
        methods = spans.get(METHODS)
        if METHODS in changed and methods is not None and methods.vr not in {None, b"SQ"}:
            raise UnsupportedError("the sequence of de-identification methods is written as another type of element")
        reader = self.work.reader if self.work is not None else None
        if reader is not None and reader.widened and any(self.edits.touched(reader.count)):
            # what is coded exactly from now on was lossy once, and its values show it
            changed[LOSSY] = NewValue("CS", b"01")
        if self.transcode and self.work is not None:
            changed |= transcoding_changes(self.header, colour=self.work.reader.layout.samples == 3)
            self.written.notes.append(
                "its JPEG process cannot be written again, so every frame is stored as lossless JPEG"
            )
        if self.plan.blacks and self.work is not None and not self.transcode:
            labels, notes = true_labels(self.work.reader)
            changed |= labels
            self.written.notes += notes
        changed |= self._label()
        changed |= {tag: None for tag in spans if tag & 0xFFFF == 0}  # group lengths (retired, PS3.5 7.2)
        nested = self._nested(raw, changed, icon_values(self.parts, self.plan, self.painter, spans))
        if self.stripper is not None:
            self._strip(self.stripper, nested, spans, changed)
        for tag, span in spans.items():
            rewritten = None if tag in changed else nested.changed(span)
            if rewritten is not None:
                self.rewritten[tag] = rewritten
        return changed

    def _strip(self, stripper: Stripper, nested: NestedValues, spans: dict[int, Span], changed: Changes) -> None:
        """Put into ``changed`` which top-level elements go, or are cut, because something could hide in them."""
        there = [span for tag, span in spans.items() if tag not in changed]
        edits = stripper.edits(nested.level(there))
        for span in there:
            edit = edits.get(span.start)
            if edit is not None:
                changed[span.tag] = NewValue((span.vr or b"UN").decode("latin-1"), edit) if edit else None
        end = max((span.end for span in spans.values()), default=0)
        if stripper.whole and end < self.header.body.size:
            rest = Span(0xFFFFFFFF, None, end, end, self.header.body.size - end, self.header.body.size)
            stripper.note(nested.level(()), rest, RemovalReason.BEHIND)

    def _label(self) -> Changes:
        """YBR_ICT becomes YBR_RCT where no frame is coded irreversibly any more (PS3.5 8.2.4)."""
        work = self.work
        if work is None or work.reader.index is None or work.reader.syntax.codestream is not Codestream.JPEG_2000:
            return {}
        if work.reader.layout.photometric != "YBR_ICT" or not any(self.edits.touched(work.reader.count)):
            return {}
        if work.is_reversible_after(self.edits):
            return {PHOTOMETRIC: NewValue("CS", b"YBR_RCT")}
        self.written.notes.append(
            "its photometric interpretation stays YBR_ICT, as the frames that did not change are coded; those that "
            "changed are coded reversibly, and say so themselves"
        )
        return {}

    def _nested(self, raw: Raw, changed: Changes, icons: dict[int, bytes]) -> NestedValues:
        """What changes inside of sequences: the file's own UIDs where it refers to itself, types of frames, icons."""
        uids: dict[str, str] = {}
        for tag in self.plan.options.uids_of.tags if self.new_uid is not None else ():
            new, old = changed.get(tag), raw(tag)
            if new is not None and old is not None:
                uids[old.strip(b" \0").decode("ascii", "replace")] = new.data.decode("ascii")
        return NestedValues(self.header, uids, derived=DERIVATION in changed, values=icons, stripper=self.stripper)

    def _data_set(self, out: BinaryIO, spans: dict[int, Span], changed: Changes) -> None:
        placed: dict[int, int] = {}
        new_tags = {tag for tag, value in changed.items() if value is not None}
        for tag in sorted({*spans, *new_tags}):
            span = spans.get(tag)
            if tag in changed:
                value = changed[tag]
                if value is not None:
                    out.write(element_bytes(tag, _kept_vr(value, span), self.header.syntax))
            elif tag in self.rewritten:
                out.write(self.rewritten[tag])
            elif span is not None:
                placed[tag] = out.tell() + span.value - span.start
                self._element(out, span)
        self._patch_overlays(out, placed)
        out.seek(0, 2)

    def _element(self, out: BinaryIO, span: Span) -> None:
        pixels = self._image_element()
        if pixels is None or span.tag != pixels.tag:
            _copy(self.header.body, span.start, span.end, out)
        elif pixels.fragments is None:
            self._native(out, span)
        else:
            self._encapsulated(out, span)

    def _image_element(self) -> PixelElement | None:
        return None if self.work is None else self.work.reader.element

    def _native(self, out: BinaryIO, span: Span) -> None:
        if self.work is None:
            return
        reader = self.work.reader
        at = out.tell() + span.value - span.start
        _copy(self.header.body, span.start, span.end, out)
        for edit in self.edits.touched(reader.count):
            if reader.layout.halved and edit.boxes:
                wide = shared_chroma(edit.boxes, reader.layout.columns)
                edit = type(edit)(edit.frame, wide, edit.bits, edit.strip)  # noqa: PLW2901
            window = self.work.window(edit)
            if window is not None:
                put_rows(out, at + window.element.offset - reader.element.offset, window, self.work.cells(edit, window))
            else:
                patch_frame(out, at, reader, edit.frame, self.work.cells(edit), edit.rows)
        if self.plan.blacks:
            swapped = (
                not reader.syntax.little_endian and reader.layout.bits_allocated <= 8 and reader.element.vr != "OB"
            )
            used = reader.count * reader.layout.frame_bits
            clear_behind(out, at, used, reader.element.length, swapped=swapped)
        out.seek(0, 2)

    def _encapsulated(self, out: BinaryIO, span: Span) -> None:
        if self.work is None:
            return
        if not self.plan.blacks and not self.transcode:
            for frame in range(self.work.reader.count):
                with named_frame(frame):
                    self.work.require_readable(frame)
            _copy(self.header.body, span.start, span.end, out)
            return
        vr = "OB" if span.vr is None else span.vr.decode()
        out.write(element_head(span.tag, vr, UNDEFINED, self.header.syntax))
        write_fragments(out, self.work, self.edits, transcode=self.transcode)

    def _patch_overlays(self, out: BinaryIO, placed: dict[int, int]) -> None:
        if self.plan.options.overlays is OverlayPolicy.REMOVE:
            return
        for group in self.plan.listing.groups:
            if group.kind is not PlaneKind.OVERLAY:
                continue
            place = self.parts.overlays.places[group.number]
            common = tuple(item.box for item in self.plan.for_group(group))
            for frame in group.frames:
                own = self.plan.planes.get(OverlayAddress(group.number, frame), ())
                boxes = (*common, *(item.box for item in own))
                if boxes and isinstance(place, ClassicOverlay):
                    _require_one_piece(place)
                    clear_overlay(out, placed[group.number << 16 | 0x3000], place, frame, boxes)
            if self.plan.blacks and isinstance(place, ClassicOverlay) and not place.joined:
                tag = group.number << 16 | 0x3000
                used = (len(group.frames) - 1) * place.frame_bits + place.size.area
                length = place.value.length if isinstance(place.value, Kept) else len(place.value)
                cleared = clear_behind(out, placed[tag], used, length, swapped=place.swapped)
                if cleared > 1 and self.stripper is not None:
                    self.stripper.count((tag,), "OW", cleared, RemovalReason.OVERLAY)


def _require_one_piece(place: ClassicOverlay) -> None:
    if place.joined:
        raise UnsupportedError(
            f"OverlayData of group {place.group:04X} are in fragments, in which nothing can be blacked",
            hint="--overlays remove takes them out",
        )


def _stripper(plan: RedactionPlan) -> Stripper | None:
    """Who leaves elements out, None where nothing is to be left out."""
    if not plan.blacks and not plan.options.remove_private_bulk:
        return None
    return Stripper(plan.options.private, plan.options.icons, whole=plan.blacks, safe=is_safe_private)


def _kept_vr(value: NewValue, span: Span | None) -> NewValue:
    """In the VR that the element had: an odd writer's LT instead of ST is no reason for a change."""
    if span is None or span.vr is None or value.vr == "SQ":
        return value
    pad = b"\0" if value.vr == "UI" else b" "  # by what it is, not by the UN or OB that it is written as
    return NewValue(span.vr.decode("ascii", "replace"), value.data + pad * (len(value.data) % 2))


def _sop_instance(changed: Changes) -> bytes | None:
    value = changed.get(0x00080018)
    return None if value is None else value.data


def _copy(body: ByteSource, start: int, end: int, out: BinaryIO) -> None:
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
    out.flush()
    at, done = out.tell(), 0
    with suppress(OSError):  # other file systems, old kernels: the rest is copied here
        while piece := os.copy_file_range(source, target, end - start - done, start + done, at + done):
            done += piece
            if done == end - start:
                break
    out.seek(at + done)
    return done


def _deflate(plain: BinaryIO, out: BinaryIO) -> None:
    """The data set as a raw deflate stream, padded to an even length (PS3.5 A.5)."""
    packer = zlib.compressobj(
        1, zlib.DEFLATED, -zlib.MAX_WBITS
    )  # 6 is a third smaller at most, and takes four times as long
    total = 0
    while piece := plain.read(_CHUNK):
        total += out.write(packer.compress(piece))
    total += out.write(packer.flush())
    out.write(b"\0" * (total % 2))


__all__ = ["Written", "write_redacted"]
