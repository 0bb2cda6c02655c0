"""How the fields of shapes are written down: as the page has them, and in the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Written:
    """A type in the words of the page."""

    text: str


@dataclass(frozen=True, slots=True)
class Values:
    """The values of an enum as texts, or its names in small letters where ``named``."""

    of: type[Enum]
    named: bool = False


Edges = Annotated[list[int], Written("[number, number, number, number]")]
Ranges = Annotated[list[list[int]], Written("[number, number][]")]
Arguments = dict[str, object]

RectId = Annotated[str, "its name within the file"]
Key = Annotated[str, "the plane's name within the file"]
