"""Parts of a batch in runs of their own: together they do everything once, and what they leave is put together."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.errors import UsageError
from dcmaudit.model import DeviceFacts
from dcmaudit.model.shards import Shard
from dcmaudit.store import open_store
from support.files import MemoryReference, dataset, file_bytes, gradient

PARTS = 3


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for number in range(12):
        data = dataset(gradient())
        data.SOPInstanceUID = data.SeriesInstanceUID = f"1.2.3.{number}"
        (folder / f"{number}.dcm").write_bytes(file_bytes(data, "1.2.840.10008.1.2.1"))
    (folder / "broken.dcm").write_bytes(b"no DICOM")
    return folder


def called(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main(list(map(str, words)))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/3/5", ""])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Shard.parse(text)


def test_every_name_is_in_one_part_and_parts_are_of_a_size() -> None:
    names = [f"/archive/{n}/\udcff{n}.dcm" for n in range(3000)]
    shards = [Shard(number, 7) for number in range(1, 8)]
    held = [[name for name in names if shard.holds(name)] for shard in shards]
    assert sorted(name for part in held for name in part) == sorted(names)
    assert min(map(len, held)) > 300
    shard = Shard(1, 7)
    assert [one.name for one in shard.of(MemoryReference(name, b"") for name in names)] == held[0]
    assert (shard.mine, shard.others) == (len(held[0]), 3000 - len(held[0]))


COMMANDS = {
    "frames": ["frames", "-i", "--json"],
    "rules check": ["rules", "check", "--json"],
    "ocr": ["ocr", "--no-read", "--csv", "-", "--no-csv-header"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_parts_together_tell_what_one_run_tells(name: str, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*COMMANDS[name], "--jobs", "1", str(archive)]
    whole, out, _ = called(capsys, *words)
    assert whole == Exit.NOT_ALL, "one is broken"
    parts = [called(capsys, *words, "--shard", f"{number}/{PARTS}") for number in range(1, PARTS + 1)]

    def lines(text: str) -> list[str]:
        return sorted(line for line in text.splitlines() if ".dcm" in line)

    assert len(lines(out)) >= 12
    assert sorted(line for _, part, _ in parts for line in lines(part)) == lines(out)
    assert all(lines(part) for _, part, _ in parts)
    assert sorted(code for code, _, _ in parts) == [0] * (PARTS - 1) + [1], "the broken one is in one part"


def answers_of(out: str) -> list[dict[str, Any]]:
    """The JSON lines of one part but for its last, which says which part it is."""
    *answers, last = [json.loads(line) for line in out.splitlines()]
    assert last["schema"] == "dcmaudit/part/1"
    return answers


def test_redact_and_verify_in_parts(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, PARTS + 1):
        code, _, err = called(
            capsys, "redact", "--rect", "1,1,5,5", "--jobs", "1", "-o", tmp_path, "--shard", f"{number}/{PARTS}",
            *sorted(archive.glob("[0-9]*.dcm")),
        )  # fmt: skip
        assert code == Exit.GOOD, err
    assert len(list(tmp_path.glob("*.dcm"))) == 12
    passed = 0
    for number in range(1, PARTS + 1):
        pairs = [str(path) for n in range(12) for path in (archive / f"{n}.dcm", tmp_path / f"{n}.redacted.dcm")]
        part = f"{number}/{PARTS}"
        code, out, err = called(capsys, "verify", "--json", "--jobs", "1", "--shard", part, *pairs, "1,1,5,5")
        assert code == Exit.GOOD, err
        passed += len(answers_of(out))
    assert passed == 12


def test_a_part_without_an_input_is_no_failure_and_is_said(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = archive / "0.dcm"
    owner = next(n for n in range(1, 8) if Shard(n, 7).holds(str(name)))
    other = owner % 7 + 1
    for words in (["frames", "-i"], ["rules", "check"], ["ocr", "--no-read", "--csv", "-"],
                  ["redact", "--rect", "1,1,5,5"]):  # fmt: skip
        code, _, err = called(capsys, *words, "--jobs", "1", "--shard", f"{other}/7", name)
        assert code == Exit.GOOD, (words, err)
        assert f"part {other}/7 has none of the 1 input" in err
    assert called(capsys, "verify", "--jobs", "1", "--shard", f"{other}/7", name, name)[0] == Exit.GOOD


def test_options_that_contradict_are_refused(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["redact", "--rect", "1,1,5,5", "--overwrite", "--shard", "1/2"],
                  ["frames", "-i", "--jobs", "2", "--dask", "tcp://127.0.0.1:1"],
                  ["verify", "--jobs", "2", "--dask", "tcp://127.0.0.1:1", str(archive / "1.dcm")],
                  ["rules", "check", "--jobs", "2", "--dask", "tcp://127.0.0.1:1"],
                  ["sample", "draw", "--jobs", "2", "--dask", "tcp://127.0.0.1:1"],
                  ["frames", "-i", "--shard", "5/2"]):  # fmt: skip
        code, _, err = called(capsys, *words, archive / "0.dcm")
        assert code == Exit.USAGE, (words, err)


def test_identities_of_parts_are_noted_by_processes_side_by_side(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = sorted(map(str, archive.glob("[0-9]*.dcm")))
    with open_store(tmp_path, user="tester") as store:
        for name in names:
            store.mark_done(name, DeviceFacts("US"))
    told = []
    for number in range(1, PARTS + 1):
        code, out, err = called(
            capsys, "db", "identify", "--db", tmp_path, "--json", "--jobs", "2", "--shard", f"{number}/{PARTS}", *names
        )
        assert code == Exit.GOOD, err
        told += answers_of(out)
    assert sorted(one["file"] for one in told) == names
    with open_store(tmp_path, user="tester") as store:
        for name in names:
            found = store.identity(name)
            assert found is not None
            assert (found.identity.sop_instance_uid or "").startswith("1.2.3.")
            assert found.size == Path(name).stat().st_size


# --- a cluster ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield str(cluster.scheduler_address)


CLUSTER = {
    "frames": ["frames", "-i", "--json"],
    "rules check": ["rules", "check", "--json"],
    "sample draw": ["sample", "draw", "--seed", "5"],
}


@pytest.mark.parametrize("name", CLUSTER)
def test_a_cluster_tells_what_this_machine_tells(name: str, archive: Path, scheduler: str) -> None:
    words = [*CLUSTER[name], *sorted(map(str, archive.glob("[0-9]*.dcm")))]

    def run(*more: str) -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, "-m", "dcmaudit", *words, *more], capture_output=True, text=True, check=False, timeout=240
        )
        return done.returncode, sorted(done.stdout.splitlines())

    here, there = run("--jobs", "1"), run("--dask", scheduler)
    assert here == there
    assert here[0] == 0


@pytest.fixture
def pairs(archive: Path, tmp_path: Path) -> list[str]:
    """Originals and redacted files in turn; a database in which all originals have marks."""
    names = sorted(map(str, archive.glob("[0-9]*.dcm")))
    assert main(["redact", "-q", "--rect", "1,1,5,5", "--jobs", "1", "-o", str(tmp_path / "out"), *names]) == Exit.GOOD
    for database in ("here", "there"):
        with open_store(tmp_path / database, user="tester") as store:
            for name in names:
                store.mark_done(name, DeviceFacts("US"))
    return [one for name in names for one in (name, str(tmp_path / "out" / f"{Path(name).stem}.redacted.dcm"))]


def test_a_cluster_proves_and_identifies_what_this_machine_does(
    pairs: list[str], tmp_path: Path, scheduler: str, capsys: pytest.CaptureFixture[str]
) -> None:
    verify = ["verify", "--rect", "1,1,5,5", "--json", *pairs]
    here, there = called(capsys, *verify, "--jobs", "1"), called(capsys, *verify, "--dask", scheduler)
    assert (here[0], sorted(here[1].splitlines())) == (there[0], sorted(there[1].splitlines()))
    assert here[0] == Exit.GOOD
    identify = ["db", "identify", "--json", *pairs[::2], "--db"]
    here = called(capsys, *identify, tmp_path / "here", "--jobs", "1")
    there = called(capsys, *identify, tmp_path / "there", "--dask", scheduler)
    assert (here[0], sorted(here[1].splitlines())) == (there[0], sorted(there[1].splitlines()))
    found = []
    for database in ("here", "there"):
        with open_store(tmp_path / database, user="tester") as store:
            found.append([(one.identity, one.size) for name in pairs[::2] if (one := store.identity(name))])
    assert found[0] == found[1]
    assert len(found[0]) == 12


def test_every_command_ends_on_a_cluster_without_workers_and_says_so(
    pairs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("DCMAUDIT_DASK_WAIT", "1")
    monkeypatch.setattr("dcmaudit.pipeline.clusterclient.LOOK", 0.1)
    names = pairs[:6:2]
    with distributed.LocalCluster(
        n_workers=0, processes=True, dashboard_address=":0", local_directory=str(tmp_path / "dask"), silence_logs=50
    ) as cluster:
        for words in (
            ["frames", "-i", *names],
            ["rules", "check", *names],
            ["sample", "draw", "--seed", "5", *names],
            ["verify", "--rect", "1,1,5,5", *pairs[:6]],
            ["db", "identify", *names, "--db", tmp_path / "here"],
            ["ocr", "--no-read", "--csv", tmp_path / "list.csv", *names],
            ["redact", "--rect", "1,1,5,5", "-o", tmp_path / "other", *names],
        ):
            code, _, err = called(capsys, *words, "--dask", cluster.scheduler_address)
            assert code not in {Exit.GOOD, Exit.FAULT}, (words, err)
            assert "has no workers" in err, words
            told = pairs[1:6:2] if words[0] == "verify" else names
            assert [name for name in told if name not in err] == [], words
    assert not list((tmp_path / "other").glob("*.dcm"))
