"""Wrong types and names are the caller's mistake, said with 4xx: no request makes the server fail."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from dcmaudit.review.commands.table import COMMANDS
from support.apps import make_app, wait_for, write_cine
from support.pages import Page, running

ODD: list[Any] = [
    None, True, -1, 2**70, 1.5, "", "x", "~nobody", "\0", "\ud800", "../../etc/passwd", [], [[]], [1, 2], ["a", None],
    {}, {"a": {}}, {"how": []}, "9" * 400, [0, 0, 0, 0], [1, 2, 3, 4, 5], ["x"] * 4, [-5, 9, 2**80, 1], "f0",
    "o6000.99999", "b99.1", "1e400",
]  # fmt: skip
NAMES = [
    "id", "key", "index", "place", "box", "path", "name", "names", "value", "text", "comment", "how", "frame", "scope",
    "query", "file", "file_id", "rendering", "x", "y", "confirmed", "recursive", "url", "bucket", "study", "series",
    "csv", "count", "seed", "dx", "dy", "edge", "rect", "rects", "group", "projection", "on", "option", "status",
    "part",
]  # fmt: skip
LEFT_OUT = {"quit"}


@pytest.fixture(autouse=True)
def _deep_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Odd names may be places of files and databases: what is made of them stays among the files of the test."""
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)


