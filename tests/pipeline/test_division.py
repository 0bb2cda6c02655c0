"""Long inputs in pieces: whoever does them, what comes of them is the same, and one process answers for the whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dcmaudit.errors import DecodeError
from dcmaudit.model.runs import runs_of
from dcmaudit.pipeline.crew import aides
from dcmaudit.pipeline.division import divided
from dcmaudit.pipeline.process import CrashError, NotBegunError
from dcmaudit.pipeline.workers import each


@dataclass(frozen=True)
class Long:
    """An input of ``pieces`` pieces; each notes which process did it in ``folder``."""

    folder: Path
    pieces: int
    name: str = "long"
    fails_at: int | None = None
    crashes_at: int | None = None
    crashes_once: bool = False
    cannot_open: bool = False
    seconds: float = 0.05
    ahead: int = 1 << 20
    kills_others: int | None = None
    """The only process that does not die over a piece."""

    @contextmanager
    def opened(self) -> Iterator[Callable[[int], str]]:
        if self.cannot_open:
            raise OSError("not here")
        (self.folder / f"opened {os.getpid()}").touch()
        yield self.do

    def do(self, piece: int) -> str:
        if piece == self.crashes_at and not (self.crashes_once and (self.folder / "crashed").exists()):
            (self.folder / "crashed").touch()
            os._exit(9)
        if self.kills_others not in {None, os.getpid()}:
            os._exit(9)
        if piece == self.fails_at:
            raise DecodeError(f"piece {piece}", file=self.name)
        time.sleep(self.seconds)
        (self.folder / f"{self.name} {piece} {os.getpid()}").touch()
        return f"{self.name} {piece}"


def whole(item: Long | int) -> object:
    if isinstance(item, int):
        return item
    done: list[str] = []
    try:
        done.extend(divided(item, item.do, range(item.pieces), ahead=item.ahead))
    except DecodeError as error:
        return [*done, error.message]
    return done


def twice(item: Long) -> object:
    return [whole(item), whole(item)]


def processes(folder: Path, name: str = "long") -> set[str]:
    return {path.name.split()[-1] for path in folder.glob(f"{name} *")}


def test_one_process_does_the_pieces_one_after_the_other(tmp_path: Path) -> None:
    item = Long(tmp_path, 5, seconds=0)
    assert dict(each(whole, [item, 3], jobs=1)) == {item: [f"long {n}" for n in range(5)], 3: 3}
    assert processes(tmp_path) == {str(os.getpid())}


def test_whoever_has_nothing_to_do_helps_and_the_answer_is_the_same(tmp_path: Path) -> None:
    item = Long(tmp_path, 40)
    answers = dict(each(whole, [item, 1, 2, 3], jobs=3))
    assert answers == {item: [f"long {n}" for n in range(40)], 1: 1, 2: 2, 3: 3}
    assert len(processes(tmp_path)) == 3
    assert len(list(tmp_path.glob("long *"))) == 40


def test_several_long_inputs_at_once_wait_for_nobody_for_ever(tmp_path: Path) -> None:
    items = [Long(tmp_path, 12, name=f"n{number}", seconds=0.02) for number in range(9)]
    answers = dict(each(whole, items, jobs=3, ordered=False))
    assert answers == {item: [f"{item.name} {n}" for n in range(12)] for item in items}


@pytest.mark.parametrize("jobs", [1, 3])
def test_what_fails_in_a_piece_ends_the_input_there(tmp_path: Path, jobs: int) -> None:
    item = Long(tmp_path, 30, fails_at=11)
    answers = dict(each(whole, [item, 1, 2], jobs=jobs))
    assert answers[item] == [*(f"long {n}" for n in range(11)), "piece 11"]


def test_a_piece_over_which_every_process_dies_loses_its_input_alone(tmp_path: Path) -> None:
    item = Long(tmp_path, 30, crashes_at=17)
    answers = dict(each(whole, [item, *range(60)], jobs=3, ordered=False))
    assert isinstance(answers.pop(item), CrashError)
    assert answers == {number: number for number in range(60)}


def test_a_helper_that_dies_once_loses_nothing(tmp_path: Path) -> None:
    item = Long(tmp_path, 30, crashes_at=17, crashes_once=True)
    answers = dict(each(whole, [item, 1, 2], jobs=3))
    assert (tmp_path / "crashed").exists()
    assert answers[item] == [f"long {n}" for n in range(30)]


def test_what_no_other_process_can_open_its_owner_does_alone(tmp_path: Path) -> None:
    item = Long(tmp_path, 20, cannot_open=True)
    assert dict(each(whole, [item, 1, 2], jobs=3))[item] == [f"long {n}" for n in range(20)]
    assert len(processes(tmp_path)) == 1


# --- one input, and nobody else to do it -----------------------------------------------------------------------------


@pytest.fixture
def always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process is started for any piece that is left."""
    monkeypatch.setattr(aides, "_WORTH", 1e-9)


