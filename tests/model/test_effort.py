"""Which look leaves nothing to do for another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dcmaudit.model.effort import Effort

DEFAULT = Effort(detector="d", lists="l")


@pytest.mark.parametrize(
    ("former", "asked", "is_covered"),
    [
        ({}, {}, True),
        ({"mode": "thorough", "finders": ("own", "rapidocr")}, {}, True),
        ({"mode": "fast"}, {}, False),
        ({}, {"mode": "thorough"}, False),
        ({}, {"finders": ("own", "rapidocr")}, False),
        ({}, {"finders": ("engine",)}, False),
        ({"judges": ("header",)}, {}, False),
        ({}, {"judges": ("header",)}, True),
        ({}, {"judges": ()}, True),
        ({"judges": ()}, {}, False),
        ({"left_out": ("overlays",)}, {}, False),
        ({"left_out": ("overlays",)}, {"left_out": ("overlays", "places")}, True),
        ({}, {"left_out": ("overlays",)}, True),
        ({"regions": True}, {}, True),
        ({}, {"regions": True}, False),
        ({"detector": "older", "lists": "other"}, {}, True),
    ],
)
def test_a_look_covers_what_asks_no_more(
    former: dict[str, object], asked: dict[str, object], *, is_covered: bool
) -> None:
    one, other = replace(DEFAULT, **former), replace(DEFAULT, **asked)  # type: ignore[arg-type]
    assert one.covers(other) is is_covered
    assert Effort.parse(one.text()).covers(other) is is_covered


def test_what_was_used_then_is_told_where_it_is_another_one_now() -> None:
    assert DEFAULT.changed(DEFAULT) is None
    assert DEFAULT.changed(replace(DEFAULT, detector="new")) == "an earlier detector"
    assert "lists" in str(DEFAULT.changed(replace(DEFAULT, lists="")))
    assert DEFAULT.changed(replace(DEFAULT, lists="", judges=())) is None
    assert Effort().changed(replace(DEFAULT, lists="")) is None  # nobody noted which


def test_words_survive_the_database() -> None:
    efforts = [
        DEFAULT,
        Effort("fast", ("engine",), (), "", ("overlays", "places"), regions=True),
        Effort("thorough", ("own", "rapidocr"), ("spacy:en_core_web_sm",), "1a2b"),
    ]
    assert [Effort.parse(one.text()) for one in efforts] == efforts
    assert Effort.parse(None) == Effort()


@pytest.mark.parametrize("stored", ["", "{", "[]", "null", "7", '{"mode": 1}', '{"mode": "default"}'])
def test_words_that_cannot_be_read_cover_nothing(stored: str) -> None:
    assert not Effort.parse(stored).covers(Effort())
    assert not Effort.parse(stored).covers(Effort("fast", (), ()))


def test_an_unknown_mode_is_the_least() -> None:
    newer = Effort.parse(DEFAULT.text().replace('"default"', '"newer"'))
    assert not newer.covers(DEFAULT)
    assert "newer" in newer.words()
