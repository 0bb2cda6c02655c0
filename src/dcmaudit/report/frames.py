"""What became of the planes of an input that were to be shown: as lines, as JSON, and in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcmaudit.model import Outcome, Plane, PlaneKind, Result
from dcmaudit.model.texts import printable
from dcmaudit.report.words import counted, inputs, passed_over


@dataclass(frozen=True, slots=True)
class PlaneReport:
    """What became of one plane: ``reason`` is None where it was shown, ``written`` the file that now holds it.

    ``note`` says in words where the picture is not the view that was asked for.
    """

    plane: Plane
    reason: str | None = None
    written: Path | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class InstanceReport:
    """The outcome of one input, and of its planes in their order."""

    result: Result
    planes: tuple[PlaneReport, ...] = ()


def plane_lines(report: InstanceReport) -> Iterator[str]:
    """A line for each plane, its parts separated by tabs: input, title, size, kind, and what became of it."""
    for plane in report.planes:
        yield "\t".join(printable(part) for part in (report.result.name, *_parts(plane)))


def problem_lines(report: InstanceReport) -> Iterator[str]:
    """A line for each reason why an input did not end as done."""
    result = report.result
    for reason in result.reasons if result.outcome is not Outcome.DONE else ():
        yield printable(f"{result.name}: {result.outcome.value}: {reason}")


def as_json(report: InstanceReport) -> dict[str, Any]:
    """The object that ``frames --json`` prints for one input; sizes in pixels, null where there is no picture."""
    return {
        "file": report.result.name,
        "outcome": report.result.outcome.value,
        "reasons": list(report.result.reasons),
        "planes": [
            {
                "plane": one.plane.address.key,
                "title": one.plane.title,
                "kind": one.plane.kind.value,
                "width": one.plane.size.width if one.plane.size else None,
                "height": one.plane.size.height if one.plane.size else None,
                "not_audited": one.reason,
                "written": None if one.written is None else str(one.written),
                "note": one.note,
            }
            for one in report.planes
        ],
    }


def summary(outcomes: Mapping[Outcome, int], passed: Mapping[str, int]) -> str:
    """How many inputs there were and how they ended; ``passed`` counts what was passed over, by its reason."""
    ended = counted({outcome.value: outcomes.get(outcome, 0) for outcome in Outcome})
    return f"{inputs(sum(outcomes.values()))}: {ended}{passed_over(passed)}"


def _parts(report: PlaneReport) -> list[str]:
    plane = report.plane
    size = f"{plane.size.width}x{plane.size.height}" if plane.size else "-"
    # The title of what cannot be shown says so; here the reason does.
    title = plane.group.name if plane.kind is PlaneKind.UNSHOWN else plane.title
    parts = [title, size, plane.kind.value]
    if report.reason is not None:
        parts.append(f"not audited: {report.reason}")
    if report.written is not None:
        parts.append(str(report.written))
    if report.note is not None:
        parts.append(f"shown in the full range: {report.note}")
    return parts
