"""What a database holds of a file as it came from there, for whoever works on the file to make records of.

Making records takes longer than asking for the rows. A parent that asks for many files passes the rows on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dcmaudit.model.travel import Travels


@dataclass(frozen=True, slots=True)
class PackedRects(Travels):
    """The rows of rectangles of one file, from the one table that other programs know.

    ``rows`` is JSON: a list of rows, each a list of whole numbers (``store.packed.COLUMNS``); no recognised text is in
    it. ``marks`` and ``total`` are the count and the sum that the database keeps of these rows, None where it keeps
    none; whoever unpacks them compares. ``where`` is what the database is called.
    """

    filename: str
    rows: str = field(repr=False)
    marks: int | None
    total: int | None
    where: str

    @property
    def has_rows(self) -> bool:
        """Whether there are any; where there are none, the sum may say that there were."""
        return self.rows != "[]"
