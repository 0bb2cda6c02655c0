"""Places of text of one input: those that are blacked, those that are kept, and those that are left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dcmaudit.model import Box, FileReading, Finding, Origin, PlaneAddress, PlaneGroup, PlaneReading, covered_area
from dcmaudit.model.shapes import parse_shape
from dcmaudit.pipeline.jobs import RedactionReport
from dcmaudit.pipeline.ocr import read_file
from dcmaudit.pipeline.release.policy import Policy
from dcmaudit.pipeline.release.task import ReleaseJob
from dcmaudit.sources import reference_to

_COVERED = 0.7
"""Part of a place that must lie in blacked or kept areas for it to be no text that is left."""

Places = dict[PlaneAddress, list[Finding]]


def parted(policy: Policy, reading: FileReading) -> tuple[Places, Places]:
    """The places of text that the policy blacks, and those that it keeps."""
    blacked: Places = {}
    kept: Places = {}
    for plane in reading.planes:
        for finding in plane.findings:
            side = blacked if finding.is_form or policy.blacks(finding.judgement) else kept
            side.setdefault(plane.address, []).append(finding)
    return blacked, kept


def left_places(job: ReleaseJob, staged: Path, redacted: RedactionReport, kept: Places) -> tuple[Places, list[str]]:
    """What is still to be seen on the output, outside of what is black and of what the policy keeps; and in words what
    could not be looked at."""
    reading = read_file(replace(job.look, read=False), reference_to(str(staged)))
    found: Places = {}
    for plane in reading.planes:
        areas = [*_black_areas(redacted, plane), *(one.box for one in kept.get(plane.address, ()))]
        left = [one for one in plane.findings if not one.is_form and not _is_covered(one.box, areas)]
        if left:
            found[plane.address] = left
    return found, [f"not looked at: {reason}" for reason in reading.result.reasons]


def _black_areas(redacted: RedactionReport, plane: PlaneReading) -> Iterator[Box]:
    for one in (redacted.proof or {}).get("planes", ()):
        if one.get("plane") == plane.address.key:
            yield from map(_box, (*one.get("asked", ()), *one.get("changed", ())))
            for shape in map(parse_shape, one.get("shapes", ())):
                yield from shape.boxes(shape.size) if shape.size is not None else ()


def _is_covered(box: Box, areas: list[Box]) -> bool:
    parts = [part for area in areas if (part := area.intersection(box)) is not None]
    return covered_area(parts) >= _COVERED * box.area


def missed_by_machine(rectangles: Sequence[Mapping[str, Any]], groups: Sequence[PlaneGroup]) -> int:
    """How many rectangles of people the machine did not see: what a drawn sample is counted by.

    ``groups`` are those of the file. A rectangle on one plane was seen where the machine has something there, or on all
    planes of its group; one on all planes where the machine has something on any of them.
    """
    machine: dict[str, list[Box]] = {}
    group_of = {key: f"every plane of {group.title}" for group in groups for key in _keys(group)}
    whole: dict[str, list[Box]] = {}
    for one in rectangles:
        if one["source"] != Origin.STORED.value:
            box, planes = _box(one["box"]), one["planes"]
            machine.setdefault(planes, []).append(box)
            whole.setdefault(group_of.get(planes, planes), []).append(box)
    missed = 0
    for one in rectangles:
        if one["source"] == Origin.STORED.value:
            planes = one["planes"]
            areas = machine.get(planes, []) + machine.get(group_of.get(planes, ""), [])
            missed += not _is_covered(_box(one["box"]), areas if planes in group_of else whole.get(planes, []))
    return missed


def _keys(group: PlaneGroup) -> Iterator[str]:
    return (group.address(place).key for place in range(len(group.frames)))


def _box(edges: list[int]) -> Box:
    left, top, right, bottom = edges
    return Box(left, top, right + 1, bottom + 1)
