"""Rules that were made from marks, in words: what they were made from, and what they hit and miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dcmaudit.model import Box
from dcmaudit.model.counts import counted

_NAMED = 5
"""Files that a line names before it only counts."""


@dataclass(slots=True)
class NotUsed:
    """What of the database no rule was made from: counts of files and rows, and the names of files with shapes."""

    not_done: int = 0
    tagged: int = 0
    overlay_rows: int = 0
    unclear_rows: int = 0
    with_shapes: list[str] = field(default_factory=list)
    """Files left out because shapes are on them: a rule holds rectangles alone."""


@dataclass(slots=True)
class Effect:
    """What one rule does to the reviewed files that it matches."""

    label: str
    matched: int = 0
    covered: int = 0
    missed: list[str] = field(default_factory=list)
    unmarked: int = 0


@dataclass(slots=True)
class Effects:
    """Each rule's effect by the line it begins in, in order, and the marked files that no rule matches."""

    rules: dict[int, Effect]
    unmatched: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FileCheck:
    """The rules asked about the files themselves: how many agree with the database, and the names of the others."""

    agreed: int = 0
    differing: list[str] = field(default_factory=list)
    unread: int = 0


def used_lines(done: int, marked: int, left: NotUsed) -> Iterator[str]:
    """How many files are done and marked, and a line for each kind of thing that was not used."""
    have = counted(marked, "of them has marks on its frames", "of them have marks on their frames")
    yield f"{counted(done, 'file is', 'files are')} done, {have}"
    shapes = len(left.with_shapes)
    reach = f"{counted(left.overlay_rows, 'mark is', 'marks are')} on overlays or bits, which rules do not reach"
    told = {
        f"{counted(left.not_done, 'file is', 'files are')} not done": left.not_done,
        f"{counted(left.tagged, 'file is', 'files are')} tagged for another look": left.tagged,
        reach: left.overlay_rows,
        f"{counted(left.unclear_rows, 'row')} of the database cannot be understood": left.unclear_rows,
        f"{counted(shapes, 'file')} with shapes{named(left.with_shapes)}: a rule can only hold rectangles": shapes,
    }
    yield from (f"not used: {text}" for text, count in told.items() if count)


def effect_lines(label: str, effect: Effect, files: int, left_out: Sequence[tuple[Box, int]]) -> Iterator[str]:
    """What one rule, made from so many ``files``, hits and misses, and the rectangles it leaves out, with counts."""
    missing = f", not all of {len(effect.missed)}{named(effect.missed)}" if effect.missed else ""
    spare = f"; {counted(effect.unmarked, 'has', 'have')} no marks and would be redacted" if effect.unmarked else ""
    matched = counted(effect.matched, "file")
    yield f"{label}: matches {matched}; covers all marks of {effect.covered}{missing}{spare}"
    if files == 1:
        yield f"{label}: made from a single file"
    for box, count in left_out:
        where = f"({box.left}, {box.top}) to ({box.last_x}, {box.last_y})"
        have = f"{count} of {counted(files, 'file')} {'has' if count == 1 else 'have'} it"
        yield f"{label}: the rectangle {where} is left out, {have}"


def uncovered_lines(unnamed: Sequence[str], unmatched: Sequence[str]) -> Iterator[str]:
    """The marked files that no rule was made for, and those that none of the rules matches."""
    if unnamed:
        yield f"no rule for {counted(len(unnamed), 'marked file')} without a model or size{named(unnamed)}"
    if unmatched:
        yield f"no rule matches {counted(len(unmatched), 'marked file')}{named(unmatched)}"


def check_line(check: FileCheck) -> str:
    """What the files themselves answered."""
    return (
        f"asked the files: {check.agreed} agree with the database, {len(check.differing)} do not"
        f"{named(check.differing)}, {check.unread} cannot be read"
    )


def named(names: Sequence[str]) -> str:
    """The first few of the names in brackets, and how many more there are; empty without names."""
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f" ({', '.join(names[:_NAMED])}{more})"
