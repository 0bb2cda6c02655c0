"""Where standard error is a file, a line now and then says how far a run is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from dcmaudit.cli import progress
from dcmaudit.cli.progress import Progress


def run(seconds: float, *, quiet: bool = False) -> None:
    def total(_given_up: Callable[[], bool]) -> int:
        return 8

    with Progress("redacting", total, quiet=quiet) as shown:
        for number in range(4):
            shown.advance(held=number == 3)
            time.sleep(seconds / 4)


def test_a_line_says_rate_time_left_and_what_was_held_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.15)
    run(1.2)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 3
    pattern = r"\d\d:\d\d:\d\d redacting: 4 of 8 files, [\d.]+ files/s, 0:00:0\d left, 1 held back"
    assert re.fullmatch(pattern, lines[-1])


def test_a_short_run_and_a_quiet_one_say_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(0.1)
    monkeypatch.setattr(progress, "EVERY", 0.05)
    run(0.3, quiet=True)
    assert capsys.readouterr().err == ""
