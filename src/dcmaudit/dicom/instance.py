"""One DICOM instance: its planes, and each of them alone. Opening reads the header and decodes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from types import TracebackType
from typing import Self

from dcmaudit.codecs.samples import Array, Samples
from dcmaudit.dicom.blobs import blobs_of_frames
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.display import display_notes
from dcmaudit.dicom.extras import FrameExtras, scan_extras, thumbnail_of
from dcmaudit.dicom.facts import instance_facts
from dcmaudit.dicom.fill import filled_tags
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.iconparts import icon_contents
from dcmaudit.dicom.icons import Icon, find_icons
from dcmaudit.dicom.identity import identity_of, pixel_md5
from dcmaudit.dicom.image import find_image
from dcmaudit.dicom.listing import plane_list
from dcmaudit.dicom.overlays import ClassicOverlay, EmbeddedOverlay, claimed_mask, classic_bits, find_overlays
from dcmaudit.dicom.parts import Parts
from dcmaudit.dicom.plane_samples import bit_samples, bits_of, samples_of
from dcmaudit.dicom.stray import StrayScan, scan_frames
from dcmaudit.dicom.tags import TagRow, tag_rows
from dcmaudit.dicom.unshown import find_unshown, unshown_blobs
from dcmaudit.errors import (
    DcmauditError,
    DecodeError,
    HeaderError,
    UnsupportedError,
)
from dcmaudit.model import (
    FrameAddress,
    IconAddress,
    Identity,
    InstanceFacts,
    OverlayAddress,
    Plane,
    PlaneAddress,
    PlaneKind,
    PlaneList,
    Reference,
    StrayBitAddress,
    ThumbnailAddress,
    UnshownAddress,
    UnshownKind,
)
from dcmaudit.model.planes import Unshown

_SOON = 1 << 20
"""Bytes of codestreams and functional groups that are searched while a file is opened: it takes a few milliseconds."""


class Instance:
    """One open instance. Its methods may be called from several threads.

    ``notes`` are remarks about planes that *are* shown (an overlay longer than declared, a wrong offset table);
    what is not shown is a plane of the kind UNSHOWN. ``is_damaged`` says that image frames are not shown because the
    header or the bytes are wrong, not because the program lacks a decoder.
    """

    def __init__(self, reference: Reference, source: ByteSource, header: Header) -> None:
        self.reference = reference
        self._source = source
        self.mark = source.mark
        """That of the bytes, see ``ByteSource.mark``."""
        self._header = header
        self._lock = threading.RLock()
        found = find_image(header)
        self._image, self.is_damaged = found.reader, found.is_damaged
        self._overlays = find_overlays(header, self._image)
        self._icons: list[Icon] = find_icons(header)
        self._icon_contents = icon_contents(self._icons, self._frame_of_icon)
        self._stray: StrayScan | None = None
        self._unshown = [
            *(Unshown(UnshownKind.FRAMES, name, reason) for name, reason in found.missing),
            *(Unshown(UnshownKind.OVERLAY, name, reason) for name, reason in self._overlays.missing),
            *find_unshown(header, self._icons, has_image=bool(self._image)),
            *(Unshown(UnshownKind.ELEMENT, name, reason) for name, reason in self._icon_contents.unshown),
            *unshown_blobs(self._icon_contents.blobs),
        ]
        self._outside_mask = self._image.layout.unclaimed_mask if self._image else 0
        self._extras = self._find_extras() if self._is_searched_soon else None
        self._planes = self._list()

    @property
    def sop_instance_uid(self) -> str | None:
        """The SOP Instance UID, None where it is absent or empty."""
        with self._lock:
            return self._header.attributes.code(0x00080018)

    @cached_property
    def facts(self) -> InstanceFacts:
        """The technical description; made when asked for, for a proof opens files without."""
        with self._lock:  # pydicom converts elements in place
            return instance_facts(self._header, self._image)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks about planes that are shown; those about how frames were read come when they are read."""
        header = self._header
        return (
            *header.notes,
            *(self._image.notes if self._image else ()),
            *self._overlays.notes,
            *self._display_notes,
        )

    @cached_property
    def _display_notes(self) -> tuple[str, ...]:
        """Made when asked for, as the first frame's window may lie in its item."""
        return tuple(display_notes(self._header)) if self._image else ()

    def _list(self) -> PlaneList:
        return plane_list(
            self._image,
            self._overlays,
            self._icons,
            self._icon_contents.parts,
            self._unshown,
            stray=self._stray,
            extras=self._extras,
        )

    @property
    def _is_searched_soon(self) -> bool:
        """Whether what lies beside the frames costs so little to find that opening does it."""
        image, groups = self._image, self._header.frame_groups
        searched = 0 if groups is None else groups.end - groups.start
        if image is not None and image.index is not None:
            searched += image.element.length
        return not searched or (searched <= _SOON and not self._header.body.is_remote)

    def _find_extras(
        self, progress: Callable[[int, int], None] | None = None, stop: Callable[[], bool] | None = None
    ) -> FrameExtras | None:
        """What lies beside the frames in their codestreams and functional groups; None where ``stop()`` said so."""
        extras = scan_extras(self._image, progress, stop)
        if extras is not None:
            extras.blobs = blobs_of_frames(self._header)
        return extras

    @property
    def parts(self) -> Parts:
        """What the instance is made of, for this package's writer."""
        return Parts(self._header, self._image, self._overlays, tuple(self._icons))

    @property
    def planes(self) -> PlaneList:
        """Every plane that is known so far: all but stray bits from the header, those once they were looked for."""
        return self._planes

    @property
    def has_unclaimed_bits(self) -> bool:
        """Whether the cells have bits outside the stored range that no 60xx group claims."""
        # Where BitsStored is BitsAllocated there is no bit to look at.
        if not self._outside_mask or self._image is None:
            return False
        # Bits are claimed from one frame to another: where an overlay begins or ends, the answer can change.
        places = [place for place in self._overlays.places.values() if isinstance(place, EmbeddedOverlay)]
        edges = {0, self._image.count - 1, *(place.first_frame for place in places)}
        edges |= {edge for place in places for edge in (place.first_frame - 1, place.first_frame + place.count)}
        return any(self._stray_mask(frame) for frame in edges if 0 <= frame < self._image.count)

    def _stray_mask(self, frame: int) -> int:
        return self._outside_mask & ~claimed_mask(self._overlays.places.values(), frame)

    @property
    def frames_scanned(self) -> bool:
        """Whether every frame was searched for stray bits and thumbnails, or there can be none: the list is whole."""
        return self._extras is not None and (self._stray is not None or not self.has_unclaimed_bits)

    def scan_frames(
        self, progress: Callable[[int, int], None] | None = None, stop: Callable[[], bool] | None = None
    ) -> PlaneList:
        """Look in every frame for what no attribute tells; returns the planes with everything in place.

        These are stray bits, thumbnails and other segments of codestreams, and what the items of per-frame functional
        groups hold. ``progress(done, frames)`` is called after each frame, and ``stop()`` before: when it says True the
        search is given up, nothing is kept and ``frames_scanned`` stays False. A frame that cannot be decoded is an
        entry "not audited". The result is kept: a second call is free.
        """
        if self.frames_scanned:
            return self._planes
        stray, extras = self._stray, self._extras
        if stray is None and self._image is not None and self.has_unclaimed_bits:
            stray = scan_frames(self._image, self._stray_mask, progress, stop)
            if stray is None:
                return self._planes
        if extras is None:
            extras = self._find_extras(None if stray is not None else progress, stop)
        with self._lock:
            if extras is not None and not self.frames_scanned:
                self._stray, self._extras = stray, extras
                self._planes = self._list()
        return self._planes

    def all_planes(self) -> Iterator[Plane]:
        """Every plane in order; the stray bits are looked for when their turn comes."""
        yield from self.first_planes
        yield from self.last_planes()

    @property
    def first_planes(self) -> PlaneList:
        """The frames and overlays, which the header tells: those that ``all_planes`` begins with."""
        first = {PlaneKind.FRAME, PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY}
        return PlaneList([group for group in self._planes.groups if group.kind in first])

    def last_planes(self) -> PlaneList:
        """What ``all_planes`` ends with: stray bits, icons, thumbnails and what cannot be shown, once looked for."""
        return PlaneList(self.scan_frames().groups[len(self.first_planes.groups) :])

    def read(self, address: PlaneAddress) -> Samples:
        """The stored samples of one plane; nothing else is decoded.

        Raises HeaderError for an address that the instance does not have, TruncatedError where the file ends inside
        the plane, DecodeError where the decoder refuses it, UnsupportedError for an unshown entry. Each names the
        file and the plane.
        """
        try:
            return self._read(address)
        except DcmauditError as error:
            # It names the file already: the source raised it.
            if error.file is not None:
                raise
            fault = error
        except MemoryError as error:
            fault = _caused(error, "not enough memory to decode it")
        except Exception as error:
            fault = _caused(error, f"it cannot be decoded ({type(error).__name__})")
        words = f"{_words(address)}: {fault.message}"
        raise type(fault)(words, file=self.reference.name, hint=fault.hint) from fault

    def _read(self, address: PlaneAddress) -> Samples:
        match address:
            case FrameAddress(frame):
                return self._frame_samples(frame)
            case OverlayAddress(group, frame):
                return bit_samples(self._overlay_bits(group, frame))
            case StrayBitAddress(bit, frame):
                if not self._stray_mask(frame) >> bit & 1:
                    raise HeaderError("no such plane")
                return bit_samples(bits_of(self._cells(frame)[0], bit))
            case IconAddress(number):
                return self._icon_samples(number)
            case ThumbnailAddress(frame, index):
                return thumbnail_of(self._image, frame, index).samples()
            case UnshownAddress(number):
                reason = next((g.reason for g in self._planes.groups
                               if g.kind is PlaneKind.UNSHOWN and g.number == number), None)  # fmt: skip
                raise UnsupportedError(reason or "no such plane")

    def _cells(self, frame: int) -> tuple[Array, str]:
        if self._image is None or not 0 <= frame < self._image.count:
            raise HeaderError("no such plane")
        return self._image.cells(frame)

    def _frame_samples(self, frame: int) -> Samples:
        cells, photometric = self._cells(frame)
        if self._image is None:
            raise HeaderError("no such plane")
        with self._lock:  # pydicom converts sequences in place
            return samples_of(cells, photometric, self._image, self._header, frame)

    def _overlay_bits(self, group: int, frame: int) -> Array:
        place = self._overlays.places.get(group)
        planes = next((g for g in self._overlays.groups if g.number == group), None)
        if place is None or planes is None or frame not in planes.frames:
            raise HeaderError("no such plane")
        if isinstance(place, ClassicOverlay):
            return classic_bits(self._header, place, frame)
        return bits_of(self._cells(place.first_frame + frame)[0], place.bit)

    def _icon_samples(self, number: int) -> Samples:
        parts = self._icon_contents.parts
        if len(self._icons) <= number < len(self._icons) + len(parts):
            return parts[number - len(self._icons)].read()
        icon = next((icon for icon in self._icons if icon.number == number), None)
        if icon is None:
            raise HeaderError("no such plane")
        return self._frame_of_icon(icon, 0)

    def _frame_of_icon(self, icon: Icon, frame: int) -> Samples:
        if icon.reader is None:
            raise HeaderError("no such plane")
        cells, photometric = icon.reader.cells(frame)
        with self._lock:
            return samples_of(cells, photometric, icon.reader, icon.header, frame)

    def identity(self) -> Identity:
        """SOP Instance UID, and the digest of the pixel data as they lie in the file, read once in pieces."""
        return identity_of(self._header)

    def pixel_md5(self) -> str | None:
        """The MD5 of the value of the pixel data, as ``identity`` takes it; None where there are none."""
        return pixel_md5(self._header)

    def filled(self, tags: Collection[int]) -> frozenset[int]:
        """Those of ``tags`` that hold more than blanks, at any depth of the data set."""
        with self._lock:
            return filled_tags(self._header, tags)

    def tag_rows(self, limit: int = 120) -> list[TagRow]:
        """Every element for people to read, file meta information first; values are cut at ``limit`` characters."""
        with self._lock:
            return tag_rows(self._header, limit)

    def close(self) -> None:
        """Give the file back. Closing twice is fine."""
        self._header.body.close()
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _caused(error: Exception, message: str) -> DcmauditError:
    fault = DecodeError(message)
    fault.__cause__ = error
    return fault


def _words(address: PlaneAddress) -> str:
    match address:
        case FrameAddress(frame):
            return f"frame {frame + 1}"
        case OverlayAddress(group, frame):
            return f"overlay {group:04X} frame {frame + 1}"
        case StrayBitAddress(bit, frame):
            return f"bit {bit} of frame {frame + 1}"
        case IconAddress(number):
            return f"icon {number + 1}"
        case ThumbnailAddress(frame, number):
            return f"thumbnail {number + 1} of frame {frame + 1}"
        case UnshownAddress():
            return "not audited"
