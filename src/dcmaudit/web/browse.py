"""What the open dialogs show of the server's folders."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dcmaudit.errors import SourceError, SourceNotFoundError, SourceUnreadableError, UsageError
from dcmaudit.model.paths import home_path
from dcmaudit.review.page.list_shapes import BrowseEntry, Listing

FOLDERS = 2000
FILES = 1000
"""Entries that a dialog shows: drawing more keeps the page busy for seconds, and nobody reads them."""

_STANDARD_ROOTS = ("~", ".", "/")


def roots(allowed: Sequence[str | Path]) -> list[Path]:
    """The folders that a dialog starts from: those allowed, or the usual ones where nothing is said."""
    chosen = allowed or _STANDARD_ROOTS
    return list(dict.fromkeys(home_path(root).absolute() for root in chosen))


def browse(path: str | None, allowed: Sequence[str | Path]) -> Listing:
    """The entries of a folder, of the first root where ``path`` is None, and its parent.

    Of a ``path`` that is a file, the folder that it lies in, and ``chosen``: the file's own path. With ``allowed``
    roots, UsageError for whatever lies outside of them, links followed. SourceNotFoundError and
    SourceUnreadableError where the folder cannot be read. At most FOLDERS folders and FILES files are named;
    ``left_off`` counts the other entries.
    """
    starts = roots(allowed)
    if path is not None and "\0" in path:
        raise UsageError("a path holds no NUL character")
    folder = Path(os.path.abspath(home_path(path))) if path else starts[0]  # noqa: PTH100 (links stay)
    _require_allowed(folder, allowed)
    chosen = None
    if os.path.isfile(folder):  # noqa: PTH113 (pathlib's raises for long names)
        chosen, folder = folder, folder.parent
        _require_allowed(folder, allowed)
    entries, left_off = _entries(folder, allowed)
    parent = folder.parent if folder != folder.parent else None
    # A root has no way up.
    if parent is not None and allowed and not _is_allowed(parent, allowed):
        parent = None
    return {
        "path": _text(folder),
        "chosen": _text(chosen) if chosen else None,
        "parent": _text(parent) if parent else None,
        "entries": entries,
        "left_off": left_off,
        "roots": [_text(root) for root in starts],
    }


def _entries(folder: Path, allowed: Sequence[str | Path]) -> tuple[list[BrowseEntry], int]:
    found: list[tuple[bool, str, BrowseEntry]] = []
    left_off, room = 0, {True: FOLDERS, False: FILES}
    try:
        with os.scandir(folder) as scanned:
            for entry in scanned:
                # First what the folder itself tells: asking for the size of each of a million files takes minutes.
                is_folder = _is_folder(entry)
                if not room[is_folder]:
                    left_off += 1
                    continue
                row = _entry(entry, allowed)
                if row is not None:
                    room[is_folder] -= 1
                    found.append((not is_folder, entry.name.casefold(), row))
    except OSError as error:
        raise _translated(error, folder) from error
    return [row for _is_file, _name, row in sorted(found, key=lambda item: item[:2])], left_off


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _entry(entry: os.DirEntry[str], allowed: Sequence[str | Path]) -> BrowseEntry | None:
    """One row; None for pipes, sockets, dead links and links that lead out of the allowed folders."""
    try:
        # What leads out is not shown at all: its name alone may say something.
        if entry.is_symlink() and allowed and not _is_allowed(Path(entry.path), allowed):
            return None
        if entry.is_dir():
            kind, size = "folder", None
        elif entry.is_file():
            kind, size = "file", entry.stat().st_size
        else:
            return None
    except OSError:
        return None
    return {"name": _text(entry.name), "path": _text(entry.path), "kind": kind, "size": size}


def _require_allowed(folder: Path, allowed: Sequence[str | Path]) -> None:
    if allowed and not _is_allowed(folder, allowed):
        raise UsageError("this folder may not be browsed here", hint="choose one of the folders on offer")


def _is_allowed(path: Path, allowed: Sequence[str | Path]) -> bool:
    try:
        real = path.resolve()
    except (OSError, RuntimeError):
        return False
    return any(real.is_relative_to(home_path(root).resolve()) for root in allowed)


def _text(path: str | Path) -> str:
    r"""The path as text; bytes that are no UTF-8 as \xhh."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _translated(error: OSError, folder: Path) -> SourceError:
    name = _text(folder)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceNotFoundError("no such folder", file=name, hint="check the spelling")
    if isinstance(error, PermissionError):
        return SourceUnreadableError("the folder may not be read", file=name, hint="ask its owner for access")
    return SourceUnreadableError(f"the folder cannot be read: {error.strerror or type(error).__name__}", file=name)
