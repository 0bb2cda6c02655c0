"""Takes in what pages report of what was on their stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from dcmaudit.model import HowSeen, PlaneGroup, Projection, parse_key
from dcmaudit.review.services.picture_cache import PictureCache
from dcmaudit.review.services.plane_stacks import PlaneStacks
from dcmaudit.review.services.protocols import SeenLedger
from dcmaudit.review.services.stack_members import StackKey
from dcmaudit.review.services.stack_reading import StackReading
from dcmaudit.review.services.tickets import Tickets
from dcmaudit.review.state.open_file import OpenFile, is_shown
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.sight import Issued, Sight, view_of, way_projected, way_seen

Shown = Callable[[], list[bool]]
"""Of each plane of a stack, whether writing on it would show in what was on the stage."""


def shown_then(reading: StackReading, session: str, issued: Issued) -> Shown:
    """Take in that this session had the projection of that ticket on its stage; what it shows is asked for later."""
    view = view_of(issued)
    if view is None:
        return lambda: [False] * len(reading.members)
    projection, sheet = view
    # What lies over other writing is on a sheet of its own, and the rest of that plane on the first one.
    sheets = reading.paint(session, sheet) if projection is Projection.TEXT else frozenset({0})
    return partial(reading.shows, projection, sheets)


class SeenReports:
    """What a page says counts as far as it is true of the open file, or of the one just left."""

    def __init__(self, tickets: Tickets, pictures: PictureCache, stacks: PlaneStacks, ledger: SeenLedger) -> None:
        self._tickets, self._pictures, self._stacks, self._ledger = tickets, pictures, stacks, ledger

    def painted(self, session: Session, sights: Iterable[Sight]) -> None:
        """Note what was on the stage.

        The plane counts for the parts that were really in sight, in a picture that this session was given. A card
        that says why there is no picture is no picture.
        """
        for sight in sights:
            file = session.shown_file(sight.file_id)
            index = file.planes.find(sight.address) if file is not None else None
            issued = self._tickets.read(sight.ticket, session.id, sight.file_id, sight.address.key)
            # A report without a ticket of ours, or about a file that is neither open nor just left, proves nothing.
            if file is None or index is None or issued is None:
                continue
            plane = file.planes[index]
            is_broken = plane.address in self._pictures.undecodable(sight.file_id)
            # Instead of the plane there was a reason on the stage.
            if plane.size is None or not is_shown(plane) or is_broken:
                continue
            how = way_seen(sight, issued)
            if how.is_seen:
                file.seen.add_boxes(plane.address, plane.size, sight.boxes)
            else:
                _note(file, index, how)
            self._ledger.soon(session, file)

    def glanced(self, session: Session, file_id: int, keys: Iterable[str], how: HowSeen) -> None:
        """Note a glance at planes of the open file, or of the one just left; those of any other do not count."""
        file = session.shown_file(file_id)
        if file is None:
            return
        failed = self._pictures.undecodable(file_id)
        for key in keys:
            index = file.planes.find(parse_key(key))
            if index is not None and file.planes[index].address not in failed and is_shown(file.planes[index]):
                _note(file, index, how)
        self._ledger.soon(session, file)

    def issued(self, session: Session, key: StackKey, label: str, ticket: str) -> Issued | None:
        """What the ticket of a projection says, of a group (``g`` and its number) or of the series; None where it is
        not one of this session's, or of a stack that was read before this one."""
        reading = self._stacks.known(key)
        return None if reading is None else self._tickets.read(ticket, session.id, key.file_id, reading.signed(label))

    def projected(self, session: Session, number: int, painted: tuple[int, int], issued: Issued) -> bool:
        """Note the planes of a group of the open file that were in the projection, shown ``painted`` (width, height)
        large. Whether the picture was a projection at all.

        A plane left out was not seen. One on which writing would be covered there by other planes is noted as just
        that, once it is known.
        """
        file = session.opened()
        group = file.planes.groups[number]
        how = way_projected(group.size, *painted, issued)
        reading = self._stacks.known(StackKey(file.file_id, f"g{number}"))
        if how is None or reading is None:
            return False
        if how is HowSeen.SMALL:
            self._note_group(session, file, group, reading, how)
        else:
            shown = shown_then(reading, session.id, issued)
            reading.when_judged(partial(self._note_group, session, file, group, reading, how, shown))
        return True

    def _note_group(
        self,
        session: Session,
        file: OpenFile,
        group: PlaneGroup,
        reading: StackReading,
        how: HowSeen,
        shown: Shown | None = None,
    ) -> None:
        missing = reading.left_out
        shows = shown() if shown is not None else [True] * len(group.frames)
        for position, is_shown_there in enumerate(shows):
            if position not in missing:
                file.seen.add(group, position, position + 1, how if is_shown_there else HowSeen.COVERED)
        self._ledger.soon(session, file)


def _note(file: OpenFile, index: int, how: HowSeen) -> None:
    start = file.planes.group_start(index)
    file.seen.add(file.planes[index].group, index - start, index - start + 1, how)
