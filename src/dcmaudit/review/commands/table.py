"""The one table of commands: keys, menus, help and the documentation are all made from it.

A command is carried out here (``where`` SERVER) or by the page (PAGE: dialogs, zoom). ``writes`` commands change
the database; they are refused in viewer mode and on a read-only database before their handler is called.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from dcmaudit.model.screen import PreviewPolicy


class Where(Enum):
    """Who carries a command out."""

    SERVER = "server"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the reviewer can do.

    ``keys`` are named as a browser names them (``KeyboardEvent.key``, with ``Ctrl+`` and ``Shift+`` before); the
    first one is shown. ``menu`` is the menu bar's entry, None for a command that only the mouse or the page
    gives; ``group`` separates entries within a menu. ``toggles`` names the option that a menu entry switches.
    ``asks`` marks commands whose arguments the page asks for in a dialog before it sends them.
    """

    name: str
    label: str
    help: str
    keys: tuple[str, ...] = ()
    menu: str | None = None
    group: str = ""
    writes: bool = False
    where: Where = Where.SERVER
    toggles: str | None = None
    asks: bool = False
    arguments: tuple[str, ...] = ()

    @property
    def key(self) -> str | None:
        """The key that is shown beside the command, None where it has none."""
        return self.keys[0] if self.keys else None

    def as_json(self) -> dict[str, object]:
        """The command as the page gets it."""
        return {
            "name": self.name,
            "label": self.label,
            "help": self.help,
            "key": self.key,
            "keys": list(self.keys),
            "menu": self.menu,
            "group": self.group,
            "writes": self.writes,
            "where": Where.PAGE.value if self.asks else self.where.value,
            "toggles": self.toggles,
            "arguments": list(self.arguments),
        }


def _page(name: str, label: str, text: str, *keys: str, menu: str, group: str) -> Command:
    return Command(name, label, text, keys, menu, group, where=Where.PAGE)


def _option(option: str, label: str, text: str, group: str) -> Command:
    return Command(f"toggle-{option}", label, text, (), "Options", group, toggles=option)


_FILE = (
    Command("open-files", "Open files…", "Choose DICOM files, a CSV list or a database to review.",
            ("Ctrl+o",), "File", "open", asks=True, arguments=("names",)),
    Command("open-folder", "Open folder…", "Review the DICOM files that lie in a folder.", ("Ctrl+d",), "File",
            "open", asks=True, arguments=("path", "recursive")),
    Command("open-folder-recursive", "Open folder and all below…",
            "Review the DICOM files of a folder and of every folder below it.", (), "File", "open", asks=True,
            arguments=("path",)),
    Command("open-database", "Open database as list…",
            "Review every file that a database has rectangles or a tag for.", (), "File", "open",
            asks=True, arguments=("path",)),
    _page("open-s3", "Open DICOM from S3…", "Review studies, series or a random sample of a bucket.",
          "Ctrl+s", menu="File", group="s3"),
    _page("s3-download", "Download from S3…", "List the objects of a bucket and copy one into a folder.",
          menu="File", group="s3"),
    _page("s3-credentials", "S3 credentials…", "Save, try, change or delete the credentials of buckets.", "Ctrl+3",
          menu="File", group="s3"),
    Command("read-again", "Read this file again",
            "Open the file anew, as it is on disk now; its marks stay, what was seen counts only for equal content.",
            (), "File", "open"),
    Command("open-examples", "Try the examples", "Review example files with made-up names.", (), "File", "open"),
    Command("set-database", "Database…", "Choose the folder or the PostgreSQL database that keeps the marks.",
            (), "File", "database", asks=True, arguments=("path", "password")),
    _page("export-rects", "Save rectangles as CSV…", "Download every rectangle of the database as CSV.",
          menu="File", group="export"),
    _page("export-tags", "Save tagged files as CSV…", "Download every tag and comment of the database as CSV.",
          menu="File", group="export"),
    Command("quit", "Quit", "End the program. Marks are saved already; a file is done only after N, t or c.",
            ("q",), "File", "quit"),
)  # fmt: skip

