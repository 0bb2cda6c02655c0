"""Reads CTP DicomPixelAnonymizer scripts: ``{ expression } (x,y,width,height) ...``; other text is comment.

The meaning is that of the RSNA's program: of the signatures of a script only the first that fits is used; ``!``
binds closer than ``*`` (and), ``*`` closer than ``+`` (or); an absent element is the empty text; the values of a
multi-valued element are one text joined by backslashes; words count capitals unless the method says IgnoreCase.

Ours because that program is written in Java, and there is no library for its language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dcmaudit.detect.header import Field
from dcmaudit.detect.rules.compiled import Condition, Lookup
from dcmaudit.detect.rules.ctpnames import element
from dcmaudit.detect.rules.patterns import PatternError, full_matcher
from dcmaudit.detect.rules.syntax import LARGEST_COORDINATE, EdgeBox, Fault, Mark, Note

_TOKEN = re.compile(
    r"""(?P<skip>(?:\s|//[^\n]*)+)|(?P<constant>(?:true|false)\.)|(?P<sign>[!*+()])
    |(?P<path>(?:\[[^\]\[]*(?:\[[^\]\[]*\][^\]\[]*)?\]|[A-Za-z0-9_]+)(?:::(?:\[[^\]]*\]|[A-Za-z0-9_]+))*)
     \s*\.\s*(?P<method>[A-Za-z]+)\s*\(\s*"(?P<argument>[^"]*)"\s*\)""",
    re.VERBOSE,
)
_PRIVATE = re.compile(r"\[\s*([0-9A-Fa-f]{4})\s*,\s*\[([^\]]+)\]\s*([0-9A-Fa-f]{2})\s*\]")
_METHODS = ("equals", "matches", "contains", "startsWith", "endsWith")
_COMPARISONS = ("isLessThan", "isGreaterThan")
_DEEPEST = 100
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Signature:
    """One ``{ }`` of a script with its rectangles. ``label`` is the comment before it, "" where there is none."""

    label: str
    condition: Condition
    marks: tuple[Mark, ...]
    line: int


