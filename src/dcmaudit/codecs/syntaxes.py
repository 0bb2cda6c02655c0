"""Transfer syntaxes: how the data set is written, and what kind of codestream the frames are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Codestream(Enum):
    """What the frames of a transfer syntax are; the value names it to people."""

    NATIVE = "native"
    JPEG = "JPEG"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"
    JPEG_XL = "JPEG XL"
    RLE = "RLE"
    PLAIN = "uncompressed frames in items"
    DEFLATED_FRAME = "deflated frames"
    VIDEO = "video"
    REMOTE = "pixel data kept elsewhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """One transfer syntax (PS3.5 section 10, PS3.6 table A-1)."""

    uid: str
    implicit: bool = False
    little_endian: bool = True
    deflated: bool = False
    codestream: Codestream = Codestream.NATIVE
    title: str = ""
    big_endian_pixels: bool = False
    """Whether native pixel data are big endian in a data set that is not."""

    @property
    def encapsulated(self) -> bool:
        """Whether the pixel data are items of codestreams (PS3.5 A.4)."""
        return self.codestream not in {Codestream.NATIVE, Codestream.REMOTE}

    @property
    def only_lossless(self) -> bool:
        """Whether its JPEG 2000 codestreams are lossless by definition (PS3.5 A.4.4)."""
        return self.uid in _LOSSLESS_2000


_BASE = "1.2.840.10008.1.2"
IMPLICIT_LITTLE = TransferSyntax(_BASE, implicit=True, title="Implicit VR Little Endian")
EXPLICIT_LITTLE = TransferSyntax(f"{_BASE}.1", title="Explicit VR Little Endian")
EXPLICIT_BIG = TransferSyntax(f"{_BASE}.2", little_endian=False, title="Explicit VR Big Endian")

_LOSSLESS_2000 = {f"{_BASE}.4.{n}" for n in (90, 92, 201, 202)}
_NATIVE = (
    IMPLICIT_LITTLE,
    EXPLICIT_LITTLE,
    EXPLICIT_BIG,
    TransferSyntax(f"{_BASE}.1.98", codestream=Codestream.PLAIN, title="Encapsulated Uncompressed"),
    TransferSyntax(f"{_BASE}.1.99", deflated=True, title="Deflated Explicit VR Little Endian"),
    # Implicit VR Little Endian, but for the words of its pixel data.
    TransferSyntax(
        "1.2.840.113619.5.2", implicit=True, title="GE private, big endian pixel data", big_endian_pixels=True
    ),
)
_CODESTREAMS: dict[str, Codestream] = (
    {f"{_BASE}.4.{n}": Codestream.JPEG for n in range(50, 71)}
    | {f"{_BASE}.4.{n}": Codestream.JPEG_LS for n in (80, 81)}
    | {f"{_BASE}.4.{n}": Codestream.JPEG_2000 for n in (90, 91, 92, 93, 201, 202, 203)}
    | {f"{_BASE}.4.{n}": Codestream.JPEG_XL for n in (110, 111, 112)}
    | {f"{_BASE}.4.{n}": Codestream.VIDEO for n in (100, 101, 102, 103, 104, 105, 106, 107, 108)}
    | {f"{_BASE}.4.{n}.1": Codestream.VIDEO for n in (100, 101, 102, 103, 104, 105, 106)}
    | {f"{_BASE}.7.{n}": Codestream.VIDEO for n in (1, 2, 3)}
    | {f"{_BASE}.4.{n}": Codestream.REMOTE for n in (94, 95, 204, 205)}
    | {f"{_BASE}.5": Codestream.RLE, f"{_BASE}.8.1": Codestream.DEFLATED_FRAME}
)
_KNOWN = {syntax.uid: syntax for syntax in _NATIVE} | {
    # .95 and .205 (JPIP referenced) deflate the data set itself
    uid: TransferSyntax(uid, codestream=kind, deflated=uid.endswith((".95", ".205")))
    for uid, kind in _CODESTREAMS.items()
}


def transfer_syntax(uid: str) -> TransferSyntax:
    """The syntax of a UID; one that is not known is explicit little endian with frames nobody can decode.

    PS3.5 10: every syntax but the three oldest native ones is explicit little endian outside the pixel data.
    """
    return _KNOWN.get(uid, TransferSyntax(uid, codestream=Codestream.UNKNOWN))
