"""Classes of files, and files as tiles, as the page gets them."""

from __future__ import annotations

from collections.abc import Sequence

from dcmaudit.model import FrameAddress, PlaneAddress, ReviewState, Size, parse_key
from dcmaudit.model.records import MarkedFile
from dcmaudit.review.page.list_shapes import ClassConcern, ClassFiles, ClassList, ClassRow, TileRow
from dcmaudit.review.page.rect_states import box_json
from dcmaudit.review.page.shapes import ClassesState
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.class_survey import shown_survey
from dcmaudit.review.services.instance_cache import stamp_of
from dcmaudit.review.services.survey import Survey
from dcmaudit.review.state.classes import ClassKey, ClassTable, FileClass
from dcmaudit.review.state.file_look import Concern
from dcmaudit.review.state.name_list import short_name
from dcmaudit.review.state.open_file import applies
from dcmaudit.review.state.session import Session

MOST_TILES = 50_000
_MOST_BOXES = 40
_FIRST = FrameAddress(0)


def classes_state(session: Session, services: Services) -> ClassesState | None:
    """How far the look at the files of the list is, and a decision for several of them; None before anybody asked."""
    survey, decision = services.classes.of(session.worklist), session.decision
    is_deciding = decision is not None and decision.is_running
    if survey is None and not is_deciding:
        return None
    table = survey.table if survey is not None else None
    return {
        "running": survey is not None and survey.is_running,
        "complete": survey is not None and survey.is_complete,
        "words": survey.words if survey is not None else "",
        "problem": survey.problem if survey is not None else None,
        "grouping": table.grouping.value if table is not None else "kind",
        "classes": len(table.classes) if table is not None else 0,
        "sorted": table.sorted if table is not None else 0,
        "through": table.through if table is not None else 0,
        "total": len(session.worklist),
        "deciding": is_deciding,
        "decided": decision.through if decision is not None else 0,
        "to_decide": len(decision.places) if decision is not None else 0,
    }


def class_list(session: Session, services: Services, start: int, count: int) -> ClassList:
    """Some classes, in the order in which the list has their first files. ReviewError where nothing is grouped yet."""
    survey = shown_survey(services.classes, session)
    groups = survey.table.classes
    some = groups[start : start + count]
    return {"total": len(groups), "rows": [_class_row(survey, group) for group in some]}


def _class_row(survey: Survey, group: FileClass) -> ClassRow:
    table, tally, key = survey.table, survey.table.tally(group.number), group.key
    spread = survey.spreads.get(group.number)
    concerns: list[ClassConcern] = [
        {"words": concern.value, "count": tally.concerns[concern]} for concern in Concern if tally.concerns[concern]
    ]
    typical = group.places[0] if group.typical is None else group.typical
    return {
        "number": group.number,
        "title": _title(key),
        "device": _device(key),
        # Its UID says nothing to people.
        "series": group.series,
        "size": [key.size.width, key.size.height] if key is not None and key.size is not None else None,
        "files": tally.files,
        "waiting": tally.waiting,
        "apart": tally.apart,
        "same": tally.same,
        "through": group.through,
        "planes": group.planes,
        "concerns": concerns,
        "file_id": table.worklist.file_id(typical),
        "key": _FIRST.key,
        "scale": spread.scale if spread is not None and spread.count else None,
        "crowded": group.number in survey.without,
    }


def _title(key: ClassKey | None) -> str:
    if key is None:
        return "Files whose header cannot be read"
    kind = " ".join(each for each in key.image_type or () if each)
    size = f"{key.size.width} x {key.size.height}" if key.size is not None else "no image size"
    return " · ".join(each for each in (key.modality or "no modality", kind or "no image type", size) if each)


def _device(key: ClassKey | None) -> str:
    if key is None:
        return ""
    return " ".join(each for each in (key.manufacturer, key.model) if each) or "no device named"


def class_files(session: Session, services: Services, number: int) -> ClassFiles:
    """The files of a class, those first that stand apart. ReviewError for a class that there is not."""
    table = shown_survey(services.classes, session).table
    if table.get(number) is None:
        return {"ids": [], "apart": 0, "total": 0}
    places, apart = table.order(number)
    ids = [table.worklist.file_id(place) for place in places[:MOST_TILES]]
    return {"ids": ids, "apart": apart, "total": len(places)}


def list_files(session: Session) -> ClassFiles:
    """Every file that the list shows, in its order."""
    places = session.selection.places
    ids = [session.worklist.file_id(place) for place in places[:MOST_TILES]]
    return {"ids": ids, "apart": 0, "total": len(places)}


def tile_rows(session: Session, services: Services, ids: Sequence[int]) -> list[TileRow]:
    """Some files as tiles: state, why they stand apart, which plane shows it, and what is marked and found there.

    ReviewError for files of another list.
    """
    worklist, survey = session.worklist, services.classes.of(session.worklist)
    table = survey.table if survey is not None else None
    places = [worklist.place(each) for each in ids]
    services.worklists.ask_again(worklist, places)
    marks = {found.filename: found for found in services.database.store.marks_of(map(worklist.name, places))}
    return [_tile(session, table, place, marks.get(worklist.name(place))) for place in places]


def _tile(session: Session, table: ClassTable | None, place: int, marks: MarkedFile | None) -> TileRow:
    worklist, name = session.worklist, session.worklist.name(place)
    # Findings of another content must not be drawn on this one.
    if table is not None and not table.is_of(place, stamp_of(worklist.reference(place))):
        table.forget(place)
    concerns = table.concerns(place) if table is not None else (Concern.UNLOOKED,)
    key = (table.plane(place) if table is not None else None) or _FIRST.key
    reason = table.reason(place) if table is not None else None
    if marks is not None and marks.corrupt is not None:
        reason = "its marks are not those that were stored"
    state = worklist.state(place)
    return {
        "file_id": worklist.file_id(place),
        "name": name,
        "short": short_name(name),
        "state": state.value,
        "tagged": state is ReviewState.TAGGED,
        "problem": worklist.failure(place),
        "gap": worklist.gap(place),
        "key": key,
        "size": _size(table, place),
        "concerns": [concern.value for concern in concerns],
        "reason": reason,
        "likelihood": round(table.likelihood(place), 2) if table is not None else 0.0,
        "marks": _marks(marks, parse_key(key)),
        "found": [box_json(box) for box in table.text_places(place)] if table is not None else [],
    }


def _marks(marks: MarkedFile | None, address: PlaneAddress) -> list[list[int]]:
    rows = marks.rects if marks is not None else ()
    boxes = [box for row in rows if row.scope is not None and applies(row.scope, address) for box in row.boxes]
    return [box_json(box) for box in boxes[:_MOST_BOXES]]


def _size(table: ClassTable | None, place: int) -> list[int] | None:
    number = table.number_of(place) if table is not None else None
    group = table.get(number) if table is not None and number is not None else None
    size: Size | None = group.key.size if group is not None and group.key is not None else None
    return [size.width, size.height] if size is not None else None
