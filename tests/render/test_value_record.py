"""Values and tables paint exactly what the renderer paints, whatever the plane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from dcmaudit.codecs.samples import Lut, Palette, Samples, Window
from dcmaudit.model import Rendering, View
from dcmaudit.render import StoredPlane, render, stored_plane


def painted(plane: StoredPlane, rendering: Rendering) -> npt.NDArray[np.uint8]:
    """What a page paints that has nothing but the values and the table."""
    table = plane.views[rendering].table
    if table is None:
        return plane.values
    mask = 256**plane.values.dtype.itemsize - 1
    whole = np.zeros((mask + 1, *table.shape[1:]), np.uint8)
    whole[(plane.first + np.arange(len(table))) & mask] = table
    return whole[plane.values]


def grey(dtype: type, **how: object) -> Samples:
    info = np.iinfo(dtype)
    rng = np.random.default_rng(7)
    low, high = max(info.min, -1200), min(info.max, 3000)
    cells = rng.integers(low, high + 1, (40, 30)).astype(dtype)
    made = Samples(cells, "MONOCHROME2", 8 * info.dtype.itemsize, signed=info.min < 0)
    return replace(made, **how)  # type: ignore[arg-type]


_WINDOW = (Window(50, 350),)
_FALLING = Lut(0, 16, np.arange(4096, 0, -1).astype(np.uint16))
_STEPS = Lut(-1200, 16, (np.arange(4300) // 7 * 3).astype(np.uint16))
_WAVES = Lut(-1200, 8, (np.arange(4300) % 200).astype(np.uint16))
_INK = Palette(*(Lut(2, 8, np.roll(np.arange(200), k * 17).astype(np.uint16)) for k in range(3)))
_RGB = np.random.default_rng(3).integers(0, 256, (9, 11, 3)).astype(np.uint8)

PLANES = {
    "8 bits": grey(np.uint8, windows=_WINDOW),
    "signed 8 bits": grey(np.int8, windows=_WINDOW, modality=(-2.0, 5.0)),
    "16 bits": grey(np.uint16, windows=_WINDOW),
    "signed 16 bits": grey(np.int16, windows=_WINDOW, modality=(0.5, -3.0)),
    "the whole of 16 bits": Samples(np.array([[-32768, 0], [7, 32767]], np.int16), "MONOCHROME2", 16, signed=True),
    "MONOCHROME1": grey(np.int16, photometric="MONOCHROME1", windows=_WINDOW),
    "a window that does not apply": grey(np.uint16, windows=(Window(50, 0),)),
    "no window": grey(np.uint16),
    "a VOI table": grey(np.uint16, voi_luts=(_FALLING,)),
    "a falling modality table": grey(np.uint16, modality=_FALLING, windows=_WINDOW),
    "a modality table with steps": grey(np.int16, modality=_STEPS, windows=_WINDOW),
    "a modality table that goes up and down": grey(np.int16, modality=_WAVES, windows=_WINDOW),
    "gaps between the values": Samples(np.array([[0, 9], [4000, 9]], np.uint16), "MONOCHROME2", 12, modality=_WAVES),
    "one value": Samples(np.full((3, 4), 900, np.uint16), "MONOCHROME2", 12),
    "bits": Samples(np.eye(6, dtype=np.uint8), "BITS", 1),
    "bits that are all set": Samples(np.ones((6, 5), np.uint8), "BITS", 1),
    "palette": Samples(grey(np.uint8).array, "PALETTE COLOR", 8, palette=_INK),
    "palette of 16 bits": Samples(grey(np.int16).array, "PALETTE COLOR", 16, signed=True, palette=_INK),
    "RGB": Samples(_RGB, "RGB", 8),
    "YBR": Samples(_RGB, "YBR_FULL", 8),
    "deep RGB": Samples(_RGB.astype(np.uint16) * 9, "RGB", 12),
    "32 bits": Samples(np.arange(-60, 60, dtype=np.int32).reshape(10, 12) * 70000, "MONOCHROME2", 32, signed=True,
                       windows=_WINDOW),
    "floating point": Samples(np.linspace(-5, 9, 60, dtype=np.float32).reshape(6, 10), "MONOCHROME2", 32,
                              windows=_WINDOW),
    "no number at all": Samples(np.full((4, 4), np.nan, np.float32), "MONOCHROME2", 32),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANES)
@pytest.mark.parametrize("rendering", list(Rendering))
def test_a_table_over_the_values_gives_the_picture_of_the_renderer(name: str, rendering: Rendering) -> None:
    plane = stored_plane(PLANES[name], rendering)
    wanted = render(PLANES[name], View(rendering))
    assert np.array_equal(painted(plane, rendering), wanted)


@pytest.mark.parametrize("name", [name for name in PLANES if PLANES[name].array.dtype.itemsize <= 2])
def test_values_of_up_to_16_bits_carry_both_views(name: str) -> None:
    plane = stored_plane(PLANES[name])
    for rendering in (Rendering.FULL, Rendering.VOI):
        assert np.array_equal(painted(plane, rendering), render(PLANES[name], View(rendering)))


def test_a_view_that_comes_out_as_another_one_says_why() -> None:
    voi = stored_plane(PLANES["no window"]).views[Rendering.VOI]
    assert (voi.shown.rendering, voi.shown.reason) == (Rendering.FULL, "the file has no VOI window or table")
    said = stored_plane(PLANES["no number at all"]).views[Rendering.FULL].shown
    assert said.reason is not None and "NaN" in said.reason
