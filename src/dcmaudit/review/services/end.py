"""The end of the program: whatever takes long asks whether it is near."""

from __future__ import annotations

from collections.abc import Callable

from dcmaudit.review.services.protocols import Sessions


class ProgramEnd:
    """``is_near`` is set once and never taken back; ``on_quit`` is what the server does to end."""

    def __init__(self) -> None:
        self.is_near = False
        self.on_quit: Callable[[], None] = lambda: None

    def begin(self, sessions: Sessions) -> None:
        """Ask the server to end, and let every page that waits for news know."""
        self.is_near = True
        for session in sessions.all():
            session.bump()
        self.on_quit()
