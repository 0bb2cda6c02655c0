"""Where text is likely, plane by plane, from stored findings, from what `o` found and from a detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dcmaudit.model import Box, Everywhere, FrameAddress, Origin, OverlayAddress, Region, Verdict
from dcmaudit.review import Session
from dcmaudit.store import NewRect, OcrEngine
from support.apps import do, services_of, state, store_of

BOX = Box(1, 1, 9, 9)


def _heat(session: Session) -> list[Any]:
    return [group["heat"] for group in state(session)["groups"]]


def _store(session: Session, *found: tuple[Any, Verdict]) -> None:
    file = session.opened()
    rects = [NewRect(BOX, scope, engine=OcrEngine.LINES, text="x", verdict=verdict) for scope, verdict in found]
    store_of(session).add_rects(file.name, rects)
    services_of(session).records.load(session, file)


def test_stored_findings_heat_their_planes_by_verdict(session: Session) -> None:
    assert _heat(session) == [[], [], []]
    _store(
        session,
        (FrameAddress(1), Verdict.HARMLESS),
        (FrameAddress(2), Verdict.IDENTIFYING),
        (OverlayAddress(0x6000, 0), Verdict.UNKNOWN),
    )
    assert _heat(session) == [[[1, 2, 0.3], [2, 3, 1.0]], [[0, 1, 0.7]], []]


def test_findings_on_all_frames_are_one_span(session: Session) -> None:
    _store(session, (Everywhere.ALL_FRAMES, Verdict.UNKNOWN), (FrameAddress(3), Verdict.IDENTIFYING))
    assert _heat(session) == [[[0, 3, 0.7], [3, 4, 1.0]], [], []]


def test_marks_of_people_are_no_sign_of_text(session: Session) -> None:
    do(session, "mark", box=[1, 1, 9, 9])
    session.opened().heat.clear()  # what a detector says of the picture is another matter
    assert _heat(session) == [[], [], []]
    assert state(session)["groups"][0]["marked"] == [0]


def test_a_detector_and_a_look_by_hand_heat_planes_too(session: Session) -> None:
    file = session.opened()
    file.heat[FrameAddress(3)] = 0.5
    region = Region(BOX, FrameAddress(0), Origin.OCR, "read", "x", Verdict.IDENTIFYING, 0.9)
    services_of(session).suggestions.replace_read(file, FrameAddress(0), [region])
    assert _heat(session)[0] == [[0, 1, 1.0], [3, 4, 0.5]]
    do(session, "reject-one", id=state(session)["rects"][0]["id"])
    assert _heat(session)[0] == [[3, 4, 0.5]]
    file.heat[FrameAddress(3)] = 0.75
    assert _heat(session)[0] == [[3, 4, 0.75]]


def test_rejected_candidates_are_shown_on_request_and_can_be_applied(session: Session, tmp_path: Path) -> None:
    file = session.opened()
    aside = Region(Box(20, 20, 30, 30), FrameAddress(0), Origin.OCR, "too faint to be sure", None, Verdict.UNKNOWN, 0.2)
    services_of(session).suggestions.replace_read(file, FrameAddress(0), [], rejected=[aside])
    assert state(session)["rects"] == []
    shown = do(session, "rejected")["rects"]
    assert [(rect["box"], rect["rejected"], rect["applied"]) for rect in shown] == [([20, 20, 30, 30], True, False)]
    assert do(session, "apply-all")["message"]["text"] == "There are no suggestions on this plane."
    after = do(session, "apply-one", id=shown[0]["id"])
    assert [rect["stored"] for rect in after["rects"]] == [True]
    do(session, "undo")
    assert do(session, "rejected")["rects"] == []


def test_what_a_detector_finds_unlikely_is_not_shown(session: Session) -> None:
    session.opened().change(heat={FrameAddress(1): 0.24, FrameAddress(2): 0.25})
    assert _heat(session)[0] == [[2, 3, 0.25]]
