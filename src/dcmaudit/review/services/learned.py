"""What is kept of learning while a file is open."""

from __future__ import annotations

from dataclasses import dataclass, field

from dcmaudit.detect.learning import Candidate, Learner, Reliability
from dcmaudit.model import Box, PlaneAddress


@dataclass
class Learning:
    """What was learned for one open file.

    ``offered`` keeps every candidate by plane and box, so that all are judged when the file is done; ``accepted``
    the boxes of suggestions that were applied; ``held_back`` the keys of planes with exact matches that most
    similar images speak against; ``refused`` plane and box of suggestions that the reviewer said no to.
    """

    learner: Learner | None = None
    reliability: Reliability = field(default_factory=Reliability)
    offered: dict[tuple[str, Box], tuple[PlaneAddress, Candidate]] = field(default_factory=dict)
    accepted: set[Box] = field(default_factory=set)
    held_back: set[str] = field(default_factory=set)
    refused: set[tuple[str, Box]] = field(default_factory=set)
