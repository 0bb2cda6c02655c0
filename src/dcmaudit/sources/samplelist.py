"""The list of a drawn sample, as ``sample draw`` writes it."""

from __future__ import annotations

import csv
from collections import Counter
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
    if reason := _contradiction(rows):
        raise ListError(f"{reason}: no list that dcmaudit sample draw wrote", file=str(path), hint="draw it again")
    return rows


def _contradiction(rows: list[dict[str, str]]) -> str | None:
    """What no draw writes: with a series twice, or another number of series, the bound would be that of more looks."""
    sizes: dict[str, str] = {}
    for row in rows:
        if sizes.setdefault(row["stratum"], row["series_in_stratum"]) != row["series_in_stratum"]:
            return "one kind of series has two sizes"
    drawn = Counter((row["stratum"], row["series"]) for row in rows)
    if max(drawn.values()) > 1 or len({row["filename"] for row in rows}) < len(rows):
        return "a series or an image is there twice"
    counts = Counter(stratum for stratum, _ in drawn)
    return next((f"{kind} has more series than there are" for kind in counts if counts[kind] > int(sizes[kind])), None)
