"""Texts that are known to be harmless: technical terms that come with dcmaudit, and a site's own list of patterns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import regex

from dcmaudit.detect.pii.technical import LONGEST, kind_of
from dcmaudit.errors import ListError
from dcmaudit.model import Judgement, Verdict
from dcmaudit.model.engines import NerEngine
from dcmaudit.plainfile import read_text

FILE_NAMES = ("ocr_allowlist_regex.txt", "ocr_whitelist_regex.txt")
"""What the original tool calls the file, now and formerly, in ``$SMI_ROOT/data/dicompixelanon``."""

_SECONDS = 0.25


class AllowList:
    """Says HARMLESS or nothing: for technical terms, and for whole texts that a pattern of a site's list matches."""

    def __init__(self, patterns: Iterable[regex.Pattern[str]] = (), *, builtin: bool = True) -> None:
        self._patterns = tuple(patterns)
        self._builtin = builtin

    def judge(self, text: str) -> Judgement | None:
        """The judgement of one line of text."""
        kind = kind_of(text) if self._builtin else None
        if kind is not None:
            return Judgement(Verdict.HARMLESS, "it is made of technical terms", NerEngine.ALLOW_LIST, kind)
        stripped = text.strip()
        # A long text is no technical term, and patterns of a site may take long on it.
        if stripped and len(stripped) <= LONGEST and any(_matches(pattern, stripped) for pattern in self._patterns):
            return Judgement(Verdict.HARMLESS, "the site's allow list has it", NerEngine.ALLOW_LIST)
        return None


def _matches(pattern: regex.Pattern[str], text: str) -> bool:
    try:
        return pattern.fullmatch(text, timeout=_SECONDS) is not None
    except TimeoutError:
        return False  # not decided is not harmless


def default_file(smi_root: Path | None) -> Path | None:
    """The site's list where the original tool looks for it, None where there is none."""
    if smi_root is None:
        return None
    folder = smi_root / "data" / "dicompixelanon"
    return next((folder / name for name in FILE_NAMES if (folder / name).is_file()), None)


def read_list(path: Path) -> list[regex.Pattern[str]]:
    """The patterns of a file: one regular expression a line, empty lines left out.

    Each must match a whole text. ListError names the line that is no regular expression, or says that the file
    cannot be read.
    """
    try:
        lines = read_text(path).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ListError(f"the allow list cannot be read: {reason}", file=str(path)) from error
    patterns = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            patterns.append(regex.compile(line))
        except regex.error as error:
            raise ListError(
                f"line {number} of the allow list is no regular expression: {error.msg}",
                file=str(path),
                hint="each line is one pattern that must match a whole text",
            ) from error
    return patterns
