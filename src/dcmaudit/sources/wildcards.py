"""Wildcards that the shell left as they are: in quotes, in lists of options, or typed into a dialog."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from dcmaudit.sources.folders import Candidate, Walker
from dcmaudit.sources.found import Passed, Problem
from dcmaudit.sources.ordered import natural


def expand(pattern: str, *, recursive: bool) -> Iterator[str | Passed | Problem]:
    """The absolute paths that match, in natural order; folders among them where the pattern has no ``**``.

    ``*``, ``?`` and ``[...]`` match within one component, hidden names too; ``**`` matches any number of folders.
    With ``**`` the tree is walked once and files come out: those that match, and those in a folder that matches
    (at any depth where ``recursive``). What the walk could not read comes out as ``Problem``.
    """
    pattern = os.path.abspath(pattern)
    # One level a star: the standard library does it, hidden names included, as a walk would meet them.
    if "**" not in pattern.split(os.sep):
        yield from sorted(glob.iglob(pattern, include_hidden=True), key=natural)
        return
    parts = pattern.split(os.sep)
    fixed = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    base, wanted = os.sep.join(parts[:fixed]) or os.sep, parts[fixed:]
    if not os.path.isdir(base):
        return
    # The walk knows links that lead in a circle; the standard library's ** would follow them.
    for entry in Walker(recursive=True).walk(base):
        if not isinstance(entry, Candidate):
            yield entry
        elif _is_wanted(os.path.relpath(entry.path, base).split(os.sep), wanted, recursive=recursive):
            yield entry.path


def _is_wanted(path: Sequence[str], wanted: Sequence[str], *, recursive: bool) -> bool:
    # Without -r what matches, or lies right in a folder that does; with it at any depth below one.
    highest = 1 if recursive else max(len(path) - 1, 1)
    return any(_matches(path[:length], wanted) for length in range(len(path), highest - 1, -1))


def _matches(path: Sequence[str], wanted: Sequence[str]) -> bool:
    if not wanted:
        return not path
    if wanted[0] == "**":
        return any(_matches(path[skipped:], wanted[1:]) for skipped in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], wanted[0]) and _matches(path[1:], wanted[1:])
