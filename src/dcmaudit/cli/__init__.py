"""The command line. ``main`` is the program ``dcmaudit``; see ``registry`` for how to add a command."""

from dcmaudit.cli.program import main

__all__ = ["main"]
