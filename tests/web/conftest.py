"""The application behind its guard, asked as a browser would ask it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from dcmaudit.review import Desk
from dcmaudit.web import Access
from dcmaudit.web.server import listening_socket, server_for
from support.desks import make_desk, wait_for, write_cine


@dataclass
class Page:
    """One browser tab: a client that has the cookie, and its document."""

    client: httpx.Client
    document: str

    def url(self, path: str) -> str:
        return f"/api/d/{self.document}/{path}"

    def get(self, path: str, **how: Any) -> Any:
        return self.client.get(self.url(path), **how)

    def do(self, command: str, painted: list[Any] | None = None, **arguments: Any) -> Any:
        body = {"command": command, "args": arguments, "painted": painted or []}
        return self.client.post(self.url("do"), json=body)

    def state(self) -> dict[str, Any]:
        return dict(self.get("state").json())


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "images"
    folder.mkdir()
    return [write_cine(folder / f"US000{number}.dcm", uid=number) for number in (1, 2, 3)]


@pytest.fixture
def desk(tmp_path: Path, files: list[Path]) -> Iterator[Desk]:
    desk = make_desk(tmp_path / "database", files)
    wait_for(lambda: not desk.first.growing)
    yield desk
    desk.close()


@contextmanager
def running(desk: Desk) -> Iterator[tuple[httpx.Client, Access]]:
    """A real server for the desk in a thread of its own, and a client that has no cookie yet."""
    with listening_socket("127.0.0.1", 0) as listener:
        access = Access(listener.getsockname()[1])
        server = server_for(desk, access)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{access.port}", timeout=60) as client:
                yield client, access
        finally:
            server.should_exit = True
            desk.quit()
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def served(desk: Desk) -> Iterator[tuple[httpx.Client, Access]]:
    """A server over the desk, and a client without a cookie."""
    with running(desk) as pair:
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
