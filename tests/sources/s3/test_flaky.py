"""A server that refuses for a while, sends too little, or has another object: said with its name, and bounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dcmaudit.errors import SourceUnreadableError
from dcmaudit.sources.s3 import ObjectReference

BYTES = bytes(range(256)) * 1024


class Flaky(ThreadingHTTPServer):
    """Has one object under every name. ``refused``: so many answers are 503; ``missing``: bytes that bodies lack."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refused, self.missing, self.is_short, self.etag, self.asked = 0, 0, False, '"one"', 0
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Flaky
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        flaky = self.server
        flaky.asked += 1
        if flaky.refused > 0:
            flaky.refused -= 1
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        first, _, last = (self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")
        start, stop = int(first), min(len(BYTES), int(last or len(BYTES)) + 1)
        # Told in the head, or only missing in the body: a proxy does the one, a reset connection the other.
        told = stop - flaky.missing if flaky.is_short else stop
        self.send_response(206)
        self.send_header("Content-Length", str(told - start))
        self.send_header("Content-Range", f"bytes {start}-{told - 1}/{len(BYTES)}")
        self.send_header("ETag", flaky.etag)
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(BYTES[start : stop - flaky.missing])
        self.close_connection = flaky.missing > 0

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> Iterator[Flaky]:
    server = Flaky()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    server.server_close()


NAME = "s3://bucket/object"


def read(length: int = -1) -> bytes:
    with ObjectReference(NAME).open() as stream:
        return stream.read(length)


def test_a_server_that_is_busy_for_a_while_is_asked_again(flaky: Flaky) -> None:
    flaky.refused = 3
    assert read() == BYTES
    assert flaky.asked > 4


def test_a_server_that_stays_busy_is_given_up_and_the_object_is_named(
    flaky: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.sources.s3.client.RETRIES", 2)
    flaky.refused = 10**6
    began = time.monotonic()
    with pytest.raises(SourceUnreadableError) as caught:
        read()
    assert caught.value.file == NAME
    assert "secret" not in str(caught.value)
    assert flaky.asked < 10
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("is_short", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
def test_bodies_that_always_lack_bytes_are_no_object(
    flaky: Flaky, is_short: bool, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.sources.s3.client.RETRIES", 1)
    monkeypatch.setattr("dcmaudit.sources.s3.reader._PAUSE", 0.01)
    flaky.is_short = is_short
    flaky.missing = 100 if at_once else 0
    began = time.monotonic()
    with pytest.raises(SourceUnreadableError) as caught, ObjectReference(NAME).open() as stream:
        stream.read(1000)
        flaky.missing = 100
        stream.read()
    assert caught.value.file == NAME
    assert flaky.asked < 20
    assert time.monotonic() - began < 60


def test_an_object_that_became_another_one_is_refused_by_a_server_that_does_not_know_if_match(flaky: Flaky) -> None:
    with ObjectReference(NAME).open() as stream:
        assert stream.read(1000) == BYTES[:1000]
        flaky.etag = '"two"'
        with pytest.raises(SourceUnreadableError, match="replaced"):
            stream.read()
