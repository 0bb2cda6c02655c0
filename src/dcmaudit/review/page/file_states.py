"""The open file, its groups of planes and one of its planes, as the page gets them."""

from __future__ import annotations

from dcmaudit.errors import DcmauditError
from dcmaudit.model import HowSeen, OverlayAddress, Plane, PlaneKind, View, frame_of
from dcmaudit.review.page.rect_states import box_json
from dcmaudit.review.page.shapes import FileState, GroupState, PlaneState, Trouble, WindowState
from dcmaudit.review.page.strip import stripes
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.page_words import page_hint, page_words
from dcmaudit.review.services.picture_cache import painted_from
from dcmaudit.review.state.name_list import mark_of, short_name
from dcmaudit.review.state.offers import unstored
from dcmaudit.review.state.open_file import OpenFile, state_of
from dcmaudit.review.state.seen import GLANCES
from dcmaudit.review.state.session import Session

MAP_EDGE = 32
"""Cells a side of the small map that shows which part of a plane was seen."""

_GLANCED = tuple(how for how in GLANCES if how is not HowSeen.SKIPPED)


def error_json(error: DcmauditError) -> Trouble:
    """An error as the page shows it."""
    said = page_words(error.message) or error.message
    message = said if error.file is None else f"{short_name(error.file)}: {said}"
    return {"message": message, "hint": page_hint(error)}


def image_address(session_id: str, file_id: int, key: str, view: View) -> str:
    """The address of the values that a plane is painted from; local contrast has values of its own."""
    return f"/api/d/{session_id}/plane/{file_id}/{key}?rendering={view.rendering.value}"


def file_state(session: Session, services: Services, file: OpenFile) -> FileState:
    """The open file."""
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


def group_states(file: OpenFile) -> list[GroupState]:
    """Its planes, group by group, with what was seen and marked of each."""
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


def plane_state(session: Session, services: Services, file: OpenFile, index: int) -> PlaneState | None:
    """The plane at ``index``; None where the file has none there."""
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


def window_states(services: Services, file: OpenFile) -> list[WindowState]:
    """Windows that the user saved for files of its modality."""
    modality = (file.facts.device.modality if file.facts else None) or ""
    own = (one for one in services.preferences.windows() if one.modality == modality)
    return [{"name": one.name, "center": one.center, "width": one.width} for one in own]


def _plane_error(plane: Plane, error: DcmauditError | None) -> Trouble | None:
    if plane.size is None:
        reason = plane.group.reason or "it cannot be shown"
        return {"message": f"{plane.group.name}: not audited: {reason}".removeprefix(": "), "hint": None}
    return error_json(error) if error else None