class ScriptParser:
    """Reads one script; ``faults`` has what is wrong with it.

    ``fields`` are the elements that it asks for, with line and column where it does so first.
    """

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.faults: list[Fault] = []
        self.notes: list[Note] = []
        self.fields: dict[Field, tuple[int, int]] = {}
        self._lines = [0, *(found.end() for found in re.finditer(r"\n", self._text))]

    def parse(self) -> tuple[Signature, ...]:
        """The signatures in order; complete only where ``faults`` stays empty."""
        signatures: list[Signature] = []
        at = 0
        while len(self.faults) < _MOST_FAULTS:
            start = self._text.find("{", at)
            if start < 0:
                if not signatures and not self.faults:
                    self.faults.append(Fault(1, 1, "no signature: a script needs { expression } (x,y,width,height)"))
                self._check_comment(at, len(self._text))
                break
            comment = self._text[at:start]
            self._check_comment(at, start)
            end = self._text.find("}", start)
            if end < 0:
                self.faults.append(self._fault(start, "{ without }"))
                break
            following = self._text.find("{", end)
            following = len(self._text) if following < 0 else following
            try:
                condition = Expression(self, start + 1, end).condition()
                marks, at = self._marks(end + 1, following)
                if not marks:
                    message = "names no rectangle: images that fit stay as they are and no later signature is tried"
                    self.notes.append(Note(self._line(start), message))
                signatures.append(Signature(_label(comment), condition, marks, self._line(start)))
            except Fault as fault:
                self.faults.append(fault)
                at = following
        return tuple(signatures)

    def _marks(self, start: int, end: int) -> tuple[tuple[Mark, ...], int]:
        marks: list[Mark] = []
        reached = start
        brackets = re.compile(r"\(([^()]*)\)")
        unclosed = brackets.sub(lambda found: " " * len(found[0]), self._text[start:end]).find("(")
        if unclosed >= 0:
            raise self._fault(start + unclosed, "( without )")
        for found in brackets.finditer(self._text[start:end]):
            at = start + found.start()
            if re.search(r"[^\s\d,+-]", found[1]):
                self.notes.append(Note(self._line(at), "brackets with words in them count as a comment, as in CTP"))
                continue
            parts = found[1].split(",")
            if len(parts) != 4 or not all(re.fullmatch(r"\s*[+-]?\d{1,7}\s*", part) for part in parts):
                raise self._fault(at, "a rectangle is (x,y,width,height), four whole numbers")
            x, y, width, height = map(int, parts)
            if max(map(abs, (x, y, width, height))) > LARGEST_COORDINATE:
                raise self._fault(at, f"a number beyond {LARGEST_COORDINATE}")
            if width < 1 or height < 1:
                raise self._fault(at, f"a rectangle of {width} x {height} pixels holds none")
            marks.append(Mark(EdgeBox(x, y, width, height), line=self._line(at)))
            reached = start + found.end()
        return tuple(marks), reached

    def _check_comment(self, start: int, end: int) -> None:
        closing = self._text.find("}", start, end)
        if closing >= 0:
            self.faults.append(self._fault(closing, "} without {"))
        for found in re.finditer(r"\([^)]*$|\(\s*[+-]?\d+\s*,[\s\d,+-]*\)", self._text[start:end]):
            message = "a rectangle before any signature" if ")" in found[0] else "( without )"
            self.faults.append(self._fault(start + found.start(), message))

    def _line(self, at: int) -> int:
        return self._text.count("\n", 0, at) + 1

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, from 1, of a position of the text."""
        line = self._line(at)
        return line, at - self._lines[line - 1] + 1

    def _fault(self, at: int, message: str) -> Fault:
        return Fault(*self.place(at), message)

    def fault(self, at: int, message: str) -> Fault:
        """An error at a position of the text."""
        return self._fault(at, message)

    @property
    def text(self) -> str:
        """The script with one kind of line end."""
        return self._text


class Expression:
    """The inside of one pair of braces, read by recursive descent."""

    def __init__(self, script: ScriptParser, start: int, end: int) -> None:
        self._script, self._at, self._end = script, start, end
        self._depth = 0
        self._token: re.Match[str] | None = None
        self._next()

    def condition(self) -> Condition:
        """The whole expression; Fault at the first thing that does not fit."""
        made = self._any()
        if self._token is not None:
            raise self._unexpected("* or + between two terms")
        return made

    def _next(self) -> None:
        while self._at < self._end:
            token = _TOKEN.match(self._script.text, self._at, self._end)
            if token is None:
                allowed = 'identifier.method("text"), true., false., ! * + ( )'
                raise self._script.fault(self._at, f"not part of an expression; allowed: {allowed}")
            self._at = token.end()
            if token.lastgroup != "skip":
                self._token = token
                return
        self._token = None

    def _unexpected(self, expected: str) -> Fault:
        at = self._end if self._token is None else self._token.start()
        return self._script.fault(at, f"expected {expected}")

    def _is(self, sign: str) -> bool:
        return self._token is not None and self._token["sign"] == sign

    def _any(self) -> Condition:
        made = self._every()
        while self._is("+"):
            self._next()
            made = _either(made, self._every())
        return made

    def _every(self) -> Condition:
        made = self._term()
        while self._is("*"):
            self._next()
            made = _both(made, self._term())
        return made

    def _term(self) -> Condition:
        self._depth += 1
        # A script of nothing but brackets must not end the program by its stack.
        if self._depth > _DEEPEST:
            raise self._unexpected(f"at most {_DEEPEST} brackets and ! in one another")
        made = self._inner_term()
        self._depth -= 1
        return made

    def _inner_term(self) -> Condition:
        token = self._token
        if self._is("!"):
            self._next()
            inner = self._term()
            return lambda lookup: not inner(lookup)
        if self._is("("):
            self._next()
            made = self._any()
            if not self._is(")"):
                raise self._unexpected(")")
            self._next()
            return made
        if token is None or token["sign"] is not None:
            raise self._unexpected('identifier.method("text")')
        self._next()
        if token["constant"] is not None:
            value = token["constant"] == "true."
            return lambda _lookup: value
        path = tuple(self._identifier(part, token.start()) for part in _parts(token["path"]))
        for field in path:
            self._script.fields.setdefault(field, self._script.place(token.start()))
        return _question(self._script, token, path)

    def _identifier(self, text: str, at: int) -> Field:
        private = _PRIVATE.fullmatch(text)
        if private is not None:
            return (int(private[1], 16), private[2], int(private[3], 16))
        found = element(text)
        if found is None:
            raise self._script.fault(at, "no element; allowed: a name, [gggg,eeee], [ggggeeee], [gggg,[creator]ee]")
        return found


def _parts(path: str) -> list[str]:
    return [part.strip() for part in path.split("::")]


def _either(one: Condition, other: Condition) -> Condition:
    return lambda lookup: one(lookup) or other(lookup)


def _both(one: Condition, other: Condition) -> Condition:
    return lambda lookup: one(lookup) and other(lookup)


def _question(script: ScriptParser, token: re.Match[str], path: tuple[Field, ...]) -> Condition:
    method, argument = token["method"], token["argument"]
    if method in _COMPARISONS:
        return _comparison(script, token, path)
    ignore_case = method.endswith("IgnoreCase")
    name = method.removesuffix("IgnoreCase")
    if name not in _METHODS:
        allowed = f"{', '.join(_METHODS)}, these with IgnoreCase, {' and '.join(_COMPARISONS)}"
        raise script.fault(token.start("method"), f"no such method; allowed: {allowed}")
    if name == "matches":
        try:
            matcher = full_matcher(argument, ignore_case=ignore_case)
        except PatternError as error:
            raise script.fault(token.start("argument") + error.position, str(error)) from error
        return lambda lookup: matcher(_joined(lookup, path), lookup.clock)
    test = _TESTS[name]
    if not ignore_case:
        return lambda lookup: test(_joined(lookup, path), argument)
    small = argument.lower()
    return lambda lookup: test(_joined(lookup, path).lower(), small)


def _comparison(script: ScriptParser, token: re.Match[str], path: tuple[Field, ...]) -> Condition:
    """As CTP compares: of both texts the digits and points alone are numbers; what is none is neither less nor more."""
    limit = _number(token["argument"])
    if limit is None:
        raise script.fault(token.start("argument"), "no number, so that the comparison would never hold")
    is_less = token["method"] == "isLessThan"

    def condition(lookup: Lookup) -> bool:
        value = _number(_joined(lookup, path))
        return value is not None and (value < limit if is_less else value > limit)

    return condition


def _number(text: str) -> float | None:
    try:
        return float(re.sub(r"[^0-9.]", "", text))
    except ValueError:
        return None


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "equals": str.__eq__,
    "contains": str.__contains__,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}


def _joined(lookup: Lookup, path: tuple[Field, ...]) -> str:
    return "\\".join(lookup.values(path) or ())


def _label(comment: str) -> str:
    lines = [line.strip(" \t*-=") for line in comment.splitlines()]
    named = [line for line in lines if line]
    return named[-1] if named else ""
