"""The server as a program: it starts, says where it is, and ends when it is told to."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from dcmaudit.errors import ServerError, UsageError
from dcmaudit.settings import Settings
from dcmaudit.web import serve
from dcmaudit.web.security import Access, Guard
from support.apps import tables, write_cine

PROGRAM = """
import sys
from dcmaudit.settings import Settings
from dcmaudit.web import serve
serve(sys.argv[2:], Settings(db=sys.argv[1], user="tester", browser=False), ready=lambda a: print(a, flush=True))
print("ended", flush=True)
"""

# asyncio makes its selector and then its pair of sockets: a loop that is given up between them cannot be closed.
BEFORE_LISTENING = """
import asyncio, selectors, signal, sys
from dcmaudit.settings import Settings
from dcmaudit.web import serve

def send():
    signal.raise_signal({number})

class Selector(selectors.DefaultSelector):
    def __init__(self):
        super().__init__()
        if "{moment}" == "loop half made":
            send()

class Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self):
        loop = asyncio.SelectorEventLoop(Selector())
        if "{moment}" == "loop made":
            send()
        return loop

def told(address):
    if "{moment}" == "address told":
        send()

asyncio.set_event_loop_policy(Policy())
serve([], Settings(db=sys.argv[1], user="tester", browser=False), ready=told)
print("ended", flush=True)
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    files = [str(write_cine(tmp_path / f"{number}.dcm", uid=number)) for number in (1, 2)]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "database"), *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def enter(process: subprocess.Popen[str]) -> tuple[httpx.Client, str]:
    """A client with the cookie, and a document."""
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{40,}", address)
    base, _, _ = address.partition("/?")
    client = httpx.Client(base_url=base, headers={"X-Dcmaudit": "1"}, timeout=60)
    assert client.get(address).status_code == 303
    return client, client.post("/api/documents").json()["doc"]


def test_quitting_in_the_page_ends_the_program_and_every_mark_is_kept(
    program: subprocess.Popen[str], tmp_path: Path
) -> None:
    client, document = enter(program)
    with closing(client):
        while client.get(f"/api/d/{document}/state").json()["plane"] is None:
            pass
        assert client.get("/").status_code == 200
        client.post(f"/api/d/{document}/do", json={"command": "mark"})

        # A page that waits for news must not keep the program from ending.
        def wait_for_news() -> None:
            with suppress(httpx.HTTPError):
                client.get(f"/api/d/{document}/state", params={"after": 10**6, "wait": 30})

        waiting = threading.Thread(target=wait_for_news)
        waiting.start()
        ticket = client.get(f"/api/d/{document}/image/0/f0").headers["x-ticket"]
        sight = {"file_id": 0, "key": "f0", "ticket": ticket, "scale": 1, "stage": [800, 600], "boxes": [[0, 0, 9, 9]]}
        client.post(f"/api/d/{document}/do", json={"command": "quit", "painted": [sight]})
        out, err = program.communicate(timeout=20)
        waiting.join(20)
    assert (out.strip(), err, program.returncode) == ("ended", "", 0)
    found = tables(tmp_path / "database")
    assert (len(found["DicomRects"]), len(found["dcmaudit_parts"])) == (1, 1)


