"""The same work on a Dask cluster of two processes on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dcmaudit.errors import DecodeError, UsageError
from dcmaudit.model import Box, Everywhere, Origin, Outcome
from dcmaudit.model.redaction import Request
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.redacting import RedactionJob, RedactionTask, redact_file
from dcmaudit.pipeline.workers import CrashError, each
from support.files import PathReference, gradient, reference

distributed = pytest.importorskip("distributed", reason="needs the extra dask")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The scheduler of a cluster of two processes."""
    folder = tmp_path_factory.mktemp("dask")
    with (
        pytest.MonkeyPatch.context() as patch,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(folder)
        ) as cluster,
    ):
        patch.chdir(folder)
        yield cluster.scheduler_address


def double(number: int) -> int:
    if number == 3:
        raise DecodeError("broken", file="x.dcm")
    return number * 2


def die_once(folder: Path, number: int) -> int:
    """The first worker that gets number 2 is killed; the next one finds the mark that it left."""
    mark = folder / "died"
    if number == 2 and not mark.exists():
        mark.touch()
        os._exit(9)
    time.sleep(0.02)
    return number


def always_die(number: int) -> int:
    if number == 1:
        os._exit(9)
    return number


def test_answers_come_in_order_and_an_error_is_an_answer(address: str) -> None:
    answers = list(each(double, range(8), dask=address))
    assert [item for item, _ in answers] == list(range(8))
    assert [answer for item, answer in answers if item != 3] == [0, 2, 4, 8, 10, 12, 14]
    assert isinstance(answers[3][1], DecodeError)


def test_the_work_of_a_killed_worker_is_done_by_another(address: str, tmp_path: Path) -> None:
    answers = list(each(partial(die_once, tmp_path), range(12), dask=address))
    assert answers == [(number, number) for number in range(12)]
    assert (tmp_path / "died").exists()


def test_an_item_that_kills_every_worker_is_the_only_one_lost(address: str) -> None:
    answers = dict(each(always_die, range(4), dask=address))
    assert isinstance(answers.pop(1), CrashError)
    assert answers == {0: 0, 2: 2, 3: 3}


def test_files_are_redacted_and_proved_there(address: str, tmp_path: Path) -> None:
    tasks = []
    for number in range(3):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(reference(gradient()).data)
        box = Request(Box(0, 0, 5, 5), Everywhere.ALL_FRAMES, Origin.COMMAND, "asked for")
        tasks.append(RedactionTask(PathReference(path), (box,)))
    job = RedactionJob(Naming(tmp_path / "out"))
    for _, report in each(partial(redact_file, job), tasks, dask=address):
        assert not isinstance(report, Exception)
        assert report.result.outcome is Outcome.DONE
        assert report.output is not None
        assert report.output.exists()


def test_nobody_at_the_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.pipeline.cluster._SECONDS", 0.5)
    with pytest.raises(UsageError, match="no Dask scheduler answers at tcp"):
        list(each(double, [1], dask="tcp://127.0.0.1:9"))
