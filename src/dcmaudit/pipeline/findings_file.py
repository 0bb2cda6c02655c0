"""A CSV list of findings on disk: files are added to it whole, and what is not known to be whole is done again."""

from __future__ import annotations

import csv
import io
import os
import stat
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from dcmaudit.errors import StoreError, UsageError
from dcmaudit.model import Reference
from dcmaudit.pipeline.content import stamps_of
from dcmaudit.pipeline.list_looks import ListedLook, ListLooks, Stamp, digest_of
from dcmaudit.plainfile import AS_BYTES, open_regular
from dcmaudit.report.findings_list import BREAK, COLUMNS, HEADER, Mark, joined, parse
from dcmaudit.sources import reference_to


class CsvFile:
    """A CSV file that holds all lines of a file or none, also where writing fails or the program dies.

    It holds text from images, so only its owner may read it.
    """

    def __init__(
        self, path: Path, *, append: bool = False, overwrite: bool = False, header: bool = True,
        looks: ListLooks | None = None,
    ) -> None:  # fmt: skip
        """``looks``: where it is noted how lines are made; None: nowhere."""
        self._looks, self._made = looks, dict[str, bytes]()
        self.done: frozenset[str] = frozenset()
        self.written_ns: int | None = None
        """From when on nothing is known of changes of files in a list that is gone on with: when the run that wrote
        into it last began, in nanoseconds since 1970; None for a new list."""
        # Kept as the time of change of the list: a file may be changed between its lines and the last ones.
        self._begun = time.time_ns()
        self._path, self._again, self._former = path, False, frozenset[str]()
        self._broken: str | None = None
        try:
            needs_break = False
            if append and path.exists():
                needs_break = self._take(path)
            # O_EXCL lets the system decide whether a file is there, at the moment it is made.
            flags = os.O_WRONLY | os.O_CREAT | AS_BYTES | (0 if append else os.O_TRUNC if overwrite else os.O_EXCL)
            self._file = os.open(path, flags, 0o600)
            if looks is not None and os.fstat(self._file).st_size == 0:
                looks.begin()
        except FileExistsError:
            raise UsageError(
                f"{path} exists already", hint="--append goes on where it ends, --overwrite replaces it"
            ) from None
        except (OSError, csv.Error) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise UsageError(f"{path} cannot be used for the list: {reason}") from error
        self._end = os.lseek(self._file, 0, os.SEEK_END) if stat.S_ISREG(os.fstat(self._file).st_mode) else None
        if needs_break:
            self._write(BREAK)
        if header and not self._end:
            self._write(HEADER)
        self._keep_time(self._file)

    def _take(self, path: Path) -> bool:
        """Read what is there and cut what is torn; whether lines without a mark are the last."""
        with open_regular(path) as stream:
            self.written_ns = os.fstat(stream.fileno()).st_mtime_ns
            data = stream.read()
        listed = parse(data)
        if not listed.is_ours:
            raise UsageError(f"{path} is no list of ocr", hint="--append goes on with such a list only")
        kept = listed.kept
        # At once and in the list, for from now on its time says nothing of them: this run may never come to them.
        changed = {name for name in listed.done if _is_changed(name, self.written_ns)}
        self.done = listed.done - changed
        self._former = frozenset(group.name for group in kept)
        if self._looks is not None:
            self._looks.go_on()
            self._made = {
                one.name: digest_of(data[one.begin : one.end]) for one in listed.groups if one.name in self.done
                if one.is_done
            }  # fmt: skip
        _replace(path, data, joined(data, listed, kept, changed))
        return bool(kept) and kept[-1].mark is Mark.NONE

    def looks_of(self, reference: Reference, stamp: Stamp | None) -> tuple[ListedLook, ...] | None:
        """The looks that made the lines of a file that is ``done``; None where nobody noted that, none where they were
        at another file of that name. ``stamp`` is what ``stamps_of`` says of it now.
        """
        lines = self._made.get(reference.name)
        if self._looks is None or lines is None:
            return None
        return self._looks.of(lines, _exact(reference.name, stamp))

    def note(self, files: Iterable[tuple[str, str]]) -> None:
        """Note how the lines of each of these files were made, which are about to be added: name and lines of each."""
        if self._looks is None:
            return
        made = [(reference_to(name), lines) for name, lines in files if lines]
        stamps = stamps_of([reference for reference, _ in made])
        noted: list[tuple[str, Stamp | None]] = []
        for reference, lines in made:
            stamp = _exact(reference.name, stamps[reference.name])
            # What was changed since this run began may not be what was looked at; the next run looks at it again.
            if stamp is None or stamp[-1] <= self._begun:
                noted.append((lines, stamp))
        self._looks.note(noted)

    def add(self, lines: str) -> None:
        """Write the lines of one file or of several, all of them or none; StoreError where they cannot be."""
        if not lines:
            return
        self._write(lines.encode("utf-8", "surrogateescape"))
        # Only where a file of the earlier run came again are there lines to take out.
        if self._former and not self._again:
            self._again = not self._former.isdisjoint(row[0] for row in csv.reader(io.StringIO(lines)) if row)

    def _write(self, data: bytes) -> None:
        if self._broken is not None:
            raise StoreError(f"the CSV file cannot be written: {self._broken}")
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
            if self._end is not None:
                self._keep_time(self._file)
                # A file that is in the list is not looked at again: its lines must outlast a power cut.
                os.fsync(self._file)
                self._end += len(data)
        except OSError as error:
            self._take_back(error)
            raise StoreError(f"the CSV file cannot be written: {error.strerror}") from error

    def _take_back(self, error: OSError) -> None:
        """Cut what was written in part; where even that fails nothing more may follow it."""
        self._broken = error.strerror or type(error).__name__
        # What went into a pipe cannot be taken back: nothing may follow half a line.
        if self._end is None:
            return
        with suppress(OSError):
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
            self._broken = None

    def close(self) -> None:
        """Close the file. Former lines of files that were done again go; on a full disk they stay for the next run."""
        os.close(self._file)
        if self._again:
            with suppress(OSError, StoreError):
                data = self._path.read_bytes()
                listed = parse(data)
                _replace(self._path, data, joined(data, listed, listed.kept))
                self._keep_time(self._path)

    def _keep_time(self, file: int | Path) -> None:
        """Have the list say when this run began, see ``written_ns``."""
        with suppress(OSError):  # a file of somebody else, or a pipe; then it says when it was written
            if self._end is not None:
                os.utime(file, ns=(self._begun, self._begun))


