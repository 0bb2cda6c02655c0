"""What a codestream carries beside its picture: decoders pass over it, and the original could hide there.

A codestream that was written anew holds what its picture needs, in the forms that lossless encoders write. One of which
nothing was asked is the original's, in which things that no decoder needs may be gone. Anything else is a fault.
"""

from __future__ import annotations

from dcmaudit.codecs import codec_for
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.errors import DicomError
from dcmaudit.verify import jpeg2000, packbits, segments
from dcmaudit.verify.deflate import fault_of_stream
from dcmaudit.verify.lossless import fault_of_lossless, fault_of_ls

_BARE_XL, _BOXED_XL = b"\xff\x0a", b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a"


def fault_of_rewritten(  # noqa: PLR0911 - one return a kind of codestream
    kind: Codestream, data: bytes, layout: PixelLayout
) -> str | None:
    """In words what stands in or behind a codestream that was written anew and is no part of its picture.

    At most one byte of padding may follow the end (PS3.5 A.4). Raises DicomError where it cannot be taken apart.
    What is inside a code block of JPEG 2000 or a section of JPEG XL is not looked into.
    """
    size = -(-layout.frame_bits // 8)
    match kind:
        case Codestream.JPEG:
            return fault_of_lossless(data)
        case Codestream.JPEG_LS:
            return fault_of_ls(data)
        case Codestream.JPEG_2000:
            return jpeg2000.fault_of_rewritten(data)
        case Codestream.RLE:
            return packbits.fault_of_rewritten(data, layout.rows * layout.columns)
        case Codestream.DEFLATED_FRAME:
            return fault_of_stream(data, size)
        case Codestream.PLAIN:
            return _behind(data, size)
        case Codestream.JPEG_XL:
            return _of_jpeg_xl(data, layout)
        case _:
            return "its codestream is of a kind that nothing is known about"


def fault_of_kept(  # noqa: PLR0911 - one return a kind of codestream
    kind: Codestream, before: bytes, data: bytes, layout: PixelLayout
) -> str | None:
    """In words what a codestream of which nothing was asked has other than its original, None for nothing."""
    # A fragment of an odd length was padded.
    if data == before or (len(before) % 2 and data == before + b"\0"):
        return None
    match kind:
        case Codestream.JPEG | Codestream.JPEG_LS:
            return segments.fault_of_kept(segments.segments(before), segments.segments(data))
        case Codestream.JPEG_2000:
            return jpeg2000.fault_of_kept(before, data)
        case Codestream.RLE:
            return packbits.fault_of_kept(before, data, layout.rows * layout.columns)
        case Codestream.JPEG_XL:
            bare = _unboxed(before)
            return None if data in {bare, bare + b"\0" * (len(bare) % 2)} else "it is another than the original's"
        case Codestream.DEFLATED_FRAME | Codestream.PLAIN:
            cut = before.startswith(data.rstrip(b"\0")) and len(data) < len(before)
            size = -(-layout.frame_bits // 8)
            fault = fault_of_stream(data, size) if kind is Codestream.DEFLATED_FRAME else _behind(data, size)
            return fault if cut else "it is another than the original's"
        case _:
            return "it is another than the original's"


def left_over(kind: Codestream, data: bytes) -> str | None:
    """In words what a codestream has that no decoder needs, its own original's or not; None for nothing.

    Raises DicomError where it cannot be taken apart.
    """
    if kind in {Codestream.JPEG, Codestream.JPEG_LS}:
        return segments.left_over(segments.segments(data))
    if kind is Codestream.JPEG_2000:
        return jpeg2000.left_over(data)
    # Its own codestream has no parser here; boxes are the one place that is known.
    if kind is Codestream.JPEG_XL:
        return None if data[:2] == _BARE_XL else "boxes around the picture"
    return None


def _behind(data: bytes, size: int) -> str | None:
    rest = data[size:]
    return None if rest in {b"", b"\0"[: size % 2]} else f"{len(rest)} bytes stand behind its end"


def _of_jpeg_xl(data: bytes, layout: PixelLayout) -> str | None:
    """A bare codestream that no decoder reads any more when its last byte is gone (ISO 18181-1)."""
    if data[:2] != _BARE_XL:
        return "it has boxes around its picture"
    codec = codec_for(Codestream.JPEG_XL)
    for cut in (data[:-1], data[:-2]):
        try:
            if codec is not None:
                codec.decode(cut, layout)
        except DicomError:
            # A padding byte behind a codestream of odd length is 00, and is all that may be unneeded.
            return None if cut == data[:-1] or data[-1:] == b"\0" else "bytes stand behind its end"
    return "bytes stand behind its end"


def _unboxed(data: bytes) -> bytes:
    """The codestream in a container of JPEG XL (ISO 18181-2)."""
    if data[:12] != _BOXED_XL:
        return data
    at, found = 12, b""
    while at + 8 <= len(data):
        length, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = at + length if length else len(data)
        if kind == b"jxlc":
            found += data[at + head : end]
        elif kind == b"jxlp":
            found += data[at + head + 4 : end]
        # A length that leads nowhere would be walked for ever.
        if end <= at:
            break
        at = end
    return found
