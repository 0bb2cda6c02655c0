"""dcmtk, dicom3tools and gdcm on redacted files: no complaint that the original did not have, and the same pixels."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dcmaudit.dicom import open_instance
from dcmaudit.model import Box, FrameAddress
from support.files import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_LS_NEAR,
    RLE,
    MemoryReference,
    Overlay,
    PathReference,
    color_gradient,
    dataset,
    file_bytes,
    gradient,
    letter_bits,
    reference,
)
from support.programs import need
from support.redacting import asked, redacted
from support.redactions import JUDGES, new_complaints

pytestmark = pytest.mark.judges

SYNTAXES = [
    IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN, RLE, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LOSSLESS_SV1, JPEG_LS,
    JPEG_LS_NEAR, JPEG_2000_LOSSLESS, JPEG_2000,
]  # fmt: skip
KINDS = {
    "grey": (gradient(), {}),
    "colour": (color_gradient(), {"photometric": "RGB"}),
    "12 bits": (gradient(dtype=np.uint16), {"bits_stored": 12}),
}


def both(tmp_path: Path, syntax: str, kind: str, **options: object) -> tuple[Path, Path]:
    array, how = KINDS[kind]
    extra = {"ImageType": ["ORIGINAL", "PRIMARY"], "BurnedInAnnotation": "YES"}
    stack = np.stack([array, array[::-1]])
    before = reference(stack, syntax, frames=2, overlays=[Overlay(letter_bits())], extra=extra, **how)
    after, _, _ = redacted(before, [asked(Box(3, 2, 20, 11))], **options)
    paths = tmp_path / "before.dcm", tmp_path / "after.dcm"
    for path, data in zip(paths, (before, after), strict=True):
        path.write_bytes(data.data)
    return paths


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_no_judge_complains_of_anything_new(tmp_path: Path, syntax: str) -> None:
    need(*(command[0] for command in JUDGES.values()))
    before, after = both(tmp_path, syntax, "grey", assert_clean=True)
    assert new_complaints(before, after) == {judge: [] for judge in JUDGES}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("syntax", [one for one in SYNTAXES if one not in {DEFLATED, BIG_ENDIAN, JPEG_BASELINE}])
def test_gdcm_decodes_what_we_decode(tmp_path: Path, syntax: str, kind: str) -> None:
    need("gdcmconv")
    if (syntax, kind) == (JPEG_2000, "12 bits"):
        pytest.skip(
            "lossy values overshoot into bit 12, which gdcm takes into the value; here it is a plane of its own"
        )
    _, after = both(tmp_path, syntax, kind)
    plain = tmp_path / "plain.dcm"
    subprocess.run(["gdcmconv", "--raw", str(after), str(plain)], check=True, capture_output=True, timeout=60)
    with open_instance(PathReference(after)) as ours, open_instance(PathReference(plain)) as theirs:
        for frame in (0, 1):
            one, other = ours.read(FrameAddress(frame)).array, theirs.read(FrameAddress(frame)).array
            assert np.array_equal(one, other)


@pytest.mark.parametrize(("syntax", "kind"), [(JPEG_BASELINE, "grey"), (JPEG_EXTENDED, "12 bits")])
def test_dcmtk_decodes_what_we_decode_of_lossy_jpeg(tmp_path: Path, syntax: str, kind: str) -> None:
    need("dcmdjpeg")
    _, after = both(tmp_path, syntax, kind)
    plain = tmp_path / "plain.dcm"
    subprocess.run(["dcmdjpeg", str(after), str(plain)], check=True, capture_output=True, timeout=60)
    with open_instance(PathReference(after)) as ours, open_instance(PathReference(plain)) as theirs:
        for frame in (0, 1):
            one, other = ours.read(FrameAddress(frame)).array, theirs.read(FrameAddress(frame)).array
            assert int(np.abs(one.astype(int) - other.astype(int)).max()) <= 1  # two libraries round in their own way
            assert not other[2:11, 3:20].any()


@pytest.mark.parametrize("frames", [1, 2])
def test_relabelled_colour_is_read_by_the_judges(tmp_path: Path, frames: int) -> None:
    """YBR_ICT whose every frame was coded again reversibly, as YBR_RCT under .91 (PS3.5 8.2.4)."""
    need("gdcmconv", *(command[0] for command in JUDGES.values()))
    out = io.BytesIO()
    cells = color_gradient(48, 64)
    Image.fromarray(cells).save(out, "JPEG2000", no_jp2=True, irreversible=True, quality_layers=[8], mct=1)
    data = dataset(np.stack([cells] * frames), photometric="YBR_ICT", frames=frames)
    data.LossyImageCompression, data.ImageType = "01", ["ORIGINAL", "PRIMARY"]
    before = MemoryReference("x.dcm", file_bytes(data, JPEG_2000, frames=[out.getvalue()] * frames))
    after, _, _ = redacted(before, [asked(Box(3, 2, 20, 11))], assert_clean=True)
    paths = [tmp_path / "before.dcm", tmp_path / "after.dcm", tmp_path / "native.dcm"]
    for path, one in zip(paths, (before, after), strict=False):
        path.write_bytes(one.data)
    assert new_complaints(paths[0], paths[1]) == {judge: [] for judge in JUDGES}
    subprocess.run(["gdcmconv", "--raw", paths[1], paths[2]], check=True, capture_output=True)
    with open_instance(PathReference(paths[1])) as ours, open_instance(PathReference(paths[2])) as theirs:
        assert ours.facts.photometric_interpretation == "YBR_RCT"
        for frame in range(frames):
            assert np.array_equal(ours.read(FrameAddress(frame)).array, theirs.read(FrameAddress(frame)).array)
