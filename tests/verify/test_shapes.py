"""Shapes redacted and proved: the proof works out their pixels by itself, and notices one too few and one too many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings

from dcmaudit.dicom import open_instance
from dcmaudit.model import Box, Everywhere, FrameAddress, Origin, OverlayAddress, Point, Scope, Size
from dcmaudit.model.redaction import OverlayPolicy, RedactionOptions, Request
from dcmaudit.model.shapes import Shape, parse_shape
from dcmaudit.report.proofs import proof_record
from dcmaudit.verify.shapes import black_mask
from support.files import (
    BIG_ENDIAN,
    DEFLATED_FRAMES,
    EXPLICIT,
    HTJ2K_LOSSLESS,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    RLE,
    MemoryReference,
    Overlay,
    color_gradient,
    gradient,
    reference,
)
from support.jpegs import picture
from support.proofs import ask, edited, redacted
from support.shapes import SHAPES, SIZE, pixels

PLANE = Size(32, 24)
FAN = parse_shape("keep fan 16,-6 2,20 30,20 16,2")
STAR = parse_shape("polygon 4,3 28,5 9,21 12,2 26,20")


@settings(deadline=None)
@given(SHAPES)
@example(parse_shape("polygon 0,0 4,4 8,0"))
@example(parse_shape("keep polygon 0,0 4,4 8,0"))
@example(parse_shape("keep fan 6,-4 0,9 13,9 6,0"))
def test_the_proof_finds_the_same_pixels_in_another_way(shape: Shape) -> None:
    y, x = np.nonzero(black_mask(shape, SIZE))
    assert set(zip(x.tolist(), y.tolist(), strict=True)) == set(pixels(shape.boxes(SIZE)))


def test_bands_of_rows_make_no_difference() -> None:
    size = Size(300, 200)
    shape = parse_shape("keep fan 150,-30 20,190 280,190 150,20 + polygon 3,3 60,9 20,70")
    y, x = np.nonzero(black_mask(shape, size))
    assert set(zip(x.tolist(), y.tolist(), strict=True)) == set(pixels(shape.boxes(size)))


def asked(shape: Shape, scope: Scope = Everywhere.ALL_FRAMES) -> Request:
    return Request.for_shape(shape, scope, Origin.COMMAND, "asked by a test")


def _cells(dtype: Any = np.uint16) -> np.ndarray[Any, Any]:
    return np.stack([gradient(24, 32, dtype=dtype) // 2 + 1 + i for i in range(2)])


FILES: dict[str, Callable[[], MemoryReference]] = {
    "native": lambda: reference(_cells(), EXPLICIT, frames=2),
    "big endian": lambda: reference(_cells(), BIG_ENDIAN, frames=2),
    "colour": lambda: reference(color_gradient(), photometric="RGB"),
    "signed": lambda: reference(gradient(24, 32, dtype=np.int16) // 8, bits_stored=12),
    "RLE": lambda: reference(_cells(), RLE, frames=2),
    "deflated frames": lambda: reference(gradient(24, 32), DEFLATED_FRAMES),
    "JPEG lossless": lambda: reference(_cells(), JPEG_LOSSLESS_SV1, frames=2),
    "JPEG-LS": lambda: reference(gradient(24, 32), JPEG_LS),
    "JPEG 2000": lambda: reference(_cells(), JPEG_2000_LOSSLESS, frames=2),
    "HTJ2K": lambda: reference(color_gradient(), HTJ2K_LOSSLESS, photometric="RGB"),
}


def _size(file: MemoryReference) -> Size:
    with open_instance(file) as instance:
        size = instance.planes[0].size
    assert size is not None
    return size


def _on(shape: Shape, size: Size) -> Shape:
    """The shape, scaled to a plane of another size."""
    parts = tuple(
        replace(part, points=tuple(Point(p.x * size.width // 32, p.y * size.height // 24) for p in part.points))
        for part in shape.parts
    )
    return replace(shape, parts=parts)


@pytest.mark.parametrize("shape", [FAN, STAR], ids=["fan", "polygon"])
@pytest.mark.parametrize("name", FILES)
def test_every_encoding_is_proved_to_the_pixel(name: str, shape: Shape) -> None:
    file = FILES[name]()
    size = _size(file)
    shape = _on(shape, size)
    right = redacted(file, asked(shape))
    proof = right.proof()
    assert proof.findings == ()
    assert [one.shapes for one in proof.touched] == [(shape.on(size),)] * len(proof.touched)
    assert all(one.is_exact for one in proof.touched)

    black = set(pixels(shape.boxes(size)))
    edge = next((x, y) for x, y in sorted(black) if 0 < x < size.width - 1 and (x + 1, y) not in black)
    beside = edge[0] + 1, edge[1]
    fewer = redacted(file, *(ask((x, y, x + 1, y + 1), Everywhere.ALL_FRAMES) for x, y in sorted(black - {edge})))
    checks = {one.check for one in replace(right, after=fewer.after).proof().findings}
    assert checks & {"inside black"}, checks
    more = redacted(file, asked(shape), ask((*beside, beside[0] + 1, beside[1] + 1), Everywhere.ALL_FRAMES))
    checks = {one.check for one in replace(right, after=more.after).proof().findings}
    assert "outside identical" in checks, checks


def _jpeg(photometric: str = "YBR_FULL_422") -> MemoryReference:
    frames = np.stack([picture(80, 64, seed=seed) for seed in (1, 2)])
    return reference(frames, JPEG_BASELINE, frames=2, photometric=photometric,
                     extra={"LossyImageCompression": "01", "LossyImageCompressionRatio": "8"})  # fmt: skip


def test_blocks_of_a_jpeg_that_a_shape_reaches_are_black_and_no_others() -> None:
    file = _jpeg()
    size = _size(file)
    small = parse_shape("polygon 20,20 39,20 20,30")
    right = redacted(file, asked(small, FrameAddress(0)))
    proof = right.proof()
    assert proof.findings == ()
    assert not proof.touched[0].is_exact
    covered = set(pixels(proof.touched[0].changed))
    assert set(pixels(small.boxes(size))) <= covered
    assert len(covered) < size.area / 4
    for other in ("polygon 20,20 28,20 20,30", "polygon 20,20 70,20 20,30"):  # a block fewer, blocks more
        wrong = redacted(file, asked(parse_shape(other), FrameAddress(0)))
        assert replace(right, after=wrong.after).proof().findings, other


def test_a_region_that_is_kept_keeps_its_blocks() -> None:
    file = _jpeg()
    proof = redacted(file, asked(parse_shape("keep rectangle 17,17 49,49"))).proof()
    assert proof.findings == ()
    assert len(proof.touched) == 2


def test_overlays_by_their_origin_and_by_their_own_pixels() -> None:
    bits = np.ones((2, 24, 32), np.uint8)
    file = reference(_cells(), EXPLICIT, frames=2, overlays=[Overlay(bits, 0x6000)])
    right = redacted(file, asked(FAN), options=RedactionOptions(overlays=OverlayPolicy.SAME))
    assert right.proof().findings == ()
    assert {one.address for one in right.proof().touched} >= {OverlayAddress(0x6000, 0), OverlayAddress(0x6000, 1)}
    alone = redacted(file, asked(STAR, OverlayAddress(0x6000, 1)))
    assert alone.proof().findings == ()
    assert [one.address for one in alone.proof().touched] == [OverlayAddress(0x6000, 1)]
    wrong = redacted(file, ask((4, 3, 5, 4), OverlayAddress(0x6000, 1)))
    assert replace(alone, after=wrong.after).proof().findings


def test_a_plan_for_another_size_is_not_proved() -> None:
    """What a kept region leaves depends on the size: a plan that names another one proves nothing."""
    right = redacted(FILES["native"](), asked(FAN))
    plan = right.plan
    (number, items), *_ = plan.groups.items()
    smaller = tuple(replace(item, size=Size(32, 23)) for item in items)
    wrong = replace(right, plan=replace(plan, groups={**plan.groups, number: smaller}))
    assert "plan" in {one.check for one in wrong.proof().findings}


def test_the_record_names_shapes_and_not_their_thousand_boxes() -> None:
    record = proof_record(redacted(FILES["native"](), asked(FAN), ask((1, 1, 3, 3), FrameAddress(1))).proof())
    first, second = record["planes"]
    assert first["shapes"] == second["shapes"] == [FAN.on(PLANE).text]
    assert first["asked"] == first["changed"] == []
    assert second["asked"] == second["changed"] == [[1, 1, 2, 2]]
    boxes = redacted(FILES["native"](), asked(STAR, FrameAddress(0)), ask((29, 1, 31, 3), FrameAddress(0)))
    assert proof_record(boxes.proof())["planes"][0]["asked"] == [[29, 1, 30, 2]]


def test_the_guard_looks_for_what_a_shape_blacked() -> None:
    """A copy of rows that a fan blacks, in a private element that stays, is found."""
    rng = np.random.default_rng(5)
    cells = rng.integers(0, 4096, (200, 300)).astype(np.uint16)
    file = reference(cells, EXPLICIT)
    shape = parse_shape("keep fan 150,-30 20,190 280,190 150,20")
    right = redacted(file, asked(shape))
    assert right.proof().findings == ()
    hidden = Box(0, 100, 40, 101)
    assert set(pixels((hidden,))) <= set(pixels(shape.boxes(Size(300, 200))))

    def hide(found: Any) -> None:
        found.add_new(0x00091010, "LO", "x")
        found.add_new(0x00090010, "LO", "SOMEBODY")
        found.PixelData += cells[100, :40].tobytes()

    findings = replace(right, after=edited(hide)(right.after)).proof().findings
    assert findings
