"""Files an hour: breaks do not count, a series counts for all of its files."""

from __future__ import annotations

from dcmaudit.review import Session
from dcmaudit.review.state.pace import BREAK, Pace
from support.apps import do, state


def test_the_pace_of_the_last_files() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    for _file in range(3):
        assert pace.per_hour() is None
        now[0] += 30
        pace.note()
    assert pace.per_hour() == 120
    now[0] += BREAK + 1  # lunch
    pace.note()
    assert pace.per_hour() == 120
    now[0] += 90
    pace.note(27)
    assert pace.per_hour() == 600


def test_one_decision_for_several_files_is_a_pace_already() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    now[0] += 60
    pace.note(2)
    assert pace.per_hour() is None
    now[0] += 60
    pace.note(9)
    assert pace.per_hour() == 330


def test_a_file_that_is_finished_twice_counts_once(session: Session) -> None:
    for _time in range(4):
        do(session, "tag")
    assert state(session)["worklist"]["per_hour"] is None
    for _file in range(2):
        do(session, "done-next", confirm=True)
    assert len(session.pace._steps) == 2
