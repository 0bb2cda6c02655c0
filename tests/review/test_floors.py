"""What is known of an open file is changed in one way only, and always under its lock."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import pytest

from dcmaudit.model import StrayBitAddress
from dcmaudit.review.state.open_file import FileFields, OpenFile
from dcmaudit.sources import LocalReference


def open_file(tmp_path: Path) -> OpenFile:
    name = str(tmp_path / "a.dcm")
    return OpenFile(0, 0, name, lambda: LocalReference(name))


@pytest.mark.parametrize("name", [each.name for each in dataclasses.fields(FileFields)])
def test_no_field_of_an_open_file_can_be_assigned(tmp_path: Path, name: str) -> None:
    file = open_file(tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(file, name, getattr(file, name))


def test_changes_made_by_several_threads_at_once_are_all_kept(tmp_path: Path) -> None:
    file = open_file(tmp_path)

    def work(number: int) -> None:
        for step in range(500):
            with file.lock:
                file.change(searches=file.searches + 1, searched=file.searched | {StrayBitAddress(number, step)})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.searches == len(file.searched) == 2000
