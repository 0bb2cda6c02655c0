"""``python -m dcmaudit``, which is the program ``dcmaudit``."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run the program with the words of the command line and return its exit code.

    While its modules are loaded Ctrl+C ends the process at once and without a trace; from then on ``dcmaudit.cli``
    answers it. A shell that has it ignored, as for what runs in the background, keeps it so.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dcmaudit.lazy import loading

    with loading():
        from dcmaudit.cli import main as run

    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, before)
    return run()


if __name__ == "__main__":
    sys.exit(main())
