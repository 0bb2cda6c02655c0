"""Every real file that can be reached: each ends in an outcome, and its frames are those that pydicom reads."""

from __future__ import annotations

import importlib.util
import subprocess
import warnings
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.dicom import Examination, examine, open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import FrameAddress, Outcome, PlaneKind, Size
from support.corpus import CorpusFile, corpus, package_file, shared_file
from support.files import PathReference
from support.programs import need

ROOT = Path(__file__).resolve().parents[2]
FILES = corpus()
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"


@cache
def examined(path: Path) -> Examination:
    """Each file is read once for all tests."""
    return examine(PathReference(path))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.id)
def test_every_file_ends_in_an_outcome_with_a_reason(file: CorpusFile) -> None:
    found = examined(file.path)
    assert found.result.outcome is Outcome.DONE or found.result.reasons
    if found.result.outcome is Outcome.DONE:
        assert found.planes
        assert not found.refused


def _peer(path: Path, frame: int) -> np.ndarray[Any, Any] | None:
    """The frame as pydicom's own decoders give it, raw; None where they cannot."""
    from pydicom.pixels import pixel_array

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.asarray(pixel_array(path, index=frame, raw=True))
        except Exception:
            return None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.id)
def test_frames_are_those_that_pydicom_decodes(file: CorpusFile) -> None:
    try:
        instance = open_instance(PathReference(file.path))
    except DcmauditError:
        assert not examined(file.path).planes
        return
    with instance:
        count = instance.facts.number_of_frames
        if not count:
            assert _peer(file.path, 0) is None
            return
        compared = 0
        for frame in sorted({0, count // 2, count - 1}):
            expected = _peer(file.path, frame)
            if expected is None:
                continue
            samples = instance.read(FrameAddress(frame))
            if samples.photometric == "RGB" and instance.facts.transfer_syntax_uid == JPEG_BASELINE:
                expected = _as_rgb(file.path, frame)
            if instance.has_unclaimed_bits:
                expected = expected & ((1 << samples.bits_stored) - 1) if not samples.signed else expected
            assert samples.array.shape == expected.shape
            assert np.abs(samples.array.astype(float) - expected.astype(float)).max() <= _tolerance(instance)
            compared += 1
        if not compared:
            pytest.skip("pydicom has no decoder here for this file")


def _as_rgb(path: Path, frame: int) -> np.ndarray[Any, Any]:
    from pydicom.pixels import pixel_array

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(pixel_array(path, index=frame))


def _tolerance(instance: Any) -> int:
    """Two JPEG decoders round differently, and chroma is upsampled by taste; everything else is exact."""
    return 4 if instance.facts.transfer_syntax_uid == JPEG_BASELINE else 0


GOLDEN = [
    ("will-jxl.dcm", {PlaneKind.FRAME: 27}),
    ("liver_deflate.dcm", {PlaneKind.FRAME: 3}),
    ("ovly_p01.dcm", {PlaneKind.FRAME: 1, PlaneKind.EMBEDDED_OVERLAY: 2, PlaneKind.OVERLAY: 2}),
    ("jpeg2000-multiframe-multifragments.dcm", {PlaneKind.FRAME: 19}),
    ("CT0012.fragmented_no_bot_jpeg_lossless.57.dcm", {PlaneKind.FRAME: 2}),
    ("prOverlay.dcm", {PlaneKind.OVERLAY: 2}),
    ("jpeg-ls-Palette.dcm", {PlaneKind.FRAME: 10}),
]


@pytest.mark.parametrize(("name", "planes"), GOLDEN, ids=lambda value: value if isinstance(value, str) else "")
def test_the_planes_of_awkward_files(name: str, planes: dict[PlaneKind, int]) -> None:
    found = examined(shared_file(name))
    assert found.result.outcome is Outcome.DONE
    assert found.planes == planes


def test_a_deflated_frame_is_the_same_picture_as_the_native_one() -> None:
    with (
        open_instance(PathReference(shared_file("liver_deflate.dcm"))) as deflated,
        open_instance(PathReference(package_file("liver.dcm"))) as native,
    ):
        assert deflated.planes[0].size == native.planes[0].size
        for number in range(3):
            assert np.array_equal(deflated.read(FrameAddress(number)).array, native.read(FrameAddress(number)).array)


def test_an_independent_program_reads_the_same_lossless_jpeg(tmp_path: Path) -> None:
    """gdcmconv decompresses the processes that pydicom has no decoder for."""
    need("gdcmconv")
    for name in ("MR-JPEGLosslessSV1.dcm", "OutOfBoundsOverlay.dcm"):
        path, out = shared_file(name), tmp_path / name
        subprocess.run(["gdcmconv", "--raw", path, out], check=True, capture_output=True, timeout=60)
        with open_instance(PathReference(path)) as ours, open_instance(PathReference(out)) as theirs:
            assert np.array_equal(ours.read(FrameAddress(0)).array, theirs.read(FrameAddress(0)).array)


def test_the_size_of_a_jpeg_xl_file_is_read_from_its_codestream() -> None:
    with open_instance(PathReference(shared_file("will-jxl.dcm"))) as instance:
        samples = instance.read(FrameAddress(13))
        assert samples.photometric == "RGB"
        assert instance.planes[0].size == Size(samples.array.shape[1], samples.array.shape[0])


def test_the_table_of_outcomes_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    if not any(file.package == "shared" for file in FILES):
        pytest.skip("needs the shared test material, which the table covers too")
    loader = SourceFileLoader("coverage_script", str(ROOT / "scripts" / "coverage"))
    monkeypatch.syspath_prepend(ROOT / "scripts")
    script = importlib.util.module_from_spec(importlib.util.spec_from_loader("coverage_script", loader))
    loader.exec_module(script)
    monkeypatch.setattr(script, "examine", lambda reference: examined(reference.path))
    assert script.TARGET.read_text() == script.table(), "run scripts/coverage"
