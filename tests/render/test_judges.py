"""The first frame of every real file beside what dcmtk makes of it, where need be after gdcm has decoded it.

The two share no code with this program. ``+Wm`` is dcmtk's name for the range of values present, ``+Wi 1`` for the
first window of the file. A difference of one level is rounding; whatever is more is in ``EXCEPTIONS``, with its reason.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dcmaudit.codecs.samples import Array, Samples
from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import FrameAddress, Rendering, View
from dcmaudit.render import render
from dcmaudit.sources import LocalReference
from support.corpus import CorpusFile, corpus, package_file
from support.programs import need

pytestmark = pytest.mark.judges

TOLERANCE = {"YBR_FULL": 2}
"""dcmtk adds the three terms of a colour after each was cut to a whole level: up to two levels lower."""

EXCEPTIONS = {
    "rtdose_expb.dcm": "dcmtk misreads big endian cells of 32 bits; the little endian twin is judged below",
    "rtdose_expb_1frame.dcm": "dcmtk misreads big endian cells of 32 bits; the little endian twin is judged below",
    "jpeg2000-multiframe-multifragments.dcm": "gdcm takes the stray bit 12 into the value; here it is its own plane",
}

KINDS = [
    "MR_small.dcm", "CT_small.dcm", "SC_rgb.dcm", "US1_UNCR.dcm", "SC_rgb_rle.dcm", "JPEG2000.dcm", "JPEG-lossy.dcm",
    "SC_rgb_jpeg_dcmtk.dcm", "MR_small_jpeg_ls_lossless.dcm", "OBXXXX1A.dcm", "rtdose.dcm", "liver_1frame.dcm",
    "MR-SIEMENS-DICOM-WithOverlays.dcm",
]  # fmt: skip


def first_frame(path: Path) -> Samples:
    with open_instance(LocalReference.at(path)) as instance:
        address = FrameAddress(0)
        if instance.planes.find(address) is None:
            pytest.skip("it has no image frame")
        return instance.read(address)


def judged(path: Path, options: list[str], folder: Path) -> Array | None:
    """The first frame as dcmtk renders it, None where neither dcmtk nor gdcm can read it."""
    picture, decoded = folder / "judged.pnm", folder / "decoded.dcm"
    need("dcmj2pnm", "gdcmconv")
    for source, before in ((path, []), (decoded, ["gdcmconv", "--raw", str(path), str(decoded)])):
        if before and not _runs(before):
            return None
        if _runs(["dcmj2pnm", "+F", "1", "--no-overlays", *options, str(source), str(picture)]) and picture.exists():
            with Image.open(picture) as image:
                return np.asarray(image)
    return None


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def compare(path: Path, rendering: Rendering, folder: Path, *, must: bool = False) -> None:
    samples = first_frame(path)
    options: list[str] = []
    if samples.photometric.startswith("MONOCHROME"):
        if rendering is Rendering.VOI and not samples.windows:
            pytest.skip("it has no window")
        options = ["+Wm"] if rendering is Rendering.FULL else ["+Wi", "1"]
    elif rendering is Rendering.VOI:
        pytest.skip("a window does not apply to colour")
    expected = judged(path, options, folder)
    if expected is None:
        assert not must, "a judge must be able to read this file"
        pytest.skip("neither dcmtk nor gdcm reads it")
    levels = render(samples, View(rendering))
    if levels.ndim != expected.ndim:
        # A palette of greys comes back as grey.
        assert (levels[..., :1] == levels).all()
        levels = levels[..., 0]
    difference = np.abs(levels.astype(int) - expected)
    assert difference.max() <= TOLERANCE.get(samples.photometric, 1)


@pytest.mark.slow
@pytest.mark.parametrize("rendering", [Rendering.FULL, Rendering.VOI], ids=lambda rendering: rendering.value)
@pytest.mark.parametrize("file", corpus(), ids=lambda file: file.id)
def test_the_first_frame_is_what_dcmtk_makes_of_it(file: CorpusFile, rendering: Rendering, tmp_path: Path) -> None:
    if file.path.name in EXCEPTIONS:
        pytest.skip(EXCEPTIONS[file.path.name])
    try:
        compare(file.path, rendering, tmp_path)
    except DcmauditError as error:
        pytest.skip(f"not shown here: {type(error).__name__}")


@pytest.mark.parametrize("name", KINDS)
def test_files_of_the_common_kinds_are_really_judged(name: str, tmp_path: Path) -> None:
    compare(package_file(name), Rendering.FULL, tmp_path, must=True)


def test_the_dose_that_dcmtk_reads_wrong_is_what_its_little_endian_twin_shows() -> None:
    big, little = (render(first_frame(package_file(name))) for name in ("rtdose_expb.dcm", "rtdose.dcm"))
    assert (big == little).all()
