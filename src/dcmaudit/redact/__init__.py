"""From decisions to a plan, and from a plan to arrays. Knows no files."""

from dcmaudit.redact.apply import PixelMeaning, black_level, blacken, inside_mask
from dcmaudit.redact.planner import make_plan, scaled

__all__ = ["PixelMeaning", "black_level", "blacken", "inside_mask", "make_plan", "scaled"]
