"""Text from pictures in a form that can be compared: letters that readers mix up are made one."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Protocol


class _Distance(Protocol):
    def __call__(self, s1: str, s2: str, /, *, score_cutoff: int) -> int: ...


_CONFUSED = str.maketrans({"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "|": "1", "!": "1", "J": "1",
                           "S": "5", "$": "5", "B": "8", "Z": "2", "G": "6", "T": "7", "A": "4"})  # fmt: skip
_DIGITS = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "|": "1", "!": "1", "S": "5", "$": "5", "B": "8",
                         "Z": "2", "G": "6"})  # fmt: skip
_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Upper case, without accents, with full-width characters made ordinary ones and spaces made single."""
    wide = unicodedata.normalize("NFKC", text)
    bare = "".join(c for c in unicodedata.normalize("NFD", wide) if not unicodedata.combining(c))
    return " ".join(bare.upper().split())


def words(text: str) -> list[str]:
    """The runs of letters and digits of a plain text."""
    return _WORD.findall(text)


def folded(text: str) -> str:
    """The text with each group of characters that readers confuse (O and 0, l and 1, S and 5) made one."""
    return text.translate(_CONFUSED)


def as_digits(text: str) -> str:
    """The text with letters that readers take digits for turned into those digits."""
    return text.translate(_DIGITS)


def distance(one: str, other: str, bound: int) -> int:
    """Single characters to insert, drop or change between two texts; ``bound`` + 1 where it is more than the bound."""
    return _levenshtein()(one, other, score_cutoff=bound)


def holds_nearly(text: str, wanted: str, bound: int) -> bool:
    """Whether some part of ``text`` is within ``bound`` changes of ``wanted``."""
    if wanted in text:
        return True
    if not bound or len(text) < len(wanted) - bound:
        return False
    # A part that is that near is at most ``bound`` longer or shorter. rapidfuzz has no search for parts of its own.
    measure, length = _levenshtein(), len(wanted)
    return length <= bound or any(
        measure(text[start : start + size], wanted, score_cutoff=bound) <= bound
        for size in range(length - bound, min(length + bound, len(text)) + 1)
        for start in range(len(text) - size + 1)
    )


@cache
def _levenshtein() -> _Distance:
    # At its first use: the package takes a tenth of a second, and whoever reviews may never need it.
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance
