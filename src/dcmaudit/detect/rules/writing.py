"""Writes rules: as a recipe that the parser, and deid, read back as the same; or as a CTP script."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from dcmaudit.detect.header import Field
from dcmaudit.detect.rules.syntax import Action, CriteriaLine, Criterion, Join, Mark, Named, Recipe, RecipeRule
from dcmaudit.errors import UsageError
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


def script_text(rules: Iterable[RecipeRule]) -> str:
    """The same rules as a CTP script; UsageError where a rule or value cannot be said in its language.

    Only what ``make_rules`` makes can be written: whole values, absent elements and rectangles to redact.
    """
    return "\n".join(f"{_comment(rule.label)}\n{{ {_expression(rule)} }}\n{_rectangles(rule)}\n" for rule in rules)


def _expression(rule: RecipeRule) -> str:
    return " *\n  ".join(_terms(rule, line) for line in rule.lines)


def _terms(rule: RecipeRule, line: CriteriaLine) -> str:
    # For CTP an absent element is an empty text, so both questions are one.
    terms = list(dict.fromkeys(_term(rule, criterion) for criterion in line.criteria))
    if len(terms) > 1 and set(line.joins) != {Join.OR}:
        raise UsageError(f"the rule {rule.label!r} cannot be written as a CTP script: it mixes 'and' and 'or'")
    return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})"


def _term(rule: RecipeRule, criterion: Criterion) -> str:
    value = criterion.value
    if criterion.action in {Action.MISSING, Action.EMPTY}:
        value = ""
    elif criterion.action is not Action.EQUALS:
        raise UsageError(f"the rule {rule.label!r} cannot be written as a CTP script: it has {criterion.action.value}")
    # A value of several parts is a Python list in recipes; CTP has it as DICOM does, with backslashes.
    if value.startswith("["):
        value = "\\".join(ast.literal_eval(value))
    if set(value) & set('"{}') or isinstance(criterion.field, int | tuple):
        raise UsageError(
            f"the rule {rule.label!r} cannot be written as a CTP script: a value has signs of its language"
        )
    return f'{criterion.field}.equalsIgnoreCase("{value}")'


def _rectangles(rule: RecipeRule) -> str:
    boxes = [mark.area for mark in rule.marks]
    if any(mark.keep for mark in rule.marks) or not all(isinstance(box, Box) for box in boxes):
        raise UsageError(f"the rule {rule.label!r} cannot be written as a CTP script: it keeps areas")
    return " ".join(f"({box.left},{box.top},{box.width},{box.height})" for box in boxes if isinstance(box, Box))


def _comment(label: str) -> str:
    return label.translate(str.maketrans("(){}", "[]  "))
