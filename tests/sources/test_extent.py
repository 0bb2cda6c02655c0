"""How many inputs a search will find: told on its way, without looking for anything twice."""

from __future__ import annotations

import builtins
import os
from pathlib import Path

import pytest

from dcmaudit.sources import find
from dcmaudit.sources.extent import Estimate, Extent
from support.files import dataset, file_bytes, gradient

DATA = file_bytes(dataset(gradient()))


def files(folder: Path, count: int, *, others: int = 0) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:03}.dcm").write_bytes(DATA)
    for number in range(others):
        (folder / f"{number:03}.txt").write_text("words\n")
    return folder


def estimates(extent: Extent, *names: str, recursive: bool = True) -> list[Estimate | None]:
    """The estimate after each input, and that at the end."""
    search = find(names, recursive=recursive, extent=extent)
    return [*(extent.estimate() for one in search if hasattr(one, "open")), extent.estimate()]


def test_of_one_folder_it_is_right_from_the_first_file_on_and_exact_at_the_end(tmp_path: Path) -> None:
    found = estimates(Extent(), str(files(tmp_path / "a", 40)))
    assert found == [*[Estimate(40, is_exact=False)] * 40, Estimate(40, is_exact=True)]


def test_what_is_no_dicom_is_counted_out_as_it_is_met(tmp_path: Path) -> None:
    found = estimates(Extent(), str(files(tmp_path / "a", 40, others=40)))
    assert found[-1] == Estimate(40, is_exact=True)
    half = found[20]
    assert half is not None
    assert 35 <= half.count <= 50


def test_folders_that_wait_are_taken_to_be_like_those_that_were_read(tmp_path: Path) -> None:
    for number in range(10):
        files(tmp_path / "a" / f"study {number}", 20)
    found = estimates(Extent(), str(tmp_path / "a"))
    assert found[-1] == Estimate(200, is_exact=True)
    early = found[25]
    assert early is not None
    assert not early.is_exact
    assert 120 <= early.count <= 240
    assert estimates(Extent(), str(tmp_path / "a"), recursive=False) == [Estimate(0, is_exact=True)]


def test_names_given_by_hand_count_one_each_and_folders_beside_them_more(tmp_path: Path) -> None:
    folder = files(tmp_path / "a", 12)
    names = [str(path) for path in sorted(folder.iterdir())]
    assert estimates(Extent(), *names)[0] == Estimate(12, is_exact=False)
    other = files(tmp_path / "b", 30)
    assert estimates(Extent(), *names[:3], str(other))[-1] == Estimate(33, is_exact=True)


def test_the_lines_of_a_list_are_counted_and_its_files_are_not_looked_for(tmp_path: Path) -> None:
    folder = files(tmp_path / "a", 25)
    names = tmp_path / "names.txt"
    names.write_text("".join(f"{path}\n" for path in sorted(folder.iterdir())))
    found = estimates(Extent(), str(names))
    assert found[0] == Estimate(25, is_exact=False)
    assert found[-1] == Estimate(25, is_exact=True)


def test_of_a_list_of_unknown_length_nothing_is_said_before_it_was_read(tmp_path: Path) -> None:
    from dcmaudit.model import Box, Everywhere
    from dcmaudit.store import NewRect, OcrEngine, open_store

    folder = files(tmp_path / "a", 3)
    with open_store(tmp_path / "db", user="x") as store:
        for path in folder.iterdir():
            store.add_rects(str(path), [NewRect(Box(1, 1, 9, 9), Everywhere.ALL_FRAMES, OcrEngine.LINES)])
    (database,) = (tmp_path / "db").glob("*.db")
    found = estimates(Extent(), str(database))
    assert found == [None, None, None, Estimate(3, is_exact=True)]


def test_no_folder_is_listed_and_no_file_opened_more_often_than_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        files(tmp_path / "a" / f"study {number}", 5)
    seen: list[str] = []
    listed, opened = os.scandir, builtins.open

    def scandir(path: str) -> object:
        seen.append(f"list {path}")
        return listed(path)

    def note(path: object, *more: object, **how: object) -> object:
        seen.append(f"open {path}")
        return opened(path, *more, **how)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(builtins, "open", note)
    extent = Extent()
    for _ in find([str(tmp_path / "a")], recursive=True, extent=extent):
        extent.estimate()
    assert len(seen) == len(set(seen))
