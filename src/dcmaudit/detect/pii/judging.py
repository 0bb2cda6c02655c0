"""What a judge says about a text, and the chain of judges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from dcmaudit.detect.pii.context import ends_of_names, explained
from dcmaudit.model import Box, Judgement, Verdict
from dcmaudit.model.engines import NerEngine

NOBODY = Judgement(Verdict.UNKNOWN, "nobody knows this text, so it counts as identifying")
NOT_ASKED = Judgement(Verdict.UNKNOWN, "not judged")
NOT_READ = Judgement(Verdict.UNKNOWN, "it was found and not read, so it counts as identifying")
UNSURE = Judgement(Verdict.UNKNOWN, "it was read too unsurely to be called harmless")
UNREAD = Judgement(Verdict.UNKNOWN, "it could not be read, so it counts as identifying")


EXPLAINED = Judgement(
    Verdict.HARMLESS, "it is a number that its label, its unit or the scale around it explains", NerEngine.ALLOW_LIST
)
END_OF_NAME = Judgement(Verdict.UNKNOWN, "it may be the end of the name beside it, or a lead of an ECG")


class Judge(Protocol):
    """Somebody who knows about some texts."""

    def judge(self, text: str) -> Judgement | None:
        """The judgement, None where this judge has nothing to say."""
        ...


class Chain:
    """Judges in order: the first who has something to say decides. Unknown is treated as identifying."""

    def __init__(self, judges: Iterable[Judge]) -> None:
        self._judges = tuple(judges)

    def judge(self, text: str) -> Judgement:
        """The judgement of one line of text; of an unread line ("") that it counts as identifying."""
        if not self._judges:
            return NOT_ASKED
        if not text.strip():
            return UNREAD
        for judge in self._judges:
            said = judge.judge(text)
            if said is not None:
                return said
        return NOBODY

    def judge_all(
        self, texts: Sequence[str], boxes: Sequence[Box], sure: Sequence[float | None] | None = None
    ) -> list[Judgement]:
        """The judgement of each line of a plane; pieces that stand side by side are judged together as well.

        A date that was read in three pieces identifies, although none of its pieces does, and a number is harmless
        where its label, its unit or a scale says what it is. ``sure`` is the reader's
        confidence in each: what was read unsurely is never harmless, for a name upside down may read as "HL 10".
        """
        said = [self.judge(text) for text in texts]
        well = [text if _is_sure(sure, place) else "" for place, text in enumerate(texts)]
        for place, kind in explained(well, boxes, lambda text: self.judge(text).verdict is Verdict.HARMLESS).items():
            if said[place] is NOBODY:
                said[place] = replace(EXPLAINED, keep=kind)
        _take_back(said, well, boxes, sure)
        order = sorted(range(len(texts)), key=lambda place: (boxes[place].left, boxes[place].top))
        for first in order:
            run = [first]
            while len(run) < _PIECES:
                beside = next((p for p in order if p not in run and _is_beside(boxes[run[-1]], boxes[p])), None)
                if beside is None:
                    break
                run.append(beside)
                # Nothing is gained by joining what identifies already, and nothing known of what was not read.
                if any(said[place].verdict is Verdict.IDENTIFYING or not texts[place] for place in run):
                    break
                together = self.judge(" ".join(texts[place] for place in run))
                if together.verdict is Verdict.IDENTIFYING:
                    for place in run:
                        said[place] = together
                    break
        return said


def _take_back(
    said: list[Judgement], well: Sequence[str], boxes: Sequence[Box], sure: Sequence[float | None] | None
) -> None:
    """Nothing is harmless that may be the end of a name, or was read unsurely: what was misread may look technical."""
    for place in ends_of_names(well, boxes, [one.verdict is Verdict.HARMLESS for one in said]):
        if said[place].verdict is Verdict.HARMLESS:
            said[place] = END_OF_NAME
    for place, one in enumerate(said):
        if one.verdict is Verdict.HARMLESS and not _is_sure(sure, place):
            said[place] = UNSURE


def _is_sure(sure: Sequence[float | None] | None, place: int) -> bool:
    """Whether the reader was sure of a line, or has no confidences."""
    confidence = None if sure is None else sure[place]
    return confidence is None or confidence >= _SURE


_PIECES = 4
_SURE = 0.85


def _is_beside(box: Box, right: Box) -> bool:
    """Whether ``right`` goes on where ``box`` ends, on the same row and after no more than a wide space."""
    height = min(box.height, right.height)
    common = min(box.bottom, right.bottom) - max(box.top, right.top)
    # Boxes carry margins, so neighbours may overlap a little.
    return right.left > box.left and common >= 0.6 * height and -height <= right.left - box.right <= 1.2 * height
