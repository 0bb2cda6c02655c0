"""Samples of an archive: how many to look at, what was drawn, and what follows; as lines, as a list and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dcmaudit.model.counts import counted


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """``series`` of ``of`` series (None: very many) have to be looked at; shares are 0 to 1."""

    series: int
    of: int | None
    bound: float
    confidence: float

    def record(self) -> dict[str, Any]:
        """What ``sample plan --json`` prints."""
        return {"series": self.series, "of": self.of, "bound": self.bound, "confidence": self.confidence}

    def line(self) -> str:
        """The same for people."""
        of = f" of {self.of}" if self.of else ""
        return (
            f"{self.series} series{of}, drawn at random: if none has text, then with {_percent(self.confidence)} "
            f"confidence less than {_percent(self.bound)} of the series have"
        )


@dataclass(frozen=True, slots=True)
class DrawnImage:
    """An image that stands for its series: one of ``of`` series of its kind, drawn with ``seed``."""

    file: str
    series: str
    kind: tuple[str, ...]
    of: int
    seed: int

    def record(self) -> dict[str, Any]:
        """What ``sample draw --json`` prints."""
        return {
            "file": self.file, "series": self.series, "stratum": _kind(self.kind), "series_in_stratum": self.of,
            "seed": self.seed,
        }  # fmt: skip

    def row(self) -> tuple[str, ...]:
        """Its line of the list: the columns of ``sources.samplelist``."""
        return (self.file, self.series, _kind(self.kind), str(self.of), str(self.seed))


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows for ``series`` series of one kind, or of all kinds (None), of which some were looked at."""

    stratum: str | None
    series: int
    looked: int
    found: int
    bound: float
    """Share of them that have text at most, 0 to 1."""
    confidence: float

    def record(self) -> dict[str, Any]:
        """What ``sample conclude --json`` prints."""
        return {
            "stratum": self.stratum, "series": self.series, "looked_at": self.looked, "with_text": self.found,
            "bound": self.bound, "confidence": self.confidence,
        }  # fmt: skip

    def line(self) -> str:
        """The same for people."""
        if self.stratum is not None and not self.looked:
            return f"{self.stratum}: none of {self.series} series was looked at; nothing is known of them"
        if self.stratum is not None:
            return (
                f"{self.stratum}: {self.found} of {self.looked} series looked at have text; at most "
                f"{_percent(self.bound)} of {self.series}"
            )
        return (
            f"all: text in {self.found} of {self.looked} series looked at: with {_percent(self.confidence)} "
            f"confidence at most {_percent(self.bound)} of the {self.series} series drawn from have text (one image a "
            "series was looked at)"
        )


def drawn_lines(
    images: int, seed: int, sizes: Mapping[tuple[str, ...], int], drawn: Mapping[tuple[str, ...], int]
) -> Iterator[str]:
    """From how much was drawn and how many, then a line for each kind; ``sizes`` and ``drawn`` count series."""
    yield f"{counted(images, 'image')} of {sum(sizes.values())} series; {sum(drawn.values())} drawn with --seed {seed}"
    for stratum, count in sizes.items():
        yield f"  {_kind(stratum)}: {drawn[stratum]} of {count}"


def part_line(part: str, images: int, series: int, seed: int) -> str:
    """What a part of the archive holds."""
    return f"part {part}: {counted(images, 'image')} of {series} series, with --seed {seed}"


def part_record(
    *, part: str, seed: int, by: Sequence[str], inputs: int, names: str, images: int, unread: int, series: int
) -> dict[str, Any]:
    """The first line of a part that ``sample draw --shard`` writes."""
    return {
        "part": part, "seed": seed, "by": list(by), "inputs": inputs, "names": names, "images": images,
        "unread": unread, "series": series,
    }  # fmt: skip


def part_series_record(file: str, series: str, values: Sequence[str]) -> dict[str, Any]:
    """A line of such a part: a series that it met."""
    return {"file": file, "series": series, "values": list(values)}


def unread_line(missing: int) -> str:
    """What is said of inputs that could not be read."""
    return f"{counted(missing, 'input')} could not be read: nothing follows for {'it' if missing == 1 else 'them'}"


def unlooked_line(count: int, total: int) -> str:
    """What is said of drawn images that nobody has looked at yet."""
    return f"{count} of {counted(total, 'image is', 'images are')} not done yet, and not counted"


def partly_line(count: int, total: int) -> str:
    """What is said of drawn images that are done, and of which nobody saw all planes."""
    return (
        f"{count} of {counted(total, 'image is', 'images are')} done with planes that nobody saw, and not counted "
        "(dcmaudit db unseen lists them)"
    )


def _kind(stratum: Sequence[str]) -> str:
    return " | ".join(stratum)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
