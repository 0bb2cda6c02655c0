"""Pictures are made once, kept within bounds, and never hold up one another; files are opened once and closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.dicom import Instance
from dcmaudit.errors import DecodeError
from dcmaudit.model import FrameAddress, Rendering, View
from dcmaudit.review.services import picture_cache
from dcmaudit.review.services.instance_cache import InstanceCache
from dcmaudit.review.services.picture_cache import PictureCache, PictureKey
from dcmaudit.review.services.threads import Workers
from dcmaudit.sources import LocalReference
from support.apps import wait_for, write_cine
from support.files import dataset, file_bytes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_cine(tmp_path / "cine.dcm", frames=8)


@pytest.fixture
def store() -> Iterator[PictureCache]:
    pool = InstanceCache()
    store = PictureCache(pool, limit=2000)
    yield store
    store.close()
    pool.close()


def test_one_picture_is_made_once_for_all_who_want_it(
    store: PictureCache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, calls, read = threading.Event(), [], Instance.read

    def slow(self: Instance, address: Any) -> Any:
        calls.append(address)
        gate.wait(10)
        return read(self, address)

    monkeypatch.setattr(Instance, "read", slow)
    picture = PictureKey(0, FrameAddress(0))
    wanted = [store.request(picture, lambda: LocalReference(str(path))) for _ in range(5)]
    gate.set()
    assert len({future.result(10) for future in wanted}) == 1
    assert len(calls) == 1


def test_what_is_kept_stays_within_the_limit(store: PictureCache, path: Path) -> None:
    for frame in range(8):
        for view in (View(), View(inverted=True)):
            store.request(PictureKey(0, FrameAddress(frame), view), lambda: LocalReference(str(path))).result(10)
            assert store._size == sum(map(len, store._kept.values())) <= 2000
    assert store._kept


def test_a_failure_is_remembered_until_the_file_is_opened_again(
    store: PictureCache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Instance, _address: Any) -> Any:
        raise DecodeError("no")

    picture = PictureKey(0, FrameAddress(0))
    with monkeypatch.context() as patched:
        patched.setattr(Instance, "read", broken)
        with pytest.raises(DecodeError):
            store.request(picture, lambda: LocalReference(str(path))).result(10)
    assert store.error(picture) is not None
    with pytest.raises(DecodeError):
        store.request(picture, lambda: LocalReference(str(path))).result(10)
    store.forget_errors(0)
    assert store.request(picture, lambda: LocalReference(str(path))).result(10)


def test_prefetched_pictures_are_there_when_they_are_asked_for(store: PictureCache, path: Path) -> None:
    picture = PictureKey(0, FrameAddress(3))
    store.prefetch([(picture, lambda: LocalReference(str(path)))])
    wait_for(lambda: picture in store._kept)
    assert store.request(picture, lambda: LocalReference(str(path))).done()


def test_the_pool_closes_the_longest_unused_but_never_one_in_use(tmp_path: Path) -> None:
    closed: list[str] = []

    class Fake:
        def __init__(self, name: str) -> None:
            self.name = name

        def close(self) -> None:
            closed.append(self.name)

    pool = InstanceCache(limit=2, opener=lambda reference: Fake(reference.name))  # type: ignore[arg-type,return-value]
    with pool.lease(0, lambda: LocalReference("/a")):
        for number, name in enumerate(("/b", "/c", "/d"), start=1):
            with pool.lease(number, lambda name=name: LocalReference(name)):
                pass
        assert closed == ["/b", "/c"]
    pool.close()
    assert sorted(closed) == ["/a", "/b", "/c", "/d"]


def test_a_file_closed_while_in_use_stays_open_for_its_user(path: Path) -> None:
    pool = InstanceCache()
    with pool.lease(0, lambda: LocalReference(str(path))) as instance:
        pool.close()
        assert instance.read(FrameAddress(7)).array.shape == (48, 64)
        with pool.lease(1, lambda: LocalReference(str(path))) as late:
            assert len(late.planes) == 11


def test_workers_that_are_stopped_cancel_what_waits_and_do_not_wait_for_what_hangs() -> None:
    workers, gate = Workers(1, "test"), threading.Event()
    running = workers.submit(gate.wait)
    waiting = workers.submit(lambda: 1)
    wait_for(running.running)
    workers.stop(timeout=0.05)
    assert waiting.cancelled()
    assert workers.submit(lambda: 1).cancelled()
    gate.set()
    assert running.result(5) is True


def test_a_picture_that_was_begun_is_the_one_that_is_asked_for_then(
    store: PictureCache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, read = [], Instance.read

    def counting(self: Instance, address: Any) -> Any:
        calls.append(address)
        return read(self, address)

    monkeypatch.setattr(Instance, "read", counting)
    picture = PictureKey(0, FrameAddress(3))
    store.begin(picture, lambda: LocalReference(str(path)))
    store.begin(picture, lambda: LocalReference(str(path)))
    assert store.request(picture, lambda: LocalReference(str(path))).result(10)
    store.begin(picture, lambda: LocalReference(str(path)))
    assert calls == [FrameAddress(3)]


def test_a_file_that_is_dropped_leaves_no_picture_behind(store: PictureCache, path: Path) -> None:
    picture = PictureKey(0, FrameAddress(3))
    first = store.request(picture, lambda: LocalReference(str(path))).result(10)
    write_cine(path, frames=8, uid=2).write_bytes(path.read_bytes()[:-2000] + b"\xff" * 2000)
    store._instances.drop(0)
    store.drop(0)
    assert store._size == 0
    assert store.request(picture, lambda: LocalReference(str(path))).result(10) is not first


def test_work_in_the_background_lets_pictures_through_that_somebody_waits_for(
    store: PictureCache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, read, order = threading.Event(), Instance.read, []

    def slow(self: Instance, address: Any) -> Any:
        order.append(address)
        if address == FrameAddress(0):
            gate.wait(10)
        return read(self, address)

    monkeypatch.setattr(Instance, "read", slow)
    monkeypatch.setattr(picture_cache, "PATIENCE", 60)
    wanted = store.request(PictureKey(0, FrameAddress(0)), lambda: LocalReference(str(path)))
    store.prefetch([(PictureKey(0, FrameAddress(1)), lambda: LocalReference(str(path)))])
    passed = threading.Event()
    background = threading.Thread(target=lambda: (store.let_through(), passed.set()))
    background.start()
    assert not passed.wait(0.2)
    assert order == [FrameAddress(0)]
    gate.set()
    assert wanted.result(10)
    assert passed.wait(10)
    wait_for(lambda: order == [FrameAddress(0), FrameAddress(1)])
    background.join(10)


def test_a_picture_that_takes_for_ever_holds_up_nothing_else_for_long(
    store: PictureCache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, read = threading.Event(), Instance.read

    def stuck(self: Instance, address: Any) -> Any:
        gate.wait(30)
        return read(self, address)

    monkeypatch.setattr(Instance, "read", stuck)
    monkeypatch.setattr(picture_cache, "PATIENCE", 0.05)
    wanted = store.request(PictureKey(0, FrameAddress(0)), lambda: LocalReference(str(path)))
    store.let_through()
    monkeypatch.setattr(picture_cache, "PATIENCE", 600)
    store.let_through()  # at once: waited for once, and known to take long
    assert not wanted.done()
    gate.set()
    assert wanted.result(10)


def test_what_has_to_be_said_of_a_picture_is_kept_with_it(store: PictureCache, tmp_path: Path) -> None:
    cells = np.zeros((2, 16, 16), np.float32)
    cells[1] = np.nan
    path = tmp_path / "float.dcm"
    path.write_bytes(file_bytes(dataset(cells, frames=2)))

    def remark(frame: int, rendering: Rendering) -> tuple[Rendering, str | None] | None:
        picture = PictureKey(0, FrameAddress(frame), View(rendering))
        store.request(picture, lambda: LocalReference(str(path))).result(10)
        told = store.remark(picture)
        return told and (told.rendering, told.reason)

    assert remark(0, Rendering.FULL) is None
    shown = remark(0, Rendering.VOI)
    assert shown is not None
    assert shown[0] is Rendering.FULL
    assert "window" in (shown[1] or "")
    nothing = remark(1, Rendering.FULL)
    assert nothing is not None
    assert "NaN" in (nothing[1] or "")
    store.drop(0)
    assert store.remark(PictureKey(0, FrameAddress(1))) is None
