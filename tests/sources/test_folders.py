from __future__ import annotations

import errno
import os
import threading
from itertools import islice
from pathlib import Path
from typing import Any, Self

import pytest

from dcmaudit.errors import NotDicomError
from dcmaudit.sources import Passing, find, listing
from dcmaudit.sources.ordered import natural
from support.places import found_in, names, open_to_all, passed, problems, put, without_privileges


def test_a_folder_without_recursion_names_the_subfolders_it_leaves_out(tmp_path: Path) -> None:
    put(tmp_path / "a")
    put(tmp_path / "sub" / "b")
    found = found_in(tmp_path)
    assert names(found) == [f"{tmp_path}/a"]
    assert passed(found) == [("sub", Passing.SUBFOLDER)]


def test_files_come_before_subfolders_and_both_as_people_count(tmp_path: Path) -> None:
    for name in ("s10/IM1", "s2/IM10", "s2/IM9", "s2/deep/er/x", "z", "a"):
        put(tmp_path / name)
    found = [name.removeprefix(f"{tmp_path}/") for name in names(found_in(tmp_path, recursive=True))]
    assert found == ["a", "z", "s2/IM9", "s2/IM10", "s2/deep/er/x", "s10/IM1"]


def test_hidden_files_and_folders_are_read(tmp_path: Path) -> None:
    put(tmp_path / ".hidden")
    put(tmp_path / ".folder" / ".too")
    assert len(names(found_in(tmp_path, recursive=True))) == 2


def test_what_is_no_dicom_is_passed_over_and_counted_by_reason(tmp_path: Path) -> None:
    put(tmp_path / "readme.txt", b"text")
    put(tmp_path / "nothing", b"")
    put(tmp_path / "a.tar.gz", b"\x1f\x8b\x08")
    put(tmp_path / "list.csv", b"filename\nx\n")
    assert sorted(passed(found_in(tmp_path))) == [
        ("a.tar.gz", Passing.ARCHIVE), ("list.csv", Passing.NOT_DICOM), ("nothing", Passing.EMPTY),
        ("readme.txt", Passing.NOT_DICOM),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f\x8b\x08\0",
        b"PK\x03\x04rest",
        b"SQLite format 3\0",
        b"\0" * 257 + b"ustar\0",
        b"scrambled",
        b"\0" * 4000,
    ],
)
def test_a_file_called_dcm_that_holds_none_is_a_problem(tmp_path: Path, data: bytes) -> None:
    put(tmp_path / "a.DCM", data)
    (problem,) = found_in(tmp_path)
    assert isinstance(problems([problem])[0].error, NotDicomError)


