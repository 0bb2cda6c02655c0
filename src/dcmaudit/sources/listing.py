"""Listing one folder, so that its first files can be opened while the rest of a very big one is still being named."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from itertools import islice

from dcmaudit.sources.ordered import OrderedNames

FIRST = 20_000
"""Entries that are listed before the first file is given out: a fraction of a second."""

LOOK_FIRST = "/"
"""What marks the name of a link, a pipe or a device. No name ends with a slash."""


class FolderListing:
    """The names of one folder, given out in a defined order.

    A folder of up to ``FIRST`` entries comes in natural order. Of a larger one the files among the first ``FIRST``
    entries that the file system names come first, in natural order, then all others, in natural order too: those
    are listed in a thread meanwhile. It ends with the folder, not with who uses the names: somebody who needs an
    hour for the first files must not meet what was put into the folder since. Iterators may be used once.
    """

    def __init__(self, folder: str) -> None:
        self._first, self._rest, self._folders = OrderedNames(), OrderedNames(), OrderedNames()
        self._is_stopped = threading.Event()
        self.files = self.subfolders = 0
        """Of what was listed so far."""
        self._error: OSError | None = None
        self._thread: threading.Thread | None = None
        try:
            entries = os.scandir(folder)
        except OSError as error:
            self._error = error
            return
        # Fewer: the folder is through, and no thread is needed.
        if self._list(islice(entries, FIRST), self._first) < FIRST:
            entries.close()
        else:
            self._thread = threading.Thread(target=self._list_rest, args=(entries,), name="dcmaudit-list", daemon=True)
            self._thread.start()

    def first(self) -> Iterator[str]:
        """The first files. A name ends in ``LOOK_FIRST`` where the folder does not call it a regular file."""
        return self._first.drain()

    def rest(self) -> Iterator[str]:
        """The other files, as soon as the whole folder is listed."""
        self._wait()
        return self._rest.drain()

    def folders(self) -> Iterator[str]:
        """The subfolders, as soon as the whole folder is listed."""
        self._wait()
        return self._folders.drain()

    def error(self) -> OSError | None:
        """What broke the listing; what was listed before is there all the same."""
        self._wait()
        return self._error

    def stop(self) -> None:
        """Give up what is not listed yet."""
        self._is_stopped.set()
        self._wait()

    def _wait(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _list_rest(self, entries: os._ScandirIterator[str]) -> None:
        with entries:
            self._list(entries, self._rest)

    def _list(self, entries: Iterator[os.DirEntry[str]], files: OrderedNames) -> int:
        """Put the entries where they belong, up to the first error; how many there were."""
        count = 0
        try:
            for entry in entries:
                count += 1
                # The folder itself says what an entry is; a link is not followed here, for that may hang on a dead
                # server.
                if entry.is_dir(follow_symlinks=False):
                    self.subfolders += 1
                    self._folders.add(entry.name)
                else:
                    # A link, a pipe, a device: looked at when its turn comes.
                    self.files += 1
                    regular = entry.is_file(follow_symlinks=False)
                    files.add(entry.name if regular else entry.name + LOOK_FIRST)
                if self._is_stopped.is_set():
                    break
        except OSError as error:
            self._error = error
        return count
