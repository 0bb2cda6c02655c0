"""The page that a browser is started with: it leads on to the reviewer's start address.

Every user of a machine can read the arguments of every program. The start address holds the one-time token, so the
browser gets the name of a file instead that only its user can read.
"""

from __future__ import annotations

import html
import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

LIFETIME = 60.0
"""Seconds until the page is removed: a browser that has not opened it by then has failed to."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={address}"><title>dcmaudit</title></head>
<body><a href="{address}">Open the reviewer</a></body></html>
"""


class StartPage:
    """A page of mode 0600 that leads to ``address``; removed by ``remove``, or by itself after a minute.

    It lies in the user's home and not in a hidden folder below it: browsers that come as snap or flatpak packages may
    not read those. OSError where it cannot be written.
    """

    def __init__(self, address: str, *, folder: Path | None = None, lifetime: float = LIFETIME) -> None:
        number, name = tempfile.mkstemp(prefix="dcmaudit-start-", suffix=".html", dir=folder or Path.home())
        self.path = Path(name)
        try:
            os.fchmod(number, 0o600)
            with open(number, "w", encoding="utf-8") as file:  # noqa: PTH123 (a descriptor has no path)
                file.write(_PAGE.format(address=html.escape(address, quote=True)))
        except BaseException:
            self.remove()
            raise
        self._timer = threading.Timer(lifetime, self.remove)
        self._timer.daemon = True
        self._timer.start()

    def remove(self) -> None:
        """Delete the page, if it is still there."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Delete it now: the program ends."""
        self._timer.cancel()
        self.remove()
