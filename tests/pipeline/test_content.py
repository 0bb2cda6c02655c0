"""Whether a file is still what was looked at, by what was noted then."""

from __future__ import annotations

import pytest

from dcmaudit.pipeline.content import is_same_content

Noted = list[tuple[int | None, int | None]]


@pytest.mark.parametrize(
    ("noted", "stamp", "is_same"),
    [
        ([(10, 5)], (10, 5), True),
        ([(10, 5)], (10, 6), False),
        ([(10, 5), (10, 6)], (10, 6), True),
        ([(10, 5)], None, False),  # an object that the server does not tell of now, or a file that is gone
        ([(10, None)], (10, 6), False),  # an object of which no time was noted: now there is one
        ([(10, None)], None, True),
        ([(None, None)], (10, 6), True),
        ([], (10, 6), True),
    ],
)
def test_a_file_is_the_same_only_where_that_can_be_told(
    noted: Noted, stamp: tuple[int, int] | None, is_same: bool
) -> None:
    assert is_same_content(noted, stamp) is is_same
