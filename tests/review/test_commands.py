"""The table of commands is complete and says the same as the guide."""

from __future__ import annotations

from collections import Counter

import pytest

from dcmaudit.review import COMMANDS, MENUS, help_table
from dcmaudit.review.commands.command import Where
from dcmaudit.review.state.options import OPTIONS

GUIDE = {
    "?": "help",
    "n": "next-frame",
    "p": "previous-frame",
    "f": "next-overlay",
    "N": "done-next",
    "Escape": "next-file",
    "P": "previous-file",
    "i": "info",
    "o": "ocr",
    "-": "hide-redacted",
    "+": "show-redacted",
    "r": "mark",
    "A": "apply-all",
    "t": "tag",
    "c": "comment",
    "q": "quit",
    "Z": "clear-file",
    "Ctrl+o": "open-files",
    "Ctrl+d": "open-folder",
}


@pytest.mark.parametrize(("key", "name"), GUIDE.items())
def test_every_key_of_the_guide_does_what_the_guide_says(key: str, name: str) -> None:
    assert [command.name for command in COMMANDS if key in command.keys] == [name]


def test_no_key_and_no_name_is_used_twice() -> None:
    keys = Counter(key for command in COMMANDS for key in command.keys)
    names = Counter(command.name for command in COMMANDS)
    assert [key for key, count in keys.items() if count > 1] == []
    assert [name for name, count in names.items() if count > 1] == []


def test_every_command_is_done_by_the_server_or_by_the_page() -> None:
    by_page = {command.name for command in COMMANDS if command.run is None}
    assert all(command.where is Where.PAGE for command in COMMANDS if command.name in by_page)
    assert all(command.menu in MENUS for command in COMMANDS if command.name in by_page)
    assert all(command.run is not None for command in COMMANDS if command.where is Where.SERVER)


def test_every_command_with_a_key_is_in_a_menu() -> None:
    assert [command.name for command in COMMANDS if command.keys and command.menu not in MENUS] == []


def test_the_eight_options_are_in_the_options_menu_in_three_groups() -> None:
    toggles = {command.toggles: command.group for command in COMMANDS if command.menu == "Options"}
    assert toggles == {option.name: option.group for option in OPTIONS}
    assert Counter(option.group for option in OPTIONS) == {"images": 2, "redaction": 2, "rectangles": 4}


def test_the_help_table_names_every_key() -> None:
    text = help_table()
    assert all(f"`{key}`" in text for command in COMMANDS for key in command.keys)


def test_commands_that_write_are_marked_as_such() -> None:
    writes = {command.name for command in COMMANDS if command.writes}
    assert writes == {
        "mark", "mark-all-frames", "mark-group", "mark-all-planes", "mark-series", "apply-all",
        "apply-all-frames", "apply-one",
        "remove-rect", "clear-file", "tag", "comment", "undo", "redo", "done-next", "done-series", "skip-series",
        "keep-region", "keep-region-frames", "mark-shape", "copy-forwards", "accept", "accept-frames", "decide",
    }  # fmt: skip
