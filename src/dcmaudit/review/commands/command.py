"""What a command is: its function, its arguments, its words, and what the page must do, in one object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from dcmaudit.review.commands.arguments import KINDS, Arguments
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.session import Session

Function = Callable[[Session, Services, Arguments], None]


class Where(Enum):
    """Who carries a command out."""

    SERVER = "server"
    PAGE = "page"


class Needs(Enum):
    """What must be there for a command to make sense; the page says so instead of asking the server."""

    NOTHING = "nothing"
    FILE = "file"
    PLANE = "plane"
    """A plane on the stage by itself: behind a contact sheet or projection it would be marked in the dark."""
    UNDO = "undo"
    REDO = "redo"
    SURVEY = "survey"
    """A look at all files that is going on."""
    DECIDING = "deciding"
    """A decision for several files that is going on."""


@dataclass(frozen=True, slots=True)
class OpenDialog:
    """The dialog in which the page lets people choose files or a folder, for a command that opens some."""

    title: str
    action: str
    folders: bool = False
    many: bool = False
    recursive: bool = False
    """Whether it asks about the folders below."""
    below: bool = False
    """Whether that is ticked when it opens."""
    server: bool = False
    output: bool = False
    """Whether it chooses where files are written: a new folder may be named, and it asks about a look for text."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the reviewer can do.

    ``run`` does it; None for what the page does by itself (dialogs, zoom). ``keys`` are named as a browser names them
    (``KeyboardEvent.key``, with ``Ctrl+`` and ``Shift+`` before); the first one is shown. ``menu`` is the menu bar's
    entry, None for a command that only the mouse or the page gives; ``group`` separates entries within a menu.
    ``writes`` commands change the database: they are refused in viewer mode and on a read-only database before ``run``
    is called. ``toggles`` names the option that a menu entry switches. ``arguments`` are names of ``KINDS``.

    What the page must do: ``asks`` commands get their arguments from a dialog of the page first, ``dialog`` is the one
    for files and folders; ``needs`` is what must be there; ``leaves_sheet`` commands show a plane and so close a
    contact sheet or projection; ``sends_box`` commands take the handled rectangle along as it is on the screen;
    ``once`` is not done again while its key is held down.
    """

    name: str
    label: str
    help: str
    run: Function | None = None
    keys: tuple[str, ...] = ()
    menu: str | None = None
    group: str = ""
    arguments: tuple[str, ...] = ()
    writes: bool = False
    toggles: str | None = None
    asks: bool = False
    dialog: OpenDialog | None = None
    needs: Needs = Needs.NOTHING
    leaves_sheet: bool = False
    sends_box: bool = False
    once: bool = False

    def __post_init__(self) -> None:
        unknown = [name for name in self.arguments if name not in KINDS]
        if unknown:
            raise ValueError(f"{self.name} takes {unknown}, which KINDS does not have")

    @property
    def key(self) -> str | None:
        """The key that is shown beside the command, None where it has none."""
        return self.keys[0] if self.keys else None

    @property
    def where(self) -> Where:
        """Who carries it out, or begins to."""
        return Where.PAGE if self.run is None or self.asks else Where.SERVER
