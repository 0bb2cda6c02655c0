"""A file is there wholly or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from dcmaudit.wholefile import whole_file, whole_text


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_older_file_stays_as_it_is_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("old")
    with whole_text(path) as stream:
        stream.write("new\r\n")
        stream.flush()
        assert path.read_text() == "old"
    assert path.read_bytes() == b"new\r\n"
    assert _names(tmp_path) == ["list.csv"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("x")])
def test_what_fails_in_the_middle_leaves_the_older_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "list.csv"
    path.write_text("old")
    with pytest.raises(type(error)), whole_file(path) as stream:
        stream.write(b"half")
        raise error
    assert path.read_text() == "old"
    assert _names(tmp_path) == ["list.csv"]


def test_a_file_that_may_not_be_replaced_is_kept_and_so_is_a_link_to_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "key"
    kept.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for path in (kept, link):
        with pytest.raises(FileExistsError), whole_file(path, mode=0o600, replace=False) as stream:
            stream.write(b"new")
    assert kept.read_text() == "old"
    assert _names(tmp_path) == ["key", "link"]


def test_the_mode_is_that_of_the_new_file_from_its_first_byte_on(tmp_path: Path) -> None:
    with whole_file(tmp_path / "key", mode=0o600) as stream:
        stream.write(b"x")
        (part,) = tmp_path.iterdir()
        assert part.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_what_others_could_not_read_they_cannot_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("old")
    path.chmod(0o600)
    with whole_text(path) as stream:
        stream.write("new")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o444)
    with whole_text(path) as stream:
        stream.write("newer")
    assert path.read_text() == "newer"


def test_a_link_is_followed_and_stays_one(tmp_path: Path) -> None:
    target = tmp_path / "real.csv"
    target.write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    with whole_text(link) as stream:
        stream.write("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with whole_text(pipe) as stream:
        stream.write("through")
    reader.join(5)
    assert read == [b"through"]
    assert pipe.is_fifo()


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "none" / "list.csv"):
        pass


def test_in_an_own_folder_the_next_run_writes_over_what_a_killed_one_left_and_follows_no_link(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("of somebody else")
    own = tmp_path / "own"
    own.mkdir()
    (own / ".list.csv.new").write_text("half of a longer line that a killed run wrote")
    (own / "list.csv").symlink_to(other)
    with whole_text(own / "list.csv", mode=0o600, own=True, errors="backslashreplace") as stream:
        stream.write("a\udcff\n")
    assert (own / "list.csv").read_text() == "a\\udcff\n"
    assert not (own / "list.csv").is_symlink()
    assert other.read_text() == "of somebody else"
    assert _names(own) == ["list.csv"]
