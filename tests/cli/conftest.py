from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def process_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line sets up logging and signals of its process; tests share one process. A home of its own, too."""
    log = logging.getLogger("dcmaudit")
    before = (log.handlers[:], log.propagate, log.level, signal.getsignal(signal.SIGTERM))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "SMI_ROOT", "PACS_ROOT"):
        monkeypatch.delenv(name, raising=False)
    yield
    log.handlers[:], log.propagate, level, handler = before
    log.setLevel(level)
    signal.signal(signal.SIGTERM, handler)
