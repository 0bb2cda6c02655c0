"""One decision for several files: what was asked, and how far it is."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from dcmaudit.model import Box
from dcmaudit.review.state.file_look import Concern
from dcmaudit.review.state.worklist import Worklist


@dataclass
class ClassDecision:
    """What a yes to a question about files of a class would do, and how far it is."""

    worklist: Worklist
    value: str
    places: tuple[int, ...]
    box: Box | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    through: int = 0
    is_running: bool = False
    concerns: Mapping[int, tuple[Concern, ...]] = field(default_factory=dict)
    """Why files stood apart, by place, when the question was asked."""
