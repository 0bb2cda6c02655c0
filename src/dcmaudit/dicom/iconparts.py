"""What an item of an IconImageSequence holds beside its first frame: further planes, and what can only be named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dcmaudit.codecs.samples import Samples
from dcmaudit.dicom.blobs import Blob, find_blobs
from dcmaudit.dicom.extras import scan_extras
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.icons import DEEPEST, ICON_SEQUENCE, Icon, icons_inside
from dcmaudit.dicom.nested import find_nested
from dcmaudit.dicom.overlays import (
    ClassicOverlay,
    EmbeddedOverlay,
    FoundOverlays,
    claimed_mask,
    classic_bits,
    find_overlays,
)
from dcmaudit.dicom.plane_samples import bit_samples, bits_of
from dcmaudit.dicom.stray import scan_frames
from dcmaudit.errors import HeaderError
from dcmaudit.model import Size

ReadFrame = Callable[[Icon, int], Samples]


@dataclass(frozen=True, slots=True)
class IconPart:
    """One further plane of an icon: which item it is of (an index of ``Parts.icons``), its name, size and samples."""

    icon: int
    name: str
    size: Size
    read: Callable[[], Samples]


@dataclass(slots=True)
class IconContents:
    """The further planes of all icons, in order; (name, reason) of what cannot be shown of them, and their values."""

    parts: list[IconPart] = field(default_factory=list)
    unshown: list[tuple[str, str]] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)


def icon_contents(icons: Sequence[Icon], read_frame: ReadFrame) -> IconContents:
    """Everything that the items of ``icons`` hold beside the first frame of each; ``read_frame`` gives one frame."""
    found = IconContents()
    for icon in icons:
        _Contents(found, icon.number, read_frame).take(icon, f"icon {icon.number + 1}", 0)
    return found


class _Contents:
    def __init__(self, found: IconContents, item: int, read_frame: ReadFrame) -> None:
        self._found, self._item, self._read_frame = found, item, read_frame

    def take(self, icon: Icon, name: str, depth: int) -> None:
        """Take in what one icon holds, and what the icons inside it hold."""
        reader = icon.reader
        overlays = find_overlays(icon.header, reader)
        if reader is not None:
            # The first frame is the icon itself; an icon has one by the standard (PS3.3 F.7), and files with more
            # exist.
            for frame in range(1, reader.count):
                self._add(
                    f"frame {frame + 1} of {name}",
                    reader.layout.size,
                    lambda frame=frame: self._read_frame(icon, frame),  # type: ignore[misc]
                )
            self._stray(reader, overlays, name)
            self._found.unshown += [(name, reason) for reason in reader.missing]
            extras = scan_extras(reader)
            if extras is not None:
                inside = [("a thumbnail", "it is not shown") for _ in extras.thumbnails]
                self._found.unshown += [
                    (f"{what} inside {name}", why) for what, why in (*inside, *extras.unshown, *extras.pieces)
                ]
        self._overlays(icon, overlays, name)
        self._found.unshown += [(f"{what} of {name}", why) for what, why in overlays.missing]
        self._found.unshown += [(f"{one.name} of {name}", one.reason) for one in find_nested(icon.header)]
        self._found.blobs += find_blobs(icon.header, inside=(ICON_SEQUENCE,) * (depth + 1))
        for number, inner in enumerate(icons_inside(icon.header)):
            self._inside(inner, f"icon {number + 1} inside {name}", depth + 1)

    def _inside(self, icon: Icon, name: str, depth: int) -> None:
        if depth > DEEPEST:
            self._found.unshown.append((name, "icons lie too deep inside each other"))
            return
        if icon.reader is None:
            self._found.unshown.append((name, icon.problem or "it cannot be shown"))
        else:
            self._add(name, icon.reader.layout.size, lambda: self._read_frame(icon, 0))
        self.take(icon, name, depth)

    def _add(self, name: str, size: Size, read: Callable[[], Samples]) -> None:
        self._found.parts.append(IconPart(self._item, name, size, read))

    def _stray(self, reader: FrameReader, overlays: FoundOverlays, name: str) -> None:
        outside = reader.layout.unclaimed_mask
        if not outside:
            return
        scan = scan_frames(reader, lambda frame: outside & ~claimed_mask(overlays.places.values(), frame), None, None)
        for bit, frames in sorted(scan.bits.items()) if scan is not None else ():
            for frame in frames:
                where = f"{name}" if reader.count == 1 else f"frame {frame + 1} of {name}"
                self._add(f"stray bit {bit} of {where}", reader.layout.size, lambda b=bit, f=frame: _bit(reader, f, b))  # type: ignore[misc]

    def _overlays(self, icon: Icon, overlays: FoundOverlays, name: str) -> None:
        for group in overlays.groups:
            place = overlays.places[group.number]
            for frame in group.frames:
                title = f"overlay {group.number:04X} of {name}"
                title = title if len(group.frames) == 1 else f"frame {frame + 1} of {title}"
                if group.size is not None:
                    self._add(title, group.size, _reader_of(icon, place, frame))


def _reader_of(icon: Icon, place: ClassicOverlay | EmbeddedOverlay, frame: int) -> Callable[[], Samples]:
    if isinstance(place, ClassicOverlay):
        return lambda: bit_samples(classic_bits(icon.header, place, frame))
    return lambda: _bit(icon.reader, place.first_frame + frame, place.bit)


def _bit(reader: FrameReader | None, frame: int, bit: int) -> Samples:
    if reader is None:
        raise HeaderError("no such plane")
    return bit_samples(bits_of(reader.cells(frame)[0], bit))
