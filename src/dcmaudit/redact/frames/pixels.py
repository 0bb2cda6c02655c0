"""The pixel data element: untouched frames byte by byte, touched ones changed, in fragments or native."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

from dcmaudit.errors import DcmauditError
from dcmaudit.redact.frame_edits import FrameEdit, FrameEdits
from dcmaudit.redact.frames.codestreams import FrameWork
from dcmaudit.redact.frames.encapsulate import BasicTable, FragmentWriter
from dcmaudit.redact.frames.native import clear_behind, patch_frame, put_rows, shared_chroma


def write_fragments(out: BinaryIO, count: int, codestreams: Iterable[bytes]) -> None:
    """Write each of ``count`` frames as one fragment behind a new Basic Offset Table, and the sequence delimiter."""
    writer = FragmentWriter(out, count, BasicTable.FILLED)
    for codestream in codestreams:
        writer.add(codestream)
    writer.finish()


def codestream_of(work: FrameWork, edit: FrameEdit, *, transcode: bool) -> bytes:
    """One frame of encapsulated pixel data as it is to be written."""
    if transcode:
        return work.transcoded(edit)
    return work.untouched(edit.frame) if edit.is_empty else work.codestream(edit)


@contextmanager
def named_frame(frame: int) -> Iterator[None]:
    """Errors that come from in here name the frame, counted from 1."""
    try:
        yield
    except DcmauditError as error:
        raise type(error)(f"frame {frame + 1}: {error.message}", file=error.file, hint=error.hint) from error


def patch_native(out: BinaryIO, at: int, work: FrameWork, edits: FrameEdits, *, blacks: bool) -> None:
    """Put the frames that change into native pixel data that were copied to ``at``.

    ``blacks``: what stands behind the last frame goes, too.
    """
    reader = work.reader
    for edit in edits.touched(reader.count):
        # Two columns share their chroma: half a pair cannot be black.
        if reader.layout.halved and edit.boxes:
            edit = replace(edit, boxes=shared_chroma(edit.boxes, reader.layout.columns))  # noqa: PLW2901
        window = work.window(edit)
        if window is None:
            patch_frame(out, at, reader, edit.frame, work.cells(edit), edit.rows)
        else:
            start = at + window.element.offset - reader.element.offset
            put_rows(out, start, window, work.cells(edit, window))
    if blacks:
        # 8-bit samples in big endian words stand in pairs the other way round (PS3.5 annex D)
        swapped = not reader.syntax.little_endian and reader.layout.bits_allocated <= 8 and reader.element.vr != "OB"
        clear_behind(out, at, reader.count * reader.layout.frame_bits, reader.element.length, swapped=swapped)
