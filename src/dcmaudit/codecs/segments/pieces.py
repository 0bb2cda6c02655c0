"""The parts of one frame's codestream that are not the picture, by marker, box or place."""

from __future__ import annotations

from dataclasses import dataclass

COMMENT, APPLICATION, BEHIND, FILL, TABLES, UNKNOWN, BOX = (
    "comment segments", "application segments", "bytes behind the picture", "fill bytes",
    "tables that nothing uses", "segments of unknown kind", "boxes beside the picture",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a codestream: ``what`` they are in words, ``number`` the n of APPn, else None."""

    what: str
    data: bytes
    number: int | None = None
