"""The reviewer without a browser: the list of files, what is on screen, marks, undo, what was seen, commands."""

from dcmaudit.review.app import Desk
from dcmaudit.review.commands.dispatch import perform
from dcmaudit.review.commands.table import COMMANDS, MENUS, Command, Where, help_table
from dcmaudit.review.page.page_state import error_json, view_state, worklist_rows
from dcmaudit.review.services.picture_cache import Picture
from dcmaudit.review.state.name_list import short_name
from dcmaudit.review.state.options import OPTIONS, Options
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.worklist import GAPPED, Filter, Selection, Worklist

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
