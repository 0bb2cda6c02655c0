"""Why a file may not have been looked at wholly: what is asked before it is called done."""

from __future__ import annotations

import math

from dcmaudit.model import PlaneKind
from dcmaudit.model.counts import counted
from dcmaudit.review.commands.finish import told_unseen
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.open_file import FrameSearch, OpenFile

_PARTS_TOLD = 5


def doubts_of(services: Services, file: OpenFile) -> list[str]:
    """Why a file may not have been looked at wholly, in sentences."""
    if file.opening:
        return ["The file is still being opened: none of its planes was shown."]
    if file.error is not None:
        return ["The file could not be opened: nothing in it was audited."]
    doubts = [told_unseen(file)] if file.unseen() else []
    doubts += _parts(file)
    failed = services.pictures.undecodable(file.file_id)
    broken = sum(1 for plane in file.planes if plane.address in failed) if failed else 0
    if broken:
        doubts.append(f"{counted(broken, 'plane')} could not be decoded.")
    if file.is_unsearched:
        doubts.append(
            "The frames could not be searched for hidden planes (unused bits, thumbnails)."
            if file.search is FrameSearch.FAILED
            else "The frames are still being searched for hidden planes (unused bits, thumbnails)."
        )
    hidden = sum(len(group.frames) for group in file.planes.groups if group.kind is PlaneKind.UNSHOWN)
    if hidden:
        doubts.append(f"{counted(hidden, 'entry', 'entries')} cannot be shown and cannot be audited here.")
    return doubts


def _parts(file: OpenFile) -> list[str]:
    """Which planes were on the stage in part only, and where something is left."""
    told: list[str] = []
    count = start = 0
    for group in file.planes.groups:
        for position in file.seen.part_positions(group):
            count += 1
            plane = file.planes[start + position]
            part = file.seen.part(plane.address)
            if part is not None and len(told) < _PARTS_TOLD:
                percent = math.floor(part.share * 100)
                seen = f"{percent} %" if percent else "less than 1 %"
                told.append(f"{plane.title} ({seen} seen, left: {part.places_left})")
        start += len(group.frames)
    if not count:
        return []
    more = f", and {count - len(told)} more" if count > len(told) else ""
    return [f"In part: {'; '.join(told)}{more}."]
