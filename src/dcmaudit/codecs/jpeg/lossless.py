"""Whether a lossless JPEG (ITU-T T.81, annex H) holds all its samples, and those of encoders that wrap around.

The standard codes each difference as it is and adds modulo 2 to the 16 (H.1.2.1). Ultrasound devices of several makers
reduce the differences modulo 2 to the precision: a sample then leaves its range unless it is cut to its bits before
the next one is predicted from it. Decoders that cut at the end only make the same picture where the prediction is a sum
(predictors 1 to 4), and another one where it is halved (5 to 7).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.jpeg import loops
from dcmaudit.codecs.jpeg.huffman import HuffmanSpec
from dcmaudit.codecs.jpeg.intervals import intervals
from dcmaudit.errors import DamagedError, DecodeError

Table = npt.NDArray[np.int32]
DAMAGED = "damaged entropy-coded data of a lossless JPEG"
_MOST_KEPT = 1 << 20


@dataclass(slots=True)
class _State:
    """What the marker segments have said so far."""

    tables: dict[int, Table] = field(default_factory=dict)
    precision: int = 0
    rows: int = 0
    columns: int = 0
    components: tuple[int, ...] = ()
    restart: int = 0
    scanned: int = 0
    wrapped: int = 0
    tight: bool = True
    cut: bool = True
    """Whether each sample is cut to its bits."""
    out: npt.NDArray[np.uint16] | None = None
    """Where the samples go, axes (rows, columns, components)."""


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk over a lossless codestream found: it is sound, or that cannot be found out here.

    ``wrapped`` says that samples leave the range of the precision, so that each has to be cut to it.
    """

    sound: bool
    wrapped: bool = False
    tight: bool = False
    """Whether nothing stands behind the last sample but bits of 1 that fill up its byte."""
    predictors: tuple[int, ...] = ()


_kept: deque[tuple[bytes, Walked]] = deque(maxlen=6)


def walk_over(data: bytes) -> Walked:
    """Walk over every sample of every scan of a lossless JPEG.

    Nothing is found out without the compiled loop, for subsampled components, and for a number of lines that is told
    behind the scan. Raises DamagedError for a code that does not exist, data that end too early or are left over
    behind the last sample, and restart intervals that are missing. The last answers are kept, for a frame is decoded
    and then looked at.
    """
    for known, walked in tuple(_kept):
        if known == data:
            return walked
    walked = _walked_over(data)
    if len(data) <= _MOST_KEPT:
        _kept.append((data, walked))
    return walked


def _walked_over(data: bytes) -> Walked:
    state, predictors = _State(), set[int]()
    try:
        if loops.library() is None or not _all_scans(state, data, predictors):
            return Walked(sound=False)
    except _UnknownError:
        return Walked(sound=False)
    except DamagedError:
        raise
    except DecodeError as error:
        raise DamagedError(error.message) from error
    whole = 0 < state.scanned == len(state.components)
    return Walked(whole, bool(state.wrapped), state.tight, tuple(sorted(predictors)))


def wrapped_samples(data: bytes, *, signed: bool = False) -> npt.NDArray[np.uint16] | None:
    """The samples of a codestream that ``walk_over`` found sound and wrapped, (rows, columns, components).

    Each is cut to the precision before the next is predicted from it. None for ``signed`` values that were not cut
    by their writer but are whole: what a decoder makes of those is right.
    """
    # Encoders of signed values predict in 16 bits or in as many as they have; both are tried.
    if signed:
        plain = _samples(data, cut=False)
        if plain is None or _is_sign_extended(*plain):
            return None
    found = _samples(data, cut=True)
    return None if found is None else found[0]


def _samples(data: bytes, *, cut: bool) -> tuple[npt.NDArray[np.uint16], int] | None:
    """The samples and their precision."""
    header = jpeg_size(data)
    if header is None:
        return None
    state = _State(cut=cut, out=np.empty(header, np.uint16))
    if not _all_scans(state, data, set()) or state.scanned != header[2]:
        return None
    return state.out if state.out is not None else np.empty(header, np.uint16), state.precision


def _is_sign_extended(samples: npt.NDArray[np.uint16], precision: int) -> bool:
    """Whether all samples are numbers of ``precision`` bits in two's complement of 16, or of as many bits alone."""
    above = samples.view(np.int16) >> (precision - 1)
    return bool(((above == 0) | (above == -1) | (above == 1)).all())


def _all_scans(state: _State, data: bytes, predictors: set[int]) -> bool:
    """Walk over all scans; False where a segment is beyond what is followed here."""
    at = 2
    while (marker := _marker(data, at)) != 0xD9:
        body, end = at + 4, at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if not _take(state, marker, data[body:end]):
            return False
        if marker == 0xDA:
            predictors.add(data[end - 3])
        at = _walk(state, data, body, end) if marker == 0xDA else end
    return True


