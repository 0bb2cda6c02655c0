"""The application behind its guard, asked as a browser would ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dcmaudit.review import ReviewApp
from dcmaudit.web import Access
from support.apps import make_app, wait_for, write_cine
from support.pages import Page, running


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "images"
    folder.mkdir()
    return [write_cine(folder / f"US000{number}.dcm", uid=number) for number in (1, 2, 3)]


@pytest.fixture
def app(tmp_path: Path, files: list[Path]) -> Iterator[ReviewApp]:
    app = make_app(tmp_path / "database", files)
    wait_for(lambda: not app.first.growing)
    yield app
    app.close()


@pytest.fixture
def served(app: ReviewApp) -> Iterator[tuple[httpx.Client, Access]]:
    """A server over the app, and a client without a cookie."""
    with running(app) as pair:
        yield pair


@pytest.fixture
def access(served: tuple[httpx.Client, Access]) -> Access:
    return served[1]


@pytest.fixture
def stranger(served: tuple[httpx.Client, Access]) -> httpx.Client:
    return served[0]


@pytest.fixture
def client(stranger: httpx.Client, access: Access) -> httpx.Client:
    """A client that came in by the start address and says that it is the reviewer's page."""
    answer = stranger.get(f"/?token={access.token}")
    assert answer.status_code == 303
    stranger.headers["X-Dcmaudit"] = "1"
    return stranger


@pytest.fixture
def tab(client: httpx.Client) -> Page:
    tab = Page(client, client.post("/api/documents").json()["doc"])
    wait_for(lambda: tab.state()["plane"] is not None and not tab.state()["file"]["suggesting"])
    return tab
