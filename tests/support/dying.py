"""Programs that end with the test run that began them, even where that is killed and can clean up nothing.

Linux could kill a child when its parent dies (PR_SET_PDEATHSIG), but that is forgotten where the child changes its
user, as PostgreSQL's must, and does not reach the children of the child. So between the two stands this file as a
program: it holds one end of a pipe, of which the other closes with the test run, whatever ends that.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

SECONDS = 30
_HANDED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def start(
    command: Sequence[object], *, folder: Path, user: str | None = None, log: Any = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """The running program, which ends with this process; signals that are sent to it are handed on.

    It works in ``folder``, which is removed where this process is gone without ``stop``; ``user`` is whom to become.
    """
    how = ["--folder", str(folder), *(["--user", user] if user else [])]
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), *how, *map(str, command)],
        stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it began at once."""
    if process.stdin is not None:
        process.stdin.close()
    process.wait(SECONDS)


def main() -> int:
    """Run the program until it ends, or until standard input does; what it ended with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--user")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    how: dict[str, Any] = {}
    if args.user:
        how = {"user": args.user, "group": pwd.getpwnam(args.user).pw_gid, "extra_groups": []}
    # Before the child is there: on a busy machine a signal may come between its start and the next line here.
    early: list[int] = []
    for number in _HANDED_ON:
        signal.signal(number, lambda sent, _frame: early.append(sent))
    # A group of its own, so that a program's own children end with it.
    child = subprocess.Popen(args.command, stdin=subprocess.DEVNULL, cwd=args.folder, process_group=0, **how)
    for number in _HANDED_ON:
        signal.signal(number, lambda sent, _frame: child.send_signal(sent))
    for sent in early:
        child.send_signal(sent)
    closed = threading.Event()
    watcher = threading.Thread(target=_watch, args=(child, args.folder, closed), daemon=True)
    watcher.start()
    code = child.wait()
    if closed.is_set():
        watcher.join(SECONDS)  # it removes the folder
    return code


def _watch(child: subprocess.Popen[bytes], folder: Path, closed: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    closed.set()
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
