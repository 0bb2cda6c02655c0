"""Texts from outside, as people may be shown them."""

from __future__ import annotations


def printable(text: str) -> str:
    """``text`` as one line: control characters, which a file's name may hold, become ``\\x1b`` or ``\\n``.

    So do the marks that turn the direction of writing. A name with a newline in it could otherwise pass for the line of
    another file, one with an escape sequence hide lines, and one with a mark of direction look like another name.
    """
    if text.isprintable():  # nearly every name
        return text
    return "".join(c if c.isprintable() or c == "\u00a0" else repr(c)[1:-1] for c in text)


def tag_text(tag: int) -> str:
    """A tag as the standard writes it: ``(0028,0010)``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
