"""Regular expressions of rule files, bounded in time.

A rule file may come from anybody, and one pattern such as ``(a+)+b`` holds Python's own engine for hours on a
short value. Refusing suspicious patterns was considered: no check of a pattern's form is complete. So every pattern
runs in the ``regex`` package with a time limit, except plain words and simple patterns, whose effort is known to be
small; those keep the speed of the standard library. What is allowed is Python's ``re`` syntax, as in deid.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable
from functools import lru_cache

import regex

PATTERN_SECONDS = 0.05
"""For one pattern on one value: a thousand times what an honest one needs."""
ANSWER_SECONDS = 0.5
"""Lost to slow patterns in one answer; after that every further slow pattern is undecided at once."""
LONGEST_PATTERN = 2000
_SHORT_VALUE = 2048
_MOST_BRACKETS = 100
_MOST_REPEATS = 1000

_SPECIAL = set("\\^$.?*+()[]{}")
_UNCERTAIN = set("|\\?*+()[]{}")
_PLACEHOLDER = re.compile(r"[\^$.]")
_REPEAT = re.compile(r"\{(\d*),?(\d*)\}")
_LITERAL_BRACE = re.compile(r"\{(?!\d*,?\d*\})")


class PatternError(ValueError):
    """Not a usable regular expression; ``position`` counts characters of the pattern from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class SlowPatternError(Exception):
    """A pattern ran into its time limit. It never leaves this package: the rule becomes undecided."""


class Clock:
    """The time that one answer may lose to slow patterns."""

    __slots__ = ("seconds_left",)

    def __init__(self) -> None:
        self.seconds_left = ANSWER_SECONDS

    def allowance(self) -> float:
        """Seconds for the next pattern; SlowPatternError where none are left."""
        if self.seconds_left <= 0:
            raise SlowPatternError
        return min(PATTERN_SECONDS, self.seconds_left)


Matcher = Callable[[str, Clock], bool]


@lru_cache(maxsize=4096)
def searcher(pattern: str) -> Matcher:
    """A function that tells whether the pattern is found anywhere in a text in small letters, ignoring case.

    PatternError where the pattern is no Python regular expression or beyond the limits of this module.
    """
    small = _small_letters(pattern)
    # Nearly all patterns of rules are plain words: looking for them is quicker than any pattern.
    if not _SPECIAL.intersection(small):
        words = tuple(small.split("|"))
        if len(words) == 1:
            word = words[0]
            return lambda text, _clock: word in text
        return lambda text, _clock: any(word in text for word in words)
    simple = _checked(small)
    return _bounded(small, simple.search if _is_simple(small) else None, whole=False)


@lru_cache(maxsize=4096)
def needed_text(pattern: str) -> str:
    """Letters that every text has in which ``searcher(pattern)`` finds something; "" where none can be told."""
    small = _small_letters(pattern)
    return "" if _UNCERTAIN.intersection(small) else max(_PLACEHOLDER.split(small), key=len)


def full_matcher(pattern: str, *, ignore_case: bool = False) -> Matcher:
    """A function that tells whether the pattern fits a whole text; PatternError as in ``searcher``."""
    pattern = f"(?i:{pattern})" if ignore_case else pattern
    _checked(pattern)
    return _bounded(pattern, None, whole=True)


def _bounded(pattern: str, simple: Callable[[str], object] | None, *, whole: bool) -> Matcher:
    # regex reads {e<=1} as "with errors allowed"; in re it is plain text, and so it is here.
    compiled = regex.compile(_LITERAL_BRACE.sub(r"\{", pattern), regex.V0)
    run = compiled.fullmatch if whole else compiled.search

    def matches(text: str, clock: Clock) -> bool:
        # Quadratic at worst, on few characters: it needs no clock.
        if simple is not None and len(text) <= _SHORT_VALUE:
            return simple(text) is not None
        seconds, started = clock.allowance(), time.perf_counter()
        try:
            return run(text, timeout=seconds) is not None
        except TimeoutError as error:
            clock.seconds_left -= max(seconds, time.perf_counter() - started)
            raise SlowPatternError from error

    return matches


def _checked(pattern: str) -> re.Pattern[str]:
    if len(pattern) > LONGEST_PATTERN:
        raise PatternError(f"the pattern has {len(pattern)} characters, allowed: {LONGEST_PATTERN}", LONGEST_PATTERN)
    if pattern.count("(") > _MOST_BRACKETS:
        raise PatternError(f"the pattern has {pattern.count('(')} brackets, allowed: {_MOST_BRACKETS}")
    for found in _REPEAT.finditer(pattern):
        for number in found.groups():
            if number and (len(number) > 4 or int(number) > _MOST_REPEATS):
                raise PatternError(f"the pattern repeats {number} times, allowed: {_MOST_REPEATS}", found.start())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(pattern)
            regex.compile(_LITERAL_BRACE.sub(r"\{", pattern), regex.V0)
    except re.error as error:
        raise PatternError(f"not a regular expression: {error.msg}", error.pos or 0) from error
    except (regex.error, Warning, OverflowError, RecursionError) as error:
        raise PatternError(f"not a usable regular expression: {error}") from error
    return compiled


def _is_simple(pattern: str) -> bool:
    """Whether the effort is at most quadratic: no brackets, no back reference, at most one repetition."""
    return "(" not in pattern and sum(pattern.count(sign) for sign in "*+?{") <= 1


def _small_letters(pattern: str) -> str:
    r"""The pattern in small letters, but for what follows a backslash: ``\D`` must not become ``\d``."""
    parts = re.findall(r"\\.|[^\\]+|\\$", pattern, re.DOTALL)
    return "".join(part if part[0] == "\\" else part.lower() for part in parts)
