"""Rows of the list of files as the page gets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from dcmaudit.errors import DcmauditError
from dcmaudit.review.page.list_shapes import WorklistRow
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.name_list import short_name
from dcmaudit.review.state.session import Session


def worklist_rows(session: Session, services: Services, places: Sequence[tuple[int | None, int]]) -> list[WorklistRow]:
    """Rows of the list of files for pairs of number (None where the walk leaves the file out) and place."""
    worklist = session.worklist
    rows: list[WorklistRow] = []
    services.gaps.note(session)
    finishers: Mapping[str, str] = {}
    with suppress(DcmauditError):  # a database that cannot be asked is told elsewhere
        finishers = services.database.store.finishers([worklist.name(place) for _, place in places])
    for index, place in places:
        name, state = worklist.name(place), worklist.state(place)
        rows.append({
            "index": index, "file_id": worklist.file_id(place), "name": name, "short": short_name(name),
            "state": state.value, "tagged": state.value == "tagged", "problem": worklist.failure(place),
            "gap": worklist.gap(place),
            "done_by": finishers.get(name) if state.is_done else None,
        })  # fmt: skip
    return rows
