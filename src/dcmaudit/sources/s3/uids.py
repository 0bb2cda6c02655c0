"""Lists of studies and series in a CSV file that may be larger than the memory."""

from __future__ import annotations

import csv
import heapq
import os
import random
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import blake2b
from itertools import pairwise
from typing import BinaryIO

from dcmaudit.errors import ListError
from dcmaudit.model.texts import with_bytes_told
from dcmaudit.plainfile import open_regular

STUDY, SERIES = "studyinstanceuid", "seriesinstanceuid"
SMALL = 64 * 2**20
"""Up to this size reading the whole list takes a second, and is exact whatever its order."""

_UID = re.compile(r"[0-9A-Za-z._-]{1,64}")
_DELIMITERS = (",", ";", "\t", "|")
_WINDOW = 4096
_LONGEST = 2**16
_PROBES = 200
_TRIES = 400

Row = tuple[str, str]
"""A study and a series."""


class UidList:
    """A CSV file with the columns StudyInstanceUID and SeriesInstanceUID, in any case and place.

    ListError where there are no such columns or the file is not text in UTF-8; OSError where it cannot be read.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.name = with_bytes_told(path)
        with closing(open_regular(path)) as stream:
            self._start, self._delimiter, self._columns = self._header(stream)
            self._size = os.fstat(stream.fileno()).st_size
        self.bad_lines = 0
        """Lines without both UIDs that were met so far."""
        self.how = ""
        """In words, how the last random choice was made."""

    def _header(self, stream: BinaryIO) -> tuple[int, str, tuple[int, int]]:
        line = stream.readline(2**20)
        # Places in the file are sought by bytes, which needs an encoding in which a line feed is one byte.
        if line[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in line:
            raise ListError("not in UTF-8", file=self.name, hint="save it as CSV in UTF-8")
        text = line.decode("utf-8-sig", "replace")
        for delimiter in _DELIMITERS:
            titles = [title.strip().lower() for title in next(csv.reader([text], delimiter=delimiter), [])]
            if STUDY in titles and SERIES in titles:
                for column in (STUDY, SERIES):
                    if titles.count(column) > 1:
                        raise ListError(f"the column {column} is there twice", file=self.name, hint="leave one of them")
                return len(line), delimiter, (titles.index(STUDY), titles.index(SERIES))
        raise ListError("needs the columns StudyInstanceUID and SeriesInstanceUID", file=self.name)

    def rows(self) -> Iterator[Row]:
        """Every row, in order, as it is read. Rows without both UIDs are counted in ``bad_lines``."""
        with closing(open_regular(self._path)) as stream:
            stream.seek(self._start)
            lines = (line.decode("utf-8", "replace") for line in stream)
            try:
                for fields in csv.reader(lines, delimiter=self._delimiter, strict=True):
                    row = self._row(fields)
                    if row is not None:
                        yield row
                    elif fields:
                        self.bad_lines += 1
            except csv.Error as error:
                raise ListError("cannot be read as CSV", file=self.name, hint="mend its quotes") from error

    def studies_of(self, series: Iterable[str]) -> dict[str, str]:
        """The study of each of ``series``; those that the list does not have are not in the answer."""
        wanted = set(series)
        found: dict[str, str] = {}
        for study, one in self.rows():
            if one in wanted:
                found[one] = study
                if len(found) == len(wanted):
                    break
        return found

    def random_studies(self, count: int, seed: int) -> list[str]:
        """``count`` studies, each as likely as any other however many series it has; the same for the same seed.

        All of them where there are fewer. A large list that is sorted by study is sought in at random places; any
        other is read once, keeping no more than ``count`` studies. ``how`` says which it was.
        """
        chance = random.Random(seed)  # noqa: S311 a sample that can be drawn again, no secret
        if self._size > SMALL:
            with closing(open_regular(self._path)) as stream:
                if self._looks_sorted(stream, chance):
                    found = self._sought(stream, chance, count)
                    if found is not None:
                        self.how = "sought at random places, for the list is sorted by study"
                        return found
        self.how = "the whole list was read"
        return self._smallest(count, seed)

    def _smallest(self, count: int, seed: int) -> list[str]:
        """Those whose keyed digest is smallest: a uniform choice over different studies in one pass."""
        kept: list[tuple[int, str]] = []  # a heap by negative digest: the largest one on top
        chosen: set[str] = set()
        before = ""
        for study, _series in self.rows():
            # Series of one study mostly stand together: one digest for all of them.
            if study == before:
                continue
            before = study
            rank = -drawn(seed, study)
            if len(kept) < count:
                if study not in chosen:
                    heapq.heappush(kept, (rank, study))
                    chosen.add(study)
            # A study that was dropped before can never come in again, for its rank is the same.
            elif kept and rank > kept[0][0] and study not in chosen:
                chosen.remove(heapq.heappushpop(kept, (rank, study))[1])
                chosen.add(study)
        return [study for _rank, study in sorted(kept, reverse=True)]

    # A large list

    def _looks_sorted(self, stream: BinaryIO, chance: random.Random) -> bool:
        """Whether rows at random places, and those beside them, are in the order of their studies, none quoted."""
        met: list[tuple[int, str]] = []
        for place in sorted(chance.randrange(self._start, self._size) for _ in range(_PROBES)):
            for start in self._starts(stream, place)[:20]:
                row = self._row_at(stream, start)
                if row is None:
                    return False
                met.append((start, row[0]))
        studies = [study for _start, study in sorted(met)]
        return all(before <= after for before, after in pairwise(studies))

    def _sought(self, stream: BinaryIO, chance: random.Random, count: int) -> list[str] | None:
        """The first rows of studies at random; None where that does not come to an end (few studies).

        Exactly uniform over rows: every row's start is in equally many windows, and of a window with n starts each
        is taken with the same probability 1/most.
        """
        found: dict[str, None] = {}
        # Rejection: windows hold different numbers of rows, and without it rows in full windows would be drawn less
        # often.
        most = 2 * max(len(self._starts(stream, chance.randrange(self._start, self._size))) for _ in range(_PROBES)) + 1
        for _ in range(_TRIES * (count + 10)):
            if len(found) == count:
                return list(found)
            starts = self._starts(stream, chance.randrange(self._start - _WINDOW + 1, self._size))
            if len(starts) > most:
                return None
            pick = chance.randrange(most)
            if pick >= len(starts):
                continue
            row = self._row_at(stream, starts[pick])
            if row is None:
                return None
            # Only the first row of a study counts, so that a study of many series is no more likely.
            if row[0] not in found and self._is_first(stream, starts[pick], row[0]):
                found[row[0]] = None
        return None

    def _starts(self, stream: BinaryIO, place: int) -> list[int]:
        """Where rows begin in the window from ``place`` on."""
        low, high = max(place, self._start), min(place + _WINDOW, self._size)
        if low >= high:
            return []
        stream.seek(low - 1)
        data = stream.read(high - low)
        starts = [low + found.start() for found in re.finditer(b"\n", data)]
        return [start for start in starts if start < self._size]

    def _row_at(self, stream: BinaryIO, start: int) -> Row | None:
        stream.seek(start)
        line = stream.readline(_LONGEST)
        # A quoted field may hold a line feed: then a line is no row.
        if b'"' in line:
            return None
        return self._row(line.decode("utf-8", "replace").rstrip("\r\n").split(self._delimiter))

    def _is_first(self, stream: BinaryIO, start: int, study: str) -> bool:
        if start <= self._start:
            return True
        low = max(self._start, start - _LONGEST // 8)
        stream.seek(low)
        line = stream.read(start - low).rstrip(b"\r\n").rpartition(b"\n")[2]
        row = self._row(line.decode("utf-8", "replace").rstrip("\r").split(self._delimiter))
        return row is None or row[0] != study

    def _row(self, fields: list[str]) -> Row | None:
        if len(fields) <= max(self._columns):
            return None
        study, series = (fields[column].strip() for column in self._columns)
        return (study, series) if _UID.fullmatch(study) and _UID.fullmatch(series) else None


def drawn(seed: int, name: str) -> int:
    """A number for ``name`` that looks random and is the same for the same seed, on every machine."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8, key=b"%d" % seed).digest())
