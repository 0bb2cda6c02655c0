"""dcmaudit's own text detector: a small network that was trained on burned-in text, and what is made of its maps."""

from dcmaudit.detect.textnet.along import slanted_lines, with_slanted
from dcmaudit.detect.textnet.apart import set_apart
from dcmaudit.detect.textnet.boxes import ENHANCED, MARKS, RULE, Rule, TextLine, boxes_of, lines_of
from dcmaudit.detect.textnet.closer import closer_lines
from dcmaudit.detect.textnet.doubts import doubtful_boxes
from dcmaudit.detect.textnet.drawn import lone_letters
from dcmaudit.detect.textnet.large import SMALLER, believed, large_letters, smaller
from dcmaudit.detect.textnet.network import TextMaps, TextNet, weights_digest
from dcmaudit.detect.textnet.rolling import RollingMaps
from dcmaudit.detect.textnet.rows import split_rows
from dcmaudit.detect.textnet.small import seen_larger

__all__ = [
    "ENHANCED",
    "MARKS",
    "RULE",
    "SMALLER",
    "RollingMaps",
    "Rule",
    "TextLine",
    "TextMaps",
    "TextNet",
    "believed",
    "boxes_of",
    "closer_lines",
    "doubtful_boxes",
    "large_letters",
    "lines_of",
    "lone_letters",
    "seen_larger",
    "set_apart",
    "slanted_lines",
    "smaller",
    "split_rows",
    "weights_digest",
    "with_slanted",
]
