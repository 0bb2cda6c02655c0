from __future__ import annotations

import importlib.util
import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dcmaudit.errors import StoreError
from dcmaudit.model import Box, FrameAddress
from dcmaudit.store import NewRect, Store, TagChange, companions, migrate, schema
from support.originals import make_original
from support.stores import Opener

RECT = NewRect(Box(0, 0, 2, 2), FrameAddress(0))
NAME = "dcmaudit.sqlite.db"


def test_the_newest_step_is_the_one_the_program_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_the_steps_lead_to_the_shape_that_the_program_expects(store: Store) -> None:
    store.add_rects("/a.dcm", [RECT])
    own = {table.name for table in (*schema.OWN_TABLES, *schema.LEARNING_TABLES, schema.looks)}

    def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
        return kind != "table" or name in own

    with store._database.reading() as session:
        context = MigrationContext.configure(
            session.connection, opts={"include_object": ours, "version_table": schema.VERSION_TABLE}
        )
        assert compare_metadata(context, schema.metadata) == []


def test_a_step_that_fails_leaves_nothing_behind(
    location: str, opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "scripts"
    shutil.copytree(migrate.SCRIPTS, scripts)
    step = scripts / "versions" / "step_0001_own_tables.py"
    step.write_text(
        step.read_text().replace("    _history_and_preferences()\n", "    op.execute('SELECT no_such()')\n")
    )
    good = migrate.upgrade
    monkeypatch.setattr(migrate, "upgrade", lambda connection: good(connection, scripts))
    store = opener(location)
    with pytest.raises(StoreError):
        store.add_rects("/a.dcm", [RECT])
    with store._database.reading() as session:
        tables = migrate.table_names(session.connection)
    assert not tables & {"DicomRects", "DicomTags", "dcmaudit_rects", schema.VERSION_TABLE}
    monkeypatch.setattr(migrate, "upgrade", good)
    store.add_rects("/a.dcm", [RECT])
    assert len(store.rects("/a.dcm")) == 1


def test_a_step_is_carried_out_once(location: str, opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    opener(location).add_rects("/a.dcm", [RECT])

    def forbidden(_: Connection) -> None:
        raise AssertionError("the database has its shape already")

    monkeypatch.setattr(migrate, "upgrade", forbidden)
    opener(location).add_rects("/a.dcm", [RECT])


def test_the_description_beside_our_tables_is_that_of_the_original(tmp_path: Path, opener: Opener) -> None:
    import pickle

    from support.corpus import shared_compat

    opener(tmp_path).add_rects("/a.dcm", [RECT])
    theirs = sorted(shared_compat().glob("*.table"))
    ours = sorted(tmp_path.glob("*.table"))
    assert [path.name for path in ours] == [path.name for path in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert pickle.loads(one.read_bytes()) == pickle.loads(other.read_bytes())  # noqa: S301 (known files)


def test_descriptions_that_are_there_are_left_alone(tmp_path: Path) -> None:
    companions.write_companions(tmp_path / NAME)
    first, second = sorted(tmp_path.iterdir())
    first.write_bytes(b"theirs")
    second.unlink()
    companions.write_companions(tmp_path / NAME)
    assert first.read_bytes() == b"theirs"
    assert second.stat().st_mode & 0o777 == 0o600


def test_an_original_gets_no_descriptions(tmp_path: Path, opener: Opener) -> None:
    make_original(tmp_path / NAME)
    opener(tmp_path).add_rects("/a.dcm", [RECT])
    assert list(tmp_path.glob("*.table")) == []


PYDAL = """
import sys
from pydal import DAL, Field
def numbers(*names): return [Field(name, type="integer") for name in names]
db = DAL("sqlite://dcmaudit.sqlite.db", folder=sys.argv[1])
db.define_table("DicomRects", Field("filename"), *numbers("top", "bottom", "left", "right", "frame", "overlay"),
    *numbers("ocrengine"), Field("ocrtext"), *numbers("nerengine", "nerpii"), Field("last_modified", type="datetime"),
    Field("last_modified_by"))
db.define_table("DicomTags", Field("filename", unique=True), Field("mark", type="boolean"), Field("comment"),
    Field("Modality"), Field("ImageType"), Field("ManufacturerModelName"), Field("BurnedInAnnotation"),
    *numbers("Rows", "Columns"), Field("last_modified", type="datetime"), Field("last_modified_by"))
rows = db(db.DicomRects).select()
print([(r.filename, r.left, r.right, r.frame, r.overlay, r.last_modified.year > 2000) for r in rows])
print([(r.filename, r.mark, r.ImageType, r.Rows) for r in db(db.DicomTags).select()])
db.DicomRects.insert(filename="theirs", top=1, bottom=2, left=3, right=4, frame=-1, overlay=-1)
db.DicomTags.update_or_insert(db.DicomTags.filename == "ours", filename="ours", mark=False)
db.commit()
"""


@pytest.mark.skipif(importlib.util.find_spec("pydal") is None, reason="needs pydal, the original's database library")
def test_the_library_of_the_original_reads_and_writes_our_database(tmp_path: Path, opener: Opener) -> None:
    import subprocess
    import sys

    from dcmaudit.model import DeviceFacts, Everywhere, ReviewState

    store = opener(tmp_path)
    store.add_rects("ours", [NewRect(Box(3, 1, 5, 3), FrameAddress(7))])
    store.finish("ours", DeviceFacts("US", ("A", "é"), rows=5), change=TagChange(marked=True, comment=""))
    done = subprocess.run([sys.executable, "-c", PYDAL, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rects, tags = done.stdout.splitlines()
    assert rects == "[('ours', 3, 4, 7, -1, True)]"
    assert tags == "[('ours', True, '[\"A\", \"\\\\u00e9\"]', 5)]"
    (theirs,) = store.rects("theirs")
    assert (theirs.box, theirs.scope, theirs.problem) == (Box(3, 1, 5, 3), Everywhere.ALL_PLANES, None)
    assert store.states(["ours"]) == {"ours": ReviewState.DONE}


def test_indices_serve_the_questions_that_are_asked(tmp_path: Path, opener: Opener) -> None:
    opener(tmp_path).add_rects("/a.dcm", [RECT])
    raw = sqlite3.connect(tmp_path / NAME)
    plan = str(raw.execute("EXPLAIN QUERY PLAN SELECT * FROM DicomRects WHERE filename = 'x'").fetchall())
    raw.close()
    assert "dcmaudit_by_file" in plan


def upgraded_to(folder: Path, step: str) -> Path:
    """A database of SQLite in the shape of an earlier step, as the program of then left it."""
    from alembic import command
    from sqlalchemy import create_engine

    place = folder / NAME
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    engine = create_engine(f"sqlite:///{place}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, step)
    engine.dispose()
    return place
