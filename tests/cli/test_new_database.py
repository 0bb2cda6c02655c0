"""A database that is made because its folder was mistyped does not go unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.review import tell_database
from dcmaudit.review import ReviewApp
from dcmaudit.settings import Settings
from dcmaudit.store import open_store
from support.apps import do, make_app, ready
from support.files import dataset, file_bytes, gradient

MADE = "a new database was made; there are no marks in it yet"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(dataset(gradient())))
    return path


def words_of(command: str, image: Path, database: Path) -> list[str]:
    rects = image.with_name("rects.csv")
    rects.write_text(f"filename,frame,overlay,left,top,right,bottom\n{image},0,-1,0,0,4,4\n")
    words = {"ocr": ["ocr", "--no-read", "-j", "1", str(image)], "import": ["db", "import", str(rects)]}
    return ["--db", str(database), *words[command]]


@pytest.mark.parametrize("command", ["ocr", "import"])
def test_who_writes_is_told_once_that_the_database_is_new(
    command: str, image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = words_of(command, image, tmp_path / "tema")
    assert main(words) == 0
    assert f"{tmp_path / 'tema' / 'dcmaudit.sqlite.db'}: {MADE}" in capsys.readouterr().err
    assert main(words) == 0
    assert MADE not in capsys.readouterr().err


@pytest.mark.parametrize("words", [["db", "info"], ["redact", "--from-db"], ["rules", "make"], ["--dump-database"]])
def test_who_only_reads_makes_none_and_is_told_that_there_is_none(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--db", str(tmp_path / "tema"), *words]) in {1, 2}
    said = capsys.readouterr().err
    assert "no database here" in said, said
    assert str(tmp_path / "tema") in said
    assert not (tmp_path / "tema").exists()


def test_the_reviewer_says_so_on_the_terminal_and_for_as_long_as_it_runs_on_the_page(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(tmp_path / "tema", [image])
    try:
        tell_database(app.services.settings, app.services.database.store)
        assert MADE in capsys.readouterr().err
        session = ready(app)
        do(session, "next-frame")  # it does not go by itself
        assert f"was made just now: {tmp_path / 'tema'}" in str(app.state(session)["database"]["warning"])
    finally:
        app.close()
    again = make_app(tmp_path / "tema", [image])
    try:
        tell_database(again.services.settings, again.services.database.store)
        assert capsys.readouterr().err == ""
        assert again.state(ready(again))["database"]["warning"] is None
    finally:
        again.close()


def test_the_viewer_makes_none_and_says_that_it_shows_no_marks(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(tmp_path / "tema", [image], viewer=True)
    try:
        settings = app.services.settings.model_copy(update={"viewer": True})
        tell_database(settings, app.services.database.store)
        assert "no database here, so no marks are shown" in capsys.readouterr().err
        assert "There is no database here" in str(app.state(ready(app))["database"]["warning"])
    finally:
        app.close()
    assert not (tmp_path / "tema").exists()


def test_a_new_one_that_is_chosen_in_the_menu_is_called_new(image: Path, tmp_path: Path) -> None:
    app = make_app(tmp_path / "team", [image])
    try:
        after = do(ready(app), "set-database", path=str(tmp_path / "tema"))
        assert f"was made just now: {tmp_path / 'tema'}" in after["database"]["warning"]
    finally:
        app.close()


def test_the_first_start_of_all_has_a_new_one_where_everybody_has_it_and_the_page_does_not_warn_of_it(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("DCMAUDIT_DB", raising=False)
    settings = Settings(user="tester", browser=False)
    with open_store(settings.database, user="tester") as store:
        app = ReviewApp(settings, [str(image)], store=store)
        try:
            assert store.is_new
            assert app.state(ready(app))["database"]["warning"] is None
        finally:
            app.close()
