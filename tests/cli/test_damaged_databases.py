"""A damaged database: `redact --from-db` gives the plan of the undamaged one, or refuses. Never a part of it.

DCMAUDIT_DAMAGES says how many damages of each kind are tried (default 200; of some kinds a quarter).
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, OverlayAddress, Scope
from dcmaudit.store import NewRect, open_store, walfile
from support.files import Overlay, gradient, reference

NAME = "dcmaudit.sqlite.db"
DAMAGES = int(os.environ.get("DCMAUDIT_DAMAGES", "200"))
PAGE = 4096


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files with some 370 rectangles in a database beside them, and a copy of it with its newest changes in the log."""
    folder = tmp_path_factory.mktemp("marked")
    chance = random.Random(1)  # noqa: S311 (made-up rectangles)
    with open_store(folder / NAME, user="tester") as store:
        for number in range(5):
            path = folder / f"image{number}.dcm"
            overlay = Overlay(np.ones((3, 16, 20), np.uint8))
            path.write_bytes(reference(np.stack([gradient()] * 3), frames=3, overlays=[overlay]).data)
            places: list[Scope] = [FrameAddress(n) for n in range(3)] + [OverlayAddress(0x6000, n) for n in range(3)]
            rects = [NewRect(_box(chance), chance.choice(places), text="é" * chance.randrange(40)) for _ in range(72)]
            rects += [NewRect(_box(chance), scope) for scope in (Everywhere.ALL_FRAMES, Everywhere.ALL_OVERLAYS)]
            store.add_rects(str(path), rects)
            store.mark_done(str(path), DeviceFacts("US", ("ORIGINAL", "PRIMARY"), f"Model {number % 2}", None, 24, 32))
    return folder


def _box(chance: random.Random) -> Box:
    left, top = chance.randrange(10), chance.randrange(8)
    return Box(left, top, left + 1 + chance.randrange(8), top + 1 + chance.randrange(7))


def planned(database: Path) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--db", str(database), "redact", "--from-db", "--dry-run", "--jobs", "1"])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def honest(marked: Path) -> str:
    code, plan, _ = planned(marked / NAME)
    assert code == Exit.GOOD
    assert plan.count("stored row") > 250, plan[:500]
    return plan


def must_be_whole_or_refused(database: Path, honest: str, what: object) -> bool:
    """Whether it was refused."""
    code, plan, err = planned(database)
    if code == Exit.GOOD:
        assert plan == honest, f"{what}: another plan, and nothing was said"
        return False
    assert code == Exit.NOT_ALL, f"{what}: exit {code}: {err}"
    assert "Traceback" not in err
    assert err.strip(), what
    return True


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    return tmp_path / NAME


