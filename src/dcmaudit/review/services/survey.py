"""One look at all files of a list: how far it is, and the pictures of each class."""

from __future__ import annotations

import threading

from dcmaudit.errors import ReviewError
from dcmaudit.model import SpreadKind
from dcmaudit.model.counts import counted
from dcmaudit.render import Signature, Spread, encode_png
from dcmaudit.review.state.classes import ClassTable


class Survey:
    """One list, sorted and looked at. Its table is filled from one thread and read from others."""

    def __init__(self, table: ClassTable) -> None:
        self.table = table
        self.is_running = False
        self.is_waiting = False
        self.stopping = threading.Event()
        self.wanted: int | None = None
        """The class that somebody looks at: it comes first."""
        self.problem: str | None = None
        """Why no detector looks, in words; None where one does."""
        self.failure: str | None = None
        self.spreads: dict[int, Spread] = {}
        self.without: set[int] = set()
        """Classes for whose pictures there was no room."""
        self.signatures: dict[int, dict[int, Signature]] = {}
        self.signed = 0
        self.planes_begun = 0
        self.former = self.unkept = 0
        """Files whose look is of an earlier start of the program, and those whose look could not be stored."""
        self.looking_again = False
        """Whether a file that was changed is looked at again."""
        self.known: ClassTable | None = None
        """The same list grouped in another way, whose looks count here, too."""

    @property
    def is_complete(self) -> bool:
        """Whether every file of the list was looked at, and no more come."""
        table = self.table
        is_through = table.through >= len(table.worklist) and not (table.changed or self.looking_again)
        return not table.worklist.growing and is_through

    @property
    def words(self) -> str:
        """How far it is, in words."""
        table, total = self.table, len(self.table.worklist)
        if self.failure is not None:
            return f"The look at the files ended early: {self.failure}"
        if self.is_waiting:
            return "Waiting for the look at another list"
        more = "" if not table.worklist.growing else " found so far"
        files = counted(total, "file")
        if table.sorted < total:
            return f"Sorted {table.sorted:,} of {files}{more}"
        words = f"Looked at {table.through:,} of {files}{more}, {counted(self.planes_begun, 'plane')}"
        if table.changed:
            words += f", {counted(table.changed, 'of them was', 'of them were')} changed since"
        if self.former:
            words += f"; of {counted(self.former, 'file')} an earlier start of the program knows what was found"
        if self.unkept:
            words += f"; what was found in {counted(self.unkept, 'file')} could not be stored"
        if self.is_complete or self.is_running:
            return words
        return f"{words}; stopped"

    def picture(self, number: int, kind: SpreadKind) -> bytes:
        """A picture of a class as PNG; ReviewError where there is none."""
        spread = self.spreads.get(number)
        if spread is None:
            raise ReviewError("there is no picture of this class yet", hint="wait until files of it were looked at")
        return encode_png(spread.picture(kind))
