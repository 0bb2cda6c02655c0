"""An interruption that waits while something is told, and one that a callback from C swallowed and that comes again."""

from __future__ import annotations

import ctypes
import time

import pytest

from dcmaudit.pipeline.hold import Hold


def test_an_interruption_waits_for_the_end_of_the_hold() -> None:
    hold = Hold()
    hold.begin()
    hold.interrupt()
    with pytest.raises(KeyboardInterrupt):
        hold.end()
    hold.received()
    hold.end()  # nothing waits any more


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_was_swallowed_comes_again() -> None:
    hold = Hold()
    callback = ctypes.CFUNCTYPE(None)(hold.interrupt)
    with pytest.raises(KeyboardInterrupt):
        callback()  # ctypes prints it and goes on, as decoders do
        time.sleep(5)
    hold.received()
    time.sleep(0.7)  # and no more
