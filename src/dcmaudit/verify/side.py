"""One of the two files of a proof: its bytes, its envelope, its instance and the walk over its data set."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from dcmaudit.dicom import Instance, open_instance
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.errors import SourceUnreadableError
from dcmaudit.model import Reference
from dcmaudit.verify.dataset import DataSet
from dcmaudit.verify.envelope import Envelope, read_envelope


@dataclass(slots=True)
class Side:
    """One of the two files: its bytes, its envelope, its instance and the walk over its data set."""

    source: ByteSource
    envelope: Envelope
    instance: Instance
    data: DataSet
    start: int

    @classmethod
    def open(cls, stack: ExitStack, reference: Reference) -> Side:
        instance = stack.enter_context(open_instance(reference))
        source = ByteSource(reference.open(), name=reference.name)
        stack.callback(source.close)
        # Opened twice: both have to be the same.
        if source.mark != instance.mark:
            raise SourceUnreadableError("it changed while it was opened", file=reference.name)
        envelope = read_envelope(source)
        header = instance.parts.header
        syntax = header.syntax
        data = DataSet(header.body, implicit=syntax.implicit, little=syntax.little_endian, end=header.end)
        return cls(source, envelope, instance, data, 0 if syntax.deflated else envelope.start)

    def before_stream(self) -> bytes:
        """What stands before a deflated data set; nothing where it is not deflated, and its bytes are the file's."""
        is_deflated = self.instance.parts.header.syntax.deflated
        return self.source.read_at(0, self.envelope.start) if is_deflated else b""
