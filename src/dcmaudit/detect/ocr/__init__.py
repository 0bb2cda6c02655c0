"""Finding text in pictures: engines behind one interface, several looks at each plane, boxes in plane pixels."""

from dcmaudit.detect.ocr.base import DEFAULT_ENGINE, ENGINES, Engine, EngineKind, engine_kind
from dcmaudit.detect.ocr.finder import Look, Mode, TextFinder
from dcmaudit.detect.ocr.spots import Line, Picture, Spot

__all__ = [
    "DEFAULT_ENGINE",
    "ENGINES",
    "Engine",
    "EngineKind",
    "Line",
    "Look",
    "Mode",
    "Picture",
    "Spot",
    "TextFinder",
    "engine_kind",
]
