"""The machine and the installation: versions, processor, memory, disks, limits, locale, browser."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit import __version__
from dcmaudit.errors import UsageError
from dcmaudit.report.examinations import Finding, State

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

SUPPORTED = ((3, 11), (3, 13))
_LITTLE_MEMORY = 2 << 30
_LITTLE_DISK = 1 << 30
_FEW_FILES = 256
_LEVELS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "asimddp")
"""Flags of processors that change how the detector computes."""


def versions(_settings: Settings) -> Iterator[Finding]:
    """The program, Python and every library that the installation asks for."""
    yield Finding("versions", "dcmaudit", State.GOOD, __version__)
    is_supported = SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]
    allowed = " to ".join(".".join(map(str, one)) for one in SUPPORTED)
    yield Finding(
        "versions", "Python", State.GOOD if is_supported else State.NOTE, platform.python_version(),
        None if is_supported else f"tested with {allowed}",
    )  # fmt: skip
    yield Finding("versions", "system", State.GOOD, f"{platform.system()} {platform.release()} {platform.machine()}")
    for name in sorted(_required()):
        try:
            yield Finding("versions", name, State.GOOD, version(name))
        except PackageNotFoundError:
            yield Finding("versions", name, State.WRONG, "it is not installed", "install dcmaudit again")


def _required() -> set[str]:
    """Names of the distributions that dcmaudit cannot do without; none where it runs from a folder of sources."""
    import re

    try:
        wanted = requires("dcmaudit") or []
    except PackageNotFoundError:
        return set()
    return {re.split(r"[^A-Za-z0-9._-]", one)[0] for one in wanted if "extra ==" not in one}


def processor(_settings: Settings) -> Iterator[Finding]:
    """Its name and flags, and how many of its cores this process may use."""
    from dcmaudit.pipeline.process import cores

    name, flags = _processor()
    known = ", ".join(flag for flag in _LEVELS if flag in flags) or "none that matter here"
    yield Finding("processor", "kind", State.GOOD, f"{name or platform.machine()}; flags: {known}")
    yield Finding("processor", "cores", State.GOOD, f"{cores()} of {os.cpu_count() or 1} may be used")


def _processor() -> tuple[str, set[str]]:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor(), set()
    values = dict(_pair(line) for line in lines)
    return values.get("model name", ""), set((values.get("flags") or values.get("Features") or "").split())


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def memory(_settings: Settings) -> Iterator[Finding]:
    """How much there is, and the limit of a container or batch system where it is lower."""
    total, free = _memory()
    limit = _group_limit()
    if total is None:
        yield Finding("memory", "size", State.NOTE, "this system does not say how much there is")
        return
    # Without a limit the older interface gives a number beyond all memory.
    usable = min(total, limit) if limit else total
    text = f"{_size(free)} free of {_size(total)}" + (f", limited to {_size(limit)}" if limit and limit < total else "")
    is_little = usable < _LITTLE_MEMORY
    yield Finding(
        "memory", "size", State.NOTE if is_little else State.GOOD, text,
        "large files may not fit; use --jobs 1" if is_little else None,
    )  # fmt: skip


def _memory() -> tuple[int | None, int]:
    try:
        pairs = dict(_pair(line) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
        return _kilobytes(pairs["MemTotal"]), _kilobytes(pairs["MemAvailable"])
    except (OSError, KeyError, ValueError):
        return None, 0


def _kilobytes(text: str) -> int:
    return int(text.split(maxsplit=1)[0]) << 10


def _group_limit() -> int | None:
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return int(Path(name).read_text("ascii"))
        except (OSError, ValueError):
            continue
    return None


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB"


def disks(settings: Settings) -> Iterator[Finding]:
    """Room where temporary files and the database lie."""
    places = {"temporary files": Path(tempfile.gettempdir())}
    with suppress(UsageError):  # a remembered database that is gone: told among the databases
        if "://" not in settings.database:
            places["database"] = nearest(Path(settings.database))
    for name, place in places.items():
        free = shutil.disk_usage(place).free
        is_little = free < _LITTLE_DISK
        yield Finding(
            "disk", name, State.NOTE if is_little else State.GOOD, f"{_size(free)} free at {place}",
            "make room there" if is_little else None,
        )  # fmt: skip
        if not os.access(place, os.W_OK) and name == "temporary files":
            yield Finding("disk", name, State.WRONG, f"{place} cannot be written", "set TMPDIR to a folder of your own")


def nearest(place: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next((one for one in (place, *place.parents) if one.is_dir()), Path(place.anchor or "."))


def limits(_settings: Settings) -> Iterator[Finding]:
    """What the system allows a process: open files, processes, the size of a file."""
    try:
        import resource
    except ImportError:  # not a POSIX system
        yield Finding("limits", "open files", State.NOTE, "this system does not say")
        return
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    is_low = 0 <= files < _FEW_FILES
    yield Finding(
        "limits", "open files", State.NOTE if is_low else State.GOOD, _limit(files),
        f"raise it to {_FEW_FILES} or more with ulimit -n" if is_low else None,
    )  # fmt: skip
    largest = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    is_cut = largest != resource.RLIM_INFINITY
    yield Finding(
        "limits", "size of a file", State.NOTE if is_cut else State.GOOD, _limit(largest),
        "larger outputs cannot be written" if is_cut else None,
    )  # fmt: skip
    yield Finding("limits", "address space", State.GOOD, _limit(resource.getrlimit(resource.RLIMIT_AS)[0]))


def _limit(value: int) -> str:
    return "no limit" if value < 0 or value > 1 << 60 else f"{value}"


def language(_settings: Settings) -> Iterator[Finding]:
    """Whether names of files and of people can be shown and written."""
    names = sys.getfilesystemencoding().lower().replace("-", "")
    yield Finding(
        "locale", "names of files", State.GOOD if names == "utf8" else State.NOTE, sys.getfilesystemencoding(),
        None if names == "utf8" else "set PYTHONUTF8=1, or names with letters beyond ASCII are shown as \\xNN",
    )  # fmt: skip
    shown = (locale.getpreferredencoding(do_setlocale=False)).lower().replace("-", "")
    yield Finding(
        "locale", "terminal", State.GOOD if shown == "utf8" else State.NOTE, shown,
        None if shown == "utf8" else "letters that it does not know are shown as \\xNN; LANG=C.UTF-8 mends that",
    )  # fmt: skip


def browser(_settings: Settings) -> Iterator[Finding]:
    """Whether the reviewer's page can be opened here, or only its address printed."""
    from dcmaudit.cli.review import has_screen

    if not has_screen():
        hint = "the reviewer prints its address, and the ssh -L that brings it to your own machine"
        yield Finding("browser", "screen", State.NOTE, "there is no display", hint)
        return
    import webbrowser

    try:
        found = webbrowser.get()
    except webbrowser.Error:
        yield Finding("browser", "program", State.NOTE, "no browser was found", "open the printed address yourself")
        return
    yield Finding("browser", "program", State.GOOD, getattr(found, "name", type(found).__name__))
