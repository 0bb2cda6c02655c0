"""Small trees of files, and short ways to ask what was found in them."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest

from dcmaudit.sources import Found, Passed, Passing, Problem, find
from support.files import gradient, reference


@cache
def image_bytes() -> bytes:
    """A small real image in explicit VR little endian."""
    return reference(gradient(8, 8)).data


def put(path: Path, data: bytes | None = None) -> Path:
    """Write a file (a DICOM image unless ``data`` is given) and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(image_bytes() if data is None else data)
    return path


def found_in(*names: str | Path, recursive: bool = False, pacs_root: Path | None = None) -> list[Found]:
    return list(find([str(name) for name in names], recursive=recursive, pacs_root=pacs_root))


def names(found: Iterable[Found]) -> list[str]:
    """The names of the references, in order."""
    return [entry.name for entry in found if not isinstance(entry, (Passed, Problem))]


def passed(found: Iterable[Found]) -> list[tuple[str, Passing]]:
    return [(Path(entry.name).name, entry.reason) for entry in found if isinstance(entry, Passed)]


def problems(found: Iterable[Found]) -> list[Problem]:
    return [entry for entry in found if isinstance(entry, Problem)]


def without_privileges(work: Callable[[], object]) -> str:
    """The ``repr`` of what ``work`` returns in a child process that has no rights of the superuser."""
    read, write = os.pipe()
    sys.stdout.flush()
    with warnings.catch_warnings():
        # The threads of the test runner are not needed in the child, which only reads a folder and ends.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            text = repr(work())
        except BaseException as error:
            text = f"failed: {error!r}"
        os.write(write, text.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    assert not text.startswith("failed"), text
    return text


def open_to_all(folder: Path) -> None:
    """Let any user reach ``folder``, which pytest makes private; the test is skipped where that cannot be."""
    for place in (folder, *folder.parents):
        if place.stat().st_mode & 0o001:
            continue
        try:
            place.chmod(place.stat().st_mode | 0o055)
        except PermissionError:
            pytest.skip(f"other users cannot reach {place}")