def jpeg_size(data: bytes) -> tuple[int, int, int] | None:
    """(rows, columns, components) by the frame header, None where there is none before the first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        if data[at + 1] == 0xC3 and at + 10 <= len(data):
            rows, columns = int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")
            return rows, columns, data[at + 9]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


class _UnknownError(Exception):
    """A structure that is not followed here; the decoder judges it."""


def _marker(data: bytes, at: int) -> int:
    if at + 4 > len(data) and data[at : at + 2] != b"\xff\xd9":
        raise _UnknownError
    if data[at] != 0xFF or data[at + 1] in {0x00, 0xFF}:
        raise _UnknownError
    return data[at + 1]


def _take(state: _State, marker: int, body: bytes) -> bool:
    """Note a marker segment; False where it is beyond what is followed here."""
    if marker == 0xC4:
        _huffman(state, body)
    elif marker == 0xC3 and len(body) >= 6 + 3 * body[5]:
        state.precision = body[0]
        state.rows, state.columns = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        state.components = tuple(body[6 : 6 + 3 * body[5] : 3])
        # Lossless frames with components of different size exist on paper; the decoder judges them.
        even = all(factors == body[7] for factors in body[7 : 6 + 3 * body[5] : 3])
        return bool(even and state.rows and state.columns and (len(state.components) > 1 or body[7] == 0x11))
    elif marker == 0xDD:
        state.restart = int.from_bytes(body[:2], "big")
    elif marker not in {0xDA, 0xDB, 0xFE} and not 0xE0 <= marker <= 0xEF:
        return False
    return True


def _huffman(state: _State, body: bytes) -> None:
    at = 0
    while at + 17 <= len(body):
        counts = tuple(body[at + 1 : at + 17])
        stop = at + 17 + sum(counts)
        spec = HuffmanSpec(False, counts, body[at + 17 : stop])  # noqa: FBT003 - a DC table
        if not spec.codes:
            raise _UnknownError
        length, size = spec.lengths()
        # Differences of lossless JPEG have up to 16 bits; category 16 is one number, 32768, without bits of its own
        # (T.81 H.1.2.2).
        entries = np.where(size > 16, 0, length * 32 + size)
        state.tables[body[at]] = spec.windows(entries).astype(np.int32)
        at = stop


def _walk(state: _State, data: bytes, body: int, end: int) -> int:
    """Go over the scan whose header is ``data[body:end]``; where the next marker is."""
    count = data[body]
    tables = tuple(state.tables.get(data[body + 2 + 2 * i] >> 4) for i in range(count))
    known = tuple(table for table in tables if table is not None)
    # Ss is the predictor (T.81 table H.1), and Al the point transform by which values are shifted (A.4).
    predictor, transform = data[end - 3], data[end - 1] & 15
    if not state.components or len(known) != count or not 1 <= predictor <= 7 or transform >= state.precision:
        raise _UnknownError
    if state.restart % state.columns:
        raise _UnknownError  # intervals of parts of lines are not allowed (H.1.1)
    bounds, at = intervals(data, end)
    # Without a restart interval the scan is one interval.
    rows = state.restart // state.columns or state.rows
    if len(bounds) != -(-state.rows // rows):
        raise DamagedError(f"{DAMAGED}: {len(bounds)} restart intervals where {-(-state.rows // rows)} were announced")
    scanned = data[body + 1 : body + 1 + 2 * count : 2]
    if not set(scanned) <= set(state.components):
        raise _UnknownError
    places = [state.components.index(number) for number in scanned]
    coded = state.precision - transform
    for number, (first, last) in enumerate(bounds):
        shape = (min(rows, state.rows - number * rows), state.columns, count)
        made = None if state.out is None else np.empty(shape, np.uint16)
        bits = (coded, coded if state.cut else 16)
        wrapped, is_tight = _interval(data[first:last], shape, known, predictor, bits, made)
        state.wrapped |= wrapped
        state.tight &= is_tight
        if state.out is not None and made is not None:
            state.out[number * rows : number * rows + shape[0], :, places] = made << transform
    state.scanned += count
    return at


def _interval(
    stuffed: bytes,
    shape: tuple[int, int, int],
    tables: tuple[Table, ...],
    predictor: int,
    bits: tuple[int, int],
    out: npt.NDArray[np.uint16] | None,
) -> tuple[int, bool]:
    """Walk over one restart interval; the bits that were cut off, and whether it ends with its last sample."""
    plain = stuffed.replace(b"\xff\x00", b"\xff")
    rows, columns, components = shape
    found = loops.library()
    if 8 * len(plain) < rows * columns * components or found is None:
        # A sample takes one bit at least: a header that lies about the size must not cost time.
        raise DamagedError(f"{DAMAGED}: it ends before its last sample")
    padded = plain + b"\xff" * loops.PADDING
    position, wrapped, damage = loops.walk_lossless(found, padded, shape, tables, predictor, bits, out)
    if damage:
        raise DamagedError(f"{DAMAGED}: {damage.replace('the middle of a block', 'the middle of a line')}")
    rest = plain[(position + 7) >> 3 :]
    if rest.strip(b"\x00\xff"):
        raise DamagedError(f"{DAMAGED}: {len(rest)} bytes are left over behind the last sample")
    # The bits that fill up the last byte are ones (T.81 F.1.2.3).
    filled = (1 << (-position % 8)) - 1
    return wrapped, not rest and (not plain or plain[-1] & filled == filled)
