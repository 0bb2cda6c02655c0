"""The reviewer without a browser: the list of files, what is on screen, marks, undo, what was seen, commands."""

from dcmaudit.review.commands import COMMANDS, MENUS, Command, Where, help_table
from dcmaudit.review.desk import Desk
from dcmaudit.review.dispatch import perform
from dcmaudit.review.names import short_name
from dcmaudit.review.options import OPTIONS, Options
from dcmaudit.review.pictures import Picture
from dcmaudit.review.session import Session
from dcmaudit.review.viewstate import error_json, view_state, worklist_rows
from dcmaudit.review.worklist import GAPPED, Filter, Selection, Worklist

__all__ = [
    "COMMANDS",
    "GAPPED",
    "MENUS",
    "OPTIONS",
    "Command",
    "Desk",
    "Filter",
    "Options",
    "Picture",
    "Selection",
    "Session",
    "Where",
    "Worklist",
    "error_json",
    "help_table",
    "perform",
    "short_name",
    "view_state",
    "worklist_rows",
]
