"""When what a run has written is brought to the disk, and how much of it is there for certain.

Waiting for the disk costs more than everything else that is done for a small file. So many records share one wait.
What is written reaches the kernel at once: a process that is killed loses none of it. A machine that loses its power
may lose what was written since the last commit, in any part. How far that commit went is in a small file, with the
boot of the machine that wrote it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from dcmaudit.pipeline.release.house import write_whole

NAME = "committed.json"
MOST, EVERY = 200, 2.0
"""Records, and seconds since the last commit, after which the next record is followed by one."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Commits:
    """The commits of one run. ``sync`` brings everything that was written to the disk."""

    def __init__(self, held: Path, sync: Callable[[], None]) -> None:
        self._path, self._sync = held / NAME, sync
        self._open, self._last = 0, time.monotonic()

    def written(self, count: int) -> None:
        """One record more is written, so that there are ``count``; commit where it is time to."""
        self._open += 1
        if self._open >= MOST or time.monotonic() - self._last >= EVERY:
            self.commit(count)

    def commit(self, count: int) -> None:
        """Everything that belongs to the first ``count`` records is on the disk when this returns."""
        self._sync()
        note = {"records": count, "boot": _boot()}
        write_whole(self._path, json.dumps(note) + "\n", mode=0o600)
        self._open, self._last = 0, time.monotonic()

    def forget(self) -> None:
        """The release is finished, and all of it on the disk."""
        self._path.unlink(missing_ok=True)


def certain_records(held: Path) -> int | None:
    """How many records of the run before can be relied on after a loss of power; None: as many as are there.

    That is so where the machine is still up that wrote them: then nothing but the process has ended. Without the note
    the release is finished, or no record was written.
    """
    if (note := _note(held)) is None:
        return None
    records, boot = note
    # A process that was killed loses nothing that it wrote: only a machine that stopped does.
    return None if boot and boot == _boot() else records


def committed_records(held: Path) -> int | None:
    """How many records the last commit went to; None without a note: all of them are on the disk."""
    note = _note(held)
    return None if note is None else note[0]


def _note(held: Path) -> tuple[int, str] | None:
    """The records and the boot of the last commit; None without a note."""
    try:
        note = json.loads((held / NAME).read_bytes())
        return int(note["records"]), str(note["boot"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        # A run was at work, and nobody knows how far it came: nothing of it can be relied on.
        return 0, ""


def _boot() -> str:
    """What tells this start of the machine from every other; "" where nobody can say."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
