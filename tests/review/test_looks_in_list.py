"""Files that ocr could not wholly look at are told apart in the list of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dcmaudit.model import Outcome
from dcmaudit.review import ReviewApp, worklist_rows
from dcmaudit.store import Look, OcrEngine
from support.apps import ready, services_of, store_of
from support.stored import put_look


def test_a_file_that_ocr_refused_says_so_until_another_look_reaches_all(
    open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    session = ready(open_app(files))
    store, name = store_of(session), str(files[1])
    put_look(store, name, Look(OcrEngine.RAPIDOCR, Outcome.REFUSED, ("no decoder for it",)))
    put_look(store, str(files[2]), Look(OcrEngine.RAPIDOCR, Outcome.DONE, complete=True))
    places: list[tuple[int | None, int]] = [(index, index) for index in range(3)]
    services_of(session).worklists.ask_again(session.worklist, [0, 1, 2])
    assert [row["gap"] for row in worklist_rows(session, services_of(session), places)] == [
        None, "ocr: refused: no decoder for it", None,
    ]  # fmt: skip
    put_look(store, name, Look(OcrEngine.RAPIDOCR, Outcome.DONE, complete=True))
    services_of(session).worklists.ask_again(session.worklist, [1])
    assert worklist_rows(session, services_of(session), places)[1]["gap"] is None
