"""The one table of commands: keys, menus, help, the page's types and the documentation are all made from it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from dcmaudit.model.screen import PreviewPolicy
from dcmaudit.review.commands import (
    finish,
    keys,
    marks,
    navigation,
    opening,
    outputs,
    series,
    shapes,
    stack,
    undo,
    views,
)
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.command import Command, Needs, OpenDialog
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.options import CHOICES, OPTIONS
from dcmaudit.review.state.session import Session


def _bind(_session: Session, services: Services, arguments: Arguments) -> None:
    """Give commands other keys: the table is this one."""
    keys.bind(COMMANDS, services, arguments)


_FILE = (
    Command("open-files", "Open files…", "Choose DICOM files, a CSV list or a database to review.",
            opening.open_files, keys=("Ctrl+o",), menu="File", group="open",
            arguments=("names", "recursive"), asks=True,
            dialog=OpenDialog("Open files", "Open", many=True)),
    Command("open-folder", "Open folder…", "Review the DICOM files that lie in a folder.",
            opening.open_folder, keys=("Ctrl+d",), menu="File", group="open",
            arguments=("path", "recursive"), asks=True,
            dialog=OpenDialog("Open a folder", "Open this folder", folders=True, recursive=True)),
    Command("open-folder-recursive", "Open folder and all below…",
            "Review the DICOM files of a folder and of every folder below it.",
            opening.open_folder_recursive, menu="File", group="open", arguments=("path", "recursive"),
            asks=True,
            dialog=OpenDialog("Open a folder and all below", "Open this folder", folders=True,
                              recursive=True, below=True)),
    Command("open-database", "Open database as list…",
            "Review every file that a database has rectangles or a tag for.", opening.open_database,
            menu="File", group="open", arguments=("path",), asks=True,
            dialog=OpenDialog("Open a database as a list", "Open")),
    Command("open-s3", "Open DICOM from S3…",
            "Review studies, series or a random sample of a bucket.", keys=("Ctrl+s",), menu="File",
            group="s3"),
    Command("s3-download", "Download from S3…",
            "List the objects of a bucket and copy one into a folder.", menu="File", group="s3"),
    Command("s3-credentials", "S3 credentials…",
            "Save, try, change or delete the credentials of buckets.", keys=("Ctrl+3",),
            menu="File", group="s3"),
    Command("read-again", "Read this file again",
            "Open the file anew, as it is on disk now; its marks stay, what was seen counts only for equal content.",
            opening.read_again, menu="File", group="open"),
    Command("open-examples", "Try the examples", "Review example files with made-up names.",
            opening.open_examples, menu="File", group="open"),
    Command("set-database", "Database…",
            "Choose the folder or the PostgreSQL database that keeps the marks.",
            opening.set_database, menu="File", group="database", arguments=("path", "password"),
            asks=True,
            dialog=OpenDialog("Where marks are kept", "Use this folder", folders=True, server=True)),
    Command("redact-file", "Redact this file…",
            "Write a copy with its marks black into a folder, and prove it. Asks first where the file is not done.",
            outputs.redact_file, menu="File", group="redact",
            arguments=("path", "check_text", "confirm", "previews", "file_id"), asks=True, needs=Needs.FILE,
            dialog=OpenDialog("Redact this file into a folder", "Redact into this folder", folders=True,
                              output=True)),
    Command("redact-done", "Redact all done files…",
            "Write a copy of every done file of the list with its marks black into a folder, and prove each.",
            outputs.redact_done, menu="File", group="redact", arguments=("path", "check_text"), asks=True,
            dialog=OpenDialog("Redact all done files into a folder", "Redact into this folder", folders=True,
                              output=True)),
    Command("outputs", "Redacted files",
            "Show what was redacted, with its proof in words, and compare before and after.", menu="File",
            group="redact"),
    Command("stop-redaction", "Stop redacting", "End the redaction after the files that are in work.",
            outputs.stop_redaction),
    Command("export-rects", "Save rectangles as CSV…",
            "Download every rectangle of the database as CSV.", menu="File", group="export"),
    Command("export-tags", "Save tagged files as CSV…",
            "Download every tag and comment of the database as CSV.", menu="File", group="export"),
    Command("quit", "Quit",
            "End the program. Marks are saved already; a file is done only after N, t or c.",
            opening.quit_, keys=("q",), menu="File", group="quit"),
)  # fmt: skip

_OPTIONS = tuple(
    Command(f"toggle-{one.name}", one.label, one.help, partial(views.toggle, one.name), menu="Options", group=one.group,
            toggles=one.name)
    for one in OPTIONS
)  # fmt: skip

_MARK = (
    Command("mark", "Redact the rectangle",
            "Black out what is inside the handled rectangle and store it at once.", marks.mark,
            keys=("r",), menu="Mark", group="rectangles", arguments=("box", "scope"), writes=True,
            needs=Needs.PLANE, sends_box=True),
    Command("mark-all-frames", "Redact on all frames",
            "Store the handled rectangle for every image frame of the file.", marks.mark_all_frames,
            keys=("R",), menu="Mark", group="rectangles", arguments=("box",), writes=True,
            needs=Needs.PLANE, sends_box=True),
    Command("mark-all-planes", "Redact on every plane",
            "Store the handled rectangle for everything in the file: frames, overlays, hidden bits and icons.",
            marks.mark_all_planes, menu="Mark", group="rectangles", arguments=("box",), writes=True,
            needs=Needs.PLANE, sends_box=True),
    Command("mark-series", "Redact on the whole series…",
            "Store the handled rectangle for all frames of every file of this series in the list. Asks first.",
            series.mark_series, menu="Mark", group="rectangles",
            arguments=("id", "confirm", "file_id"), writes=True, needs=Needs.PLANE),
    Command("keep-region", "Keep the rectangle, black all else",
            "Black out everything outside of the handled rectangle on this plane.", shapes.keep,
            keys=("e",), menu="Mark", group="shapes", arguments=("box",), writes=True, needs=Needs.PLANE,
            sends_box=True),
    Command("keep-region-frames", "Keep the rectangle on all frames",
            "Black out everything outside of the handled rectangle on every image frame of the file.",
            shapes.keep_all_frames, keys=("E",), menu="Mark", group="shapes", arguments=("box",), writes=True,
            needs=Needs.PLANE, sends_box=True),
    Command("draw-fan", "Draw a fan to keep…",
            "Put a fan on the plane and adjust its points; Enter stores it, and all outside of it is black.",
            keys=("y",), menu="Mark", group="shapes", needs=Needs.PLANE),
    Command("draw-polygon", "Draw a polygon…",
            "Make a polygon of the handled rectangle and adjust its points; Enter stores it, and its inside is black.",
            keys=("Y",), menu="Mark", group="shapes", needs=Needs.PLANE),
    Command("mark-shape", "Store a shape",
            "Store the shape with that text for this plane or all frames, or in the place of another one.",
            shapes.mark_shape, arguments=("text", "scope", "id"), writes=True),
    Command("apply-all", "Apply all suggestions",
            "Store every crossed rectangle of this plane, on all frames where that is meant.",
            marks.apply_all, keys=("A",), menu="Mark", group="rectangles", writes=True,
            needs=Needs.PLANE),
    Command("apply-all-frames", "Apply all to all frames",
            "Store every crossed rectangle of this frame on all image frames of the file.",
            marks.apply_all_frames, keys=("a",), menu="Mark", group="rectangles", writes=True,
            needs=Needs.PLANE),
    Command("apply-one", "Apply this suggestion",
            "Store one crossed rectangle (right click does the same).", marks.apply_one,
            arguments=("id", "scope"), writes=True),
    Command("reject-one", "Hide this suggestion", "Stop showing one suggestion for this file.",
            marks.reject_one, arguments=("id",)),
    Command("remove-rect", "Remove this rectangle", "Delete one stored rectangle.",
            marks.remove_rect, arguments=("id",), writes=True),
    Command("clear-file", "Remove everything marked on this file",
            "Delete the rectangles, the tag and the comment of the file. Undo brings them back.",
            marks.clear_file, keys=("Z",), menu="Mark", group="file", writes=True,
            needs=Needs.FILE),
    Command("tag", "Tag for another look",
            "Tag the file as needing another look, or take the tag away. Both count as done.",
            finish.tag, keys=("t",), menu="Mark", group="file", arguments=("previews", "file_id"),
            writes=True, needs=Needs.FILE),
    Command("comment", "Comment…", "Write or change the file's comment. This counts as done.",
            finish.comment, keys=("c",), menu="Mark", group="file",
            arguments=("text", "previews", "file_id"), writes=True, asks=True, needs=Needs.FILE),
    Command("ocr", "Read text (OCR)",
            "Look for text on this plane and suggest rectangles for what is found.", views.ocr,
            keys=("o",), menu="Mark", group="look", needs=Needs.PLANE),
    Command("undo", "Undo", "Take the last change back.", undo.undo, keys=("Ctrl+z",), menu="Mark",
            group="undo", writes=True, needs=Needs.UNDO),
    Command("redo", "Redo", "Do the change again that was taken back.", undo.redo,
            keys=("Ctrl+Shift+Z", "Ctrl+y"), menu="Mark", group="undo", writes=True,
            needs=Needs.REDO),
)  # fmt: skip

_PREVIEWS = tuple(
    Command(f"previews-{policy.value}", label, text, partial(views.choose_previews, policy), menu="Mark",
            group="previews", toggles=f"previews={policy.value}", needs=Needs.FILE)
    for policy, label, text in (
        (PreviewPolicy.STORE, "Store previews",
         "When a file is done, areas that rules show black are stored as marks on all frames that they mean."),
        (PreviewPolicy.ASK, "Ask about previews", "When a file is done, ask whether such areas are stored or left."),
        (PreviewPolicy.LEAVE, "Leave previews",
         "When a file is done, such areas are not stored; the database says so, and redact refuses the file."),
    )
)  # fmt: skip

_GO = (
    Command("next-frame", "Next frame",
            "Go to the next frame; after the last frame come the overlays.", navigation.next_frame,
            keys=("n",), menu="Go", group="plane", needs=Needs.FILE, leaves_sheet=True),
    Command("previous-frame", "Previous frame", "Go to the frame or overlay frame before.",
            navigation.previous_frame, keys=("p",), menu="Go", group="plane", needs=Needs.FILE,
            leaves_sheet=True),
    Command("next-overlay", "Fast-forward to the next overlay",
            "Skip the rest of this group of frames. What was skipped is recorded.",
            navigation.next_overlay, keys=("f",), menu="Go", group="plane", needs=Needs.FILE,
            leaves_sheet=True, once=True),
    Command("next-unseen", "Unseen plane",
            "Go to the next plane of the file that was not seen, or only in part.",
            navigation.next_unseen, keys=("u",), menu="Go", group="plane", needs=Needs.FILE),
    Command("go-number", "Go to plane number…", "Type the number of a plane of this file.",
            keys=("#",), menu="Go", group="plane", needs=Needs.FILE),
    Command("first-plane", "First plane", "Go to the first plane of the file.", keys=("Home",), menu="Go",
            group="plane", needs=Needs.FILE),
    Command("last-plane", "Last plane", "Go to the last plane of the file.", keys=("End",), menu="Go",
            group="plane", needs=Needs.FILE),
    Command("ten-back", "Ten planes back", "Go ten planes back; what lies between is not seen.", keys=("PageUp",),
            menu="Go", group="plane", needs=Needs.FILE),
    Command("ten-on", "Ten planes on", "Go ten planes on; what lies between is not seen.", keys=("PageDown",),
            menu="Go", group="plane", needs=Needs.FILE),
    Command("cine", "Cine",
            "Play the planes from here, at the rate of the file or a chosen one; again, or any key, stops.",
            keys=("C",), menu="Go", group="plane", needs=Needs.FILE, leaves_sheet=True, once=True),
    Command("done-next", "Done, next file", "Mark the file as done, then go to the next one.",
            navigation.done_next, keys=("N",), menu="Go", group="file",
            arguments=("confirm", "previews", "file_id"), writes=True, needs=Needs.FILE),
    Command("done-series", "Series done…",
            "Mark every file of this series as done. Asks first, with how many planes were not seen.",
            stack.done_series, menu="Go", group="series", arguments=("confirm",), writes=True, needs=Needs.FILE),
    Command("skip-series", "Skip the rest of the series…",
            "Tag the files of this series that are not done, or leave them; the database notes what was skipped.",
            stack.skip_series, menu="Go", group="series", arguments=("value",), writes=True, needs=Needs.FILE),
    Command("next-file", "Next file", "Go to the next file; nothing is written.",
            navigation.next_file, keys=("Escape",), menu="Go", group="file", needs=Needs.FILE),
    Command("previous-file", "Previous file", "Go to the file before; nothing is written.",
            navigation.previous_file, keys=("P",), menu="Go", group="file", needs=Needs.FILE),
    Command("find", "Find in the file list", "Go to the filter of the list of files.", keys=("/",),
            menu="Go", group="file"),
    Command("go-file", "Go to file number", "Go to a file by its number in the list.",
            navigation.go_file, arguments=("index", "file_id", "key")),
    Command("come-back", "Come back",
            "Go to the file and plane that the page showed before the program was started again.",
            navigation.come_back, arguments=("mark", "key", "opened")),
    Command("go-plane", "Go to plane", "Go to a plane by its key.", navigation.go_plane,
            arguments=("index", "key"), leaves_sheet=True),
    Command("walk-list", "Walk through what the list shows",
            "N, Esc and P go to files that the list shows.", navigation.walk_list,
            arguments=("status", "text")),
    Command("filter", "Filter the list",
            "Walk only through files of a state, or with a text in their name.",
            navigation.filter_list, arguments=("status", "text")),
)  # fmt: skip

_VIEW = (
    Command("show-redacted", "With redaction", "Show marked rectangles black.", views.show_redacted,
            keys=("+", "="), menu="View", group="redaction"),
    Command("hide-redacted", "Without redaction", "Show what is under the marked rectangles.",
            views.hide_redacted, keys=("-",), menu="View", group="redaction"),
    Command("bare", "Hide rectangles while held",
            "Hide every rectangle, and what is black, as long as the key is held.", keys=("h",),
            menu="View", group="redaction"),
    Command("rejected", "Rejected candidates",
            "Show what was hidden, and what OCR looked at and did not take for text, dashed and faint, or not.",
            views.show_rejected, keys=("x",), menu="View", group="redaction"),
    Command("voi", "VOI window", "Show the window that the file asks for, or the full range again.",
            views.voi, keys=("w",), menu="View", group="levels"),
    Command("local-contrast", "Local contrast",
            "Even out contrast tile by tile, or show the full range again.", views.local_contrast,
            keys=("l",), menu="View", group="levels"),
    Command("rendering", "Rendering", "Choose full range, VOI window or local contrast.",
            views.rendering, arguments=("value",)),
    Command("invert", "Invert", "Turn light into dark.", views.invert, keys=("v",), menu="View",
            group="levels"),
    Command("windows", "Windows…", "Choose a window by its name, or save the one that is set.", keys=("W",),
            menu="View", group="levels", needs=Needs.PLANE),
    Command("info", "DICOM tags", "Show the tags of the file in a table.", keys=("i",), menu="View",
            group="look"),
    Command("grid", "All planes", "Show every plane of the file as a small picture.", keys=("g",),
            menu="View", group="look"),
    Command("series", "Whole series",
            "Show the first plane of every file of this series that is in the list.", keys=("G",),
            menu="View", group="look"),
    Command("projection", "Projection", "Show all planes of the group in one picture.", keys=("j",),
            menu="View", group="look"),
    Command("actual-size", "Actual size", "One pixel of the image is one pixel of the screen.",
            keys=("1",), menu="View", group="zoom"),
    Command("fit", "Fit", "Show the whole plane.", keys=("0",), menu="View", group="zoom"),
    Command("zoom-in", "Zoom in", "Show the picture larger.", keys=(">", "."), menu="View",
            group="zoom"),
    Command("zoom-out", "Zoom out", "Show the picture smaller.", keys=("<", ","), menu="View",
            group="zoom"),
    Command("magnify", "Magnifier while held", "Show the place under the cursor larger, as long as the key is held.",
            keys=("z",), menu="View", group="zoom"),
    Command("keep-zoom", "Keep the zoom",
            "Stay zoomed in when going to another plane of the file. The next file is shown whole.",
            keys=("k",), menu="View", group="zoom"),
    Command("turn-right", "Turn right", "Turn the view by a quarter; marks stay where they are on the plane.",
            keys=("d",), menu="View", group="turn"),
    Command("turn-left", "Turn left", "Turn the view by a quarter the other way.", keys=("D",), menu="View",
            group="turn"),
    Command("mirror", "Mirror", "Change left and right of the view, for text in mirror writing.", keys=("m",),
            menu="View", group="turn"),
    Command("fold-worklist", "File list", "Fold the list of files away, or show it again.",
            keys=("[",), menu="View", group="panes"),
    Command("fold-panel", "Side panel", "Fold the list of rectangles away, or show it again.",
            keys=("]",), menu="View", group="panes"),
    Command("theme", "Light or dark", "Change between the dark and the light page.", menu="View",
            group="panes"),
    Command("menu", "Menu bar", "Go to the menu bar.", keys=("F10",), menu="Help", group="help"),
    Command("bind-keys", "Keys of your own…", "Give commands other keys; the menus and the help follow.", keys=("K",),
            menu="Help", group="help"),
    Command("help", "Keys and commands", "Show this table.", keys=("?",), menu="Help",
            group="help"),
)  # fmt: skip

_HANDS = tuple(
    Command(f"{one.setting}-{one.value}", one.label, one.help, partial(views.choose, one),
            menu="Go" if one.setting == "cine" else "View", group=one.setting, toggles=f"{one.setting}={one.value}")
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
            arguments=("file_id", "group", "ticket", "shown")),
    Command("walk", "Walk on", "Say how far a held key has come in the open file.", navigation.walk,
            arguments=("file_id", "key")),
    Command("save-window", "Save this window", "Save a window under a name, for files of this modality.",
            keys.save_window, arguments=("name", "center", "width")),
    Command("forget-window", "Forget a window", "Forget a window that was saved.", keys.forget_window,
            arguments=("name",)),
    Command("set-keys", "Set keys", "Give commands other keys, for this user.", _bind, arguments=("keys",)),
    Command("dismiss", "Dismiss", "Take the message or question away.", views.dismiss),
)  # fmt: skip

COMMANDS: tuple[Command, ...] = _FILE + _OPTIONS + _MARK + _PREVIEWS + _GO + _VIEW + _HANDS + _INSIDE
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
