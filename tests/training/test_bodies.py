"""Made-up bodies and bent pieces: of the right kind, the same for a seed, and different from each other."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from textgen.bodies import EDGE, bent, body, enhanced, joined  # noqa: E402
from textgen.crops import varied  # noqa: E402


def test_bodies_depend_on_the_seed_alone_and_differ() -> None:
    first = [body(np.random.default_rng(seed)) for seed in range(24)]
    assert all(one.shape == (EDGE, EDGE) and one.dtype == np.uint8 for one in first)
    assert all((body(np.random.default_rng(seed)) == first[seed]).all() for seed in (0, 7, 23))
    assert len({one.tobytes() for one in first}) == len(first)
    assert sum(float(one.std()) > 5 for one in first) > 18  # nearly all of them show something


def test_what_is_known_goes_with_the_bent_piece() -> None:
    part = np.zeros((EDGE, EDGE), np.uint8)
    part[100:140, 60:200] = 255
    moved, where = bent(part, part > 0, np.random.default_rng(1))
    assert (moved != part).any()
    assert float(((moved > 127) != where).mean()) < 0.02


@pytest.mark.parametrize("seed", range(6))
def test_joined_pieces_hold_both(seed: int) -> None:
    one, other = np.full((EDGE, EDGE), 40, np.uint8), np.full((EDGE, EDGE), 200, np.uint8)
    made = joined(one, other, np.random.default_rng(seed))
    assert made.min() >= 40
    assert made.max() <= 200


def test_text_of_its_own_is_never_bent_nor_covered() -> None:
    ground = np.random.default_rng(0).integers(0, 255, (EDGE, EDGE)).astype(np.uint8)
    known = np.zeros((EDGE, EDGE), bool)
    known[10:20, 10:90] = True
    for seed in range(40):
        part, where = varied((ground, known), lambda _: (255 - ground, ~known), np.random.default_rng(seed))
        assert (where == known).all()
        assert (part == ground).all() or (part == enhanced(ground, _after(seed))).all()


def _after(seed: int) -> np.random.Generator:
    """The same numbers as are left once the choice was made."""
    rng = np.random.default_rng(seed)
    rng.random()
    return rng
