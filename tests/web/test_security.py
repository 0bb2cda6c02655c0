"""Only the page of the person who started the program gets anything."""

from __future__ import annotations

import http.client
import logging
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from dcmaudit.review import ReviewApp
from dcmaudit.web import Access
from dcmaudit.web.routes import Routes
from support.apps import make_app, wait_for, write_cine
from support.pages import Page, running

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "require-trusted-types-for 'script'"
)


def test_without_a_cookie_nothing_is_answered(stranger: httpx.Client) -> None:
    for path in ("/", "/api/commands", "/api/browse", "/static/js/app.js", "/api/d/x/state", "/nothing"):
        assert stranger.get(path).status_code == 403, path
    assert stranger.post("/api/documents", headers={"X-Dcmaudit": "1"}).status_code == 403


def test_the_token_is_exchanged_for_a_strict_cookie_with_the_port_in_its_name(
    stranger: httpx.Client, access: Access
) -> None:
    answer = stranger.get(f"/?token={access.token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    name, *rest = answer.headers["set-cookie"].split("; ")
    assert name.startswith(f"dcmaudit_{access.port}=")
    assert rest == ["HttpOnly", "SameSite=Strict", "Path=/"]
    assert stranger.get("/").status_code == 200


def test_from_a_local_file_the_token_leads_on_by_a_page_of_ours(stranger: httpx.Client, access: Access) -> None:
    # Checked in Chromium: after a redirection the strict cookie would not be sent.
    answer = stranger.get(f"/?token={access.token}", headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, True)
    assert 'content="0; url=/"' in answer.text
    assert access.token is None


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_wrong_token_gets_nothing(stranger: httpx.Client, access: Access, token: str) -> None:
    answer = stranger.get("/", params={"token": token})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert access.token is not None


def test_the_token_works_once(stranger: httpx.Client, access: Access) -> None:
    token = access.token
    stranger.get(f"/?token={token}")
    stranger.cookies.clear()
    answer = stranger.get(f"/?token={token}")
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_the_token_again_in_the_same_browser_leads_to_the_page(client: httpx.Client) -> None:
    assert client.get("/?token=whatever").status_code == 303


def test_odd_cookies_of_other_programs_on_this_machine_do_no_harm(client: httpx.Client) -> None:
    name, value = next(iter(client.cookies.items()))
    odd = f'a b=1; "x; =; _xsrf=2|é|(1); {name}=old; {name}={value}; last'.encode("latin-1")
    client.cookies.clear()
    assert client.get("/", headers={b"Cookie": odd}).status_code == 200


def test_the_cookie_of_another_port_is_no_good(stranger: httpx.Client, access: Access) -> None:
    cookie = stranger.get(f"/?token={access.token}").headers["set-cookie"].split(";")[0].split("=")[1]
    stranger.cookies.clear()
    stranger.cookies.set(f"dcmaudit_{access.port + 1}", cookie)
    assert stranger.get("/").status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:1", "localhost", ""])
def test_another_host_is_refused(client: httpx.Client, access: Access, host: str) -> None:
    host = host.replace("PORT", str(access.port))
    assert client.get("/api/commands", headers={"Host": host}).status_code == 403
    assert client.get("/?token=x", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "[::1]:PORT"])
def test_its_own_names_are_answered(client: httpx.Client, access: Access, host: str) -> None:
    host = host.replace("PORT", str(access.port))
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    assert client.get("/api/commands", headers={"Host": host, "Cookie": cookies}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_write_from_another_site_is_refused(tab: Page, headers: dict[str, str]) -> None:
    body = {"command": "mark", "args": {}}
    answer = tab.client.post(tab.url("do"), json=body, headers=headers)
    assert answer.status_code == 403
    assert tab.state()["rects"] == []


def test_a_write_without_the_header_is_refused(tab: Page) -> None:
    del tab.client.headers["X-Dcmaudit"]
    assert tab.do("mark").status_code == 403
    tab.client.headers["X-Dcmaudit"] = "yes"
    assert tab.do("mark").status_code == 403
    assert tab.state()["rects"] == []


def test_a_read_from_another_site_is_refused_but_a_link_to_the_page_works(client: httpx.Client) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert client.get("/api/commands", headers=foreign).status_code == 403
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client: httpx.Client, method: str) -> None:
    assert client.request(method, "/api/commands").status_code == 405


def test_a_request_that_is_too_large_is_refused(tab: Page) -> None:
    big = {"command": "comment", "args": {"text": "x" * 2_000_000}}
    assert tab.client.post(tab.url("do"), json=big).status_code == 413

    def pieces() -> Any:
        yield b'{"command": "comment", "args": {"text": "'
        for _ in range(40):
            yield b"x" * 50_000
        yield b'"}}'

    assert tab.client.post(tab.url("do"), content=pieces()).status_code == 413
    assert tab.state()["file"]["comment"] == ""


def test_an_endless_address_is_refused(client: httpx.Client) -> None:
    assert client.get("/api/browse", params={"path": "x" * 20_000}).status_code == 414


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/static//etc/passwd",
        "/static/%00",
        "/static/js%00/app.js",
        "/static/js/..%5c..%5capp.py",
    ],
)
def test_static_files_cannot_be_left(client: httpx.Client, access: Access, path: str) -> None:
    # Not through httpx, which would tidy the path before it is sent.
    connection = http.client.HTTPConnection("127.0.0.1", access.port, timeout=20)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    connection.request("GET", path, headers={"Cookie": cookies})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in {404, 405}
    assert b"import" not in body
    assert b"root:" not in body


