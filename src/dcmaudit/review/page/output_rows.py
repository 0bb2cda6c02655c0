"""Redacted files as the page gets them."""

from __future__ import annotations

from dcmaudit.model import PlaneList
from dcmaudit.model.texts import with_bytes_told
from dcmaudit.review.page.list_shapes import OutputPlane, OutputRow
from dcmaudit.review.page.shapes import OutputsState
from dcmaudit.review.services.page_words import page_words
from dcmaudit.review.state.name_list import short_name
from dcmaudit.review.state.outputs import GOOD, Output, Outputs
from dcmaudit.review.state.session import Session


def outputs_state(session: Session, outputs: Outputs) -> OutputsState:
    """How far the present run is, or how the last one ended."""
    run = outputs.run
    return {
        "revision": outputs.revision,
        "count": outputs.newest(0, 0)[0],
        "running": outputs.is_running,
        "total": run.total if run else 0,
        "through": len(run.outputs) if run else 0,
        "good": run.good if run else 0,
        "own": run is not None and run.session == session.id,
        "folder": with_bytes_told(run.folder) if run else None,
        "words": run.words if run else "Nothing was redacted from this page yet.",
    }


def output_row(output: Output) -> OutputRow:
    """One file and how it ended, in the words of the page."""
    name = output.before.name
    return {
        "number": output.number,
        "name": name,
        "short": short_name(name),
        "outcome": output.outcome.value,
        "good": output.outcome in GOOD,
        "words": [words for each in output.words if (words := page_words(each))],
        "target": None if output.target is None else with_bytes_told(output.target),
    }


def output_planes(planes: PlaneList, output: Output, start: int, count: int) -> list[OutputPlane]:
    """A part of the planes of the original, each with whether something was blacked in it."""
    shown = (planes[index] for index in range(start, min(start + count, len(planes))))
    return [
        {"key": plane.address.key, "title": plane.title, "changed": plane.address in output.changed}
        for plane in shown
        if plane.size is not None
    ]
