"""The fragments of encapsulated pixel data: untouched frames byte by byte, touched ones changed."""

from __future__ import annotations

from typing import BinaryIO

from dcmaudit.dicom.encode import BasicTable, FragmentWriter
from dcmaudit.dicom.write.codestreams import FrameWork
from dcmaudit.dicom.write.edits import FrameEdits
from dcmaudit.errors import DcmauditError


def write_fragments(out: BinaryIO, work: FrameWork, edits: FrameEdits, *, transcode: bool) -> None:
    """Write every frame as one fragment behind a new Basic Offset Table, and the sequence delimiter.

    Errors name the frame; they are those of ``FrameWork`` and of the readers.
    """
    reader = work.reader
    writer = FragmentWriter(out, reader.count, BasicTable.FILLED)
    for frame in range(reader.count):
        edit = edits.of(frame)
        try:
            if transcode:
                data = work.transcoded(edit)
            elif edit.is_empty:
                data = reader.codestream(frame)
            else:
                data = work.codestream(edit)
        except DcmauditError as error:
            raise type(error)(f"frame {frame + 1}: {error.message}", file=error.file, hint=error.hint) from error
        writer.add(data)
    writer.finish()
