"""After Ctrl+C the process ends, also where threads wait for an answer that is not to be waited for any more."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import atexit, sys, threading, time
from dcmaudit.cli.program import run_program

def parse(words):
    threading.Thread(target=time.sleep, args=(60,)).start()
    print("begun", flush=False)
    raise KeyboardInterrupt

atexit.register(lambda: sys.stderr.write("cleaned up\\n"))
sys.argv = ["dcmaudit"]
sys.exit(run_program(parse))
"""


@pytest.mark.timeout(120)
def test_threads_that_wait_for_an_answer_are_not_waited_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False, timeout=40
    )  # fmt: skip
    assert done.returncode == 130
    assert done.stdout == "begun\n", "what was written is not lost"
    assert "interrupted" in done.stderr
    assert done.stderr.endswith("cleaned up\n")
