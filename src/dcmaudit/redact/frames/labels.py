"""Header values that codestreams contradict, put right, so that what is black is black for every reader (PS3.5 8.2).

Some programs go by the header, some by the codestream. Where the two name different colours no value is black in
both; then the header says what the codestream says.
"""

from __future__ import annotations

import struct

from dcmaudit.codecs.codestreams import j2k_header, jpeg_header
from dcmaudit.codecs.jpeg.codec import is_transformed
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.errors import UnsupportedError
from dcmaudit.redact.elements.attributes import PHOTOMETRIC, PLANAR, Changes, NewValue

_BY_PIXEL = frozenset({Codestream.JPEG, Codestream.JPEG_LS, Codestream.JPEG_2000, Codestream.JPEG_XL})
_LOSSY = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
"""Frame headers of the processes whose decoders transform colours."""
SAID_RGB = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
"""The segment by which a JPEG says that its components are not transformed."""


def true_labels(reader: FrameReader) -> tuple[Changes, list[str]]:
    """What the header has to say of encapsulated colour instead, and remarks on who reads the original in which way.

    UnsupportedError where frames of one file contradict each other.
    """
    changed: Changes = {}
    notes: list[str] = []
    kind, layout = reader.syntax.codestream, reader.layout
    if layout.samples != 3 or reader.index is None or kind not in _BY_PIXEL:
        return changed, notes
    if layout.planar:
        order = "<" if reader.syntax.little_endian else ">"
        changed[PLANAR] = NewValue("US", struct.pack(f"{order}H", 0))
        notes.append(
            "PlanarConfiguration was 1 and becomes 0: codestreams hold the samples of a pixel together (PS3.5 8.2); "
            "programs that go by the header showed the original's colours in disorder"
        )
    label = _label(reader)
    if label is not None:
        changed[PHOTOMETRIC] = NewValue("CS", label.encode())
        notes.append(
            f"PhotometricInterpretation was {layout.photometric} and becomes {label}, as the codestreams are coded: "
            "programs that go by the header showed other colours than those that go by the codestream"
        )
    return changed, notes


def _label(reader: FrameReader) -> str | None:
    """The photometric interpretation that every codestream names, where the header names another one."""
    named = reader.layout.photometric
    if reader.syntax.codestream is Codestream.JPEG_2000:
        headers = [j2k_header(reader.codestream(frame)) for frame in range(reader.count)]
        transformed = [header.transformed for header in headers]
        # Only a header that says "untransformed" of a transformed codestream is wrong for sure.
        if not named.startswith("YBR_FULL") or not any(transformed):
            return None
        _require_one(set(transformed))
        return "YBR_RCT" if all(header.reversible for header in headers) else "YBR_ICT"
    if reader.syntax.codestream is not Codestream.JPEG:
        return None
    labels = {_jpeg_label(reader, frame) for frame in range(reader.count)}
    wrong = labels - {None}
    if wrong:
        _require_one(labels)
    return next(iter(wrong), None)


def _jpeg_label(reader: FrameReader, frame: int) -> str | None:
    header = jpeg_header(reader.codestream(frame))
    named = reader.layout.photometric
    if header.frame not in _LOSSY:
        return None
    if is_transformed(header, named):
        # YBR_RCT and YBR_ICT are transformations of JPEG 2000 (PS3.3 C.7.6.3.1.2): programs do not undo them here
        is_named = named.startswith("YBR_") and named not in {"YBR_RCT", "YBR_ICT"}
        return None if is_named else "YBR_FULL_422" if header.subsampled else "YBR_FULL"
    return "RGB" if named.startswith("YBR_") else None


def _require_one(found: set[str | None] | set[bool]) -> None:
    if len(found) > 1:
        raise UnsupportedError("its frames are coded in different colour spaces: no header fits them all")


def say_rgb(data: bytes) -> bytes:
    """A JPEG whose components are not transformed says so: programs that do not know the header guess otherwise."""
    header = jpeg_header(data)
    guessed = header.transform is None and not header.jfif and bytes(header.components) != b"RGB"
    if header.frame not in _LOSSY or len(header.components) != 3 or not guessed or header.subsampled:
        return data
    return data[:2] + SAID_RGB + data[2:]
