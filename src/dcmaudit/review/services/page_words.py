"""Errors in the words of the page: whoever sits before it has menus and dialogs, and no command line."""

from __future__ import annotations

import re

from dcmaudit.errors import DcmauditError

_PLACE = "with Database… in the File menu"
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"another (database|folder|file|name) with --db( DIR)?", rf"another \1 {_PLACE}"),
        (r"restore a copy made with `dcmaudit db backup`; `sqlite3 FILE \.recover` may save what is left",
         f"choose another database {_PLACE}, and ask whoever looks after this one for its backup"),
        (r"or look at the file again after `dcmaudit db recount FILE`",
         "and ask whoever looks after the database before you mark this file again"),
        (r"save them: dcmaudit s3 credentials set \S+; AWS", "save them with S3 credentials… in the File menu; AWS"),
        (r"with --ca-bundle or the setting ca_bundle", "in the setting ca_bundle"),
        (r"--overwrite replaces (it|existing files)", "choose another name"),
        (r"; dcmaudit s3 select makes one", ""),
        (r"dcmaudit s3 select makes one", "give any number as the seed"),
        (r": redact --deid refuses it", ": redacting by these rules refuses it"),
        (r"pip install '(dcmaudit\[\w+\])'", r"ask whoever installed dcmaudit for \1"),
    )
)  # fmt: skip
_COMMAND_LINE = re.compile(r"(?<![\w-])--[a-z][a-z-]+|\bdcmaudit (?:db|s3|redact|ocr|frames|verify|rules|sample)\b")


def page_words(text: str) -> str:
    """``text`` with what it says about options and commands put as the page has it.

    A part between semicolons that still speaks of the command line helps nobody here: it is left out.
    """
    for pattern, words in _PHRASES:
        text = pattern.sub(words, text)
    if not _COMMAND_LINE.search(text):
        return text
    return "; ".join(part for part in text.split("; ") if not _COMMAND_LINE.search(part))


def page_hint(error: DcmauditError) -> str | None:
    """What to do next, on the page; None where only the command line can do it."""
    return (page_words(error.hint) or None) if error.hint else None


def told(error: DcmauditError) -> str:
    """The error in one line, for a message."""
    hint = page_hint(error)
    return str(type(error)(error.message, file=error.file, hint=hint))
