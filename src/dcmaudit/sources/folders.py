"""Walking folders of any depth and size without holding them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from dcmaudit.errors import DcmauditError
from dcmaudit.model.texts import with_bytes_told
from dcmaudit.sources.extent import Extent
from dcmaudit.sources.found import Passed, Passing, Problem
from dcmaudit.sources.listing import LOOK_FIRST, FolderListing
from dcmaudit.sources.local import translated


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file of a folder, not yet opened.

    ``key`` is the same for the same entry of the same real folder, whatever links led there. ``regular`` says that
    the folder itself named it a regular file; else it may be a link or anything.
    """

    path: str
    key: str
    regular: bool


@dataclass
class Walker:
    """Walks folders, each real folder once however many links and names lead to it.

    ``covered`` tells later whether a file was already met on a walk.
    """

    recursive: bool
    extent: Extent = field(default_factory=Extent)
    _roots: set[str] = field(default_factory=set)
    _unread: set[str] = field(default_factory=set)

    def walk(self, folder: str) -> Iterator[Candidate | Passed | Problem]:
        """The files of ``folder`` in natural order, then those of its subfolders (only where ``recursive``).

        Of a folder with more than ``listing.FIRST`` entries, the files among the first so many that the file system
        names come first, in natural order, and then the others: nobody waits until a million names are sorted.
        Hidden files are files. Subfolders that are not read, and links to folders that are read anyway, come out
        as ``Passed``; folders that cannot be listed as ``Problem``. One folder at a time is held, compressed.
        """
        real = os.path.realpath(folder)
        if self._reads(real) and _can_be_reached(real, self._roots):
            yield Passed(with_bytes_told(folder), Passing.SAME_FOLDER)
            return
        self._roots.add(real)
        # One open listing for each level: the files of the level are through, its subfolders are not.
        levels = [self._level(folder, real, is_inner=False)]
        while levels:
            entry = next(levels[-1], None)
            if entry is None:
                levels.pop()
            elif isinstance(entry, _Folder):
                levels.append(self._level(entry.path, entry.real, is_inner=entry.is_inner))
            else:
                yield entry

    def covered(self, real_folder: str) -> bool:
        """Whether the files of this real folder were met on a walk (as far as it could be listed)."""
        if not self._reads(real_folder):
            return False
        # A folder that could not be listed whole may hold files that no walk met.
        return not any(place in self._unread for place in _upwards(real_folder)) if self._unread else True

    def _reads(self, real: str) -> bool:
        if real in self._roots:
            return True
        return self.recursive and bool(self._roots) and any(place in self._roots for place in _upwards(real))

    def _level(self, folder: str, real: str, *, is_inner: bool) -> Iterator[Candidate | _Folder | Passed | Problem]:
        listing = FolderListing(folder)
        shown = self.extent.open_folder(listing, is_inner=is_inner, counts_folders=self.recursive)
        try:
            yield from self._files(folder, real, listing.first())
            error = listing.error()
            if error is not None:
                self._unread.add(real)
                yield Problem(with_bytes_told(folder), _folder_error(error, folder))
                # What was listed before the listing broke is still there to be read.
            yield from self._files(folder, real, listing.rest())
            yield from self._subfolders(folder, real, listing.folders())
        finally:
            listing.stop()
            self.extent.close_folder(shown)

    def _files(self, folder: str, real: str, names: Iterator[str]) -> Iterator[Candidate | _Folder | Passed]:
        for name in names:
            plain = name.removesuffix(LOOK_FIRST)
            path, regular = os.path.join(folder, plain), plain == name
            # The listing says "regular" of most entries, so that the file system is not asked again for each.
            if not regular and os.path.isdir(path):
                yield from self._link(path)
            else:
                yield Candidate(path, os.path.join(real, plain), regular)

    def _subfolders(self, folder: str, real: str, names: Iterator[str]) -> Iterator[_Folder | Passed]:
        for name in names:
            path, target = os.path.join(folder, name), os.path.join(real, name)
            if not self.recursive:
                yield Passed(with_bytes_told(path), Passing.SUBFOLDER)
            # Named or linked to before, and walked from there.
            elif target in self._roots:
                yield Passed(with_bytes_told(path), Passing.SAME_FOLDER)
            else:
                yield _Folder(path, target, is_inner=True)

    def _link(self, path: str) -> Iterator[_Folder | Passed]:
        if not self.recursive:
            yield Passed(with_bytes_told(path), Passing.SUBFOLDER)
            return
        target = os.path.realpath(path)
        if self._reads(target) and _can_be_reached(target, self._roots):
            yield Passed(with_bytes_told(path), Passing.SAME_FOLDER)
            return
        # No walk leads there: a root of its own, so that nothing leads there twice.
        self._roots.add(target)
        yield _Folder(path, target)


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    real: str
    is_inner: bool = False


def _folder_error(error: OSError, folder: str) -> DcmauditError:
    found = translated(error, with_bytes_told(folder))
    message = "this folder may not be listed" if isinstance(error, PermissionError) else found.message
    return type(found)(message, file=found.file, hint=found.hint)


def _can_be_reached(real: str, roots: set[str]) -> bool:
    """Whether a walk from one of ``roots`` comes to ``real``: a folder between them may be closed to listing."""
    for place in _upwards(real):
        if place in roots:
            return place == real or os.access(place, os.R_OK | os.X_OK)
        if place != real and not os.access(place, os.R_OK | os.X_OK):
            return False
    return False


def _upwards(real: str) -> Iterator[str]:
    while True:
        yield real
        above = os.path.dirname(real)
        if above == real:
            return
        real = above
