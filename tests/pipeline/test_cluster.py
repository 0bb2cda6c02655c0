"""The same work on a Dask cluster of two processes on this machine."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pydicom
import pytest

from dcmaudit.audit import rule_paths
from dcmaudit.errors import DecodeError, UsageError
from dcmaudit.model import Box, Everywhere, Origin, Outcome
from dcmaudit.model.redaction import Request
from dcmaudit.pipeline.clusterclient import Cluster
from dcmaudit.pipeline.division import divided
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.process import BrokenOffError, ClusterLostError, CrashError, NotBegunError
from dcmaudit.pipeline.redaction import redact_file
from dcmaudit.pipeline.workers import each
from dcmaudit.settings import Settings
from support.files import PathReference, gradient, reference

distributed = pytest.importorskip("distributed", reason="needs the extra dask")

pytestmark = pytest.mark.slow


class TwoProcesses:
    """A cluster of two processes, made anew where Dask has not started one again that died."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cluster: Any = None

    def address(self) -> str:
        """Of its scheduler, once both are there."""
        made = self._cluster
        if made is not None and not within_a_minute(lambda: len(made.scheduler_info["workers"]) == 2):
            # A nanny whose worker dies while it starts can give it up; that is Dask's, and no matter of the next test.
            self.close()
        if self._cluster is None:
            self._cluster = distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0",
                local_directory=str(self._folder),
            )  # fmt: skip
        return str(self._cluster.scheduler_address)

    def close(self) -> None:
        if self._cluster is not None:
            self._cluster.close()
        self._cluster = None


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoProcesses]:
    folder = tmp_path_factory.mktemp("dask")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = TwoProcesses(folder)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def address(two_processes: TwoProcesses) -> str:
    """The scheduler of a cluster of two processes."""
    return two_processes.address()


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
        time.sleep(0.5)  # a worker that dies while its nanny still starts it is not always started again
        os._exit(9)
    return number


@dataclass(frozen=True)
class Fatal:
    """A long file that ends every worker but its owner."""

    owner: int
    folder: Path

    @contextmanager
    def opened(self) -> Iterator[Callable[[int], int]]:
        (self.folder / str(os.getpid())).touch()
        if os.getpid() != self.owner:
            os._exit(9)
        yield abs


def nap(piece: int) -> int:
    time.sleep(0.3)
    return piece


def long_work(folder: Path, _item: int) -> list[int]:
    return list(divided(Fatal(os.getpid(), folder), nap, range(8)))


def test_answers_come_in_order_and_an_error_is_an_answer(address: str) -> None:
    answers = list(each(double, range(8), dask=address))
    assert [item for item, _ in answers] == list(range(8))
    assert [answer for item, answer in answers if item != 3] == [0, 2, 4, 8, 10, 12, 14]
    assert isinstance(answers[3][1], DecodeError)


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


def test_a_worker_that_dies_over_a_piece_of_a_long_file_leaves_it_to_the_owner(address: str, tmp_path: Path) -> None:
    answers = list(each(partial(long_work, tmp_path), [1], dask=address))
    assert answers == [(1, list(range(8)))]
    assert len(list(tmp_path.iterdir())) == 1, "one worker died over it, and no other was asked"


def test_the_work_of_a_killed_worker_is_done_by_another(address: str, tmp_path: Path) -> None:
    answers = list(each(partial(die_once, tmp_path), range(12), dask=address))
    assert answers == [(number, number) for number in range(12)]
    assert (tmp_path / "died").exists()


def test_an_item_that_kills_every_worker_is_the_only_one_lost(address: str) -> None:
    answers = dict(each(always_die, range(4), dask=address))
    assert isinstance(answers.pop(1), CrashError)
    assert answers == {0: 0, 2: 2, 3: 3}


def test_nobody_at_the_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient._SECONDS", 0.5)
    with pytest.raises(UsageError, match="no Dask scheduler answers at tcp"):
        list(each(double, [1], dask="tcp://127.0.0.1:9"))


def slow(number: int) -> int:
    time.sleep(0.3)
    return number


def test_a_cluster_without_workers_is_said_and_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient.LOOK", 0.1)
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient._SAY", 0.3)
    monkeypatch.setattr(logging.getLogger("dcmaudit"), "propagate", True)
    with distributed.LocalCluster(
        n_workers=0, processes=True, dashboard_address=":0", local_directory=str(tmp_path)
    ) as cluster:
        answers = list(each(double, range(30), dask=cluster.scheduler_address, dask_wait=1.5))
    assert [item for item, _ in answers] == list(range(30))
    assert all(isinstance(answer, CrashError) and "no workers for" in str(answer) for _, answer in answers)
    said = [record.getMessage() for record in caplog.records if "no workers" in record.getMessage()]
    assert len(said) >= 2
    assert "waiting for them" in said[0]
    assert "given up" in said[-1]


