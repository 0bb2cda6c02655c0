from __future__ import annotations

import os
import shutil
import threading
from itertools import islice
from pathlib import Path

import pytest

from dcmaudit.errors import ListError, NotDicomError, SourceNotFoundError, SourceUnreadableError
from dcmaudit.sources import LocalReference, Passing, Tally, find, find_listed
from support.places import found_in, names, passed, problems, put


def test_files_come_in_the_order_in_which_they_are_named(tmp_path: Path) -> None:
    b, a = put(tmp_path / "b"), put(tmp_path / "a")
    assert names(found_in(b, a)) == [str(b), str(a)]


def test_a_relative_name_becomes_absolute_and_links_stay_as_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "real" / "a")
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    (found,) = found_in("link/a")
    assert found == LocalReference(f"{tmp_path}/link/a")
    with found.open() as stream:
        assert stream.read(132)[128:] == b"DICM"
        assert stream.seek(0) == 0


def test_a_named_file_that_is_no_dicom_is_a_problem_not_silence(tmp_path: Path) -> None:
    path = put(tmp_path / "letter.doc", b"Dear Sir")
    (problem,) = problems(found_in(path))
    assert isinstance(problem.error, NotDicomError)
    assert str(path) in str(problem)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "archive, not looked into"),
        (b"\x1f\x8b\x08", "archive"),
        (b"abc", "not DICOM"),
    ],
)
def test_each_kind_of_unusable_named_file_says_what_it_is(tmp_path: Path, data: bytes, words: str) -> None:
    (problem,) = problems(found_in(put(tmp_path / "x", data)))
    assert words in problem.error.message


