"""Paragraphs of Markdown wrapped at 99 characters, for ``scripts/wrap`` and the programs that write pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST = 99
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
_QUOTE = re.compile(r"\s*(?:>\s?)+")
_ALONE = re.compile(r"\s*(?:\||#|<|\[[^\]]+\]:|:::|---|===|$)|    ")
"""Lines that are no part of a paragraph: tables, headings, HTML, definitions of links, directives, indented code."""
_STARTS = re.compile(r"[-*+]|\d+[.)]|#+|=+|-+|(?:[>|<]|:::).*")
"""Words that would mean something else at the beginning of a line."""
_WHOLE = re.compile(r"`+[^`]+`+|\]\([^)]*\)")
"""What no line end may come into: code, and the address of a link."""


def wrapped(text: str) -> str:
    """The page with its long paragraphs wrapped."""
    blocks = _blocks(text.split("\n"))
    return "\n".join(line for block, is_code in blocks for line in (block if is_code else _block(block)))


def too_long(text: str) -> list[int]:
    """The numbers, from 1, of the lines that are too long and could be wrapped."""
    found, fence = [], ""
    for number, line in enumerate(text.split("\n"), 1):
        fence = _fence(line, fence)
        if len(line) > MOST and not fence and not line.lstrip().startswith("|") and _can_break(line):
            found.append(number)
    return found


def _fence(line: str, fence: str) -> str:
    """The fence that is open behind that line; empty outside of code."""
    mark = re.match(r"\s*(```+|~~~+)", line)
    if mark is None:
        return fence
    if not fence:
        return mark[1]
    return "" if mark[1].startswith(fence) else fence


def _blocks(lines: list[str]) -> Iterator[tuple[list[str], bool]]:
    """Paragraphs and items of lists, each whole; every other line alone. The flag: it is inside of a block of code."""
    block: list[str] = []
    fence = ""
    for line in lines:
        before, fence = fence, _fence(line, fence)
        if before or fence or _ALONE.match(line):
            yield from [(block, False)] if block else []
            block = []
            yield [line], bool(before or fence)
        elif _ITEM.match(line) or not block or bool(_QUOTE.match(line)) != bool(_QUOTE.match(block[0])):
            yield from [(block, False)] if block else []
            block = [line]
        else:
            block.append(line)
        # Two spaces or a backslash at the end are a line end that is meant.
        if block and block[-1].endswith(("  ", "\\")):
            yield block, False
            block = []
    yield from [(block, False)] if block else []


def _block(lines: list[str]) -> list[str]:
    if max(map(len, lines)) <= MOST or _ALONE.match(lines[0]) or not _can_break(" ".join(lines)):
        return lines
    head = _QUOTE.match(lines[0]) or _ITEM.match(lines[0])
    first = head[0] if head else re.match(r"\s*", lines[0])[0]  # type: ignore[index] # it matches nothing, too
    quote = first if _QUOTE.match(lines[0]) else ""
    rest = quote or (re.match(r"\s*", lines[1])[0] if len(lines) > 1 else " " * len(first))  # type: ignore[index]
    words = _words(" ".join([lines[0][len(first) :], *(line[len(quote) :].strip() for line in lines[1:])]))
    out, line = [], first
    for word in words:
        room = len(line.rstrip()) + 1 + len(word)
        if line.strip() and line not in {first, rest} and room > MOST and not _STARTS.fullmatch(word):
            out.append(line.rstrip())
            line = rest
        line += word if line in {first, rest} else f" {word}"
    return [*out, line.rstrip()]


def _words(text: str) -> list[str]:
    """The text at its spaces, but for those inside of code or of an address."""
    kept = _WHOLE.sub(lambda found: found[0].replace(" ", "\0"), text)
    return [word.replace("\0", " ") for word in kept.split()]


def _can_break(line: str) -> bool:
    return len(_words(line)) > 1 and not _ALONE.match(line)
