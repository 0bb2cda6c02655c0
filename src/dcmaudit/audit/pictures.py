"""Every picture of a plane in which text is looked for."""

from __future__ import annotations

import numpy as np

from dcmaudit.detect.ocr import Mode, Picture
from dcmaudit.detect.ocr.ground import without_ground
from dcmaudit.detect.ocr.pictures import telling
from dcmaudit.dicom import Samples
from dcmaudit.render import pictures_for_text
from dcmaudit.render.tables import as_steps


def pictures_of(samples: Samples, mode: Mode) -> list[Picture]:
    """Pictures of the whole plane, the first in its full range; none where nothing is in it.

    Besides those of ``pictures_for_text``, a grey plane of more than 8 bits comes without its flat grounds, but not in
    the fast mode. HeaderError and UnsupportedError as ``render`` has them.
    """
    quick, thorough = mode is Mode.FAST, mode is Mode.THOROUGH
    pictures = telling(pictures_for_text(samples, quick=quick, thorough=thorough))
    if pictures and not quick and samples.array.ndim == 2 and samples.array.dtype.itemsize > 1:
        # After the others: it shows less than they do, and has nothing in common with any of them.
        marks = without_ground(np.asarray(as_steps(samples.array), np.uint16))
        if marks is not None:
            pictures.append(marks)
    return pictures
