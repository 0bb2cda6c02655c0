"""The count and the sum of each file's marks: whoever writes keeps them, and a changed byte shows."""

from __future__ import annotations

import importlib.util
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from dcmaudit.errors import StoreCorruptError
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, HowSeen, IconAddress, Identity, Outcome
from dcmaudit.store import Look, NewRect, OcrEngine, Store, TagChange, open_store, overview, soundness, sums
from support.originals import make_original
from support.stored import put_look, put_seen
from support.stores import Opener

NAME = "dcmaudit.sqlite.db"
RECTS = [NewRect(Box(n, n + 1, n + 20, n + 9), FrameAddress(n), text="word " * n) for n in range(6)]
RECTS += [NewRect(Box(3, 4, 50, 60), scope) for scope in (Everywhere.ALL_FRAMES, IconAddress(0))]


def sql(store: Store, statement: str, **values: object) -> None:
    """A statement of somebody who knows nothing of our tables."""
    with store._database.writing() as session:
        session.connection.execute(text(statement), values)


def differing(store: Store) -> list[str]:
    with store._database.reading() as session:
        return sums.disagreeing(session, 20)


CHANGES: dict[str, Callable[[Store], object]] = {
    "insert": lambda s: sql(s, 'INSERT INTO "DicomRects" (filename, top, "left") VALUES (\'/new.dcm\', 4, 5)'),
    "insert of nothing": lambda s: sql(s, 'INSERT INTO "DicomRects" (top) VALUES (4)'),
    "update": lambda s: sql(s, 'UPDATE "DicomRects" SET "left" = "left" + 1, ocrtext = \'other\''),
    "rename": lambda s: sql(s, "UPDATE \"DicomRects\" SET filename = '/b.dcm' WHERE id < 4"),
    "forget the name": lambda s: sql(s, 'UPDATE "DicomRects" SET filename = NULL'),
    "delete": lambda s: sql(s, 'DELETE FROM "DicomRects" WHERE id > 2'),
    "delete all": lambda s: sql(s, 'DELETE FROM "DicomRects"'),
    "tag": lambda s: sql(s, "UPDATE \"DicomTags\" SET mark = 'T'"),
    "tag gone": lambda s: sql(s, 'DELETE FROM "DicomTags"'),
    "extra": lambda s: sql(s, "UPDATE dcmaudit_rects SET scope = 'all overlays'"),
    "look": lambda s: put_look(s, "/a.dcm", Look(OcrEngine.RAPIDOCR, Outcome.FAILED, ("x",))),
    "seen": lambda s: [put_seen(s, "/a.dcm", next(iter(HowSeen)), [FrameAddress(n)]) for n in (3, 4, 9)],
    "ours": lambda s: s.clear("/a.dcm"),
    "ours, undone": lambda s: s.restore(s.clear("/a.dcm")),
    "adopted": lambda s: s.adopt("/moved.dcm", Identity("1.2.3", "d")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_way_to_write_keeps_the_sums(store: Store, change: Callable[[Store], object]) -> None:
    store.add_rects("/a.dcm", RECTS)
    store.finish("/a.dcm", DeviceFacts("US", rows=5), change=TagChange(marked=False, comment="a"))
    store.put_identity("/a.dcm", Identity("1.2.3", "d"))
    change(store)
    assert differing(store) == []
    for name in store.filenames():
        store.rects(name)


def test_truncating_a_table_of_a_server_keeps_the_sums(store: Store, location_kind: str) -> None:
    if location_kind == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    store.add_rects("/a.dcm", RECTS)
    sql(store, 'TRUNCATE "DicomRects"')
    assert differing(store) == []


@pytest.mark.parametrize("how", ["INSERT OR REPLACE", "INSERT OR IGNORE", "REPLACE"])
def test_a_tag_row_that_is_replaced_at_once_keeps_the_sums(tmp_path: Path, opener: Opener, how: str) -> None:
    store = opener(tmp_path)
    store.finish("/a.dcm", DeviceFacts("US"), change=TagChange(marked=True, comment="a"))
    raw = sqlite3.connect(tmp_path / NAME)
    raw.execute(f"{how} INTO DicomTags (filename, mark) VALUES ('/a.dcm', 'F'), ('/b.dcm', 'T')")
    raw.commit()
    raw.close()
    assert differing(store) == []
    assert store.tag("/b.dcm") is not None


def read_all(store: Store, name: str) -> None:
    """What is known of a file, as whoever acts on it reads it."""
    store.rects(name)
    store.tag(name)
    with store._database.reading() as session:
        sums.require_agreement(session, name, store.location)


def without_triggers(store: Store, statement: str) -> None:
    """Change rows as damage would: nothing is kept that should go along. No structure of the file is hurt by it."""
    if not store.location.startswith("postgresql"):
        raw = sqlite3.connect(store.location)
        for name in sums.sqlite_triggers():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(statement)
        for trigger in sums.sqlite_triggers().values():
            raw.execute(trigger)
        raw.commit()
        raw.close()
        return
    with store._database.writing() as session:
        session.connection.execute(text("SET session_replication_role = replica"))
        session.connection.execute(text(statement))
        session.connection.execute(text("SET session_replication_role = origin"))


DAMAGE = [
    'UPDATE "DicomRects" SET "{}" = "{}" + 1 WHERE id = 2'.replace("{}", column)
    for column in ("top", "bottom", "left", "right", "frame", "overlay", "ocrengine", "nerengine", "nerpii")
]
DAMAGE += [
    'UPDATE "DicomRects" SET ocrtext = ocrtext || \'x\' WHERE id = 2',
    'UPDATE "DicomRects" SET filename = \'/c.dcm\' WHERE id = 2',
    'UPDATE "DicomRects" SET "left" = NULL WHERE id = 2',
    'UPDATE "DicomRects" SET "left" = 7 - "left" WHERE id IN (3, 4)',
    'DELETE FROM "DicomRects" WHERE id = 2',
    'DELETE FROM "DicomRects"',
    'INSERT INTO "DicomRects" (filename) VALUES (\'/a.dcm\')',
    "UPDATE dcmaudit_rects SET scope = 'all overlays' WHERE scope = 'all frames'",
    "UPDATE dcmaudit_rects SET \"right\" = 7",
    "UPDATE \"DicomTags\" SET mark = 'T'",
    'DELETE FROM "DicomTags"',
    "UPDATE dcmaudit_looks SET places = 0",
    "UPDATE dcmaudit_looks SET outcome = 'failed'",
    "DELETE FROM dcmaudit_looks",
    "UPDATE dcmaudit_seen SET ranges = '0-9,12' WHERE plane_group = 'f'",
    "UPDATE dcmaudit_seen SET plane_group = 'b'",
    "UPDATE dcmaudit_done SET seen = planes",
    "UPDATE dcmaudit_shown SET areas = '[]'",
    "DELETE FROM dcmaudit_shown",
    "DELETE FROM dcmaudit_sums_rects",
    "UPDATE dcmaudit_sums_rects SET total = total + 1",
]  # fmt: skip


@pytest.mark.parametrize("statement", DAMAGE)
def test_a_change_behind_the_back_of_the_database_is_an_error_that_names_the_file(
    store: Store, statement: str, opener: Opener
) -> None:
    store.add_rects("/a.dcm", RECTS)
    store.mark_done("/a.dcm", DeviceFacts())
    put_look(store, "/a.dcm", Look(OcrEngine.RAPIDOCR, Outcome.DONE, complete=True, planes=3, places=2))
    put_seen(store, "/a.dcm", next(iter(HowSeen)), [FrameAddress(n) for n in (*range(8), 12)])
    sql(store, "DELETE FROM dcmaudit_done")
    sql(store, "INSERT INTO dcmaudit_done VALUES ('/a.dcm', 9, 3, 0, 2, 1, '2026-01-02T03:04:05', 'x', NULL)")
    sql(store, "INSERT INTO dcmaudit_shown VALUES ('/a.dcm', 'store', '{}', '[[1, 2, 3, 4]]', '2026-01-02', 'x')")
    store.add_rects("/b.dcm", RECTS[:1])
    read_all(store, "/a.dcm")
    without_triggers(store, statement)
    with pytest.raises(StoreCorruptError, match=r"/a\.dcm.*not those that were stored") as caught:
        read_all(store, "/a.dcm")
    assert "db recount" in (caught.value.hint or "")
    assert "/a.dcm" in differing(store)
    if not store.location.startswith("postgresql"):
        store.close()
        with pytest.raises(StoreCorruptError, match="not those that were stored"):
            opener(store.location)


def test_a_database_of_the_original_is_counted_when_it_is_first_written(tmp_path: Path, opener: Opener) -> None:
    path = make_original(
        tmp_path / NAME, [{}, {"filename": None}, {"left": "wide"}, {"top": 2.5}, {}], [{}, {"filename": None}]
    )
    store = opener(path)
    assert not store.info().has_sums
    store.add_rects("/new.dcm", RECTS)
    assert store.info().has_sums
    assert differing(store) == []
    assert len(store.rects("/archive/a.dcm")) == 4
    without_triggers(store, "UPDATE DicomRects SET bottom = 3 WHERE id = 1")
    with pytest.raises(StoreCorruptError):
        store.rects("/archive/a.dcm")


def test_a_missing_trigger_is_damage(tmp_path: Path, opener: Opener) -> None:
    store = opener(tmp_path)
    store.add_rects("/a.dcm", RECTS)
    store.close()
    raw = sqlite3.connect(tmp_path / NAME)
    raw.execute("DROP TRIGGER dcmaudit_sums_rects_update")
    raw.commit()
    raw.close()
    with pytest.raises(StoreCorruptError, match="trigger dcmaudit_sums_rects_update"):
        opener(tmp_path)


@pytest.mark.parametrize("table", ["DicomRects", "dcmaudit_rects", "dcmaudit_version", "dcmaudit_sums_rects"])
def test_a_table_that_is_called_something_else_is_damage(tmp_path: Path, opener: Opener, table: str) -> None:
    opener(tmp_path).add_rects("/a.dcm", RECTS)
    raw = sqlite3.connect(tmp_path / NAME)
    raw.execute("PRAGMA writable_schema = ON")
    raw.execute("DELETE FROM sqlite_master WHERE type = 'trigger'")
    raw.execute("UPDATE sqlite_master SET name = ?, tbl_name = ? WHERE name = ?", (f"x{table}", f"x{table}", table))
    raw.commit()
    raw.close()
    with pytest.raises(StoreCorruptError, match="damaged"):
        opener(tmp_path)


WRITER = """
import sys
from pydal import DAL, Field
db = DAL("sqlite://dcmaudit.sqlite.db", folder=sys.argv[1])
db.define_table("DicomRects", Field("filename"), *[Field(n, type="integer") for n in ("top", "bottom", "left", "right",
    "frame", "overlay")])
db.define_table("DicomTags", Field("filename", unique=True), Field("mark", type="boolean"), Field("comment"))
db.DicomRects.insert(filename="theirs", top=1, bottom=2, left=3, right=4, frame=-1, overlay=-1)
db(db.DicomRects.filename == "ours").update(left=9)
db.DicomTags.update_or_insert(db.DicomTags.filename == "ours", filename="ours", mark=False)
db.DicomTags.update_or_insert(db.DicomTags.filename == "theirs", filename="theirs", mark=True, comment="x")
db(db.DicomRects.top == 3).delete()
db.commit()
"""


@pytest.mark.skipif(importlib.util.find_spec("pydal") is None, reason="needs pydal, the original's database library")
def test_the_library_of_the_original_keeps_the_sums_without_knowing(tmp_path: Path, opener: Opener) -> None:
    store = opener(tmp_path)
    store.add_rects("ours", RECTS)
    done = subprocess.run([sys.executable, "-c", WRITER, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert differing(store) == []
    assert {len(store.rects(name)) for name in ("ours", "theirs")} == {7, 1}


# --- once for each change -----------------------------------------------------------------------------------------


def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    honest = soundness.damage_of
    monkeypatch.setattr(soundness, "damage_of", lambda database: seen.append(database.name) or honest(database))
    return seen


def test_a_file_that_is_the_same_is_not_looked_at_again(
    tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener(tmp_path / NAME).add_rects("/a.dcm", RECTS)
    monkeypatch.setattr(soundness, "_RACE_NS", 0)
    seen = looks(monkeypatch)
    raw = sqlite3.connect(tmp_path / NAME)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    for _ in range(3):
        opener(tmp_path / NAME, read_only=True).close()
    assert len(seen) == 1
    monkeypatch.setattr(soundness, "_DAY_S", 0)
    opener(tmp_path / NAME, read_only=True).close()
    assert len(seen) == 2, "nor is it trusted for ever"


def test_what_changed_a_moment_ago_is_not_remembered(
    tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener(tmp_path / NAME).add_rects("/a.dcm", RECTS)
    seen = looks(monkeypatch)
    for _ in range(2):
        opener(tmp_path / NAME, read_only=True).close()
    assert len(seen) == 2
    assert not soundness.memory_path(tmp_path / NAME).exists()


def test_a_byte_changed_with_size_and_time_kept_is_looked_at_again(
    tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    path = tmp_path / NAME
    with open_store(path, user="tester") as store:
        store.add_rects("/a.dcm", RECTS)
    monkeypatch.setattr(soundness, "_RACE_NS", 0)
    opener(path, read_only=True).close()
    assert soundness.is_known_sound(path, soundness.state_of(path))
    before = path.stat()
    data = bytearray(path.read_bytes())
    at = data.rindex(b"/a.dcm", 0, len(data))
    data[at] ^= 1
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not soundness.is_known_sound(path, soundness.state_of(path))
    with pytest.raises(StoreCorruptError):
        opener(path, read_only=True)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"format": 1, "state": [], "at": "x"}'])
def test_a_note_that_cannot_be_read_counts_for_nothing(tmp_path: Path, opener: Opener, content: bytes) -> None:
    path = tmp_path / NAME
    opener(path).add_rects("/a.dcm", RECTS)
    memory = soundness.memory_path(path)
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_bytes(content)
    assert not soundness.is_known_sound(path, soundness.state_of(path))
    assert len(opener(path).rects("/a.dcm")) == len(RECTS)


def test_rows_that_are_not_understood_are_counted_once_for_each_change(
    tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / NAME
    with open_store(path, user="tester") as store:
        store.add_rects("/a.dcm", RECTS)
    spoil(path, "UPDATE DicomRects SET frame = -7 WHERE id = (SELECT min(id) FROM DicomRects)")
    monkeypatch.setattr(soundness, "_RACE_NS", 0)
    counted: list[object] = []
    whole = overview._problems
    monkeypatch.setattr(overview, "_problems", lambda session: counted.append(session) or whole(session))
    # Until the file was found sound nothing is remembered.
    assert [opener(path, read_only=True, check=False).info().problems for _ in range(2)] == [1, 1]
    assert len(counted) == 2
    opener(path, read_only=True).close()
    assert [opener(path, read_only=True).info().problems for _ in range(3)] == [1, 1, 1]
    assert len(counted) == 3, "nothing has changed"
    spoil(path, "UPDATE DicomRects SET frame = -7 WHERE id = (SELECT max(id) FROM DicomRects)")
    assert opener(path, read_only=True).info().problems == 2
    assert len(counted) == 4
    monkeypatch.setattr(soundness, "__version__", "another")
    assert opener(path, read_only=True).info().problems == 2
    assert len(counted) == 5, "another version may understand other rows"


def spoil(path: Path, statement: str) -> None:
    """What another program does, with the triggers in place."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(statement)
        raw.commit()


def test_rows_without_a_name_and_names_of_any_kind_are_compared(tmp_path: Path) -> None:
    """NULL and the empty name share one sum; what is no text has a name, too."""
    path = tmp_path / NAME
    with open_store(path, user="tester") as store:
        store.add_rects("/a.dcm", RECTS)
    for name in ("NULL", "''", "NULL", "x'ff01'"):
        spoil(path, f"INSERT INTO DicomRects (filename, top, frame, overlay) VALUES ({name}, 1, 0, -1)")  # noqa: S608 (written here)
    with open_store(path, user="tester", read_only=True) as store:  # every sum is right
        assert store.check() == []
    with closing(sqlite3.connect(path)) as raw:
        (rows,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'dcmaudit_sums_rects_update'").fetchone()
        raw.execute("DROP TRIGGER dcmaudit_sums_rects_update")
        raw.execute("UPDATE DicomRects SET top = 2 WHERE filename IS NULL")
        raw.execute(rows)
        raw.commit()
    with open_store(path, user="tester", read_only=True, check=False) as store:
        assert any("not those that were stored" in line for line in store.check())
