"""Stores to test: every test that takes ``store`` or ``location`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

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
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a database that does not exist yet, or is empty."""
    if request.param == "sqlite":
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


@pytest.fixture
def store(location: str, opener: Opener) -> Store:
    """An empty store."""
    return opener(location)
