"""A second Ctrl+C that is neither lost nor comes between a file that has its name and the line that says so."""

from __future__ import annotations

import signal
import threading

_AGAIN = 0.5
"""Seconds after which an interruption that nobody received is tried again: one that falls into a function which a
decoder calls from C is dropped there."""


class Hold:
    """Keeps an interruption back while it is held; used by the main thread and by what signals call in it."""

    def __init__(self) -> None:
        self._held = False
        self._pending = False

    def begin(self) -> None:
        """From here on an interruption waits. Other threads than the main one are not interrupted, and hold nothing."""
        if threading.current_thread() is threading.main_thread():
            self._held = True

    def end(self) -> None:
        """No longer; KeyboardInterrupt where one waits."""
        self._held = False
        if self._pending:
            self.interrupt()

    def received(self) -> None:
        """The interruption has arrived, or does not matter any more: nothing waits, and nothing is tried again."""
        self._held = self._pending = False
        if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt, now or at the end of the hold, and again until it was ``received``."""
        self._pending = True
        if self._held:
            return
        if hasattr(signal, "setitimer"):
            # KeyboardInterrupt can be lost where it is raised within a callback of C code, which only prints it.
            signal.signal(signal.SIGALRM, lambda _number, _frame: self._again())
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        raise KeyboardInterrupt

    def _again(self) -> None:
        if self._pending:
            self.interrupt()


hold = Hold()
"""That of this process. ``workers.each`` holds it while an answer is told, and ``redact_file`` from the moment on in
which an output gets its name until that was told."""
