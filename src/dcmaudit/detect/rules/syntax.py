"""What a deid recipe says, as data: the result of parsing, the input of compiling and writing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from dcmaudit.detect.header import Field
from dcmaudit.model import Box, Size

LARGEST_COORDINATE = 1_000_000
"""Rows and Columns end at 65,535; a rule may say "to the edge" with a round number, not with anything."""


class Action(Enum):
    """A criterion's verb."""

    CONTAINS = "contains"
    NOT_CONTAINS = "notcontains"
    EQUALS = "equals"
    NOT_EQUALS = "notequals"
    MISSING = "missing"
    PRESENT = "present"
    EMPTY = "empty"
    NOT_EMPTY = "notempty"

    @property
    def takes_value(self) -> bool:
        """Whether a value follows the field."""
        return self in {Action.CONTAINS, Action.NOT_CONTAINS, Action.EQUALS, Action.NOT_EQUALS}


class Join(Enum):
    """How a criterion is joined to what stands before it; the value is the sign in the file."""

    AND = "+"
    OR = "||"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question to the header. ``value`` is "" exactly where the action takes none."""

    action: Action
    field: Field
    value: str = ""


@dataclass(frozen=True, slots=True)
class CriteriaLine:
    """One line of criteria, answered from left to right; ``joins`` has one entry less than ``criteria``.

    ``lead`` is the sign that the line begins with. deid reads it and does not use it: lines are always joined with
    "and".
    """

    criteria: tuple[Criterion, ...]
    joins: tuple[Join, ...] = ()
    lead: Join | None = None
    line: int = field(default=0, compare=False)


class Named(Enum):
    """Areas that a file names without numbers; the value is the word in the file."""

    WHOLE = "all"
    REGIONS = "from:SequenceOfUltrasoundRegions"


@dataclass(frozen=True, slots=True)
class EdgeBox:
    """A CTP rectangle; a negative x or y counts from the right or bottom edge of the image."""

    x: int
    y: int
    width: int
    height: int

    def box(self, size: Size) -> Box:
        """The rectangle in the pixels of a plane of that size; it may reach outside on the right and below."""
        x = max(0, self.x + size.width) if self.x < 0 else self.x
        y = max(0, self.y + size.height) if self.y < 0 else self.y
        return Box.from_corner(x=x, y=y, width=self.width, height=self.height)


@dataclass(frozen=True, slots=True)
class Mark:
    """One line with coordinates: an area to redact, or to keep."""

    area: Box | Named | EdgeBox
    keep: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class RecipeRule:
    """One LABEL of a %filter section."""

    label: str
    group: str
    lines: tuple[CriteriaLine, ...]
    marks: tuple[Mark, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Note:
    """Something in a file that is right and perhaps not meant.

    ``idle``: that part can never do anything. ``is_section``: it is a whole section that is not about pixels.
    """

    line: int
    message: str
    idle: bool = False
    is_section: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """A whole file. ``ignored`` names the sections that say nothing about pixels (%header and others)."""

    rules: tuple[RecipeRule, ...]
    ignored: tuple[str, ...] = ()
    notes: tuple[Note, ...] = field(default=(), compare=False)


class Fault(Exception):  # noqa: N818 - collected by the parser, becomes a RuleError with all of them
    """One error in a file; line and column count from 1."""

    def __init__(self, line: int, column: int, message: str, *, is_section: bool = False) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message
        self.is_section = is_section
        """Whether a whole section is at fault, because it is not about pixels."""
