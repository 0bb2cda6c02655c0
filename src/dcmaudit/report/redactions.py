"""A redaction in text: the plan for people, the record of the proof, the word for users, the line of JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol

from dcmaudit import __version__
from dcmaudit.model import Result
from dcmaudit.model.planes import PlaneGroup, PlaneKind, UnshownKind
from dcmaudit.model.proof import Proof
from dcmaudit.model.redaction import Blackened, OverlayPolicy, RedactionOptions, RedactionPlan
from dcmaudit.report.proofs import changed_areas, shape_texts


class Redacted(Protocol):
    """How one file ended, as far as it is told."""

    @property
    def result(self) -> Result:
        """The outcome with its reasons."""
        ...

    @property
    def output(self) -> object | None:
        """The name of the output; None where there is none."""
        ...

    @property
    def plan(self) -> tuple[str, ...]:
        """The plan in lines."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks."""
        ...

    @property
    def proof(self) -> dict[str, Any] | None:
        """The record of the proof."""
        ...

    @property
    def partly(self) -> bool:
        """Whether the file holds parts that nobody could look at."""
        ...


def as_json(report: Redacted) -> dict[str, Any]:
    """The object that ``redact --json`` prints for one file."""
    return {
        "file": report.result.name,
        "outcome": report.result.outcome.value,
        "reasons": list(report.result.reasons),
        "output": None if report.output is None else str(report.output),
        "plan": list(report.plan),
        "notes": list(report.notes),
        "proof": report.proof,
        "partly_audited": report.partly,
    }


def plan_lines(plan: RedactionPlan) -> list[str]:
    """The plan in lines: what is blacked where and why, edges inclusive; what goes; and what cannot be done."""
    lines: list[str] = []
    for group in plan.listing.groups:
        what = f"every plane of {group.title}" if len(group.frames) > 1 else group.title
        gone = _gone(group, plan.options)
        lines += [] if gone is None else [f"{what}: {gone}"]
        lines += [f"{what}: {item.text}: {item.origin.value}: {item.reason}" for item in plan.for_group(group)]
    for address, items in plan.planes.items():
        index = plan.listing.find(address)
        title = plan.listing[index].title if index is not None else address.key
        lines += [f"{title}: {item.text}: {item.origin.value}: {item.reason}" for item in items]
    lines.extend(f"cannot be done: {problem}" for problem in plan.problems)
    return lines


_OVERLAYS = {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY}


def _gone(group: PlaneGroup, options: RedactionOptions) -> str | None:
    """How the options take a whole group out of the file; icons are among what the writer leaves out."""
    is_overlay = group.kind in _OVERLAYS or group.unshown is UnshownKind.OVERLAY
    if options.overlays is OverlayPolicy.REMOVE and is_overlay:
        return "removed: --overlays remove"
    if options.remove_high_bits and group.kind in {PlaneKind.EMBEDDED_OVERLAY, PlaneKind.STRAY_BIT}:
        return "cleared: --remove-high-bit-overlays"
    return None


SHAPE_POINTS = "x,y of corners of pixels, from 0,0 at the top left; keep: black is what lies outside"


def sidecar_of(plan: RedactionPlan, proof: Proof) -> dict[str, Any]:
    """What a researcher who gets the image may know: which areas are black, and that it was proved; nothing else."""
    return {
        "redacted": [
            {"plane": plane.address.key, "boxes": changed_areas(plane)}
            | ({"shapes": shape_texts(plane)} if plane.shapes else {})
            for plane in proof.touched
        ],
        "edges": "left, top, right, bottom; the last two are inside",
        **({"points": SHAPE_POINTS} if any(plane.shapes for plane in proof.touched) else {}),
        "overlays": plan.options.overlays.value,
        "high_bits_removed": plan.options.remove_high_bits,
        "file": proof.after,
    }


def record_of(proof: Mapping[str, Any], plan: RedactionPlan, run: Mapping[str, Any], user: str) -> dict[str, Any]:
    """The record of a proof with what it is a proof of: the version, the options, the source of each rectangle.

    ``digest`` is that of everything but itself and ``made``, which says when and by whom: so a proof that is made
    again of the same output has the same digest. ``run`` are the options that are not in the plan.
    """
    record = {
        **proof,
        "version": f"dcmaudit {__version__}",
        "options": {**_options(plan.options), **run},
        "rectangles": _rectangles(plan),
    }
    digest = hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    made = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": user}
    return {**record, "digest": f"sha256:{digest}", "made": made}


def _options(options: RedactionOptions) -> dict[str, Any]:
    values = asdict(options)
    return {each.name: _plain(values[each.name]) for each in fields(options)}


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _rectangles(plan: RedactionPlan) -> list[dict[str, Any]]:
    """What is blacked where and on whose word; ``planes`` is a plane's key, or a group's name for all of its planes."""
    found = [
        {"planes": f"every plane of {group.title}", **_rectangle(item)}
        for group in plan.listing.groups
        for item in plan.for_group(group)
    ]
    found += [{"planes": address.key, **_rectangle(item)} for address, items in plan.planes.items() for item in items]
    return found


def _rectangle(item: Blackened) -> dict[str, Any]:
    shape = {} if item.shape is None or item.size is None else {"shape": item.shape.on(item.size).text}
    return {"box": list(item.box.inclusive), "source": item.origin.value, "reason": item.reason} | shape


def copy_record(*, is_exact: bool, by: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the record of a proof says of a file in which nothing was blacked; ``by`` says who looked at it."""
    return {"copied": "unchanged" if is_exact else "changed as asked", "looked_at": list(by)}
