"""What the policy of a release keeps is outlined on the page and never black; what is black there is written black."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from dcmaudit.cli import main
from dcmaudit.detect.ocr import ENGINES
from dcmaudit.detect.pii.kinds import kinds_of
from dcmaudit.model import Box, FrameAddress, Keep, Origin, Region, Verdict
from dcmaudit.pipeline.release import load_policy
from dcmaudit.pipeline.release.stored import KeptReadings
from dcmaudit.store import NewRect, OcrEngine, open_store
from support.apps import do, make_app, paint, ready, services_of
from support.house import House

ALL = 'eyes = "all"\n'


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A file with a setting and a name, read by ocr into the database."""
    house = House(tmp_path)
    house.add("a.dcm", ("120 kVp", 20, 60), ("MEYER HANS", 20, 120))
    house.policy.write_text(ALL)
    assert main(["ocr", str(house.inputs), "--db", str(house.db), "-j", "1", "-q"]) == 0
    return house


def keeps(house: House, text: str = ALL) -> KeptReadings:
    path = house.folder / "seen.toml"
    path.write_text(text)
    return KeptReadings(load_policy(path, engines=frozenset(ENGINES), needs_eyes=False))


def finished(house: House, policy: KeptReadings | None) -> list[dict[str, Any]]:
    """Look at the file on the page and finish it: the rectangles as they were on the screen."""
    app = make_app(house.db, [house.inputs], keeps=policy, chosen={"ignore-done": False})
    try:
        session = ready(app)
        paint(session)
        rects = [dict(rect) for rect in app.state(session)["rects"]]
        do(session, "done-next")
        assert session.worklist is not None
    finally:
        app.close()
    return rects


def is_black(house: House, rect: dict[str, Any]) -> bool:
    (record,) = house.records()
    left, top, right, bottom = rect["box"]
    return not dcmread(house.out / record["output"]).pixel_array[top:bottom, left:right].any()


def test_what_is_kept_is_outlined_and_the_release_leaves_it(house: House) -> None:
    rects = finished(house, keeps(house))
    kept = {rect["text"]: rect for rect in rects if "kept" in rect}
    assert [(rect["kept"], rect["applied"], rect["highlighted"]) for rect in kept.values()] == [
        ("measurement or setting", False, True)
    ]
    black = [rect for rect in rects if rect["applied"]]
    assert len(black) == len(rects) - 1
    assert house.run() == 0
    assert all(is_black(house, rect) for rect in black)
    assert not any(is_black(house, rect) for rect in kept.values())


def test_what_was_black_when_the_file_was_finished_is_written_black(house: House) -> None:
    """Without the policy, or with one that keeps less, the person saw black places: they are those that are written."""
    for policy in (None, keeps(house, ALL + '[black]\nkeep = ["label"]\n')):
        rects = finished(house, policy)
        assert [rect["applied"] for rect in rects] == [True] * len(rects)
        assert house.again() == 0
        assert all(is_black(house, rect) for rect in rects)


def test_what_is_stored_after_the_file_was_finished_is_written_black(house: House) -> None:
    """Accepted on a page without the policy it was black there, and by a later ocr nobody has seen it."""
    (kept,) = [rect for rect in finished(house, keeps(house)) if "kept" in rect]
    left, top, right, bottom = kept["box"]
    box = Box(left - 1, top - 1, right, bottom)
    with open_store(house.db, user="ben") as store:
        reading = NewRect(box, FrameAddress(0), engine=OcrEngine.LINES, text="100 kVp", verdict=Verdict.HARMLESS)
        store.add_rects(str(house.inputs / "a.dcm"), [reading])
    assert house.run() == 0
    assert is_black(house, kept)


def test_rectangles_of_people_are_never_kept(house: House) -> None:
    policy = keeps(house)
    app = make_app(house.db, [house.inputs], keeps=policy)
    try:
        session = ready(app)
        (reading,) = [rect for rect in app.state(session)["rects"] if "kept" in rect]
        do(session, "mark", box=reading["box"])
        rects = app.state(session)["rects"]
        paint(session)
        do(session, "done-next")
    finally:
        app.close()
    mine = [rect for rect in rects if rect["applied"] and rect["box"] == reading["box"]]
    assert len(mine) == 1
    assert house.run() == 0
    assert is_black(house, mine[0])


@pytest.mark.parametrize("command", ["copy-forwards", "mark-all-frames", "accept-frames"])
def test_a_suggestion_that_a_person_takes_to_all_frames_is_never_kept(house: House, command: str) -> None:
    app = make_app(house.db, [house.inputs], keeps=keeps(house))
    try:
        session = ready(app)
        region = Region(Box(10, 10, 40, 18), FrameAddress(0), Origin.OCR, "read", "80 kVp", Verdict.HARMLESS)
        services_of(session).suggestions.replace_read(session.opened(), FrameAddress(0), [region])
        (offered,) = [rect for rect in app.state(session)["rects"] if not rect["stored"]]
        do(session, command, id=offered["id"])
        (made,) = [rect for rect in app.state(session)["rects"] if rect["box"] == [10, 10, 40, 18] and rect["stored"]]
    finally:
        app.close()
    assert "kept" not in made
    assert made["applied"]


def test_kinds_are_told_from_lines_alone() -> None:
    boxes = [Box(10, 20 * place, 60, 20 * place + 12) for place in range(6)]
    assert kinds_of(["L", "120 kVp", "Depth", "Ward 7", "12", ""], boxes) == [
        Keep.MARKER, Keep.MEASUREMENT, Keep.LABEL, None, Keep.SCALE, None,
    ]  # fmt: skip


def test_a_faulty_policy_ends_the_reviewer_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('eyes = "all"\n[black]\nkeep = ["names"]\n')
    assert main(["--policy", str(path), "--db", str(tmp_path), "--no-browser", "-i", str(tmp_path)]) == 2
    assert "line 3 column 1" in capsys.readouterr().err
