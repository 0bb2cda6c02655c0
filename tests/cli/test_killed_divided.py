"""``ocr`` and ``redact`` killed at random moments, with a cine that two processes share: resumed, nothing is otherwise.

DCMAUDIT_KILLS says how many runs of each are killed (default 2), DCMAUDIT_SEED when. Of three kills two end the whole
run, and one a worker, after which the run itself has to come to its end or to be gone on with.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
KILLS = int(os.environ.get("DCMAUDIT_KILLS", "2"))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["redact", "ocr"])
def test_killed_and_resumed_a_run_leaves_what_an_undisturbed_one_leaves(kind: str, tmp_path: Path) -> None:
    paths = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    words = [kind, str(tmp_path), str(KILLS), os.environ.get("DCMAUDIT_SEED", "7")]
    done = subprocess.run(
        [sys.executable, "-c", "from support.killing import start; start()", *words],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": paths, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["same"] == KILLS, done.stderr
