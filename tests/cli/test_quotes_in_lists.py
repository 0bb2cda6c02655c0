"""A quote that is not closed in a list would take the lines below it for one field: they are never passed over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dcmaudit.cli import pairs, rectangles, score
from dcmaudit.errors import ListError
from dcmaudit.sources import NameList, samplelist
from dcmaudit.sources.csvlist import csv_names
from dcmaudit.sources.s3.uids import UidList

SAMPLE = ",".join(samplelist.COLUMNS)
LISTS: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "inputs": ("filename,note", "/a.dcm", lambda path: list(csv_names(str(path)))),
    "rectangles": (
        ",".join((*rectangles.COLUMNS, "note")), "/a.dcm,0,-1,1,1,5,5", lambda path: list(rectangles.read_csv(path)),
    ),
    "pairs": ("before,after,note", "/a.dcm,/b.dcm", lambda path: pairs.of_list(NameList(str(path), "the list"))),
    "new UIDs": ("id_old,id_new,note", "1.2,1.3", score._uids),
    "sample": (f"{SAMPLE},note", "/a.dcm,1.2,CT,3,0", samplelist.rows_of),
    "series": ("StudyInstanceUID,SeriesInstanceUID,note", "1.2,1.3", lambda path: list(UidList(str(path)).rows())),
}  # fmt: skip


@pytest.mark.parametrize("kind", LISTS)
def test_a_quote_that_is_not_closed_is_refused(kind: str, tmp_path: Path) -> None:
    titles, line, read = LISTS[kind]
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    # A sample has each series once.
    other = "/b.dcm,1.4,CT,3,0" if kind == "sample" else line
    good.write_text(f"{titles}\n" + f"{line},seen\n{other},\n")
    read(good)
    bad.write_text(f'{titles}\n{line},"seen\n{other},\n')
    with pytest.raises(ListError):
        read(bad)


def test_pairs_with_a_column_twice_are_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("before,after,After\n/a.dcm,/b.dcm,/c.dcm\n")
    with pytest.raises(ListError, match="twice"):
        pairs.of_list(NameList(str(tmp_path / "list.csv"), "the list"))
