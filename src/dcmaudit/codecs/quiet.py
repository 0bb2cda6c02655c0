"""The codecs kept silent: what they would print or log may hold values of a person.

Their loggers are switched off for the whole process; only who asks hears what imagecodecs says about one codestream.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("pylibjpeg", "openjpeg", "rle", "jpeg_ls")
_MOST_MESSAGES = 100
_heard = threading.local()
_lock = threading.RLock()


class _Listener(logging.Handler):
    """Keeps what a decoder says for the thread that asked to hear it, and lets nothing out."""

    def emit(self, record: logging.LogRecord) -> None:
        heard: list[str] | None = getattr(_heard, "messages", None)
        # A damaged frame can bring a message for each of its blocks.
        if heard is not None and len(heard) < _MOST_MESSAGES:
            heard.append(record.getMessage())


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
    """Switch off the loggers of the codecs; done once, when the package is imported.

    The logger of imagecodecs is only heard by ``heard_from_decoders``.
    """
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    listened = logging.getLogger("imagecodecs")
    listened.setLevel(logging.WARNING)
    listened.propagate = False
    if not any(isinstance(handler, _Listener) for handler in listened.handlers):
        listened.addHandler(_Listener())


@contextmanager
def quietly() -> Iterator[None]:
    """Run a call into another library without its warnings; one thread at a time, for the filters are process-wide."""
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


silence()
