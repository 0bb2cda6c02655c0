"""Every frame's codestream searched for thumbnails, and for other bytes in which a picture could hide."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from dcmaudit.codecs.segments import Piece, Thumbnail, pieces_of, thumbnails_in
from dcmaudit.codecs.segments.pieces import APPLICATION
from dcmaudit.dicom.blobs import Blob, Look, looks_like, small_picture
from dcmaudit.dicom.blobs.profiles import stray_bytes_of_profile
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.errors import DicomError, HeaderError
from dcmaudit.model import Size
from dcmaudit.model.limits import LEAST_OF_A_PICTURE

_ICC = b"ICC_PROFILE\0"
_ADOBE = 12
_SHARE = LEAST_OF_A_PICTURE // 8
"""Bytes of one kind below which a kind is not worth a word beside the others."""
Key = TypeVar("Key")


@dataclass(slots=True)
class FrameExtras:
    """What the codestreams hold beside the frames.

    ``thumbnails`` gives for each index within a frame, and each size, the frames that have such a thumbnail.
    ``unshown`` are (name, reason) of thumbnails that cannot be shown, ``pieces`` those of other bytes. ``blobs``
    are the values of per-frame functional groups in which a picture could hide.
    """

    thumbnails: dict[tuple[int, Size], array[int]] = field(default_factory=dict)
    unshown: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[tuple[str, str]] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)

    def groups(self) -> list[tuple[int, Size, Sequence[int]]]:
        """Index within the frame, size, and frames, in order."""
        ordered = sorted(self.thumbnails, key=lambda key: (key[0], self.thumbnails[key][0]))
        return [(index, size, _compact(self.thumbnails[index, size])) for index, size in ordered]


def _compact(numbers: array[int]) -> Sequence[int]:
    whole = range(numbers[0], numbers[-1] + 1)
    return whole if len(whole) == len(numbers) else tuple(numbers)


def scan_extras(
    image: FrameReader | None,
    progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> FrameExtras | None:
    """Search the codestream of every frame, one in memory at a time; None where ``stop()`` said so."""
    extras = FrameExtras()
    # Native frames are cells from end to end.
    if image is None or image.index is None:
        return extras
    scan = _Scan(extras)
    for frame in range(image.count):
        if stop is not None and stop():
            return None
        try:
            data = image.codestream(frame)
        except DicomError:
            continue  # it is refused and named as a frame that cannot be decoded
        scan.take(frame, pieces_of(data))
        if progress is not None:
            progress(frame + 1, image.count)
    scan.finish(image)
    return extras


def thumbnail_of(image: FrameReader | None, frame: int, index: int) -> Thumbnail:
    """One thumbnail, found anew in its frame; HeaderError where there is none."""
    if image is not None and image.index is not None and 0 <= frame < image.count:
        pieces = pieces_of(image.codestream(frame))
        shown = [one for piece in pieces for one in thumbnails_in(piece) if one.problem is None]
        if index < len(shown):
            return shown[index]
    raise HeaderError("no such plane")


@dataclass(slots=True)
class _Sum:
    frames: int = 0
    first: int = 0
    size: int = 0
    look: Look | None = None


class _Scan:
    def __init__(self, extras: FrameExtras) -> None:
        self._extras = extras
        self._sums: dict[str, _Sum] = {}
        self._problems: dict[tuple[str, str], _Sum] = {}

    def take(self, frame: int, pieces: list[Piece]) -> None:
        """Take in what one frame's codestream holds."""
        shown = 0
        left: dict[str, tuple[int, Look | None]] = {}
        pieces = _without_profile(pieces)
        for piece in pieces:
            taken = 0
            for thumbnail in thumbnails_in(piece):
                taken += thumbnail.taken
                # A thumbnail that cannot be shown is named, with its reason.
                if thumbnail.size is None:
                    _count(self._problems, (thumbnail.source, str(thumbnail.problem)), frame, thumbnail.taken, None)
                else:
                    self._extras.thumbnails.setdefault((shown, thumbnail.size), array("L")).append(frame)
                    shown += 1
            size, look = left.get(piece.what, (0, None))
            if not taken:
                look = look or looks_like(piece.data) or small_picture(piece.data[:LEAST_OF_A_PICTURE])
            left[piece.what] = size + _rest(piece, taken), look
        # bytes of several kinds in one frame could be one picture
        total = sum(size for size, _ in left.values())
        for what, (size, look) in left.items():
            if look is not None or (total >= LEAST_OF_A_PICTURE and size >= _SHARE):
                _count(self._sums, what, frame, size, look)

    def finish(self, image: FrameReader) -> None:
        """Put what was counted into words."""
        for (source, problem), found in self._problems.items():
            self._extras.unshown.append((f"{source} thumbnail {_where(found)}", problem))
        for what, found in self._sums.items():
            look = f" that look like {found.look.value}" if found.look is not None else ""
            self._extras.pieces.append(
                (f"codestream {_where(found)}", f"{found.size} bytes in {what}{look}: not shown")
            )
        table = image.index.fragments.table if image.index is not None else ()
        if 4 * len(table) >= LEAST_OF_A_PICTURE and any("basic offset table" in note for note in image.notes):
            reason = f"{4 * len(table)} bytes in an offset table that is none"
            self._extras.pieces.append(("the offset table", reason))


def _count(sums: dict[Key, _Sum], key: Key, frame: int, size: int, look: Look | None) -> None:
    found = sums.setdefault(key, _Sum(first=frame))
    found.frames += 1
    found.size += size
    found.look = found.look or look


def _where(found: _Sum) -> str:
    first = found.first + 1
    return f"of frame {first}" if found.frames == 1 else f"of {found.frames} frames, the first is {first}"


def _rest(piece: Piece, taken: int) -> int:
    """Bytes of a part that are neither a thumbnail nor what its kind always has."""
    data = piece.data
    if piece.what == APPLICATION and data.startswith(b"JFIF\0"):
        # 14 bytes of a JFIF segment stand before its thumbnail (T.871).
        return max(0, len(data) - 14 - taken)
    # Adobe's segment has twelve bytes; what follows them is no part of it.
    if piece.what == APPLICATION and piece.number == 14 and data.startswith(b"Adobe"):
        return max(0, len(data) - _ADOBE)
    return max(0, len(data) - taken)


def _without_profile(pieces: list[Piece]) -> list[Piece]:
    """The parts without the chunks of an ICC profile that is one and nothing else (ICC.1, annex B.4)."""
    chunks = [piece for piece in pieces if piece.number == 2 and piece.data.startswith(_ICC)]
    # A profile longer than a segment is cut into numbered chunks.
    chunks.sort(key=lambda piece: piece.data[len(_ICC) :][:1])
    profile = b"".join(piece.data[len(_ICC) + 2 :] for piece in chunks)
    if not chunks or stray_bytes_of_profile(profile, LEAST_OF_A_PICTURE) is not None:
        return pieces
    return [piece for piece in pieces if piece not in chunks]
