"""Finds the files of the open file's series in the list, from that file outwards, and puts them in order."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from dcmaudit.dicom.head import head_of
from dcmaudit.dicom.header_view import HeaderView
from dcmaudit.errors import DcmauditError
from dcmaudit.review.services.protocols import Background, End, Pictures
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.stack import SeriesStack, StackMember, Vector, ordered
from dcmaudit.review.state.worklist import Worklist

FIELDS = ("ImagePositionPatient", "ImageOrientationPatient", "InstanceNumber", "NumberOfFrames")
REACH = 20_000
"""Files on either side of the open one that are looked through: a header takes about half a millisecond."""

_TOLD = 0.3
"""Seconds between two reports of a search that goes on."""

_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class _Head:
    """What the header of one file of the list says; ``uid`` is None where it names no series or cannot be read."""

    uid: str | None
    member: StackMember
    is_readable: bool = True


@dataclass(frozen=True, eq=False)
class SeriesSearch:
    """One search at a time for a session; headers that were read are kept, so that the next series is found at once."""

    background: Background
    pictures: Pictures
    end: End
    _heads: dict[int, _Head] = field(default_factory=dict)

    def begin(self, session: Session, file: OpenFile) -> None:
        """Find the series of ``file``, where the reviewer walks through series; nothing where it is known."""
        uid = file.facts.series_uid if file.facts is not None else None
        if not session.walks_series or not uid:
            session.stack = None
            return
        stack = session.stack
        if stack is not None and stack.worklist is session.worklist and stack.uid == uid:
            is_grown = min(len(session.worklist), file.place + REACH + 1) > stack.looked
            if stack.is_complete and stack.index(file.place) is not None and not is_grown:
                return
            if not stack.is_complete and stack.index(file.place) is not None:
                return  # the search is under way
        places, order = ordered([StackMember(file.place)])
        session.stack = SeriesStack(session.worklist, uid, places, order)
        self.background.at_length(partial(self._find, session, session.stack, file.place))

    def grown(self, session: Session) -> None:
        """Look for the series of the open file again where the list has grown; the session's lock is held."""
        file = session.file
        if session.stack is not None and session.stack.is_complete and file is not None and file.facts is not None:
            self.begin(session, file)

    def _find(self, session: Session, first: SeriesStack, place: int) -> None:
        worklist, known = first.worklist, first
        members: list[StackMember] = []
        failed, told = 0, time.monotonic()
        total = len(worklist)
        for number, other in enumerate(_outwards(place, total)):
            if number % 20 == 0:
                self.pictures.let_through()
            if self.end.is_near or session.stack is not known:
                return
            head = self._head(worklist, other)
            failed += not head.is_readable
            if head.uid == first.uid:
                members.append(head.member)
            if time.monotonic() - told > _TOLD and members:
                told = time.monotonic()
                known = self._put(session, known, members, failed, is_complete=False, total=total)
        known = self._put(session, known, members, failed, is_complete=True, total=total)
        with session.lock:
            # What was added meanwhile found a search under way.
            if session.stack is known:
                self.grown(session)

    def _put(
        self,
        session: Session,
        known: SeriesStack,
        members: Sequence[StackMember],
        failed: int,
        *,
        is_complete: bool,
        total: int,
    ) -> SeriesStack:
        places, order = ordered(members)
        counts = {one.place: one.frames for one in members}
        frames = tuple(counts[place] for place in places)
        is_partial = total > 2 * REACH
        found = SeriesStack(known.worklist, known.uid, places, order, is_complete, is_partial, failed, frames, total)
        with session.lock:
            if session.stack is known:
                session.stack = found
                if is_complete:
                    session.whole_stacks.append(found)
        session.bump()
        return found

    def _head(self, worklist: Worklist, place: int) -> _Head:
        file_id = worklist.file_id(place)
        known = self._heads.get(file_id)
        if known is not None:
            return known
        try:
            view, uid = head_of(worklist.reference(place), FIELDS)
        except DcmauditError:
            return _Head(None, StackMember(place), is_readable=False)
        head = _Head(uid or None, _member(place, view))
        if len(self._heads) >= _KEPT:
            self._heads.clear()
        self._heads[file_id] = head
        return head


def _outwards(place: int, total: int) -> Iterator[int]:
    """Every place within reach, the nearest first: files of a series mostly lie side by side."""
    yield place
    for step in range(1, REACH + 1):
        if place + step < total:
            yield place + step
        if place - step >= 0:
            yield place - step


def _member(place: int, view: HeaderView) -> StackMember:
    axes = _numbers(view.get("ImageOrientationPatient"), 6)
    number = _numbers(view.get("InstanceNumber"), 1)
    frames = _numbers(view.get("NumberOfFrames"), 1)
    return StackMember(
        place,
        position=_vector(_numbers(view.get("ImagePositionPatient"), 3)),
        row=_vector(axes[:3]),
        column=_vector(axes[3:]),
        number=int(number[0]) if number else None,
        frames=max(1, int(frames[0])) if frames else 1,
    )


def _numbers(texts: Sequence[str] | None, count: int) -> tuple[float, ...]:
    """The values as numbers; none where there are not just ``count`` of them, or one is no finite number."""
    try:
        found = tuple(float(text) for text in texts or ())
    except ValueError:
        return ()
    return found if len(found) == count and all(map(math.isfinite, found)) else ()


def _vector(numbers: Sequence[float]) -> Vector | None:
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None
