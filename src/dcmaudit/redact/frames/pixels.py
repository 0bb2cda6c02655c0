"""The fragments of encapsulated pixel data: untouched frames byte by byte, touched ones changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from dcmaudit.errors import DcmauditError
from dcmaudit.redact.edits import FrameEdit, FrameEdits
from dcmaudit.redact.frames.codestreams import FrameWork
from dcmaudit.redact.frames.encapsulate import BasicTable, FragmentWriter


def write_fragments(out: BinaryIO, work: FrameWork, edits: FrameEdits, *, transcode: bool) -> None:
    """Write every frame as one fragment behind a new Basic Offset Table, and the sequence delimiter.

    Errors name the frame; they are those of ``FrameWork`` and of the readers.
    """
    writer = FragmentWriter(out, work.reader.count, BasicTable.FILLED)
    for codestream in codestreams(work, edits, transcode=transcode):
        writer.add(codestream)
    writer.finish()


def codestreams(work: FrameWork, edits: FrameEdits, *, transcode: bool) -> Iterator[bytes]:
    """Every frame of encapsulated pixel data as it is to be written."""
    for frame in range(work.reader.count):
        with named_frame(frame):
            yield _codestream(work, edits.of(frame), transcode=transcode)


def _codestream(work: FrameWork, edit: FrameEdit, *, transcode: bool) -> bytes:
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
