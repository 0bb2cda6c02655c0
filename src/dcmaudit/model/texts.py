"""Texts from outside, as people may be shown them."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def with_bytes_told(text: str) -> str:
    r"""``text`` with bytes that are no UTF-8 (surrogates, PEP 383) as ``\xhh``: the name that a file has here.

    Every database, page and JSON reader can hold it, and it leads to the file wherever a file can be named.
    """
    return text if text.isascii() else _SURROGATE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    value = ord(found[0]) - 0xDC00
    # Bytes of a name come as DC80 to DCFF; any other half of a pair is no name of a file at all.
    return f"\\x{value:02x}" if 0x80 <= value <= 0xFF else f"\\u{value + 0xDC00:04x}"


def printable(text: str) -> str:
    """``text`` as one line: control characters, which a file's name may hold, become ``\\x1b`` or ``\\n``.

    So do the marks that turn the direction of writing. A name with a newline in it could otherwise pass for the line of
    another file, one with an escape sequence hide lines, and one with a mark of direction look like another name.
    """
    if text.isprintable():  # nearly every name
        return text
    return "".join(c if c.isprintable() or c == "\u00a0" else repr(c)[1:-1] for c in with_bytes_told(text))


def tag_text(tag: int) -> str:
    """A tag as the standard writes it: ``(0028,0010)``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
