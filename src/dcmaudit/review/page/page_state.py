"""The state of a session as the page gets it. Its shape is described in ``docs/web-api.md``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from dcmaudit.model import Box
from dcmaudit.review.page.class_rows import classes_state
from dcmaudit.review.page.file_states import file_state, group_states, plane_state, window_states
from dcmaudit.review.page.output_rows import outputs_state
from dcmaudit.review.page.rect_states import box_json, rect_states
from dcmaudit.review.page.shapes import (
    CanState,
    FilterState,
    HandledState,
    MessageState,
    NamedProblem,
    NearState,
    OptionState,
    QuestionState,
    RecentList,
    StackState,
    ViewState,
    WorklistState,
)
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.page_words import page_words
from dcmaudit.review.state.name_list import mark_of, short_name
from dcmaudit.review.state.offers import is_offered, offers
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.options import OPTIONS, Options
from dcmaudit.review.state.selection import Filter
from dcmaudit.review.state.session import Session

PROBLEMS_SHOWN = 50
_HAS_S3 = find_spec("obstore") is not None
RECTS_AHEAD = 100
"""A plane beside the one on screen with more rectangles than this is not sent along."""


def page_state(session: Session, services: Services) -> ViewState:
    """Everything that the page shows, as plain values for JSON."""
    with session.lock:
        file = session.file
        return {
            "revision": session.revision,
            "user": services.database.user,
            "viewer": services.database.viewer,
            "database": {
                "location": services.database.store.location,
                "writable": services.database.store.is_writable,
                "warning": services.database.warning,
                "notes": list(services.database.store.notes),
                "changes": services.watcher.changes,
            },
            "worklist": _worklist(session),
            "file": file_state(session, services, file) if file else None,
            "groups": group_states(file) if file else [],
            "plane": plane_state(session, services, file, file.index) if file else None,
            "view": {
                "rendering": session.view.rendering.value,
                "inverted": session.view.inverted,
                "redacted": session.redacted,
                "rejected": session.shows_rejected,
            },
            "rects": rect_states(session, file, file.plane) if file and file.plane else [],
            "chosen": session.chosen_here(),
            "handled": _handled(session.handled()),
            "can": _can(session, services, file.index if file else 0),
            "near": {
                "next": _near(session, services, file, file.index + 1) if file else None,
                "previous": _near(session, services, file, file.index - 1) if file else None,
            },
            "options": _options(session.options),
            "previews": session.options.previews.value,
            "choices": dict(session.options.choices),
            "bindings": services.preferences.keys(),
            "windows": window_states(services, file) if file else [],
            "question": _question(session),
            "message": _message(session),
            "prefetch": [[session.worklist.file_id(place), plane.address.key] for place, plane in session.upcoming()],
            "reading": _reading(services),
            "outputs": outputs_state(session, services.outputs.state),
            "classes": classes_state(session, services),
            "stack": _stack(session),
            "saved": True,
            "recent": [_recent(entry) for entry in services.preferences.recent()] if file is None else [],
            "examples": True,
            "has_s3": _HAS_S3,
        }


def _reading(services: Services) -> str | None:
    run = services.series_reader.run
    return None if run is None or run.is_over else run.progress


def _stack(session: Session) -> StackState | None:
    stack, file = session.stack, session.file
    index = stack.index(file.place) if stack is not None and file is not None and session.walks_series else None
    if stack is None or index is None or (stack.is_complete and len(stack.places) < 2):
        return None
    total = len(stack.places)
    searching = "" if stack.is_complete else ", still searching"
    return {
        "series": mark_of(stack.uid),
        "number": index + 1,
        "total": total,
        "order": stack.order.value,
        "complete": stack.is_complete,
        "words": f"file {index + 1} of {total} in the series{searching}",
        "limits": stack.limits,
    }


def step_state(session: Session, services: Services, index: int) -> NearState | None:
    """What the step to the plane at ``index`` changes; None where there is none, or too much of it to be sent ahead."""
    with session.lock:
        return _near(session, services, session.file, index) if session.file is not None else None


def _worklist(session: Session) -> WorklistState:
    worklist, file = session.worklist, session.file
    index = session.selection.index(file.place) if file else None
    report = worklist.report
    problems: list[NamedProblem] = [
        {"name": item.name, "message": page_words(item.words)} for item in report.problems[:PROBLEMS_SHOWN]
    ]
    left_out: list[NamedProblem] = [
        {"name": item.name, "message": item.words} for item in report.not_opened[:PROBLEMS_SHOWN]
    ]
    return {
        "index": index,
        "number": index + 1 if index is not None else None,
        "total": len(session.selection),
        "found": len(worklist),
        "growing": worklist.growing,
        "left": session.selection.left(),
        "per_hour": session.pace.per_hour(),
        "passed_over": report.passed_over,
        "problem_count": report.problem_count,
        "problems": problems,
        "not_opened": left_out,
        "folder": worklist.title,
        "opened": worklist.is_opened,
        "filter": _filter(session.selection.filter),
    }


def _filter(chosen: Filter) -> FilterState:
    return {"status": chosen.status.value if chosen.status is not None else None, "text": chosen.text}


def _near(session: Session, services: Services, file: OpenFile, index: int) -> NearState | None:
    """What the step to a plane beside the one on screen will change, so that the page need not wait for the answer."""
    if not 0 <= index < len(file.planes):
        return None
    plane = file.planes[index]
    rects = rect_states(session, file, plane)
    shown = plane_state(session, services, file, index)
    # Sent ahead with every answer: a plane with thousands of rectangles would hold up the present one.
    if len(rects) > RECTS_AHEAD or plane.size is None or shown is None:
        return None
    handled = session.handled_on(plane)
    return {
        "plane": shown,
        "rects": rects,
        "handled": _handled(handled),
        "can": _can(session, services, index),
    }


def _can(session: Session, services: Services, index: int) -> CanState:
    file, history = session.file, session.history
    current = session.selection.index(file.place) if file else None
    writable = services.database.may_write
    planes = len(file.planes) if file else 0
    return {
        "undo": history.next_undo.label if writable and history.next_undo else None,
        "redo": history.next_redo.label if writable and history.next_redo else None,
        "write": writable,
        "next_frame": index + 1 < planes or session.beside_in_series(1) is not None,
        "previous_frame": index > 0 or session.beside_in_series(-1) is not None,
        "next_overlay": file is not None and planes > 0 and file.planes.next_group(index) is not None,
        "next_file": current is not None and current + 1 < len(session.selection),
        "previous_file": current is not None and current > 0,
        "apply_all": writable
        and file is not None
        and index < planes
        and any(is_offered(session.options, item.region) for item in offers(session.options, file, file.planes[index])),
    }


def _recent(entry: Sequence[object]) -> RecentList:
    names, recursive = entry
    shown = [short_name(str(name)) for name in names] if isinstance(names, list) else []
    more = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
    label = f"{shown[0] if shown else ''}{more}{', with subfolders' if recursive else ''}"
    return {"label": label, "command": "open-files", "args": {"names": names, "recursive": recursive}}


def _handled(box: Box | None) -> HandledState | None:
    return {"box": box_json(box)} if box else None


def _options(options: Options) -> dict[str, OptionState]:
    return {one.name: {"label": one.label, "group": one.group, "value": options[one.name]} for one in OPTIONS}


def _message(session: Session) -> MessageState | None:
    message = session.message
    if message is None:
        return None
    return {"text": message.text, "kind": message.kind, "number": message.number, "rect": message.rect}


def _question(session: Session) -> QuestionState | None:
    question = session.question
    if question is None:
        return None
    return {
        "text": question.text,
        "command": question.command,
        "args": question.arguments,
        "yes": question.yes,
        "no": question.no,
        "other": question.other,
        "other_args": question.other_arguments,
    }
