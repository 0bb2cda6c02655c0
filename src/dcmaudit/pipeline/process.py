"""One process that works on inputs: whether it is one of many, whether it is to end, and how work on an input ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from dcmaudit.errors import DcmauditError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_stop: Any = None
"""Set once the work is to end, in a process that works for another one."""


class CrashError(Exception):
    """The process that worked on one input died: a decoder crashed, or memory ran out."""


class ClusterLostError(CrashError):
    """The cluster had no workers for too long: nobody worked on this input, or nobody knows what came of it."""


class NotBegunError(Exception):
    """The work was to end before this input's turn came: nothing was done with it."""


class BrokenOffError(Exception):
    """The work was ended at once while this input was being worked on."""


def cores() -> int:
    """The cores that this process may use, which can be fewer than the machine has (Slurm, containers)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def stopping() -> bool:
    """Asked inside a worker: whether the work is to end soon."""
    return _stop is not None and _stop.is_set()


def is_one_of_many() -> bool:
    """Whether this process is one of those that work side by side, so that the other cores are not its own."""
    return _stop is not None


def reason_of(error: Exception) -> str:
    """Why nothing came of an input, for a line that names it; nothing of the file's content is in it."""
    if isinstance(error, DcmauditError):
        return error.words
    # The words of a foreign exception may quote the file; its kind does not.
    return str(error) if isinstance(error, CrashError) else f"internal error: {type(error).__name__}"


def answer_of(task: Callable[[Item], Answer], item: Item) -> Answer | Exception:
    """The answer, or the exception that the task ended with."""
    try:
        return task(item)
    except Exception as error:
        return error


def serve(stop: Any) -> None:
    """Said by a process that works for another one: ``stop`` is what tells it to end."""
    global _stop  # noqa: PLW0603 - one worker, one flag
    _stop = stop
