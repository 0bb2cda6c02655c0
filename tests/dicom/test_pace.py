"""How long frames are shown, and the unit of their values, as the header says it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.dicom import open_instance
from support.files import MemoryReference, dataset, file_bytes

FRAMES = np.zeros((4, 8, 8), np.uint8)


def _times(**extra: Any) -> list[float] | None:
    with open_instance(MemoryReference("x", file_bytes(dataset(FRAMES, frames=4, extra=extra)))) as instance:
        pace = instance.facts.pace
        return None if pace is None else [round(pace.of(frame), 3) for frame in range(4)]


@pytest.mark.parametrize(
    ("extra", "wanted"),
    [
        ({}, None),
        ({"FrameTime": "40"}, [40] * 4),
        ({"CineRate": "25"}, [40] * 4),
        ({"RecommendedDisplayFrameRate": 10, "FrameTime": "40"}, [100] * 4),
        ({"FrameTimeVector": [0, 10, 20, 30], "FrameTime": "40"}, [10, 20, 30, 30]),
        ({"FrameTimeVector": [0, 10], "FrameTime": "40"}, [40] * 4),
        ({"FrameTimeVector": [0, 10, 0, 30], "CineRate": "50"}, [20] * 4),
        ({"FrameTime": "0"}, None),
        ({"FrameTime": "-5", "CineRate": "0"}, None),
        ({"FrameTime": "1e9"}, None),
    ],
)
def test_the_rate_comes_from_the_first_place_that_has_a_usable_one(
    extra: dict[str, Any], wanted: list[float] | None
) -> None:
    assert _times(**extra) == wanted


def _unit(cells: Any = None, **extra: Any) -> str | None:
    cells = np.zeros((8, 8), np.int16) if cells is None else cells
    with open_instance(MemoryReference("x", file_bytes(dataset(cells, extra=extra)))) as instance:
        return instance.read(instance.planes[0].address).unit


@pytest.mark.parametrize(
    ("extra", "wanted"),
    [
        ({"Modality": "CT"}, "HU"),
        ({"Modality": "CT", "RescaleType": "US"}, None),
        ({"Modality": "MR"}, None),
        ({"Modality": "MR", "RescaleType": "mm2/s"}, "mm2/s"),
        ({"Modality": "PT", "Units": "BQML"}, "Bq/ml"),
        ({"Modality": "PT", "Units": "NONE"}, None),
        ({"Modality": "DX", "RescaleType": "OD"}, "10⁻³ OD"),
        ({"Modality": "OT", "RescaleType": "a name that is far too long"}, "a name that is f"),
    ],
)
def test_values_have_the_unit_that_the_header_names(extra: dict[str, str], wanted: str | None) -> None:
    assert _unit(**extra) == wanted


def test_a_frame_of_its_own_unit_has_that() -> None:
    group, item = Dataset(), Dataset()
    item.RescaleType, item.RescaleSlope, item.RescaleIntercept = "HU", 1, math.floor(-1024)
    group.PixelValueTransformationSequence = [item]
    assert _unit(Modality="OT", SharedFunctionalGroupsSequence=[group]) == "HU"


def test_colour_has_no_unit() -> None:
    cells = np.zeros((8, 8, 3), np.uint8)
    with open_instance(
        MemoryReference("x", file_bytes(dataset(cells, photometric="RGB", extra={"Modality": "CT"})))
    ) as one:
        assert one.read(one.planes[0].address).unit is None
