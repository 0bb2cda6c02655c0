"""The reviewer's application over built files, for tests of the reviewer and of its server."""

from __future__ import annotations

import sqlite3
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.model import Box, parse_key
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.sight import Sight
from dcmaudit.settings import Settings
from dcmaudit.store import Store, open_store
from support.files import Overlay, dataset, file_bytes, gradient, letter_bits

MODEL = {"Modality": "US", "ImageType": ["ORIGINAL", "PRIMARY"], "ManufacturerModelName": "Test Scanner"}


def write_cine(path: Path, *, frames: int = 4, uid: int = 1, **extra: Any) -> Path:
    """A file of several frames and two overlays: 6000 with two frames, 6002 with one."""
    stack = np.stack([gradient(48, 64) + number for number in range(frames)])
    overlays = [
        Overlay(bits=np.stack([letter_bits(), letter_bits()])),
        Overlay(bits=letter_bits(), group=0x6002),
    ]
    facts = {**MODEL, "SOPInstanceUID": f"1.2.826.0.1.3680043.10.9.{uid}", **extra}
    path.write_bytes(file_bytes(dataset(stack, frames=frames, overlays=overlays, extra=facts)))
    return path


def write_stray(path: Path, *, frames: int = 3) -> Path:
    """A file whose 16-bit cells have one stray bit (13) set in the last frame."""
    stack = np.stack([gradient(48, 64, dtype=np.uint16) for _ in range(frames)])
    stack[-1, 4:20, 4:30] |= 1 << 13
    data = dataset(stack & 0x0FFF, frames=frames, bits_stored=12, extra=MODEL)
    data.PixelData = stack.astype("<u2").tobytes()
    path.write_bytes(file_bytes(data))
    return path


def make_app(folder: Path, names: Sequence[Path | str], **how: Any) -> ReviewApp:
    """An application whose database is in ``folder``.

    ``how``: viewer, chosen, recursive, user, read_only, timeout (of the database), and settings.
    """
    wanted = {key: how.pop(key) for key in ("viewer", "chosen", "recursive", "redactor", "keeps") if key in how}
    read_only = how.pop("read_only", wanted.get("viewer", False))
    timeout = how.pop("timeout", 10.0)
    settings = Settings(db=str(folder), user=how.pop("user", "tester"), browser=False, **how)
    store = open_store(settings.database, user=settings.user, read_only=read_only, timeout=timeout)
    app = ReviewApp(settings, [str(name) for name in names], store=store, **wanted)
    _APPS.add(app)
    return app


_APPS: weakref.WeakSet[ReviewApp] = weakref.WeakSet()


def app_of(session: Session) -> ReviewApp:
    """The reviewer that a session belongs to."""
    return next(app for app in _APPS if session in app.services.sessions.all())


def services_of(session: Session) -> Services:
    """What the session shares with others."""
    return app_of(session).services


def store_of(session: Session) -> Store:
    """The database that is open."""
    return app_of(session).services.database.store


def perform(session: Session, name: str, arguments: Mapping[str, object], painted: Sequence[Sight] = ()) -> None:
    """Carry a command out, without waiting for what it begins."""
    app_of(session).perform(session, name, arguments, painted)


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Return as soon as ``condition`` holds; AssertionError where it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def ready(app: ReviewApp) -> Session:
    """A document whose list is complete and whose first file, if any, is open and searched for suggestions."""
    _APPS.add(app)
    wait_for(lambda: not app.first.growing)
    session = app.open_session()
    settled(session)
    return session


def settled(session: Session) -> None:
    """Wait until the open file is open, its bits are searched and its suggestions are there."""

    def done() -> bool:
        with session.lock:  # a file that was just opened is searched before the lock is given back
            return is_done()

    def is_done() -> bool:
        file = session.file
        if session.worklist.growing:
            return False
        if file is None:
            return not len(session.selection)
        is_stored = file.seen.is_settled or file.comparing
        return is_stored and not (
            file.opening or file.suggesting or file.search.value in {"not looked at yet", "being looked at"}
        )

    wait_for(done)


def do(session: Session, command: str, /, **arguments: Any) -> dict[str, Any]:
    """Carry a command out as the page does and return the state after it."""
    perform(session, command, arguments)
    settled(session)
    return state(session)


def text_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the text detector saw text under every mark: for tests of marks on pictures that hold none.

    Where it sees none a suggestion may be held back, which has tests of its own.
    """
    monkeypatch.setattr("dcmaudit.review.services.text_under.InkMap.has_text", lambda *_: True)


def state(session: Session) -> dict[str, Any]:
    """The state as the page gets it."""
    return dict(app_of(session).state(session))


def sight(session: Session, file_id: int, key: str, *, shown: str = "full", **how: Any) -> Sight:
    """What the page reports of a plane of 64 x 48 pixels that is on the stage; ``how``: ``scale``, ``boxes``."""
    ticket = how.pop("ticket", None) or app_of(session).services.tickets.issue(session.id, file_id, key, shown)
    boxes = tuple(Box(*box) for box in how.pop("boxes", [(0, 0, 64, 48)]))
    return Sight(file_id, parse_key(key), ticket, how.pop("scale", 1.0), boxes)


def paint(session: Session, **how: Any) -> None:
    """Say that the plane on screen was painted, and have that stored; ``how`` as for ``sight``."""
    file, address = session.file, session.address()
    if file is not None and address is not None:
        size = file.planes[file.index].size
        if size is not None:
            how.setdefault("boxes", [(0, 0, size.width, size.height)])
        app_of(session).services.seen.painted(session, [sight(session, file.file_id, address.key, **how)])
        app_of(session).services.content.keep(file)


def paint_all(session: Session) -> None:
    """Step through every plane of the open file, painting each."""
    file = session.opened()
    for index in range(len(file.planes)):
        app_of(session).services.files.go(session, index)
        paint(session)


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every marks table as the database file has it, read without our own store."""
    file = folder / "dcmaudit.sqlite.db"
    if not file.exists():
        return {}
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection, connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        wanted = ("DicomRects", "DicomTags", "dcmaudit_rects", "dcmaudit_seen", "dcmaudit_parts")
        found = {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall())  # noqa: S608
            for name in wanted
            if name in names
        }
    connection.close()
    return found
