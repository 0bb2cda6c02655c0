"""Rules asked about files, one file at a time, so that processes can share the work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dcmaudit.audit import header_rectangles, rules_of
from dcmaudit.detect.rules import Rule
from dcmaudit.dicom import open_instance
from dcmaudit.model import DeviceFacts, Reference, Size, covered_area


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


def ask_rules(paths: tuple[str, ...], reference: Reference) -> FileAnswer:
    """The answer for one file; SourceError or DicomError where it cannot be read."""
    rules = rules_of(paths)
    with open_instance(reference) as instance:
        device = instance.facts.device
        header = header_rectangles(instance, rules)
    found = header.rules
    if found is None or header.size is None:
        return FileAnswer(reference.name, device, None)
    return FileAnswer(
        reference.name,
        device,
        header.size,
        tuple(_match(rule, denies=rule in found.denials) for rule in found.matches),
        len(found.regions),
        covered_area(region.box for region in found.regions) / header.size.area,
        tuple(problem.message for problem in found.problems),
        undecided=not found.is_complete,
        denied=bool(found.denials),
    )


def _match(rule: Rule, *, denies: bool) -> RuleMatch:
    return RuleMatch(rule.label, rule.file, rule.line, rule.group, len(rule.marks), denies)


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
