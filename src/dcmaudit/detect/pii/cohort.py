"""Known identifiers from outside: names, numbers and dates of a cohort, as a CSV list, matched as a header's are."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from dcmaudit.detect.pii.dates import dates_in
from dcmaudit.detect.pii.header import (
    DATES,
    NAMES,
    NUMBERS,
    PLACES,
    HeaderJudge,
    HeaderValues,
    allowed_changes,
    initials_of,
    joined_short,
)
from dcmaudit.detect.pii.words import folded, plain, words
from dcmaudit.errors import ListError
from dcmaudit.model import Judgement
from dcmaudit.plainfile import read_text

PATIENT = "patient"
"""The column with the Patient ID that files have now; a row without one is for all files."""
_WORDS = {"name": "PatientName", "number": "PatientID", "date": "PatientBirthDate", "place": "InstitutionName"}
_KNOWN = {**_WORDS, **{keyword: keyword for keyword in (*NAMES, *PLACES, *NUMBERS, *DATES)}}
_FEW = 50
"""So many rows are asked one by one; of more those first that may match at all."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Person:
    """The identifiers of one row, by DICOM keyword: a header that is not a file's."""

    values: Mapping[str, tuple[str, ...]]

    def get(self, field: str) -> tuple[str, ...] | None:
        """Every value of an attribute, None where the list has none."""
        return self.values.get(field)

    def items(self, _field: str) -> Sequence[HeaderValues]:
        """Nothing: a list has no sequences."""
        return ()


@dataclass(slots=True)
class Known:
    """Says IDENTIFYING where a text shows an identifier of one of ``persons``, else nothing.

    Whoever cannot match is left out first, by pieces of words: a word within n changes of another has one of its n + 1
    pieces unchanged.
    """

    persons: Sequence[Person]
    _pieces: dict[str, set[int]] = field(default_factory=dict)
    _exact: dict[str, int] = field(default_factory=dict)
    _dates: dict[dt.date, int] = field(default_factory=dict)
    _lengths: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        # For a few an index costs more than it saves.
        if len(self.persons) > _FEW:
            for number, person in enumerate(self.persons):
                self._index(number, person)

    def judge(self, text: str) -> Judgement | None:
        """The judgement of one line of text."""
        for person in self._candidates(text):
            said = HeaderJudge(person).judge(text)
            if said is not None:
                keyword = said.reason.rpartition(" ")[2]
                return replace(said, reason=f"it shows a {keyword} of the list of known identifiers")
        return None

    def _candidates(self, text: str) -> Iterator[Person]:
        if len(self.persons) <= _FEW:
            yield from self.persons
            return
        clean = plain(text)
        seen = words(clean)
        joined = folded("".join(seen))
        found: set[int] = set()
        for length in self._lengths:
            for start in range(len(joined) - length + 1):
                found |= self._pieces.get(joined[start : start + length], set())
        letters = "".join(seen) if all(len(word) == 1 for word in seen) else joined_short(clean)
        found |= {self._exact[key] for key in (letters, joined) if key in self._exact}
        found |= {self._dates[date] for date in dates_in(text) if date in self._dates}
        for number in sorted(found):
            yield self.persons[number]

    def _index(self, number: int, person: Person) -> None:
        for keyword, values in person.values.items():
            for value in values:
                if keyword in DATES:
                    self._dates.setdefault(dt.date.fromisoformat(f"{value[:4]}-{value[4:6]}-{value[6:8]}"), number)
                    continue
                known = words(plain(value.replace("^", " ").replace("=", " ")))
                if keyword in NUMBERS:
                    known = ["".join(known)] if known else []
                for word in known:
                    for piece in _pieces(folded(word)):
                        self._pieces.setdefault(piece, set()).add(number)
                        self._lengths.add(len(piece))
                for key in (*initials_of(known), folded("".join(known))):
                    self._exact.setdefault(key, number)


