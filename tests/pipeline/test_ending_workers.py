"""Processes that are ended while they work: nothing is thrown at the user, nothing is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = """
import os, signal, sys, threading, time
from dcmaudit.pipeline.workers import each

def slow(number):
    # In one piece: what two processes write at once stands one after the other.
    print(f"worker {os.getpid()}\\n", end="", flush=True)
    time.sleep(0.01 if number == 0 else 90)
    return number

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for item, answer in each(slow, range(40), jobs=2, stop=lambda: False):
            print(f"told {item} {type(answer).__name__}\\n", end="", flush=True)
    except KeyboardInterrupt:
        print("ended", flush=True)
"""


@dataclass
class Working:
    """A program with two workers, each with an item that takes long."""

    program: subprocess.Popen[str]
    workers: set[int]


@pytest.fixture
def working(tmp_path: Path) -> Iterator[Working]:
    script = tmp_path / "work.py"
    script.write_text(SCRIPT)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, str(script)], stdout=pipe, stderr=pipe, text=True) as program:
        assert program.stdout is not None
        lines = [program.stdout.readline() for _ in range(4)]
        yield Working(program, {int(line.split()[1]) for line in lines if line.startswith("worker")})
        program.kill()


def test_ended_at_once_every_item_that_was_read_is_told_and_nothing_else_is_said(working: Working) -> None:
    working.program.send_signal(signal.SIGINT)
    out, err = working.program.communicate(timeout=60)
    told = [line.split()[1:] for line in out.splitlines() if line.startswith("told")]
    assert [number for number, _ in told] == [str(n) for n in range(1, 1 + len(told))]
    assert len(told) >= 7
    kinds = [kind for _, kind in told]
    assert kinds[:2] == ["BrokenOffError", "BrokenOffError"]
    assert set(kinds[2:]) <= {"BrokenOffError", "NotBegunError"}
    assert "NotBegunError" in kinds
    assert out.endswith("ended\n")
    assert err == ""


def test_workers_end_when_their_program_is_killed(working: Working) -> None:
    assert len(working.workers) == 2
    working.program.kill()
    working.program.wait()
    until = time.monotonic() + 30
    while any(Path(f"/proc/{one}").exists() for one in working.workers) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [one for one in working.workers if Path(f"/proc/{one}").exists()]
