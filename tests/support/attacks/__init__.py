"""Attacks on the program: each gets a seeded source of chance and an empty folder, and raises AssertionError.

``tests/breaking`` tries the first seeds of each, ``scripts/break`` goes on for as long as it is told. The judge is
always the same: every input ends in one outcome, no exit code but those that are documented, no traceback, no output
that an independent reader shows other than black where black was asked for, no answered write lost, and an end within
bounds.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from support.attacks import databases, disks, files, kills, lists, routes

Attack = Callable[[random.Random, Path], None]

ATTACKS: dict[str, Attack] = {
    "headers": files.mutated_header,
    "codestreams": files.mutated_codestream,
    "bytes": files.mutated_bytes,
    "real-files": files.mutated_real_file,
    "routes": routes.strange_requests,
    "full-disk": disks.full_disk,
    "dead-outputs": disks.dead_outputs,
    "kill-redact": kills.killed_redact,
    "kill-ocr": kills.killed_ocr,
    "kill-review": kills.killed_review,
    "databases": databases.damaged_database,
    "lists": lists.damaged_list,
}


def run(name: str, seed: int, folder: Path) -> None:
    """One attack; AssertionError names what went wrong."""
    ATTACKS[name](random.Random(f"{name} {seed}"), folder)  # noqa: S311 - chance that can be repeated


__all__ = ["ATTACKS", "run"]
