"""What a judge says about a text, and the chain of judges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dcmaudit.model import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason. ``reason`` names kinds of attributes and patterns, never the text itself.

    ``judge`` is who said so, ``number`` what the database's ``nerengine`` holds for it.
    """

    verdict: Verdict
    reason: str
    judge: str
    number: int

    @property
    def is_treated_as_identifying(self) -> bool:
        """Whether the text must be dealt with: all that is not known to be harmless."""
        return self.verdict is not Verdict.HARMLESS


NOBODY = Judgement(Verdict.UNKNOWN, "nobody knows this text, so it counts as identifying", "", -1)
NOT_ASKED = Judgement(Verdict.UNKNOWN, "not judged", "", -1)
UNREAD = Judgement(Verdict.UNKNOWN, "it could not be read, so it counts as identifying", "", -1)


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

    def judge_all(self, texts: Sequence[str]) -> list[Judgement]:
        """The judgement of each line of a plane, where neighbours are also judged together: a date in three pieces."""
        alone = [self.judge(text) for text in texts]
        for first in range(len(texts)):
            for count in (2, 3):
                part = texts[first : first + count]
                if len(part) < count or not all(part):
                    continue
                together = self.judge(" ".join(part))
                if together.verdict is not Verdict.IDENTIFYING:
                    continue
                for place in range(first, first + count):
                    if alone[place].verdict is not Verdict.IDENTIFYING and _is_part(texts[place]):
                        alone[place] = together
        return alone


def _is_part(text: str) -> bool:
    # "R" beside a name stays what it is; pieces of dates and numbers do not.
    return any(c.isdigit() for c in text)


def worst(judgements: Iterable[Judgement]) -> Judgement | None:
    """The judgement that decides about all of them together; None where there are none."""
    order = {Verdict.IDENTIFYING: 0, Verdict.UNKNOWN: 1, Verdict.HARMLESS: 2}
    return min(judgements, key=lambda judgement: order[judgement.verdict], default=None)
