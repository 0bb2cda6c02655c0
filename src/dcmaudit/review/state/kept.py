"""What the policy of a release keeps of what is stored: it is outlined, and never black."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dcmaudit.model.records import RectId, RectRow
from dcmaudit.review.state.open_file import OpenFile


class Keeps(Protocol):
    """A policy, as far as it concerns stored readings. ``noted`` is what finishing a file with these rows notes."""

    def noted(self, rows: Sequence[RectRow]) -> str: ...
    def kept(self, rows: Sequence[RectRow]) -> dict[RectId, str]:
        """Which rows of one file it keeps, each with what kind of text that is."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    rects: Sequence[RectRow]
    keeps: Keeps
    ids: dict[RectId, str]


_KNOWN: weakref.WeakKeyDictionary[OpenFile, _Kept] = weakref.WeakKeyDictionary()


def kept_rows(keeps: Keeps | None, file: OpenFile) -> dict[RectId, str]:
    """The rows of the open file that are kept, each with its kind; worked out once for every state of the marks."""
    if keeps is None:
        return {}
    known = _KNOWN.get(file)
    if known is None or known.rects is not file.rects or known.keeps is not keeps:
        known = _KNOWN[file] = _Kept(file.rects, keeps, keeps.kept(file.rects))
    return known.ids


def black_rows(keeps: Keeps | None, file: OpenFile) -> Sequence[RectRow]:
    """The rows that are black on the page: a rectangle may be stored at the place of one that is kept."""
    kept = kept_rows(keeps, file)
    return [row for row in file.rects if row.id not in kept] if kept else file.rects
