"""The database that is chosen in the menu is taken again at the next start, where nothing else says which."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dcmaudit.errors import StoreError, UsageError
from dcmaudit.model import Origin
from dcmaudit.review import ReviewApp
from dcmaudit.review.services import database_opening
from dcmaudit.settings import Settings, remembered_database
from dcmaudit.store import Store, open_store
from support import postgres
from support.apps import do, perform, ready, store_of
from support.postgres import PASSWORD, Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = postgres.programs()
    if folder is None:
        pytest.skip("the PostgreSQL server programs are not installed (Debian: postgresql)")
    server = Server(folder)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("DCMAUDIT_DB", "DCMAUDIT_SMI_ROOT", "SMI_ROOT"):
        monkeypatch.delenv(name, raising=False)


def test_a_choice_is_kept_and_choosing_the_usual_folder_forgets_it(files: list[Path], tmp_path: Path) -> None:
    settings = Settings(user="tester", browser=False)
    app = ReviewApp(settings, [str(files[0])], store=open_store(settings.database, user="tester"))
    try:
        session = ready(app)
        after = do(session, "set-database", path=str(tmp_path / "other"))
        assert "also after the next start" in after["message"]["text"]
        assert remembered_database() == str(tmp_path / "other")
        assert Settings().database == str(tmp_path / "other")
        do(session, "set-database", path=settings.own_database)
        assert remembered_database() is None
    finally:
        app.close()


def test_where_the_command_line_says_which_the_choice_lasts_as_long_as_the_program(
    open_app: Callable[..., ReviewApp], files: list[Path], tmp_path: Path
) -> None:
    session = ready(open_app(files))
    after = do(session, "set-database", path=str(tmp_path / "other"))
    assert "until the program ends" in after["message"]["text"]
    assert remembered_database() is None


@pytest.mark.postgres
def test_a_server_is_noted_for_the_next_start_but_never_with_a_password(
    files: list[Path], tmp_path: Path, server: Server
) -> None:
    settings = Settings(user="tester", browser=False)
    app = ReviewApp(settings, [str(files[0])], store=open_store(settings.database, user="tester"))
    try:
        session = ready(app)
        server.sql("CREATE DATABASE chosen OWNER guarded")
        address = f"postgresql://guarded@127.0.0.1:{server.port}/chosen"
        after = do(session, "set-database", path=address, password=PASSWORD)
        assert after["database"]["location"] == f"postgresql://127.0.0.1:{server.port}/chosen"
        assert "never stored" in after["message"]["text"]
        assert remembered_database() is None
        without = server.new_database()
        assert "also after the next start" in do(session, "set-database", path=without)["message"]["text"]
        assert remembered_database() == without
        assert Settings().database == without
        written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert not any(PASSWORD.encode() in data for data in written)
    finally:
        app.close()


def test_a_server_is_not_chosen_where_folders_are_named_that_may_be_opened(
    open_app: Callable[..., ReviewApp], files: list[Path], tmp_path: Path
) -> None:
    session = ready(open_app(files, browse_roots=(tmp_path,)))
    with pytest.raises(UsageError, match="may not be chosen"):
        perform(session, "set-database", {"path": "postgresql://me@127.0.0.1:1/team"})
    assert not list(tmp_path.rglob("postgresql*"))


def test_an_address_is_never_taken_for_a_folder(
    open_app: Callable[..., ReviewApp], files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    session = ready(open_app(files))
    for address in ("postgresql:///", "mysql://me:h1dden@host/team", "s3://bucket/marks"):
        with pytest.raises((UsageError, StoreError)) as caught:
            perform(session, "set-database", {"path": address})
        assert "h1dden" not in str(caught.value)
    assert not [path for path in tmp_path.rglob("*") if ":" in path.name]


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of something that takes connections and never says a word, as a dead host behind a firewall."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_server_that_does_not_answer_is_given_up_soon_by_its_name_alone(
    open_app: Callable[..., ReviewApp], files: list[Path], silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_opening, "PATIENCE", 0.3)
    session = ready(open_app(files))
    before, began = store_of(session), time.monotonic()
    with pytest.raises(StoreError, match="did not answer within") as caught:
        perform(session, "set-database", {"path": f"postgresql://me@127.0.0.1:{silent}/team", "password": "h1dden"})
    assert time.monotonic() - began < 5, "the driver itself waits for ten seconds"
    assert caught.value.file == f"postgresql://127.0.0.1:{silent}/team"
    assert "h1dden" not in repr(caught.value) + str(caught.value.hint)
    assert store_of(session) is before
    assert remembered_database() is None
    do(session, "mark", box=[1, 1, 5, 5])


def test_a_store_that_comes_too_late_is_closed_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    late, closed = threading.Event(), threading.Event()

    def slow(_location: str, *, user: str, read_only: bool) -> Store:
        late.wait(20)
        store = open_store(tmp_path, user=user, read_only=read_only)
        really = store.close
        monkeypatch.setattr(store, "close", lambda: (really(), closed.set()))
        return store

    monkeypatch.setattr(database_opening, "open_store", slow)
    monkeypatch.setattr(database_opening, "PATIENCE", 0.05)
    with pytest.raises(StoreError, match="did not answer"):
        database_opening.open_soon("postgresql://me@host/team", user="tester", read_only=False)
    assert not closed.is_set()
    late.set()
    assert closed.wait(20)


def test_the_viewer_notes_no_folder_in_which_there_is_nothing(files: list[Path], tmp_path: Path) -> None:
    settings = Settings(user="tester", browser=False)
    store = open_store(settings.database, user="tester", read_only=True)
    app = ReviewApp(settings, [str(files[0])], store=store, viewer=True)
    try:
        after = do(ready(app), "set-database", path=str(tmp_path / "empty"))
        assert "until the program ends" in after["message"]["text"]
        assert remembered_database() is None
    finally:
        app.close()


def test_rules_of_the_settings_are_those_of_the_reviewer(
    open_app: Callable[..., ReviewApp], files: list[Path], tmp_path: Path
) -> None:
    rules = tmp_path / "deid.dicom.mine"
    rules.write_text("FORMAT dicom\n%filter graylist\nLABEL mine\ncontains Modality US\n  coordinates 1,2,11,12\n")
    session = ready(open_app(files, deid_rules=rules))
    offered = [item.region for item in session.opened().suggestions_here()]
    assert [(region.box.left, region.box.top) for region in offered if region.origin is Origin.RULE] == [(1, 2)]
    missing = ready(open_app(files, deid_rules=tmp_path / "none"))
    missing.opened().suggestions_here()
    assert any("no file or folder of rules" in note for note in missing.opened().notes)
