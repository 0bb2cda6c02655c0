"""Blacking rectangles of a sequential JPEG without touching any other block (Clunie and Gebow 2015).

The MCUs that a rectangle reaches are coded anew as flat blocks. Since a DC value is coded as the difference from
the block before (T.81, F.1.1.5.1), the first block of each component behind them gets a new difference; all
other entropy-coded bits, markers and restart intervals are copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dcmaudit.codecs.jpeg.markers import parse
from dcmaudit.errors import UsageError
from dcmaudit.model import Box, Size
from dcmaudit.redact.jpeg.grid import Mask, mask_boxes, touched_mcus
from dcmaudit.redact.jpeg.levels import black_levels, dc_level, decoded_value
from dcmaudit.redact.jpeg.recode import recode
from dcmaudit.redact.jpeg.rewrite import TableFullError, rewrite
from dcmaudit.redact.jpeg.room import make_room


@dataclass(frozen=True, slots=True, eq=False)
class RedactedCodestream:
    """The new codestream and what was changed in it.

    ``data`` ends with EOI and nothing behind it. ``touched`` is true for each MCU that is black now, axes (rows,
    columns) of the grid whose cells are ``mcu`` pixels. ``values`` is the sample value that each component
    decodes to in there. ``recoded`` says that a table was full, so that all blocks got new Huffman codes (and kept
    their coefficients).
    """

    data: bytes
    size: Size
    mcu: Size
    touched: Mask
    values: tuple[int, ...]
    recoded: bool

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The area that really changed, in image pixels, as boxes that do not overlap, clipped to the image."""
        return mask_boxes(self.touched, self.mcu, self.size)

    @property
    def area(self) -> int:
        """Pixels of the image that really changed."""
        return sum(box.area for box in self.boxes)


def redact_blocks(codestream: bytes, boxes: Sequence[Box], *, black: Sequence[int] | None = None) -> RedactedCodestream:
    """A codestream in which every MCU that one of the boxes reaches is flat; all else is the same, bit for bit.

    ``boxes`` are image pixels, half-open. A box is first grown by a pixel (two where a component is subsampled by
    four) in each direction in which a component is subsampled, because decoders interpolate such components over
    the edge of an MCU. ``black`` is the wanted sample value of each component as coded, see ``black_levels``;
    left out, it follows from the colour space that the codestream names. Where the quantisation table cannot
    reach 0 or the largest value exactly, the next level beyond is taken, which decoders clamp to it.
    APPn and COM segments stay as they are: ``redact.clean`` takes them out of every frame.

    Raises UsageError for no box, a box not wholly inside the image or levels that do not match the components;
    DecodeError, with the reason, for a codestream that is damaged or cannot be changed this way.
    """
    stream = parse(codestream)
    levels = tuple(black) if black is not None else black_levels(stream)
    if len(levels) != len(stream.components) or not all(0 <= v < 1 << stream.precision for v in levels):
        raise UsageError(f"{len(levels)} black levels for {len(stream.components)} components of "
                         f"{stream.precision} bits")  # fmt: skip
    touched = touched_mcus(stream, boxes)
    dc = [dc_level(value, stream.quantisation[i][0], stream.precision) for i, value in enumerate(levels)]
    values = tuple(decoded_value(q, stream.quantisation[i][0], stream.precision) for i, q in enumerate(dc))
    recoded = False
    try:
        data = rewrite(stream, touched, dc)
    except TableFullError as full:
        specs = {table: make_room(table.spec, wanted) for table, wanted in full.wanted.items()}
        data = rewrite(parse(recode(stream, specs)), touched, dc)
        recoded = True
    return RedactedCodestream(
        data=data,
        size=stream.size,
        mcu=stream.mcu,
        touched=touched,
        values=values,
        recoded=recoded,
    )
