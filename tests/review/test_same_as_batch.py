"""The key o finds on a plane what ``dcmaudit ocr`` finds on it: both look with the same code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.audit import rules_of
from dcmaudit.audit.header import header_rectangles
from dcmaudit.detect.ocr import DEFAULT_ENGINE, Mode
from dcmaudit.detect.pii import DEFAULT, chain_plan
from dcmaudit.dicom import open_instance
from dcmaudit.model import Box, Everywhere, Origin, PlaneKind
from dcmaudit.model.redaction import RedactionOptions
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.ocr import OcrJob, read_file
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.plans import plan_for
from dcmaudit.review import ReviewApp
from dcmaudit.sources import LocalReference
from support.apps import do, ready, state, wait_for
from support.files import JPEG_BASELINE, RLE, Overlay, dataset, file_bytes
from support.lettering import ink_of, lettered

SHAPE = (240, 320)
NAME = ("MERRIWEATHER", 20, 60)
PATIENT = {"PatientName": "Merriweather^Ada"}


def burned() -> np.ndarray:
    return lettered(SHAPE, [NAME, ("120 kV", 200, 150)])


def hidden() -> np.ndarray:
    """Text in sixteen bits that the full range hides: a few levels above a dark ground."""
    cells = burned().astype(np.uint16) // 8 + 900
    cells[-20:, :40] = 4095
    return cells


def cine() -> np.ndarray:
    """Text that rests, over a ground that moves everywhere."""
    frames = [lettered(SHAPE, [("MOVING", 20 + 9 * place, 200)], ground=40 + 8 * place) for place in range(8)]
    still = ink_of(SHAPE, *NAME)
    for frame in frames:
        frame[still] = 255
    return np.stack(frames)


def page() -> np.ndarray:
    lines = [(f"Patient record {row}", 10 + 20 * (row % 3), 26 + 26 * row) for row in range(14)]
    return lettered((400, 320), lines, ground=235, ink=10, scale=0.7)


def overlaid() -> dict[str, Any]:
    bits = ink_of(SHAPE, *NAME).astype(np.uint8)
    return {"overlays": [Overlay(bits=bits), Overlay(bits=np.stack([bits, np.zeros_like(bits)]), group=0x6002)]}


def kinds() -> dict[str, bytes]:
    """One file of each kind, by name."""
    colour = np.repeat(burned()[..., None], 3, axis=2)
    stray = hidden()
    of_bit = dataset(stray & 0x0FFF, bits_stored=12, extra=PATIENT)
    of_bit.PixelData = ((stray & 0x0FFF) | (ink_of(SHAPE, *NAME).astype(np.uint16) << 13)).astype("<u2").tobytes()
    icon = dataset(burned()[:128, :128].copy())
    with_icon = dataset(np.zeros(SHAPE, np.uint8), extra={**PATIENT, "IconImageSequence": [icon]})
    return {
        "grey": file_bytes(dataset(burned(), extra=PATIENT)),
        "sixteen bits": file_bytes(dataset(hidden(), bits_stored=12, extra=PATIENT)),
        "colour": file_bytes(dataset(colour, photometric="RGB", extra=PATIENT)),
        "inverted": file_bytes(dataset(255 - burned(), photometric="MONOCHROME1", extra=PATIENT)),
        "JPEG": file_bytes(dataset(burned(), extra=PATIENT), JPEG_BASELINE),
        "RLE": file_bytes(dataset(hidden(), bits_stored=12, extra=PATIENT), RLE),
        "overlays": file_bytes(dataset(np.zeros(SHAPE, np.uint8), extra=PATIENT, **overlaid())),
        "stray bit": file_bytes(of_bit),
        "icon": file_bytes(with_icon),
        "cine": file_bytes(dataset(cine(), frames=8, extra=PATIENT)),
        "page": file_bytes(dataset(page(), extra=PATIENT)),
    }


Told = tuple[Any, ...]


def by_batch(path: Path) -> dict[str, list[Told]]:
    """What ``dcmaudit ocr`` says, by the key of the plane."""
    job = OcrJob(DEFAULT_ENGINE, Mode.DEFAULT, chain_plan(DEFAULT))
    reading = read_file(job, LocalReference(str(path)))
    assert reading.result.reasons == ()
    return {
        plane.address.key: [
            (one.box, one.text, one.judgement.verdict, one.judgement.reason, one.confidence) for one in plane.findings
        ]
        for plane in reading.planes
    }


def by_reviewer(app: ReviewApp) -> dict[str, list[Told]]:
    """What the key o says of each plane, asked from the last to the first."""
    session = ready(app)
    found: dict[str, list[Told]] = {}
    file = session.opened()
    for plane in reversed(list(file.planes)):
        do(session, "go-plane", key=plane.address.key)
        do(session, "ocr")
        wait_for(lambda: not file.reading, 60)
        assert (state(session)["message"] or {}).get("kind") == "info"
        regions = [one.region for one in file.suggestions if one.region.origin is Origin.OCR]
        found[plane.address.key] = [
            (one.box, one.text or "", one.verdict, one.reason, one.confidence)
            for one in regions
            if one.scope == plane.address
        ]
    return found


@pytest.mark.parametrize("kind", kinds())
def test_the_key_o_finds_on_every_plane_what_ocr_finds(
    open_app: Callable[..., ReviewApp], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(kinds()[kind])
    batch = by_batch(path)
    assert any(batch.values()), "nothing is found, so nothing is compared"
    found = by_reviewer(open_app([path]))
    if kind != "cine":
        assert found == batch
        return
    # A batch looks only at what changed since the frame before: the edge of a box may be a pixel or two elsewhere.
    assert found.keys() == batch.keys()
    for key, lines in batch.items():
        assert [line[1:4] for line in found[key]] == [line[1:4] for line in lines]
        for one, other in zip(found[key], lines, strict=True):
            edges = zip(edges_of(one[0]), edges_of(other[0]), strict=True)
            assert all(abs(here - there) <= 4 for here, there in edges)


def edges_of(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.right, box.bottom


RECIPE = """FORMAT dicom
%filter graylist
LABEL corner
  contains Modality US
  coordinates 0,0,100,100
