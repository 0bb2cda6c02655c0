"""Where a file is unlike the others of its class."""

from __future__ import annotations

import numpy as np

from dcmaudit.model import Box
from dcmaudit.render import unlike_places
from dcmaudit.review.services.survey import Survey
from dcmaudit.review.state.classes import FEWEST, UNLIKE

_TYPICAL = 1000
"""Files of a class that tell what is usual, of many."""


def where_unlike(survey: Survey, place: int) -> tuple[Box, ...]:
    """Where a file is unlike the others of its class, as seen from far away over all of its frames, in pixels of a
    frame; empty where it was not compared."""
    number = survey.table.number_of(place)
    group = survey.table.get(number) if number is not None else None
    kept = dict(survey.signatures.get(number, {})) if number is not None else {}
    size = group.key.size if group is not None and group.key is not None else None
    if size is None or place not in kept or len(kept) < FEWEST:
        return ()
    others = list(kept.values())[:: max(1, len(kept) // _TYPICAL)]
    return unlike_places(np.stack([*others, kept[place]]), len(others), size, UNLIKE)
