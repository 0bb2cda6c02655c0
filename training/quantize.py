"""The same network in whole numbers of 8 bits, calibrated on training pieces: for a comparison."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

import numpy as np

from training.data import maker

SEED, PIECES = 77, 160


def quantize(source: Path, target: Path) -> None:
    """Write ``target``: convolutions in 8 bits, inputs and outputs as they were."""
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            made = maker(SEED, 60)
            self._pictures = iter([made.crop(n).picture for n in range(PIECES)])

        def get_next(self) -> Any:
            picture = next(self._pictures, None)
            if picture is None:
                return None
            return {"picture": np.ascontiguousarray(picture.transpose(2, 0, 1)[np.newaxis], np.float32)}

    logging.disable(logging.WARNING)
    quantization.quantize_static(
        str(source),
        str(target),
        Reader(),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        extra_options={"ActivationSymmetric": False},
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    quantize(arguments.source, arguments.target)
