"""Learning from marks: where text sits on which kind of image. Examples in, ranked suggestions out; no file is read."""

from dcmaudit.detect.learning.chances import SHOWN, Reliability
from dcmaudit.detect.learning.combining import Combined, combined
from dcmaudit.detect.learning.flat import is_flat
from dcmaudit.detect.learning.ground import EMPTY_HERE, Pixels, grounded
from dcmaudit.detect.learning.judging import is_right
from dcmaudit.detect.learning.learner import Candidate, Learner

__all__ = [
    "EMPTY_HERE",
    "SHOWN",
    "Candidate",
    "Combined",
    "Learner",
    "Pixels",
    "Reliability",
    "combined",
    "grounded",
    "is_flat",
    "is_right",
]