"""


def test_the_reviewer_shows_the_rectangles_of_the_header_that_redact_blacks(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    rules = tmp_path / "deid.dicom.site"
    rules.write_text(RECIPE)
    region = dataset(np.zeros((2, 2), np.uint8))
    for tag in [element.tag for element in region]:
        del region[tag]
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 10, 30
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 300, 200
    path = tmp_path / "image.dcm"
    extra = {"Modality": "US", "SequenceOfUltrasoundRegions": [region]}
    path.write_bytes(file_bytes(dataset(burned(), extra=extra)))
    app = open_app([path], deid_rules=str(rules))
    offered = {
        (one.region.box, one.region.origin, one.region.reason)
        for one in ready(app).opened().suggestions
        if one.region.origin in {Origin.RULE, Origin.ULTRASOUND}
    }
    job = RedactionJob(Naming(), RedactionOptions(), rules=(str(rules),), ultrasound=True)
    with open_instance(LocalReference(str(path))) as instance:
        plan, _ = plan_for(job, RedactionTask(LocalReference(str(path))), instance)
        header = header_rectangles(instance, rules_of((str(rules),)), ultrasound=True)
    (group,) = [one for one in plan.listing.groups if one.kind is PlaneKind.FRAME]
    assert {(one.box, one.origin, one.reason) for one in plan.for_group(group)} == offered
    assert {(one.box, one.origin, one.reason) for one in header.regions} == offered
    assert {one.origin for one in header.regions} == {Origin.RULE, Origin.ULTRASOUND}
    assert {one.scope for one in header.regions} == {Everywhere.ALL_FRAMES}
