"""How names of files and other texts are told to people and programs."""

from __future__ import annotations

import os

import pytest

from dcmaudit.model.texts import printable, with_bytes_told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("plain.dcm", "plain.dcm"),
        ("é\u00a0\U0001f600", "é\u00a0\U0001f600"),
        (os.fsdecode(b"a\xff\xe9"), "a\\xff\\xe9"),
        (os.fsdecode(b"\xff") + "\U0001f600", "\\xff\U0001f600"),
        ("\ud83d", "\\ud83d"),  # half a pair that no name of a file has
    ],
)
def test_bytes_that_are_no_text_are_told_as_bytes(name: str, told: str) -> None:
    assert with_bytes_told(name) == printable(name) == told
    told.encode()


def test_a_name_is_one_line() -> None:
    assert printable("a\nb\x1b[2K\u202e") == "a\\nb\\x1b[2K\\u202e"
    assert with_bytes_told("a\nb") == "a\nb"
