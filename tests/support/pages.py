"""A real server for a app, and a browser tab that talks to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from dcmaudit.review import ReviewApp
from dcmaudit.web import Access
from dcmaudit.web.server import listening_socket, server_for


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


@contextmanager
def running(app: ReviewApp) -> Iterator[tuple[httpx.Client, Access]]:
    """A real server for the app in a thread of its own, and a client that has no cookie yet."""
    with listening_socket("127.0.0.1", 0) as listener:
        access = Access(listener.getsockname()[1])
        server = server_for(app, access)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{access.port}", timeout=60) as client:
                yield client, access
        finally:
            server.should_exit = True
            app.quit()
            thread.join(10)
            assert not thread.is_alive()
