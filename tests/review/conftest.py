"""Applications that are closed when a test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.review import ReviewApp, Session
from support.apps import make_app, ready, write_cine


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The folder of the database."""
    return tmp_path / "database"


@pytest.fixture
def open_app(database: Path) -> Iterator[Callable[..., ReviewApp]]:
    """``make_app`` over the folder ``database``."""
    apps: list[ReviewApp] = []

    def make(names: Any, **how: Any) -> ReviewApp:
        apps.append(make_app(database, names, **how))
        return apps[-1]

    yield make
    for app in apps:
        app.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three files of the same kind: four frames and three overlay planes each."""
    folder = tmp_path / "images"
    folder.mkdir()
    return [write_cine(folder / f"US000{number}.dcm", uid=number) for number in (1, 2, 3)]


@pytest.fixture
def session(open_app: Callable[..., ReviewApp], files: list[Path]) -> Session:
    """A document over the three files."""
    return ready(open_app(files))
