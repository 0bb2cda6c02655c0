"""Is a whole text made of technical terms and quantities? What is not sure to be is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, lru_cache

from dcmaudit.detect.pii.terms import (
    ALSO_BODY,
    ALSO_NAMES,
    BARE,
    LABELS,
    LEADS,
    LETTERS,
    LONG_LABELS,
    MATRIX,
    NAMES_OF_MANY,
    NEVER_ALONE,
    OPPOSITES,
    PHRASES,
    SIDES,
    SURE,
    UNIT,
    VIEWS,
)
from dcmaudit.detect.pii.words import folded, plain, words
from dcmaudit.model import Keep

LONGEST = 400
"""Characters of a text beyond which it is no technical term."""

_DIGIT = "(?:[0-9]|(?<=[0-9.,])O|O(?=[.,][0-9]))"
"""Readers take a zero for the letter, but it counts as one only behind other digits: Yoo is a name."""
_SIGN = r"[-+±~<>=]{0,2}\s?"
_SMALL = rf"{_SIGN}{_DIGIT}{{1,3}}(?:[.,]{_DIGIT}{{1,3}})?"
_LARGE = rf"{_SIGN}{_DIGIT}{{1,5}}(?:[.,]{_DIGIT}{{1,3}})?"
_END = r"(?![0-9A-Z])"
_WITH_UNIT = rf"{_LARGE}\s?(?:{UNIT}|°)"


def _any_of(words: frozenset[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _phrases() -> frozenset[str]:
    """Fixed phrases, the long ones also as they are read without the spaces between."""
    joined = {phrase.replace(" ", "") for phrase in PHRASES if len(phrase) > _LONG_PHRASE}
    return frozenset(PHRASES) | joined


_LONG_PHRASE = 10
_VALUE_OF_TWO = rf"{_SMALL}(?:\s?/\s?{_SMALL})?"
_TIMES = rf"(?:{_WITH_UNIT}|{_SMALL})(?:\s?[X×*]\s?(?:{_WITH_UNIT}|{_SMALL}))+"
_PATTERNS = {
    "window": rf"W\s?[:=]?\s?[0-9]{{1,5}}\s?[,/]?\s?[LC]\s?[:=]?\s?-?[0-9]{{1,5}}{_END}"
    rf"|[LC]\s?[:=]?\s?-?[0-9]{{1,5}}\s?[,/]?\s?W\s?[:=]?\s?[0-9]{{1,5}}{_END}",
    "phrase": rf"(?:{_any_of(_phrases())}){_END}",
    "long": rf"(?:{_any_of(LONG_LABELS)})\s?[:.=#]?\s?-?\s?(?P<value>[0-9]{{4,5}}(?:\.[0-9]{{1,2}})?)(?:\s?(?:{UNIT}))?"
    rf"{_END}",
    "matrix": rf"{MATRIX}\s?[X×*]\s?{MATRIX}{_END}",
    "labelled": rf"(?P<label>{_any_of(LABELS)})\s?[:.=#]?\s?-?\s?(?P<of>{_TIMES}|{_WITH_UNIT}|{_VALUE_OF_TWO}){_END}",
    "quantity": rf"(?:{_TIMES}|{_WITH_UNIT}){_END}",
    "count": rf"{_DIGIT}{{1,3}}\s?(?:/|OF)\s?{_DIGIT}{{1,3}}{_END}",
    "number": rf"{_SMALL}{_END}",
    "word": r"[A-Z][A-Z0-9]*",
}
_TOKEN = re.compile("|".join(rf"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()))
_BETWEEN = re.compile(r"[\s:;,.=/()\[\]#*_|-]*")
_LEADS = re.compile(rf"(?:(?:{_any_of(LEADS)}){_END}{_BETWEEN.pattern})+")
_PART_OF_DATE = re.compile(
    r"(?<![0-9])(?:0?[1-9]|[12][0-9]|3[01])\s?/\s?0[1-9](?![0-9])|(?<![0-9A-Z])[0-9]{1,4}\s?[/|]$|^[/|]\s?[0-9]"
)
"""Nobody counts images as 23/09, or as 2/: that may be what is left of a date, or 3| of 31."""
_LIKE_DATE = re.compile(
    r"(?<![0-9A-Z])[0-9A-Z]?[0-9][0-9A-Z]{0,2}\s?[:;]\s?[0-9A-Z]"
    r"|(?<![0-9A-Z])(?=[0-9])[0-9A-Z]{1,4}[/.,~:;-][SBZILTGOQD]{2}[/.,~:;-](?=[0-9A-Z]{0,3}[0-9])[0-9A-Z]{1,4}"
    r"|(?<![0-9A-Z])(?:(?=[0-9A-Z]{0,3}[0-9])[0-9A-Z]{1,4}[/.,~:;-]){2}(?=[0-9A-Z]{0,3}[0-9])[0-9A-Z]{1,4}"
    r"|(?<![0-9])(?<![0-9][.,])[0O][0-9]"
)
"""Groups of digits, some of them misread as letters, as times and dates have them; numbers that begin with a zero."""
_MAY_BE_DATE = re.compile(r"[0-9O]{1,2}\s?/\s?[0-9O]{1,2}")
"""Two short numbers with a slash: a day and a month, or a month and a year, as much as an image of a series."""
_YEAR_AND_LETTER = re.compile(r"[0-9]{4}\s?[A-Z]{1,2}")
"""A year and what may be the letters of a name, as much as a quantity: units of two letters may be initials."""
_DIMENSIONS = frozenset(("2D", "3D"))
_YEARS = range(1900, 2036)
_JOINED_FROM = 3
_SHORT_NAME = 3
_LIKE_DIGITS = "SBZILTGO"
"""Letters that readers take for digits, and digits for: S2 may be 52, and 788T may be 7887."""
_ENDS_LIKE_DIGIT = re.compile(rf"[0-9]+\s?[{_LIKE_DIGITS}]")
_FOLDED_FROM = 6
_ALIKE = str.maketrans({"E": "F", "P": "F", "N": "M", "V": "U", "R": "K", "C": "6", "Y": "7"})


def _shape(word: str) -> str:
    """The word with all letters made one that readers confuse."""
    return folded(word).translate(_ALIKE)


_SHAPES = frozenset(_shape(word) for word in SURE - {"SERIES", "MOBILE"} if len(word) >= _FOLDED_FROM)
"""Terms as they may be misread. No name of a census is one of them; of the terms left out there are Serles, Nobile."""


class Kind(Enum):
    """What a piece of a text is."""

    SURE = auto()
    """A term, or a quantity, that is nothing else."""
    SHORT = auto()
    """The same of two letters: initials could be the same."""
    NUMBER = auto()
    """A number behind a label of one letter, or a count."""
    BARE = auto()
    """A number of two digits and more that nothing says the meaning of: it may be an age, or a part of an ID."""
    LETTER = auto()
    BODY = auto()
    """A part of the body, of which there are people's names."""
    DOUBTFUL = auto()
    """A term that is a name as well, or a word of any sentence."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: what it is, and as it was written."""

    kind: Kind
    text: str


