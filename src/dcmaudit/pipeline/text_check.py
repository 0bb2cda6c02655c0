"""The question after the proof: is there text left on any plane of the written file?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dcmaudit.model import Box, Finding, PlaneAddress, PlaneReading, Reference, covered_area
from dcmaudit.model.proof import Proof, TextCheck, TextLeft

if TYPE_CHECKING:
    from dcmaudit.pipeline.ocr import OcrJob

_COVERED = 0.7
"""Part of a place that must lie in blacked areas for it to count as their edge and not as text beside them."""


def looking_job(threads: int = 1) -> OcrJob:
    """How a written file is looked at: with the own detector, every rendering of the default mode, unread."""
    from dcmaudit.detect.ocr import FinderKind, Mode
    from dcmaudit.detect.pii import ChainPlan
    from dcmaudit.pipeline.ocr import OcrJob

    return OcrJob("", Mode.DEFAULT, ChainPlan(()), threads=threads, finder=FinderKind.OWN, read=False)


def with_text_check(proof: Proof, written: Reference, *, threads: int = 1) -> Proof:
    """``proof`` with what is left to see on the planes of ``written``, outside of what the proof knows as blacked.

    Every plane is looked at, also those on which nothing was blacked. Never raises for what a file holds: planes
    that could not be looked at are named in the answer.
    """
    from dcmaudit.pipeline.ocr import read_file

    blacked = {plane.address: (*plane.asked, *plane.changed) for plane in proof.touched}
    reading = read_file(looking_job(threads), written)
    left = tuple(_left(reading.planes, blacked))
    unseen = [f"{plane.title}: {plane.reason}" for plane in reading.planes if plane.reason is not None]
    # What kept the whole file from being looked at is the reason of no plane.
    unseen += [reason for reason in reading.result.reasons if reason not in unseen]
    return replace(proof, text=TextCheck(len(reading.planes), left, tuple(unseen)))


def _left(planes: Iterable[PlaneReading], blacked: Mapping[PlaneAddress, Sequence[Box]]) -> Iterable[TextLeft]:
    for plane in planes:
        areas = blacked.get(plane.address, ())
        boxes = tuple(finding.box for finding in plane.findings if _is_left(finding, areas))
        if boxes:
            yield TextLeft(plane.address, plane.title, boxes)


def _is_left(finding: Finding, areas: Sequence[Box]) -> bool:
    if finding.is_form:
        return False  # its lines are there one by one
    parts = [part for area in areas if (part := area.intersection(finding.box)) is not None]
    return covered_area(parts) < _COVERED * finding.box.area
