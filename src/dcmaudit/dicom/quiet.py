"""pydicom kept silent: what it would print may hold values of a person.

It reports oddities through ``warnings`` and through its logger, and both quote the value. This module switches
the logger off for the whole process and lets nothing of a single conversion out; what is worth saying is said by us,
as an error or a note, without values. ``codecs.quiet`` does the same for the codecs.
"""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dcmaudit.codecs.quiet import quietly

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def _without(name: str) -> Iterator[None]:
    """As if this package were not installed, unless it is loaded already."""
    is_ours = name not in sys.modules
    if is_ours:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if is_ours:
            del sys.modules[name]


with _without("requests"):  # pydicom would load it for downloads of its test files, which we never ask for
    from pydicom import config


def silence() -> None:
    """Switch off the logger and the value validation of pydicom; done once, when the package is imported."""
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    config.settings.reading_validation_mode = config.IGNORE


silence()

__all__ = ["quietly", "silence"]
