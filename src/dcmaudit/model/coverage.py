"""Which part of a plane was on the stage, as a grid of cells over it."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass, replace
from typing import Self

from dcmaudit.errors import UsageError
from dcmaudit.model.geometry import Box, Size

CELLS = 512
"""Cells along the longer side of a plane; up to this size a cell is one pixel."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Cells of a plane, each wholly covered or not covered at all; nothing in between.

    ``size`` is that of the plane in pixels. ``bits`` holds a bit a cell, row after row from the top left one (the
    lowest bit). A box covers a cell only where it holds all of its pixels, so that the union of many views never
    claims a pixel that was in none of them. It may claim less: the edges of a view on a plane larger than 512.
    """

    size: Size
    bits: int = 0

    @property
    def cell(self) -> int:
        """Edge of a cell in pixels of the plane."""
        return max(1, -(-max(self.size.width, self.size.height) // CELLS))

    @property
    def columns(self) -> int:
        """Cells in a row."""
        return -(-self.size.width // self.cell)

    @property
    def rows(self) -> int:
        """Rows of cells."""
        return -(-self.size.height // self.cell)

    def with_box(self, box: Box) -> Self:
        """The same and every cell that lies wholly in ``box`` (pixels of the plane, half-open)."""
        inside = box.clipped(self.size)
        if inside is None:
            return self
        first, last = self._cells(inside.left, inside.right, self.size.width)
        top, bottom = self._cells(inside.top, inside.bottom, self.size.height)
        # Only cells that lie wholly in the box count: half a cell may hold half a letter.
        if first >= last or top >= bottom:
            return self
        # One integer for the whole grid: joining and counting are single steps on it.
        row = ((1 << (last - first)) - 1) << first
        bits = self.bits
        for y in range(top, bottom):
            bits |= row << (y * self.columns)
        return replace(self, bits=bits)

    def without_box(self, box: Box) -> Self:
        """The same without every cell that has a pixel of ``box`` (pixels of the plane, half-open)."""
        inside = box.clipped(self.size)
        if inside is None:
            return self
        first, end = inside.left // self.cell, -(-inside.right // self.cell)
        row = ((1 << (end - first)) - 1) << first
        bits = self.bits
        for y in range(inside.top // self.cell, -(-inside.bottom // self.cell)):
            bits &= ~(row << (y * self.columns))
        return replace(self, bits=bits)

    def _cells(self, start: int, end: int, whole: int) -> tuple[int, int]:
        """The cells wholly within ``start`` to ``end``; the last one of the plane may be a narrow one."""
        return -(-start // self.cell), -(-whole // self.cell) if end >= whole else end // self.cell

    def __or__(self, other: Coverage) -> Self:
        if other.size != self.size:
            raise UsageError("coverages of planes of different sizes cannot be joined")
        return replace(self, bits=self.bits | other.bits)

    @property
    def is_complete(self) -> bool:
        """Whether every cell is covered."""
        return self.bits == (1 << (self.columns * self.rows)) - 1

    @property
    def share(self) -> float:
        """The covered share of the cells, 0 to 1."""
        return self.bits.bit_count() / (self.columns * self.rows)

    def covers(self, x: int, y: int) -> bool:
        """Whether the pixel at column ``x`` and row ``y`` of the plane is in a covered cell."""
        return bool(self.bits >> (y // self.cell * self.columns + x // self.cell) & 1)

    def coarse(self, columns: int, rows: int) -> list[str]:
        """A small map of it: ``rows`` texts of ``columns`` signs, 1 where all that lies there is covered, else 0.

        There are fewer where the plane has fewer cells.
        """
        columns, rows = min(columns, self.columns), min(rows, self.rows)
        mask = (1 << self.columns) - 1
        told = []
        for y in range(rows):
            band = mask
            # Rounded outwards, so that bands share a row of cells where they do not divide evenly: a sign says 1 only
            # where nothing that it stands for is left.
            for line in range(y * self.rows // rows, -(-(y + 1) * self.rows // rows)):
                band &= self.bits >> (line * self.columns)
            told.append("".join(str(int(self._is_full(band, x, columns))) for x in range(columns)))
        return told

    def _is_full(self, band: int, x: int, columns: int) -> bool:
        start, end = x * self.columns // columns, -(-(x + 1) * self.columns // columns)
        part = (1 << (end - start)) - 1
        return (band >> start) & part == part

    @property
    def text(self) -> str:
        """The cells as text for a database."""
        data = self.bits.to_bytes((self.columns * self.rows + 7) // 8, "little")
        return base64.b64encode(zlib.compress(data, 6)).decode("ascii")

    @classmethod
    def parse(cls, text: str, size: Size) -> Self:
        """The coverage that ``text`` was made of; UsageError where it does not fit a plane of ``size``."""
        empty = cls(size)
        length = (empty.columns * empty.rows + 7) // 8
        try:
            unpacker = zlib.decompressobj()
            # No more than fits: a damaged or made-up text must not unpack to gigabytes.
            data = unpacker.decompress(base64.b64decode(text, validate=True), length + 1)
        except (binascii.Error, ValueError, zlib.error) as error:
            raise UsageError("the note of what was seen of a plane cannot be read") from error
        bits = int.from_bytes(data, "little")
        if len(data) != length or bits >> (empty.columns * empty.rows):
            raise UsageError(f"the note of what was seen does not fit a plane of {size.width} x {size.height} pixels")
        return cls(size, bits)

    @property
    def places_left(self) -> str:
        """Where something is not covered, in words: ``top left``, ``right``; at most four places."""
        told = [
            f"{name} {side}".strip() or "middle"
            for name, line in zip(("top", "", "bottom"), self._thirds(), strict=True)
            for side, is_full in zip(("left", "", "right"), line, strict=True)
            if not is_full
        ]
        return ", ".join(told) if len(told) <= 4 else "several places"

    def _thirds(self) -> list[list[bool]]:
        lines = self.coarse(3, 3)
        lines = [lines[y * len(lines) // 3] for y in range(3)]
        return [[line[x * len(line) // 3] == "1" for x in range(3)] for line in lines]
