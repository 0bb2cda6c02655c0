"""RapidOCR: the default engine, wholly offline. Its models lie in its own wheel and nothing else is ever loaded."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dcmaudit.detect import inference
from dcmaudit.detect.ocr.spots import Corners, Picture, Spot, cut_out
from dcmaudit.detect.vision import cv2
from dcmaudit.errors import EngineError, MissingExtraError
from dcmaudit.model.engines import OcrEngine

DETECTOR = "PP-OCRv6_det_small.onnx"
READER = "PP-OCRv6_rec_small.onnx"

_DIGESTS = {
    DETECTOR: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    READER: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
"""SHA-256 of the two models of rapidocr 3.10.0: a damaged model would find less and say nothing."""

_DETECTION: dict[str, Any] = {
    # The shipped 0.5 / 0.5 is not what the model was trained with.
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    # Low, because a line that is missed is worse than a box too many.
    "thresh": 0.2,
    "box_thresh": 0.3,
    "unclip_ratio": 1.6,
    "max_candidates": 3000,
    "use_dilation": True,
    # As they come: the finder decides how large a picture the detector gets.
    "limit_type": "min",
    "limit_side_len": 32,
}

_READING: dict[str, Any] = {
    # One line at a time, no wider than it is (but for the shortest): as shipped, six are filled up to the width of the
    # longest, and a single letter to 320 pixels, which costs nearly twice the time and reads lone letters worse.
    "rec_batch_num": 1,
    "rec_img_shape": [3, 48, 128],
}

_LONGEST = 40.0
"""Width of a line in heights beyond which it is read in pieces: the reader's memory grows with the longest."""


def make(*, threads: int, tessdata: str | None = None) -> RapidEngine:  # noqa: ARG001 every engine is made alike
    """The engine with both models loaded; ``threads`` for one picture."""
    return RapidEngine(threads, models_folder())


def models_folder() -> Path:
    """Where the wheel keeps its models; MissingExtraError where rapidocr is not installed."""
    try:
        import rapidocr
    except ImportError as error:
        raise MissingExtraError(
            "the OCR engine rapidocr is not installed",
            hint="pip install dcmaudit; dcmaudit-core, the small installation, is without it",
        ) from error
    return Path(rapidocr.__file__).parent / "models"


class RapidEngine:
    """PP-OCRv6 small, detection and reading apart, so that a place that cannot be read is still reported."""

    kind = OcrEngine.RAPIDOCR

    def __init__(self, threads: int, models: Path) -> None:
        inference.onnxruntime()  # before rapidocr loads it
        _silence()
        for model in (DETECTOR, READER):
            _check(models / model)
        cv2.setNumThreads(threads)
        try:
            self._detector, self._reader = _load(threads, models)
        except Exception as error:  # onnxruntime has its own tree of errors, and their words name paths
            raise EngineError(
                f"the OCR engine rapidocr cannot be started ({type(error).__name__})",
                hint="install rapidocr==3.10.0 and onnxruntime again",
            ) from error

    def detect(self, picture: Picture) -> list[Spot]:
        """Places of text in any order."""
        try:
            found = self._detector(_coloured(picture))
        except Exception as error:
            raise EngineError(f"the OCR engine failed on a picture ({type(error).__name__})") from error
        if found.boxes is None:
            return []
        return [
            Spot(np.asarray(corners, np.float32), float(score))
            for corners, score in zip(found.boxes, found.scores or [], strict=True)
        ]

    def read(self, picture: Picture, places: Sequence[Corners]) -> list[tuple[str, float | None]]:
        """The text of each place, upright as its corners say."""
        if not places:
            return []
        from rapidocr.ch_ppocr_rec.typings import TextRecInput

        coloured = _coloured(picture)
        crops = [cut_out(coloured, corners) for corners in places]
        pieces: list[Any] = []
        parts: list[int] = []
        for crop in crops:
            cut = _cut(crop)
            pieces += cut
            parts.append(len(cut))
        try:
            answer = self._reader(TextRecInput(img=pieces))
        except Exception as error:
            raise EngineError(f"the OCR engine failed on a line of text ({type(error).__name__})") from error
        texts = [str(text) for text in answer.txts or ()]
        scores = [float(score) for score in answer.scores]
        out: list[tuple[str, float | None]] = []
        at = 0
        for count in parts:
            out.append((" ".join(texts[at : at + count]).strip(), min(scores[at : at + count])))
            at += count
        return out


def _load(threads: int, models: Path) -> tuple[Any, Any]:
    from omegaconf import OmegaConf
    from rapidocr.ch_ppocr_det import TextDetector
    from rapidocr.ch_ppocr_rec import TextRecognizer
    from rapidocr.main import DEFAULT_CFG_PATH
    from rapidocr.utils.parse_parameters import ParseParams

    config = ParseParams.load(DEFAULT_CFG_PATH)
    runtime = config.EngineConfig.onnxruntime
    runtime.intra_op_num_threads = threads
    runtime.inter_op_num_threads = 1
    for name, value in _DETECTION.items():
        OmegaConf.update(config.Det, name, value)
    for name, value in _READING.items():
        OmegaConf.update(config.Rec, name, value)
    # Named models are never looked for elsewhere, let alone on the network.
    config.Det.model_path, config.Rec.model_path = str(models / DETECTOR), str(models / READER)
    config.Det.engine_cfg = config.Rec.engine_cfg = runtime
    config.Rec.font_path = None
    return TextDetector(config.Det), TextRecognizer(config.Rec)


@cache
def _check(path: Path) -> None:
    hint = "install rapidocr==3.10.0 again; nothing is ever loaded from the network"
    if not path.is_file():
        raise EngineError(f"the OCR model {path.name} is missing in {path.parent}", hint=hint)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != _DIGESTS[path.name]:
        raise EngineError(f"the OCR model {path} is damaged or of another version", hint=hint)


def _silence() -> None:
    # It logs to standard error by itself, and what it warns of could be a text.
    log = logging.getLogger("RapidOCR")
    log.disabled = True
    from rapidocr.utils.log import logger

    logger.disabled = True


def _coloured(picture: Picture) -> Picture:
    """Three channels, blue first, as the models were trained."""
    if picture.ndim == 2:
        return np.repeat(picture[..., np.newaxis], 3, axis=2)
    return np.ascontiguousarray(picture[..., ::-1])


def _cut(crop: Picture) -> list[Picture]:
    longest = int(_LONGEST * crop.shape[0])
    return [crop[:, left : left + longest] for left in range(0, crop.shape[1], longest)]
