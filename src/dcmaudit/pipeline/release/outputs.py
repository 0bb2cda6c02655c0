"""Where the files of a release go: a folder of this machine, or a part of a bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from dcmaudit.pipeline.remote import Remote, Target
from dcmaudit.sources.s3.listing import list_objects
from dcmaudit.wholefile import sync_folder


class Outputs(Protocol):
    """The place of what may leave; names in it are relative, with slashes."""

    def put(self, staged: Path, place: str) -> None:
        """Give a finished file, which goes away, its name there. What lay under that name is replaced.

        The name is on the disk for certain after the next ``sync``.
        """
        ...

    def touch(self, place: str) -> None:
        """A run before gave a file this name, which may not be on the disk yet."""
        ...

    def sync(self) -> None:
        """Bring every name that was given to the disk."""
        ...

    def holds(self, place: str) -> bool:
        """Whether something has that name."""
        ...

    def names(self) -> Iterator[str]:
        """Every name in use, in no order."""
        ...


def outputs_at(place: Target) -> Outputs:
    """The outputs in a folder or a bucket."""
    return _Bucket(place) if isinstance(place, Remote) else _Folder(place)


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = ""
        self._touched: set[Path] = set()

    def put(self, staged: Path, place: str) -> None:
        target = self._folder / place
        if self._made != str(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made = str(target.parent)
        staged.replace(target)
        self.touch(place)

    def touch(self, place: str) -> None:
        # A folder that is new has its own name in the one above.
        self._touched.update((self._folder / place).parents[: place.count("/") + 1])

    def sync(self) -> None:
        for folder in self._touched:
            sync_folder(folder)
        self._touched.clear()

    def holds(self, place: str) -> bool:
        return os.path.lexists(self._folder / place)

    def names(self) -> Iterator[str]:
        top = str(self._folder)
        for folder, _, names in os.walk(top):
            below = "" if folder == top else os.path.relpath(folder, top).replace(os.sep, "/") + "/"
            yield from (below + name for name in names)


class _Bucket:
    def __init__(self, place: Remote) -> None:
        self._place = place

    def put(self, staged: Path, place: str) -> None:
        (self._place / place).receive(staged, overwrite=True)
        staged.unlink()

    def touch(self, place: str) -> None:
        """Nothing: an object is stored when the server says so."""

    def sync(self) -> None:
        """Nothing, likewise."""

    def holds(self, place: str) -> bool:
        return (self._place / place).exists()

    def names(self) -> Iterator[str]:
        place = self._place.place
        prefix = f"{place.key}/" if place.key else ""
        for listing in list_objects(place.bucket, prefix, provider=place.provider):
            yield listing.key.removeprefix(prefix)
