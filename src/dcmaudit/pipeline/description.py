"""A plan and what came of it, for people and for what lies beside an output."""

from __future__ import annotations

from typing import Any

from dcmaudit.model.proof import Proof
from dcmaudit.model.redaction import RedactionPlan


def describe(plan: RedactionPlan) -> list[str]:
    """The plan in lines: what is blacked where and why, edges inclusive; and what cannot be done."""
    lines: list[str] = []
    for group in plan.listing.groups:
        for item in plan.for_group(group):
            box = item.box
            what = f"every plane of {group.title}" if len(group.frames) > 1 else group.title
            lines.append(f"{what}: {box.left},{box.top},{box.last_x},{box.last_y}: {item.origin.value}: {item.reason}")
    for address, items in plan.planes.items():
        index = plan.listing.find(address)
        title = plan.listing[index].title if index is not None else address.key
        for item in items:
            box = item.box
            lines.append(f"{title}: {box.left},{box.top},{box.last_x},{box.last_y}: {item.origin.value}: {item.reason}")
    lines.extend(f"cannot be done: {problem}" for problem in plan.problems)
    return lines


def sidecar_of(plan: RedactionPlan, proof: Proof) -> dict[str, Any]:
    """What a researcher who gets the image may know: which areas are black, and that it was proved; nothing else."""
    return {
        "redacted": [
            {"plane": plane.address.key, "boxes": [[b.left, b.top, b.last_x, b.last_y] for b in plane.changed]}
            for plane in proof.touched
        ],
        "edges": "left, top, right, bottom; the last two are inside",
        "overlays": plan.options.overlays.value,
        "high_bits_removed": plan.options.remove_high_bits,
        "file": proof.after,
    }
