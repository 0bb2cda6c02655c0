"""What codestreams of colour say of themselves, where the header says something else (PS3.5 8.2)."""

from __future__ import annotations

from dcmaudit.codecs.codestreams import j2k_header, jpeg_header
from dcmaudit.codecs.jpeg.codec import is_transformed
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.frames import FrameReader

_LOSSLESS = {0xC3, 0xC5, 0xC6, 0xC7, 0xF7}


def labels_of(reader: FrameReader | None) -> frozenset[str]:
    """Photometric interpretations that every codestream of the original names, and its header does not; else none."""
    if reader is None or reader.index is None or reader.layout.samples != 3:
        return frozenset()
    each = [_labels_of_one(reader, frame) for frame in range(reader.count)]
    return frozenset.intersection(*each) if each else frozenset()


def _labels_of_one(reader: FrameReader, frame: int) -> frozenset[str]:
    named, kind = reader.layout.photometric, reader.syntax.codestream
    # COD says whether components were transformed, and decoders go by it (T.800 A.6.1).
    if kind is Codestream.JPEG_2000:
        is_wrong = named.startswith("YBR_FULL") and j2k_header(reader.codestream(frame)).transformed
        return frozenset({"YBR_RCT", "YBR_ICT"}) if is_wrong else frozenset()
    if kind is not Codestream.JPEG:
        return frozenset()
    header = jpeg_header(reader.codestream(frame))
    # Lossless processes code components as they are: the header alone can say what they mean.
    if header.frame in _LOSSLESS:
        return frozenset()
    transformed = is_transformed(header, named)
    if transformed and named in {"YBR_RCT", "YBR_ICT"}:  # of JPEG 2000 alone: what is coded here is YBR_FULL
        return frozenset({"YBR_FULL_422" if header.subsampled else "YBR_FULL"})
    if transformed == named.startswith("YBR_"):
        return frozenset()
    plain = "YBR_FULL_422" if header.subsampled else "YBR_FULL"
    return frozenset({"RGB" if named.startswith("YBR_") else plain})
