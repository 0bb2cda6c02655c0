"""Work in the background that fails is told on every page: nobody waits for it, so nobody would know."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.errors import StoreError
from support.apps import make_app, wait_for, write_cine


def _fault() -> None:
    raise KeyError("DOE^JOHN")


def _refused() -> None:
    raise StoreError("the database is locked", hint="try again")


@pytest.mark.parametrize("way", ["soon", "at_length"])
@pytest.mark.parametrize(
    ("job", "said"),
    [(_fault, "A fault of the program ended work in the background (KeyError)"), (_refused, "the database is locked")],
)
def test_every_page_is_told_and_no_value_is_shown(tmp_path: Path, way: str, job: object, said: str) -> None:
    app = make_app(tmp_path / "db", [write_cine(tmp_path / "a.dcm")])
    sessions = [app.open_session(), app.open_session()]
    before = [session.revision for session in sessions]
    getattr(app.services.background, way)(job)
    wait_for(lambda: all(session.message is not None and said in session.message.text for session in sessions))
    for session, revision in zip(sessions, before, strict=True):
        assert session.message is not None
        assert session.message.kind == "warning"
        assert "DOE" not in session.message.text
        assert session.revision > revision
    # The thread goes on with the next job.
    done: list[bool] = []
    getattr(app.services.background, way)(lambda: done.append(True))
    wait_for(lambda: bool(done))
