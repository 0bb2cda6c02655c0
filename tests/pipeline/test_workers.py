"""Many inputs, several processes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from dcmaudit.errors import DecodeError
from dcmaudit.pipeline.crew.messages import RECALL
from dcmaudit.pipeline.crew.parent import Crew
from dcmaudit.pipeline.process import CrashError, NotBegunError, cores, stopping
from dcmaudit.pipeline.workers import each


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


def note_process(folder: Path) -> None:
    (folder / f"ready {os.getpid()}").touch(exist_ok=False)


def is_ready(folder: Path, number: int) -> tuple[bool, int]:
    time.sleep(0.01)
    return (folder / f"ready {os.getpid()}").exists(), number


def fail() -> None:
    raise DecodeError("there is no model")


def test_every_process_gets_ready_once_before_its_first_input(tmp_path: Path) -> None:
    told = each(partial(is_ready, tmp_path), range(40), jobs=2, warm=partial(note_process, tmp_path))
    assert [answer for _, answer in told] == [(True, number) for number in range(40)]
    assert len(list(tmp_path.iterdir())) == 2


def test_what_fails_while_a_process_gets_ready_is_left_to_the_inputs() -> None:
    assert [answer for _, answer in each(abs, range(6), jobs=2, warm=fail)] == list(range(6))


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


def slower_from_three_on(number: int) -> int:
    # Else all that was read can be done before anybody asks for an end.
    time.sleep(0.3 if number > 2 else 0)
    return double(number)


@pytest.mark.parametrize("jobs", [1, 2])
def test_when_an_end_is_asked_for_every_item_that_was_read_is_told(jobs: int) -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            asked.append(number)
            yield number

    told: list[tuple[int, object]] = []
    for item, answer in each(slower_from_three_on, items(), jobs=jobs, stop=lambda: len(told) >= 3):
        told.append((item, answer))
    assert [item for item, _ in told] == asked
    assert len(asked) < 20
    assert [answer for item, answer in told[:3]] == [0, 2, 4]
    assert isinstance(told[-1][1], NotBegunError)


def crash_at_some(number: int) -> int:
    if number in {40, 41, 150}:
        os._exit(9)
    return number


@pytest.mark.parametrize("ordered", [True, False])
def test_of_a_batch_only_the_inputs_that_kill_their_process_are_lost(ordered: bool) -> None:
    answers = list(each(crash_at_some, range(200), jobs=2, ordered=ordered))
    lost = {item for item, answer in answers if isinstance(answer, CrashError)}
    assert lost == {40, 41, 150}
    assert sorted(answer for _, answer in answers if isinstance(answer, int)) == [
        number for number in range(200) if number not in lost
    ]
    assert (sorted(item for item, _ in answers) == list(range(200))) and len(answers) == 200


@pytest.mark.timeout(60)
def test_what_processes_give_back_is_heard_also_where_all_that_was_read_is_told() -> None:
    crew = Crew(double, 2, lambda: False, lambda: None, tells_all=False, ordered=True)

    def ask() -> None:
        for worker in crew._workers:
            worker.send(RECALL)

    told = []
    for item, _ in crew.run(iter(range(200))):
        told.append(item)
        if item == 20:
            # As where the question is on its way while the last answers come.
            for worker in crew._workers:
                worker.is_recalled = worker.pipe is not None
            threading.Timer(1.0, ask).start()
    assert told == list(range(200))


def slow_first(number: int) -> int:
    time.sleep(3 if number == 0 else 0)
    return number


def test_answers_that_need_not_come_in_order_wait_for_nobody() -> None:
    answers = each(slow_first, range(30), jobs=2, ordered=False)
    first = [item for item, _ in islice(answers, 5)]
    assert 0 not in first
    assert sorted([*first, *(item for item, _ in answers)]) == list(range(30))


def much(text: str) -> str:
    return text * 3


def test_inputs_and_answers_larger_than_a_pipe_hold_nobody_up() -> None:
    texts = [chr(97 + number % 26) * 300_000 for number in range(60)]
    assert [answer for _, answer in each(much, texts, jobs=2)] == [text * 3 for text in texts]


class OddError(Exception):
    """Cannot be unpacked again: it wants two words."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def odd_at_three(number: int) -> object:
    if number == 3:
        raise OddError("a", "b")
    return (lambda: number) if number == 4 else number


def test_answers_that_cannot_travel_are_named_by_their_kind() -> None:
    answers = dict(each(odd_at_three, range(8), jobs=2))
    assert str(answers[3]) == "OddError"
    assert isinstance(answers[4], RuntimeError)
    assert [answers[number] for number in (0, 1, 2, 5, 6, 7)] == [0, 1, 2, 5, 6, 7]


@dataclass(frozen=True)
class Sized:
    path: str


def name_of(item: Sized) -> str:
    return item.path


def test_large_files_go_out_one_by_one(tmp_path: Path) -> None:
    made = []
    for number in range(40):
        path = tmp_path / f"{number}.dcm"
        with path.open("wb") as out:
            out.truncate(5 << 20 if number % 7 == 3 else 1000)
        made.append(Sized(str(path)))
    assert [answer for _, answer in each(name_of, made, jobs=2)] == [one.path for one in made]


def wait_for_the_others(item: tuple[Path, int]) -> bool:
    folder, number = item
    (folder / str(number)).touch()
    deadline = time.monotonic() + 60
    while number == 0 and len(list(folder.iterdir())) < 40 and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(list(folder.iterdir())) == 40


def test_nothing_waits_behind_a_long_input_while_another_process_has_nothing_to_do(tmp_path: Path) -> None:
    items = [(tmp_path, number) for number in range(40)]
    answers = dict(each(wait_for_the_others, items, jobs=2, ordered=False))
    assert answers[items[0]] is True
