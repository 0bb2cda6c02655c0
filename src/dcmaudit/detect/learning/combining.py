"""Exact matches and learned places, shown as one set in which no two mean the same text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dcmaudit.detect.learning.ground import Pixels
from dcmaudit.detect.learning.learner import Candidate
from dcmaudit.model import Region

_SAME_PLACE = 0.5


@dataclass(frozen=True, slots=True)
class Combined:
    """What to show, the likeliest first; and how many exact matches the other examples speak against."""

    regions: tuple[Region, ...]
    held_back: int


def combined(
    similar: Iterable[Region],
    candidates: Sequence[Candidate],
    *,
    refuted: bool = False,
    pixels: Pixels | None = None,
) -> Combined:
    """The rectangles of similar images and the learned places together.

    Where both mean the same text the learned place is shown, which was drawn from all examples; as long as there is
    only one example, the very rectangle that was drawn there is. An exact match at a place that is unlikely, because
    most similar images were done without a mark there, is held back; with ``refuted`` so is one at a place that no
    candidate means, unless the plane itself shows text there. ``pixels`` are the plane's, once it is decoded: a
    rectangle that cuts text off is made longer.
    """
    replaced: dict[Candidate, list[Region]] = {}
    shown: list[Region] = []
    held_back = 0
    for drawn in similar:
        region = drawn if pixels is None else replace(drawn, box=pixels.fitted(drawn.box))
        known = [item for item in candidates if _is_same_place(region, item.region)]
        if any(item.is_shown for item in known):
            only = known[0]
            # The learned place and the exact match are one image: what was drawn there is better than what is made of
            # it.
            if len(known) == 1 and only.rests_on_one:
                words = f"{region.reason}; {only.region.reason}"
                replaced.setdefault(only, []).append(replace(region, confidence=only.region.confidence, reason=words))
        # Many equal images without text there outweigh one that had some, unless this one's own pixels show it.
        elif known or (refuted and not (pixels is not None and pixels.shows_text(region.box))):
            held_back += 1
        else:
            shown.append(region)
    for item in candidates:
        if item.is_shown:
            shown += replaced.get(item, [item.region])
    return Combined(tuple(sorted(shown, key=lambda region: -(region.confidence or 0.0))), held_back)


def _is_same_place(one: Region, other: Region) -> bool:
    # Thousands of pairs: the edges themselves, without a box for each.
    a, b = one.box, other.box
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return width > 0 and height > 0 and width * height >= _SAME_PLACE * min(a.area, b.area)
