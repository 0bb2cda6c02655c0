"""Exact arithmetic with sets of boxes: what lies inside or outside of them, as few boxes that do not overlap."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from dcmaudit.model import Box, Size

_Span = tuple[int, int]


def complement(size: Size, keep: Iterable[Box]) -> tuple[Box, ...]:
    """Every pixel of a plane that no box of ``keep`` covers, as boxes that do not overlap.

    Boxes may overlap each other and reach outside the plane. One box in the middle leaves four, a box along an
    edge three; no ``keep`` leaves the whole plane, a full cover leaves ().
    """
    return outside(Box.whole(size), keep)


def outside(area: Box, keep: Iterable[Box]) -> tuple[Box, ...]:
    """Every pixel of ``area`` that no box of ``keep`` covers, as boxes that do not overlap, top to bottom.

    The area is cut into horizontal bands at the edges of ``keep``; a piece that continues with the same columns
    in the next band stays one box.
    """
    holes = [part for part in (box.intersection(area) for box in keep) if part is not None]
    if not holes:
        return (area,)
    edges = sorted({area.top, area.bottom, *(hole.top for hole in holes), *(hole.bottom for hole in holes)})
    done: list[Box] = []
    begun: dict[_Span, int] = {}
    # Between two edges nothing changes from row to row: free spans of one strip are those of all its rows.
    for top, bottom in itertools.pairwise(edges):
        spans = _free_spans(area, [hole for hole in holes if hole.top <= top and hole.bottom >= bottom])
        # A span that goes on below stays one box, so that there are few.
        ended = [span for span in begun if span not in spans]
        done += [Box(left, begun.pop((left, right)), right, top) for left, right in ended]
        for span in spans:
            begun.setdefault(span, top)
    done += [Box(left, top, right, area.bottom) for (left, right), top in begun.items()]
    return tuple(sorted(done, key=lambda box: (box.top, box.left)))


def _free_spans(area: Box, holes: Sequence[Box]) -> list[_Span]:
    spans: list[_Span] = []
    reached = area.left
    for left, right in sorted((hole.left, hole.right) for hole in holes):
        if left > reached:
            spans.append((reached, left))
        reached = max(reached, right)
    if reached < area.right:
        spans.append((reached, area.right))
    return spans
