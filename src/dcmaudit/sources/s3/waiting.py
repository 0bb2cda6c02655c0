"""Waiting for a server so that Ctrl+C ends the wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

_LOOK_SECONDS = 0.5
"""How often a signal is looked for where a wait without an end would not be woken by one (Windows)."""


def waited(call: Callable[[], Answer]) -> Answer:
    """What ``call``, a request to a server, gives back or raises.

    The library sees no signal while it waits for an answer, for a minute where none comes. In the main thread the
    request is therefore made by another one, and a KeyboardInterrupt is raised here at once; nobody learns then what
    the server answered. ``call`` must not write anything of ours.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    answers: list[Answer] = []
    errors: list[BaseException] = []
    is_done = threading.Event()

    def ask() -> None:
        try:
            answers.append(call())
        except BaseException as error:
            errors.append(error)
        finally:
            is_done.set()

    # A daemon: whoever pressed Ctrl+C waits for it no longer.
    threading.Thread(target=ask, name="dcmaudit-s3-request", daemon=True).start()
    while not is_done.wait(_LOOK_SECONDS):
        pass
    if errors:
        raise errors[0]
    return answers[0]
