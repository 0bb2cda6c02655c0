"""dcmaudit's own text detector: a small network that was trained on burned-in text, and what is made of its maps."""

from dcmaudit.detect.textnet.network import TextMaps, TextNet
from dcmaudit.detect.textnet.rolling import RollingMaps

__all__ = ["RollingMaps", "TextMaps", "TextNet"]
