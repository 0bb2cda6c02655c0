"""What the detectors need of a header: a small protocol, so that nothing here knows a DICOM library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Field = str | int | tuple[int, str, int]
"""An element: its keyword, its tag as 0xggggeeee, or (group, private creator, last two digits of the element)."""


class HeaderLike(Protocol):
    """The elements of one data set. A keyword that nobody knows is answered like an absent element."""

    def get(self, field: Field) -> tuple[str, ...] | None:
        """Every value as text: None where the element is absent, () where it is there without a value.

        A sequence gives one empty text an item.
        """
        ...

    def text(self, field: Field) -> str | None:
        """The whole value as one text, None where the element is absent or is a number without a value.

        A single value is given as it is, several as ``['A', 'B']`` (numbers without the quotes): the form that the
        deid package searches.
        """
        ...

    def items(self, field: Field) -> Sequence[HeaderLike]:
        """The items of a sequence, () where it is absent, empty or no sequence."""
        ...

    def integer(self, field: Field) -> int | None:
        """The first value as a whole number, None where there is none that is one."""
        ...
