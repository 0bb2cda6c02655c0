"""``dcmaudit db import``: lists of marks become rows of the database, and what does not is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.model import (
    Box,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    IconAddress,
    OverlayAddress,
    StrayBitAddress,
    Verdict,
)
from dcmaudit.store import NerEngine, NewRect, OcrEngine, Store, TagChange, open_store
from support.corpus import shared_compat
from support.files import dataset, file_bytes, gradient

DEVICE = DeviceFacts("US", ("ORIGINAL", "PRIMARY"), "MADE UP 1", None, 24, 32)
TITLES = "filename,frame,overlay,left,top,right,bottom"


def run(database: Path, *words: str | Path) -> int:
    return main(["--db", str(database), "--user", "importer", "db", *map(str, words)])


def opened(database: Path) -> Store:
    return open_store(database, user="reader", read_only=True)


def lines(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return [row[1:] for row in csv.reader(stream)]


def marked(database: Path) -> None:
    with open_store(database, user="anna") as store:
        rects = [
            NewRect(Box(1, 2, 8, 9), FrameAddress(3)),
            NewRect(Box(1, 2, 8, 9), OverlayAddress(0x6010, 1), OcrEngine.TESSERACT, " DOE ", NerEngine.HEADER,
                    Verdict.IDENTIFYING),
            NewRect(Box(0, 0, 4, 4), Everywhere.ALL_PLANES),
            NewRect(Box(0, 0, 4, 4), Everywhere.ALL_OVERLAYS),
            NewRect(Box(0, 0, 4, 4), Everywhere.ALL_FRAMES, frames=3),
            NewRect(Box(0, 0, 4, 4), StrayBitAddress(12, 0)),
            NewRect(Box(0, 0, 4, 4), IconAddress(0)),
            NewRect(None, FrameAddress(3), OcrEngine.TESSERACT, "DOE JANE"),
        ]  # fmt: skip
        store.add_rects("/archive/a.dcm", rects)
        store.finish("/archive/a.dcm", DEVICE, change=TagChange(marked=True, comment='twice, "please"\nand é '))
        store.mark_done("/archive/b.dcm", DEVICE)


def test_an_export_taken_in_elsewhere_is_the_same_export_again(tmp_path: Path) -> None:
    marked(tmp_path / "one")
    assert run(tmp_path / "one", "export", tmp_path / "list") == 0
    assert run(tmp_path / "two", "import", tmp_path / "list") == 0
    assert run(tmp_path / "two", "export", tmp_path / "again") == 0
    for name in ("rects.csv", "tags.csv"):
        assert sorted(lines(tmp_path / "again" / name)) == sorted(lines(tmp_path / "list" / name))
    with opened(tmp_path / "two") as store:
        assert store.tag("/archive/a.dcm").modified_by == "anna"  # type: ignore[union-attr]
        told = {(entry.by, entry.action) for entry in store.history()}
    assert told == {("importer", "rectangles imported"), ("importer", "tag imported"), ("importer", "done, imported")}


def test_a_second_import_adds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked(tmp_path / "one")
    run(tmp_path / "one", "export", tmp_path / "list")
    run(tmp_path / "two", "import", tmp_path / "list")
    capsys.readouterr()
    assert run(tmp_path / "two", "import", tmp_path / "list") == 0
    assert "0 rectangles and 0 tag rows of 0 files taken; 12 there already" in capsys.readouterr().out


def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked(tmp_path / "one")
    run(tmp_path / "one", "export", tmp_path / "list")
    capsys.readouterr()
    assert run(tmp_path / "two", "import", "--dry-run", tmp_path / "list") == 0
    assert "10 rectangles and 2 tag rows of 2 files would be taken" in capsys.readouterr().out
    assert not (tmp_path / "two").exists()


def test_exports_of_the_original_tool_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shared_compat()
    found = [folder / "export_rects.csv", folder / "export_tags.csv"]
    assert run(tmp_path / "db", "import", *found) == 1
    err = capsys.readouterr().err
    assert "export_rects.csv line 19: not taken" in err
    assert "relative name" in err
    assert err.count("not taken:") == 1
    assert run(tmp_path / "db", "export", tmp_path / "out") == 0
    mine, theirs = lines(tmp_path / "out" / "rects.csv"), lines(found[0])
    assert mine == theirs[:-1]
    assert sorted(lines(tmp_path / "out" / "tags.csv")) == sorted(lines(found[1]))


def test_lists_that_reading_wrote_are_taken_with_text_and_verdicts(tmp_path: Path) -> None:
    image = tmp_path / "a.dcm"
    image.write_bytes(file_bytes(dataset(gradient())))
    text = (
        "filename,frame,overlay,imagetype,manufacturer,burnedinannotation,ocr_engine,left,top,right,bottom,ocr_text,"
        "ner_engine,is_sensitive\r\n"
        f"{image},0,-1,ORIGINAL/PRIMARY,X,,ultrasoundregions,0,0,31,3,,,-1\r\n"
        f'{image},0,-1,ORIGINAL/PRIMARY,X,,easyocr,1,4,9,8,"DOE, JANE","spacy,en_core_web_trf",1\r\n'
        f"{image},0,-1,ORIGINAL/PRIMARY,X,,easyocr,1,10,9,14,AP ERECT,whitelist,0\r\n"
        f"{image},0,-1,ORIGINAL/PRIMARY,X,,easyocr,-1,-1,-1,-1,DOE JANE AP ERECT,,-1\r\n"
        f"{image},0,i0,ORIGINAL/PRIMARY,X,,lines,1,1,2,2,,,-1\r\n"
    )
    (tmp_path / "ocr.csv").write_text(text, newline="")
    assert run(tmp_path / "db", "import", tmp_path / "ocr.csv") == 0
    with opened(tmp_path / "db") as store:
        rows = store.rects(str(image))
    assert [int(row.engine or 0) for row in rows] == [4, 2, 2, 2, 101]
    assert [int(row.ner or 0) for row in rows] == [-1, 10, 50, -1, -1]
    assert rows[1].verdict is Verdict.IDENTIFYING
    assert rows[2].verdict is Verdict.HARMLESS
    assert rows[1].box == Box(1, 4, 10, 9)
    assert rows[3].is_summary
    assert rows[4].scope == IconAddress(0)


def test_what_our_reading_wrote_is_taken_and_does_not_pass_for_a_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "a.dcm"
    image.write_bytes(file_bytes(dataset(gradient())))
    assert main(["--db", str(tmp_path / "one"), "ocr", "--no-read", str(image)]) == 0
    run(tmp_path / "one", "export", tmp_path / "list")
    assert run(tmp_path / "two", "import", tmp_path / "list") == 0
    assert "a list cannot vouch for that" in capsys.readouterr().err
    assert main(["--db", str(tmp_path / "two"), "ocr", "--no-read", str(image)]) == 0
    assert "done before" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/a.dcm,0,-1,5,0,4,4", "holds no pixel"),
        ("/a.dcm,0,-1,-2,0,4,4", "left of or above 0"),
        ("/a.dcm,0,-1,x,0,4,4", "left is no whole number"),
        ("/a.dcm,0,-1,,0,4,4", "left is no whole number"),
        ("/a.dcm,-1,5,0,0,4,4", "is no plane"),
        ("/a.dcm,0,300,0,0,4,4", "is no plane"),
        ("/a.dcm,0,q9,0,0,4,4", "q9"),
        (",0,-1,0,0,4,4", "names no file"),
        ("/a.dcm,0,-1,0,0,4", "it has 6 fields, and there are 7 titles"),
        ("a.dcm,0,-1,0,0,4,4", "relative name"),
        ("C:\\scans\\a.dcm,0,-1,0,0,4,4", "relative name"),
        ("file:///a.dcm,0,-1,0,0,4,4", "an address that is not read here"),
        ("/a.dcm,0,-1,0.5,0,4,4", "left is no whole number"),
        ('/a.dcm,0,-1,"1,5",0,4,4', "left is no whole number"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named_and_the_others_are_taken(
    line: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "list.csv").write_text(f"{TITLES}\n/good.dcm,0,-1,0,0,4,4\n{line}\n/more.dcm,0,-1,1.0,1,4,4\n")
    assert run(tmp_path / "db", "import", tmp_path / "list.csv") == 1
    got = capsys.readouterr()
    assert "list.csv line 3: not taken: " in got.err
    assert reason in got.err
    assert "2 rectangles and 0 tag rows of 2 files taken" in got.out


def test_relative_names_are_looked_for_where_one_is_and_under_pacs_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("here", "pacs/in"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "here" / "a.dcm").touch()
    (tmp_path / "pacs" / "in" / "b.dcm").touch()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PACS_ROOT", str(tmp_path / "pacs"))
    (tmp_path / "list.csv").write_text(f"{TITLES}\na.dcm,0,-1,0,0,4,4\nin/b.dcm,0,-1,0,0,4,4\n")
    assert run(tmp_path / "db", "import", tmp_path / "list.csv") == 0
    with opened(tmp_path / "db") as store:
        assert list(store.filenames()) == [str(tmp_path / "here/a.dcm"), str(tmp_path / "pacs/in/b.dcm")]


def test_another_tag_row_is_kept_unless_it_is_to_be_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marked(tmp_path / "db")
    (tmp_path / "tags.csv").write_text(
        "filename,mark,comment\n/archive/b.dcm,True,SECRET REMARK\n/archive/c.dcm,maybe,\n"
    )
    assert run(tmp_path / "db", "import", tmp_path / "tags.csv") == 1
    err = capsys.readouterr().err
    assert "tags.csv line 2: not taken: the database has another mark or comment" in err
    assert "tags.csv line 3: not taken: mark is neither true nor false" in err
    assert "SECRET" not in err
    with opened(tmp_path / "db") as store:
        assert not store.tag("/archive/b.dcm").marked  # type: ignore[union-attr]
    assert run(tmp_path / "db", "import", "--overwrite", tmp_path / "tags.csv") == 1
    with opened(tmp_path / "db") as store:
        tag = store.tag("/archive/b.dcm")
        assert tag is not None
        assert (tag.marked, tag.comment) == (True, "SECRET REMARK")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "columns of neither list"),
        (f'{TITLES}\n/a.dcm,0,-1,0,0,4,"4\n', "quotes do not match"),
        ("", "columns of neither list"),
    ],
)
def test_a_list_that_is_none_is_refused(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.csv").write_text(text)
    assert run(tmp_path / "db", "import", tmp_path / "list.csv") == 1
    assert said in capsys.readouterr().err
    assert run(tmp_path / "db", "import", tmp_path) == 2
    assert run(tmp_path / "db", "import", tmp_path / "none.csv") == 1


def test_lists_in_utf_16_with_semicolons_as_spreadsheets_write_them(tmp_path: Path) -> None:
    text = f"{TITLES}\r\n/ä.dcm,0,-1,0,0,4,4\r\n".replace(",", ";")
    (tmp_path / "list.csv").write_bytes(text.encode("utf-16"))
    assert run(tmp_path / "db", "import", tmp_path / "list.csv") == 0
    with opened(tmp_path / "db") as store:
        assert list(store.filenames()) == ["/ä.dcm"]


@pytest.mark.parametrize(
    "titles",
    [
        f"{TITLES},frame",
        "filename,mark,comment,Mark",
        "filename,filename,mark",
        f"{TITLES},nerpii,nerPII",
        f"{TITLES},ocrtext,ocrtext",
        "filename,mark,comment,comment",
    ],
)
def test_a_list_with_a_column_twice_is_refused(titles: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.csv").write_text(f"{titles}\n/a.dcm,0,-1,0,0,4,4,3\n")
    assert run(tmp_path / "db", "import", tmp_path / "list.csv") == 1
    assert "is there twice" in capsys.readouterr().err


def test_a_list_of_both_rectangles_and_tags_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.csv").write_text(f"{TITLES},mark,comment\n/a.dcm,0,-1,0,0,4,4,True,seen\n")
    assert run(tmp_path / "db", "import", tmp_path / "list.csv") == 1
    assert "the columns of rectangles and of tags" in capsys.readouterr().err


def test_comments_of_rectangles_are_told_as_not_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.csv").write_text(f"{TITLES},comment\n/a.dcm,0,-1,0,0,4,4,seen\n")
    assert run(tmp_path / "db", "import", tmp_path / "list.csv") == 0
    assert "list.csv: 1 column of other names not used: comment" in capsys.readouterr().err


def test_text_that_is_not_utf_8_is_never_changed_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = "/good.dcm,0,-1,0,0,4,4,MÜLLER\n".encode()
    (tmp_path / "list.csv").write_bytes(f"{TITLES},ocrtext\n".encode() + b"/a.dcm,0,-1,0,0,4,4,M\xdcLLER\n" + good)
    (tmp_path / "tags.csv").write_bytes(b"filename,mark,comment\n/a.dcm,True,M\xdcLLER\n")
    assert run(tmp_path / "db", "import", tmp_path / "list.csv", tmp_path / "tags.csv") == 1
    err = capsys.readouterr().err
    assert "list.csv line 2: not taken: its text is not UTF-8" in err
    assert "tags.csv line 2: not taken: its text is not UTF-8" in err
    assert "LLER" not in err
    with opened(tmp_path / "db") as store:
        assert [row.text for row in store.rects("/good.dcm")] == ["MÜLLER"]
        assert list(store.filenames()) == ["/good.dcm"]


def test_columns_that_nobody_reads_and_files_that_are_not_here_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tags.csv").write_text("filename,mark,coment\n/archive/a.dcm,False,a slip of the pen\n")
    assert run(tmp_path / "db", "import", "--dry-run", tmp_path / "tags.csv") == 0
    err = capsys.readouterr().err
    assert "tags.csv: 1 column of other names not used: coment" in err
    assert "1 file is not on this machine under the name in the list" in err
    assert "slip" not in err


def test_no_column_of_an_export_or_of_a_list_of_text_is_told_as_unused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "a.dcm"
    image.write_bytes(file_bytes(dataset(gradient())))
    assert main(["--db", str(tmp_path / "one"), "ocr", "--no-read", "--csv", str(tmp_path / "o.csv"), str(image)]) == 0
    marked(tmp_path / "one")
    run(tmp_path / "one", "export", tmp_path / "list")
    capsys.readouterr()
    assert run(tmp_path / "two", "import", tmp_path / "list", tmp_path / "o.csv") == 0
    assert "not used" not in capsys.readouterr().err


def test_a_list_without_a_line_is_no_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.csv").write_text(f"{TITLES}\n")
    assert run(tmp_path / "db", "import", tmp_path / "list.csv") == 1
    assert "no line below the titles" in capsys.readouterr().err


def test_a_list_of_many_lines_of_one_file_takes_seconds_and_not_hours(tmp_path: Path) -> None:
    lines = "".join(f"/a.dcm,{n // 100},-1,0,{n % 100},9,{n % 100 + 3}\n" for n in range(20_000))
    (tmp_path / "list.csv").write_text(f"{TITLES}\n{lines}")
    counted: list[int] = []
    plain = NewRect.__eq__

    def counting(self: NewRect, other: object) -> bool:
        counted.append(1)
        return plain(self, other)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NewRect, "__eq__", counting)
        assert run(tmp_path / "db", "import", "--dry-run", tmp_path / "list.csv") == 0
    assert len(counted) < 100_000
