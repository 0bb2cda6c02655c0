"""Kinds of suggestions and their stored text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.errors import UsageError
from dcmaudit.model import Ground, SuggestionKind
from dcmaudit.model.learning import Examples, Source, parse_kind

kinds = st.builds(
    SuggestionKind,
    st.sampled_from(Source),
    st.sampled_from(Examples),
    st.integers(0, 9),
    st.none() | st.sampled_from(Ground),
)


@given(kinds)
def test_a_kind_leads_back_from_its_text(kind: SuggestionKind) -> None:
    assert parse_kind(kind.text) == kind


@given(kinds, st.sampled_from(Ground))
def test_a_look_at_the_pixels_changes_the_ground_alone(kind: SuggestionKind, ground: Ground) -> None:
    assert kind.on(ground).text == f"{'/'.join(kind.text.split('/')[:3])}/{ground.value}"


@pytest.mark.parametrize(
    "text", ["", "exact", "exact/1", "exact/1/10", "exact/1/7/", "exact/1/7/dark", "exact/1/7/text/x", "near/1/7",
             "exact/2/7", "exact/1/\u0663", "EXACT/1/7", "exact/1/7\n"],
)  # fmt: skip
def test_what_is_no_kind_is_refused_and_the_error_names_what_is(text: str) -> None:
    with pytest.raises(UsageError, match="no kind of suggestion") as raised:
        parse_kind(text)
    assert "exact|version|type" in str(raised.value.hint)
