"""What was answered is there, whatever happens to the process; what was not answered is there wholly or not at all."""

from __future__ import annotations

import multiprocessing
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dcmaudit.model import Box, DeviceFacts, FrameAddress, HowSeen, IconAddress, ReviewState
from dcmaudit.store import NewRect, open_store
from support.originals import make_original
from support.stored import put_seen, set_comment, set_marked
from support.stores import Opener
from support.where import span

PAIR = [NewRect(Box(0, 0, 2, 2), FrameAddress(0)), NewRect(Box(0, 0, 2, 2), IconAddress(0))]

WRITER = """
import sys
from dcmaudit.model import Box, DeviceFacts, FrameAddress, IconAddress
from dcmaudit.store import NewRect, open_store
store = open_store(sys.argv[1], user=sys.argv[2], timeout=60)
pair = [NewRect(Box(0, 0, 2, 2), FrameAddress(0)), NewRect(Box(0, 0, 2, 2), IconAddress(0))]
for number in range(int(sys.argv[3])):
    name = f"{sys.argv[2]}-{number}"
    store.add_rects(name, pair)
    store.mark_done(name, DeviceFacts("US"))
    print(name, flush=True)
"""


def start_writer(location: str, user: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, location, user, str(count)], stdout=subprocess.PIPE, text=True
    )


def test_every_answered_write_survives_kill_9(location: str, opener: Opener) -> None:
    answered: list[str] = []
    chance = random.Random(20)  # noqa: S311 (moments of death, no secrets)
    for attempt in range(3):
        writer = start_writer(location, f"w{attempt}", 100_000)
        assert writer.stdout is not None
        answered += [writer.stdout.readline().strip() for _ in range(chance.randrange(1, 20))]
        time.sleep(chance.random() * 0.05)
        writer.send_signal(signal.SIGKILL)
        # What it could still say before it died counts as well; a line cut off does not.
        answered += [line.strip() for line in writer.stdout if line.endswith("\n")]
        writer.wait()
        writer.stdout.close()
    store = opener(location)
    states = store.states(answered)
    assert len(answered) > 4
    assert set(states.values()) == {ReviewState.DONE}
    for name in store.filenames():
        assert len(store.rects(name)) == 2, "an unanswered pair is wholly there or not at all"
    added = sum(entry.count for entry in store.history() if entry.action == "rectangles added")
    assert added == sum(len(store.rects(name)) for name in store.filenames())


def test_several_processes_write_at_once_into_a_new_database(location: str, opener: Opener) -> None:
    writers = [start_writer(location, f"user{number}", 10) for number in range(3)]
    for writer in writers:
        out, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        assert len(out.splitlines()) == 10
    store = opener(location)
    assert len(list(store.filenames())) == 30
    for name in store.filenames():
        assert {row.modified_by for row in store.rects(name)} == {name.partition("-")[0]}
        assert len(store.rects(name)) == 2


def test_threads_share_a_store(location: str, opener: Opener) -> None:
    store = opener(location)

    def work(number: int) -> None:
        for turn in range(5):
            store.add_rects(f"{number}-{turn}", PAIR)
            put_seen(store, "shared", HowSeen.PAINTED, [FrameAddress(number * 5 + turn)])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(store.filenames())) == 30
    (seen,) = store.seen("shared")
    assert seen.spans == (span("f", 0, 30),), "no update was lost"


def test_updates_of_one_row_by_two_people_are_both_kept(location: str, opener: Opener) -> None:
    stores = [opener(location, user=name) for name in ("ann", "ben")]
    device = DeviceFacts("US")

    def comment() -> None:
        for turn in range(10):
            set_comment(stores[0], "/a.dcm", f"comment {turn}", device)

    def mark() -> None:
        for turn in range(10):
            set_marked(stores[1], "/a.dcm", device, marked=turn % 2 == 1)

    threads = [threading.Thread(target=comment), threading.Thread(target=mark)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = stores[0].tag("/a.dcm")
    assert found is not None
    assert (found.marked, found.comment) == (True, "comment 9")


def _child(store: object, pipe: object) -> None:
    store.add_rects("child", PAIR)  # type: ignore[attr-defined]
    pipe.send(store.states(["child", "parent"]))  # type: ignore[attr-defined]


def test_a_store_works_in_a_forked_child(location: str, opener: Opener) -> None:
    store = opener(location)
    store.add_rects("parent", PAIR)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(store, theirs))
    process.start()
    assert ours.poll(30)
    assert set(ours.recv().values()) == {ReviewState.IN_WORK}
    process.join()
    assert process.exitcode == 0
    assert len(store.rects("child")) == 2
    store.add_rects("parent", PAIR)
    ours.close()
    theirs.close()


def test_writes_wait_for_the_disk(tmp_path: Path, opener: Opener) -> None:
    store = opener(tmp_path)
    store.add_rects("/a.dcm", PAIR)
    with store._database.reading() as session:
        assert session.connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert session.connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.postgres
def test_a_server_that_answers_before_the_disk_is_told_to_wait(server, opener: Opener) -> None:
    location = server.new_database()
    server.sql(f"ALTER DATABASE {location.split('/')[3].partition('?')[0]} SET synchronous_commit = off")
    with opener(location)._database.reading() as session:
        assert session.connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_reader_sees_one_state_while_others_write(tmp_path: Path, opener: Opener) -> None:
    store = opener(tmp_path)
    store.add_rects("/a.dcm", PAIR)
    with store._database.reading() as session:
        before = session.connection.exec_driver_sql('SELECT count(*) FROM "DicomRects"').scalar()
        opener(tmp_path).add_rects("/b.dcm", PAIR)
        assert session.connection.exec_driver_sql('SELECT count(*) FROM "DicomRects"').scalar() == before
    assert len(list(store.filenames())) == 2


def test_two_openers_of_an_original_both_find_it_upgraded(tmp_path: Path, opener: Opener) -> None:
    path = make_original(tmp_path / "dcmaudit.sqlite.db", [{}], [{}])
    first, second = opener(path), opener(path)
    first.add_rects("/new.dcm", PAIR)
    second.add_rects("/new.dcm", PAIR)
    assert len(second.rects("/new.dcm")) == 4


def test_closing_the_last_user_leaves_one_file(tmp_path: Path) -> None:
    with open_store(tmp_path, user="tester") as store:
        store.add_rects("/a.dcm", PAIR)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".table"] == ["dcmaudit.sqlite.db"]


def test_getting_ready_for_the_first_write_writes_nothing(tmp_path: Path) -> None:
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    with open_store(tmp_path / "marks", user="tester") as store:
        before = files()
        store.warm_up()
        assert files() == before
        assert store.rects("/a.dcm") == []
