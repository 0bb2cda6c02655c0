"""What holds for every test: nothing is kept in the home of whoever runs them."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A state folder of the tests' own, for this process and those that it starts."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
