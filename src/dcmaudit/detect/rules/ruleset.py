"""Rules of all files together: which apply to a header, and which rectangles follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dcmaudit.detect.areas import outside
from dcmaudit.detect.header import Field, HeaderLike
from dcmaudit.detect.problems import Problem, ProblemKind
from dcmaudit.detect.rules.compiled import Condition, Lookup
from dcmaudit.detect.rules.patterns import SlowPatternError
from dcmaudit.detect.rules.syntax import EdgeBox, Mark, Named, Note
from dcmaudit.detect.ultrasound import UltrasoundRegions, ultrasound_regions
from dcmaudit.model import Box, Everywhere, Origin, Region, Size


@dataclass(frozen=True, slots=True)
class Rule:
    """One compiled rule. ``file`` is the file's name without its folder; ``group`` the %filter section or "CTP".

    ``needs`` is an element and letters in its value without which ``condition`` cannot hold.
    """

    label: str
    file: str
    line: int
    group: str
    marks: tuple[Mark, ...]
    condition: Condition = field(repr=False, compare=False)
    needs: tuple[Field, str] | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The rule for people: its label, file and line."""
        return f"{self.label!r} ({self.file}, line {self.line})" if self.label else f"{self.file}, line {self.line}"


DENIAL = "blacklist"
"""The %filter section whose rules say that an image is not to be released: where they know a place, only that goes."""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One loaded file. Of a CTP script only the first rule that applies counts (``first_only``).

    ``places`` has for each element that the file asks for the line and column where it does so first.
    """

    path: str
    rules: tuple[Rule, ...]
    first_only: bool = False
    ignored: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    places: Mapping[Field, tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The answer for one instance.

    ``regions`` are in image pixels, inside the image, for every frame; they may overlap. ``matches`` are the rules
    that apply, also those without coordinates (a flag, nothing to redact). ``problems`` names what was clipped and
    what could not be decided; where ``is_complete`` is False something that should be redacted may be missing.
    """

    regions: tuple[Region, ...] = ()
    matches: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def denials(self) -> tuple[Rule, ...]:
        """The rules that deny the whole file: those of a %filter blacklist that name no coordinates."""
        return tuple(rule for rule in self.matches if rule.group.lower() == DENIAL and not rule.marks)

    @property
    def is_complete(self) -> bool:
        """Whether no problem keeps a rectangle back."""
        return not any(problem.is_blocking for problem in self.problems)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that was loaded, ready to answer; safe to use from several threads and cheap to share.

    ``fields`` are the elements that the rules ask for, ``questions`` how many different lines of criteria there are.
    """

    files: tuple[RuleFile, ...] = ()
    fields: frozenset[Field] = frozenset()
    questions: int = 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all files in order."""
        return tuple(rule for file in self.files for rule in file.rules)

    def __len__(self) -> int:
        return sum(len(file.rules) for file in self.files)


def suggest_by_rules(rules: RuleSet, header: HeaderLike, size: Size) -> Suggestions:
    """What the rules say about an instance whose frames have ``size``: see ``Suggestions``.

    The coordinates of all deid recipes are painted one after the other, as deid does: a later line overrides an
    earlier one. Where a rule keeps an area and no 'coordinates all' came before it, everything outside what is kept
    is redacted. CTP rectangles are added to that and never taken away by a recipe.
    """
    lookup = Lookup(header, rules.questions)
    problems: list[Problem] = []
    painted: list[Rule] = []
    added: list[Rule] = []
    for file in rules.files:
        matched = _matching(file, lookup, problems)
        (added if file.first_only else painted).extend(matched)
    painter = _Painter(header, size, problems)
    pieces = painter.recipes(painted) + painter.rectangles(added)
    return Suggestions(_regions(pieces), (*painted, *added), tuple(problems))


def _matching(file: RuleFile, lookup: Lookup, problems: list[Problem]) -> list[Rule]:
    matched: list[Rule] = []
    texts = _Texts(lookup)
    # Thousands of rules name a model first: one look at it leaves a handful.
    possible = [rule for rule in file.rules if rule.needs is None or rule.needs[1] in texts[rule.needs[0]]]
    for rule in possible:
        try:
            if not rule.condition(lookup):
                continue
        except SlowPatternError:
            message = f"rule {rule.name}: a pattern took too long, so it is unknown whether the rule applies"
            problems.append(Problem(ProblemKind.UNDECIDED, message))
            continue
        matched.append(rule)
        # CTP takes the first signature that fits, and no later one.
        if file.first_only:
            break
    return matched