def test_workers_that_go_in_the_middle_leave_every_item_with_an_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient.LOOK", 0.1)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", local_directory=str(tmp_path)
    ) as cluster:
        answers = []
        for pair in each(slow, range(12), dask=cluster.scheduler_address, dask_wait=2):
            answers.append(pair)
            if len(answers) == 2:
                cluster.scale(0)
    assert [item for item, _ in answers] == list(range(12))
    assert answers[:2] == [(0, 0), (1, 1)]
    assert isinstance(answers[-1][1], CrashError)


def test_workers_that_come_late_are_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient.LOOK", 0.1)
    with distributed.LocalCluster(
        n_workers=0, threads_per_worker=1, processes=True, dashboard_address=":0", local_directory=str(tmp_path)
    ) as cluster:
        threading.Timer(1.0, cluster.scale, [1]).start()
        answers = list(each(double, range(3), dask=cluster.scheduler_address, dask_wait=60))
    assert answers == [(0, 0), (1, 2), (2, 4)]


def once_more(folder: Path, number: int) -> int:
    with (folder / str(number)).open("a") as out:
        out.write("x")
    return number


@contextmanager
def no_collection() -> Iterator[None]:
    """What nobody holds any more goes at once, or not at all."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_what_was_answered_is_not_done_again_where_its_worker_goes(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with no_collection(), distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", local_directory=str(tmp_path)
    ) as cluster:  # fmt: skip
        answers = []
        work = partial(once_more, tmp_path / "runs")
        for pair in each(work, range(40), dask=cluster.scheduler_address, dask_wait=60):
            answers.append(pair)
            if len(answers) == 20:
                time.sleep(0.5)  # the scheduler hears of what was answered
                cluster.scale(0)
                time.sleep(0.5)
                cluster.scale(1)
    assert answers == [(number, number) for number in range(40)]
    # Those behind may have been done while nobody had their answers yet.
    assert [len((tmp_path / "runs" / str(number)).read_text()) for number in range(19)] == [1] * 19


def test_workers_are_waited_for_anew_each_time_that_they_go(tmp_path: Path) -> None:
    with distributed.LocalCluster(
        n_workers=0, threads_per_worker=1, processes=True, dashboard_address=":0", local_directory=str(tmp_path)
    ) as cluster:
        seen = Cluster(cluster.scheduler_address, 3.0, double)
        try:
            seen.look()
            cluster.scale(1)
            assert within_a_minute(lambda: seen.threads() == 1)
            time.sleep(3.1)
            cluster.scale(0)
            assert within_a_minute(lambda: not cluster.scheduler_info["workers"])
            seen.look()
            assert not seen.is_gone  # an hour of work lies between the first look and this one
            time.sleep(3.1)
            seen.look()
            assert seen.is_gone
        finally:
            seen.close()


def within_a_minute(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def leave_marks(folder: Path, number: int) -> int:
    """Tells by files what was begun and what was finished."""
    (folder / f"begun {number}").touch()
    time.sleep(0.4)
    (folder / f"done {number}").touch()
    return number


@pytest.mark.parametrize("ordered", [True, False])
def test_what_a_run_that_is_to_end_tells_is_what_the_workers_did(address: str, tmp_path: Path, ordered: bool) -> None:
    """What was begun is finished and told so; what was not is told as that, and is not begun later either."""
    told: dict[int, object] = {}
    for number, answer in each(
        partial(leave_marks, tmp_path), range(100), dask=address, stop=lambda: bool(told), ordered=ordered
    ):
        told.update({number: answer})  # one by one: ``stop`` asks how many there are
    time.sleep(1.5)  # long enough for whatever somebody would still do
    done = {int(path.name.split()[1]) for path in tmp_path.glob("done *")}
    begun = {int(path.name.split()[1]) for path in tmp_path.glob("begun *")}
    assert begun == done == {number for number, answer in told.items() if answer == number}
    left = {number for number, answer in told.items() if isinstance(answer, NotBegunError)}
    assert left
    assert done | left == set(told) == set(range(len(told)))
    assert len(done) >= 2, "what was being worked on is finished"


def die_when_told(folder: Path, number: int) -> int:
    """Number 1 ends its worker once the run is to end."""
    while number == 1 and not (folder / "end").exists():
        time.sleep(0.05)
    if number == 1:
        time.sleep(1)  # until everybody was told
        os._exit(9)
    return number


def test_an_input_whose_worker_dies_while_the_run_ends_is_told_and_the_end_comes(address: str, tmp_path: Path) -> None:
    told: dict[int, object] = {}

    def stop() -> bool:
        is_asked = len(told) >= 2
        if is_asked:
            (tmp_path / "end").touch()
        return is_asked

    for number, answer in each(partial(die_when_told, tmp_path), range(40), dask=address, stop=stop, ordered=False):
        told.update({number: answer})  # one by one: ``stop`` asks how many there are
    assert isinstance(told[1], BrokenOffError | NotBegunError | CrashError)
    assert set(told) == set(range(len(told)))


def run_out(address: str, monkeypatch: pytest.MonkeyPatch, **how: object) -> list[tuple[int, object]]:
    """All answers, with short times between two looks; where one is waited for in vain, the test has a limit."""
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient.LOOK", 0.1)
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient._SAY", 0.5)
    return list(each(double, [0, 1, 2], dask=address, dask_wait=60, **how))  # type: ignore[arg-type]


@pytest.mark.timeout(60)
def test_an_answer_that_cannot_be_fetched_is_asked_for_anew(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler goes while it hands an answer on, and is there again: nobody waits for that answer for ever."""
    whole, failed = distributed.Client._gather, []

    async def gather(client: object, futures: object, *args: object, **kwargs: object) -> object:
        if not failed:
            failed.append(futures)
            raise OSError("the connection was closed")
        return await whole(client, futures, *args, **kwargs)

    monkeypatch.setattr(distributed.Client, "_gather", gather)
    assert run_out(address, monkeypatch) == [(0, 0), (1, 2), (2, 4)]
    assert failed


