"""Regular expressions of rule files: Python's meaning, in bounded time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.detect.rules.patterns import Clock, PatternError, SlowPatternError, full_matcher, searcher


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("Sensation 64", "siemens sensation 64", True),
        ("CT|MR", "mr", True),
        ("CT|MR", "us", False),
        ("CT|", "us", True),
        ("AS+", "somatom definition as+", True),
        ("^us$", "us", True),
        ("^us$", "bus", False),
        (r"\D+", "123", False),
        (r"\d+", "123", True),
        (r"\bGE\b", "ge medical", True),
        ("a{e<=1}", "b", False),
        ("x{2,3}y", "axxy", True),
        ("(?:a|b)c", "bc", True),
    ],
)
def test_a_pattern_is_searched_as_python_does_without_regard_to_capitals(
    pattern: str, text: str, *, expected: bool
) -> None:
    assert searcher(pattern)(text, Clock()) is expected


@given(
    st.text(st.sampled_from("abc|.*+?^$[]()\\dD {2}"), max_size=8),
    st.text(st.sampled_from("abcd2 |.+"), max_size=10),
)
def test_any_pattern_means_what_it_means_to_python(pattern: str, text: str) -> None:
    try:
        matches = searcher(pattern)
    except PatternError:
        return
    small = re.sub(r"\\.|[^\\]+", lambda part: part[0] if part[0][0] == "\\" else part[0].lower(), pattern)
    assert matches(text, Clock()) is (re.search(small, text) is not None)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a?)+b", "(a|aa)+$", "(.*)*x", "([a-z]+)*=", "(?=(a+))*b" + "(a*)*c"])
def test_a_hostile_pattern_ends_in_time_and_says_that_it_does_not_know(pattern: str) -> None:
    started = time.monotonic()
    clock = Clock()
    try:
        assert searcher(pattern)("a" * 5000 + "!", clock) is False
    except SlowPatternError:
        assert clock.seconds_left < 0.5
    assert time.monotonic() - started < 5


def test_thousands_of_hostile_patterns_share_one_limit() -> None:
    clock = Clock()
    slow = full_matcher("(a|aa)+(a|aaa)+c?!")
    undecided = 0
    started = time.monotonic()
    for _ in range(2000):
        try:
            slow("a" * 3000 + "b!", clock)
        except SlowPatternError:
            undecided += 1
    assert undecided == 2000
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("pattern", "position"),
    [("ab(", 2), ("a**", 2), ("[b-a]", 1), (r"\q", 0), ("a{1,99999}", 1), ("x" * 3000, 2000)],
)
def test_an_unusable_pattern_is_refused_with_its_place(pattern: str, position: int) -> None:
    with pytest.raises(PatternError) as caught:
        searcher(pattern + ".")
    assert caught.value.position == position


def test_brackets_in_brackets_in_brackets_are_refused() -> None:
    with pytest.raises(PatternError, match="brackets"):
        searcher("(" * 500)


def test_a_full_match_counts_capitals_unless_told_not_to() -> None:
    assert full_matcher("LOGIQ.")("LOGIQ9", Clock())
    assert not full_matcher("LOGIQ.")("logiq9", Clock())
    assert full_matcher("LOGIQ.", ignore_case=True)("logiq9", Clock())
    assert not full_matcher("LOGIQ")("LOGIQ9", Clock())