class _Texts(dict[Field, str]):
    """Values in small letters, each asked for once; "" where there is none."""

    def __init__(self, lookup: Lookup) -> None:
        super().__init__()
        self._lookup = lookup

    def __missing__(self, element: Field) -> str:
        text = self[element] = self._lookup.lowered(element) or ""
        return text


@dataclass(frozen=True, slots=True)
class _Piece:
    box: Box
    reason: str


class _Painter:
    """Paints what rules redact and keep, piece by piece, so that each piece can say why it is there."""

    def __init__(self, header: HeaderLike, size: Size, problems: list[Problem]) -> None:
        self._header, self._size, self._problems = header, size, problems
        self._whole = Box.whole(size)
        self._ultrasound: UltrasoundRegions | None = None

    def rectangles(self, rules: Iterable[Rule]) -> list[_Piece]:
        """The pieces of rules that only add."""
        return [
            _Piece(box, f"rule {rule.name}") for rule in rules for mark in rule.marks for box in self._boxes(rule, mark)
        ]

    def recipes(self, rules: Iterable[Rule]) -> list[_Piece]:
        """The pieces that are left when every line of every rule was painted in order."""
        steps = [(rule, mark, self._boxes(rule, mark)) for rule in rules for mark in rule.marks]
        # A line of regions to keep that found none is named by _boxes and keeps nothing.
        steps = [step for step in steps if step[2] or not step[1].keep]
        # To keep something means that all else is black, unless a line before has said so already.
        first_keep = next((index for index, step in enumerate(steps) if step[1].keep), None)
        pieces: list[_Piece] = []
        if first_keep is not None and not any(step[1].area is Named.WHOLE for step in steps[:first_keep]):
            pieces.append(_Piece(self._whole, f"outside of what rule {steps[first_keep][0].name} keeps"))
        index = 0
        while index < len(steps):
            rule, mark, boxes = steps[index]
            index += 1
            if not mark.keep:
                pieces += [_Piece(box, f"rule {rule.name}") for box in boxes]
                continue
            while index < len(steps) and steps[index][1].keep and steps[index][0] is rule:
                boxes = (*boxes, *steps[index][2])
                index += 1
            pieces = [left for piece in pieces for left in _without(piece, boxes, rule)]
        return pieces

    def _boxes(self, rule: Rule, mark: Mark) -> tuple[Box, ...]:
        if mark.area is Named.WHOLE:
            return (self._whole,)
        if mark.area is Named.REGIONS:
            return self._regions(rule, mark)
        box = mark.area.box(self._size) if isinstance(mark.area, EdgeBox) else mark.area
        assert isinstance(box, Box)  # noqa: S101 - the named areas are dealt with above
        clipped = box.clipped(self._size)
        if clipped == box:
            return (box,)
        where = f"({box.left}, {box.top}) to ({box.right}, {box.bottom})"
        what = f"the rectangle {where} of rule {rule.name}, line {mark.line},"
        plane = f"the image of {self._size.width} x {self._size.height} pixels"
        if clipped is None:
            self._problems.append(Problem(ProblemKind.OUTSIDE, f"{what} lies outside {plane}"))
            return ()
        self._problems.append(Problem(ProblemKind.CLIPPED, f"{what} reaches outside {plane}; clipped to it"))
        return (clipped,)

    def _regions(self, rule: Rule, mark: Mark) -> tuple[Box, ...]:
        if self._ultrasound is None:
            self._ultrasound = ultrasound_regions(self._header, self._size)
            self._problems += [one for one in self._ultrasound.problems if one.kind is not ProblemKind.NO_REGIONS]
        if not self._ultrasound.keep:
            message = f"rule {rule.name}, line {mark.line}: the image has no usable ultrasound region"
            self._problems.append(Problem(ProblemKind.NO_REGIONS, message))
        return self._ultrasound.keep


def _without(piece: _Piece, keep: tuple[Box, ...], rule: Rule) -> list[_Piece]:
    left = outside(piece.box, keep)
    if left == (piece.box,):
        return [piece]
    reason = piece.reason if rule.name in piece.reason else f"{piece.reason}, less what rule {rule.name} keeps"
    return [_Piece(box, reason) for box in left]


def _regions(pieces: Iterable[_Piece]) -> tuple[Region, ...]:
    reasons: dict[Box, list[str]] = {}
    for piece in pieces:
        known = reasons.setdefault(piece.box, [])
        if piece.reason not in known:
            known.append(piece.reason)
    return tuple(Region(box, Everywhere.ALL_FRAMES, Origin.RULE, "; ".join(why)) for box, why in reasons.items())
