"""Writes recipes: the text that the parser, and deid, read back as the same rules."""

from __future__ import annotations

from collections.abc import Iterator

from dcmaudit.detect.header import Field
from dcmaudit.detect.rules.syntax import CriteriaLine, Criterion, Mark, Named, Recipe
from dcmaudit.model import Box


def recipe_text(recipe: Recipe) -> str:
    """The whole file; rules of one group that follow each other share a %filter section."""
    return "\n".join(_lines(recipe)) + "\n"


def _lines(recipe: Recipe) -> Iterator[str]:
    yield "FORMAT dicom"
    group: str | None = None
    for rule in recipe.rules:
        if rule.group != group:
            group = rule.group
            yield from ("", f"%filter {group}")
        yield from ("", f"LABEL {rule.label}".rstrip())
        yield from (f"  {_line(line)}" for line in rule.lines)
        yield from (f"  {_mark(mark)}" for mark in rule.marks)
    yield from recipe.ignored


def _line(line: CriteriaLine) -> str:
    lead = f"{line.lead.value} " if line.lead is not None else ""
    signs = ["", *(f" {join.value} " for join in line.joins)]
    return lead + "".join(sign + _criterion(one) for sign, one in zip(signs, line.criteria, strict=True))


def _criterion(criterion: Criterion) -> str:
    return f"{criterion.action.value} {_field(criterion.field)} {criterion.value}".rstrip()


def _field(field: Field) -> str:
    if isinstance(field, tuple):
        group, creator, element = field
        return f'({group:04X},"{creator}",{element:02X})'
    return f"0x{field:08X}" if isinstance(field, int) else field


def _mark(mark: Mark) -> str:
    word = "keepcoordinates" if mark.keep else "coordinates"
    if isinstance(mark.area, Named):
        return f"{word} {mark.area.value}"
    assert isinstance(mark.area, Box)  # noqa: S101 - recipes have no rectangles that count from the edge
    return f"{word} {mark.area.left},{mark.area.top},{mark.area.right},{mark.area.bottom}"
