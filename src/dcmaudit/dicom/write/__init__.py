"""Writing a redacted file. Nothing here decides what to redact, and nothing here proves it."""

from dcmaudit.dicom.write.file import Written, write_redacted
from dcmaudit.dicom.write.paint import Painter

__all__ = ["Painter", "Written", "write_redacted"]