@pytest.mark.timeout(60)
def test_an_answer_of_which_the_client_never_hears_is_asked_for_anew(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, missed = distributed.Client._handle_key_in_memory, []

    def hears(client: object, key: object = None, **kwargs: object) -> object:
        if not missed:
            missed.append(key)
            return None
        return whole(client, key=key, **kwargs)

    monkeypatch.setattr(distributed.Client, "_handle_key_in_memory", hears)
    assert run_out(address, monkeypatch) == [(0, 0), (1, 2), (2, 4)]
    assert missed


def test_a_worker_with_another_version_does_nothing_and_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient.__version__", "0.0.0")
    answers = [answer for _, answer in run_out(address, monkeypatch)]
    assert len(answers) == 3
    for answer in answers:
        assert isinstance(answer, ClusterLostError)
        assert "0.0.0" in str(answer)
        assert "same version" in str(answer)


def long_slow(number: int) -> int:
    time.sleep(1.5)
    return number


def test_what_is_waited_for_is_said_where_nothing_comes(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient.LOOK", 0.1)
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient._SAY", 0.3)
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient._SAY_OUT", 0.4)
    monkeypatch.setattr(logging.getLogger("dcmaudit"), "propagate", True)
    assert list(each(long_slow, [7], dask=address)) == [(7, 7)]
    said = [one for record in caplog.records if "nothing has come" in (one := record.getMessage())]
    assert 2 <= len(said) <= 6
    assert "waiting for 1 input that is there" in said[0]


def rectangles(job: RedactionJob, path: Path) -> tuple[Outcome, int]:
    """How a file ends by its rules, and what its output has where they may say black."""
    report = redact_file(job, RedactionTask(PathReference(path)))
    if report.output is None:
        return report.result.outcome, -1
    pixels = pydicom.dcmread(str(report.output)).pixel_array
    return report.result.outcome, int(pixels[0, 0]) + 1000 * int(pixels[30, 30])


def test_rules_that_were_changed_since_an_earlier_run_are_read_again(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where they are named by a relative name, of which the workers, elsewhere, know nothing."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.dcm"
    path.write_bytes(reference(gradient(64, 64)).data)
    found = []
    for place in ("0,0,10,10", "25,25,10,10"):
        text = f"FORMAT dicom\n\n%filter graylist\n\nLABEL all\n  contains Rows 64\n  ctpcoordinates {place}\n"
        Path("deid.dicom.rules").write_text(text)
        named = rule_paths("deid.dicom.rules", Settings())
        job = RedactionJob(Naming(tmp_path / f"out{len(found)}"), rules=named)
        ((_, answer),) = each(partial(rectangles, job), [path], dask=address)
        found.append(answer)
    assert all(not isinstance(answer, Exception) for answer in found)
    assert [answer[0] for answer in found] == [Outcome.DONE] * 2
    assert found[0] != found[1]
