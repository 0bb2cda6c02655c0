from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dcmaudit.errors import StoreError
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, IconAddress, OverlayAddress, ReviewState, Verdict
from dcmaudit.store import NerEngine, NewRect, OcrEngine, Store, TagChange
from support.corpus import shared_compat
from support.originals import make_original
from support.stores import Opener

NAME = "dcmaudit.sqlite.db"


@pytest.fixture
def compat(tmp_path: Path) -> Path:
    """A folder with a writable copy of the original tool's database."""
    folder = tmp_path / "compat"
    folder.mkdir()
    shutil.copyfile(shared_compat() / NAME, folder / NAME)
    return folder


def text_of(name: str) -> str:
    return (shared_compat() / name).read_bytes().decode("utf-8")


def written(store: Store, what: str) -> str:
    out = io.StringIO(newline="")
    getattr(store, what)(out)
    return out.getvalue()


@pytest.mark.parametrize("read_only", [True, False])
def test_reading_changes_no_byte_and_makes_no_file(compat: Path, opener: Opener, *, read_only: bool) -> None:
    before = (compat / NAME).read_bytes()
    store = opener(compat, read_only=read_only)
    assert len(list(store.filenames())) == 8
    assert store.rects("/archive/burned-in-text-test.dcm")
    assert store.tag("/archive/burned-in-text-test.dcm")
    assert store.seen("x") == []
    assert store.preferences() == {}
    assert list(store.history()) == []
    assert store.identity("x") is None
    assert store.info().version is None
    store.close()
    assert (compat / NAME).read_bytes() == before
    assert [path.name for path in compat.iterdir()] == [NAME]


def test_the_dump_is_that_of_the_original(compat: Path, opener: Opener) -> None:
    dumped = written(opener(compat), "dump_json")
    assert json.loads(dumped) == json.loads(text_of("dump_database.json"))
    assert dumped == text_of("dump_database.json")


@pytest.mark.parametrize("what", ["export_rects", "export_tags"])
def test_the_exports_are_those_of_the_original_byte_by_byte(compat: Path, opener: Opener, what: str) -> None:
    assert written(opener(compat), what) == text_of(f"{what}.csv")


def test_every_row_of_the_original_is_understood(compat: Path, opener: Opener) -> None:
    store = opener(compat)
    rows = [row for name in store.filenames() for row in store.rects(name)]
    assert len(rows) == 17
    assert [row.problem for row in rows if row.problem] == []
    by_id = {row.id: row for row in rows}
    assert by_id["r9"].is_summary
    assert by_id["r9"].scope is Everywhere.ALL_PLANES
    assert (by_id["r10"].engine, by_id["r10"].ner) == (OcrEngine.TESSERACT, NerEngine.SPACY)
    assert (by_id["r10"].verdict, by_id["r2"].verdict) == (Verdict.IDENTIFYING, Verdict.HARMLESS)
    assert (by_id["r3"].engine, by_id["r3"].ner) == (OcrEngine.ULTRASOUND, 0)
    assert by_id["r11"].box == Box(0, 0, 512, 512)
    assert by_id["r13"].scope == OverlayAddress(0x6010, 0)
    assert by_id["r14"].scope == OverlayAddress(0x6000, 2)
    assert (by_id["r16"].scope, by_id["r16"].box) == (Everywhere.ALL_PLANES, Box(0, 0, 800, 31))
    assert by_id["r17"].filename == 'relative/path with, comma "quote" é.dcm'
    assert by_id["r17"].text == 'Ünïcode, "text"\nline2'


def test_states_of_the_original_are_those_of_the_guide(compat: Path, opener: Opener) -> None:
    states = opener(compat).states(["/archive/US-YBR_FULL_422-EVRLE.dcm", "/archive/mf_image_mf_overlay.dcm",
                                    'relative/path with, comma "quote" é.dcm', "/archive/none.dcm"])  # fmt: skip
    assert list(states.values()) == [
        ReviewState.TAGGED, ReviewState.DONE, ReviewState.IN_WORK, ReviewState.NOT_REVIEWED,
    ]  # fmt: skip


