"""Where standard error is a file, a line now and then says how far a run is."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dcmaudit.cli import main, progress
from dcmaudit.cli.progress import Progress
from dcmaudit.report.jsonlines import SCHEMAS
from dcmaudit.sources.extent import Estimate
from support.files import dataset, file_bytes, gradient


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


def archive(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:02}.dcm").write_bytes(file_bytes(dataset(gradient())))
    (folder / "broken.dcm").write_bytes(b"no image")
    return folder


@pytest.mark.parametrize("command", ["ocr", "frames", "redact", "rules", "verify"])
def test_lines_for_programs_end_with_what_became_of_all(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DCMAUDIT_DB", str(tmp_path / "db"))
    folder = archive(tmp_path / "in", 4)
    words = {
        "ocr": ["ocr", "--no-read", "--csv", str(tmp_path / "list.csv"), str(folder)],
        "frames": ["frames", "-i", str(folder)],
        "redact": ["redact", "--rect", "1,1,5,5", "-o", str(tmp_path / "out"), str(folder)],
        "rules": ["rules", "check", str(folder)],
        "verify": ["verify", str(folder / "00.dcm"), str(folder / "01.dcm")],
    }[command]
    main([*words, "-j", "1", "--progress", "json"])
    lines = [line for line in capsys.readouterr().err.splitlines() if '"dcmaudit/progress/1"' in line]
    last = json.loads(lines[-1])
    schema = next(one for one in SCHEMAS.values() if one.name == "progress")
    assert set(last) == {"schema", *(field.name for field in schema.fields)}
    expected = 1 if command == "verify" else 4
    assert (last["done"], last["total"], last["total_is_exact"], last["ended"]) == (expected, expected, True, True)
    assert last["seconds_left"] == 0


def test_nothing_is_said_where_nothing_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = archive(tmp_path / "in", 2)
    main(["frames", "-i", "-j", "1", "--progress", "none", str(folder)])
    assert "files/s" not in capsys.readouterr().err


def test_an_estimate_says_so() -> None:
    class Some:
        """An estimate of a search under way."""

        def estimate(self) -> Estimate:
            return Estimate(1000, is_exact=False)

        def look_on(self, _give_up: Callable[[], bool]) -> None:
            """There is no more."""

    with Progress("reading", inputs=Some()) as shown:  # type: ignore[arg-type]
        for _ in range(5):
            shown.advance(held=False)
        assert re.fullmatch(
            r"reading: 5 of about 1000 files, [\d.]+ files/s, about [\d:]+ left, 0 held back", shown.line()
        )
        assert shown.total is None
