"""Codestreams into cells: one module a family, one table, nothing under the GPL.

A codec is a :class:`Codec`: what it is called, and ``decode(data, layout) -> Decoded``. It gets exactly one frame and
must look at the codestream's own header before it asks for memory (``codestreams`` does that for the JPEG
families), must refuse a codestream that ends early, and must keep every bit of the cells: bits above BitsStored
can be an overlay. It raises DecodeError, TruncatedError, HeaderError or UnsupportedError; whatever else a library
raises is translated by the caller. To add one: write the module, name it in ``_CODECS``, and give ``tests/dicom``
a codestream of it.
"""

from __future__ import annotations

from dcmaudit.codecs import deflate, jpeg2000, jpegls, jpegxl, plain, rle
from dcmaudit.codecs import quiet as _quiet  # first, so that nothing is printed while the rest is imported
from dcmaudit.codecs.base import Codec, Decoded
from dcmaudit.codecs.jpeg import codec as jpeg_codec
from dcmaudit.codecs.syntaxes import Codestream

_CODECS: dict[Codestream, Codec] = {
    Codestream.JPEG: jpeg_codec.CODEC,
    Codestream.JPEG_LS: jpegls.CODEC,
    Codestream.JPEG_2000: jpeg2000.CODEC,
    Codestream.JPEG_XL: jpegxl.CODEC,
    Codestream.RLE: rle.CODEC,
    Codestream.DEFLATED_FRAME: deflate.CODEC,
    Codestream.PLAIN: plain.CODEC,
}


def codec_for(kind: Codestream) -> Codec | None:
    """The codec of a kind of codestream, None where there is none (video, unknown)."""
    return _CODECS.get(kind)


__all__ = ["Codec", "Decoded", "codec_for"]

del _quiet
