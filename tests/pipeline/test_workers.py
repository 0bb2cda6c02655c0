"""Many inputs, several processes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from dcmaudit.errors import DecodeError
from dcmaudit.pipeline.workers import CrashError, NotBegunError, cores, each, stopping


def double(number: int) -> int:
    if number == 3:
        raise DecodeError("broken", file="x.dcm")
    return number * 2


def crash_at_five(number: int) -> int:
    if number == 5:
        os._exit(9)
    return number


def wait_for_the_stop(number: int) -> int:
    deadline = time.monotonic() + 60
    while number and not stopping() and time.monotonic() < deadline:
        time.sleep(0.01)
    return number


@pytest.mark.parametrize("jobs", [1, 2])
def test_answers_come_in_order_and_an_error_is_an_answer(jobs: int) -> None:
    answers = list(each(double, range(8), jobs=jobs))
    assert [item for item, _ in answers] == list(range(8))
    assert [answer for item, answer in answers if item != 3] == [0, 2, 4, 8, 10, 12, 14]
    error = answers[3][1]
    assert isinstance(error, DecodeError)
    assert (error.message, error.file) == ("broken", "x.dcm")


def test_nothing_and_one_item_need_no_other_process() -> None:
    assert list(each(double, [])) == []
    assert list(each(double, [4])) == [(4, 8)]


def test_items_are_asked_for_as_they_are_needed() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            asked.append(number)
            yield number

    answers = each(double, items(), jobs=2)
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert len(asked) < 20


def test_an_item_that_kills_its_process_is_the_only_one_lost() -> None:
    answers = dict(each(crash_at_five, range(12), jobs=2))
    assert isinstance(answers.pop(5), CrashError)
    assert answers == {number: number for number in range(12) if number != 5}


def test_leaving_tells_the_workers_to_stop() -> None:
    answers = each(wait_for_the_stop, range(6), jobs=2)
    assert next(answers) == (0, 0)
    began = time.monotonic()
    answers.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 30


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_when_an_end_is_asked_for_every_item_that_was_read_is_told(jobs: int) -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            asked.append(number)
            yield number

    told: list[tuple[int, object]] = []
    for item, answer in each(double, items(), jobs=jobs, stop=lambda: len(told) >= 3):
        told.append((item, answer))
    assert [item for item, _ in told] == asked
    assert len(asked) < 20
    assert [answer for item, answer in told[:3]] == [0, 2, 4]
    assert isinstance(told[-1][1], NotBegunError)
