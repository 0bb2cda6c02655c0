"""Every command that works on a cluster, while that has no workers, dies or loses one: said, bounded, and resumed."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.program import parsers
from dcmaudit.store import open_store
from support import dying, everycommand
from support.everycommand import FAULT, WORDS

pytest.importorskip("distributed", reason="needs the extra dask")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

NAMES = sorted(name for name, parser in parsers() if "--dask" in parser._option_string_actions)

INPUTS = ("a", "b", "c")

CLUSTER = """
import asyncio, os, signal, sys
from distributed import Client, Nanny, Scheduler, Worker
from distributed.diagnostics.plugin import SchedulerPlugin, WorkerPlugin

class Dies(SchedulerPlugin):
    '''Ends the whole process, as a machine ends that loses its power, once something was done.'''
    def transition(self, key, start, finish, *args, **kwargs):
        if finish == "memory":
            os.kill(os.getpid(), signal.SIGKILL)

class DiesOnce(WorkerPlugin):
    '''Ends its worker at the first input that it is given, once for each time that the file is there.'''
    def __init__(self, file):
        self.file = file
    def transition(self, key, start, finish, **kwargs):
        if finish == "executing":
            try:
                os.unlink(self.file)
            except FileNotFoundError:
                return
            os.kill(os.getpid(), signal.SIGKILL)

async def serve(kind, folder, address, port):
    async with Scheduler(host="127.0.0.1", port=int(port), dashboard=False, dashboard_address=":0") as scheduler:
        if kind == "dies":
            scheduler.add_plugin(Dies())
        if kind == "empty":
            told(address, scheduler.address)
            await scheduler.finished()
        elif kind == "two":
            async with Nanny(scheduler.address, nthreads=1, local_directory=folder, dashboard=False):
                async with Nanny(scheduler.address, nthreads=1, local_directory=folder, dashboard=False):
                    async with Client(scheduler.address, asynchronous=True) as client:
                        await client.register_plugin(DiesOnce(folder + ".kill"))
                    told(address, scheduler.address)
                    await scheduler.finished()
        else:
            async with Worker(scheduler.address, nthreads=1, local_directory=folder, dashboard=False):
                told(address, scheduler.address)
                await scheduler.finished()

def told(path, address):
    with open(path + ".new", "w") as out:
        out.write(address)
    os.rename(path + ".new", path)

if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
"""


@contextmanager
def cluster(kind: str, folder: Path, port: str = "0") -> Iterator[str]:
    """The address of a scheduler in a process of its own, with a worker in it or without one."""
    folder.mkdir()
    script, address = folder / "cluster.py", folder / "address"
    script.write_text(CLUSTER)
    with (folder / "log").open("wb") as log:
        process = dying.start([sys.executable, script, kind, folder / "work", address, port], folder=folder, log=log)
        try:
            end = time.monotonic() + 60
            while not address.exists() and time.monotonic() < end and process.poll() is None:
                time.sleep(0.02)
            assert address.exists(), (folder / "log").read_text()
            yield address.read_text()
        finally:
            dying.stop(process)


FROM_DATABASE = "redact --from-db"

NAMED = {
    **WORDS,
    "ocr": ("ocr", "--no-read", "-j", "1", "scans"),
    FROM_DATABASE: ("redact", "-j", "1", "--from-db", "--json", "-o", "new", "scans"),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A furnished folder, to be copied to where it was made: its database names files by their whole path."""
    folder = tmp_path_factory.mktemp("furnished")
    with pytest.MonkeyPatch.context() as patch:
        (folder / "work").mkdir()
        patch.chdir(folder / "work")
        patch.setenv("DCMAUDIT_DB", str(folder / "work" / "db"))
        patch.setenv("HOME", str(folder))
        everycommand.furnish(folder / "work")
    return (folder / "work").rename(folder / "template")


