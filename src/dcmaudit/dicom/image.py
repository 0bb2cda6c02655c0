"""The image of a data set: its one pixel data element that is shown, and why others are not."""

from __future__ import annotations

from dataclasses import dataclass, field

from dcmaudit.dicom.frames import FrameReader, frame_reader
from dcmaudit.dicom.header import Header
from dcmaudit.errors import DicomError, UnsupportedError


@dataclass(slots=True)
class FoundImage:
    """``missing`` are (name, reason) of frames that are not shown.

    ``is_damaged``: because the header or the bytes are wrong, not because the program lacks a decoder.
    """

    reader: FrameReader | None = None
    missing: list[tuple[str, str]] = field(default_factory=list)
    is_damaged: bool = False


def find_image(header: Header) -> FoundImage:
    """The image frames of a data set; ``reader`` is None where there are none that can be shown."""
    found = FoundImage()
    for element in header.pixels:
        if found.reader is not None:
            reason = "the data set has several pixel data elements, the first is shown"
            found.missing.append(("more pixel data", reason))
            continue
        try:
            table = header.value_of(0x7FE00001) or b""
            reader = frame_reader(header.body, element, header.attributes, header.syntax, table=table)
        except DicomError as error:
            found.is_damaged = not isinstance(error, UnsupportedError)
            hint = f" ({error.hint})" if error.hint else ""
            found.missing.append(("image frames", error.message + hint))
            continue
        found.reader = reader
        found.is_damaged = bool(reader.missing) or reader.count == 0
        found.missing.extend(("image frames that are missing", reason) for reason in reader.missing)
        if reader.count == 0 and not reader.missing:
            found.missing.append(("image frames", "the pixel data element is empty"))
    return found
