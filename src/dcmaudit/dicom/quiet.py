"""pydicom and the codecs kept silent: what they would print may hold values of a person.

pydicom reports oddities through ``warnings`` and through its logger, and both quote the value. This module switches
the logger off for the whole process and lets nothing of a single conversion out; what is worth saying is said by us,
as an error or a note, without values.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom import config

_LOGGERS = ("pydicom", "pylibjpeg", "openjpeg", "rle", "jpeg_ls")
_lock = threading.RLock()
_heard = threading.local()


class _Listener(logging.Handler):
    """Keeps what a decoder says for the thread that asked to hear it, and lets nothing out."""

    def emit(self, record: logging.LogRecord) -> None:
        heard: list[str] | None = getattr(_heard, "messages", None)
        if heard is not None and len(heard) < _MOST_MESSAGES:
            heard.append(record.getMessage())


_MOST_MESSAGES = 100


@contextmanager
def heard_from_decoders() -> Iterator[list[str]]:
    """What imagecodecs says in this thread meanwhile, its first hundred messages; nobody else hears it.

    They are for judging a codestream by, not for showing to people: they may quote it.
    """
    before = getattr(_heard, "messages", None)
    found: list[str] = []
    _heard.messages = found
    try:
        yield found
    finally:
        _heard.messages = before


def silence() -> None:
    """Switch off loggers and the value validation of pydicom; done once, when the package is imported.

    The logger of imagecodecs is only heard by ``heard_from_decoders``.
    """
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    listened = logging.getLogger("imagecodecs")
    listened.setLevel(logging.WARNING)
    listened.propagate = False
    if not any(isinstance(handler, _Listener) for handler in listened.handlers):
        listened.addHandler(_Listener())
    config.settings.reading_validation_mode = config.IGNORE


@contextmanager
def quietly() -> Iterator[None]:
    """Run a call into pydicom without its warnings; one thread at a time, for the filters are process-wide."""
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


silence()
