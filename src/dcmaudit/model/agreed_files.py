"""Files that decide what a run does, such as deid rules: whoever works for it elsewhere uses the same, or none.

Work that is done on another machine, or by a process that served an earlier run, names such a file by its path. There
may be another one under that path, or one that was changed since the process read it. So a run says by a digest which
files it means, and whoever works for it compares.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from dcmaudit.errors import UsageError
from dcmaudit.plainfile import read_regular

_named: dict[str, bytes] = {}
"""What this process's runs named: each path with the digest of what lay there then."""

_meant = threading.local()
"""In a thread that works for a run of another process: the digests of the files that it named."""


def name_file(path: str | os.PathLike[str]) -> str:
    """The absolute path of a file that decides what a run does; what it holds now is what the run means.

    One that cannot be read is not noted: whoever needs it will say so.
    """
    absolute = str(Path(path).absolute())
    with suppress(OSError):
        _named[absolute] = _digest(absolute)
    return absolute


def named_files() -> dict[str, bytes]:
    """The digests of all files that were named in this process, to be sent to those who work for it."""
    return dict(_named)


@contextmanager
def meant_files(digests: Mapping[str, bytes]) -> Iterator[None]:
    """This thread works for a run that means these files."""
    former = getattr(_meant, "digests", None)
    _meant.digests = digests
    try:
        yield
    finally:
        _meant.digests = former


def version_of(path: str) -> bytes | None:
    """A digest of the file, for a cache of what was read of it; None where the run is of this process.

    UsageError where the run means another one, or where the file cannot be read here.
    """
    digests: Mapping[str, bytes] | None = getattr(_meant, "digests", None)
    if digests is None:
        return None
    try:
        found = _digest(path)
    except OSError as error:
        # In the words, for a line about an input names only that.
        raise UsageError(f"{path} cannot be read where the work is done: {error.strerror}", hint=_EVERYWHERE) from error
    if digests.get(path, found) != found:
        raise UsageError(f"another file is called {path} where the work is done", hint=_EVERYWHERE)
    return found


_EVERYWHERE = "put the same file under this name on every machine, or in a folder that all of them see"


def _digest(path: str) -> bytes:
    status = Path(path).stat()
    return _digest_of(path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@lru_cache(maxsize=64)
def _digest_of(path: str, *_state: int) -> bytes:
    # Asked for each input of a run: only what has changed is read again.
    return blake2b(read_regular(path), digest_size=16).digest()
