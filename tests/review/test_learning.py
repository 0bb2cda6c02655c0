"""What was marked is suggested where it is likely next, and how suggestions fare is noted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.model import Box, FrameAddress
from dcmaudit.review import ReviewApp, Session
from support.apps import MODEL, do, paint_all, ready, services_of, settled, state, write_cine
from support.files import dataset, file_bytes

BOX = [4, 4, 40, 14]


def write_page(path: Path, *, uid: int, text: bool = True, columns: int = 128, **extra: Any) -> Path:
    """A black image with strokes in its top left corner, or without."""
    array = np.zeros((96, columns), dtype=np.uint8)
    if text:
        array[5:13, 5:39:3] = 200
    facts = {**MODEL, "SOPInstanceUID": f"1.2.826.0.1.3680043.10.9.{uid}", **extra}
    path.write_bytes(file_bytes(dataset(array, extra=facts)))
    return path


def suggested(session: Session) -> list[dict[str, Any]]:
    return [rect for rect in state(session)["rects"] if not rect["stored"]]


def finish(session: Session, box: list[int] | None = None) -> None:
    paint_all(session)
    services_of(session).files.go(session, 0)
    if box is not None:
        do(session, "mark", box=box)
    do(session, "done-next", confirm=True)


def test_a_mark_on_one_frame_is_suggested_on_the_others_at_once(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    session = ready(open_app([write_cine(tmp_path / "a.dcm")]))
    do(session, "mark", box=BOX)
    do(session, "next-frame")
    (found,) = suggested(session)
    assert (found["source"], found["box"], found["scope"]) == ("learned", BOX, "this plane")
    assert found["reason"].endswith("marked on 1 of 1 other frame of this file")
    assert found["confidence"] > 0.8
    after = do(session, "apply-one", id=found["id"])
    assert [(rect["box"], rect["stored"]) for rect in after["rects"]] == [(BOX, True)]
    assert do(session, "go-plane", key="o6000.0")["rects"] == []


def test_taking_the_mark_back_takes_the_suggestions_back(open_app: Callable[..., ReviewApp], tmp_path: Path) -> None:
    session = ready(open_app([write_cine(tmp_path / "a.dcm")]))
    do(session, "mark", box=BOX)
    do(session, "next-frame")
    assert len(suggested(session)) == 1
    do(session, "undo")
    do(session, "go-plane", key="f1")
    assert suggested(session) == []


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"SoftwareVersions": "2.0"}, "another software version"),
        ({"ImageType": ["DERIVED", "PRIMARY"]}, "another image type"),
    ],
)
def test_related_images_are_learned_from(
    open_app: Callable[..., ReviewApp], tmp_path: Path, other: dict[str, Any], words: str
) -> None:
    names = [write_page(tmp_path / f"{n}.dcm", uid=n, SoftwareVersions="1.0") for n in range(1, 6)]
    names.append(write_page(tmp_path / "z.dcm", uid=9, **{"SoftwareVersions": "1.0", **other}))
    session = ready(open_app(names))
    for _ in names[:-1]:
        settled(session)
        finish(session, BOX)
    settled(session)
    (found,) = suggested(session)
    assert found["source"] == "learned"
    assert words in found["reason"]
    assert Box(*found["box"]).contains(Box(*BOX))


def test_a_suggestion_over_nothing_says_so_and_is_left_out_of_apply_all(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    names = [write_page(tmp_path / f"{n}.dcm", uid=n, text=n < 4) for n in range(1, 5)]
    session = ready(open_app(names))
    for _ in names[:-1]:
        settled(session)
        finish(session, BOX)
    settled(session)
    (found,) = suggested(session)
    assert found["empty"]
    assert found["reason"].startswith("empty here")
    after = do(session, "apply-all")
    assert "left out" in after["message"]["text"]
    assert [rect["stored"] for rect in after["rects"]] == [False]
    after = do(session, "apply-one", id=found["id"])
    assert [rect["stored"] for rect in after["rects"]] == [True]


def test_how_suggestions_fared_is_noted_when_the_file_is_done(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    names = [write_page(tmp_path / f"{n}.dcm", uid=n) for n in range(1, 5)]
    app = open_app(names)
    session = ready(app)
    finish(session, BOX)
    settled(session)
    finish(session, BOX)
    settled(session)
    finish(session)
    fates = [[item.accepted for item in app.services.database.store.judged(str(name))] for name in names[:3]]
    assert fates == [[], [True], [False]]
    assert len(app.services.database.store.judgements()) == 2
    assert [len(item.marks) for item in app.services.database.store.examples("/new", _device(session))] == [0, 1, 1]


def test_what_was_never_looked_at_is_not_judged(open_app: Callable[..., ReviewApp], tmp_path: Path) -> None:
    names = [write_page(tmp_path / f"{n}.dcm", uid=n) for n in range(1, 3)]
    app = open_app(names)
    session = ready(app)
    finish(session, BOX)
    settled(session)
    assert suggested(session)
    do(session, "done-next", confirm=True)
    assert app.services.database.store.judged(str(names[1])) == []


def test_the_option_for_similar_images_switches_learned_rectangles_too(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    session = ready(open_app([write_cine(tmp_path / "a.dcm")]))
    do(session, "mark", box=BOX)
    do(session, "next-frame")
    assert do(session, "set-option", name="show-similar", value=False)["rects"] == []


def test_a_rectangle_of_one_frame_alone_fades_as_others_are_seen_without_it(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    session = ready(open_app([write_cine(tmp_path / "a.dcm", frames=12)]))
    do(session, "mark", box=BOX)
    paint_all(session)
    services_of(session).files.go(session, 0)
    do(session, "mark", box=[50, 30, 60, 40])
    do(session, "go-plane", key="f11")
    assert all(rect["box"] != BOX for rect in suggested(session))
    assert FrameAddress(11).key == state(session)["plane"]["key"]


def _device(session: Session) -> Any:
    facts = session.opened().facts
    assert facts is not None
    return facts.device
