"""Pages with ``console`` blocks: every command line in them is run in a folder of its own, and what it prints compared.

A line that begins with ``$ `` is a command, with ``> `` its continuation; other lines are what it prints, standard
output and error together and in any order, for both are buffered. ``...`` stands for anything within a line, and alone
for any lines. ``/work`` stands for the folder. An exit code other than 0 is asked for with ``echo $?`` as in a shell.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = {
    "dcmaudit": "from dcmaudit.cli import main",
    **{
        name: f"from dcmaudit.cli.original import {name} as main"
        for name in ("dicom_ocr", "dicom_redact", "pydicom_images", "dbrects_to_deid_rules", "dicom_pixel_anon")
    },
}
FOLDER = "/data"
_NOW_AND_THEN = re.compile(r"\d\d:\d\d:\d\d \w+: .* files/s,.*")
"""How far a run is: said every half minute, so that a page cannot know whether it is."""


@dataclass
class Step:
    """One command with the lines that it should print."""

    line: int
    command: str
    expected: list[str] = field(default_factory=list)


def steps_of(text: str) -> list[Step]:
    """The commands of all console blocks of a page, in order."""
    found: list[Step] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append(Step(number, line[2:]))
        elif inside and line.startswith("> ") and not found[-1].expected:
            found[-1].command += "\n" + line[2:]
        elif inside and found:
            found[-1].expected.append(line)
    return found


class Console:
    """A folder in which the commands of one page are run, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._work = self._folder / "work"
        programs, home = self._folder / "bin", self._folder / "home"
        for one in (self._work, programs, home):
            one.mkdir(parents=True)
        for name, code in PROGRAMS.items():
            script = programs / name
            script.write_text(
                f'#!{sys.executable} -P\nimport sys\n{code}\nif __name__ == "__main__":\n    sys.exit(main())\n'
            )
            script.chmod(0o755)
        for name in ("python", "python3"):
            (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
            (programs / name).chmod(0o755)
        self._code = 0
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("DCMAUDIT_", "XDG_"))},
            "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", "")]),
            "HOME": str(home), "USER": "you", "LOGNAME": "you", "LANG": "C.UTF-8", "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1", "COLUMNS": "100", "TZ": "UTC",
        }  # fmt: skip

    def run(self, command: str) -> list[str]:
        """What the command prints, with the folder's name replaced."""
        before = f"cd {self._work}\n[ -e ../state ] && . ../state\n(exit {self._code})"
        script = f"{before}\n{command}\ncode=$?\nexport -p > ../state\nexit $code"
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail\n{script}"],
            env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self._code = done.returncode
        lines = done.stdout.replace(str(self._work), FOLDER).splitlines()
        return [line for line in lines if not _NOW_AND_THEN.fullmatch(line)]


def difference(expected: list[str], got: list[str]) -> str | None:
    """How what was printed differs from what should be, None where it does not."""
    rest = list(got)
    any_lines = "..." in expected
    for line in expected:
        if line == "...":
            continue
        pattern = re.compile(".*".join(map(re.escape, line.split("..."))))
        match = next((one for one in rest if pattern.fullmatch(one)), None)
        if match is None:
            return f"expected: {line}\nprinted:\n" + "\n".join(got)
        rest.remove(match)
    if rest and not any_lines:
        return "not expected:\n" + "\n".join(rest)
    return None
