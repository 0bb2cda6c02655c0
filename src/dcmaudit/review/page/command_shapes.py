"""The shapes of commands as the page gets them, once."""

from __future__ import annotations

from typing import Annotated, TypedDict

from dcmaudit.review.commands.command import Needs, Where
from dcmaudit.review.page.written import Values


class Dialog(TypedDict):
    """The dialog in which a command's files or folders are chosen."""

    title: str
    action: Annotated[str, "the words of its button"]
    folders: Annotated[bool, "whether a folder is chosen"]
    many: Annotated[bool, "whether several files may be"]
    recursive: Annotated[bool, "whether it asks about the folders below"]
    below: Annotated[bool, "whether that is ticked when it opens"]
    server: Annotated[bool, "whether the address of a database server may be typed"]
    output: Annotated[bool, "whether files are written there: a new folder may be named"]


class Command(TypedDict):
    """One thing that the reviewer can do."""

    name: str
    label: str
    help: str
    key: Annotated[str | None, "the key that is shown"]
    keys: list[str]
    menu: str | None
    group: str
    writes: bool
    where: Annotated[str, Values(Where), "who carries it out, or begins to"]
    toggles: Annotated[str | None, "the option that it switches"]
    arguments: list[str]
    dialog: Dialog | None
    needs: Annotated[str, Values(Needs), "what must be there"]
    leaves_sheet: Annotated[bool, "whether it shows a plane, and so closes a contact sheet or projection"]
    sends_box: Annotated[bool, "whether the handled rectangle goes along as it is on the screen"]
    once: Annotated[bool, "whether it is not done again while its key is held down"]
