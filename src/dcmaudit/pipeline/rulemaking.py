"""From the database to rules, and what these rules would hit and miss on the same database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dcmaudit.detect.areas import outside
from dcmaudit.detect.header import Field
from dcmaudit.detect.rules import parse_rules, suggest_by_rules
from dcmaudit.detect.rules.making import Example, MadeRules
from dcmaudit.detect.rules.recipe import RecipeParser
from dcmaudit.detect.rules.syntax import Recipe
from dcmaudit.detect.rules.writing import recipe_text
from dcmaudit.dicom import open_instance
from dcmaudit.dicom.header_view import header_view
from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model import DeviceFacts, Everywhere, FrameAddress, Size, Verdict
from dcmaudit.model.records import RectRow
from dcmaudit.report.made_rules import Effect, Effects, FileCheck, NotUsed
from dcmaudit.sources import reference_to

if TYPE_CHECKING:
    from dcmaudit.store import Store


@dataclass(slots=True)
class Reviewed:
    """What was taken from the database, and what was not."""

    examples: list[Example] = field(default_factory=list)
    left: NotUsed = field(default_factory=NotUsed)


def reviewed(store: Store) -> Reviewed:
    """Every file that is done and not tagged, with its marks on image frames that nobody found harmless.

    Files with shapes are left out and named: rules of their rectangles alone would not do for such files.
    """
    found = Reviewed()
    for name in store.filenames():
        tag = store.tag(name)
        if tag is None:
            found.left.not_done += 1
        elif tag.marked:
            found.left.tagged += 1
        else:
            rows = [row for row in store.rects(name) if not row.is_summary]
            if any(row.shape is not None for row in rows):
                found.left.with_shapes.append(name)
                continue
            found.left.unclear_rows += sum(row.problem is not None for row in rows)
            clear = [row for row in rows if row.problem is None and row.verdict is not Verdict.HARMLESS]
            found.left.overlay_rows += sum(not _is_on_frames(row) for row in clear)
            boxes = tuple(dict.fromkeys(row.box for row in clear if row.box is not None and _is_on_frames(row)))
            found.examples.append(Example(name, tag.device, boxes))
    return found


def _is_on_frames(row: RectRow) -> bool:
    return isinstance(row.scope, FrameAddress) or row.scope in {Everywhere.ALL_FRAMES, Everywhere.ALL_PLANES}


def written(made: MadeRules) -> str:
    """The recipe, checked: what is read back from it is what was meant.

    UsageError where a device's name cannot be written in the language of recipes.
    """
    recipe = Recipe(tuple(one.rule for one in made.rules))
    for rule in recipe.rules:
        parser = RecipeParser()
        back = parser.parse(recipe_text(Recipe((rule,))))
        if parser.faults or back.rules != (rule,):
            raise UsageError(
                f"the rule {rule.label!r} cannot be written as a recipe: a value has signs of its language"
            )
    return recipe_text(recipe)


def effects(text: str, examples: Iterable[Example]) -> Effects:
    """What the rules of ``text`` hit and miss on the examples.

    ``covered`` counts marked files all of whose marks lie inside the rectangles, ``missed`` names the others,
    ``unmarked`` counts files without any mark that would be redacted all the same.
    """
    rules = parse_rules(text)
    found = Effects({rule.line: Effect(rule.label) for rule in rules.rules})
    for example in examples:
        device = example.device
        if not device.rows or not device.columns:
            found.unmatched += [example.name] if example.boxes else []
            continue
        answer = suggest_by_rules(rules, DeviceHeader(device), Size(device.columns, device.rows))
        boxes = [region.box for region in answer.regions]
        is_covered = not any(outside(box, boxes) for box in example.boxes)
        for rule in answer.matches:
            effect = found.rules[rule.line]
            effect.matched += 1
            effect.unmarked += not example.boxes
            effect.covered += bool(example.boxes) and is_covered
            effect.missed += [example.name] if not is_covered else []
        if example.boxes and not answer.matches:
            found.unmatched.append(example.name)
    return found


def check_files(text: str, examples: Iterable[Example]) -> FileCheck:
    """Whether the same rules match the files' own headers as match what the database knows of them.

    A model name that the database put together from manufacturer and software is not in the file, for instance.
    Files that are gone or cannot be read are counted.
    """
    rules = parse_rules(text)
    found = FileCheck()
    for example in examples:
        device = example.device
        if not device.rows or not device.columns:
            continue
        size = Size(device.columns, device.rows)
        try:
            with open_instance(reference_to(example.name)) as instance:
                real = suggest_by_rules(rules, header_view(instance), size).matches
        except DcmauditError:
            found.unread += 1
            continue
        if real == suggest_by_rules(rules, DeviceHeader(device), size).matches:
            found.agreed += 1
        else:
            found.differing.append(example.name)
    return found


class DeviceHeader:
    """What the database knows of a file, in the place of its header."""

    def __init__(self, device: DeviceFacts) -> None:
        known: dict[str, Sequence[str | int | None]] = {
            "Modality": [device.modality],
            "ImageType": device.image_type or (),
            "ManufacturerModelName": [device.model],
            "BurnedInAnnotation": [device.burned_in_annotation],
            "Rows": [device.rows],
            "Columns": [device.columns],
        }
        self._known = {key: tuple(str(one) for one in values if one is not None) for key, values in known.items()}

    def get(self, field: Field) -> tuple[str, ...] | None:
        """Every value as text, None where the database knows none."""
        return self._known.get(str(field)) or None

    def text(self, field: Field) -> str | None:
        """The whole value as one text, several values as ``['A', 'B']``."""
        values = self.get(field)
        return None if values is None else values[0] if len(values) == 1 else str(list(values))

    def items(self, field: Field) -> tuple[DeviceHeader, ...]:  # noqa: ARG002 - the database has no sequences
        """No items."""
        return ()

    def integer(self, field: Field) -> int | None:
        """The first value as a whole number."""
        values = self.get(field)
        return int(values[0]) if values and values[0].isdigit() else None
