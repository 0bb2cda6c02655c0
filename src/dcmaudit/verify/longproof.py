"""The frames of a long file, compared run by run: whoever compares a run finds the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.mark import Mark
from dcmaudit.errors import SourceUnreadableError
from dcmaudit.model import Reference
from dcmaudit.model.redaction import RedactionPlan
from dcmaudit.verify.dataset import Element
from dcmaudit.verify.demands import Asked
from dcmaudit.verify.frames import FrameComparison, FramesFound
from dcmaudit.verify.guard import Guard
from dcmaudit.verify.pair import Pair
from dcmaudit.verify.record import Record
from dcmaudit.verify.remainder import unseen_bytes
from dcmaudit.verify.side import Side
from dcmaudit.verify.structure import compare_structure, is_transcoded

Compare = Callable[[range], FramesFound]


class Divide(Protocol):
    """Has each run of frames compared, here or by another process that opens ``work``; what is found comes in order."""

    def __call__(self, work: LongProof, here: Compare, pieces: Sequence[range]) -> Iterator[FramesFound]:
        """Do it."""
        ...


@dataclass(frozen=True, slots=True)
class LongProof:
    """A proof as another process takes part in it: with both files as they were when it began."""

    before: Reference
    after: Reference
    plan: RedactionPlan
    marks: tuple[Mark | None, Mark | None]

    @classmethod
    def of(cls, before: Side, after: Side, plan: RedactionPlan) -> LongProof:
        """The proof of these two files, which are open."""
        names = before.instance.reference, after.instance.reference
        return cls(*names, plan, (before.instance.mark, after.instance.mark))

    @property
    def is_shareable(self) -> bool:
        """Whether it can be told that another process has the same files open."""
        return None not in self.marks

    @contextmanager
    def opened(self) -> Iterator[Compare]:
        """Both files opened anew, from disk; errors as of reading them."""
        with ExitStack() as stack:
            sides = [Side.open(stack, reference) for reference in (self.before, self.after)]
            # Two processes must not compare different files.
            if tuple(side.instance.mark for side in sides) != self.marks:
                raise SourceUnreadableError("it changed while it was compared", file=self.plan.name)
            pair = Pair(sides[0], sides[1], self.plan, Record(), new_uids=False)
            transcoded = is_transcoded(*(side.instance.parts.image for side in sides))
            elements = compare_structure(pair, transcoded=transcoded)
            yield frames_of(pair, elements[1], transcoded=transcoded).stretch


def frames_of(pair: Pair, elements: dict[int, Element], *, transcoded: bool) -> FrameComparison:
    """The comparison of the frames of two files; ``elements`` are those of the written one."""
    old, new = pair.before.instance.parts, pair.after.instance.parts
    asked = Asked(pair.plan, old)
    guard = _guard(asked, old.image)
    guard.prepare(unseen_bytes(pair.after.before_stream(), pair.after.data, elements, new))
    return FrameComparison(old, new, asked, pair.record, transcoded, guard=guard)


def _guard(asked: Asked, image: FrameReader | None) -> Guard:
    """The guard for what is blacked in the frames."""
    if image is None:
        return Guard()
    boxes = [asked.frame(frame).boxes for frame in {0, image.count // 2, image.count - 1} if image.count]
    return Guard.for_frames(image.count, max((sum(box.area for box in one) for one in boxes), default=0))
