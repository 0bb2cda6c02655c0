"""Records that travel between processes arrive as they were."""

from __future__ import annotations

import pickle
from copy import copy, deepcopy
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.model import Box, FrameAddress, Identity, Origin, Outcome, Result, Verdict
from dcmaudit.model.effort import Effort
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.packed import PackedRects
from dcmaudit.model.records import FileRows, Look
from dcmaudit.model.redaction import Request
from dcmaudit.model.screen import PreviewPolicy, Screen, ShownArea
from dcmaudit.model.travel import Travels
from dcmaudit.pipeline.jobs import PackedMarks, RedactionReport, RedactionTask
from dcmaudit.pipeline.readings import OcrAnswer
from dcmaudit.report.redaction_lines import ToldRedaction
from dcmaudit.sources import LocalReference

BOX, FRAME = Box(1, 2, 3, 4), FrameAddress(7)
RESULT = Result("/a/b.dcm", Outcome.PARTLY, ("a reason",))
REQUEST = Request(BOX, FRAME, Origin.STORED, "stored row r1")
SHOWN = ShownArea(BOX, FRAME, Origin.RULE)
SCREEN = Screen(next(iter(PreviewPolicy)), ("x",), (SHOWN,))
EFFORT = Effort("fast", ("engine",), ("header",), "1a", ("overlays",), True, "2b")
LOOK = Look(OcrEngine.LINES, Outcome.DONE, (), True, 3, 2, Verdict.HARMLESS, "sha256:0", 5, 6,
            datetime(2026, 1, 2, tzinfo=UTC), "b", EFFORT)  # fmt: skip
PACKED = PackedRects("/a/b.dcm", "[[1,2]]", 1, 2, "/db")
MARKS = PackedMarks(PACKED, True, True, ("a note",))
IDENTITY = Identity("1.2.3", "sha256:1")
ROWS = FileRows("/a/b.dcm", ((1, 2, "x"),), (), look=LOOK, identity=IDENTITY, size=1, modified_ns=2)
RECORDS = [
    BOX, FRAME, RESULT, REQUEST, SHOWN, SCREEN, EFFORT, LOOK, IDENTITY, ROWS, PACKED,
    MARKS,
    LocalReference("/a/b.dcm"),
    RedactionTask(LocalReference("/a/b.dcm"), (REQUEST,), ("a problem",), None, "undone", SCREEN, ("a note",), True,
                  None, MARKS),
    RedactionReport(RESULT, Path("/o/b.dcm"), ("plan",), ("note",), {"file": 1}, True, b"key", {"1": "2"}),
    ToldRedaction("/a/b.dcm", Outcome.PARTLY, ("out",), ("a word",), partly=True, instance=b"key", seal=b"seal"),
    OcrAnswer(RESULT, ROWS, "lines", ("f0",), (1, 2), None, 1, 2, 3, Verdict.UNKNOWN, b"key", ({"plane": "f0"},)),
]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_arrives_as_it_was(record: Any) -> None:
    there = pickle.loads(pickle.dumps(record))  # noqa: S301 - our own
    for arrived in (there, copy(record), deepcopy(record)):
        assert type(arrived) is type(record)
        for one in fields(record):  # also those that do not count for equality
            assert getattr(arrived, one.name) == getattr(record, one.name)


def test_every_kind_of_record_is_tried_above_and_can_be_made_of_its_fields() -> None:
    # By their names: a dataclass with slots is made twice, and the first one goes on to be known as a subclass.
    ours = [kind for kind in Travels.__subclasses__() if kind.__module__.startswith("dcmaudit.")]
    kinds = {getattr(import_module(kind.__module__), kind.__name__) for kind in ours}
    assert kinds == {type(record) for record in RECORDS}
    for kind in kinds:
        assert kind.__match_args__ == tuple(one.name for one in fields(kind))  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class _One(Travels):
    only: tuple[int, ...]


def test_a_record_of_one_field_is_no_record_of_its_values() -> None:
    assert pickle.loads(pickle.dumps(_One((1, 2)))) == _One((1, 2))  # noqa: S301 - our own