def is_leads(clean: str) -> bool:
    """Whether a ``plain`` text names leads of an ECG and nothing else; I alone may be any stroke."""
    return _LEADS.fullmatch(clean) is not None and any(len(word) > 1 for word in words(clean))


@lru_cache(maxsize=4096)
def is_technical(text: str) -> bool:
    """Whether the whole text is made of technical terms, quantities with units, and numbers behind their labels.

    A number of two digits and more alone is not technical: what stands beside it may say what it is (``context``).
    Numbers of four digits and more need a unit or a label that has such numbers: they may be years, or parts of numbers
    of people. Three numbers in a row are not technical, for they may be a date. Terms that are names of people, too,
    need a term beside them that is none.
    """
    clean = plain(text)
    if not clean or len(clean) > LONGEST or _bare_numbers(clean) > 2:
        return False
    if is_leads(clean):
        return True
    if _PART_OF_DATE.search(clean) or _LIKE_DATE.search(clean):
        return False
    pieces = list(_pieces(clean))
    found = [piece for piece in pieces if piece is not None]
    if len(found) < len(pieces) or not found:
        return False
    return _are_technical(found)


_VALUE = re.compile(r"(?<![A-Z0-9])[-+±~<>=]?[0-9](?!D(?![A-Z]))")
"""A number that is none of a name such as T2 or 3D."""


def kind_of(text: str) -> Keep | None:
    """Which kind of technical text it is, None where it is none at all."""
    if not is_technical(text):
        return None
    clean = plain(text)
    if _VALUE.search(clean):
        return Keep.MEASUREMENT
    found = set(words(clean))
    return Keep.MARKER if found <= SIDES | VIEWS else Keep.LABEL


def _are_technical(pieces: list[Piece]) -> bool:
    kinds = {piece.kind for piece in pieces}
    if Kind.BARE in kinds:
        return False
    if len(pieces) == 1:
        return Kind.DOUBTFUL not in kinds and pieces[0].text not in NEVER_ALONE
    letters = [piece.text for piece in pieces if piece.kind is Kind.LETTER]
    # Single letters that are no opposite sides may be initials.
    if len(letters) > 1 and (len(letters) != 2 or frozenset(letters) not in OPPOSITES):
        return False
    if Kind.SURE in kinds or kinds == {Kind.LETTER}:
        return True
    return Kind.SHORT in kinds and Kind.DOUBTFUL not in kinds


