"""How many inputs a search will have found at its end, as far as it can tell on its way: nothing is walked twice."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import Protocol

_CHUNK = 1 << 20
_LONGEST = 256 << 20
"""Bytes of a list up to which its lines are counted."""


class Listing(Protocol):
    """A folder while it is listed: how many files and subfolders it is known to have."""

    @property
    def files(self) -> int:
        """Everything that is no folder."""
        ...

    @property
    def subfolders(self) -> int:
        """Folders in it."""
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of inputs; ``is_exact``: the search is through, and there are no others."""

    count: int
    is_exact: bool


@dataclass(slots=True)
class Extent:
    """What a search has met, and what it knows to be before it. Written by the search, read by whoever asks.

    ``found``: inputs that came out. ``entries``: files of folders and lines of lists that are known, ``met``: those of
    them that were looked at, ``kept``: those that were inputs. ``unknown``: lists under way of which nobody knows the
    length.
    """

    names: int = 0
    begun: int = 0
    found: int = 0
    met: int = 0
    kept: int = 0
    unknown: int = 0
    is_whole: bool = False
    _entries: int = 0
    _opened: int = 0
    _inner: int = 0
    _subfolders: int = 0
    _open: list[Listing] = field(default_factory=list)

    def estimate(self) -> Estimate | None:
        """How many inputs there will be; None where nothing can be said yet.

        What is known and was not looked at is taken to hold as many inputs as what was; so are folders and names.
        """
        if self.is_whole:
            return Estimate(self.found, is_exact=True)
        # A list whose length nobody knows makes every number a guess: then none is shown.
        if self.unknown or not self.begun:
            return None
        # A copy: the search goes on in its own thread while this one counts.
        listings = tuple(self._open)
        entries = self._entries + sum(one.files for one in listings)
        # Subfolders that were named and not opened yet are taken to be as full as those that were.
        waiting = max(0, self._subfolders + sum(one.subfolders for one in listings) - self._inner)
        # Not every file of a folder is an input: the share so far is taken to hold for the rest.
        share = self.kept / self.met if self.met else 1.0
        a_folder = entries / max(1, self._opened)
        here = self.found + share * (max(0, entries - self.met) + waiting * a_folder)
        # Names not begun yet are taken to lead to as much as those before them.
        others = max(0, self.names - self.begun) * max(1.0, here / self.begun)
        # A number below what is found already would let the bar run past its end.
        return Estimate(max(self.found, round(here + others)), is_exact=False)

    def open_folder(self, listing: Listing, *, is_inner: bool, counts_folders: bool) -> Listing:
        """A folder is listed; ``is_inner``: it was known as a subfolder of another one."""
        self._opened += 1
        self._inner += is_inner
        shown = listing if counts_folders else _Flat(listing)
        self._open.append(shown)
        return shown

    def close_folder(self, shown: Listing) -> None:
        """All of it was given out."""
        self._open.remove(shown)
        self._entries += shown.files
        self._subfolders += shown.subfolders

    def begin_list(self, path: str | None) -> int | None:
        """A list is read: how many lines it seems to have; None where nobody knows."""
        lines = None if path is None else _lines_of(path)
        if lines is None:
            self.unknown += 1
        else:
            self._entries += lines
        return lines

    def end_list(self, lines: int | None, read: int) -> None:
        """A list was read: it had ``read`` entries."""
        if lines is None:
            self.unknown -= 1
            self._entries += read
        else:
            # What the lines promised is put right by what was read: empty lines and titles name nothing.
            self._entries += read - lines


@dataclass(frozen=True, slots=True)
class _Flat:
    """A folder whose subfolders are not looked into."""

    listing: Listing

    @property
    def files(self) -> int:
        return self.listing.files

    @property
    def subfolders(self) -> int:
        return 0


def _lines_of(path: str) -> int | None:
    """The lines of a file of text; None where it is none, cannot be read, or is very long."""
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LONGEST:
            return None
        with open(path, "rb") as stream:
            count = 0
            while piece := stream.read(_CHUNK):
                # Names ended by NUL, or no text at all: lines tell nothing of it.
                if b"\0" in piece:
                    return None
                count += piece.count(b"\n")
    except OSError:
        return None
    return count
