"""How fast somebody gets on: files an hour, without the breaks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

BREAK = 300.0
"""Seconds without a finished file after which somebody was away: that time counts for nothing."""

_KEPT = 50
_FEWEST = 3
"""Files that have to be finished before there is a pace to tell."""


class Pace:
    """The last finished files of one session. ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._steps: deque[tuple[float, int]] = deque(maxlen=_KEPT)

    def note(self, files: int = 1) -> None:
        """Note that files were finished now: one, or a whole series in one step."""
        now = self._clock()
        taken, self._last = now - self._last, now
        if taken <= BREAK:
            self._steps.append((taken, files))

    def per_hour(self) -> int | None:
        """Files an hour over the last steps; None while there are too few of them to say."""
        seconds = sum(taken for taken, _files in self._steps)
        if sum(files for _taken, files in self._steps) < _FEWEST or seconds <= 0:
            return None
        return round(sum(files for _taken, files in self._steps) * 3600 / seconds)
