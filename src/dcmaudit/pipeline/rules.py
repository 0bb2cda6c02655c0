"""Rules asked about files, one file at a time, so that processes can share the work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from dcmaudit.detect.rules import Rule, RuleSet, default_rules, load_rules, rule_files, suggest_by_rules
from dcmaudit.dicom import open_instance
from dcmaudit.dicom.header_view import header_view, is_known, unknown_element
from dcmaudit.model import DeviceFacts, Reference, Size, covered_area
from dcmaudit.settings import Settings


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that applies to a file.

    ``coordinates`` counts its lines of coordinates: 0 is a mere flag, or (``denies``) means that the file is refused.
    """

    label: str
    file: str
    line: int
    group: str
    coordinates: int
    denies: bool = False


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What the rules say about one file.

    ``size`` is None where the file has no image: then no rule was asked. ``rectangles`` and ``covered`` (the share
    of the image, 0 to 1) are what would be redacted in every frame. ``undecided`` is whether a problem may hide a
    rectangle.
    """

    name: str
    device: DeviceFacts
    size: Size | None
    matches: tuple[RuleMatch, ...] = ()
    rectangles: int = 0
    covered: float = 0.0
    problems: tuple[str, ...] = ()
    undecided: bool = False
    denied: bool = False
    """Whether a rule denies the whole file, so that ``redact`` refuses it."""


def rule_paths(deid_rules: str | None, settings: Settings) -> tuple[str, ...]:
    """The files to load: those named, here or in the settings, else those of the site, else dcmaudit's own rules.

    SourceNotFoundError where ``deid_rules`` leads to none.
    """
    found = rule_files(deid_rules or settings.deid_rules, settings.smi_root)
    return tuple(str(path) for path in found) or (str(default_rules()),)


@lru_cache(maxsize=4)
def rules_of(paths: tuple[str, ...]) -> RuleSet:
    """The rules of these files, loaded once in each process; RuleError and SourceError as ``load_rules`` has them."""
    return load_rules(paths)


def require_rules(paths: tuple[str, ...], *, ignore_sections: bool = False) -> None:
    """RuleError where a part of these files can never do anything, as ``load_rules`` tells."""
    load_rules(paths, unknown=unknown_element, ignore_sections=ignore_sections)


def ask_rules(paths: tuple[str, ...], reference: Reference) -> FileAnswer:
    """The answer for one file; SourceError or DicomError where it cannot be read."""
    rules = rules_of(paths)
    with open_instance(reference) as instance:
        device = instance.facts.device
        if not device.rows or not device.columns:
            return FileAnswer(reference.name, device, None)
        size = Size(device.columns, device.rows)
        found = suggest_by_rules(rules, header_view(instance), size)
    return FileAnswer(
        reference.name,
        device,
        size,
        tuple(_match(rule, denies=rule in found.denials) for rule in found.matches),
        len(found.regions),
        covered_area(region.box for region in found.regions) / size.area,
        tuple(problem.message for problem in found.problems),
        undecided=not found.is_complete,
        denied=bool(found.denials),
    )


def _match(rule: Rule, *, denies: bool) -> RuleMatch:
    return RuleMatch(rule.label, rule.file, rule.line, rule.group, len(rule.marks), denies)


def unknown_fields(rules: RuleSet) -> list[str]:
    """Elements that rules ask for and no dictionary knows: misspelt, most likely, so their rules never apply."""
    return sorted(_name(field) for field in rules.fields if not is_known(field))


def _name(field: str | int | tuple[int, str, int]) -> str:
    return f"({field >> 16:04X},{field & 0xFFFF:04X})" if isinstance(field, int) else str(field)


@dataclass(slots=True)
class DeviceCount:
    """How many files of one kind were asked about, and to how many of them a rule applied."""

    files: int = 0
    matched: int = 0


def device_name(device: DeviceFacts) -> str:
    """A kind of image for people: modality, manufacturer, model, columns x rows."""
    # The model of a device without one is its manufacturer and software.
    maker = "" if (device.model or "").startswith(device.manufacturer or " ") else device.manufacturer
    words = [device.modality, maker, device.model]
    known = " ".join(word for word in words if word) or "unnamed device"
    return f"{known}, {device.columns} x {device.rows}"


def count_devices(answers: Iterable[FileAnswer]) -> dict[str, DeviceCount]:
    """Files and matched files of every kind of image, in the order in which they came."""
    counts: dict[str, DeviceCount] = {}
    for answer in answers:
        if answer.size is not None:
            count = counts.setdefault(device_name(answer.device), DeviceCount())
            count.files += 1
            count.matched += bool(answer.matches)
    return counts
