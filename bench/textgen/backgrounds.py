"""Real images without any text, looked at one by one, from the packages of the tests; those of the halves differ."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from dcmaudit.dicom import open_instance
from dcmaudit.model import FrameAddress
from dcmaudit.render import render
from support.corpus import corpus
from support.files import PathReference

Picture = npt.NDArray[np.uint8]

_WHOLE = (0.0, 0.0, 1.0, 1.0)
# File and the part of it, as fractions, that holds no marker, scale or text.
FILES: dict[str, dict[str, tuple[str, tuple[float, float, float, float]]]] = {
    "tune": {
        "CT head": ("pydicom:test_files/693_J2KI.dcm", _WHOLE),
        "CT spine": ("pydicom-data:bad_sequence.dcm", _WHOLE),
        "NM body": ("pydicom-data:JPEG-LL.dcm", _WHOLE),
        "MR abdomen": ("pydicom-data:MR-SIEMENS-DICOM-WithOverlays.dcm", _WHOLE),
        "CR chest": ("pydicom-data:RG1_J2KR.dcm", _WHOLE),
        "US heart": ("deid-data:ultrasounds/ultrasound-multiframe.dcm", (0.3, 0.25, 0.75, 0.8)),
        "photograph": ("deid-data:dicom-cookies/image1.dcm", _WHOLE),
        "flat": ("", _WHOLE),
    },
    "report": {
        "CT skull base": ("pydicom:test_files/J2K_pixelrep_mismatch.dcm", _WHOLE),
        "CT abdomen": ("pydicom-data:explicit_VR-UN.dcm", _WHOLE),
        "MR shoulder": ("pydicom-data:MR2_J2KR.dcm", _WHOLE),
        "CR leg": ("pydicom-data:RG3_J2KR.dcm", (0.0, 0.0, 0.9, 0.75)),
        "DX animal": ("deid-data:animals/cat.dcm", (0.0, 0.0, 1.0, 0.72)),
        "US pelvis": ("pydicom-data:gdcm-US-ALOKA-16.dcm", (0.06, 0.2, 0.5, 0.8)),
        "US phantom": ("deid-data:ultrasounds/GREYSCALE_IMAGE.dcm", (0.15, 0.3, 0.7, 0.85)),
        "photograph": ("pydicom-data:OT-PAL-8-face.dcm", _WHOLE),
        "CT vertebra": ("pydicom:test_files/CT_small.dcm", _WHOLE),
        "gradient": ("", _WHOLE),
    },
}


@lru_cache(maxsize=40)
def background(half: str, name: str, edge: int) -> Picture:
    """A square picture of ``edge`` pixels, grey."""
    source, (left, top, right, bottom) = FILES[half][name]
    if not source:
        ramp = np.linspace(20, 200, edge) if name == "gradient" else np.full(edge, 60.0)
        noise = np.random.default_rng(5).normal(0, 3, (edge, edge))
        return np.clip(ramp[np.newaxis] + noise, 0, 255).astype(np.uint8)
    files = {file.id: file for file in corpus()}
    with open_instance(PathReference(files[source].path)) as instance:
        picture: Any = render(instance.read(FrameAddress(0)))
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    rows, columns = grey.shape
    part = grey[int(top * rows) : int(bottom * rows), int(left * columns) : int(right * columns)]
    high, wide = part.shape
    small = min(high, wide)
    square = part[(high - small) // 2 :][:small, (wide - small) // 2 :][:, :small]
    return np.asarray(
        cv2.resize(square, (edge, edge), interpolation=cv2.INTER_AREA if small > edge else cv2.INTER_LINEAR)
    )
