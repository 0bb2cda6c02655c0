"""Is a text likely to identify somebody? Judges in a chain; what nobody knows counts as identifying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmaudit.lazy import deferred
from dcmaudit.model import Judgement, worst

if TYPE_CHECKING:
    from dcmaudit.detect.pii.choosing import DEFAULT, ChainPlan, chain_plan
    from dcmaudit.detect.pii.header import HeaderJudge
    from dcmaudit.detect.pii.judging import NOBODY, NOT_ASKED, NOT_READ, Chain

__all__ = [
    "DEFAULT",
    "NOBODY",
    "NOT_ASKED",
    "NOT_READ",
    "Chain",
    "ChainPlan",
    "HeaderJudge",
    "Judgement",
    "chain_plan",
    "worst",
]

__getattr__ = deferred(
    __name__,
    {
        "choosing": (
            "DEFAULT",
            "ChainPlan",
            "chain_plan",
        ),
        "header": ("HeaderJudge",),
        "judging": (
            "NOBODY",
            "NOT_ASKED",
            "NOT_READ",
            "Chain",
        ),
    },
)