def test_the_first_write_leaves_the_two_tables_as_they_were(compat: Path, opener: Opener) -> None:
    def shape_and_rows() -> list[object]:
        with closing(sqlite3.connect(compat / NAME)) as raw, raw:
            found: list[object] = list(
                raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name LIKE 'Dicom%'")
            )
            found += raw.execute("SELECT * FROM DicomRects WHERE id <= 17")
            found += raw.execute("SELECT * FROM DicomTags WHERE id <= 7")
        raw.close()
        return found

    before = shape_and_rows()
    store = opener(compat)
    assert store.add_rects("/new.dcm", [NewRect(Box(0, 0, 2, 2), IconAddress(0))]) == ["x1"]
    store.close()
    assert shape_and_rows() == before
    assert sorted(path.suffix for path in compat.iterdir()) == [".db"], "no description of tables that we did not make"


def test_rows_that_we_write_have_the_types_of_the_original(compat: Path, opener: Opener) -> None:
    store = opener(compat)
    store.add_rects("/new.dcm", [NewRect(Box(30, 10, 41, 21), OverlayAddress(0x6010, 0))])
    store.finish(
        "/new.dcm", DeviceFacts("XA", ("DERIVED", "é"), "DLX", None, 5, 6), change=TagChange(marked=True, comment="")
    )
    store.close()
    raw = sqlite3.connect(compat / NAME)
    types = "SELECT {} FROM {} WHERE id IN (?, ?) ORDER BY id"
    for table, ids, skip in (("DicomRects", (13, 18), {"id", "filename"}), ("DicomTags", (4, 8), {"id", "filename"})):
        columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})") if row[1] not in skip]
        theirs, ours = raw.execute(types.format(", ".join(f'typeof("{c}")' for c in columns), table), ids)
        assert ours == theirs
    theirs, ours = raw.execute("SELECT top, bottom, left, right, frame, overlay, ocrengine, ocrtext, nerengine, nerpii "
                               "FROM DicomRects WHERE id IN (13, 18)")  # fmt: skip
    assert ours == theirs
    mark, image_type, modified = raw.execute(
        "SELECT mark, imagetype, last_modified FROM DicomTags WHERE id = 8"
    ).fetchone()
    raw.close()
    assert (mark, image_type) == ("T", '["DERIVED", "\\u00e9"]')
    assert len(modified) == 19
    assert modified[10] == " "