_OPTIONS = (
    _option("ignore-done", "Leave out done files", "Files that are marked as done are not shown again.", "images"),
    _option("tagged-only", "Only tagged files", "Show only the files that were tagged for another look.", "images"),
    _option("redact-rules", "Redact by rules", "Black out what the deid rules for this kind of image name.",
            "redaction"),
    _option("redact-ultrasound", "Redact outside ultrasound regions",
            "Black out what lies outside the ultrasound regions of the header.", "redaction"),
    _option("show-stored", "Rectangles of the database", "Outline the rectangles that the database has for this file.",
            "rectangles"),
    _option("show-similar", "Rectangles of similar images",
            "Suggest the rectangles of similar done files, and places learned from related ones.", "rectangles"),
    _option("show-rules", "Rectangles of rules", "Suggest the rectangles of matching deid rules.", "rectangles"),
    _option("show-ultrasound", "Rectangles of ultrasound regions",
            "Suggest what lies outside the ultrasound regions of the header.", "rectangles"),
)  # fmt: skip

_PREVIEWS = tuple(
    Command(f"previews-{policy.value}", label, text, (), "Mark", "previews", toggles=f"previews={policy.value}")
    for policy, label, text in (
        (PreviewPolicy.STORE, "Store previews",
         "When a file is done, areas that rules show black are stored as marks on all frames that they mean."),
        (PreviewPolicy.ASK, "Ask about previews", "When a file is done, ask whether such areas are stored or left."),
        (PreviewPolicy.LEAVE, "Leave previews",
         "When a file is done, such areas are not stored; the database says so, and redact refuses the file."),
    )
)  # fmt: skip

_MARK = (
    Command("mark", "Redact the rectangle", "Black out what is inside the handled rectangle and store it at once.",
            ("r",), "Mark", "rectangles", writes=True, arguments=("box", "scope")),
    Command("mark-all-frames", "Redact on all frames",
            "Store the handled rectangle for every image frame of the file.", ("R",), "Mark", "rectangles",
            writes=True, arguments=("box",)),
    Command("mark-all-planes", "Redact on every plane",
            "Store the handled rectangle for everything in the file: frames, overlays, hidden bits and icons.", (),
            "Mark", "rectangles", writes=True, arguments=("box",)),
    Command("mark-series", "Redact on the whole series…",
            "Store the handled rectangle for all frames of every file of this series in the list. Asks first.", (),
            "Mark", "rectangles", writes=True, arguments=("id", "confirm", "file_id")),
    Command("apply-all", "Apply all suggestions",
            "Store every crossed rectangle of this plane, on all frames where that is meant.", ("A",), "Mark",
            "rectangles", writes=True),
    Command("apply-all-frames", "Apply all to all frames",
            "Store every crossed rectangle of this frame on all image frames of the file.", ("a",), "Mark",
            "rectangles", writes=True),
    Command("apply-one", "Apply this suggestion", "Store one crossed rectangle (right click does the same).",
            writes=True, arguments=("id", "scope")),
    Command("reject-one", "Hide this suggestion", "Stop showing one suggestion for this file.", arguments=("id",)),
    Command("remove-rect", "Remove this rectangle", "Delete one stored rectangle.", writes=True, arguments=("id",)),
    Command("clear-file", "Remove everything marked on this file",
            "Delete the rectangles, the tag and the comment of the file. Undo brings them back.", ("Z",), "Mark",
            "file", writes=True),
    Command("tag", "Tag for another look",
            "Tag the file as needing another look, or take the tag away. Both count as done.", ("t",), "Mark", "file",
            writes=True, arguments=("previews",)),
    Command("comment", "Comment…", "Write or change the file's comment. This counts as done.", ("c",), "Mark", "file",
            writes=True, asks=True, arguments=("text", "previews")),
    Command("ocr", "Read text (OCR)", "Look for text on this plane and suggest rectangles for what is found.", ("o",),
            "Mark", "look"),
    Command("undo", "Undo", "Take the last change back.", ("Ctrl+z",), "Mark", "undo", writes=True),
    Command("redo", "Redo", "Do the change again that was taken back.", ("Ctrl+Shift+Z", "Ctrl+y"), "Mark", "undo",
            writes=True),
)  # fmt: skip