@pytest.mark.usefixtures("always_worth_it")
def test_one_long_input_has_the_help_of_processes_that_would_have_nothing_to_do(tmp_path: Path) -> None:
    item = Long(tmp_path, 60)
    assert list(each(whole, [item], jobs=3)) == [(item, [f"long {n}" for n in range(60)])]
    assert len(processes(tmp_path)) == 3
    assert len(list(tmp_path.glob("long *"))) == 60


def test_no_process_is_started_for_what_is_done_sooner_without_it(tmp_path: Path) -> None:
    item = Long(tmp_path, 20, seconds=0)
    assert list(each(whole, [item], jobs=3)) == [(item, [f"long {n}" for n in range(20)])]
    assert processes(tmp_path) == {str(os.getpid())}


@pytest.mark.usefixtures("always_worth_it")
def test_an_input_alone_ends_where_a_piece_of_it_fails(tmp_path: Path) -> None:
    item = Long(tmp_path, 40, fails_at=21)
    assert dict(each(whole, [item], jobs=3))[item] == [*(f"long {n}" for n in range(21)), "piece 21"]


@pytest.mark.usefixtures("always_worth_it")
def test_what_its_helpers_cannot_open_or_die_over_an_input_alone_does_itself(tmp_path: Path) -> None:
    item = Long(tmp_path, 20, cannot_open=True)
    assert dict(each(whole, [item], jobs=3))[item] == [f"long {n}" for n in range(20)]
    assert processes(tmp_path) == {str(os.getpid())}
    folder = tmp_path / "crashing"
    folder.mkdir()
    item = Long(folder, 30, kills_others=os.getpid())
    assert dict(each(whole, [item], jobs=3))[item] == [f"long {n}" for n in range(30)]
    assert processes(folder) == {str(os.getpid())}
    assert list(folder.glob("opened *")) != [], "somebody tried to help"


@pytest.mark.usefixtures("always_worth_it")
def test_several_parts_of_an_input_alone_have_the_same_helpers(tmp_path: Path) -> None:
    item = Long(tmp_path, 30, ahead=3)
    ((_, answer),) = each(twice, [item], jobs=2)
    assert answer == [[f"long {n}" for n in range(30)]] * 2
    assert len(processes(tmp_path)) == 2
    assert len(list(tmp_path.glob("opened *"))) == 1


def test_few_answers_wait_for_their_turn_where_they_are_large(tmp_path: Path) -> None:
    item = Long(tmp_path, 20, ahead=2)
    assert dict(each(whole, [item, 1, 2], jobs=4))[item] == [f"long {n}" for n in range(20)]


def test_when_an_end_is_asked_for_what_was_begun_is_finished(tmp_path: Path) -> None:
    item, told = Long(tmp_path, 30, seconds=0.1), []
    began = time.monotonic()
    for one, answer in each(whole, [item, *range(200)], jobs=2, stop=lambda: bool(list(tmp_path.glob("long *")))):
        told.append((one, answer))
    assert dict(told)[item] == [f"long {n}" for n in range(30)]
    assert any(isinstance(answer, NotBegunError) for _, answer in told)
    assert time.monotonic() - began < 60


_ENDED = """
import signal, sys
from pathlib import Path
from dcmaudit.pipeline.workers import each
from test_division import Long, whole

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    items = [Long(Path(sys.argv[1]), 400, seconds=0.5), 1, 2][: int(sys.argv[2])]
    try:
        for item, answer in each(whole, items, jobs=3, stop=lambda: False, ordered=False):
            print("told", item if isinstance(item, int) else "long", type(answer).__name__, flush=True)
    except KeyboardInterrupt:
        print("ended", flush=True)
"""


@pytest.mark.parametrize("inputs", [3, 1])
def test_ended_at_once_a_long_input_of_which_pieces_are_done_is_not_finished(tmp_path: Path, inputs: int) -> None:
    script = tmp_path / "ended.py"
    script.write_text(_ENDED)
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    program = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), str(inputs)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    until = time.monotonic() + 100
    while len(processes(tmp_path)) < 3 and time.monotonic() < until:
        time.sleep(0.1)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    told = dict(line.split()[1:] for line in out.splitlines() if line.startswith("told"))
    others = {"1": "int", "2": "int"} if inputs > 1 else {}
    assert (told, err) == ({**others, "long": "BrokenOffError"}, "")
    assert out.endswith("ended\n")


def test_leaving_waits_for_no_piece_that_nobody_does(tmp_path: Path) -> None:
    answers = each(whole, [0, Long(tmp_path, 400, seconds=0.02), 1, 2], jobs=3, ordered=False)
    next(answers)
    began = time.monotonic()
    answers.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 30


def test_runs_are_cut_by_the_file_alone() -> None:
    assert runs_of(0, 25) == []
    assert runs_of(100, 25) == [range(100)]
    assert runs_of(101, 25)[:2] == [range(4), range(4, 8)]
    assert runs_of(101, 25)[-1] == range(100, 101)
    assert runs_of(101, 2)[0] == range(2), "never more than asked"
    assert {len(run) for run in runs_of(300, 25)} == {5}, "one for each of sixty processes"
    assert {len(run) for run in runs_of(6400, 25)} == {25}
    for count in (101, 299, 640, 5000):
        assert [place for run in runs_of(count, 16) for place in run] == list(range(count))
