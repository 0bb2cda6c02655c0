"""The real program as a child process, with the address that it prints."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dcmaudit.store import open_store

START_SECONDS = 30
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=\S+")


class Reviewer:
    """``dcmaudit`` over some names, until ``stop``; the folder of its database outlives it."""

    def __init__(
        self, names: Iterable[str | Path], db: Path, *options: str, user: str = "anna", is_new: bool = False
    ) -> None:
        self.db = db
        if "--viewer" not in options and not is_new:
            # The page says of a new one that it is new, which only few tests ask about.
            open_store(db, user=user).close()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in stop
        command = [
            sys.executable,
            "-m",
            "dcmaudit",
            "--no-browser",
            "--db",
            str(db),
            *options,
        ]
        words = [str(name) for name in names]
        # Settings of whoever runs the tests must not decide how they end.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DCMAUDIT")}
        self.process = subprocess.Popen(
            [*command, *(["-i", *words] if words else [])],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**environment, "DCMAUDIT_USER": user, "PYTHONUNBUFFERED": "1"},
        )
        self.address = self._wait_for_address()

    def _wait_for_address(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = _ADDRESS.search(line)
            if found:
                self.port = int(found.group(1))
                return found.group(0)
        self._errors.seek(0)
        raise AssertionError(f"the reviewer did not start: {self._errors.read()}")

    def said(self) -> str:
        """What it wrote to standard error so far."""
        here = self._errors.tell()
        self._errors.seek(0)
        text = self._errors.read()
        self._errors.seek(here)
        return text

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """End it as Ctrl+C does, and let go of everything."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()


def dump(db: Path) -> dict[str, list[dict[str, Any]]]:
    """The database as the command line shows it: ``rects`` and ``tags``."""
    command = [sys.executable, "-m", "dcmaudit", "--db", str(db), "--dump-database"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found
