"""``dcmaudit ocr --dask`` while one of the workers is killed: nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main
from dcmaudit.store import open_store
from support.files import dataset, file_bytes
from support.lettering import lettered

distributed = pytest.importorskip("distributed", reason="needs the extra dask")

pytestmark = pytest.mark.slow

FILES = 400


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[object]:
    """A cluster of two processes; Dask starts a killed one again."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        local_directory=str(tmp_path / "dask"),
    ) as made:
        yield made


def kill_one_half_way(cluster: object, database: Path, killed: list[int]) -> None:
    """Wait until some of the files are stored, then kill one worker process the hard way."""
    from sqlite3 import OperationalError, connect

    file = database / "dcmaudit.sqlite.db"
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            with closing(connect(f"file:{file}?mode=ro", uri=True)) as connection:
                (count,) = connection.execute("SELECT count(DISTINCT filename) FROM DicomRects").fetchone()
        except OperationalError:
            count = 0
        if count >= 3:
            break
        time.sleep(0.02)
    pid = next(iter(cluster.workers.values())).pid  # type: ignore[attr-defined]
    os.kill(pid, signal.SIGKILL)
    killed.append(count)


def test_a_killed_worker_costs_no_file_and_doubles_none(
    tmp_path: Path, cluster: object, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, database = tmp_path / "in", tmp_path / "db"
    folder.mkdir()
    for number in range(FILES):
        picture = lettered((160, 260), [("FENWICK", 40, 60)]) if number % 3 else np.full((160, 260), 9, np.uint8)
        facts = {"PatientName": "Fenwick^Ada", "SOPInstanceUID": f"1.2.3.{number}"}
        (folder / f"{number:03}.dcm").write_bytes(file_bytes(dataset(picture, extra=facts)))
    killed: list[int] = []
    killer = threading.Thread(target=kill_one_half_way, args=(cluster, database, killed))
    killer.start()
    code = main(["ocr", "--no-read", "--db", str(database), "--dask", cluster.scheduler_address, str(folder)])  # type: ignore[attr-defined]
    killer.join()
    assert code == 0, capsys.readouterr().err
    assert 3 <= killed[0] < FILES  # it was in the middle
    assert f"{FILES} inputs: {FILES} done" in capsys.readouterr().err
    with open_store(database, user="x", read_only=True) as store:
        rows = {path.name: store.rects(str(path)) for path in folder.iterdir()}
    for name, found in rows.items():
        counts = Counter((row.scope, row.box) for row in found)
        assert set(counts.values()) == {1}, name
        assert sum(row.box is not None for row in found) == (1 if int(name[:3]) % 3 else 0), name
