from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

import dcmaudit.web
from dcmaudit.cli import main, review
from dcmaudit.cli.start_page import StartPage
from dcmaudit.settings import Settings, config_path, memory_path, remember_database
from support.apps import wait_for
from support.corpus import shared_compat
from support.places import put


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, list[str], dict[str, object]]]:
    """What the server was started with, instead of starting it."""
    calls: list[tuple[Settings, list[str], dict[str, object]]] = []

    def serve(names: list[str], settings: Settings, **how: object) -> None:
        calls.append((settings, list(names), how))

    monkeypatch.setattr(dcmaudit.web, "serve", serve)
    return calls


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], []),
        (["-i"], []),
        (["-i", "a", "b", "c"], ["a", "b", "c"]),
        (["-i", "a", "b", "--review"], ["a", "b"]),
        (["--review", "-i", "a", "-i", "b"], ["a", "b"]),
        (["-i", "a", "--", "-b", "--c"], ["a", "-b", "--c"]),
        (["-i", "--", "-b"], ["-b"]),
        (["--", "-b"], ["-b"]),
        (["-i", "frames"], ["frames"]),
        (["--db", "frames", "-i", "a"], ["a"]),
        (["-i", "a file", "*.dcm"], ["a file", "*.dcm"]),
    ],
)
def test_names_reach_the_reviewer(
    started: list[tuple[Settings, list[str], dict[str, object]]], words: list[str], names: list[str]
) -> None:
    assert main(words) == 0
    assert started[0][1] == names
    assert started[0][2]["review"] == ("--review" in words)


def test_every_option_reaches_the_reviewer(
    started: list[tuple[Settings, list[str], dict[str, object]]], tmp_path: Path
) -> None:
    words = f"--db {tmp_path} --viewer --tagged --port 8123 --no-browser -R --user anna --host localhost -d".split()
    assert main(words) == 0
    settings, _, how = started[0]
    assert (how["review"], how["tagged"], how["host"]) == (False, True, "localhost")
    assert settings.db == str(tmp_path)
    assert (settings.viewer, settings.port, settings.browser, settings.recursive) == (True, 8123, False, True)
    assert settings.user == "anna"


def test_another_host_gets_a_warning(
    started: list[tuple[Settings, list[str], dict[str, object]]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--host", "::1"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["--host", "10.0.0.5"]) == 0
    assert "unencrypted" in capsys.readouterr().err
    assert started[1][2]["host"] == "10.0.0.5"


@pytest.mark.parametrize("display", [None, ":7"])
@pytest.mark.parametrize("wanted", [True, False])
def test_the_browser_is_opened_only_where_there_is_a_display(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    display: str | None,
    *,
    wanted: bool,
) -> None:
    opened: list[str] = []
    address = "http://127.0.0.1:1/?token=t"
    monkeypatch.setenv("HOME", str(tmp_path))

    def browse(place: str) -> bool:
        page = Path(place.removeprefix("file://"))
        assert page.stat().st_mode & 0o777 == 0o600
        opened.append(page.read_text(encoding="utf-8"))
        return "token" not in place

    monkeypatch.setattr("webbrowser.open", browse)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", display)

    def serve(ready: Callable[[str], None], **_how: object) -> None:
        ready(address)
        for thread in threading.enumerate():
            if thread.name == "dcmaudit-browser":
                thread.join()

    monkeypatch.setattr(dcmaudit.web, "serve", serve)
    assert main([] if wanted else ["--no-browser"]) == 0
    assert [f'url={address}"' in page for page in opened] == ([True] if display and wanted else [])
    assert list(tmp_path.iterdir()) == []
    captured = capsys.readouterr()
    assert address in captured.out
    assert ("no display" in captured.err) == (wanted and not display)
    assert ("ssh -L 1:127.0.0.1:1 " in captured.err) == (wanted and not display)


def test_without_a_home_that_can_be_written_the_token_is_no_argument_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda place: opened.append(place) is None)
    monkeypatch.setenv("HOME", str(tmp_path / "missing"))
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setattr(dcmaudit.web, "serve", lambda ready, **_how: ready("http://127.0.0.1:1/?token=t"))
    assert main([]) == 0
    assert opened == []
    assert "no start page could be written" in capsys.readouterr().err


def test_the_start_page_goes_away_by_itself(tmp_path: Path) -> None:
    page = StartPage("http://127.0.0.1:1/?token=t&x", folder=tmp_path, lifetime=0.01)
    wait_for(lambda: not page.path.exists())
    page.close()


def test_a_browser_that_does_not_start_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _place: False)
    review._open_browser("http://127.0.0.1:1/?token=t")
    assert capsys.readouterr().err == "dcmaudit: no browser could be started: open the address yourself\n"


