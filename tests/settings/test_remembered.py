from __future__ import annotations

import stat
from pathlib import Path

import pytest

from dcmaudit.errors import UsageError
from dcmaudit.settings import config_path, load, memory_path, remember_database, remembered_database


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder of its own, and nobody who says where the database is."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("DCMAUDIT_DB", "DCMAUDIT_SMI_ROOT", "SMI_ROOT"):
        monkeypatch.delenv(name, raising=False)


def test_the_chosen_database_is_used_where_nothing_else_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = load().database
    chosen = tmp_path / "marks \udce9"
    chosen.mkdir()
    (chosen / "dcmaudit.sqlite.db").touch()
    remember_database(str(chosen))
    assert load().database == str(chosen)
    assert stat.S_IMODE(memory_path().stat().st_mode) == 0o600
    assert load({"db": "/elsewhere"}).database == "/elsewhere"
    monkeypatch.setenv("SMI_ROOT", "/site")
    assert load().database == "/site/data/dicompixelanon"
    monkeypatch.delenv("SMI_ROOT")
    remember_database(None)
    assert (remembered_database(), load().database) == (None, usual)


def test_a_chosen_database_that_is_gone_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    remember_database(str(tmp_path / "unmounted"))
    with pytest.raises(UsageError, match="is not there") as caught:
        load().database  # noqa: B018 (asking is what is tested)
    told = str(caught.value)
    for word in (str(memory_path()), "remembered", "--db", "DCMAUDIT_DB", str(config_path())):
        assert word in told


def test_a_chosen_folder_that_is_empty_now_is_not_taken_for_a_new_database(tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    remember_database(str(mount))
    with pytest.raises(UsageError, match="is not there"):
        load().database  # noqa: B018
    assert not list(mount.iterdir())
    file = mount / "team.db"
    remember_database(str(file))
    with pytest.raises(UsageError, match="is not there"):
        load().database  # noqa: B018
    file.touch()
    assert load().database == str(file)


def test_an_empty_memory_says_nothing() -> None:
    memory_path().parent.mkdir(parents=True)
    memory_path().write_text("\n")
    assert remembered_database() is None
