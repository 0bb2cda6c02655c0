"""What was seen of a whole series in one projection: a note for each of its files."""

from __future__ import annotations

from functools import partial

from dcmaudit.errors import ReviewError
from dcmaudit.model import AddressKind, HowSeen, frame_of
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands import several
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.seen_planes import Shown, shown_then
from dcmaudit.review.services.stack_members import SERIES, series_key, series_stack
from dcmaudit.review.services.stack_reading import StackReading
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.sight import way_projected
from dcmaudit.review.state.stack import SeriesStack


def note_series(session: Session, services: Services, arguments: Arguments) -> None:
    """Note the frames of every file of the series that were in the projection with that ``ticket``.

    ``shown`` is the width and height it was painted with. Each file gets its own record, in the background, once it is
    known of which planes the view can show writing. ReviewError where no such picture was shown.
    """
    file_id = take.number(arguments, "file_id")
    stack = series_stack(session, file_id)
    issued = services.seen.issued(session, series_key(stack, file_id), SERIES, take.text(arguments, "ticket"))
    reading = services.stacks.known(series_key(stack, file_id))
    shown = take.numbers(arguments, "shown")
    # Only a picture that this program made counts: its ticket says which frames were in it.
    if issued is None or reading is None or len(shown) != 2:
        raise ReviewError("no such projection of this series was shown", hint="ask for it again")
    how = way_projected(reading.size, shown[0], shown[1], issued)
    if how is None:
        raise ReviewError("that picture is no projection")
    shown_there = None if how is HowSeen.SMALL else shown_then(reading, session.id, issued)
    work = partial(_note, session, services, stack, reading, how, shown_there)
    if shown_there is None:
        services.background.at_length(work)
    else:
        reading.when_judged(partial(services.background.at_length, work))


def _note(
    session: Session,
    services: Services,
    stack: SeriesStack,
    reading: StackReading,
    how: HowSeen,
    shown: Shown | None,
) -> None:
    left_out = reading.left_out
    shows = shown() if shown is not None else [True] * len(reading.members)
    found: dict[int, dict[int, HowSeen]] = {}
    for number, (member, is_shown) in enumerate(zip(reading.members, shows, strict=True)):
        # A frame that could not be read is in no projection.
        if number not in left_out:
            ways = found.setdefault(member.file_id, {})
            ways[frame_of(member.address)] = how if is_shown else HowSeen.COVERED
    for file in several.opened(session, services, stack.worklist, stack.places):
        ways = found.get(file.file_id, {})
        for group in file.planes.groups:
            if group.where.kind is not AddressKind.FRAME:
                continue
            for position, frame in enumerate(group.frames):
                if frame in ways:
                    file.seen.add(group, position, position + 1, ways[frame])
        if file.error is None:
            services.content.keep(file)
    session.bump()
