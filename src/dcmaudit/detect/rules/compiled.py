"""Turns criteria into functions of a header, once; answering then costs a dictionary look-up and a search each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dcmaudit.detect.header import Field, HeaderLike
from dcmaudit.detect.rules.patterns import Clock, needed_text, searcher
from dcmaudit.detect.rules.syntax import Action, CriteriaLine, Criterion, Join


class Lookup:
    """The values of one header, each read and put into small letters once."""

    __slots__ = ("_lowered", "_values", "answers", "clock", "header")

    def __init__(self, header: HeaderLike, questions: int = 0) -> None:
        self.header = header
        self.answers: list[bool | None] = [None] * questions
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

_Numbered = tuple[int, Condition]


class Compiler:
    """Makes conditions. Equal lines of all files share one number, under which a header's answer is remembered."""

    def __init__(self) -> None:
        self._lines: dict[CriteriaLine, _Numbered] = {}
        self.fields: set[Field] = set()

    @property
    def questions(self) -> int:
        """How many different questions were compiled: what ``Lookup`` has to remember."""
        return len(self._lines)

    def rule(self, lines: Sequence[CriteriaLine], *, applies_always: bool) -> Condition:
        """The condition of a rule: every line must hold; without lines it is ``applies_always``."""
        if not lines:
            return lambda _lookup: applies_always
        return _all(tuple(question for line in lines for question in self._questions(line)))

    def _questions(self, line: CriteriaLine) -> list[_Numbered]:
        # With 'and' alone each criterion is a question of its own, which other rules may share.
        if Join.OR not in line.joins:
            return [self._numbered(CriteriaLine((criterion,))) for criterion in line.criteria]
        return [self._numbered(CriteriaLine(line.criteria, line.joins))]

    def _numbered(self, line: CriteriaLine) -> _Numbered:
        made = self._lines.get(line)
        if made is None:
            self.fields |= {criterion.field for criterion in line.criteria}
            made = self._lines[line] = (len(self._lines), _line(line))
        return made


def needed(lines: Sequence[CriteriaLine]) -> tuple[Field, str] | None:
    """An element and letters that its value must have for these criteria to hold, the longest; None for none such.

    Of thousands of rules nearly all are about other devices: this tells so without asking their questions.
    """
    found: list[tuple[Field, str]] = []
    for line in lines:
        # One of several may hold: no letters are needed for certain.
        if Join.OR in line.joins:
            continue
        for criterion in line.criteria:
            if criterion.action is Action.CONTAINS:
                found.append((criterion.field, needed_text(criterion.value.strip())))
            elif criterion.action is Action.EQUALS:
                found.append((criterion.field, criterion.value.lower().strip()))
    longest = max(found, key=lambda one: len(one[1]), default=None)
    return longest if longest is not None and longest[1] else None


def _all(questions: tuple[_Numbered, ...]) -> Condition:
    def condition(lookup: Lookup) -> bool:
        answers = lookup.answers
        for number, question in questions:
            answer = answers[number]
            if answer is None:
                answer = answers[number] = question(lookup)
            if not answer:
                return False
        return True

    return condition


def _line(line: CriteriaLine) -> Condition:
    first, *following = (_condition(criterion) for criterion in line.criteria)
    if not following:
        return first
    steps = tuple(zip((join is Join.AND for join in line.joins), following, strict=True))

    def condition(lookup: Lookup) -> bool:
        answer = first(lookup)
        for is_and, question in steps:
            # From left to right: 'and' matters after a yes, 'or' after a no.
            if answer is is_and:
                answer = question(lookup)
        return answer

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
