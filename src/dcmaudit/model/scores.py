"""What became of the strings that an answer key names, in the output of any tool."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from dcmaudit.model.addresses import PlaneAddress
from dcmaudit.model.geometry import Box


class Trace(Enum):
    """What became of one string that the key names."""

    HIDDEN = "hidden"
    """No piece of it has the shape of the original."""
    IN_PART = "in part"
    """Some pieces have."""
    LEFT = "left"
    """All pieces have."""
    EMPTY = "empty"
    """The original has one value there: nothing was to be hidden."""
    NO_OUTPUT = "no output"
    """The tool wrote no file for it, or none with that plane, or none that can be compared."""


@dataclass(frozen=True, slots=True)
class StringScore:
    """What became of one string on one plane."""

    address: PlaneAddress
    box: Box
    trace: Trace


@dataclass(slots=True)
class FileScore:
    """The score of one file. Pixels are counted on all planes, outside of the places that the key names."""

    name: str
    strings: list[StringScore] = field(default_factory=list)
    unplaced: int = 0
    """Strings whose place the key does not tell, or that no plane shows: nobody judges them here."""
    pixels: int = 0
    kept: int = 0
    planes: int = 0
    unchanged: int = 0
    """Planes on which every pixel outside of the places is what it was."""
    md5_kept: bool | None = None
    """Whether the pixel data have the digest that the key asks for; None where it asks for none."""
    problem: str | None = None
    """Why the output could not be compared, or could be only in part."""
