"""Reads the deid recipe language (pydicom/deid): exactly its meaning, but refuses where deid skips or stops.

Ours because deid passes over lines that it does not understand, and a rule that is passed over redacts nothing.
"""

from __future__ import annotations

import re

from dcmaudit.detect.header import Field
from dcmaudit.detect.rules.patterns import PatternError, searcher
from dcmaudit.detect.rules.syntax import (
    LARGEST_COORDINATE,
    Action,
    CriteriaLine,
    Criterion,
    Fault,
    Join,
    Mark,
    Named,
    Note,
    Recipe,
    RecipeRule,
)
from dcmaudit.model import Box

SECTIONS = ("filter", "header", "labels", "values", "fields")
_HEADER_ACTIONS = ("ADD", "BLANK", "JITTER", "KEEP", "REPLACE", "REMOVE", "LABEL", "FIELD", "SPLIT")
_ACTIONS = {action.value: action for action in Action}
_WORDS = tuple(_ACTIONS)
_WITH_VALUE = frozenset(action.value for action in Action if action.takes_value)
_PATTERNS = frozenset({Action.CONTAINS.value, Action.NOT_CONTAINS.value})
_SIGNS = tuple((join.value, join) for join in Join)
_LINE_END = re.compile(r"\r\n|\r|\n")
_LABEL = re.compile(r"LABEL(\s|$)")
_TAG = re.compile(r"0[xX][0-9A-Fa-f]{8}")
_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NUMBER = re.compile(r"\s*\+?\d{1,7}\s*")
_COORDINATES = re.compile(r"(ctp)?(keep)?coordinates(?=[\s\d]|$)\s*", re.IGNORECASE)
_PRIVATE = re.compile(r"\(\s*([0-9A-Fa-f]{4})\s*,\s*\"([^\"]+)\"\s*,\s*([0-9A-Fa-f]{2})\s*\)")
_MOST_FAULTS = 20


