from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.errors import SourceError, SourceUnreadableError, UsageError
from dcmaudit.sources.s3 import transfer
from dcmaudit.sources.s3.names import ObjectName
from dcmaudit.sources.s3.transfer import fetch, send
from support.s3server import BadNetwork, Server

BYTES = np.random.default_rng(3).bytes(5 * 2**20)


@pytest.fixture
def name(entered: Server, monkeypatch: pytest.MonkeyPatch) -> ObjectName:
    monkeypatch.setattr(transfer, "CHUNK", 2**20)
    bucket = entered.new_bucket()
    entered.fill(bucket, {"x": BYTES, "empty": b""})
    return ObjectName(bucket, "x")


def test_a_copy_is_compared_and_stands_alone_in_its_folder(name: ObjectName, tmp_path: Path) -> None:
    seen: list[int] = []
    done = fetch(name, tmp_path / "new" / "x", progress=lambda now, _total: seen.append(now))
    assert (done.size, done.checked, done.resumed) == (len(BYTES), "size and MD5", 0)
    assert seen == [k * 2**20 for k in range(1, 6)]
    assert done.path.read_bytes() == BYTES
    assert [path.name for path in done.path.parent.iterdir()] == ["x"]
    assert fetch(ObjectName(name.bucket, "empty"), tmp_path / "e").path.read_bytes() == b""


def test_an_existing_file_is_replaced_only_when_that_is_said(name: ObjectName, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists"):
        fetch(name, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"mine"
    assert fetch(name, tmp_path / "x", overwrite=True).path.read_bytes() == BYTES


def test_a_copy_that_broke_off_is_gone_on_with(name: ObjectName, network: BadNetwork, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr("dcmaudit.sources.s3.client.RETRIES", 0)

    def cut(done: int, _total: int) -> None:
        if done == 2 * 2**20:
            network.cut, network.cut_after = 100, 1000

    with pytest.raises(SourceError):
        fetch(name, tmp_path / "x", progress=cut)
    assert not (tmp_path / "x").exists()
    network.cut = 0
    done = fetch(name, tmp_path / "x")
    assert done.resumed == 2 * 2**20
    assert done.path.read_bytes() == BYTES
    assert [path.name for path in tmp_path.glob(".*.part")] == []


def test_what_is_left_of_another_object_is_not_gone_on_with(name: ObjectName, entered: Server, tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(name, tmp_path / "x", progress=stop)
    entered.fill(name.bucket, {"x": BYTES[::-1]})
    done = fetch(name, tmp_path / "x")
    assert done.resumed == 0
    assert done.path.read_bytes() == BYTES[::-1]


def test_a_damaged_beginning_is_noticed(name: ObjectName, tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(name, tmp_path / "x", progress=stop)
    (part,) = tmp_path.glob(".x.*.part")
    part.write_bytes(bytes(2**20))
    with pytest.raises(SourceUnreadableError, match="not what the server has"):
        fetch(name, tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_an_object_that_is_replaced_while_it_is_copied_is_noticed(
    name: ObjectName, entered: Server, tmp_path: Path
) -> None:
    def replace(_done: int, _total: int) -> None:
        entered.fill(name.bucket, {"x": BYTES[::-1]})

    with pytest.raises(SourceUnreadableError, match="replaced"):
        fetch(name, tmp_path / "x", progress=replace)
    assert not (tmp_path / "x").exists()


def test_sending_never_replaces_unless_that_is_said(name: ObjectName, entered: Server, tmp_path: Path) -> None:
    (tmp_path / "y").write_bytes(b"new")
    with pytest.raises(UsageError, match="already"):
        send(tmp_path / "y", name)
    assert entered.get(name.bucket, "x") == BYTES
    send(tmp_path / "y", name, overwrite=True)
    assert entered.get(name.bucket, "x") == b"new"


@pytest.mark.parametrize("in_one", [2**26, 2**20])
def test_what_was_sent_is_there_in_one_piece_or_in_parts(
    name: ObjectName, entered: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one: int
) -> None:
    monkeypatch.setattr(transfer, "IN_ONE", in_one)
    content = np.random.default_rng(4).bytes(12 * 2**20 + 5)
    (tmp_path / "y").write_bytes(content)
    send(tmp_path / "y", ObjectName(name.bucket, "up/y"))
    assert entered.get(name.bucket, "up/y") == content


def test_what_comes_back_otherwise_is_deleted_again(
    name: ObjectName, entered: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "y").write_bytes(b"new")
    monkeypatch.setattr(transfer, "_digest_of_object", lambda *_: "another")
    with pytest.raises(SourceUnreadableError, match="does not have what was sent"):
        send(tmp_path / "y", ObjectName(name.bucket, "y"))
    assert entered.keys(name.bucket) == ["empty", "x"]


@pytest.mark.parametrize("limit", [transfer.IN_ONE, 2**20], ids=["in one piece", "in parts"])
def test_of_two_who_write_at_once_one_is_refused_and_nothing_else_is_left(
    entered: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(transfer, "IN_ONE", limit)
    name = ObjectName(entered.new_bucket(), "out/x")
    both = threading.Barrier(2)

    def looked(_name: ObjectName) -> None:
        both.wait(60)  # both saw that there is nothing yet

    monkeypatch.setattr(transfer, "object_at", looked)
    contents = [bytes([number]) * 3 * 2**20 for number in (1, 2)]
    for number, content in enumerate(contents):
        (tmp_path / str(number)).write_bytes(content)

    def write(number: int) -> bool:
        try:
            send(tmp_path / str(number), name)
        except UsageError as error:
            assert "already" in str(error)
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(write, range(2)))
    assert sorted(done) == [False, True]
    assert entered.get(name.bucket, name.key) == contents[done.index(True)]
    assert entered.keys(name.bucket) == ["out/x"]
