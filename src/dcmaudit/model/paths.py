"""Paths as people write them."""

from __future__ import annotations

import os
from pathlib import Path

from dcmaudit.errors import UsageError


def home_path(text: str | os.PathLike[str]) -> Path:
    """The path with ``~`` and ``~user`` at its beginning made the home of that user.

    UsageError where this machine knows no such user: a folder of the name ``~user`` would be made otherwise.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        user = Path(text).parts[0]
        raise UsageError(
            f"this machine has no user for {user}", file=os.fspath(text), hint="write the whole path"
        ) from error
