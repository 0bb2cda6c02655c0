"""Errors: one tree, messages for people, and a way across process borders."""

from __future__ import annotations

import inspect
import pickle

import pytest

from dcmaudit import errors
from dcmaudit.model import Outcome, Result

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.DcmauditError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_in_the_tree_drawn_at_the_top(kind: type[errors.DcmauditError]) -> None:
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_way_to_another_process(kind: type[errors.DcmauditError]) -> None:
    there = pickle.loads(pickle.dumps(kind("no rows", file="a.dcm", hint="look at it")))  # noqa: S301 - our own
    assert type(there) is kind
    assert str(there) == "a.dcm: no rows (look at it)"


def test_a_result_that_is_not_done_has_a_reason() -> None:
    assert Result("a.dcm", Outcome.DONE).reasons == ()
    with pytest.raises(ValueError, match="without a reason"):
        Result("a.dcm", Outcome.PARTLY)
