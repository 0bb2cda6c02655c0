"""The table of commands as the page gets it."""

from __future__ import annotations

from dcmaudit.review.commands.command import Command
from dcmaudit.review.page import command_shapes


def command_json(command: Command) -> command_shapes.Command:
    """One command as plain values."""
    dialog = command.dialog
    return {
        "name": command.name,
        "label": command.label,
        "help": command.help,
        "key": command.key,
        "keys": list(command.keys),
        "menu": command.menu,
        "group": command.group,
        "writes": command.writes,
        "where": command.where.value,
        "toggles": command.toggles,
        "arguments": list(command.arguments),
        "dialog": {
            "title": dialog.title,
            "action": dialog.action,
            "folders": dialog.folders,
            "many": dialog.many,
            "recursive": dialog.recursive,
            "below": dialog.below,
            "server": dialog.server,
            "output": dialog.output,
        }
        if dialog is not None
        else None,
        "needs": command.needs.value,
        "leaves_sheet": command.leaves_sheet,
        "sends_box": command.sends_box,
        "once": command.once,
    }