@pytest.fixture
def work(template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.setenv("DCMAUDIT_DASK_WAIT", "0.6")
    monkeypatch.setenv("DCMAUDIT_DB", str(template.with_name("work") / "db"))
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient.LOOK", 0.1)
    fresh(template, monkeypatch)
    return template.with_name("work")


def fresh(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder as it was furnished."""
    monkeypatch.chdir(template)
    shutil.rmtree(template.with_name("work"), ignore_errors=True)
    shutil.copytree(template, template.with_name("work"), symlinks=True)
    monkeypatch.chdir(template.with_name("work"))


def words(name: str, *where: str) -> list[str]:
    """The command line with ``where`` for the number of processes."""
    given = list(NAMED[name])
    if "-j" in given:
        at = given.index("-j")
        del given[at : at + 2]
    return [*given, *where]


RESUME = {"redact": ["--resume"], FROM_DATABASE: ["--resume"], "release": ["--resume"]}
"""What goes on with a run that was broken off; the others are simply called again."""


def made(work: Path) -> dict[str, object]:
    """Every file that was written, and what the database holds of the inputs."""
    found: dict[str, object] = {str(path.relative_to(work)): path.read_bytes() for path in work.rglob("*.dcm")}
    with open_store(work / "db", user="anna", read_only=True) as store:
        for path in (work / "scans").iterdir():
            identity = store.identity(str(path))
            rects = Counter((str(row.scope), row.box) for row in store.rects(str(path)))
            found[path.name] = rects, len(store.looks(str(path))), None if identity is None else identity.identity
    return found


UNDISTURBED: dict[str, dict[str, object]] = {}


def undisturbed(name: str, work: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What a run on this machine leaves, which nothing disturbs."""
    if name not in UNDISTURBED:
        fresh(template, monkeypatch)
        assert main(words(name, "-j", "1")) == 0
        UNDISTURBED[name] = made(work)
    return UNDISTURBED[name]


def goes_on(name: str, work: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command on this machine ends well, with what an undisturbed run leaves."""
    assert main(words(name, "-j", "1", *RESUME.get(name, []))) == 0
    assert made(work) == undisturbed(name, work, template, monkeypatch)


def loses(name: str, address: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run it on a cluster that does not do all of it; what it says."""
    capsys.readouterr()
    begun = time.monotonic()
    code = main(words(name, "--dask", address))
    said = capsys.readouterr()
    assert code == 1, said.err
    assert time.monotonic() - begun < 60
    assert not FAULT.search(said.err), said.err
    return said.err


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with cluster("empty", tmp_path_factory.mktemp("dask") / "empty") as address:
        yield address


def test_there_are_commands_to_ask() -> None:
    assert len(NAMES) >= 8


@pytest.mark.parametrize("name", NAMES)
def test_a_cluster_without_workers(
    name: str, work: Path, template: Path, empty: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    before = made(work)
    said = loses(name, empty, capsys)
    assert "no workers" in said
    assert "given up" in said
    if name == "release":
        assert "--resume" in said
    else:
        assert all(f"{one}." in said for one in INPUTS), said
    assert made(work) == before
    goes_on(name, work, template, monkeypatch)


@pytest.mark.parametrize("name", [*NAMES, FROM_DATABASE])
def test_a_cluster_that_dies_in_the_middle(
    name: str, work: Path, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with cluster("dies", tmp_path / "dask") as address:
        said = loses(name, address, capsys)
    assert "is gone" in said
    assert "given up" in said
    if name == "release":
        assert "--resume" in said
    else:
        assert any(f"{one}." in said for one in INPUTS), said
    goes_on(name, work, template, monkeypatch)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A cluster of two workers, and the file that is to be there for one of them to die."""
    folder = tmp_path_factory.mktemp("dask") / "two"
    with cluster("two", folder) as address:
        yield address, folder / "work.kill"


@pytest.mark.parametrize("name", ["ocr", "redact", FROM_DATABASE, "release"])
def test_a_worker_that_dies_in_the_middle_costs_nothing(
    name: str, work: Path, template: Path, two: tuple[str, Path], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("DCMAUDIT_DASK_WAIT", "60")
    address, kill = two
    kill.touch()
    code = main(words(name, "--dask", address))
    said = capsys.readouterr()
    assert not kill.exists(), "no worker died"
    assert code == 0, said.err
    assert not FAULT.search(said.err), said.err
    assert made(work) == undisturbed(name, work, template, monkeypatch)


def test_a_scheduler_that_takes_the_place_of_one_that_died_is_given_all_of_it(
    work: Path, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DCMAUDIT_DASK_WAIT", "60")
    done = threading.Event()

    def replace(port: str) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and is_listening(int(port)):
            time.sleep(0.05)
        with cluster("one", tmp_path / "second", port):
            done.wait(60)

    with cluster("dies", tmp_path / "first") as address:
        other = threading.Thread(target=replace, args=(address.rpartition(":")[2],))
        other.start()
        try:
            code = main(words("ocr", "--dask", address))
        finally:
            done.set()
            other.join()
    said = capsys.readouterr().err
    assert code == 0, said
    # Which of both it is at the first look depends on how soon the other one is there.
    assert "is gone" in said or "has no workers: waiting" in said
    assert made(work) == undisturbed("ocr", work, template, monkeypatch)


def is_listening(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
