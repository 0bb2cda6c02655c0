"""The database of a PostgreSQL server chosen in the page: what goes wrong is said, and a password is never seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support import postgres
from support.face import Face, StartFace
from support.numbered import cine, write
from support.postgres import PASSWORD

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    folder = postgres.programs()
    if folder is None:
        pytest.skip("the PostgreSQL server programs are not installed (Debian: postgresql)")
    server = postgres.Server(folder)
    server.sql("CREATE DATABASE team OWNER guarded")
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What the server's user has in the home folder or the environment must not answer for the page.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("PGPASSWORD", raising=False)


def _choose(face: Face, address: str, password: str) -> None:
    face.at("#menubar").get_by_role("menuitem", name="File").click()
    face.at("[role=menu][aria-label=File]").get_by_text("Database…").click()
    face.at("#open-address").fill(address)
    face.at("#open-password").fill(password)
    face.at("#open-server-do").click()


def _everywhere(face: Face, folder: Path) -> str:
    """Whatever the page shows or asked for, what the server said, and every file that it wrote."""
    face.reviewer.process.poll()
    texts = [face.page.content(), *face.watch.requests, *face.watch.complaints, face.reviewer.said()]
    fields = face.page.evaluate("() => [...document.querySelectorAll('input')].map((each) => each.value)")
    files = [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
    return "\n".join([*texts, *fields, *files])


def test_marks_go_to_the_server_that_was_chosen_and_its_password_is_seen_nowhere(
    start: StartFace, tmp_path: Path, server: postgres.Server
) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)), options=("--debug",))
    face.plane("frame 1/2")
    address = f"postgresql://guarded@127.0.0.1:{server.port}/team"
    _choose(face, address, PASSWORD)
    expect(face.at("#store")).to_have_attribute("title", f"Database: postgresql://127.0.0.1:{server.port}/team")
    expect(face.at("#messagetext")).to_contain_text("until the program ends")
    face.press("r")
    expect(face.at("#rects .rect-jump")).to_have_count(1)
    face.picture("postgres-chosen")
    face.shows("#statusseen", "1 of 2 planes seen")
    assert server.sql('SELECT count(*) FROM "DicomRects"', "team").strip() == "1"
    assert PASSWORD not in _everywhere(face, tmp_path)
    face.at("#menubar").get_by_role("menuitem", name="File").click()
    face.at("[role=menu][aria-label=File]").get_by_text("Database…").click()
    expect(face.at("#open-password")).to_have_value("")
    face.picture("database-dialog")


def test_a_server_that_cannot_be_used_says_why_and_the_former_database_stays(
    start: StartFace, tmp_path: Path, server: postgres.Server
) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)), options=("--debug",))
    face.watch.allowed.append("Failed to load resource")
    face.plane("frame 1/2")
    before = face.at("#store").get_attribute("title") or ""
    for address, password, words in [
        (f"postgresql://guarded@127.0.0.1:{server.port}/team", f"wrong-{PASSWORD}", "does not accept this user"),
        (f"postgresql://guarded@127.0.0.1:{server.port}/team", "", "does not accept this user"),
        (f"postgresql://guarded@127.0.0.1:{server.port}/none", PASSWORD, "no database of that name"),
        ("postgresql://guarded@127.0.0.1:1/team", PASSWORD, "cannot be reached"),
        ("postgresql://guarded@no-such-host.invalid/team", PASSWORD, "cannot be reached"),
    ]:
        _choose(face, address, password)
        expect(face.at("#messagetext")).to_contain_text(words, timeout=30_000)
        expect(face.at("#store")).to_have_attribute("title", before)
        assert PASSWORD not in _everywhere(face, tmp_path)
    face.press("r")
    expect(face.at("#rects .rect-jump")).to_have_count(1)


def test_a_password_inside_of_an_address_is_refused_before_it_is_sent(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.plane("frame 1/1")
    for address, words in [
        ("postgresql://me:word@host/team", "its own field"),
        ("postgresql://me@host/team?password=word", "its own field"),
        ("host/team", "postgresql://USER@HOST/DATABASE"),
    ]:
        _choose(face, address, "")
        expect(face.at("#open-note")).to_contain_text(words)
        face.press("Escape")
