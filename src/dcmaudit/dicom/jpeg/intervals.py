"""Where the restart intervals of a JPEG scan begin and end (ITU-T T.81, B.1.1.2 and F.1.1.5.1)."""

from __future__ import annotations

import re

from dcmaudit.errors import DamagedError

# In entropy-coded data a byte FF is followed by 00; any number of FF may stand before a marker's code (B.1.1.2).
_MARKER_IN_SCAN = re.compile(rb"\xff+([\x01-\xfe])")
_STRAY_FILL = re.compile(rb"\xff\xff+\x00")


def intervals(data: bytes, start: int) -> tuple[list[tuple[int, int]], int]:
    """First byte and end of each interval of the scan whose coded data begin at ``start``, and the next marker.

    DamagedError where restart markers are out of order, or where fill bytes lead to no marker.
    """
    bounds: list[tuple[int, int]] = []
    end = len(data)
    for found in _MARKER_IN_SCAN.finditer(data, start):
        bounds.append((start, found.start()))
        if not 0xD0 <= found.group(1)[0] <= 0xD7:
            end = found.start()
            break
        if found.group(1)[0] != 0xD0 + (len(bounds) - 1) % 8:
            raise DamagedError(f"JPEG restart marker {len(bounds)} is out of order: part of the scan is missing")
        start = found.end()
    else:
        bounds.append((start, len(data)))
    if _STRAY_FILL.search(data, bounds[0][0], bounds[-1][1]):
        raise DamagedError("damaged JPEG entropy-coded data: fill bytes that lead to no marker")
    return bounds, end
