from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))

from textgen.cases import make_case
from textgen.colour import KINDS, shown
from textgen.patterns import patterns

from dcmaudit.dicom import open_instance
from dcmaudit.model import FrameAddress
from dcmaudit.render import render
from support.corpus import corpus
from support.files import JPEG_BASELINE, MemoryReference

pytestmark = pytest.mark.skipif(len(corpus()) < 50, reason="the packages with the backgrounds are not installed")


@pytest.mark.parametrize("number", range(len(KINDS)), ids=KINDS)
def test_what_is_written_is_what_a_reader_sees_and_its_ink_is_visible_there(number: int) -> None:
    case = make_case("report", number, edge=256, strings=3, colour=True)
    assert case.kind == KINDS[number]
    with open_instance(MemoryReference(case.name, case.data)) as instance:
        seen = render(instance.read(FrameAddress(0))).astype(int)
        assert (instance.facts.transfer_syntax_uid == JPEG_BASELINE) == (
            case.kind.startswith("JPEG ") and "2000" not in case.kind
        )
    wanted = shown(case.picture, case.kind).astype(int)
    assert seen.shape == wanted.shape
    # Decoders differ in how they blow the colours up again.
    assert np.abs(seen - wanted).mean() < 1.5
    assert case.placed
    assert all(one.ink.any() for one in case.placed)


def test_test_patterns_differ_and_are_of_the_size_asked_for() -> None:
    made = patterns(128)
    assert len(made) >= 8
    assert {picture.shape for picture in made.values()} == {(128, 128)}
    assert len({picture.tobytes() for picture in made.values()}) == len(made)