def _pieces(clean: str) -> Iterator[Piece | None]:
    """Piece by piece, None for one that is nothing technical, which is the last."""
    at, before = _end_of(_BETWEEN, clean, 0), ""
    while at < len(clean):
        found = _TOKEN.match(clean, at)
        piece = None if found is None else _piece(found)
        if piece is not None and piece.kind is Kind.BARE and len(before) > 1 and before in LABELS - _DIMENSIONS:
            piece = Piece(Kind.SURE, piece.text)  # kV 120 mAs 3.2: what was a unit is the label of the next number
        yield piece
        if found is None or piece is None:
            return
        at, before = _end_of(_BETWEEN, clean, found.end()), (piece.text.split() or [""])[-1]


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _piece(found: re.Match[str]) -> Piece | None:
    text = found[0]
    match found.lastgroup:
        case "word":
            return _word(text)
        case "quantity" if _ENDS_LIKE_DIGIT.fullmatch(text):
            return Piece(Kind.BARE, text)
        case "labelled":
            return _labelled(found["label"], found["of"], text)
        case kind if kind is not None and _may_be_date(kind, text, found):
            return None
        case "count" | "number":
            is_bare = found.lastgroup == "number" and sum(c.isdigit() for c in text) > 1
            return Piece(Kind.BARE if is_bare else Kind.NUMBER, text)
        case _:
            return Piece(Kind.SURE, text)


def _may_be_date(kind: str, text: str, found: re.Match[str]) -> bool:
    """Whether a number is as likely a part of a date: TR 1957, 1985 G, 23/11."""
    match kind:
        case "long":
            return _is_year(found["value"])
        case "quantity":
            return _YEAR_AND_LETTER.fullmatch(text) is not None and _is_year(text[:4])
        case "count":
            return _MAY_BE_DATE.fullmatch(text) is not None
        case _:
            return False


def _labelled(label: str, value: str, text: str) -> Piece | None:
    whole = re.fullmatch(r"[-+±~<>=\s]*[0-9O]+(?:\s?/\s?[0-9O]+)?", value) is not None
    if whole and label not in BARE:
        return None
    # 7 Aug 2006 and 2077, with letters misread.
    if (_YEAR_AND_LETTER.fullmatch(value) and _is_year(value[:4])) or (whole and label in _DIMENSIONS):
        return None
    if len(label) < 2:
        is_bare = whole and (sum(c.isdigit() for c in value) > 1 or (label in _LIKE_DIGITS and text[1:2].isdigit()))
        is_bare = is_bare or _ENDS_LIKE_DIGIT.fullmatch(value) is not None
        return Piece(Kind.BARE if is_bare else Kind.NUMBER, text)
    return Piece(Kind.DOUBTFUL if whole and label in ALSO_NAMES and len(label) > 3 else Kind.SURE, text)


def _is_year(value: str) -> bool:
    return value.isdigit() and int(value) in _YEARS


@cache
def _word(word: str) -> Piece | None:
    if word in LETTERS:
        return Piece(Kind.LETTER, word)
    if word in ALSO_BODY:
        return Piece(Kind.BODY, word)
    if word in ALSO_NAMES:
        # A longer one beside a term is as likely somebody's name: it counts in fixed phrases and before a value only.
        return Piece(Kind.DOUBTFUL, word) if len(word) <= _SHORT_NAME and word not in NAMES_OF_MANY else None
    if word in SURE:
        return Piece(Kind.SURE if len(word) > 2 else Kind.SHORT, word)
    if len(word) >= _FOLDED_FROM and _shape(word) in _SHAPES:
        return Piece(Kind.SURE, word)
    return Piece(Kind.SURE, word) if _is_joined(word) or _has_a_zero(word) else None


def _has_a_zero(word: str) -> bool:
    """Whether the word is a sure term in which one letter O was read as a zero: RML0."""
    return len(word) >= _SHORT_NAME and word.count("0") == 1 and word.replace("0", "O") in SURE


def _is_joined(word: str) -> bool:
    """Whether the word is several sure terms that were read without the spaces between."""
    if len(word) <= 2 * _JOINED_FROM:  # Pettis is a name
        return False
    reached = [True] + [False] * len(word)
    for end in range(1, len(word) + 1):
        reached[end] = any(reached[start] and _may_join(word[start:end]) for start in range(max(0, end - 15), end))
    return reached[-1]


def _may_join(part: str) -> bool:
    return (part in SURE and len(part) >= _JOINED_FROM) or part in {"T1", "T2", "AP", "2D", "3D", "TSE"}


def _bare_numbers(text: str) -> int:
    """Numbers that follow each other with nothing but a mark or a space between."""
    longest = 0
    for run in re.findall(r"(?:[0-9][0-9O]*(?:[\s/.,:-]+|$))+", text):
        longest = max(longest, len(re.findall(r"[0-9][0-9O]*", run)))
    return longest
