"""Every sequential JPEG frame of the real files: black inside, the same coefficients outside, for other decoders."""

from __future__ import annotations

import warnings

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames

from dcmaudit.codecs.jpeg import coefficients, parse
from dcmaudit.model import Box
from dcmaudit.redact.jpeg.blocks import redact_blocks
from dcmaudit.redact.jpeg.levels import black_levels
from support.corpus import corpus

SEQUENTIAL = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
LARGE = {f"image{n}" for n in range(2, 8)}  # of one series, 3 megapixels each: the first one speaks for them


def real_frames():
    """(name, PhotometricInterpretation, codestream) of the first and last frame of each file."""
    for file in corpus():
        if file.path.stem in LARGE or file.path.stat().st_size > 20 << 20:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ds = pydicom.dcmread(
                    file.path, specific_tags=["PhotometricInterpretation", "NumberOfFrames", "PixelData"]
                )
                if ds.file_meta.get("TransferSyntaxUID") not in SEQUENTIAL or "PixelData" not in ds:
                    continue
                frames = list(generate_frames(ds.PixelData, number_of_frames=int(ds.get("NumberOfFrames") or 1)))
            except Exception:  # noqa: S112 - damaged on purpose; reading them is tested elsewhere
                continue
        for place in sorted({0, len(frames) - 1}):
            yield pytest.param(ds.PhotometricInterpretation, frames[place], id=f"{file.id}-{place}")


@pytest.mark.parametrize(("photometric", "before"), list(real_frames()))
def test_a_real_frame_is_black_inside_and_untouched_outside(photometric, before):
    stream = parse(before)
    width, height = stream.size.width, stream.size.height
    choose = np.random.default_rng(len(before))
    left, top = int(choose.integers(width)), int(choose.integers(height))
    box = Box(left, top, int(choose.integers(left, width)) + 1, int(choose.integers(top, height)) + 1)
    result = redact_blocks(before, [box], black=black_levels(stream, photometric))
    assert not result.recoded
    for i, (old, new) in enumerate(zip(coefficients(before), coefficients(result.data), strict=True)):
        h, v = stream.factors(i)
        touched = np.repeat(np.repeat(result.touched, v, 0), h, 1)
        assert np.array_equal(old[~touched], new[~touched])
        assert not new[touched][:, 1:].any()
    # The colours as coded, for decoders differ about those of a codestream that does not name its colour space.
    space = {"outcolorspace": "YCBCR", "colorspace": "YCBCR"} if len(stream.components) == 3 else {}
    if stream.adobe_transform == 0:
        space = {"outcolorspace": "RGB", "colorspace": "RGB"}
    old, new = (np.asarray(imagecodecs.jpeg8_decode(data, **space)) for data in (before, result.data))
    inside = new[box.top : box.bottom, box.left : box.right].reshape(-1, len(stream.components))
    assert np.array_equal(np.unique(inside, axis=0), [result.values])
    same = np.ones((height, width), bool)
    for area in result.boxes:
        same[max(0, area.top - 1) : area.bottom + 1, max(0, area.left - 1) : area.right + 1] = False
    assert np.array_equal(old[same], new[same])