def test_a_file_outside_the_worklist_is_not_served(tab: Page, app: ReviewApp, tmp_path: Path) -> None:
    outside = write_cine(tmp_path / "outside.dcm")
    for file_id in (3, 99, 10**9, 10**12):
        for path in (f"image/{file_id}/f0", f"thumb/{file_id}/f0", f"tags/{file_id}", f"planes/{file_id}",
                     f"projection/{file_id}/0", f"drill/{file_id}/0", f"alone/{file_id}/0",
                     f"stackmarks/{file_id}"):  # fmt: skip
            assert tab.get(path).status_code == 409, path
        assert tab.get(f"tiles?ids={file_id}").status_code == 409
        assert tab.do("decide", value="done", shown=[file_id]).status_code == 409
    assert tab.get(f"image/{outside}/f0").status_code == 404
    assert tab.do("go-file", index=3).status_code == 400
    # Nor one of another document's list.
    tab.do("open-files", names=[str(outside)])
    opened = app.session(tab.document)
    wait_for(lambda: opened.file is not None)
    assert tab.get("image/0/f0").status_code == 409
    assert tab.get(f"image/{10**9}/f0").status_code == 200


def test_browsing_stays_in_the_allowed_folders(tmp_path: Path) -> None:
    allowed, secret = tmp_path / "allowed", tmp_path / "secret"
    (allowed / "inside").mkdir(parents=True)
    secret.mkdir()
    write_cine(secret / "secret.dcm")
    (allowed / "way-out").symlink_to(secret)
    app = make_app(tmp_path / "database", [], browse_roots=(allowed,))
    try:
        with running(app) as (client, access):
            client.get(f"/?token={access.token}")
            client.headers["X-Dcmaudit"] = "1"
            first = client.get("/api/browse").json()
            assert (first["path"], first["parent"], first["roots"]) == (str(allowed), None, [str(allowed)])
            assert [entry["name"] for entry in first["entries"]] == ["inside"]
            for path in (secret, allowed / ".." / "secret", allowed / "way-out", "/", "/etc", "~"):
                answer = client.get("/api/browse", params={"path": str(path)})
                assert answer.status_code == 400, path
            tab = Page(client, client.post("/api/documents").json()["doc"])
            for path in (secret, allowed / "way-out", secret / "secret.dcm"):
                assert tab.do("open-folder", path=str(path)).status_code == 400
                assert tab.do("open-folder-recursive", path=str(path)).status_code == 400
                assert tab.do("open-files", names=[str(path)]).status_code == 400
                assert tab.do("open-database", path=str(path)).status_code == 400
                assert tab.do("set-database", path=str(path)).status_code == 400
            assert tab.do("open-files", names=[str(allowed / "*"), str(secret / "*.dcm")]).status_code == 400
    finally:
        app.close()


def _all_paths(app: ReviewApp, document: str) -> list[str]:
    values = {"doc": document, "file_id:int": "0", "group": "0", "number:int": "0", "key": "f0"}
    paths = []
    for route in Routes(app).all():
        assert isinstance(route, Route)
        path = route.path
        for name, value in values.items():
            path = path.replace("{" + name + "}", value)
        assert "{" not in path
        paths.append(path)
    return paths


def test_every_answer_carries_the_security_headers(tab: Page, app: ReviewApp) -> None:
    paths = [*_all_paths(app, tab.document), "/", "/?token=wrong", "/nothing", "/static/nothing", "/static/js/app.js"]
    answers = [tab.client.get(path) for path in paths]
    answers += [tab.client.post(path) for path in paths]
    answers += [tab.client.put(path) for path in paths]
    answers += [tab.client.get(path, headers={"Host": "evil.example"}) for path in paths]
    tab.client.cookies.clear()
    answers += [tab.client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} >= {200, 303, 400, 403, 404, 405}
    for answer in answers:
        assert answer.headers["content-security-policy"].startswith(POLICY), answer.url
        assert answer.headers["cache-control"] == "no-store", answer.url
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in answer.headers


def test_a_mistake_of_the_program_shows_neither_traceback_nor_message(
    tab: Page, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Doe^Jane 4711")

    monkeypatch.setattr("dcmaudit.review.app.page_state", broken)
    answer = tab.get("state")
    assert answer.status_code == 500
    assert set(answer.json()) == {"error"}
    assert "Doe" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"].startswith(POLICY)
    # The answer is sent first and the log line written after it, in the server's own thread.
    end = time.monotonic() + 10
    while "a request failed: RuntimeError in " not in caplog.text and time.monotonic() < end:
        time.sleep(0.01)
    assert "a request failed: RuntimeError in " in caplog.text
    assert "Doe" not in caplog.text


def test_no_log_holds_a_value_a_text_or_a_secret_and_only_debug_a_name(
    tab: Page, access: Access, files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    files[1].write_bytes(files[1].read_bytes()[:3000])
    cookie = next(iter(tab.client.cookies.values()))
    tab.get("tags/0")
    tab.do("comment", text="SECRET comment")
    tab.do("mark")
    tab.do("next-file")
    tab.get("image/1/f3")
    tab.get("tags/1")
    tab.client.get("/api/nothing?x=SECRET")
    # The client's own log is not ours, the server never writes it.
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    text = " ".join(record.getMessage() for record in ours)
    for secret in ("Doe", "4711", "SECRET", cookie):
        assert secret not in text
    # Names of files are told to whoever asks what is being done (-d), and in nothing else.
    assert not any("US0001" in record.getMessage() for record in ours if record.levelno > logging.DEBUG)


def test_there_are_no_documentation_pages(client: httpx.Client) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404