def test_a_name_that_leads_nowhere_is_a_problem_and_the_others_go_on(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    found = found_in(tmp_path / "nothing", path, tmp_path / "a" / "below", "")
    assert names(found) == [str(path)]
    assert [type(problem.error) for problem in problems(found)] == [SourceNotFoundError] * 3


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    put(tmp_path / "a")
    # Opening a pipe for reading waits for a writer; the test would hang.
    found = found_in(tmp_path / "pipe", tmp_path)
    assert isinstance(problems(found)[0].error, SourceUnreadableError)
    assert passed(found) == [("pipe", Passing.SPECIAL)]
    assert len(names(found)) == 1
    with pytest.raises(SourceUnreadableError, match="pipe"):
        LocalReference.at(tmp_path / "pipe").open()


def test_a_device_is_never_opened() -> None:
    (problem,) = problems(found_in("/dev/zero"))
    assert "not a regular file" in problem.error.message


def test_wildcards_that_the_shell_left_are_expanded_in_order(tmp_path: Path) -> None:
    for name in ("b.dcm", "a.dcm", "deep/er/c.dcm", "notes.txt"):
        put(tmp_path / name, b"text" if name == "notes.txt" else None)
    assert names(found_in(f"{tmp_path}/*.dcm")) == [f"{tmp_path}/a.dcm", f"{tmp_path}/b.dcm"]
    assert names(found_in(f"{tmp_path}/**/*.dcm"))[-1] == f"{tmp_path}/deep/er/c.dcm"
    assert (("notes.txt", Passing.NOT_DICOM)) in passed(found_in(f"{tmp_path}/*"))


@pytest.mark.parametrize(
    ("pattern", "recursive", "wanted"),
    [
        ("**", False, ["a1", "a2", "a10", "s/b", "s/t/.c", "s/t/d.dcm"]),
        ("**/*", False, ["a1", "a2", "a10", "s/b", "s/t/.c", "s/t/d.dcm"]),
        ("**/t", False, ["s/t/.c", "s/t/d.dcm"]),
        ("**/s", False, ["s/b"]),
        ("**/s", True, ["s/b", "s/t/.c", "s/t/d.dcm"]),
        ("s/**/*.dcm", False, ["s/t/d.dcm"]),
        ("a?", False, ["a1", "a2"]),
        ("a*", False, ["a1", "a2", "a10"]),
        ("[st]", False, ["s/b"]),
    ],
)
def test_wildcards_match_as_in_a_shell_and_each_file_once(
    tmp_path: Path, pattern: str, wanted: list[str], *, recursive: bool
) -> None:
    for name in ("a1", "a10", "a2", "s/b", "s/t/.c", "s/t/d.dcm"):
        put(tmp_path / name)
    (tmp_path / "s" / "up").symlink_to("..")
    found = found_in(f"{tmp_path}/{pattern}", recursive=recursive)
    assert [name.removeprefix(f"{tmp_path}/") for name in names(found)] == wanted
    assert not problems(found)
    assert Passing.DUPLICATE not in [reason for _, reason in passed(found)]


def test_a_file_whose_name_looks_like_a_wildcard_is_that_file(tmp_path: Path) -> None:
    put(tmp_path / "IM1")
    odd = put(tmp_path / "IM[1]")
    assert names(found_in(odd)) == [str(odd)]


def test_a_wildcard_that_matches_nothing_is_a_problem(tmp_path: Path) -> None:
    (problem,) = problems(found_in(f"{tmp_path}/*.dcm"))
    assert "matches" in problem.error.message


@pytest.mark.parametrize("twice", ["file", "folder", "wildcard", "mixed", "mixed the other way"])
def test_a_file_comes_once_however_often_it_is_named(tmp_path: Path, twice: str) -> None:
    path = put(tmp_path / "d" / "a")
    given = {
        "file": [path, path],
        "folder": [tmp_path / "d", tmp_path / "d"],
        "wildcard": [f"{tmp_path}/d/*", f"{tmp_path}/*/a"],
        "mixed": [path, tmp_path / "d"],
        "mixed the other way": [tmp_path / "d", path],
    }[twice]
    found = found_in(*given, recursive=True)
    assert names(found) == [str(path)]
    assert len(found) == 2
    assert passed(found)[0][1] in {Passing.DUPLICATE, Passing.SAME_FOLDER}


def test_two_links_to_one_file_are_two_names(tmp_path: Path) -> None:
    put(tmp_path / "a")
    (tmp_path / "b").symlink_to("a")
    assert names(found_in(tmp_path)) == [f"{tmp_path}/a", f"{tmp_path}/b"]


def test_other_kinds_of_address_are_named_as_not_possible() -> None:
    (problem,) = problems(found_in("ftp://host/a.dcm"))
    assert "ftp://" in problem.error.message


def test_a_name_that_is_no_utf8_can_be_stored_and_still_opened(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.dcm"
    put(Path(os.fsdecode(raw)))
    (found,) = found_in(tmp_path)
    name = names([found])[0]
    assert name.encode("utf-8").endswith(rb"/caf\xe9.dcm")
    for again in (LocalReference(name), *find([name])):
        assert isinstance(again, LocalReference)
        assert again.name == name
        again.open().close()


def test_the_search_runs_in_another_thread_and_can_be_closed_in_between(tmp_path: Path) -> None:
    for number in range(50):
        put(tmp_path / f"IM{number}")
    seen: list[str] = []

    def work() -> None:
        search = find([str(tmp_path)])
        seen.extend(names(islice(search, 3)))
        search.close()  # type: ignore[attr-defined]

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [Path(name).name for name in seen] == ["IM0", "IM1", "IM2"]


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    first, second = put(tmp_path / "a" / "1"), put(tmp_path / "b" / "1")
    search = find([str(tmp_path)], recursive=True)
    assert names([next(search)]) == [str(first)]
    shutil.rmtree(second.parent)
    put(tmp_path / "b" / "2")
    assert names(search) == [f"{tmp_path}/b/2"]


def test_the_tally_counts_everything_once(tmp_path: Path) -> None:
    put(tmp_path / "a")
    put(tmp_path / "notes", b"text")
    put(tmp_path / "old.zip", b"PK\x03\x04")
    put(tmp_path / "broken.dcm", b"")
    tally = Tally()
    found = found_in(tmp_path)
    references = [entry for entry in map(tally.add, found) if entry is not None]
    assert len(references) == tally.found == 1
    assert tally.passed_over == 2
    assert tally.problems == 1
    assert [entry.name for entry in tally.named] == [f"{tmp_path}/old.zip"]
    assert tally.found + tally.passed_over + tally.problems == len(found)
    assert tally.summary() == "1 file; passed over: 1 not DICOM, 1 archive, not looked into; 1 problem"


def test_names_of_a_database_server_are_taken_one_by_one(tmp_path: Path) -> None:
    path = put(tmp_path / "a")
    found = list(find_listed([str(path), "b", str(path)], where="the database", pacs_root=tmp_path))
    assert names(found) == [str(path)]
    assert problems(found)[0].where == "the database"
    assert passed(found) == [("a", Passing.DUPLICATE)]


@pytest.mark.parametrize("name", ["a\0b", "a\ud800", "", "\0"])
def test_a_name_that_no_file_can_have_is_a_problem_that_can_be_printed(name: str) -> None:
    for found in (found_in(name), list(find_listed([name], where="x"))):
        (problem,) = problems(found)
        assert "no file can have this name" in problem.error.message
        str(problem).encode("utf-8")
        problem.name.encode("utf-8")


def test_a_list_inside_a_list_is_a_problem(tmp_path: Path) -> None:
    inner = put(tmp_path / "inner.db", b"SQLite format 3\0")
    outer = put(tmp_path / "outer.csv", f"filename\n{inner}\n".encode())
    (problem,) = problems(found_in(outer))
    assert isinstance(problem.error, ListError)
    assert problem.where == f"{outer} line 2"
