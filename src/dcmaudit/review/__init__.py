"""The reviewer without a browser: the list of files, what is on screen, marks, undo, what was seen, commands."""

from dcmaudit.review.app import ReviewApp
from dcmaudit.review.commands.table import COMMANDS, MENUS, help_table
from dcmaudit.review.page.file_states import error_json
from dcmaudit.review.page.worklist_rows import worklist_rows
from dcmaudit.review.state.session import Session

__all__ = ["COMMANDS", "MENUS", "ReviewApp", "Session", "error_json", "help_table", "worklist_rows"]
