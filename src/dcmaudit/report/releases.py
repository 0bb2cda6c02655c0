"""What a release says of itself: the records of all inputs, added up into plain numbers and texts.

Nothing in it is a value of a header, a name of an input or a text of the pixels: it lies among the files that leave.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from dcmaudit.report.evidence import evidence
from dcmaudit.report.recall import RECALL

UNSEEN = frozenset({
    "it cannot be read", "planes that nobody could look at", "it has no UID to be named by",
    "it changed while it was worked on", "a fault of the program",
})  # fmt: skip
"""Reasons that mean: not all of the file was audited. What was held back before anybody looked has no planes."""

FILE_COLUMNS = (
    "n", "outcome", "why", "output", "output_sha256", "device", "planes", "looked_at_by", "in_sample", "text_blacked",
    "text_kept", "rules", "rectangles", "left_out",
)  # fmt: skip
"""Columns of files.csv, a line an input in the order of the records."""

_OUTCOMES = ("released", "released unchanged", "held back", "failed")
_TEXT = ("identifying", "unknown", "harmless")
SOURCES = {
    "OCR": "detector", "deid rule": "deid rules", "ultrasound regions": "ultrasound regions", "stored": "people",
    "reviewer": "people", "similar image": "similar images", "learned": "learned", "command line": "command line",
    "CSV list": "CSV lists",
}  # fmt: skip
"""Who proposed a rectangle, in words."""
_COVERS = ("detector", "deid rules", "ultrasound regions", "people")
DEVICE_COLUMNS = (
    "device", "inputs", *(name.replace(" ", "_") for name in _OUTCOMES), "planes",
    *(f"text_{name}" for name in _TEXT), *(f"files_by_{name.replace(' ', '_')}" for name in _COVERS),
    "files_by_others", "covered_by",
)  # fmt: skip
"""Columns of devices.csv, a line a device: its number, counts, what was found, files with black rectangles by who
proposed them, and by which finder and rules so many files of it are covered."""


def _sum(counts: Counter[str], more: Mapping[str, int]) -> None:
    # Counter.update asks each time what it was given: of a million records that is a third of all the work.
    for name, number in more.items():
        counts[name] += number


class _Device:
    """Counts of the inputs of one device."""

    def __init__(self) -> None:
        self.outcomes, self.text, self.files = Counter[str](), Counter[str](), Counter[str]()
        self.covered = Counter[str]()
        self.planes = 0

    def add(self, one: Mapping[str, Any]) -> None:
        """One of its inputs."""
        self.outcomes[one["outcome"]] += 1
        _sum(self.text, one["text_found"])
        self.planes += one["planes"]
        # So many files of it have a black rectangle on this word.
        for name in {SOURCES.get(source, source) for source in one["rectangles"]}:
            self.files[name] += 1
        for name in _covers(one):
            self.covered[name] += 1

    def record(self, number: int) -> dict[str, Any]:
        """The counts as plain numbers."""
        return {
            "device": number, "inputs": self.outcomes.total(),
            "outcomes": {name: self.outcomes[name] for name in _OUTCOMES},
            "planes": self.planes, "text": {name: self.text[name] for name in _TEXT},
            "files_by_source": dict(sorted(self.files.items())),
            "covered_by": {name: self.covered[name] for name in sorted(self.covered, key=_rank)},
        }  # fmt: skip


def _covers(one: Mapping[str, Any]) -> set[str]:
    """What has looked at an input, or knows places on it: finder, rules by their place, regions, people."""
    found = {*one["looked_at_by"], *one["rules"]}
    return found | ({"ultrasound regions"} if "ultrasound regions" in one["rectangles"] else set())


def _rank(name: str) -> tuple[Any, ...]:
    """Finder and people first, then rules in the order of their files and lines."""
    return (
        name not in {"detector", "person"},
        *(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)),
    )


class Tally:
    """All records of a release, one by one; what it holds grows with the number of devices alone."""

    def __init__(self) -> None:
        self.count = 0
        self._outcomes, self._reasons, self._sources = Counter[str](), Counter[tuple[str, str]](), Counter[str]()
        self._seen, self._looks, self._text = Counter[str](), Counter[str](), Counter[str]()
        self._sums, self._unseen = Counter[str](), Counter[str]()
        self._devices: dict[int, _Device] = {}

    def add(self, one: Mapping[str, Any]) -> None:
        """One input that ended."""
        self.count += 1
        self._outcomes[one["outcome"]] += 1
        if one["why"] is not None:
            self._reasons[one["outcome"], one["why"]] += 1
            if not one["planes"] or one["why"] in UNSEEN:
                self._unseen[one["why"]] += 1
        if one["device"] not in self._devices:
            self._devices[one["device"]] = _Device()
        self._devices[one["device"]].add(one)
        if one["output"] is None:
            return
        sums = self._sums
        sums["files"] += 1
        sums["planes"] += one["planes"]
        sums["blacked"] += one["text_blacked"]
        sums["kept"] += one["text_kept"]
        sums["left_out"] += one["left_out"]
        _sum(self._sources, one["rectangles"])
        self._seen[" and ".join(one["looked_at_by"])] += 1
        _sum(self._looks, one["looks"])
        _sum(self._text, one["text_found"])

    def summary(self, about: Mapping[str, Any], root: str, sample: Mapping[str, Any] | None) -> dict[str, Any]:
        """Everything that the report says. ``about`` is the first record, ``root`` the last link of the chain,
        ``sample`` what follows from a drawn sample."""
        devices = [self._devices[number].record(number) for number in sorted(self._devices)]
        sums = self._sums
        data: dict[str, Any] = {
            "about": dict(about),
            "inputs": self.count,
            "outcomes": {name: self._outcomes[name] for name in _OUTCOMES},
            "reasons": [
                {"outcome": outcome, "why": why, "inputs": number}
                for (outcome, why), number in sorted(self._reasons.items())
            ],
            "released": {
                "files": sums["files"], "proved": sums["files"], "planes": sums["planes"],
                "text_found": {name: self._text[name] for name in _TEXT},
                "text_blacked": sums["blacked"], "text_kept": sums["kept"], "text_left": 0,
                "elements_left_out": sums["left_out"],
                "rectangles_by_source": dict(sorted(self._sources.items())),
                "files_by_who_looked": dict(sorted(self._seen.items())),
                "planes_by_look": dict(sorted(self._looks.items())),
            },
            "not_audited": dict(sorted(self._unseen.items())),
            "devices": devices,
            "devices_without": _without(devices),
            "sample": None if sample is None else {**sample, "in_words": sentence(sample)},
            "recall": [dict(one) for one in RECALL],
            "records": {"file": "records.jsonl", "count": self.count + 1, "root": root},
        }  # fmt: skip
        return {**data, "evidence": evidence(data)}


def _without(devices: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Numbers of devices of which something was released, and nothing was found or nothing is known."""
    out = [one for one in devices if one["outcomes"]["released"] + one["outcomes"]["released unchanged"]]
    return {
        "no_text_found": [one["device"] for one in out if not sum(one["text"].values())],
        "no_rule": [one["device"] for one in out if not set(one["covered_by"]) - {"detector", "person"}],
        "nothing_blacked": [one["device"] for one in out if not one["files_by_source"]],
        "nothing_released": [one["device"] for one in devices if one not in out],
    }  # fmt: skip


