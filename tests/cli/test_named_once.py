"""A line about an input names it once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.cli import main

COMMANDS = {
    "frames": ["frames", "-i"],
    "ocr": ["ocr", "--no-read", "--finder", "own", "--csv", "found.csv"],
    "redact": ["redact", "--rect", "1,1,5,5", "-o", "out"],
    "release": ["release", "-o", "out", "--held", "held", "--key", "key", "--eyes", "none"],
    "rules": ["rules", "check"],
    "sample": ["sample", "draw", "-o", "sample.csv"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_dicom_or_not_there_is_named_once_a_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cut.dcm").write_bytes(b"\0" * 100)
    assert main([*COMMANDS[command], "--db", "db", "cut.dcm", "missing.dcm"]) in {1, 2}
    said = capsys.readouterr().err
    for name in ("cut.dcm", "missing.dcm"):
        lines = [line for line in said.splitlines() if name in line]
        assert lines, said
        assert all(line.count(name) == 1 for line in lines), lines
