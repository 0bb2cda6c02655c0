"""Stores to test: every test that takes ``store`` or ``location`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcmaudit.store import Store, open_store
from support import postgres
from support.stores import Opener


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """One PostgreSQL server for all tests; they are skipped where its programs are missing."""
    folder = postgres.programs()
    if folder is None:
        pytest.skip("the PostgreSQL server programs are not installed (Debian: postgresql)")
    server = postgres.Server(folder)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def location_kind(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    return str(request.param)


@pytest.fixture
def location(request: pytest.FixtureRequest, location_kind: str, tmp_path: Path) -> str:
    """A place for a database that does not exist yet, or is empty."""
    if location_kind == "sqlite":
        return str(tmp_path / "marks")
    return request.getfixturevalue("server").new_database()


@pytest.fixture
def opener() -> Iterator[Opener]:
    """``open_store`` that closes what it opened when the test is over."""
    stores: list[Store] = []

    def open_one(place: str | Path, **options: object) -> Store:
        options.setdefault("user", "tester")
        stores.append(open_store(place, **options))  # type: ignore[arg-type]
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def prepare(location: str) -> str:
    """Make the tables, without a row."""
    with open_store(location, user="tester") as store, store._database.writing():
        return location


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file whose tables are made already."""
    return Path(prepare(str(tmp_path_factory.mktemp("prepared") / "empty.db")))


@pytest.fixture(scope="session")
def prepared_database(server: postgres.Server) -> str:
    """The name of such a database on the server."""
    return prepare(server.new_database()).split("/")[3].partition("?")[0]


@pytest.fixture
def store(request: pytest.FixtureRequest, location_kind: str, tmp_path: Path, opener: Opener) -> Store:
    """A store without rows. Its tables are there already, for making them each time is most of a test."""
    if location_kind == "sqlite":
        copy = tmp_path / "store.db"
        shutil.copyfile(request.getfixturevalue("prepared_file"), copy)
        copy.chmod(0o600)
        return opener(copy)
    template = request.getfixturevalue("prepared_database")
    return opener(request.getfixturevalue("server").new_database(template))
