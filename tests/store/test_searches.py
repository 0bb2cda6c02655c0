"""What searches for text found: kept for the same content and the same way to search, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.errors import StoreReadOnlyError
from dcmaudit.model import Box, DeviceFacts, FrameAddress, Identity, Origin, OverlayAddress, Region, Verdict
from dcmaudit.model.searches import FileSearch, PlaneSearch, SearchFor
from dcmaudit.store import Store, TagChange
from support.stores import Opener

DEVICE = DeviceFacts("US", ("ORIGINAL",), "M", None, 4, 4)
OF = SearchFor(1234, 5678, "weights")


def region(plane: int, words: str | None = "MERRIWEATHER", verdict: Verdict = Verdict.IDENTIFYING) -> Region:
    return Region(Box(1, 2, 30, 9), FrameAddress(plane), Origin.OCR, "a name of the header", words, verdict, 0.75)


PLANES = [
    PlaneSearch(
        FrameAddress(0), (region(0), region(0, "é\U0001f600")), (region(0, None, Verdict.UNKNOWN),), True, "1.2.3"
    ),
    PlaneSearch(FrameAddress(3)),
    PlaneSearch(OverlayAddress(0x6002, 1)),
]
FILE = FileSearch(7, 2, 0.9, "f3", (Box(0, 0, 5, 5),), ("f3", "o6000.1"), "1.2.4")


def test_what_was_found_comes_back_as_it_was_with_time_and_user(store: Store) -> None:
    store.put_searches("/a.dcm", OF, [*PLANES, FILE])
    kept = store.searches("/a.dcm", OF)
    assert [each.search for each in kept] == PLANES
    assert {each.by for each in kept} == {"tester"}
    assert datetime.now(UTC) - kept[0].at < timedelta(hours=1)
    whole = store.file_search("/a.dcm", OF)
    assert whole is not None and whole.search == FILE
    assert store.searches("/b.dcm", OF) == [] and store.file_search("/b.dcm", OF) is None


@pytest.mark.parametrize(
    "other", [replace(OF, size=1235), replace(OF, modified_ns=5679), replace(OF, method="others")], ids=repr
)
def test_nothing_counts_for_another_content_or_another_way_to_search(store: Store, other: SearchFor) -> None:
    store.put_searches("/a.dcm", OF, [*PLANES, FILE])
    assert store.searches("/a.dcm", other) == []
    assert store.file_search("/a.dcm", other) is None


def test_the_next_search_of_a_plane_takes_the_place_of_the_former_one(store: Store) -> None:
    store.put_searches("/a.dcm", OF, [*PLANES, FILE])
    store.put_searches("/a.dcm", OF, [PlaneSearch(FrameAddress(0))])
    newer = replace(OF, method="newer")
    store.put_searches("/a.dcm", newer, [FileSearch(7)])
    assert sorted(each.search.part for each in store.searches("/a.dcm", OF)) == ["f0", "f3", "o6002.1"]
    assert PlaneSearch(FrameAddress(0)) in [each.search for each in store.searches("/a.dcm", OF)]
    assert store.file_search("/a.dcm", OF) is None
    assert store.info().searched == (3, 1)


@pytest.mark.parametrize(
    "change",
    [
        "contents = replace(contents, 'f3', 'f4')",
        "contents = '{}'",
        "contents = '['",
        "method = 'weights', size = 1234, part = 'f9' WHERE part = 'f3'",
        "found_at = 'long ago'",
    ],
)
def test_a_row_that_was_changed_behind_our_back_counts_for_nothing(store: Store, change: str) -> None:
    store.put_searches("/a.dcm", OF, [*PLANES[1:2], FILE])
    with store._database.writing() as session:
        session.connection.exec_driver_sql(f"UPDATE dcmaudit_searches SET {change}")  # noqa: S608
    left = [each.search.part for each in store.searches("/a.dcm", OF)]
    assert left == [] or ("replace" in change and left == ["f3"])
    if "part" not in change:
        assert store.file_search("/a.dcm", OF) is None


def test_they_are_no_marks(store: Store) -> None:
    store.put_searches("/a.dcm", OF, [*PLANES, FILE])
    assert store.rects("/a.dcm") == [] and list(store.filenames()) == []
    assert store.info().files == 0


def test_they_move_with_the_marks_of_their_file(store: Store) -> None:
    store.finish("/a.dcm", DEVICE, change=TagChange(comment="c"))
    store.put_identity("/a.dcm", Identity("1.2", "d"))
    store.put_searches("/a.dcm", OF, [*PLANES, FILE])
    store.put_searches("/new.dcm", OF, [PlaneSearch(FrameAddress(0))])
    store.adopt("/new.dcm", Identity("1.2", "d"))
    assert [each.search for each in store.searches("/new.dcm", OF)] == PLANES
    assert store.file_search("/new.dcm", OF) is not None and store.searches("/a.dcm", OF) == []


def test_two_people_who_looked_at_other_planes_of_a_file_are_put_together(
    store: Store, tmp_path: Path, opener: Opener
) -> None:
    other = opener(tmp_path / "other", user="somebody")
    store.put_searches("/a.dcm", OF, PLANES[:2])
    other.put_searches("/a.dcm", OF, [PlaneSearch(FrameAddress(3), (region(3),)), PLANES[2], FILE])
    other.finish("/a.dcm", DEVICE, change=TagChange(comment="c"))
    assert [(one.taken, one.contradiction) for one in store.merge_from(other)] == [(True, None)]
    found = {each.search.part: each for each in store.searches("/a.dcm", OF)}
    assert [found[each.part].search for each in PLANES] == PLANES
    assert (found["o6002.1"].by, found["f3"].by) == ("somebody", "tester")
    assert store.file_search("/a.dcm", OF) is not None and store.tag("/a.dcm") is not None
    assert [one.taken for one in store.merge_from(other)] == [False]


def test_recognised_text_is_forgotten_and_the_places_stay(store: Store) -> None:
    store.put_searches("/a.dcm", OF, [*PLANES, FILE])
    store.put_searches("/b.dcm", OF, PLANES)
    assert store.forget_text(["/a.dcm"], before=datetime.now(UTC) - timedelta(days=1)).texts == 0
    assert store.forget_text(["/a.dcm"]).texts == 2
    first = next(each.search for each in store.searches("/a.dcm", OF) if each.search.part == "f0")
    assert isinstance(first, PlaneSearch) and first.is_form
    assert [(each.text, each.box) for each in first.found] == [(None, Box(1, 2, 30, 9))] * 2
    assert next(each.search for each in store.searches("/b.dcm", OF)) == PLANES[0]
    with store._database.writing() as session:
        session.connection.exec_driver_sql("UPDATE dcmaudit_searches SET digest = '' WHERE filename = '/b.dcm'")
    assert store.forget_text(None).texts == 3, "what nobody understands may hold text"
    with store._database.reading() as session:
        rows = session.rows("SELECT filename, contents FROM dcmaudit_searches", {})
    assert {name for name, _ in rows} == {"/a.dcm"}
    assert not any("MERRI" in contents for _, contents in rows)


def test_who_only_reads_keeps_nothing_and_a_database_of_before_has_none(tmp_path: Path, opener: Opener) -> None:
    opener(tmp_path).finish("/a.dcm", DEVICE, change=TagChange(comment="c"))
    reader = opener(tmp_path, read_only=True)
    with pytest.raises(StoreReadOnlyError):
        reader.put_searches("/a.dcm", OF, PLANES)
    writer = opener(tmp_path)
    with writer._database.writing() as session:
        session.connection.exec_driver_sql("DROP TABLE dcmaudit_searches")
        session.connection.exec_driver_sql("UPDATE dcmaudit_version SET version_num = '0011'")
    older = opener(tmp_path, read_only=True)
    assert older.searches("/a.dcm", OF) == [] and older.file_search("/a.dcm", OF) is None
    assert older.info().searched == (0, 0)


def test_db_info_counts_them(tmp_path: Path, opener: Opener, capsys: pytest.CaptureFixture[str]) -> None:
    store = opener(tmp_path)
    store.put_searches("/a.dcm", OF, [*PLANES, FILE])
    store.close()
    assert main(["db", "info", "--db", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "3 planes read, 1 file looked at among others of their kind" in out


def test_a_million_rows_cost_a_file_no_more_than_a_few(tmp_path: Path, opener: Opener) -> None:
    store = opener(tmp_path)
    store.put_searches("/0000.dcm", OF, PLANES)
    with store._database.writing() as session:
        session.connection.exec_driver_sql(
            "INSERT INTO dcmaudit_searches (filename, part, method, size, modified_ns, contents, digest, found_at,"
            " found_by) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
            "SELECT '/' || (i / 100) || '.dcm', 'f' || (i % 100), 'w', 1, 1, '{}', '', '2026-01-01', 'x' FROM n"
        )
    with store._database.reading() as session:
        asked = _steps(session, lambda: session.rows(
            "SELECT * FROM dcmaudit_searches WHERE filename = '/5000.dcm' AND part <> 'file'", {}
        ))  # fmt: skip
    assert asked < 10, "thousands of steps of SQLite's machine, where a million rows take thousands"
    assert len(store.searches("/0000.dcm", OF)) == 3
    assert store.info().searched == (1_000_003, 0)


def _steps(session: object, ask: Callable[[], object]) -> int:
    """How often SQLite has gone a thousand steps meanwhile."""
    raw = session.connection.connection.driver_connection  # type: ignore[attr-defined]
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    raw.set_progress_handler(step, 1000)
    try:
        ask()
    finally:
        raw.set_progress_handler(None, 0)
    return count