def sentence(sample: Mapping[str, Any]) -> str:
    """The bound of a drawn sample in words."""
    start = (
        f"Of {sample['series']} series {sample['drawn']} were drawn at random in {sample['strata']} strata, one image "
        f"of each, and {sample['looked_at']} of these images were seen by a person. In {sample['with_missed_text']} of "
        "them the person marked text that neither the detector nor a rule had seen. "
    )
    if not sample["looked_at"]:
        return start + "So nothing is known of the series."
    return start + (
        f"So, with {100 * sample['confidence']:g} % confidence, at most {100 * sample['bound']:.2f} % of all series "
        "have such text left in an image like the one that was drawn. Series are counted, not images: images of one "
        "series are alike, so that more of them say little more."
    )


def file_row(record: Mapping[str, Any]) -> tuple[object, ...]:
    """One line of files.csv."""
    return tuple(_cell(record[name]) for name in FILE_COLUMNS)


def _cell(value: object) -> object:
    match value:
        case str() | None:
            return value
        case bool():
            return int(value)
        case dict():
            return "; ".join(f"{key} {number}" for key, number in value.items())
        case list():
            return "; ".join(value)
        case _:
            return value


def device_rows(data: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """The lines of devices.csv, from a summary."""
    for one in data["devices"]:
        files = one["files_by_source"]
        others = sum(number for name, number in files.items() if name not in _COVERS)
        yield (
            one["device"], one["inputs"], *one["outcomes"].values(), one["planes"], *one["text"].values(),
            *(files.get(name, 0) for name in _COVERS), others,
            "; ".join(f"{name}: {number}" for name, number in one["covered_by"].items()),
        )  # fmt: skip
