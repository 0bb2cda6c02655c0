"""Dates and times as they are written on images."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from dcmaudit.detect.pii.words import as_digits, plain

_MONTHS = {name: number for number, names in enumerate((
    "JAN JANUARY JANUAR JANVIER ENERO GENNAIO", "FEB FEBRUARY FEBRUAR FEVRIER FEBRERO FEBBRAIO",
    "MAR MARCH MARZ MARS MARZO", "APR APRIL AVRIL ABRIL APRILE", "MAY MAI MAYO MAGGIO",
    "JUN JUNE JUNI JUIN JUNIO GIUGNO", "JUL JULY JULI JUILLET JULIO LUGLIO", "AUG AUGUST AOUT AGOSTO",
    "SEP SEPT SEPTEMBER SEPTEMBRE SEPTIEMBRE SETTEMBRE", "OCT OCTOBER OKT OKTOBER OCTOBRE OCTUBRE OTTOBRE",
    "NOV NOVEMBER NOVEMBRE NOVIEMBRE", "DEC DECEMBER DEZ DEZEMBER DECEMBRE DICIEMBRE DICEMBRE"), start=1)
    for name in names.split()}  # fmt: skip

_D = r"[0-9OQILSBZG|!]"
_PARTS = re.compile(rf"(?<![0-9])({_D}{{1,4}})\s?([-/.,: ])\s?({_D}{{1,2}})\s?\2\s?({_D}{{2,4}})(?![0-9])")
_RUN = re.compile(rf"(?<![0-9A-Z])({_D}{{8}}|{_D}{{6}})(?![0-9A-Z])")
_NAMED = re.compile(
    rf"(?<![0-9])({_D}{{1,2}})[-/. ]*(?:ST|ND|RD|TH)?[-/., ]*([A-Z]{{3,10}})[-/., ]*({_D}{{4}}|{_D}{{2}})(?![0-9])"
)
_NAMED_FIRST = re.compile(
    rf"([A-Z]{{3,10}})[-/., ]*({_D}{{1,2}})(?:ST|ND|RD|TH)?[-/., ]+({_D}{{4}}|{_D}{{2}})(?![0-9])"
)
_TIME = re.compile(
    rf"(?<![0-9A-Z])([01O]?[0-9]|[01][0-9OILSB]|2[0-4])\s?[:.h]\s?([0-5OSIL]{_D})(?:\s?[:.]\s?([0-5OSIL]{_D}))?(?![0-9])"
)


def dates_in(text: str) -> Iterator[dt.date]:
    """Every date that the text can be read as, in any order of day, month and year, years with two or four digits."""
    clean = plain(text)
    for found in _PARTS.finditer(clean):
        yield from _orders(*(as_digits(found[number]) for number in (1, 3, 4)))
    for found in _RUN.finditer(clean):
        run = as_digits(found[1])
        # A run of letters that could all be misread digits is a word.
        if sum(c.isdigit() for c in found[1]) < len(run) - 2:
            continue
        if len(run) == 8:
            yield from _orders(run[:4], run[4:6], run[6:])
            yield from _orders(run[:2], run[2:4], run[4:])
        else:
            yield from _orders(run[:2], run[2:4], run[4:])
    for found in _NAMED.finditer(clean):
        yield from _named(found[1], found[2], found[3])
    for found in _NAMED_FIRST.finditer(clean):
        yield from _named(found[2], found[1], found[3])


def times_in(text: str) -> Iterator[tuple[int, int, int | None]]:
    """Every time of day in the text: hour, minute, second where it is there."""
    for found in _TIME.finditer(plain(text).replace("H", "h")):
        hour, minute = int(as_digits(found[1].upper())), int(as_digits(found[2]))
        second = None if found[3] is None else int(as_digits(found[3]))
        if hour < 24 and minute < 60 and (second is None or second < 60):
            yield hour, minute, second


def has_clock(text: str) -> bool:
    """Whether something in the text looks like a time of day and like nothing else: with colons."""
    clean = plain(text)
    return any(True for _ in times_in(text)) and re.search(r"[0-9]\s?:\s?[0-9OSIL]", clean) is not None


def _named(day: str, month: str, year: str) -> Iterator[dt.date]:
    number = _MONTHS.get(month)
    if number is not None:
        yield from _dates(as_digits(year), number, int(as_digits(day)))


def _orders(one: str, two: str, three: str) -> Iterator[dt.date]:
    if len(one) == 4:
        yield from _dates(one, int(two), int(three))
        yield from _dates(one, int(three), int(two))
    elif len(one) <= 2:
        yield from _dates(three, int(two), int(one))
        yield from _dates(three, int(one), int(two))
        # Two digits each: the year may stand first, too.
        if len(three) == 2:
            yield from _dates(one, int(two), int(three))


def _dates(year: str, month: int, day: int) -> Iterator[dt.date]:
    years = [int(year)] if len(year) == 4 else [1900 + int(year), 2000 + int(year)] if len(year) == 2 else []
    for full in years:
        try:
            date = dt.date(full, month, day)
        except ValueError:
            continue
        # Outside of these years it is some other number.
        if 1880 <= full <= 2100:
            yield date
