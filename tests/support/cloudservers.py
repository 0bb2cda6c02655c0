"""Servers that speak Azure Blob Storage and Google Cloud Storage, where their programs are on this machine.

Neither is installed by the tests: ``azurite-blob`` is 186 MB from npm, ``fake-gcs-server`` a program by itself. Each is
looked for on the PATH, or where DCMAUDIT_AZURITE or DCMAUDIT_FAKE_GCS say.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

from support import dying

ACCOUNT = "someaccount"
KEY = base64.b64encode(b"a key of nobody's " * 3).decode()
WRONG_KEY = base64.b64encode(b"another key, wrong" * 3).decode()
_START_SECONDS = 60


def azurite() -> str | None:
    """The program, None where it is not installed."""
    return os.environ.get("DCMAUDIT_AZURITE") or shutil.which("azurite-blob")


def fake_gcs() -> str | None:
    """The program, None where it is not installed."""
    return os.environ.get("DCMAUDIT_FAKE_GCS") or shutil.which("fake-gcs-server")


class Azure:
    """A running Azurite with one account."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"

    def environment(self, key: str = KEY) -> dict[str, str]:
        """Variables that let a program in."""
        return {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": key,
            "AZURE_STORAGE_ENDPOINT": self.endpoint,
        }  # fmt: skip

    def new_container(self, name: str) -> str:
        """A new, empty container; the library has no request for that."""
        now, version = formatdate(usegmt=True), "2021-12-02"
        text = (
            "PUT"
            + 12 * "\n"
            + f"x-ms-date:{now}\nx-ms-version:{version}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        )
        digest = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
        headers = {
            "x-ms-date": now, "x-ms-version": version,
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}",
        }  # fmt: skip
        _send("PUT", f"{self.endpoint}/{name}?restype=container", b"", headers)
        return name


class Google:
    """A running fake of Google Cloud Storage: it takes objects by the JSON interface only, and gives them by both."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"

    def environment(self) -> dict[str, str]:
        """Variables that let a program in."""
        return {"GOOGLE_BASE_URL": self.endpoint, "GOOGLE_SKIP_SIGNATURE": "true"}

    def new_bucket(self, name: str, objects: dict[str, bytes]) -> str:
        """A new bucket with these objects."""
        _send("POST", f"{self.endpoint}/storage/v1/b?project=p", b'{"name":"%s"}' % name.encode(), {})
        for key, content in objects.items():
            self.put(name, key, content)
        return name

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """One object."""
        address = f"{self.endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(key, safe='')}"
        _send("POST", address, content, {"Content-Type": "application/octet-stream"})


@contextmanager
def running_azurite() -> Iterator[Azure]:
    """Azurite, started and ended again."""
    program, port = azurite(), _free_port()
    assert program is not None
    words = [
        program, "--blobHost", "127.0.0.1", "--blobPort", port, "--location", ".", "--silent", "--skipApiVersionCheck",
        "--disableTelemetry",
    ]  # fmt: skip
    os.environ["AZURITE_ACCOUNTS"] = f"{ACCOUNT}:{KEY}"
    with _running(words, port):
        yield Azure(port)


@contextmanager
def running_fake_gcs() -> Iterator[Google]:
    """The fake server, started and ended again."""
    program, port = fake_gcs(), _free_port()
    assert program is not None
    words = [
        program, "-scheme", "http", "-host", "127.0.0.1", "-port", port, "-backend", "memory",
        "-public-host", f"127.0.0.1:{port}", "-log-level", "error",
    ]  # fmt: skip
    with _running(words, port):
        yield Google(port)


@contextmanager
def _running(words: list[object], port: int) -> Iterator[None]:
    folder = Path(tempfile.mkdtemp(prefix="dcmaudit-cloud-"))
    process = dying.start(words, folder=folder)
    try:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"{words[0]} did not start")
        yield
    finally:
        dying.stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _send(method: str, address: str, body: bytes, headers: dict[str, str]) -> None:
    request = urllib.request.Request(address, data=body or None, method=method, headers=headers)  # noqa: S310 our own server
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 the same


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
