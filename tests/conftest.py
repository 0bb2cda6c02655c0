"""What holds for every test: nothing is kept in the home of whoever runs them."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# Shells start what they put into the background with Ctrl+C ignored, and programs that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test asserts a time: an example that is slow only says that the machine is busy.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A state folder of the tests' own, for this process and those that it starts."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