class RecipeParser:
    """Takes the lines of one file in turn; ``faults`` has what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._rules: list[RecipeRule] = []
        self._ignored: list[str] = []
        self._notes: list[Note] = []
        self._section: str | None = None
        self._group = ""
        self._label: tuple[str, int] | None = None
        self._lines: list[CriteriaLine] = []
        self._marks: list[Mark] = []

    def parse(self, text: str) -> Recipe:
        """The file as data; it is complete only where ``faults`` stays empty."""
        for number, line in enumerate(_LINE_END.split(text), start=1):
            stripped = line.strip()
            if not stripped or stripped.startswith("#"):
                continue
            try:
                self._take(number, len(line) - len(line.lstrip()) + 1, stripped)
            except Fault as fault:
                self.faults.append(fault)
                if len(self.faults) >= _MOST_FAULTS:
                    break
        self._end_rule()
        return Recipe(tuple(self._rules), tuple(self._ignored), tuple(self._notes))

    def _take(self, number: int, column: int, line: str) -> None:
        upper = line.upper()
        if line.startswith("%"):
            self._begin_section(number, column, line)
        elif self._label is None and upper.startswith("FORMAT"):
            if line[len("FORMAT") :].split("#", 1)[0].strip().lower() != "dicom":
                raise Fault(number, column, "FORMAT must be followed by dicom")
        elif self._section is None:
            raise Fault(number, column, "a line before the first section; expected FORMAT dicom or %filter NAME")
        elif self._section != "filter":
            if not upper.startswith(_HEADER_ACTIONS):
                self._notes.append(Note(number, f"no action that a %{self._section} section knows"))
        elif _LABEL.match(upper):
            self._end_rule()
            self._label = (line[len("LABEL") :].split("#", 1)[0].strip(), number)
        elif self._label is None:
            raise Fault(number, column, "expected LABEL: every rule of a %filter section begins with one")
        else:
            self._take_member(number, column, line)

    def _begin_section(self, number: int, column: int, line: str) -> None:
        self._end_rule()
        words = line.split("#", 1)[0].strip()[1:].split(None, 1)
        name = words[0].lower() if words else ""
        if name not in SECTIONS:
            self._section = None
            raise Fault(number, column + 1, f"no section of that name; allowed: %{', %'.join(SECTIONS)}")
        self._section = name
        self._group = words[1].strip() if len(words) > 1 else ""
        if name != "filter":
            self._ignored.append(line.split("#", 1)[0].strip())
            told = f"a %{name} section is not about pixels and has no effect here"
            self._notes.append(Note(number, told, idle=True, is_section=True))
        elif not self._group:
            raise Fault(number, column, "a filter section needs a name: %filter NAME")

    def _end_rule(self) -> None:
        if self._label is not None:
            label, number = self._label
            if not self._lines and not self._marks:
                self._notes.append(
                    Note(number, "a rule with neither criteria nor coordinates never applies", idle=True)
                )
            self._rules.append(RecipeRule(label, self._group, tuple(self._lines), tuple(self._marks), number))
        self._label, self._lines, self._marks = None, [], []

    def _take_member(self, number: int, column: int, line: str) -> None:
        found = _COORDINATES.match(line)
        if found is not None:
            value = line[found.end() :].split("#", 1)[0].strip()
            area = _area(value, number, column + found.end(), ctp=found[1] is not None)
            self._marks.append(Mark(area, keep=found[2] is not None, line=number))
            return
        lead = next((join for sign, join in _SIGNS if line.startswith(sign)), None)
        if lead is not None:
            rest = line[len(lead.value) :]
            column += len(line) - len(rest.lstrip())
            line = rest.strip()
        if line.startswith("#") or not line:
            return
        if lead is Join.OR and self._lines:
            message = "lines are joined with 'and', as in deid, also where one begins with ||; write 'or' on one line"
            self._notes.append(Note(number, message))
        parsed = _criteria(line, number, column)
        if "#" in line and any(re.search(r"\s#", criterion.value) for criterion in parsed.criteria):
            self._notes.append(Note(number, "the text after # is part of the value, as in deid; no comment here"))
        self._lines.append(CriteriaLine(parsed.criteria, parsed.joins, lead, number))


def _area(value: str, line: int, column: int, *, ctp: bool) -> Box | Named:
    if value.lower() == Named.WHOLE.value:
        return Named.WHOLE
    if value.startswith("from:"):
        if ctp or value != Named.REGIONS.value:
            raise Fault(line, column, f"coordinates can be taken {Named.REGIONS.value}, from nothing else")
        return Named.REGIONS
    numbers: list[int] = []
    for part in value.split(","):
        if not _NUMBER.fullmatch(part) or int(part) > LARGEST_COORDINATE:
            allowed = f"four whole numbers from 0 to {LARGEST_COORDINATE}, 'all' or '{Named.REGIONS.value}'"
            raise Fault(line, column, f"these are no coordinates; allowed: {allowed}")
        numbers.append(int(part))
    if len(numbers) != 4:
        raise Fault(line, column, f"{len(numbers)} numbers, expected {'x,y,width,height' if ctp else 'x0,y0,x1,y1'}")
    x, y, right, bottom = numbers
    # CTP writes width and height, deid the corner behind the last pixel.
    right, bottom = (x + right, y + bottom) if ctp else (right, bottom)
    if right <= x or bottom <= y:
        raise Fault(line, column, f"the rectangle from ({x}, {y}) to ({right}, {bottom}) holds no pixel")
    return Box(x, y, right, bottom)


def _criteria(text: str, line: int, column: int) -> CriteriaLine:
    """Splits as deid does: at the first sign, but only while some criterion's word follows anywhere after it."""
    criteria: list[Criterion] = []
    joins: list[Join] = []
    rest: str | None = text
    while rest is not None:
        column += len(rest) - len(rest.lstrip())
        member, after = rest.strip(), None
        places = [(member.find(sign), sign, join) for sign, join in _SIGNS if sign in member]
        if places:
            _, sign, join = min(places)
            head, tail = member.split(sign, 1)
            if any(word in tail for word in _WORDS):
                joins.append(join)
                member, after = head, tail
            elif any(re.match(rf"\s*{word}\s", tail, re.IGNORECASE) for word in _WORDS):
                raise Fault(line, column + len(head), f"after {sign} deid knows criteria in small letters only")
        criteria.append(_criterion(member.strip(), line, column, has_more=after is not None))
        if after is not None:
            column += len(member) + len(joins[-1].value)
        rest = after
    return CriteriaLine(tuple(criteria), tuple(joins), line=line)


def _criterion(text: str, line: int, column: int, *, has_more: bool) -> Criterion:
    parts = text.split(None, 1)
    word = parts[0].lower() if parts else ""
    if word not in _WORDS:
        hint = "; a + or || inside a value must be the last one on its line" if has_more or column > 1 else ""
        raise Fault(line, column, f"expected a criterion; allowed: {', '.join(_WORDS)}, coordinates{hint}")
    if len(parts) == 1:
        raise Fault(line, column + len(text), f"{word} needs a field")
    rest = parts[1].strip()
    at = column + text.index(rest, len(parts[0]))
    field, end = _field(rest, line, at)
    value = rest[end:].strip()
    if word not in _WITH_VALUE:
        if value:
            raise Fault(line, at + end + 1, f"{word} takes one field and no value")
        return Criterion(_ACTIONS[word], field)
    if not value:
        raise Fault(line, column + len(text), f"{word} needs a field and a value")
    if word in _PATTERNS:
        try:
            searcher(value)
        except PatternError as error:
            start = at + rest.index(value, end)
            raise Fault(line, start + error.position, str(error)) from error
    return Criterion(_ACTIONS[word], field, value)


def _field(text: str, line: int, column: int) -> tuple[Field, int]:
    private = _PRIVATE.match(text)
    if private is not None:
        return (int(private[1], 16), private[2], int(private[3], 16)), private.end()
    word = text.split(None, 1)[0]
    if "0x" in word.lower():
        if not _TAG.fullmatch(word):
            raise Fault(line, column, "a tag is written 0x and eight hexadecimal digits, as 0x00080060")
        return int(word, 16), len(word)
    if not _KEYWORD.fullmatch(word):
        allowed = 'a keyword, 0xggggeeee or (gggg,"private creator",ee)'
        raise Fault(line, column, f"no field; allowed: {allowed}")
    return word, len(word)
