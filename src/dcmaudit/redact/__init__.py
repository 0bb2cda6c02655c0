"""Redaction: from decisions to a plan, and from a plan to a written file. Nothing here proves anything."""

from dcmaudit.redact.black import PixelMeaning, black_level, blacken
from dcmaudit.redact.file import Written, write_redacted
from dcmaudit.redact.fit import scaled
from dcmaudit.redact.paint import Painter
from dcmaudit.redact.planner import make_plan

__all__ = [
    "Painter",
    "PixelMeaning",
    "Written",
    "black_level",
    "blacken",
    "make_plan",
    "scaled",
    "write_redacted",
]
