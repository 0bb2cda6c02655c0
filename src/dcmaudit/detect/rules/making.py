"""Makes rules from what reviewers marked: one for each kind of image whose marks stand in the same places.

A kind of image is a device model with a size; both are in every rule, for coordinates mean nothing on another
device or size. Modality, ImageType and BurnedInAnnotation are asked for only where images of one kind were marked
differently, and then as few of them as tell the layouts apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from dcmaudit.detect.rules.syntax import Action, CriteriaLine, Criterion, Join, Mark, RecipeRule
from dcmaudit.model import Box, DeviceFacts

TOLERANCE = 4
"""Pixels by which the edges of one mark may differ between files: what the original tool merges."""
SHARE = 0.5
"""A rectangle that fewer of the files have belongs to those files, not to the device."""

_Values = tuple[str, ...]
_Kind = tuple[str, int, int]
_EXTRA = ("Modality", "ImageType", "BurnedInAnnotation")


@dataclass(frozen=True, slots=True)
class Example:
    """One reviewed file: what it is compared by, and the marks on its frames (none is an answer too)."""

    name: str
    device: DeviceFacts
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeRule:
    """A rule with its evidence: ``files`` reviewed files fit it, ``support[i]`` of them have its i-th rectangle.

    ``left_out`` are rectangles that too few of the files have, with their number.
    """

    rule: RecipeRule
    files: int
    support: tuple[int, ...]
    left_out: tuple[tuple[Box, int], ...] = ()


@dataclass(frozen=True, slots=True)
class MadeRules:
    """All rules that the examples give, and the names of marked files without a model or a size."""

    rules: tuple[MadeRule, ...]
    unnamed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """Files that agree in everything they are compared by."""

    values: tuple[_Values, ...]
    examples: tuple[Example, ...]


def make_rules(examples: Iterable[Example], *, share: float = SHARE) -> MadeRules:
    """Rules for the marks of the examples, by model and size.

    Files without any mark count against a rectangle. Marks that at least ``share`` of the files of a layout have
    become rectangles of its rule.
    """
    kinds: dict[_Kind, dict[tuple[_Values, ...], list[Example]]] = defaultdict(lambda: defaultdict(list))
    unnamed: list[str] = []
    for example in examples:
        device = example.device
        model = (device.model or "").strip()
        if model and device.rows and device.columns:
            kinds[model, device.columns, device.rows][_extra_values(device)].append(example)
        # A file without marks teaches nothing that a rule could miss.
        elif example.boxes:
            unnamed.append(example.name)
    made = [
        rule
        for kind in sorted(kinds)
        for rule in _rules_of(kind, [_Group(values, tuple(found)) for values, found in kinds[kind].items()], share)
    ]
    return MadeRules(tuple(_with_unique_labels(made)), tuple(unnamed))


def merged(boxes: Iterable[Box]) -> list[tuple[Box, int]]:
    """Boxes whose edges differ by ``TOLERANCE`` pixels at most become their union, with how many there were."""
    clusters: list[tuple[Box, Box, int]] = []
    for box in sorted(boxes):
        for index, (first, union, count) in enumerate(clusters):
            if _is_near(first, box):
                clusters[index] = (first, union.union(box), count + 1)
                break
        else:
            clusters.append((box, box, 1))
    return [(union, count) for _, union, count in clusters]


def _is_near(one: Box, other: Box) -> bool:
    pairs = (
        (one.left, other.left),
        (one.top, other.top),
        (one.right, other.right),
        (one.bottom, other.bottom),
    )
    return all(abs(a - b) <= TOLERANCE for a, b in pairs)


def _extra_values(device: DeviceFacts) -> tuple[_Values, ...]:
    one = (device.modality, device.burned_in_annotation)
    modality, burned = ((value,) if value else () for value in one)
    return modality, device.image_type or (), burned


def _marks(groups: Sequence[_Group]) -> list[tuple[Box, int]]:
    return merged(box for group in groups for example in group.examples for box in _of_one_file(example))


def _of_one_file(example: Example) -> Iterator[Box]:
    # The same place on several frames of one file is one piece of evidence.
    return (box for box, _ in merged(example.boxes))


def _rules_of(kind: _Kind, groups: Sequence[_Group], share: float) -> Iterator[MadeRule]:
    layouts = _layouts(groups, share)
    for layout in layouts:
        others = [group for other in layouts if other is not layout for group in other]
        fields = _telling(layout, others)
        alternatives: dict[tuple[_Values, ...], list[_Group]] = defaultdict(list)
        for group in layout:
            # Several values of one element fit on a line; several combinations need a rule each.
            alternatives[tuple(group.values[field] for field in fields) if len(fields) > 1 else ()].append(group)
        for alternative in alternatives.values():
            made = _rule(kind, alternative, fields, share)
            if made.rule.marks:
                yield made


def _layouts(groups: Sequence[_Group], share: float) -> list[list[_Group]]:
    layouts: list[tuple[list[Box], list[_Group]]] = []
    for group in groups:
        boxes = [box for box, count in _marks([group]) if count >= share * len(group.examples)]
        for known, members in layouts:
            if len(known) == len(boxes) and all(any(_is_near(one, box) for one in known) for box in boxes):
                members.append(group)
                break
        else:
            layouts.append((boxes, [group]))
    return [members for _, members in layouts]


def _telling(layout: Sequence[_Group], others: Sequence[_Group]) -> tuple[int, ...]:
    """The fewest of the extra elements whose values the groups of a layout share with no other."""
    for count in range(len(_EXTRA) + 1):
        for fields in combinations(range(len(_EXTRA)), count):
            mine = {tuple(group.values[field] for field in fields) for group in layout}
            # The fewest elements: each one more is one more by which a new image may miss the rule.
            if not any(tuple(group.values[field] for field in fields) in mine for group in others):
                return fields
    return tuple(range(len(_EXTRA)))


def _rule(kind: _Kind, groups: Sequence[_Group], fields: Sequence[int], share: float) -> MadeRule:
    model, columns, rows = kind
    files = sum(len(group.examples) for group in groups)
    marks = _marks(groups)
    often = [(box, count) for box, count in marks if count >= share * files]
    # A box inside another one blacks nothing more.
    kept = [(box, count) for box, count in often if not any(o.contains(box) and o != box for o, _ in often)]
    lines = [
        CriteriaLine((Criterion(Action.EQUALS, "ManufacturerModelName", model),)),
        CriteriaLine((Criterion(Action.EQUALS, "Columns", str(columns)),), lead=Join.AND),
        CriteriaLine((Criterion(Action.EQUALS, "Rows", str(rows)),), lead=Join.AND),
    ]
    words = [model, f"{columns}x{rows}"]
    for field in fields:
        values = sorted({group.values[field] for group in groups})
        lines.append(_one_of(_EXTRA[field], values))
        words.append(" or ".join(" ".join(filter(None, value)) or f"no {_EXTRA[field]}" for value in values))
    words.append("(one file only)" if files == 1 else f"({files} files)")
    rule = RecipeRule(_label(words), "marked", tuple(lines), tuple(Mark(box) for box, _ in kept))
    left_out = tuple((box, count) for box, count in marks if count < share * files)
    return MadeRule(rule, files, tuple(count for _, count in kept), left_out)


def _one_of(keyword: str, values: Sequence[_Values]) -> CriteriaLine:
    criteria: list[Criterion] = []
    for value in values:
        if value:
            criteria.append(Criterion(Action.EQUALS, keyword, value[0] if len(value) == 1 else str(list(value))))
        else:
            criteria += [Criterion(Action.MISSING, keyword), Criterion(Action.EMPTY, keyword)]
    # A line of deid's takes either criteria with a value or without: it shifts the values otherwise.
    criteria.sort(key=lambda criterion: not criterion.action.takes_value)
    return CriteriaLine(tuple(criteria), (Join.OR,) * (len(criteria) - 1), Join.AND)


def _label(words: Iterable[str]) -> str:
    return " ".join(" ".join(words).replace("#", " ").split())


def _with_unique_labels(made: Iterable[MadeRule]) -> Iterator[MadeRule]:
    seen: dict[str, int] = defaultdict(int)
    for one in made:
        seen[one.rule.label] += 1
        number = seen[one.rule.label]
        if number == 1:
            yield one
            continue
        rule = one.rule
        label = f"{rule.label} ({number})"
        yield MadeRule(RecipeRule(label, rule.group, rule.lines, rule.marks), one.files, one.support, one.left_out)