def test_deprecated_columns_are_kept_through_removal_and_return(tmp_path: Path, opener: Opener) -> None:
    row = {"source": "easyocr", "ocr": "OLD TEXT", "ispii": 1, "sourcepii": "spacy", "ocrengine": None, "nerpii": None}
    path = make_original(tmp_path / NAME, [row], old_columns=True)
    store = opener(path)
    (found,) = store.rects("/archive/a.dcm")
    assert (found.box, found.engine, found.verdict, found.problem) == (
        Box(3, 1, 5, 3),
        OcrEngine.NONE,
        Verdict.UNKNOWN,
        None,
    )
    assert store.info().old_columns == ("source", "ocr", "ispii", "sourcepii")
    store.restore_rects(store.remove_rects([found.id]))
    store.close()
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT source, ocr, ispii, sourcepii, ocrengine FROM DicomRects").fetchall() == [
        ("easyocr", "OLD TEXT", 1, "spacy", None)
    ]
    raw.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"top": 9, "bottom": 2}, "wrong way round"),
        ({"left": -3}, "left of or above 0"),
        ({"left": None}, "left is empty"),
        ({"right": "wide"}, "right is a str"),
        ({"overlay": 300}, "overlay 300"),
        ({"overlay": -2}, "overlay -2"),
        ({"frame": -1, "overlay": 3}, "frame -1, overlay 3"),
        ({"frame": None}, "frame is empty"),
        ({"frame": -7}, "frame -7"),
        ({"top": 2.5}, "top is a float"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named_and_not_dropped(
    tmp_path: Path, opener: Opener, change: dict[str, object], words: str
) -> None:
    store = opener(make_original(tmp_path / NAME, [{**change, "ocrtext": "SECRET"}, {}]))
    bad, good = store.rects("/archive/a.dcm")
    assert (bad.box, bad.scope, bad.is_summary, bad.text) == (None, None, False, "SECRET")
    assert bad.problem is not None
    assert words in bad.problem
    assert "SECRET" not in bad.problem
    assert good.problem is None
    assert store.info().problems == 1
    (name,) = change.keys() & {"left"} or list(change)[:1]
    assert json.loads(written(store, "dump_json"))["rects"][0][name] == change[name]
    exported = next(csv.DictReader(io.StringIO(written(store, "export_rects"))))[name]
    assert exported == ("" if change[name] is None else str(change[name]))
    store.restore_rects(store.remove_rects([bad.id]))
    assert store.rects("/archive/a.dcm")[0] == bad


def test_python_lists_of_old_databases_are_read_and_match(tmp_path: Path, opener: Opener) -> None:
    old = {"imagetype": "['DERIVED', 'PRIMARY', '']"}
    store = opener(make_original(tmp_path / NAME, [{}], [old]))
    tag = store.tag("/archive/a.dcm")
    assert tag is not None
    assert tag.device.image_type == ("DERIVED", "PRIMARY", "")
    assert json.loads(written(store, "dump_json"))["tags"][0]["ImageType"] == ["DERIVED", "PRIMARY", ""]
    assert '"[""DERIVED"", ""PRIMARY"", """"]"' in written(store, "export_tags")
    found = store.similar("/other.dcm", tag.device, FrameAddress(0))
    assert [region.box for region in found] == [Box(3, 1, 5, 3)]


@pytest.mark.parametrize("junk", [None, "", "not a list", "{}", "3", "__import__('os')", "[" * 5000])
def test_an_image_type_that_is_no_list_is_shown_as_it_is(tmp_path: Path, opener: Opener, junk: str | None) -> None:
    store = opener(make_original(tmp_path / NAME, [], [{"imagetype": junk}]))
    tag = store.tag("/archive/a.dcm")
    assert tag is not None
    assert tag.device.image_type is None
    assert json.loads(written(store, "dump_json"))["tags"][0]["ImageType"] == junk


@pytest.mark.parametrize(
    ("mark", "state", "dumped"),
    [
        ("F", ReviewState.DONE, False),
        ("T", ReviewState.TAGGED, True),
        (None, ReviewState.DONE, None),
        ("?", ReviewState.TAGGED, "?"),
    ],
)
def test_marks_are_read_on_the_safe_side(
    tmp_path: Path, opener: Opener, mark: str | None, state: ReviewState, dumped: object
) -> None:
    store = opener(make_original(tmp_path / NAME, [], [{"mark": mark}]))
    assert store.states(["/archive/a.dcm"]) == {"/archive/a.dcm": state}
    assert json.loads(written(store, "dump_json"))["tags"][0]["mark"] == dumped


def test_rows_full_of_nothing_are_read(tmp_path: Path, opener: Opener) -> None:
    nothing = dict.fromkeys(("ocrtext", "nerengine", "nerpii", "ocrengine", "last_modified", "last_modified_by"))
    empty = dict.fromkeys(("modality", "manufacturermodelname", "rows", "columns", "burnedinannotation"))
    store = opener(make_original(tmp_path / NAME, [nothing, {"filename": None}], [empty, {"filename": None}]))
    (row,) = store.rects("/archive/a.dcm")
    assert (row.text, row.modified, row.modified_by, row.ner) == (None, None, None, NerEngine.NONE)
    assert list(store.filenames()) == ["/archive/a.dcm"]
    tag = store.tag("/archive/a.dcm")
    assert tag is not None
    assert tag.device == DeviceFacts(image_type=("DERIVED", "PRIMARY"))
    assert ",," in written(store, "export_tags")


def test_bytes_that_are_no_text_do_not_hide_the_row(tmp_path: Path, opener: Opener) -> None:
    path = make_original(tmp_path / NAME, [{}])
    raw = sqlite3.connect(path)
    raw.execute("UPDATE DicomRects SET ocrtext = CAST(x'41E942' AS TEXT)")
    raw.commit()
    raw.close()
    assert opener(path).rects("/archive/a.dcm")[0].text == "A\\xe9B"


def test_a_table_that_lacks_columns_is_read_and_not_written(tmp_path: Path, opener: Opener) -> None:
    path = make_original(tmp_path / NAME, [{}])
    raw = sqlite3.connect(path)
    raw.execute("ALTER TABLE DicomRects DROP COLUMN nerpii")
    raw.commit()
    raw.close()
    store = opener(path)
    assert store.rects("/archive/a.dcm")[0].verdict is Verdict.UNKNOWN
    with pytest.raises(StoreError):
        store.add_rects("/b.dcm", [NewRect(Box(0, 0, 1, 1), FrameAddress(0))])
    assert store.rects("/b.dcm") == []
