"""Standard streams that were closed before the program began: Python has none then, and files take their numbers."""

from __future__ import annotations

import errno
import io
import os
import sys


class ClosedOutput(io.TextIOBase):
    """What standard output is then: whatever is written is refused, as to a full device."""

    encoding = "utf-8"

    def writable(self) -> bool:
        """It was meant to be."""
        return True

    def write(self, text: str) -> int:
        """OSError, always; an empty text is nothing."""
        if not text:
            return 0
        raise OSError(errno.EBADF, "standard output is closed")


def replace_closed() -> None:
    """Let no other file get the numbers 0 to 2, and give the streams that are not there a stand-in.

    What libraries print would else end up in the file that was opened first, which may be the database.
    """
    if None not in {sys.stdin, sys.stdout, sys.stderr}:
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # noqa: FBT003 - it takes no names
    os.close(number)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - as long as the program
    if sys.stdout is None:
        sys.stdout = ClosedOutput()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
