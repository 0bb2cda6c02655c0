"""One entry of a list: a name, and where the list has it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dcmaudit.errors import ListError
from dcmaudit.sources.local import path_of

_WINDOWS = "cp1252"


@dataclass(frozen=True, slots=True)
class Listed:
    """A name from a list. ``where`` names the list and the line or record; ``error`` stands for an unusable entry."""

    name: str
    where: str
    error: ListError | None = None

    def candidates(self, pacs_root: str | None) -> list[str]:
        """The paths that the name can mean, best first.

        As given (relative to the working directory), then under ``pacs_root``. A name with bytes that are no UTF-8
        is taken as these bytes first, and then as Windows-1252, the Latin-1 of spreadsheets.
        """
        names = [path_of(self.name), *_as_windows(self.name)]
        roots = [] if pacs_root is None else [pacs_root]
        below = [os.path.join(root, name) for root in roots for name in names if not os.path.isabs(name)]
        return [*names, *below]


def _as_windows(name: str) -> list[str]:
    # Equal in every encoding that is tried.
    if name.isascii():
        return []
    raw = name.encode("utf-8", "surrogateescape")
    try:
        # What is good UTF-8 was meant as UTF-8: other text hardly ever is by chance.
        raw.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return [raw.decode(_WINDOWS)]
        except UnicodeDecodeError:
            # Five bytes mean nothing in cp1252; in Latin-1 every byte means something.
            return [raw.decode("latin-1")]
    return []
