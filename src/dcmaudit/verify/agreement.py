"""Whether a second decoder reads the same pixels, and why only one did where that is so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dcmaudit.codecs.codestreams import jpeg_header
from dcmaudit.codecs.second_decoders import SecondDecoder
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.second_decoders import decoded_by, first_decoder, second_decoders
from dcmaudit.errors import DicomError
from dcmaudit.verify.cells import Cells, bits_of
from dcmaudit.verify.record import Record

SECOND = "second decoder"


@dataclass(frozen=True, slots=True)
class Decoders:
    """The names of all decoders that decoded a frame and agree; ``alone`` says why there is only one."""

    names: tuple[str, ...]
    alone: str = ""


def look_again(
    record: Record, readers: tuple[FrameReader, FrameReader], frame: int, cells: Cells, play: int, number: int
) -> Decoders:
    """Ask a second decoder for the written frame, which must agree with ``cells`` up to ``play`` levels.

    ``readers`` are those of the original and of the written file, ``frame`` is the frame's number in them and
    ``number`` what it is called. A second decoder that reads the original in another way than the first one, or
    refuses it, is no judge of what was written; that is said, and never passes for agreement.
    """
    old, new = readers
    first, before = first_decoder(new), {one.name: one for one in second_decoders(old, frame)}
    reasons: list[str] = []
    for second in second_decoders(new, frame):
        fault = _fault(second, new, frame, lambda: cells, play)
        own = before.get(second.name)
        # A decoder that reads the original's frame no better is no judge: its answer says nothing about the
        # redaction.
        was = None if fault is None or own is None else _fault(own, old, frame, lambda: old.cells(frame)[0], play)
        if was is None:
            record.require(SECOND, f"frame {number + 1}", f"{second.name}: {fault}", holds=fault is None)
            return Decoders((first, second.name))
        reasons.append(f"{second.name} is no judge of it: with the original's frame, too, {was}")
        record.note(f"{reasons[-1]}; {first} reads it")
    return Decoders((first,), "; ".join(reasons) or _no_other(new, frame))


def _fault(decoder: SecondDecoder, reader: FrameReader, frame: int, own: Callable[[], Cells], play: int) -> str | None:
    """In words how the decoder's picture is another than the reader's own, None where it is the same."""
    try:
        other = decoded_by(decoder, reader, frame)
    except DicomError as error:
        return f"it fails ({error.message})"
    try:
        cells = own()
    except DicomError as error:
        return f"the first decoder says: {error.message}"
    if other.shape != cells.shape:
        return f"it makes a picture of {_size(other)} instead of {_size(cells)}"
    return None if agree(cells, other, play) else "it shows other pixels"


def _size(cells: Cells) -> str:
    return " x ".join(map(str, cells.shape))


def _no_other(reader: FrameReader, frame: int) -> str:
    if reader.index is None:
        return "no second decoder here reads native frames of single bits or in big endian"
    kind = reader.syntax.codestream
    if kind is Codestream.JPEG:
        header = jpeg_header(reader.codestream(frame))
        return f"no second decoder here reads JPEG of {header.precision} bits in this process"
    return f"no second decoder here reads {kind.value} frames of {reader.layout.bits_allocated} bits"


def agree(one: Cells, other: Cells, play: int) -> bool:
    """Whether two pictures of one shape differ by at most ``play`` levels."""
    if one.shape != other.shape:
        return False
    # Without loss the bits must be equal, those of NaN included.
    if not play:
        return bool(np.array_equal(bits_of(one), bits_of(other)))
    # Unsigned differences wrap: the larger is taken from the smaller below.
    if one.dtype != other.dtype or one.dtype.kind != "u":
        return int(np.abs(one.astype(np.int32) - other.astype(np.int32)).max(initial=0)) <= play
    return int((np.maximum(one, other) - np.minimum(one, other)).max(initial=0)) <= play
