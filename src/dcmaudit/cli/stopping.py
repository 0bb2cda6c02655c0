"""Ctrl+C in a long run: what is being worked on is finished first, and everything can be accounted for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from dcmaudit.cli.common import say


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
    """Meanwhile the first SIGINT or SIGTERM only asks for an end; the second one is a KeyboardInterrupt.

    Outside of the main thread, where signals do not arrive, nothing asks.
    """
    stop = Stop()

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what signal.signal calls
        if stop.asked():
            raise KeyboardInterrupt
        stop.ask()
        tell("stopping: files that are being worked on are finished first (Ctrl+C again: at once)")

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
