"""Places that only some images of a device have text at: the picture itself decides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.review import ReviewApp, Session
from support.apps import MODEL, do, paint_all, ready, services_of, settled, state
from support.files import dataset, file_bytes
from support.lettering import lettered

BOX = [36, 36, 256, 66]


def write_page(path: Path, *, uid: int, text: bool) -> Path:
    array = lettered((200, 400), [("SMITH JOHN 1950", 40, 60)] if text else [])
    facts = {**MODEL, "SOPInstanceUID": f"1.2.826.0.1.3680043.10.9.{uid}"}
    path.write_bytes(file_bytes(dataset(np.asarray(array), extra=facts)))
    return path


def finish(session: Session, box: list[int] | None) -> None:
    settled(session)
    paint_all(session)
    services_of(session).files.go(session, 0)
    if box is not None:
        do(session, "mark", box=box)
    do(session, "done-next", confirm=True)


def suggested(session: Session) -> list[dict[str, Any]]:
    settled(session)
    return [rect for rect in state(session)["rects"] if not rect["stored"]]


@pytest.mark.parametrize("has_text", [True, False])
def test_a_place_that_a_third_of_the_images_have_is_suggested_only_where_the_picture_shows_text(
    open_app: Callable[..., ReviewApp], tmp_path: Path, has_text: bool
) -> None:
    texts = [True, False, False, True, False, False, has_text]
    session = ready(open_app([write_page(tmp_path / f"{n}.dcm", uid=n, text=text) for n, text in enumerate(texts, 1)]))
    for text in texts[:-1]:
        finish(session, BOX if text else None)
    found = suggested(session)
    assert len(found) == has_text
    assert all(rect["reason"].startswith("the image shows text here") for rect in found)