def _is_changed(name: str, since: int) -> bool:
    """Whether a file of this machine got its bytes or its name after that; of objects in buckets nothing is asked."""
    stamp = _exact(name, None)
    return stamp is not None and stamp[-1] > since


def _exact(name: str, stamp: Stamp | None) -> Stamp | None:
    """Size and times of a file of this machine, last of all when it got its bytes or its name; of others ``stamp``."""
    path = getattr(reference_to(name), "path", None)
    if path is None:
        return stamp
    try:
        # Not the time of its content: what is copied or unpacked over it may bring that along from long ago.
        found = os.stat(path)  # noqa: PTH116 - asked for each of many files
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _replace(path: Path, before: bytes, after: bytes) -> None:
    """Put the second content in the place of the first: by cutting where that is enough, else by another file."""
    if after == before:
        return
    # A link stays a link: what it leads to is replaced.
    real = Path(os.path.realpath(path))
    # Cutting needs no room on a full disk.
    if before.startswith(after):
        os.truncate(real, len(after))
        return
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", suffix=".part", dir=real.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(after)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).chmod(stat.S_IMODE(real.stat().st_mode))
        Path(name).replace(real)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


class Standard:
    """Standard output in the place of a CSV file."""

    done: frozenset[str] = frozenset()
    written_ns: int | None = None

    def __init__(self, stream: TextIO, *, header: bool = True) -> None:
        self._stream = stream
        if header:
            self.add(",".join(COLUMNS) + "\r\n")

    def looks_of(self, _reference: Reference, _stamp: Stamp | None) -> tuple[ListedLook, ...] | None:
        """Nothing is there from before."""
        return None

    def note(self, files: Iterable[tuple[str, str]]) -> None:
        """Nothing is gone on with."""

    def add(self, lines: str) -> None:
        """Write and hand over."""
        self._stream.write(lines)
        self._stream.flush()

    def close(self) -> None:
        """Standard output stays open."""
