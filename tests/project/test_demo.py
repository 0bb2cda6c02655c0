"""What ``scripts/demo`` does once its environment is there: a new database, examples, and the reviewer on them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(120)
def test_the_demo_opens_the_reviewer_on_examples_in_a_database_that_it_made(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "demo", tmp_path / "scripts")
    # In the place of the environment that it makes: this one, with what is here.
    (tmp_path / "scripts" / "common.sh").write_text(f'root="{tmp_path}"\nmake_environment() {{ :; }}\n')
    programs = tmp_path / ".venv-demo" / "bin"
    programs.mkdir(parents=True)
    for name, words in (("python", ""), ("dcmaudit", "-m dcmaudit ")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}"$@"\n')
        (programs / name).chmod(0o700)
    command = ["bash", str(tmp_path / "scripts" / "demo"), "--headless"]
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONPATH": path}
    ) as demo:
        end = threading.Timer(90, demo.kill)
        end.start()
        assert demo.stdout is not None
        said = []
        for line in demo.stdout:
            said.append(line)
            if "The address works once" in line:
                demo.send_signal(signal.SIGINT)
        end.cancel()
    told = "".join(said)
    assert re.search(r"The reviewer is at http://127\.0\.0\.1:\d+/", told), told
    assert "a new database was made" not in told
    assert (tmp_path / ".demo" / "dcmaudit.sqlite.db").exists()
    assert len(list((tmp_path / ".demo" / "examples").iterdir())) >= 8