def _pieces(word: str) -> Iterable[str]:
    # Names of two letters are compared whole: a piece of them is in every text.
    if len(word) < 3:
        return
    # One piece more than there may be changes: one of them is unchanged, so a text without any cannot match.
    count = allowed_changes(len(word)) + 1
    for place in range(count):
        yield word[place * len(word) // count : (place + 1) * len(word) // count]


@dataclass(frozen=True, slots=True)
class Cohort:
    """A list of known identifiers, by patient or for all files."""

    by_patient: Mapping[str, Known]
    everybody: Known
    rows: int

    def names(self, patient: str | None) -> bool:
        """Whether a file of this Patient ID is one that the list is about."""
        return not self.by_patient or (patient or "").strip() in self.by_patient

    def judges(self, header: HeaderValues | None) -> list[Known]:
        """Who judges the text of a file with this header."""
        patient = next(iter((header.get("PatientID") if header is not None else None) or ()), "").strip()
        own = self.by_patient.get(patient)
        return [one for one in (own, self.everybody) if one is not None and one.persons]


def digest_of(path: Path) -> str:
    """The SHA-256 of the list, in hexadecimal; ListError where it cannot be read."""
    return hashlib.sha256(_text(path).encode()).hexdigest()


@lru_cache(maxsize=2)
def read_cohort(path: str, digest: str) -> Cohort:
    """The list of a file whose digest is ``digest``.

    The first line names the columns: ``patient``, ``name``, ``number``, ``date``, ``place``, or DICOM keywords of such
    attributes; any of them several times. ListError with the line for anything that cannot be understood; no message
    holds a value.
    """
    text = _text(Path(path))
    # Two processes must not judge by two lists.
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise ListError("the list of identifiers changed while it was used", file=path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] = []
    by_patient: dict[str, list[Person]] = {}
    everybody: list[Person] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if not columns:
                columns = _columns(row, path)
                continue
            patient, person = _person(columns, row, f"{path} line {reader.line_num}")
            if person.values:
                (by_patient.setdefault(patient, []) if patient else everybody).append(person)
            # A patient without identifiers is known all the same: her files are among those of the list.
            elif patient:
                by_patient.setdefault(patient, [])
    except csv.Error as error:
        raise ListError("it is no CSV", file=f"{path} line {reader.line_num}", hint="are quotes closed?") from error
    rows = sum(map(len, by_patient.values())) + len(everybody)
    if not rows:
        raise ListError("the list of identifiers names nobody", file=path)
    return Cohort({key: Known(persons) for key, persons in by_patient.items()}, Known(everybody), rows)


def _text(path: Path) -> str:
    try:
        return read_text(path).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ListError("the list of identifiers is not UTF-8", file=str(path)) from error
    except OSError as error:
        raise ListError(f"the list of identifiers cannot be read: {error.strerror}", file=str(path)) from error


def _columns(row: Sequence[str], path: str) -> list[str]:
    names = [cell.strip() for cell in row]
    allowed = f"allowed: {', '.join((PATIENT, *_WORDS))}, or keywords such as PatientName and AccessionNumber"
    unknown = [name for name in names if name != PATIENT and name not in _KNOWN]
    if len(unknown) == len(names):
        # It may be a row of values, of which none may be told.
        raise ListError("its first line names no column that is known", file=f"{path} line 1", hint=allowed)
    if unknown:
        raise ListError(f"there is no column {', '.join(map(repr, unknown))}", file=f"{path} line 1", hint=allowed)
    if names.count(PATIENT) > 1:
        raise ListError(f"the column {PATIENT} is there twice", file=f"{path} line 1", hint="once is allowed")
    return names


def _person(columns: Sequence[str], row: Sequence[str], where: str) -> tuple[str, Person]:
    if len(row) != len(columns):
        raise ListError(f"it has {len(row)} cells, and the first line {len(columns)}", file=where)
    patient, values = "", dict[str, tuple[str, ...]]()
    for name, cell in zip(columns, map(str.strip, row), strict=True):
        if not cell:
            continue
        if len(cell) > _LONGEST:
            raise ListError(f"the cell of {name} is longer than {_LONGEST} characters", file=where)
        if name == PATIENT:
            patient = cell
            continue
        keyword = _KNOWN[name]
        found: tuple[str, ...] = (cell,)
        if keyword in DATES:
            found = tuple(dict.fromkeys(f"{date:%Y%m%d}" for date in dates_in(cell)))
            if not found:
                raise ListError(f"the cell of {name} is no date", file=where, hint="such as 1957-03-24 or 24.3.1957")
        elif not words(plain(cell)):
            raise ListError(f"the cell of {name} has neither letter nor digit", file=where)
        values[keyword] = (*values.get(keyword, ()), *found)
    return patient, Person(values)
