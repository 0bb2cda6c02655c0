"""What a way of looking is measured to miss is said, and is what the documentation says."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.detect.ocr import FinderKind, Mode, what_is_missed
from dcmaudit.detect.ocr.measured import MISSED

DOCS = Path(__file__).resolve().parents[3] / "docs" / "detection-figures.md"


@pytest.mark.parametrize("way", MISSED)
def test_the_share_that_is_said_is_the_one_of_the_documentation(way: tuple[FinderKind, Mode]) -> None:
    missed = MISSED[way]
    assert f"{missed.in_hundred:g} in 100 legible lines" in what_is_missed(*way)
    row = f"| `{way[0].value}`, `{way[1].value}` | {100 - missed.in_hundred:.1f} % |"
    assert row in DOCS.read_text(encoding="utf-8")


def test_a_way_that_was_not_measured_says_so() -> None:
    assert "not measured" in what_is_missed(FinderKind.ENGINE, Mode.FAST)
    assert "mode fast" in what_is_missed(FinderKind.ENGINE, Mode.FAST)
