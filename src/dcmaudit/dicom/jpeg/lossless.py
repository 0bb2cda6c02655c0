"""Whether a lossless JPEG (ITU-T T.81, annex H) holds all its samples, and only samples that can be."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dcmaudit.dicom.jpeg import compiled
from dcmaudit.dicom.jpeg.huffman import HuffmanSpec
from dcmaudit.dicom.jpeg.intervals import intervals
from dcmaudit.errors import DamagedError, DecodeError

Table = npt.NDArray[np.int32]
DAMAGED = "damaged entropy-coded data of a lossless JPEG"


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


def require_sound_lossless(data: bytes, *, signed: bool = False) -> bool:
    """Walk over every sample of every scan; True where all are there, False where that cannot be found out here.

    It cannot be without the compiled loop, for subsampled components, and for a number of lines that is told behind the
    scan. Raises DamagedError for a code that does not exist, data that end too early or are left over behind the
    last sample, restart intervals that are missing, and samples of more bits than the precision has; the last not
    for ``signed`` values, for some writers do not cut those.
    """
    if compiled.library() is None:
        return False
    try:
        state = _State()
        at = 2
        while (marker := _marker(data, at)) != 0xD9:
            body, end = at + 4, at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            if not _take(state, marker, data[body:end]):
                return False
            at = _walk(state, data, body, end, signed=signed) if marker == 0xDA else end
    except _UnknownError:
        return False
    except DamagedError:
        raise
    except DecodeError as error:
        raise DamagedError(error.message) from error
    return 0 < state.scanned == len(state.components)


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
        entries = np.where(size > 16, 0, length * 32 + size)
        state.tables[body[at]] = spec.windows(entries).astype(np.int32)
        at = stop


def _walk(state: _State, data: bytes, body: int, end: int, *, signed: bool) -> int:
    """Go over the scan whose header is ``data[body:end]``; where the next marker is."""
    count = data[body]
    tables = tuple(state.tables.get(data[body + 2 + 2 * i] >> 4) for i in range(count))
    known = tuple(table for table in tables if table is not None)
    predictor, transform = data[end - 3], data[end - 1] & 15
    if not state.components or len(known) != count or not 1 <= predictor <= 7 or transform >= state.precision:
        raise _UnknownError
    if state.restart % state.columns:
        raise _UnknownError  # intervals of parts of lines are not allowed (H.1.1)
    bounds, at = intervals(data, end)
    rows = state.restart // state.columns or state.rows
    if len(bounds) != -(-state.rows // rows):
        raise DamagedError(f"{DAMAGED}: {len(bounds)} restart intervals where {-(-state.rows // rows)} were announced")
    precision = 16 if signed else state.precision - transform
    for number, (first, last) in enumerate(bounds):
        shape = (min(rows, state.rows - number * rows), state.columns, count)
        _interval(data[first:last], shape, known, predictor, precision)
    state.scanned += count
    return at


def _interval(
    stuffed: bytes, shape: tuple[int, int, int], tables: tuple[Table, ...], predictor: int, precision: int
) -> None:
    plain = stuffed.replace(b"\xff\x00", b"\xff")
    rows, columns, components = shape
    found = compiled.library()
    if 8 * len(plain) < rows * columns * components or found is None:
        # A sample takes one bit at least: a header that lies about the size must not cost time.
        raise DamagedError(f"{DAMAGED}: it ends before its last sample")
    padded = plain + b"\xff" * compiled.PADDING
    position, damage = compiled.walk_lossless(found, padded, shape, tables, predictor, precision)
    if damage:
        raise DamagedError(f"{DAMAGED}: {damage.replace('the middle of a block', 'the middle of a line')}")
    rest = plain[(position + 7) >> 3 :]
    if rest.strip(b"\x00\xff"):
        raise DamagedError(f"{DAMAGED}: {len(rest)} bytes are left over behind the last sample")
