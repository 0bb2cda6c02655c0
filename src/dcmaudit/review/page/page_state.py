"""The state of a session as the page gets it. Its shape is described in ``docs/web-api.md``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, HowSeen, OverlayAddress, Plane, PlaneKind, View, frame_of
from dcmaudit.review.page.class_rows import classes_state
from dcmaudit.review.page.output_rows import outputs_state
from dcmaudit.review.page.rect_states import box_json, rect_states
from dcmaudit.review.page.shapes import (
    CanState,
    FileState,
    FilterState,
    GroupState,
    HandledState,
    MessageState,
    NamedProblem,
    NearState,
    OptionState,
    PlaneState,
    QuestionState,
    RecentList,
    StackState,
    Trouble,
    ViewState,
    WindowState,
    WorklistState,
)
from dcmaudit.review.page.strip import stripes
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.page_words import page_hint, page_words
from dcmaudit.review.services.picture_cache import painted_from
from dcmaudit.review.state.name_list import mark_of, short_name
from dcmaudit.review.state.offers import is_offered, offers, unstored
from dcmaudit.review.state.open_file import OpenFile, state_of
from dcmaudit.review.state.options import OPTIONS, Options
from dcmaudit.review.state.seen import GLANCES
from dcmaudit.review.state.selection import Filter
from dcmaudit.review.state.session import Session

PROBLEMS_SHOWN = 50
MAP_EDGE = 32
"""Cells a side of the small map that shows which part of a plane was seen."""

_HAS_S3 = find_spec("obstore") is not None
RECTS_AHEAD = 100
"""A plane beside the one on screen with more rectangles than this is not sent along."""

_GLANCED = tuple(how for how in GLANCES if how is not HowSeen.SKIPPED)


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
            "file": _file(session, services, file) if file else None,
            "groups": _groups(file) if file else [],
            "plane": _plane(session, services, file, file.index) if file else None,
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
            "windows": _windows(services, file) if file else [],
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


def error_json(error: DcmauditError) -> Trouble:
    """An error as the page shows it."""
    said = page_words(error.message) or error.message
    message = said if error.file is None else f"{short_name(error.file)}: {said}"
    return {"message": message, "hint": page_hint(error)}


def image_address(session_id: str, file_id: int, key: str, view: View) -> str:
    """The address of the values that a plane is painted from; local contrast has values of its own."""
    return f"/api/d/{session_id}/plane/{file_id}/{key}?rendering={view.rendering.value}"


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


def _file(session: Session, services: Services, file: OpenFile) -> FileState:
    device = file.facts.device if file.facts else None
    state, looked = state_of(file), file.looked
    return {
        "file_id": file.file_id,
        "name": file.name,
        "short": short_name(file.name),
        "mark": mark_of(file.name),
        "state": state.value,
        "tagged": file.tag is not None and file.tag.marked,
        "done_by": file.tag.modified_by if file.tag is not None else None,
        "comment": (file.tag.comment or "") if file.tag else "",
        "opening": file.opening,
        "error": error_json(file.error) if file.error else None,
        "modality": device.modality if device else None,
        "model": device.model if device else None,
        "seen": looked.seen,
        "partly": looked.in_part,
        "glanced": looked.glanced,
        "stored": services.content.is_kept,
        "planes": len(file.planes),
        "unscanned_bits": file.is_unsearched,
        "bits": file.search.value,
        "bits_progress": list(file.search_progress) if file.search_progress else None,
        "suggesting": file.suggesting,
        "previews": len(unstored(session.options, file)),
        "reading": sorted(file.reading),
        "gap": services.gaps.words(file),
        "changed": file.changed,
        "notes": list(file.notes),
    }


def _groups(file: OpenFile) -> list[GroupState]:
    groups: list[GroupState] = []
    start = 0
    told = stripes(file)
    for number, group in enumerate(file.planes.groups):
        count = len(group.frames)
        groups.append({
            "index": number,
            "kind": group.kind.value,
            "title": group.title,
            "start": start,
            "count": count,
            "seen": [list(span) for span in file.seen.positions(group, HowSeen.SEEN)],
            "partly": file.seen.part_positions(group),
            "glanced": [list(span) for span in file.seen.positions(group, *_GLANCED)],
            "skipped": [list(span) for span in file.seen.positions(group, HowSeen.SKIPPED)],
            "marked": told.marked[number],
            "heat": told.heat[number],
            "reason": group.reason,
        })  # fmt: skip
        start += count
    return groups


def _near(session: Session, services: Services, file: OpenFile, index: int) -> NearState | None:
    """What the step to a plane beside the one on screen will change, so that the page need not wait for the answer."""
    if not 0 <= index < len(file.planes):
        return None
    plane = file.planes[index]
    rects = rect_states(session, file, plane)
    shown = _plane(session, services, file, index)
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


def _plane(session: Session, services: Services, file: OpenFile, index: int) -> PlaneState | None:
    if not index < len(file.planes):
        return None
    plane = file.planes[index]
    key, size = plane.address.key, plane.size
    picture = painted_from(file.file_id, plane.address, session.view)
    part = file.seen.part(plane.address)
    return {
        "index": index,
        "number": index + 1,
        "key": key,
        "title": plane.title,
        "kind": plane.kind.value,
        "width": size.width if size else None,
        "height": size.height if size else None,
        "image": image_address(session.id, file.file_id, key, picture.view) if size else None,
        "error": _plane_error(plane, services.pictures.error(picture)),
        "group": file.group_at(index),
        "position": index - file.planes.group_start(index),
        "overlay": f"{plane.address.group:04X}" if isinstance(plane.address, OverlayAddress) else None,
        "time": _time(file, plane),
        "map": part.coarse(MAP_EDGE, MAP_EDGE) if part is not None else None,
        "pointed": [box_json(box) for box in session.pointed_on(file.file_id, plane.address)],
    }


def _time(file: OpenFile, plane: Plane) -> float | None:
    pace = file.facts.pace if file.facts else None
    if pace is None or plane.kind in {PlaneKind.ICON, PlaneKind.THUMBNAIL}:
        return None
    return pace.of(frame_of(plane.address))


def _windows(services: Services, file: OpenFile) -> list[WindowState]:
    modality = (file.facts.device.modality if file.facts else None) or ""
    own = (one for one in services.preferences.windows() if one.modality == modality)
    return [{"name": one.name, "center": one.center, "width": one.width} for one in own]


def _plane_error(plane: Plane, error: DcmauditError | None) -> Trouble | None:
    if plane.size is None:
        reason = plane.group.reason or "it cannot be shown"
        return {"message": f"{plane.group.name}: not audited: {reason}".removeprefix(": "), "hint": None}
    return error_json(error) if error else None


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
