"""Is a text likely to identify somebody? Judges in a chain; what nobody knows counts as identifying."""

from dcmaudit.detect.pii.choosing import DEFAULT, ChainPlan, chain_plan
from dcmaudit.detect.pii.header import HeaderJudge
from dcmaudit.detect.pii.judging import NOBODY, NOT_ASKED, NOT_READ, Chain
from dcmaudit.model import Judgement, worst

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
