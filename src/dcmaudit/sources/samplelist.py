"""The list of a drawn sample, as ``sample draw`` writes it."""

from __future__ import annotations

import csv
from io import TextIOWrapper
from pathlib import Path

from dcmaudit.errors import ListError
from dcmaudit.plainfile import open_regular

COLUMNS = ("filename", "series", "stratum", "series_in_stratum", "seed")


def rows_of(path: str | Path) -> list[dict[str, str]]:
    """The lines of a list that ``sample draw`` wrote; ListError where it is none."""
    try:
        with TextIOWrapper(open_regular(path), encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is no CSV in UTF-8"
        raise ListError(f"the list cannot be read: {reason}", file=str(path)) from error
    # An edited list would let a wrong number of series into what is concluded.
    if not rows or set(COLUMNS) - set(rows[0]) or not all((row["series_in_stratum"] or "").isdigit() for row in rows):
        raise ListError("no list that dcmaudit sample draw wrote", file=str(path))
    return rows
