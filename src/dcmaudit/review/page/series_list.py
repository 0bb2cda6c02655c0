"""The files of the open file's series, for the sheet that shows them all."""

from __future__ import annotations

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import PlaneKind, PlaneList
from dcmaudit.review.page.list_shapes import SeriesFile, SeriesGroup, SeriesList
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.session import Session


def series_files(session: Session, services: Services, start: int, count: int) -> SeriesList:
    """The files of the open file's series among ``count`` places of the list from ``start`` on.

    ``files`` holds file_id, name, state, the number of ``planes``, whether bits are still to be searched for more, and
    the ``groups``: key of the first plane, title, count, whether it can be ``shown`` and if not the reason; ``next``
    is the place to go on from, None at the end; ``failed`` counts files that could not be opened.
    ReviewError where no file is open, or it names no series.
    """
    file, worklist = session.opened(), session.worklist
    if file.facts is None or not file.facts.series_uid:
        raise ReviewError("the file names no series", file=file.name)
    total, failed = len(worklist), 0
    end = min(start + count, total)
    files: list[SeriesFile] = []
    for place in range(start, end):
        if services.end.is_near:
            break
        try:
            with open_instance(worklist.reference(place)) as instance:
                if instance.facts.series_uid != file.facts.series_uid:
                    continue
                planes, is_searched = instance.planes, instance.frames_scanned
        except DcmauditError:
            failed += 1
            continue
        files.append({
            "file_id": worklist.file_id(place), "name": worklist.name(place), "state": worklist.state(place).value,
            "planes": len(planes), "unscanned_bits": not is_searched, "groups": _groups(planes),
        })  # fmt: skip
    return {"files": files, "next": end if end < total else None, "total": total, "failed": failed}


def _groups(planes: PlaneList) -> list[SeriesGroup]:
    """One entry a group of planes: the key of its first one (also of one that only has a card), title and count."""
    return [
        {
            "key": group.address(0).key, "title": group.title, "count": len(group.frames),
            "shown": group.kind is not PlaneKind.UNSHOWN and group.size is not None, "reason": group.reason,
        }
        for group in planes.groups
    ]  # fmt: skip
