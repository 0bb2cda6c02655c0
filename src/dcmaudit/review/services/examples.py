"""Example files for somebody who has none at hand."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dcmaudit.examples import write_examples


class ExampleFiles:
    """Made when they are first asked for, gone when the program ends."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def folder(self) -> str:
        """The folder that they lie in."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="dcmaudit-examples-")
            write_examples(Path(self._folder.name))
        return self._folder.name

    def remove(self) -> None:
        """Delete them."""
        if self._folder is not None:
            self._folder.cleanup()
