"""Files of which a part cannot be audited are told apart in the list, also once they are done, and after a restart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from dcmaudit.errors import DicomError
from dcmaudit.model import Outcome, parse_key
from dcmaudit.review import ReviewApp, Session, worklist_rows
from dcmaudit.review.services.picture_cache import PictureKey
from dcmaudit.review.state.selection import Filter, Selection
from dcmaudit.store import Look, OcrEngine
from support.apps import do, ready, services_of, store_of, wait_for, write_cine
from support.files import JPEG_BASELINE, dataset, encode, file_bytes
from support.numbered import numbered
from support.stored import put_look


def broken(path: Path) -> Path:
    """A cine of which the second of three frames cannot be decoded."""
    streams = [encode(numbered(number), JPEG_BASELINE) for number in range(3)]
    streams[1] = b"\xff\xd8\xff\xe0" + b"\0" * 200
    cells = np.stack([numbered(0)] * 3)
    path.write_bytes(file_bytes(dataset(cells, frames=3), JPEG_BASELINE, frames=streams))
    return path


def gaps(session: Session) -> list[Any]:
    count = len(session.worklist)
    services_of(session).worklists.ask_again(session.worklist, range(count))
    return [row["gap"] for row in worklist_rows(session, services_of(session), [(n, n) for n in range(count)])]


def look_at_all(session: Session) -> None:
    file = session.file
    assert file is not None
    for number in range(3):
        with suppress(DicomError):  # the broken one
            services_of(session).pictures.request(_picture(session, f"f{number}"), file.referrer).result(20)


def _picture(session: Session, key: str) -> Any:
    assert session.file is not None
    return PictureKey(session.file.file_id, parse_key(key), session.view)


def test_a_frame_that_cannot_be_decoded_is_a_gap_also_after_done_and_a_restart(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    names = [broken(tmp_path / "a.dcm"), write_cine(tmp_path / "b.dcm", frames=1, uid=2)]
    app = open_app(names)
    session = ready(app)
    assert gaps(session) == [None, None]
    look_at_all(session)
    assert gaps(session) == ["1 part of it could not be shown", None]
    do(session, "done-next", confirm=True)
    assert gaps(session) == ["1 part of it could not be shown", None]
    again = app.services.worklists.begin([str(name) for name in names], recursive=False)
    wait_for(lambda: not again.growing)
    assert [again.gap(place) for place in (0, 1)] == ["1 part of it could not be shown", None]
    assert list(Selection(again, Filter(is_gapped=True)).places) == [0]
    assert list(Selection(again, Filter()).places) == [1], "it is done all the same"


def test_what_the_list_shows_of_such_files_is_what_the_keys_walk_through(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    names = [write_cine(tmp_path / f"{n}.dcm", frames=1, uid=n) for n in range(1, 5)]
    session = ready(open_app(names))
    for number in (1, 3):
        put_look(store_of(session), str(names[number]), Look(OcrEngine.RULE, Outcome.REFUSED, ("no decoder",)))
    assert gaps(session) == [None, "ocr: refused: no decoder", None, "ocr: refused: no decoder"]
    do(session, "walk-list", status="not wholly audited")
    do(session, "next-file")
    assert session.file is not None
    assert session.file.place == 1
    do(session, "next-file")
    assert session.file.place == 3
