"""The vocabulary of the program: frozen types without any reading or writing."""

from dcmaudit.model.coverage import Coverage
from dcmaudit.model.facts import DeviceFacts, Identity, InstanceFacts
from dcmaudit.model.geometry import Box, Point, Size, covered_area
from dcmaudit.model.learning import Example, Judged, Mark, plane_frame, plane_group
from dcmaudit.model.planes import (
    FrameAddress,
    IconAddress,
    OverlayAddress,
    Plane,
    PlaneAddress,
    PlaneGroup,
    PlaneKind,
    PlaneList,
    StrayBitAddress,
    ThumbnailAddress,
    UnshownAddress,
    UnshownKind,
    parse_key,
)
from dcmaudit.model.readings import Content, Doubt, FileReading, Finding, Judgement, PlaneReading, worst
from dcmaudit.model.references import Reference
from dcmaudit.model.regions import Everywhere, Origin, Region, Scope, Verdict
from dcmaudit.model.states import HowSeen, Outcome, Result, ReviewState
from dcmaudit.model.views import Projection, Rendering, View

__all__ = [
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
    "HowSeen",
    "IconAddress",
    "Identity",
    "InstanceFacts",
    "Judged",
    "Judgement",
    "Mark",
    "Origin",
    "Outcome",
    "OverlayAddress",
    "Plane",
    "PlaneAddress",
    "PlaneGroup",
    "PlaneKind",
    "PlaneList",
    "PlaneReading",
    "Point",
    "Projection",
    "Reference",
    "Region",
    "Rendering",
    "Result",
    "ReviewState",
    "Scope",
    "Size",
    "StrayBitAddress",
    "ThumbnailAddress",
    "UnshownAddress",
    "UnshownKind",
    "Verdict",
    "View",
    "covered_area",
    "parse_key",
    "plane_frame",
    "plane_group",
    "worst",
]
