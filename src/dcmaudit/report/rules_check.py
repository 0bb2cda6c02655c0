"""What rules say about files: as lines, as a CSV table, as JSON, and added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from dcmaudit.model import DeviceFacts, Size
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable

COLUMNS = (
    "filename", "modality", "manufacturer", "model", "columns", "rows",
    "rule", "rule_file", "rule_line", "group", "coordinates", "problem",
)  # fmt: skip


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


@dataclass(slots=True)
class DeviceCount:
    """How many files of one kind were asked about, and to how many of them a rule applied."""

    files: int = 0
    matched: int = 0


class NamedRule(Protocol):
    """A rule of the set that was asked, as far as it is told."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def file(self) -> str:
        """The file it stands in."""
        ...

    @property
    def line(self) -> int:
        """Its line there, from 1."""
        ...


@dataclass(slots=True)
class RulesTotal:
    """Answers added up."""

    answered: int = 0
    failed: int = 0
    undecided: int = 0
    unmatched: int = 0
    imageless: int = 0
    devices: dict[str, DeviceCount] = field(default_factory=dict)
    hits: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How many files each rule matched, by its file and line."""

    def add(self, answer: FileAnswer) -> None:
        """One more answer. A file without an image counts for no kind of device: no rule was asked about it."""
        self.answered += 1
        self.imageless += answer.size is None
        self.undecided += answer.undecided
        self.unmatched += answer.size is not None and not answer.matches
        self.hits.update((match.file, match.line) for match in answer.matches)
        if answer.size is not None:
            count = self.devices.setdefault(device_name(answer.device), DeviceCount())
            count.files += 1
            count.matched += bool(answer.matches)

    def idle(self, rules: tuple[NamedRule, ...]) -> list[str]:
        """The rules that match no file."""
        return [rule.name for rule in rules if not self.hits[rule.file, rule.line]]

    def record(self, rules: tuple[NamedRule, ...]) -> dict[str, Any]:
        """The last line of ``rules check --json``."""
        return {
            "summary": {
                "files": self.answered,
                "not read": self.failed,
                "undecided": self.undecided,
                "without image": self.imageless,
                "matched by none": self.unmatched,
                "devices": {name: asdict(count) for name, count in self.devices.items()},
                "rules without a file": self.idle(rules),
            }
        }

    def lines(self, rules: tuple[NamedRule, ...]) -> Iterator[str]:
        """The devices without a rule, and how many rules match a file."""
        for name, count in self.devices.items():
            if count.matched < count.files:
                yield f"no rule for {count.files - count.matched} of {counted(count.files, 'file')} of {name}"
        yield f"{len(rules) - len(self.idle(rules))} of {counted(len(rules), 'rule matches', 'rules match')} a file"

    def summary(self, passed: str) -> str:
        """The counts in one line; ``passed`` says what was found and passed over."""
        counts = f"{self.answered} answered, {self.unmatched} matched by no rule, {self.undecided} undecided"
        return f"{counts}, {self.imageless} without an image, {self.failed} not read ({passed})"


def device_name(device: DeviceFacts) -> str:
    """A kind of image for people: modality, manufacturer, model, columns x rows."""
    # The model of a device without one is its manufacturer and software.
    maker = "" if (device.model or "").startswith(device.manufacturer or " ") else device.manufacturer
    words = [device.modality, maker, device.model]
    known = " ".join(word for word in words if word) or "unnamed device"
    return f"{known}, {device.columns} x {device.rows}"


def csv_rows(answer: FileAnswer) -> Iterator[list[Any]]:
    """A row of ``COLUMNS`` for each rule that matches; one without a rule where none does."""
    device = answer.device
    start = [answer.name, device.modality, device.manufacturer, device.model, device.columns, device.rows]
    problem = "; ".join(answer.problems) if answer.size is not None else "no image: no rule was asked"
    for match in answer.matches:
        yield [*start, match.label, match.file, match.line, match.group, match.coordinates, problem]
    if not answer.matches:
        yield [*start, "", "", "", "", "", problem]


def failed_row(name: str, message: str) -> list[str]:
    """The row of a name that could not be answered."""
    return [name, *[""] * (len(COLUMNS) - 2), message]


def as_json(answer: FileAnswer) -> dict[str, Any]:
    """The object that ``rules check --json`` prints for one file."""
    device = answer.device
    return {
        "filename": answer.name,
        "modality": device.modality,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "columns": device.columns,
        "rows": device.rows,
        "has_image": answer.size is not None,
        "rules": [asdict(match) for match in answer.matches],
        "rectangles": answer.rectangles,
        "covered": round(answer.covered, 4),
        "problems": list(answer.problems),
        "undecided": answer.undecided,
        "denied": answer.denied,
    }


def answer_lines(answer: FileAnswer) -> Iterator[str]:
    """The answer for people: what would be redacted, by which rules, and what could not be decided."""
    if answer.size is None:
        yield printable(f"{answer.name}: no image, so no rule was asked")
        return
    count = counted(answer.rectangles, "rectangle")
    what = f"{count}, {answer.covered:.1%} of the image" if answer.rectangles else "nothing to redact"
    yield printable(f"{answer.name}: {what}" if answer.matches else f"{answer.name}: no rule")
    for match in answer.matches:
        denies = ", no coordinates: redact refuses the file"
        flag = "" if match.coordinates else denies if match.denies else ", no coordinates"
        yield f"  {match.label or 'a rule without a label'} ({match.file}, line {match.line}, {match.group}{flag})"
    for problem in answer.problems:
        yield f"  ! {problem}"
