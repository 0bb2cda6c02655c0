"""A proof in text: its record as JSON, and its lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dcmaudit.model import Box
from dcmaudit.model.counts import counted
from dcmaudit.model.proof import PlaneProof, Proof, TextCheck
from dcmaudit.model.texts import printable


def proof_record(proof: Proof) -> dict[str, Any]:
    """The proof as JSON: no text of the image, no value of the header, and boxes with inclusive edges."""
    return {
        "file": proof.name,
        "passed": proof.passed,
        "before": proof.before,
        "after": proof.after,
        "checks": dict(proof.checks),
        "findings": [{"check": one.check, "where": one.where, "text": one.text} for one in proof.findings],
        "planes": [_plane(plane) for plane in proof.touched],
        "notes": list(proof.notes),
    } | ({} if proof.text is None else {"text": _text(proof.text)})


def unproved_record(name: str, error: str) -> dict[str, Any]:
    """What ``verify --json`` prints for a pair that could not be compared."""
    return {"file": name, "passed": False, "error": error}


def unproved_line(name: str, reason: str) -> str:
    """The same for people."""
    return f"{printable(name)}: not proved: {printable(reason)}"


def problem_lines(name: str, proof: Proof) -> Iterator[str]:
    """What is not as it must be in the file ``name``, and on which planes text is seen; a line each."""
    shown = printable(name)
    for finding in proof.findings:
        yield f"{shown}: {finding}"
    if proof.text is not None:
        for one in proof.text.left:
            yield f"{shown}: {printable(str(one))}"
        for reason in proof.text.unseen:
            yield f"{shown}: not looked at for text: {printable(reason)}"


def passed_line(name: str, proof: Proof) -> str:
    """What is said of a file that passed."""
    return f"{printable(name)}: proved, {counted(sum(proof.checks.values()), 'comparison')}"


def summary(passed: int, total: int, left: int) -> str:
    """How many of ``total`` pairs passed; ``left`` are those with text on them."""
    return f"{passed} of {total} passed" + (f"; text is left in {left}" if left else "")


def _plane(plane: PlaneProof) -> dict[str, Any]:
    return (
        {
            "plane": plane.address.key,
            "asked": _edges(plane.rectangles if plane.shapes else plane.asked),
            "changed": changed_areas(plane),
            "decoders": list(plane.decoders),
        }
        | ({"shapes": shape_texts(plane)} if plane.shapes else {})
        | ({"one_decoder_because": plane.alone} if plane.alone else {})
        | ({"may_look_different": _edges(plane.around)} if plane.around else {})
    )


def changed_areas(plane: PlaneProof) -> list[list[int]]:
    """The boxes of what changed; where shapes changed exactly as asked, their thousand boxes are in their texts."""
    return _edges(plane.rectangles if plane.shapes and plane.is_exact else plane.changed)


def shape_texts(plane: PlaneProof) -> list[str]:
    """The shapes that were asked for in a plane, each with the size of it."""
    return [shape.text for shape in plane.shapes]


def _edges(boxes: Iterable[Box]) -> list[list[int]]:
    return [list(box.inclusive) for box in boxes]


def _text(check: TextCheck) -> dict[str, Any]:
    """What a look for text gave; boxes with inclusive edges, never a text."""
    return {
        "planes": check.planes,
        "left": [{"plane": one.address.key, "boxes": [list(box.inclusive) for box in one.boxes]} for one in check.left],
        "not_looked_at": list(check.unseen),
    }