def test_the_companions_that_a_mac_leaves_are_not_broken_images(tmp_path: Path) -> None:
    put(tmp_path / "._a.dcm", b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
    assert passed(found_in(tmp_path)) == [("._a.dcm", Passing.NOT_DICOM)]


def test_links_in_a_circle_end_and_are_named(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b" / "image")
    (tmp_path / "a" / "b" / "up").symlink_to("../..")
    (tmp_path / "a" / "self").symlink_to(".")
    (tmp_path / "a" / "knot").symlink_to("knot")
    found = found_in(tmp_path, recursive=True)
    assert names(found) == [f"{tmp_path}/a/b/image"]
    assert sorted(passed(found)) == [("self", Passing.SAME_FOLDER), ("up", Passing.SAME_FOLDER)]
    (problem,) = problems(found)
    assert "circle" in problem.error.message


def test_a_link_above_the_named_folder_reads_everything_once(tmp_path: Path) -> None:
    put(tmp_path / "top" / "inside" / "a")
    put(tmp_path / "top" / "beside" / "b")
    (tmp_path / "top" / "inside" / "up").symlink_to(tmp_path / "top")
    found = found_in(tmp_path / "top" / "inside", recursive=True)
    assert sorted(Path(os.path.realpath(name)).name for name in names(found)) == ["a", "b"]


def test_a_link_to_a_folder_outside_is_followed_once(tmp_path: Path) -> None:
    put(tmp_path / "store" / "x")
    for name in ("one", "two"):
        (tmp_path / "work").mkdir(exist_ok=True)
        (tmp_path / "work" / name).symlink_to(tmp_path / "store")
    found = found_in(tmp_path / "work", recursive=True)
    assert names(found) == [f"{tmp_path}/work/one/x"]
    assert passed(found) == [("two", Passing.SAME_FOLDER)]


def test_a_folder_inside_a_named_folder_is_read_once_in_either_order(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b" / "x")
    put(tmp_path / "a" / "y")
    for order in ([tmp_path / "a", tmp_path / "a" / "b"], [tmp_path / "a" / "b", tmp_path / "a"]):
        found = found_in(*order, recursive=True)
        assert sorted(names(found)) == [f"{tmp_path}/a/b/x", f"{tmp_path}/a/y"]
        assert passed(found) == [("b", Passing.SAME_FOLDER)]


def test_a_broken_link_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to("nowhere")
    (problem,) = problems(found_in(tmp_path))
    assert problem.name.endswith("/gone")


def test_an_unreadable_folder_and_file_are_named_and_the_walk_goes_on(tmp_path: Path) -> None:
    put(tmp_path / "a" / "open")
    put(tmp_path / "b" / "x").parent.chmod(0o000)
    put(tmp_path / "c").chmod(0o000)
    open_to_all(tmp_path)
    try:
        told = without_privileges(lambda: _told(found_in(tmp_path, recursive=True)))
    finally:
        (tmp_path / "b").chmod(0o700)
    assert told == repr(["a/open", ("b", "this folder may not be listed"), ("c", "may not be read")])


def test_a_file_in_a_folder_that_may_be_entered_but_not_listed_is_still_read(tmp_path: Path) -> None:
    put(tmp_path / "secret" / "known").parent.chmod(0o711)
    open_to_all(tmp_path)
    told = without_privileges(
        lambda: _told(found_in(tmp_path, tmp_path / "secret" / "known", recursive=True)),
    )
    # Met on no walk, for the folder could not be listed: calling it a duplicate would lose it.
    assert told == repr(["known", ("secret", "this folder may not be listed")])


def test_a_link_past_a_folder_that_may_not_be_listed_is_followed(tmp_path: Path) -> None:
    put(tmp_path / "secret" / "sub" / "known")
    (tmp_path / "secret").chmod(0o711)
    (tmp_path / "link").symlink_to("secret/sub")
    open_to_all(tmp_path)
    (tmp_path / "secret").chmod(0o711)
    told = without_privileges(lambda: _told(found_in(tmp_path, recursive=True)))
    assert told == repr(["link/known", ("secret", "this folder may not be listed")])


def _told(found: list[object]) -> list[object]:
    files = [str(Path(name).name) if "secret" in name else "/".join(Path(name).parts[-2:]) for name in names(found)]
    return [*sorted(files), *sorted((Path(entry.name).name, entry.error.message) for entry in problems(found))]


def test_a_folder_of_twenty_thousand_files_comes_whole_and_in_order(tmp_path: Path) -> None:
    for number in range(20_000):
        descriptor = os.open(tmp_path / f"1.2.840.{number}", os.O_CREAT | os.O_WRONLY)
        if number % 1000 == 0:
            os.write(descriptor, b"\0" * 128 + b"DICM")
        os.close(descriptor)
    search = find([str(tmp_path)])
    assert names(islice(search, 1)) == [f"{tmp_path}/1.2.840.0"]
    rest = list(search)
    assert [int(name.rsplit(".", 1)[1]) for name in names(rest)] == list(range(1000, 20_000, 1000))
    assert len(passed(rest)) == 19_980


def test_a_folder_with_more_gives_its_first_files_before_it_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FIRST", 50)
    for number in range(300):
        put(tmp_path / f"IM{number}")
    put(tmp_path / "folder" / "image")
    met = [entry.name for entry in os.scandir(tmp_path)]
    may_go_on = threading.Event()
    fill = listing.FolderListing._list_rest

    def patiently(self: listing.FolderListing, entries: Any) -> None:
        may_go_on.wait(30)
        fill(self, entries)

    monkeypatch.setattr(listing.FolderListing, "_list_rest", patiently)
    search = find([str(tmp_path)], recursive=True)
    early = [name for name in met[:50] if name != "folder"]
    first = [Path(name).name for name in names(islice(search, len(early)))]
    assert not may_go_on.is_set()
    may_go_on.set()
    rest = [Path(name).name for name in names(search)]
    assert first == sorted(early, key=natural)
    assert rest == [*sorted(set(met) - {*early, "folder"}, key=natural), "image"]


def test_a_big_folder_that_is_left_early_leaves_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "FIRST", 5)
    for number in range(20):
        put(tmp_path / f"IM{number}")
    search = find([str(tmp_path)])
    next(search)
    search.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "dcmaudit-list"]


def test_a_listing_that_breaks_in_the_middle_is_a_problem_and_what_it_gave_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FIRST", 3)
    for number in range(9):
        put(tmp_path / f"IM{number}")
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: _Broken(scandir(folder), after=6))
    found = found_in(tmp_path)
    assert len(names(found)) == 6
    assert [problem.name for problem in problems(found)] == [str(tmp_path)]


class _Broken:
    """A folder on a disk that fails while it is being listed."""

    def __init__(self, entries: Any, after: int) -> None:
        self._entries, self._left = entries, after

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._entries.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> os.DirEntry[str]:
        if self._left == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._left -= 1
        return next(self._entries)


def test_a_very_deep_tree_is_walked(tmp_path: Path) -> None:
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(60):
            Path("d" * 30).mkdir()
            os.chdir("d" * 30)
        put(Path("image"))
    finally:
        os.chdir(here)
    assert len(names(found_in(tmp_path, recursive=True))) == 1
