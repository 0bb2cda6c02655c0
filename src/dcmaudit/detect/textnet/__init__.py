"""dcmaudit's own text detector: a small network that was trained on burned-in text, and what is made of its maps."""

from dcmaudit.detect.textnet.boxes import ENHANCED, RULE, boxes_of
from dcmaudit.detect.textnet.doubts import doubtful_boxes
from dcmaudit.detect.textnet.network import TextMaps, TextNet
from dcmaudit.detect.textnet.rolling import RollingMaps
from dcmaudit.detect.textnet.rows import split_rows

__all__ = ["ENHANCED", "RULE", "RollingMaps", "TextMaps", "TextNet", "boxes_of", "doubtful_boxes", "split_rows"]
