"""Whether a sequential JPEG holds all its blocks: decoders make up what is missing and say nothing."""

from __future__ import annotations

from collections import deque

from dcmaudit.codecs.jpeg import loops
from dcmaudit.codecs.jpeg.entropy import Walker, scan_plan
from dcmaudit.codecs.jpeg.markers import Codestream, Scan, parse
from dcmaudit.errors import DamagedError, DecodeError

_MOST_KEPT = 1 << 20
_sound: deque[bytes] = deque(maxlen=16)


def require_sound(data: bytes) -> bool:
    """Walk over every block of every scan; True where all are there, False where that cannot be found out here.

    It cannot be for other than sequential Huffman codestreams and for structures that ``parse`` refuses. Without
    the compiled loop, which alone is quick enough to be run on every frame that is shown, only the restart
    intervals are counted. Raises DamagedError for a code that does not exist, a block of more than 64 coefficients,
    data that end too early or that are left over behind the last block, for DC values that no picture has, and for
    restart intervals that are missing (T.81, F.2.2).
    """
    try:
        stream = parse(data)
    except DamagedError:
        raise
    except DecodeError:
        return False
    # In Python the walk would take longer than all the rest of showing a frame: the decoder's other tests remain.
    if loops.library() is None:
        return False
    if data in _sound:
        return True
    try:
        _walk(stream)
    except DecodeError as error:
        raise DamagedError(error.message) from error
    return True


def _walk(stream: Codestream) -> None:
    for scan in stream.scans:
        plan = scan_plan(stream, scan)
        limits = dc_limits(stream, scan)
        for interval in scan.intervals:
            walker = Walker(stream.data[interval.start : interval.end], len(scan.components), plan)
            walker.skip(interval.count, limits=limits)
            walker.require_end()


def dc_limits(stream: Codestream, scan: Scan) -> tuple[int, ...]:
    """The most that a quantised DC value of each component is away from 0: that of black or white, and two steps more.

    DC values are differences from the block before, so that one that is wrong makes all behind it wrong.
    """
    black = 8 << (stream.precision - 1)
    return tuple(black // stream.quantisation[component.index][0] + 2 for component in scan.components)


def note_sound(data: bytes) -> None:
    """Remember that every block of a codestream was walked over, and its DC values held to ``dc_limits``."""
    if len(data) <= _MOST_KEPT:
        _sound.append(data)
