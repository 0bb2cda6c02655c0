"""Where the restart intervals of a JPEG scan begin and end (ITU-T T.81, B.1.1.2 and F.1.1.5.1)."""

from __future__ import annotations

import numpy as np

from dcmaudit.errors import DamagedError


def intervals(data: bytes, start: int) -> tuple[list[tuple[int, int]], int]:
    """First byte and end of each interval of the scan whose coded data begin at ``start``, and the next marker.

    In entropy-coded data a byte FF is followed by 00; any number of FF may stand before a marker's code. DamagedError
    where restart markers are out of order, or where fill bytes lead to no marker.
    """
    bounds: list[tuple[int, int]] = []
    behind = 0
    for at in _markers(data, start):
        if at < behind:
            continue  # a fill byte of the marker before
        code_at = at + 1
        while code_at < len(data) and data[code_at] == 0xFF:
            code_at += 1
        if code_at == len(data):
            break
        code, behind = data[code_at], code_at + 1
        if not code:
            raise DamagedError("damaged JPEG entropy-coded data: fill bytes that lead to no marker")
        bounds.append((start, at))
        # Any other marker ends the scan.
        if not 0xD0 <= code <= 0xD7:
            return bounds, at
        # RST0 to RST7 follow each other and begin anew (T.81 B.2.1): a gap is a part of the picture that is gone.
        if code != 0xD0 + (len(bounds) - 1) % 8:
            raise DamagedError(f"JPEG restart marker {len(bounds)} is out of order: part of the scan is missing")
        start = behind
    return [*bounds, (start, len(data))], len(data)


def _markers(data: bytes, start: int) -> list[int]:
    """Where an FF stands that no 00 follows, up to the first such place that is no restart marker."""
    coded = np.frombuffer(data, np.uint8)[start:]
    escapes = np.flatnonzero(coded[:-1] == 0xFF)
    codes = coded[escapes + 1]
    found = escapes[codes != 0]
    ends = np.flatnonzero((codes[codes != 0] < 0xD0) | ((codes[codes != 0] > 0xD7) & (codes[codes != 0] < 0xFF)))
    last = int(ends[0]) + 1 if len(ends) else len(found)
    return [start + place for place in found[:last].tolist()]