def posted(client: httpx.Client, url: str, body: Any) -> httpx.Response:
    data = json.dumps(body).encode("utf-8", "surrogatepass")
    return client.post(url, content=data, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("name", sorted({command.name for command in COMMANDS} - LEFT_OUT))
def test_no_argument_of_a_command_makes_the_server_fail(tab: Page, name: str) -> None:
    for odd in ODD:
        arguments = dict.fromkeys(NAMES, odd)
        answer = posted(tab.client, tab.url("do"), {"command": name, "args": arguments, "painted": []})
        assert answer.status_code < 500, (name, odd, answer.text[:300])
    for odd in ODD:
        answer = posted(tab.client, tab.url("do"), {"command": name, "args": odd, "painted": []})
        assert answer.status_code < 500, (name, odd)


def test_no_body_makes_the_server_fail(tab: Page) -> None:
    ticket = {"file": 0, "key": "f0", "how": [], "ticket": "x", "part": [1], "kind": {}}
    for odd in ODD:
        for body in (
            odd,
            {"command": odd},
            {"command": "next", "painted": odd},
            {"command": "next", "painted": [odd]},
            {"command": "next", "painted": [[odd, odd, odd, odd]]},
            {"command": "next", "painted": [ticket | dict.fromkeys(ticket, odd)]},
            *({"command": "next", "painted": [ticket | {key: odd}]} for key in ticket),
        ):
            answer = posted(tab.client, tab.url("do"), body)
            assert 200 <= answer.status_code < 500, (body, answer.text[:300])
    for data in (b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5000, b"NaN", b"1" * 100_000):
        assert tab.client.post(tab.url("do"), content=data).status_code < 500, data[:20]


def test_no_query_makes_the_server_fail(tab: Page) -> None:
    odd = [*(json.dumps(one) if not isinstance(one, str) else one.replace("\ud800", "%ED%A0%80") for one in ODD)]
    for text in odd:
        for path, names in (
            ("state", ("after", "wait")),
            ("image/0/f0", ("rendering", "inverted")),
            ("projection/0/0", ("how", "sheet")),
            ("drill/0/0", ("x", "y", "how", "sheet")),
            ("planes/0", ("start", "count")),
            ("worklist", ("start", "count", "status", "text")),
            ("series", ("start", "count")),
            ("classes", ("start", "count")),
            ("class/0/spread", ("kind",)),
            ("tiles", ("ids",)),
            ("thumb/0/f0", ("edge",)),
        ):
            for name in names:
                answer = tab.get(path, params={name: text})
                assert answer.status_code < 500, (path, name, text, answer.text[:300])
        answer = tab.client.get("/api/browse", params={"path": text})
        assert answer.status_code < 500, (text, answer.text[:300])


@pytest.mark.parametrize(
    "path",
    [
        "image/99999999999999999999/f0", "image/0/o6000.99999999999999999999", "image/0/%00", "image/0/..%2f..",
        "thumb/0/b1.f",
        "projection/0/99999999999999999999", "drill/7/0", "tags/99999999999999999999", "planes/99999999999999999999",
        "image/0/i99999", "thumb/0/t0.99999", "tags/-1", "class/99999999999999999999/files", "tiles?ids=99999999999",
    ],
)  # fmt: skip
def test_no_name_of_a_plane_or_file_makes_the_server_fail(tab: Page, path: str) -> None:
    answer = tab.get(path)
    assert 400 <= answer.status_code < 500, answer.text[:300]


def test_no_body_of_a_bucket_request_makes_the_server_fail(tab: Page) -> None:
    names = [
        "bucket", "name", "endpoint", "access_key", "secret", "region", "provider", "prefix", "key", "keys", "folder",
        "study", "series", "csv", "random", "seed", "overview", "start", "mode", "token", "kind",
    ]  # fmt: skip
    for path in ("credentials", "credentials/test", "credentials/delete", "list", "copies", "selection"):
        for odd in ODD:
            for body in (odd, dict.fromkeys(names, odd), {"bucket": "a-bucket"} | dict.fromkeys(names[1:], odd)):
                answer = posted(tab.client, f"/api/s3/{path}", body)
                assert answer.status_code < 500, (path, odd, answer.text[:300])
    assert tab.client.get("/api/s3/copies/99999999999999999999").status_code < 500


def test_what_is_no_folder_and_no_file_is_refused_by_the_open_and_database_dialogs(tab: Page, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", "/dev/full", "/proc/self/mem", "/dev/null/x", "~nobody", "~no-such-user/x"):
        for name in ("set-database", "open-files", "open-folder", "open-tree"):
            answer = tab.do(name, path=str(path), folder=str(path), names=[str(path)])
            assert answer.status_code < 500, (name, path, answer.text[:300])
        assert tab.client.get("/api/browse", params={"path": str(path)}).status_code < 500


def test_a_listed_file_that_became_a_link_to_outside_is_not_served(tmp_path: Path) -> None:
    allowed, secret = tmp_path / "allowed", tmp_path / "secret.dcm"
    allowed.mkdir()
    listed = write_cine(allowed / "a.dcm", uid=1)
    write_cine(secret, uid=2)
    app = make_app(tmp_path / "database", [], browse_roots=(allowed,))
    try:
        with running(app) as (client, access):
            client.get(f"/?token={access.token}")
            client.headers["X-Dcmaudit"] = "1"
            tab = Page(client, client.post("/api/documents").json()["doc"])
            assert tab.do("open-files", names=[str(listed)]).status_code == 200
            wait_for(lambda: tab.state()["plane"] is not None)
            file_id = tab.state()["file"]["file_id"]
            assert tab.get(f"tags/{file_id}").status_code == 200
            listed.unlink()
            listed.symlink_to(secret)
            tab.do("read-again")
            wait_for(lambda: tab.state()["file"]["error"] is not None)
            assert "outside the folders" in tab.state()["file"]["error"]["message"]
            new = tab.state()["file"]["file_id"]
            for path in (f"image/{new}/f0", f"thumb/{new}/f0", f"tags/{new}", f"projection/{new}/0"):
                assert 400 <= tab.get(path).status_code < 500, path
            assert tab.get(f"planes/{new}").json()["total"] == 0
            listed.unlink()
            write_cine(listed, uid=3)
            tab.do("read-again")
            wait_for(lambda: tab.state()["plane"] is not None)
    finally:
        app.close()


def test_an_upload_that_is_broken_off_is_no_error_in_the_log(tab: Page, caplog: pytest.LogCaptureFixture) -> None:
    address = tab.client.base_url
    cookies = "; ".join(f"{name}={value}" for name, value in tab.client.cookies.items())
    head = (
        f"POST {tab.url('do')} HTTP/1.1\r\nHost: 127.0.0.1:{address.port}\r\nCookie: {cookies}\r\nX-Dcmaudit: 1\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    for _ in range(3):
        with socket.create_connection((address.host, address.port or 0)) as sending:
            sending.sendall(head.encode())
            time.sleep(0.2)
    time.sleep(0.5)
    assert tab.get("state").status_code == 200
    assert [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}] == []
