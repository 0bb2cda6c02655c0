"""Turns criteria into functions of a header, once; answering then costs a dictionary look-up and a search each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dcmaudit.detect.header import Field, HeaderLike
from dcmaudit.detect.rules.patterns import Clock, searcher
from dcmaudit.detect.rules.syntax import Action, CriteriaLine, Criterion, Join


class Lookup:
    """The values of one header, each read and put into small letters once."""

    __slots__ = ("_lowered", "_values", "clock", "header")

    def __init__(self, header: HeaderLike) -> None:
        self.header = header
        self.clock = Clock()
        self._lowered: dict[Field, str | None] = {}
        self._values: dict[tuple[Field, ...], tuple[str, ...] | None] = {}

    def lowered(self, field: Field) -> str | None:
        """The whole value in small letters without surrounding blanks; None as in ``HeaderLike.text``."""
        try:
            return self._lowered[field]
        except KeyError:
            text = self.header.text(field)
            answer = self._lowered[field] = None if text is None else text.lower().strip()
            return answer

    def values(self, path: tuple[Field, ...]) -> tuple[str, ...] | None:
        """The values of an element; all of ``path`` but the last name sequences, of which the first item counts."""
        try:
            return self._values[path]
        except KeyError:
            header: HeaderLike | None = self.header
            for field in path[:-1]:
                items = header.items(field) if header is not None else ()
                header = items[0] if items else None
            answer = self._values[path] = header.get(path[-1]) if header is not None else None
            return answer


Condition = Callable[[Lookup], bool]
"""Answers from a header; raises SlowPatternError where a pattern takes too long."""


class Compiler:
    """Makes conditions; equal criteria of all files share one function."""

    def __init__(self) -> None:
        self._made: dict[Criterion, Condition] = {}
        self.fields: set[Field] = set()

    def rule(self, lines: Sequence[CriteriaLine], *, applies_always: bool) -> Condition:
        """The condition of a rule: every line must hold; without lines it is ``applies_always``."""
        if not lines:
            return lambda _lookup: applies_always
        conditions = tuple(self.line(line) for line in lines)
        return conditions[0] if len(conditions) == 1 else _all(conditions)

    def line(self, line: CriteriaLine) -> Condition:
        """The condition of one line: from left to right, 'and' and 'or' alike."""
        conditions = tuple(self._criterion(criterion) for criterion in line.criteria)
        if not line.joins:
            return conditions[0]
        if Join.OR not in line.joins:
            return _all(conditions)
        first, steps = conditions[0], tuple(zip(line.joins, conditions[1:], strict=True))

        def condition(lookup: Lookup) -> bool:
            answer = first(lookup)
            for join, following in steps:
                if answer is (join is Join.AND):
                    answer = following(lookup)
            return answer

        return condition

    def _criterion(self, criterion: Criterion) -> Condition:
        self.fields.add(criterion.field)
        made = self._made.get(criterion)
        if made is None:
            made = self._made[criterion] = _condition(criterion)
        return made


def _all(conditions: tuple[Condition, ...]) -> Condition:
    def condition(lookup: Lookup) -> bool:
        for one in conditions:  # noqa: SIM110 - a generator costs a third of the whole answer
            if not one(lookup):
                return False
        return True

    return condition


def _condition(criterion: Criterion) -> Condition:  # noqa: PLR0911 - one return an action
    field, value = criterion.field, criterion.value
    match criterion.action:
        case Action.CONTAINS:
            return _contains(field, value)
        case Action.NOT_CONTAINS:
            contains = _contains(field, value)
            return lambda lookup: not contains(lookup)
        case Action.EQUALS:
            small = value.lower().strip()
            return lambda lookup: lookup.lowered(field) == small
        case Action.NOT_EQUALS:
            small = value.lower().strip()
            return lambda lookup: lookup.lowered(field) != small
        case Action.MISSING:
            return lambda lookup: lookup.lowered(field) is None
        case Action.PRESENT:
            return lambda lookup: lookup.lowered(field) is not None
        case Action.EMPTY:
            return lambda lookup: lookup.values((field,)) == ()
        case Action.NOT_EMPTY:
            return lambda lookup: bool(lookup.values((field,)))


def _contains(field: Field, pattern: str) -> Condition:
    matcher = searcher(pattern.strip())

    def contains(lookup: Lookup) -> bool:
        text = lookup.lowered(field)
        return text is not None and matcher(text, lookup.clock)

    return contains
