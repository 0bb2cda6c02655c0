"""Large private binary elements, in which a second copy of the pixels may lie."""

from __future__ import annotations

from collections.abc import Iterable

from dcmaudit.dicom.unshown import PRIVATE_LIMIT
from dcmaudit.dicom.write.spans import Span, Walker
from dcmaudit.errors import UnsupportedError

_BINARY = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", None}
_DEEPEST = 24


def private_bulk(walker: Walker, spans: Iterable[Span]) -> list[int]:
    """The top-level elements that have to go so that no large private binary value (``PRIVATE_LIMIT``) is left.

    A private sequence goes as a whole where it holds such a value. UnsupportedError where the value lies in a
    sequence of the standard, which cannot be left out.
    """
    found = []
    for span in spans:
        if not _holds_bulk(walker, span, 0):
            continue
        if not span.tag >> 16 & 1:
            raise UnsupportedError(
                f"a large private element lies inside the sequence ({span.tag >> 16:04X},{span.tag & 0xFFFF:04X}) "
                "and cannot be left out alone",
                hint="leave --remove-private-bulk out and look at what the element holds",
            )
        found.append(span.tag)
    return found


def _holds_bulk(walker: Walker, span: Span, depth: int) -> bool:
    if span.end - span.value < PRIVATE_LIMIT or depth > _DEEPEST:
        return False
    if walker.is_sequence(span):
        return any(
            _holds_bulk(walker, inner, depth + 1)
            for start, end in walker.items(span)
            for inner in walker.elements(span, start, end)
        )
    return bool(span.tag >> 16 & 1) and span.vr in _BINARY