_GO = (
    Command("next-frame", "Next frame", "Go to the next frame; after the last frame come the overlays.", ("n",), "Go",
            "plane"),
    Command("previous-frame", "Previous frame", "Go to the frame or overlay frame before.", ("p",), "Go", "plane"),
    Command("next-overlay", "Fast-forward to the next overlay",
            "Skip the rest of this group of frames. What was skipped is recorded.", ("f",), "Go", "plane"),
    Command("next-unseen", "Unseen plane",
            "Go to the next plane of the file that was not seen, or only in part.", ("u",), "Go", "plane"),
    _page("go-number", "Go to plane number…", "Type the number of a plane of this file.", "#", menu="Go",
          group="plane"),
    Command("done-next", "Done, next file", "Mark the file as done, then go to the next one.", ("N",), "Go", "file",
            writes=True, arguments=("confirm", "previews")),
    Command("next-file", "Next file", "Go to the next file; nothing is written.", ("Escape",), "Go", "file"),
    Command("previous-file", "Previous file", "Go to the file before; nothing is written.", ("P",), "Go", "file"),
    _page("find", "Find in the file list", "Go to the filter of the list of files.", "/", menu="Go", group="file"),
    Command("go-file", "Go to file number", "Go to a file by its number in the list.",
            arguments=("index", "file_id", "key")),
    Command("go-plane", "Go to plane", "Go to a plane by its key.", arguments=("key",)),
    Command("walk-list", "Walk through what the list shows", "N, Esc and P go to files that the list shows.",
            arguments=("status", "text")),
    Command("filter", "Filter the list", "Walk only through files of a state, or with a text in their name.",
            arguments=("status", "text")),
)  # fmt: skip

_VIEW = (
    Command("show-redacted", "With redaction", "Show marked rectangles black.", ("+", "="), "View", "redaction"),
    Command("hide-redacted", "Without redaction", "Show what is under the marked rectangles.", ("-",), "View",
            "redaction"),
    _page("bare", "Hide rectangles while held", "Hide every rectangle, and what is black, as long as the key is held.",
          "h", menu="View", group="redaction"),
    Command("rejected", "Rejected candidates",
            "Show what was hidden, and what OCR looked at and did not take for text, dashed and faint, or not.", ("x",),
            "View", "redaction"),
    Command("voi", "VOI window", "Show the window that the file asks for, or the full range again.", ("w",), "View",
            "levels"),
    Command("local-contrast", "Local contrast", "Even out contrast tile by tile, or show the full range again.",
            ("l",), "View", "levels"),
    Command("rendering", "Rendering", "Choose full range, VOI window or local contrast.", arguments=("value",)),
    Command("invert", "Invert", "Turn light into dark.", ("v",), "View", "levels"),
    _page("info", "DICOM tags", "Show the tags of the file in a table.", "i", menu="View", group="look"),
    _page("grid", "All planes", "Show every plane of the file as a small picture.", "g", menu="View", group="look"),
    _page("series", "Whole series", "Show the first plane of every file of this series that is in the list.", "G",
          menu="View", group="look"),
    _page("projection", "Projection", "Show all planes of the group in one picture.", "j", menu="View", group="look"),
    _page("actual-size", "Actual size", "One pixel of the image is one pixel of the screen.", "1", menu="View",
          group="zoom"),
    _page("fit", "Fit", "Show the whole plane.", "0", menu="View", group="zoom"),
    _page("zoom-in", "Zoom in", "Show the picture larger.", ">", ".", menu="View", group="zoom"),
    _page("zoom-out", "Zoom out", "Show the picture smaller.", "<", ",", menu="View", group="zoom"),
    _page("keep-zoom", "Keep the zoom",
          "Stay zoomed in when going to another plane of the file. The next file is shown whole.", "k",
          menu="View", group="zoom"),
    _page("fold-worklist", "File list", "Fold the list of files away, or show it again.", "[", menu="View",
          group="panes"),
    _page("fold-panel", "Side panel", "Fold the list of rectangles away, or show it again.", "]", menu="View",
          group="panes"),
    _page("theme", "Light or dark", "Change between the dark and the light page.", menu="View", group="panes"),
    _page("menu", "Menu bar", "Go to the menu bar.", "F10", menu="Help", group="help"),
    _page("help", "Keys and commands", "Show this table.", "?", menu="Help", group="help"),
)  # fmt: skip

_INSIDE = (
    Command("cursor", "Place the rectangle", "Put the handled rectangle somewhere; it is kept inside the plane.",
            arguments=("box",)),
    Command("cursor-drag", "Drag the rectangle", "Move or resize the handled rectangle by a distance.",
            arguments=("handle", "start", "dx", "dy")),
    Command("set-option", "Set an option", "Switch one of the options.", arguments=("name", "value")),
    Command("seen", "Note what was seen", "Record planes that were shown in a contact sheet or projection.",
            arguments=("file_id", "group", "ticket", "shown")),
    Command("dismiss", "Dismiss", "Take the message or question away."),
)  # fmt: skip

COMMANDS: tuple[Command, ...] = _FILE + _OPTIONS + _MARK + _PREVIEWS + _GO + _VIEW + _INSIDE
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
