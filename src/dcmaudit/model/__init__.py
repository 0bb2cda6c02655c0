"""The vocabulary of the program: frozen types without any reading or writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmaudit.lazy import deferred

if TYPE_CHECKING:
    from dcmaudit.model.addresses import (
        FRAMES,
        AddressKind,
        FrameAddress,
        FrameRange,
        GroupAddress,
        IconAddress,
        OverlayAddress,
        PlaneAddress,
        PlaneSpan,
        StrayBitAddress,
        ThumbnailAddress,
        UnshownAddress,
        frame_of,
        group_of,
    )
    from dcmaudit.model.addresstexts import parse_key
    from dcmaudit.model.coverage import Coverage
    from dcmaudit.model.facts import DeviceFacts, Identity, InstanceFacts, Pace
    from dcmaudit.model.geometry import Box, Point, Size, covered_area
    from dcmaudit.model.learning import Example, Ground, Judged, Mark, SuggestionKind
    from dcmaudit.model.planes import Plane, PlaneGroup, PlaneKind, PlaneList, UnshownKind
    from dcmaudit.model.readings import Content, Doubt, FileReading, Finding, Judgement, PlaneReading, worst
    from dcmaudit.model.references import Reference
    from dcmaudit.model.regions import Everywhere, Keep, Origin, Region, Scope, Verdict
    from dcmaudit.model.states import HowSeen, Outcome, Result, ReviewState
    from dcmaudit.model.views import Projection, Rendering, SpreadKind, View

__all__ = [
    "FRAMES",
    "AddressKind",
    "Box",
    "Content",
    "Coverage",
    "DeviceFacts",
    "Doubt",
    "Everywhere",
    "Example",
    "FileReading",
    "Finding",
    "FrameAddress",
    "FrameRange",
    "Ground",
    "GroupAddress",
    "HowSeen",
    "IconAddress",
    "Identity",
    "InstanceFacts",
    "Judged",
    "Judgement",
    "Keep",
    "Mark",
    "Origin",
    "Outcome",
    "OverlayAddress",
    "Pace",
    "Plane",
    "PlaneAddress",
    "PlaneGroup",
    "PlaneKind",
    "PlaneList",
    "PlaneReading",
    "PlaneSpan",
    "Point",
    "Projection",
    "Reference",
    "Region",
    "Rendering",
    "Result",
    "ReviewState",
    "Scope",
    "Size",
    "SpreadKind",
    "StrayBitAddress",
    "SuggestionKind",
    "ThumbnailAddress",
    "UnshownAddress",
    "UnshownKind",
    "Verdict",
    "View",
    "covered_area",
    "frame_of",
    "group_of",
    "parse_key",
    "worst",
]

__getattr__ = deferred(
    __name__,
    {
        "addresses": (
            "FRAMES",
            "AddressKind",
            "FrameAddress",
            "FrameRange",
            "GroupAddress",
            "IconAddress",
            "OverlayAddress",
            "PlaneAddress",
            "PlaneSpan",
            "StrayBitAddress",
            "ThumbnailAddress",
            "UnshownAddress",
            "frame_of",
            "group_of",
        ),
        "addresstexts": ("parse_key",),
        "coverage": ("Coverage",),
        "facts": (
            "DeviceFacts",
            "Identity",
            "InstanceFacts",
            "Pace",
        ),
        "geometry": (
            "Box",
            "Point",
            "Size",
            "covered_area",
        ),
        "learning": (
            "Example",
            "Ground",
            "Judged",
            "Mark",
            "SuggestionKind",
        ),
        "planes": (
            "Plane",
            "PlaneGroup",
            "PlaneKind",
            "PlaneList",
            "UnshownKind",
        ),
        "readings": (
            "Content",
            "Doubt",
            "FileReading",
            "Finding",
            "Judgement",
            "PlaneReading",
            "worst",
        ),
        "references": ("Reference",),
        "regions": (
            "Everywhere",
            "Keep",
            "Origin",
            "Region",
            "Scope",
            "Verdict",
        ),
        "states": (
            "HowSeen",
            "Outcome",
            "Result",
            "ReviewState",
        ),
        "views": (
            "Projection",
            "Rendering",
            "SpreadKind",
            "View",
        ),
    },
)
