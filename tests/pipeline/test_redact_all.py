"""Every real file, with random rectangles on random planes: proved, or refused with a reason; never wrong or broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.model import Outcome
from support.corpus import CorpusFile, corpus
from support.redactions import missing_judges, new_complaints, redact_at_random

LARGE = 3 << 20


def _files() -> list[object]:
    return [
        pytest.param(file, id=file.id, marks=[pytest.mark.slow] if file.path.stat().st_size > LARGE else [])
        for file in corpus()
    ]


@pytest.mark.parametrize("file", _files())
def test_a_real_file_is_proved_or_refused_with_a_reason(file: CorpusFile, tmp_path: Path) -> None:
    found = redact_at_random(file.path, file.id, tmp_path)
    written = found.outcome in {Outcome.DONE, Outcome.PARTLY}
    assert list(tmp_path.iterdir()) == ([found.output] if found.outcome is Outcome.DONE else [])
    if written:
        assert found.output is not None  # what could not wholly be looked at lies in another folder
        assert list(found.output.parent.iterdir()) == [found.output]
        assert found.checks > 20
    else:
        assert found.reasons
    if found.is_decodable:
        assert found.outcome is not Outcome.FAILED, found.reasons


SAMPLE = (
    "CT_small.dcm",
    "JPEG2000.dcm",
    "MR_small_RLE.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "color-pl.dcm",
    "examples_ybr_color.dcm",
    "image_dfl.dcm",
    "liver_1frame.dcm",
    "MR-SIEMENS-DICOM-WithOverlays.dcm",
)


@pytest.mark.judges
@pytest.mark.parametrize("name", SAMPLE)
def test_independent_judges_find_nothing_new(name: str, tmp_path: Path) -> None:
    missing = missing_judges()
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    file = next((file for file in corpus() if file.path.name == name), None)
    if file is None:
        pytest.skip(f"needs {name} of pydicom or pydicom-data")
    found = redact_at_random(file.path, file.id, tmp_path)
    assert found.output is not None, found.reasons
    assert not any(new_complaints(file.path, found.output).values()), new_complaints(file.path, found.output)
