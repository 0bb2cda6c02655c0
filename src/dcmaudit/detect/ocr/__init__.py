"""Finding text in pictures: engines behind one interface, several looks at each plane, boxes in plane pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmaudit.lazy import deferred

if TYPE_CHECKING:
    from dcmaudit.detect.ocr.base import DEFAULT_ENGINE, ENGINES, Engine, EngineKind, engine_kind
    from dcmaudit.detect.ocr.finder import Seen, TextFinder
    from dcmaudit.detect.ocr.finding import FinderKind, Mode
    from dcmaudit.detect.ocr.making import DEFAULT_FINDER, finder_for, make_finder
    from dcmaudit.detect.ocr.measured import what_is_missed
    from dcmaudit.detect.ocr.memory import Memory
    from dcmaudit.detect.ocr.spots import Line, Picture, Spot

__all__ = [
    "DEFAULT_ENGINE",
    "DEFAULT_FINDER",
    "ENGINES",
    "Engine",
    "EngineKind",
    "FinderKind",
    "Line",
    "Memory",
    "Mode",
    "Picture",
    "Seen",
    "Spot",
    "TextFinder",
    "engine_kind",
    "finder_for",
    "make_finder",
    "what_is_missed",
]

__getattr__ = deferred(
    __name__,
    {
        "base": (
            "DEFAULT_ENGINE",
            "ENGINES",
            "Engine",
            "EngineKind",
            "engine_kind",
        ),
        "finder": (
            "Seen",
            "TextFinder",
        ),
        "finding": (
            "FinderKind",
            "Mode",
        ),
        "making": (
            "DEFAULT_FINDER",
            "finder_for",
            "make_finder",
        ),
        "measured": ("what_is_missed",),
        "memory": ("Memory",),
        "spots": (
            "Line",
            "Picture",
            "Spot",
        ),
    },
)