def test_ctrl_c_ends_the_program_without_a_traceback(program: subprocess.Popen[str]) -> None:
    client, _document = enter(program)
    client.close()
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=20)
    assert (out.strip(), err, program.returncode) == ("ended", "", 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_page_that_waits_for_news_gets_the_state_when_a_signal_ends_the_program(
    program: subprocess.Popen[str], number: signal.Signals
) -> None:
    client, document = enter(program)
    answers: list[httpx.Response] = []
    with closing(client):
        address = f"/api/d/{document}/state"
        before = client.get(address).json()
        begun = threading.Event()

        def wait_for_news() -> None:
            begun.set()
            answers.append(client.get(address, params={"after": 10**6, "wait": 30}))

        waiting = threading.Thread(target=wait_for_news)
        waiting.start()
        assert begun.wait(10)
        time.sleep(0.5)
        program.send_signal(number)
        out, err = program.communicate(timeout=20)
        waiting.join(20)
    assert (out.strip(), err, program.returncode) == ("ended", "", 0)
    assert [answer.status_code for answer in answers] == [200]
    assert answers[0].json()["user"] == before["user"]


def test_a_request_that_the_end_does_not_wait_for_is_told_so() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def never(_scope: Any, _receive: Any, _send: Any) -> None:
        await asyncio.Event().wait()

    access = Access(1)
    cookie = access.exchange(access.token or "")
    headers = [(b"host", b"127.0.0.1:1"), (b"cookie", f"{access.cookie_name}={cookie}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": headers}

    async def ended() -> None:
        task = asyncio.create_task(Guard(never, access)(scope, receive, send))
        await asyncio.sleep(0.1)
        assert not sent
        task.cancel()
        await task

    asyncio.run(ended())
    assert sent[0]["status"] == 503
    assert (b"referrer-policy", b"no-referrer") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["error"]["message"] == "the program is ending"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["address told", "loop half made", "loop made"])
def test_a_signal_before_the_server_listens_for_it_ends_it_quietly(
    moment: str, number: signal.Signals, tmp_path: Path
) -> None:
    program = BEFORE_LISTENING.format(moment=moment, number=int(number))
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "database")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("ended\n", "", 0)


def test_closing_every_tab_does_not_end_it(program: subprocess.Popen[str]) -> None:
    client, document = enter(program)
    cookies = dict(client.cookies)
    base = client.base_url
    client.close()
    with httpx.Client(base_url=base, cookies=cookies, timeout=60) as again:
        assert again.get(f"/api/d/{document}/state").status_code == 200
    assert program.poll() is None


def test_an_answered_mark_survives_kill_9(program: subprocess.Popen[str], tmp_path: Path) -> None:
    client, document = enter(program)
    with closing(client):
        while client.get(f"/api/d/{document}/state").json()["plane"] is None:
            pass
        for number in range(5):
            box = [number, 1, number + 5, 9]
            answer = client.post(f"/api/d/{document}/do", json={"command": "mark", "args": {"box": box}})
            assert answer.status_code == 200
        program.kill()
        program.wait(10)
    assert len(tables(tmp_path / "database")["DicomRects"]) == 5


def test_a_port_that_is_taken_is_an_error_that_says_so(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} is in use") as caught:
            serve([], Settings(db=str(tmp_path), port=port))
    assert caught.value.hint


def test_a_server_for_other_machines_needs_the_folders_it_may_open(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folders that may be opened"):
        serve([], Settings(db=str(tmp_path)), host="0.0.0.0")  # noqa: S104 - refused is what is tested


# A container's name means nothing outside of it; its port is asked for at the machine's own loopback address.
FOR_ALL = """
import sys
from dcmaudit.settings import Settings
from dcmaudit.web import serve
settings = Settings(db=sys.argv[1], user="tester", browser=False, browse_roots=[sys.argv[1]])
serve([], settings, host="0.0.0.0", ready=lambda a: print(a, flush=True))
"""


def test_a_server_on_every_address_is_asked_for_on_its_own_machine_too(tmp_path: Path) -> None:
    words = [sys.executable, "-c", FOR_ALL, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            found = re.fullmatch(r"http://[^/]+:(\d+)/\?(token=[\w-]{40,})", address)
            assert found, address
            port, token = found.groups()
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                for name in ("example.org", f"example.org:{port}", f"localhost:{int(port) - 1}"):
                    assert client.get(f"/?{token}", headers={"Host": name}).status_code == 403, name
                assert client.get(f"/?{token}").status_code == 303
                assert client.get("/").status_code == 200
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
