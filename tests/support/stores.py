"""Types that the tests of the store share."""

from __future__ import annotations

from collections.abc import Callable

from dcmaudit.store import Store

Opener = Callable[..., Store]
"""``open_store`` with ``user="tester"`` unless told otherwise; closed when the test is over."""
