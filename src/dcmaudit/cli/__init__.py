"""The command line. ``main`` is the program ``dcmaudit``; see ``registry`` for how to add a command."""

from dcmaudit.cli.program import frames_main, main

__all__ = ["frames_main", "main"]