def test_what_is_not_named_is_left_to_the_settings(
    started: list[tuple[Settings, list[str], dict[str, object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DCMAUDIT_VIEWER", "true")
    monkeypatch.setenv("DCMAUDIT_BROWSER", "false")
    assert main([]) == 0
    assert (started[0][0].viewer, started[0][0].browser, started[0][0].recursive) == (True, False, False)


def test_the_database_of_the_original_is_dumped_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    compat = shared_compat()
    before = sorted(path.name for path in compat.iterdir())
    assert main(["--db", str(compat), "--dump-database"]) == 0
    dump = json.loads(capsys.readouterr().out)
    wanted = json.loads((compat / "dump_database.json").read_text())
    assert [row["filename"] for row in dump["rects"]] == [row["filename"] for row in wanted["rects"]]
    assert len(dump["tags"]) == len(wanted["tags"])
    assert sorted(path.name for path in compat.iterdir()) == before


def test_a_database_that_is_not_there_is_no_empty_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--db", str(tmp_path / "x"), "--dump-database"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{tmp_path}/x: no database here" in captured.err
    assert not (tmp_path / "x").exists()


def test_a_port_in_use_is_told_and_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--db", str(tmp_path), "--no-browser", "--port", str(port)]) == 2
    err = capsys.readouterr().err
    assert f"port {port} is in use" in err
    assert err.count("\n") == 1


def test_the_reviewer_really_starts_answers_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    path = put(tmp_path / "images" / "a")
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "dcmaudit", "--db", str(tmp_path / "db"), "--no-browser", "-i", str(path.parent)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    lines: list[str] = []
    address = None
    for line in process.stdout:
        lines.append(line)
        address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", line)
        if address:
            break
    if address is None:
        process.kill()
        process.communicate()
        pytest.fail("".join(lines))
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    try:
        with opener.open(address[0], timeout=20) as page:
            assert b"<html" in page.read()
            assert "token" not in page.url
    finally:
        process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in out


@pytest.fixture
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody says where the database is but the memory of the menu."""
    for name in ("STATE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("DCMAUDIT_DB", "DCMAUDIT_SMI_ROOT", "SMI_ROOT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("words", [["--no-browser"], ["--dump-database"], ["db", "info"]])
def test_a_remembered_server_that_is_down_is_told_with_where_it_is_remembered_and_what_to_do(
    own_places: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:  # bound and not listening: whoever comes is refused at once
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        remember_database(f"postgresql://me:h1dden@127.0.0.1:{port}/team")
        assert main(words) != 0
    told = capsys.readouterr().err
    assert f"postgresql://127.0.0.1:{port}/team: the database server cannot be reached" in told
    for word in ("remembered", str(memory_path()), "--db", "DCMAUDIT_DB", str(config_path())):
        assert word in told
    assert "h1dden" not in told
    assert "Traceback" not in told


def test_a_named_server_that_is_down_is_not_said_to_be_remembered(
    own_places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"postgresql://me@127.0.0.1:{taken.getsockname()[1]}/team"
        assert main(["--no-browser", "--db", address]) == 1
    told = capsys.readouterr().err
    assert "cannot be reached" in told
    assert "remembered" not in told


def test_a_remembered_folder_that_is_gone_ends_with_two(own_places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember_database(str(own_places / "unmounted"))
    assert main(["--no-browser"]) == 2
    told = capsys.readouterr().err
    assert str(own_places / "unmounted") in told
    assert "remembered" in told
    assert str(memory_path()) in told
