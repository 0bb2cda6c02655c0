"""Redacting built files in memory, and judging the result by a comparison that is neither the writer nor the proof."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np

from dcmaudit.dicom import Instance, Samples, open_instance
from dcmaudit.model import (
    Box,
    Everywhere,
    FrameAddress,
    Origin,
    Plane,
    PlaneAddress,
    PlaneKind,
    Reference,
    Rendering,
    Scope,
    StrayBitAddress,
    View,
)
from dcmaudit.model.redaction import (
    IconPolicy,
    OverlayPolicy,
    PrivatePolicy,
    RedactionOptions,
    RedactionPlan,
    Request,
)
from dcmaudit.pipeline.painter import BlackPainter
from dcmaudit.redact import Written, make_plan, write_redacted
from dcmaudit.redact.elements.spans import Walker, data_set_start
from dcmaudit.render import render
from dcmaudit.verify import prove
from support.files import MemoryReference

DIFFERS = {
    0x00080008, 0x00082111, 0x7FE00001, 0x7FE00002, 0x00280106, 0x00280107, 0x7FE00008, 0x7FE00009, 0x7FE00010,
    0x4FFE0001, 0xFFFAFFFA,
}  # fmt: skip
"""Elements that redaction changes or leaves out."""


def asked(box: Box | None, scope: Scope = Everywhere.ALL_FRAMES) -> Request:
    return Request(box, scope, Origin.COMMAND, "asked for")


def redacted(
    before: Reference,
    requests: Sequence[Request],
    *,
    new_uid: Callable[[str], str] | None = None,
    **options: object,
) -> tuple[MemoryReference, RedactionPlan, Written]:
    """The redacted file, the plan it follows, and what the writer says."""
    with open_instance(before) as instance:
        plan = make_plan(before.name, instance.scan_frames(), requests, RedactionOptions(**options))  # type: ignore[arg-type]
        assert not plan.problems, plan.problems
        out = io.BytesIO()
        written = write_redacted(instance, plan, out, BlackPainter(), new_uid=new_uid)
    return MemoryReference("after.dcm", out.getvalue()), plan, written


def proved(before: Reference, requests: Sequence[Request], **options: object) -> MemoryReference:
    """The redacted file, compared here and by the proof."""
    after, plan, _ = redacted(before, requests, **options)
    proof = prove(before, after, plan)
    assert proof.passed, [str(finding) for finding in proof.findings]
    compare(before, after, plan)
    return after


def levels(samples: Samples) -> np.ndarray:
    return render(samples, View(Rendering.FULL))


def plain(samples: Samples) -> np.ndarray:
    """Stored values as bits, so that NaN equals itself."""
    array = np.ascontiguousarray(samples.array)
    return array.view(f"u{array.itemsize}") if array.dtype.kind == "f" else array


def compare(before: Reference, after: Reference, plan: RedactionPlan, *, grown: int = 0) -> None:
    """Inside black as rendered, outside equal, on every plane; ``grown`` pixels around a box may be black too."""
    with open_instance(before) as one, open_instance(after) as other:
        touched = {plane.address: plan.boxes(plane) for plane in plan.touched()}
        then = {plane.address: plane for plane in one.scan_frames()}
        now = {plane.address: plane for plane in other.scan_frames()}
        vanished = {address: plane for address, plane in then.items() if address not in now}
        assert {plane.kind for plane in vanished.values()} <= _removed(plan.options)
        assert set(now) <= set(then)
        for address, plane in now.items():
            if plane.size is not None:
                # Unclaimed bits of a cell go with its stored value.
                beside = touched.get(FrameAddress(address.frame), ()) if isinstance(address, StrayBitAddress) else ()
                _compare_plane(one, other, plane, address, touched.get(address, ()), grown, beside)


def _removed(options: RedactionOptions) -> set[PlaneKind]:
    """Kinds of planes that may be gone; a stray bit that is clear is none."""
    kinds = {PlaneKind.STRAY_BIT}
    if options.private is PrivatePolicy.REMOVE:
        kinds |= {PlaneKind.UNSHOWN, PlaneKind.ICON}
    if options.overlays is OverlayPolicy.REMOVE:
        kinds |= {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY}
    if options.icons is IconPolicy.REMOVE:
        kinds.add(PlaneKind.ICON)
    return kinds


def _compare_plane(
    one: Instance,
    other: Instance,
    plane: Plane,
    address: PlaneAddress,
    boxes: Sequence[Box],
    grown: int,
    beside: Sequence[Box] = (),
) -> None:
    was, now = one.read(address), other.read(address)
    mask = np.zeros(now.array.shape[:2], bool)
    around = mask.copy()
    for box in beside:
        around[box.top : box.bottom, box.left : box.right] = True
    for box in boxes:
        mask[box.top : box.bottom, box.left : box.right] = True
        wide = box.grown(grown).clipped(plane.size) if plane.size else None
        assert wide is not None
        around[wide.top : wide.bottom, wide.left : wide.right] = True
    assert not levels(now)[mask].any(), f"{plane.title} is not black"
    assert np.array_equal(plain(was)[~around], plain(now)[~around]), f"{plane.title} differs outside"


def elements(reference: Reference) -> dict[int, bytes]:
    """Every top-level element as it lies in the file, head included."""
    with open_instance(reference) as instance:
        header = instance.parts.header
        walker = Walker(header)
        return {
            span.tag: header.body.read_at(span.start, span.end - span.start)
            for span in walker.data_set(data_set_start(header))
        }


def unchanged(before: Reference, after: Reference, *, but: frozenset[int] = frozenset()) -> None:
    """Every other element has the same bytes, and nothing came or went."""
    old, new = elements(before), elements(after)
    expected = {tag: data for tag, data in old.items() if tag not in DIFFERS | but and tag & 0xFFFF}
    assert {tag: data for tag, data in new.items() if tag not in DIFFERS | but} == expected