def _overwrite(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    length = min(chance.randrange(1, 65), len(data) - at)
    data[at : at + length] = chance.randbytes(length)


def _clear(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at : at + 40] = bytes(len(data[at : at + 40]))


def _nudge(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _cut_page(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) // PAGE) * PAGE :]


def _swap(data: bytearray, chance: random.Random) -> None:
    one, other = (PAGE * n for n in chance.sample(range(len(data) // PAGE), 2))
    data[one : one + PAGE], data[other : other + PAGE] = data[other : other + PAGE], data[one : one + PAGE]


def _repeat(data: bytearray, chance: random.Random) -> None:
    one, other = (PAGE * n for n in chance.sample(range(len(data) // PAGE), 2))
    data[one : one + PAGE] = data[other : other + PAGE]


def _shift(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = b"\0" * chance.randrange(1, 9)


KINDS = [_overwrite, _clear, _nudge, _cut, _cut_page, _swap, _repeat, _shift]


@pytest.mark.parametrize("damage", KINDS, ids=lambda kind: kind.__name__.strip("_"))
def test_a_damaged_file_gives_the_whole_plan_or_none(
    marked: Path, honest: str, damaged: Path, damage: Callable[[bytearray, random.Random], None]
) -> None:
    whole = (marked / NAME).read_bytes()
    refusals = 0
    for seed in range(DAMAGES if damage is _overwrite else DAMAGES // 4):
        data = bytearray(whole)
        damage(data, random.Random(seed))  # noqa: S311 (made-up damage)
        damaged.write_bytes(data)
        refusals += must_be_whole_or_refused(damaged, honest, (damage.__name__, seed))
        for each in damaged.parent.glob(f"{NAME}*"):
            each.unlink()
    assert refusals, "no damage was noticed at all"


@pytest.mark.parametrize("value", [0, 1, 5, 127, 255])
def test_every_byte_of_a_row_of_rectangles_counts(marked: Path, honest: str, damaged: Path, value: int) -> None:
    """Bytes of coordinates: what SQLite itself cannot notice."""
    whole = (marked / NAME).read_bytes()
    name = f"{marked}/image2.dcm".encode()
    place = whole.index(name, whole.index(name) + 1)
    for at in range(place - 14, place + len(name) + 12):
        data = bytearray(whole)
        if data[at] == value:
            continue
        data[at] = value
        damaged.write_bytes(data)
        must_be_whole_or_refused(damaged, honest, at - place)


KILLED = """
import os, sys
from dcmaudit.model import Box, FrameAddress
from dcmaudit.store import NewRect, open_store
store = open_store(sys.argv[1], user="tester")
for number in range(5):
    for turn in range(3):
        name = f"{sys.argv[2]}/image{number}.dcm"
        store.add_rects(name, [NewRect(Box(1 + turn, 1, 9, 9), FrameAddress(number % 3))])
os._exit(0)
"""


@pytest.fixture(scope="module")
def killed(marked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose writer was killed: its newest changes are in the log."""
    folder = tmp_path_factory.mktemp("killed")
    shutil.copyfile(marked / NAME, folder / NAME)
    subprocess.run([sys.executable, "-c", KILLED, folder / NAME, marked], check=True)
    assert (folder / f"{NAME}-wal").stat().st_size > 10 * PAGE
    return folder


def _take(killed: Path, place: Path, *, index: bool) -> bytearray:
    shutil.copyfile(killed / NAME, place)
    shutil.copyfile(killed / f"{NAME}-shm", f"{place}-shm") if index else Path(f"{place}-shm").unlink(missing_ok=True)
    return bytearray((killed / f"{NAME}-wal").read_bytes())


@pytest.mark.parametrize("index", [True, False])
def test_a_damaged_log_gives_the_whole_plan_or_none(
    killed: Path, damaged: Path, monkeypatch: pytest.MonkeyPatch, *, index: bool
) -> None:
    monkeypatch.setattr(walfile, "_PAUSE", 0.0)
    log = Path(f"{damaged}-wal")
    log.write_bytes(_take(killed, damaged, index=index))
    code, honest, _ = planned(damaged)
    assert code == Exit.GOOD
    refusals = 0
    kinds: list[Callable[[bytearray, random.Random], None]] = [_overwrite, _nudge, _swap]
    # Where the index of the log is gone as well, nothing can tell a shorter log from an older one.
    kinds += [_cut] if index else []
    for seed in range(DAMAGES // 2):
        data = _take(killed, damaged, index=index)
        kinds[seed % len(kinds)](data, random.Random(seed))  # noqa: S311 (as above)
        log.write_bytes(data)
        refusals += must_be_whole_or_refused(damaged, honest, (kinds[seed % len(kinds)].__name__, seed))
        log.unlink(missing_ok=True)
    assert refusals


@pytest.mark.parametrize("left", [None, 0])
def test_a_log_that_is_gone_is_missed(killed: Path, damaged: Path, left: int | None) -> None:
    log = Path(f"{damaged}-wal")
    log.write_bytes(_take(killed, damaged, index=True)[:left])
    if left is None:
        log.unlink()
    code, _, err = planned(damaged)
    assert code == Exit.NOT_ALL
    assert "gone or empty" in err


def test_a_log_of_a_killed_writer_is_no_damage(killed: Path, damaged: Path) -> None:
    """A frame that was begun and not finished, and one of which only the head was written over an older one."""
    data = _take(killed, damaged, index=True)
    code, honest, _ = planned_with(damaged, data)
    for more in (b"", data[32:50], data[32 : 32 + 24 + 100]):
        _take(killed, damaged, index=True)
        assert planned_with(damaged, data + more)[:2] == (code, honest)
    _take(killed, damaged, index=True)
    head = data[32 + 16 : 32 + 24]
    torn = data + data[32:40] + data[16:24] + head + bytes(PAGE)
    assert planned_with(damaged, torn)[:2] == (code, honest)


def planned_with(database: Path, log: bytes) -> tuple[int, str, str]:
    Path(f"{database}-wal").write_bytes(log)
    return planned(database)


def test_an_index_that_misses_a_row_is_refused(marked: Path, damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copyfile(marked / NAME, damaged)
    raw = sqlite3.connect(damaged, isolation_level=None)
    raw.execute("PRAGMA writable_schema = ON")
    (sql,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'dcmaudit_by_file'").fetchone()
    # Rows that are deleted while the database does not know of the index stay in it, and new ones are not in it.
    raw.execute("DELETE FROM sqlite_master WHERE name = 'dcmaudit_by_file' RETURNING rootpage")
    raw.close()
    raw = sqlite3.connect(damaged, isolation_level=None)
    raw.execute("INSERT INTO DicomRects SELECT NULL, filename, top, bottom, left, right, frame, overlay, ocrengine, "
                "ocrtext, nerengine, nerpii, last_modified, last_modified_by FROM DicomRects WHERE id = 1")  # fmt: skip
    raw.execute("PRAGMA writable_schema = ON")
    with contextlib.closing(sqlite3.connect(marked / NAME)) as whole:
        (root,) = whole.execute("SELECT rootpage FROM sqlite_master WHERE name = 'dcmaudit_by_file'").fetchone()
    raw.execute("INSERT INTO sqlite_master VALUES ('index', 'dcmaudit_by_file', 'DicomRects', ?, ?)", (root, sql))
    raw.close()
    code, plan, err = planned(damaged)
    assert (code, plan) == (Exit.NOT_ALL, "")
    assert "missing from index" in err or "wrong # of entries" in err


COMMANDS = [
    ["db", "dump"], ["db", "export", "out"], ["db", "info"], ["--dump-database"], ["rules", "make", "-o", "r.dicom"],
    ["sample", "conclude", "list.csv"], ["ocr", "image0.dcm"], ["redact", "--from-db"], ["redact"],
    ["redact", "image0.dcm", "--from-db", "-o", "out"], ["db", "adopt", "image0.dcm"], ["db", "identify", "image0.dcm"],
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_that_acts_on_marks_refuses_a_damaged_database(
    marked: Path, damaged: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(damaged.parent)
    shutil.copyfile(marked / "image0.dcm", "image0.dcm")
    assert main(["sample", "draw", "image0.dcm", "-o", "list.csv"]) == Exit.GOOD
    data = bytearray((marked / NAME).read_bytes())
    row = data.rindex(f"{marked}/image2.dcm".encode())
    data[row - 40 : row] = b"\xee" * 40
    damaged.write_bytes(data)
    assert main(["--db", str(damaged), *words]) == Exit.NOT_ALL
    said = capsys.readouterr()
    assert "damage" in said.err + said.out
    if words[1:] != ["info"]:
        assert "db backup" in said.err, said.err
        assert ".recover" in said.err
    assert bytes(data) == damaged.read_bytes()
    left = sorted(path.name for path in damaged.parent.iterdir() if "sqlite" not in path.name and path.name != "home")
    assert left == ["image0.dcm", "list.csv"]


# --- rows that cannot be read -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("left = 'wide'", "left is a str"),
        ("left = 2.5", "left is a float"),
        ("left = NULL", "left is empty"),
        ("left = x'00ff'", "left is a bytes"),
        ("left = 4294967297", "left is 4294967297"),
        ("frame = 9223372036854775807", "frame is 9223372036854775807"),
        ("overlay = 'a'", "overlay is a str"),
        ("ocrtext = CAST(x'41E942' AS TEXT)", "ocrtext is no UTF-8"),
        ("last_modified_by = CAST(x'ff' AS TEXT)", "last_modified_by is no UTF-8"),
    ],
)
@pytest.mark.parametrize("is_ours", [True, False])
def test_a_row_that_cannot_be_read_is_an_error_that_names_it(
    marked: Path, damaged: Path, change: str, words: str, *, is_ours: bool
) -> None:
    shutil.copyfile(marked / NAME, damaged)
    raw = sqlite3.connect(damaged)
    if not is_ours:
        for (name,) in raw.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'dcmaudit%' AND type = 'trigger'"
        ).fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        for (name,) in raw.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'dcmaudit%' AND type = 'table'"
        ).fetchall():
            raw.execute(f"DROP TABLE {name}")
    raw.execute(f"UPDATE DicomRects SET {change} WHERE id = 75")  # noqa: S608 (texts of this test)
    raw.commit()
    raw.close()
    code, plan, err = planned(damaged)
    assert code == Exit.NOT_ALL
    assert words in plan + err
    assert "row 75 of DicomRects" in plan + err


@pytest.mark.parametrize("change", ["NULL", "''", "CAST(x'2f61ff' AS TEXT)", "x'2f61'"])
def test_a_row_that_belongs_to_no_file_is_an_error_that_names_it(marked: Path, damaged: Path, change: str) -> None:
    shutil.copyfile(marked / NAME, damaged)
    raw = sqlite3.connect(damaged)
    raw.execute(f"UPDATE DicomRects SET filename = {change} WHERE id = 75")  # noqa: S608 (as above)
    raw.commit()
    raw.close()
    for names in ([], [str(marked / "image1.dcm")]):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["--db", str(damaged), "redact", "--from-db", "--dry-run", "--jobs", "1", *names])
        assert code == Exit.NOT_ALL
        assert "row 75 of DicomRects: filename is" in err.getvalue()


@pytest.fixture(autouse=True)
def _nothing_left(marked: Path) -> Iterator[None]:
    yield
    assert not list(marked.glob("*.redacted.*"))
