"""The rectangles of a plane as the page gets them: stored ones, suggested ones, and what was set aside."""

from __future__ import annotations

from dataclasses import replace

from dcmaudit.model import Box, Everywhere, Origin, Plane, Scope
from dcmaudit.model.engines import OcrEngine, reads
from dcmaudit.model.records import RectRow
from dcmaudit.model.shapes import Shape
from dcmaudit.review.page.list_shapes import StackMark
from dcmaudit.review.page.shapes import RectState, ShapeState
from dcmaudit.review.state.kept import kept_rows
from dcmaudit.review.state.offers import is_offered, is_redacted, offers
from dcmaudit.review.state.open_file import OpenFile, Suggestion
from dcmaudit.review.state.session import Session

_SOURCES = {
    Origin.REVIEWER: "stored",
    Origin.STORED: "stored",
    Origin.SIMILAR: "similar",
    Origin.RULE: "rules",
    Origin.ULTRASOUND: "ultrasound",
    Origin.OCR: "OCR",
    Origin.LEARNED: "learned",
    Origin.COMMAND: "stored",
    Origin.LIST: "stored",
}


def box_json(box: Box) -> list[int]:
    """``[left, top, right, bottom]``, right and bottom excluded, in pixels of the plane."""
    return [box.left, box.top, box.right, box.bottom]


def mark_json(box: Box, shape: Shape | None) -> StackMark:
    """What is black on all planes of a stack."""
    return {"box": box_json(box), "shape": shape_json(shape)}


def rect_states(session: Session, file: OpenFile, plane: Plane) -> list[RectState]:
    kept = kept_rows(session.keeps, file)
    stored = [
        _kept(row, kept[row.id]) if row.id in kept else _stored(row, highlighted=session.options["show-stored"])
        for row in file.rects_on(plane)
    ]
    stored += [_stored(row, highlighted=False) for row in file.rects if row.problem is not None]
    suggested = [
        _suggested(
            item,
            redacted=is_redacted(session.options, item.region),
            highlighted=is_offered(session.options, item.region),
        )
        for item in offers(session.options, file, plane)
    ]
    aside = [*file.set_aside_on(plane), *file.hidden_on(plane)] if session.shows_rejected else []
    return (
        stored
        + suggested
        + [{**_suggested(item, redacted=False, highlighted=True), "rejected": True} for item in aside]
    )


_FOUND_BY: dict[OcrEngine | int, str] = {
    OcrEngine.RULE: ", from a deid rule",
    OcrEngine.ULTRASOUND: ", from the ultrasound regions",
}


def _stored(row: RectRow, *, highlighted: bool) -> RectState:
    read = reads(row.engine)
    return {
        "id": row.id,
        "box": box_json(row.box) if row.box else None,
        "applied": row.box is not None,
        "stored": True,
        "preview": False,
        "highlighted": highlighted,
        "source": "OCR" if read else "stored",
        "scope": scope_words(row.scope),
        "reason": row.problem or f"stored in the database{_FOUND_BY.get(row.engine, ', found by OCR' if read else '')}",
        "text": row.text or None,
        "verdict": row.verdict.name.lower(),
        "confidence": None,
        "who": row.modified_by,
        "when": row.modified.isoformat(sep=" ", timespec="seconds") if row.modified else None,
        "shape": shape_json(row.shape),
    }


def _kept(row: RectRow, kind: str) -> RectState:
    """A reading that the policy of the release keeps: an outline, whatever the options say."""
    state = _stored(row, highlighted=True)
    return {**state, "applied": False, "kept": kind}


def _suggested(item: Suggestion, *, redacted: bool, highlighted: bool) -> RectState:
    region = item.region
    return {
        "id": item.id,
        "box": box_json(region.box),
        "applied": redacted,
        "stored": False,
        "preview": redacted,
        "highlighted": highlighted,
        "source": _SOURCES[region.origin],
        "scope": scope_words(region.means),
        "reason": region.reason,
        "text": region.text or None,
        "verdict": region.verdict.name.lower(),
        "confidence": region.confidence,
        "empty": item.is_empty,
        "who": None,
        "when": None,
        "shape": shape_json(region.shape),
    }


def shape_json(shape: Shape | None) -> ShapeState | None:
    """What the page paints of a shape: exactly the pixels that are written black."""
    if shape is None or shape.size is None:
        return None
    black = [edge for box in shape.boxes(shape.size) for edge in box_json(box)]
    return {"text": replace(shape, size=None).text, "title": shape.title, "keep": shape.keep, "black": black}


def scope_words(scope: Scope | None) -> str:
    """A scope in words: ``this plane`` for a single one."""
    return scope.value if isinstance(scope, Everywhere) else "this plane"
