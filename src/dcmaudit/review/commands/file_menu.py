"""The commands of the menus File and Options: what is opened, where marks are kept, what is redacted."""

from __future__ import annotations

from functools import partial

from dcmaudit.review.commands import opening, outputs, views
from dcmaudit.review.commands.command import Command, Needs, OpenDialog
from dcmaudit.review.state.options import OPTIONS

FILE: tuple[Command, ...] = (
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

SWITCHES: tuple[Command, ...] = tuple(
    Command(f"toggle-{one.name}", one.label, one.help, partial(views.toggle, one.name), menu="Options", group=one.group,
            toggles=one.name)
    for one in OPTIONS
)  # fmt: skip
