"""The database that is chosen in the menu is taken again at the next start, where nothing else says which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dcmaudit.errors import SourceNotFoundError
from dcmaudit.model import Origin
from dcmaudit.review import Desk
from dcmaudit.settings import Settings, remembered_database
from dcmaudit.store import open_store
from support.desks import do, ready


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("DCMAUDIT_DB", "DCMAUDIT_SMI_ROOT", "SMI_ROOT"):
        monkeypatch.delenv(name, raising=False)


def test_a_choice_is_kept_and_choosing_the_usual_folder_forgets_it(files: list[Path], tmp_path: Path) -> None:
    settings = Settings(user="tester", browser=False)
    desk = Desk(settings, [str(files[0])], store=open_store(settings.database, user="tester"))
    try:
        session = ready(desk)
        after = do(session, "set-database", path=str(tmp_path / "other"))
        assert "also after the next start" in after["message"]["text"]
        assert remembered_database() == str(tmp_path / "other")
        assert Settings().database == str(tmp_path / "other")
        do(session, "set-database", path=settings.own_database)
        assert remembered_database() is None
    finally:
        desk.close()


def test_where_the_command_line_says_which_the_choice_lasts_as_long_as_the_program(
    open_desk: Callable[..., Desk], files: list[Path], tmp_path: Path
) -> None:
    session = ready(open_desk(files))
    after = do(session, "set-database", path=str(tmp_path / "other"))
    assert "until the program ends" in after["message"]["text"]
    assert remembered_database() is None


def test_rules_of_the_settings_are_those_of_the_reviewer(
    open_desk: Callable[..., Desk], files: list[Path], tmp_path: Path
) -> None:
    rules = tmp_path / "deid.dicom.mine"
    rules.write_text("FORMAT dicom\n%filter graylist\nLABEL mine\ncontains Modality US\n  coordinates 1,2,11,12\n")
    session = ready(open_desk(files, deid_rules=rules))
    offered = [item.region for item in session.opened().suggestions_here()]
    assert [(region.box.left, region.box.top) for region in offered if region.origin is Origin.RULE] == [(1, 2)]
    missing = ready(open_desk(files, deid_rules=tmp_path / "none"))
    with pytest.raises(SourceNotFoundError):
        missing.desk.header_regions(missing.worklist, missing.opened())
