"""The first seeds of every attack; ``scripts/break`` tries as many as there is time for."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.attacks import ATTACKS, run

SEEDS = {"headers": 80, "codestreams": 60, "bytes": 60, "real-files": 25, "routes": 2, "full-disk": 5,
         "dead-outputs": 4, "kill-redact": 2, "kill-ocr": 1, "kill-review": 3, "databases": 12,
         "lists": 25}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_breaks(name: str, tmp_path: Path) -> None:
    faults = []
    for seed in range(SEEDS[name]):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            run(name, seed, folder)
        except AssertionError as fault:
            faults.append(f"scripts/break --only {name} --seed {seed}: {fault}")
    assert not faults, "\n".join(faults)
