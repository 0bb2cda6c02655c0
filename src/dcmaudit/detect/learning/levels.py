"""How near an example is to the image in question, and where its marks would lie there."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from dcmaudit.model import DeviceFacts, Size

Boxes = NDArray[np.float64]
"""Shape (n, 4): left, top, right, bottom, half-open."""


class Level(IntEnum):
    """Kinship of an example with the image, the farthest first."""

    SIZE = 0
    """The same model and modality; the image has another size."""
    TYPE = 1
    """The same size too; the image type differs."""
    VERSION = 2
    """Everything equal but the software version, which both name."""
    EXACT = 3
    """Everything that is known is equal."""


class Fit(IntEnum):
    """How marks are carried to an image of another size."""

    SAME = 0
    SCALED = 1
    """Everything grows with the image."""
    ANCHORED = 2
    """Text keeps its size and its distance from the edge or the middle that it is nearest to."""


def level(example: DeviceFacts, image: DeviceFacts) -> Level | None:
    """The kinship of the two; None for other models, and where the model is not known: that is no kinship."""
    if not image.model or (example.model, example.modality) != (image.model, image.modality):
        return None
    if (example.rows, example.columns) != (image.rows, image.columns):
        return Level.SIZE if example.rows and example.columns else None
    if _image_type(example) != _image_type(image):
        return Level.TYPE
    versions = {example.software_versions, image.software_versions} - {None, ""}
    return Level.VERSION if len(versions) > 1 else Level.EXACT


def _image_type(device: DeviceFacts) -> tuple[str, ...]:
    # Some devices pad the list with empty values.
    values = list(device.image_type or ())
    while values and not values[-1]:
        values.pop()
    return tuple(values)


def carried(boxes: Boxes, source: Size, target: Size, fit: Fit) -> Boxes:
    """The same boxes in an image of another size."""
    if fit is Fit.SAME or not len(boxes):
        return boxes
    if fit is Fit.SCALED:
        x, y = target.width / source.width, target.height / source.height
        return np.asarray(boxes * np.array([x, y, x, y]))
    moved = boxes.copy()
    for low, before, after in ((0, source.width, target.width), (1, source.height, target.height)):
        # In thirds: text is anchored to an edge or to the middle, hardly ever to a place between.
        middle = (boxes[:, low] + boxes[:, low + 2]) / 2
        shift = np.where(
            middle < before / 3, 0.0, np.where(middle > before * 2 / 3, after - before, (after - before) / 2)
        )
        moved[:, low] += shift
        moved[:, low + 2] += shift
    return moved
