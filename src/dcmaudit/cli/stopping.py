"""Ctrl+C in a long run: what is being worked on is finished first, and everything can be accounted for."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from dcmaudit.cli.common import say
from dcmaudit.pipeline.hold import hold

_NUMBERS = (signal.SIGINT, signal.SIGTERM)

GRACE = 5.0
"""Seconds after SIGTERM in which what is being worked on may be finished: who sends it waits, and kills then."""


class Stop:
    """Whether somebody asked for an end: ``asked()``, from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.asked: Callable[[], bool] = self._event.is_set

    def ask(self) -> None:
        """Ask for an end."""
        self._event.set()


@contextmanager
def stoppable(tell: Callable[[str], None] = say) -> Iterator[Stop]:
    """Meanwhile the first SIGINT or SIGTERM only asks for an end; the second one is a KeyboardInterrupt, as soon as
    what is finished was told. After SIGTERM the second one comes by itself, for a machine that shuts down waits for
    seconds and not for a file.

    Outside of the main thread, where signals do not arrive, nothing asks.
    """
    stop = Stop()

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what signal.signal calls
        presses = counted()
        if not stop.asked():
            stop.ask()
            again = "Ctrl+C again: at once"
            if number == signal.SIGTERM:
                later.start()
                again = f"in {GRACE:g} seconds: at once"
            tell(f"stopping: files that are being worked on are finished first ({again})")
            presses -= 1
        if presses > 0:
            hold.interrupt()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    later = threading.Timer(GRACE, os.kill, (os.getpid(), signal.SIGTERM))
    later.daemon = True
    with _signals() as counted:
        before = {number: signal.signal(number, on_signal) for number in _NUMBERS}
        try:
            yield stop
        finally:
            later.cancel()
            hold.received()
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _signals() -> Iterator[Callable[[], int]]:
    """A function that says how many of the signals arrived since it was asked last.

    Python calls a handler when its main thread comes out of the decoder it may be in, and then once for all signals of
    a kind that arrived meanwhile.
    """
    arrived, sent = socket.socketpair()
    with arrived, sent:
        arrived.settimeout(0)
        sent.settimeout(0)
        before = signal.set_wakeup_fd(sent.fileno(), warn_on_full_buffer=False)

        def counted() -> int:
            try:
                return sum(number in _NUMBERS for number in arrived.recv(4096))
            except BlockingIOError:
                return 0

        try:
            yield counted
        finally:
            signal.set_wakeup_fd(before)
