"""What the database asks is the same wherever its rows are made into requests."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcmaudit.model import Box, DeviceFacts, FrameAddress, Identity, Origin, Verdict
from dcmaudit.model.records import Looked
from dcmaudit.model.redaction import Request
from dcmaudit.model.screen import PreviewPolicy, Screen, ShownArea
from dcmaudit.pipeline.asked import seal_of, task_digest
from dcmaudit.pipeline.jobs import RedactionTask
from dcmaudit.pipeline.request_sources import RequestSources
from dcmaudit.pipeline.stored_marks import unpacked
from dcmaudit.sources import LocalReference
from dcmaudit.store import NewRect, OcrEngine, Store, TagChange, blocks, open_store

NAMES = ("/done.dcm", "/work.dcm", "/summary.dcm", "/wrong.dcm", "/damaged.dcm", "/partly.dcm", "/none.dcm")
BLACK = NewRect(Box(1, 2, 9, 9), FrameAddress(0), OcrEngine.LINES, verdict=Verdict.IDENTIFYING)
HARMLESS = NewRect(Box(1, 12, 9, 19), FrameAddress(0), OcrEngine.LINES, verdict=Verdict.HARMLESS)
SUMMARY = NewRect(None, FrameAddress(0), OcrEngine.LINES)
SCREEN = Screen(PreviewPolicy.LEAVE, ("x",), (ShownArea(Box(0, 0, 2, 2), FrameAddress(0), Origin.RULE),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, user="tester") as store:
        for name in NAMES[:-1]:
            store.add_rects(name, [SUMMARY] if name == "/summary.dcm" else [BLACK, HARMLESS, SUMMARY])
            store.put_identity(name, Identity("1.2", "d"), size=3, modified_ns=4)
        looked = Looked(3, 2, 1, 0, is_searched=True)
        for name in ("/done.dcm", "/wrong.dcm", "/damaged.dcm"):
            store.finish(name, DeviceFacts("US"), change=TagChange(), screen=SCREEN, looked=looked)
        store.mark_done("/partly.dcm", DeviceFacts("US"))
        with store._database.writing() as session:
            run = session.connection.exec_driver_sql
            run('UPDATE "DicomRects" SET "right" = 0 WHERE filename = \'/wrong.dcm\' AND "top" = 2')
            run("UPDATE dcmaudit_sums_rects SET total = total + 1 WHERE filename = '/damaged.dcm'")
        yield store


def tasks(sources: RequestSources) -> list[RedactionTask]:
    return list(sources.tasks(map(LocalReference, NAMES)))


@pytest.mark.parametrize("unreviewed", [False, True])
@pytest.mark.parametrize("keeps_harmless", [False, True])
def test_requests_made_by_a_worker_are_those_that_the_parent_would_make(
    store: Store, monkeypatch: pytest.MonkeyPatch, unreviewed: bool, keeps_harmless: bool
) -> None:
    sources = RequestSources(
        (Request(Box(0, 0, 1, 1), FrameAddress(0), Origin.COMMAND, "asked"),),
        problems={"/wrong.dcm": ["of the list"]}, store=store, unreviewed=unreviewed, keeps_harmless=keeps_harmless,
        left={"/done.dcm": 2},
    )  # fmt: skip
    packed = tasks(sources)
    monkeypatch.setattr(blocks.packing, "pack", lambda *_: None)
    read = tasks(sources)
    assert {task.reference.name for task in packed if task.marks is not None} >= {"/done.dcm", "/wrong.dcm"}
    assert not any(task.marks for task in read)
    for one, other in zip(packed, read, strict=True):
        arrived = unpacked(pickle.loads(pickle.dumps(one)))  # noqa: S301 - our own
        assert arrived == other
    by_name = {task.reference.name: unpacked(task) for task in packed}
    assert any("not those that were stored" in text for text in by_name["/damaged.dcm"].problems)
    assert len(by_name["/damaged.dcm"].requests) == 1
    assert (by_name["/summary.dcm"].noted is None) == unreviewed or by_name["/summary.dcm"].undone


def test_the_seal_of_an_output_is_another_once_anything_of_a_rectangle_is(store: Store) -> None:
    sources = RequestSources(store=store, unreviewed=True)

    def seal() -> tuple[bytes, str]:
        (task,) = sources.tasks([LocalReference("/work.dcm")])
        assert task.marks is not None
        return seal_of(b"run", task, (1, 2), "/out", (3, 4)), task_digest(task)

    seals = [seal(), seal()]
    assert seals[0] == seals[1]
    for change in ('"right" = "right" + 1', "frame = 1", "nerpii = 1", "id = id + 100"):
        with store._database.writing() as session:
            session.connection.exec_driver_sql(
                f'UPDATE "DicomRects" SET {change} WHERE filename = \'/work.dcm\' AND "top" > 0'  # noqa: S608
            )
        seals.append(seal())
    store.add_rects("/work.dcm", [BLACK])
    seals.append(seal())
    assert len(set(seals)) == len(seals) - 1
