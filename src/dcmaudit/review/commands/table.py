"""The one table of commands: keys, menus, help, the page's types and the documentation are all made from it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from dcmaudit.review.commands import classes, keys, navigation, views
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.command import Command
from dcmaudit.review.commands.file_menu import FILE, SWITCHES
from dcmaudit.review.commands.go_menu import GO
from dcmaudit.review.commands.mark_menu import MARK, PREVIEWS
from dcmaudit.review.commands.view_menu import VIEW
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.options import ADVANCE, CHOICES
from dcmaudit.review.state.session import Session


def _bind(_session: Session, services: Services, arguments: Arguments) -> None:
    """Give commands other keys: the table is this one."""
    keys.bind(COMMANDS, services, arguments)


_MENU_OF = {"cine": "Go", ADVANCE: "Mark"}
_HANDS = tuple(
    Command(f"{one.setting}-{one.value}", one.label, one.help, partial(views.choose, one),
            menu=_MENU_OF.get(one.setting, "View"), group=one.setting, toggles=f"{one.setting}={one.value}")
    for one in CHOICES
)  # fmt: skip

_INSIDE = (
    Command("cursor", "Place the rectangle",
            "Put the handled rectangle somewhere; it is kept inside the plane.", views.place_rectangle,
            arguments=("box",)),
    Command("cursor-drag", "Drag the rectangle",
            "Move or resize the handled rectangle by a distance.", views.drag_rectangle,
            arguments=("handle", "start", "dx", "dy")),
    Command("set-option", "Set an option", "Switch one of the options.", views.set_option,
            arguments=("name", "value")),
    Command("seen", "Note what was seen",
            "Record planes that were shown in a contact sheet or projection.", views.seen,
            arguments=("file_id", "group", "ticket", "shown", "value")),
    Command("walk", "Walk on", "Say how far a held key has come in the open file.", navigation.walk,
            arguments=("file_id", "key")),
    Command("save-window", "Save this window", "Save a window under a name, for files of this modality.",
            keys.save_window, arguments=("name", "center", "width")),
    Command("forget-window", "Forget a window", "Forget a window that was saved.", keys.forget_window,
            arguments=("name",)),
    Command("set-keys", "Set keys", "Give commands other keys, for this user.", _bind, arguments=("keys",)),
    Command("suggest", "Suggest", "Have the suggestions of the plane that a cine has come to.", views.suggest),
    Command("survey", "Look at all files",
            "Sort the files of the list into classes and look for text in all of them, or go on with it.",
            classes.survey, arguments=("value", "group")),
    Command("decide", "Decide for several files",
            "Mark several files as done, tag, skip or mark them. Each gets a record of its own.", classes.decide,
            arguments=("value", "shown", "box", "confirm"), writes=True),
    Command("dismiss", "Dismiss", "Take the message or question away.", views.dismiss),
)  # fmt: skip

COMMANDS: tuple[Command, ...] = FILE + SWITCHES + MARK + PREVIEWS + GO + VIEW + _HANDS + _INSIDE
"""Every command, in the order of the menus."""

MENUS: tuple[str, ...] = ("File", "Options", "Mark", "Go", "View", "Help")

BY_NAME: dict[str, Command] = {command.name: command for command in COMMANDS}


def help_table(commands: Iterable[Command] = COMMANDS) -> str:
    """The commands as a Markdown table with the columns key, command and meaning, for the documentation."""
    lines = ["| Key | Command | What it does |", "|---|---|---|"]
    for command in commands:
        if command.menu is not None:
            keys = ", ".join(f"`{key}`" for key in command.keys)
            lines.append(f"| {keys} | {command.menu}: {command.label} | {command.help} |")
    return "\n".join(lines) + "\n"
