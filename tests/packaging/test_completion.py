"""The completion for bash, in a real bash on a terminal: commands, options, choices, and names of files."""

from __future__ import annotations

import os
import pty
import select
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "completions" / "dcmaudit.bash"
WAIT_SECONDS = 60


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[int]:
    """A bash that has the completion, in a folder with a few names."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    (tmp_path / "scans").mkdir()
    for name in ("scans/one two.dcm", "rects.csv", "site.dicom"):
        (tmp_path / name).touch()
    process, line = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        os.execve(bash, [bash, "--norc", "--noprofile", "-i"], {"PS1": "$ ", "TERM": "dumb", "PATH": os.defpath})  # noqa: S606
    os.write(line, f"source {SCRIPT}; echo rea''dy\n".encode())
    assert "ready" in heard(line, "ready\r\n")
    yield line
    os.close(line)
    os.waitpid(process, 0)


def heard(line: int, wanted: str) -> str:
    """What comes until ``wanted`` is in it, or for as long as one can wait."""
    found, end = "", time.monotonic() + WAIT_SECONDS
    while wanted not in found and time.monotonic() < end:
        if select.select([line], [], [], 0.1)[0]:
            found += os.read(line, 4096).decode(errors="replace")
    return found


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("dcmaudit exa", "dcmaudit examples "),
        ("dcmaudit redact --overlays s", "dcmaudit redact --overlays same "),
        ("dcmaudit redact --csv re", "dcmaudit redact --csv rects.csv "),
        ("dcmaudit frames -x sc", "dcmaudit frames -x scans/"),
        ("dcmaudit verify scans/o", "dcmaudit verify scans/one\\ two.dcm "),
        ("dcmaudit -i scans/o", "dcmaudit -i scans/one\\ two.dcm "),
        ("dcmaudit rules check --deid-rules si", "dcmaudit rules check --deid-rules site.dicom "),
    ],
)
def test_a_tab_completes(terminal: int, typed: str, completed: str) -> None:
    os.write(terminal, f"{typed}\t".encode())
    assert completed in heard(terminal, completed)
    os.write(terminal, b"\x15exit\n")


def test_zsh_is_told_which_arguments_are_files() -> None:
    text = SCRIPT.with_name("_dcmaudit").read_text("utf-8")
    for words in ("--csv", "--deid-rules", "--db", "--output"):
        lines = [line for line in text.splitlines() if f'"{words}[' in line or f",{words}}}" in line]
        with_value = [line for line in lines if "]:" in line]  # rules check --csv takes none
        assert with_value
        assert all("_files" in line for line in with_value), with_value
    assert text.count(":_files") > 100
